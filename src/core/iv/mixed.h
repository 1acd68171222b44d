/* Variance components by restricted maximum likelihood, and rows made independent with
 * them. The model of n rows:
 *   y = W b + sum_k u_k + e,  u_k ~ N(0, s_k A_k),  e ~ N(0, s_e I),
 * with A_k given as a matrix (relatedness) or as groups (A_ij = 1 within one). With
 * V = sum_k s_k A_k + s_e I and P = V^-1 - V^-1 W (W'V^-1 W)^-1 W'V^-1,
 *   log L = -(log|V| + log|W'V^-1 W| + y'Py) / 2,
 * the score of s_k is -(tr(P A_k) - y'P A_k P y) / 2 and the average information
 * y'P A_k P A_l P y / 2 (Gilmour, Thompson and Cullis 1995, Biometrics 51:1440). */
#ifndef LMR_CORE_MIXED_H
#define LMR_CORE_MIXED_H

#include "core/base/arena.h"

enum { MIXED_TERMS = 3, MIXED_PARTS = MIXED_TERMS + 1 };

/* One of the two, the other NULL: n x n, symmetric, both triangles; or the group of each row. */
typedef struct {
  const double *dense;
  const int *group;
} mixed_term;

typedef struct {
  const double *y; /* n, of variance near one: the least variance is absolute */
  const double *w; /* n x c, of full rank */
  size_t n, c;
  const mixed_term *term;
  size_t terms; /* 1 to MIXED_TERMS */
} mixed_problem;

/* Parts in the order of the terms, the residual last. */
typedef struct {
  double loglik; /* -INFINITY where V is not positive definite */
  double score[MIXED_PARTS];
  double information[MIXED_PARTS * MIXED_PARTS]; /* average information, leading dimension terms + 1 */
} mixed_point;

/* Likelihood, score and information at s[terms + 1]. */
size_t mixed_bytes(size_t n, size_t c);
lmr_status mixed_evaluate(const mixed_problem *problem, const double *s, mixed_point *point, lmr_arena work,
                          const lmr_tick *tick, lmr_error *err);

typedef struct {
  double s[MIXED_PARTS]; /* a variance of 0 is at its bound, the residual's bound is MIXED_LEAST */
  mixed_point point;
  size_t iterations;
} mixed_fit;

#define MIXED_LEAST 1e-6

/* Maximum over s >= 0. LMR_ENOCONV after 100 steps. */
lmr_status mixed_reml(const mixed_problem *problem, mixed_fit *fit, lmr_arena work, const lmr_tick *tick,
                      lmr_error *err);

/* b (n x q) := R^-T b with V = R'R: columns of rows that are uncorrelated, of variance one. */
size_t mixed_whiten_bytes(size_t n);
lmr_status mixed_whiten(const mixed_term *term, size_t terms, size_t n, const double *s, double *b, size_t q,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
