/* The wild cluster bootstrap of one effect (Davidson and MacKinnon 2010, JBES 28:128; Roodman,
 * MacKinnon, Nielsen and Webb 2019, Stata Journal 19:4): two-stage least squares or LIML with the null
 * imposed on all equations; least squares where a regressor is its own instrument.
 *
 * After the covariates W, with Q_Z the instruments' coordinates, X the k regressors and beta their
 * effects under the null:
 *   u = y - X beta,  X^ = Q_Z Pi,  V = X - X^,   a draw: X* = X^ + v_g V,  y* = X* beta + v_g u,
 * all residuals of group g times the same v_g. Nothing but sums over cells is needed, which lie within
 * one group of the draws and within one cluster of every way of the errors (v_c: the weight of cell c's group):
 *   A = Pi + sum_c v_c B2_c,  d = sum_c v_c B1_c,   b* - beta = (A'A)^-1 A'd = q,
 *   a = A (A'A)^-1 e_of,   s_c = a'[v_c B1_c - H_c h - sum_m q_m (D_c + v_c B2_c)_m],   h = C1 - C2 q,
 *   t* = q_of / sqrt(sum over ways of sign * sum over its clusters of (sum of their s_c)^2)
 * with S_c = Q_Zc'Q_Zc, H_c = Q_Zc'Q_Wc, B1_c = Q_Zc'u_c, B2_c = Q_Zc'X_c - S_c Pi, D_c = S_c Pi,
 * C1 = sum_c v_c Q_Wc'u_c, C2 = sum_c v_c (Q_Wc'X_c - H_c'Pi). With all v_c = 1 it is the data's own t.
 *
 * LIML (Fuller: kappa less `shift`) has in every draw its own kappa, the smallest root of |R0 - kappa R1| = 0, and
 * N = (R0 - kappa R1)_XX in place of A'A, (R0 - kappa R1)_Xy in place of A'd; the clustered variance keeps the middle of
 * P_Z X. With V* = (V, u) and T_c = V*_c'V*_c, F_c = Pi'(B2_c, B1_c) (a row of zeros below),
 *   R0 = (Pi'Pi, 0; 0, 0) + sum_c v_c (F_c + F_c') + v_c^2 T_c - (C2, C1)'(C2, C1),  R1 = R0 - (A, d)'(A, d). */
#ifndef LMR_CORE_IV_WILD_H
#define LMR_CORE_IV_WILD_H

#include "core/base/rng.h"
#include "core/iv/iv_data.h"

/* Doubles of the sums of one cell: (L + K) rows, k + 1 + K + L columns, column-major: rows Z then W;
 * columns X, y, W, Z (the part (W; W, Z) stays zero); then the cross products of (X, y), k + 1 square. */
static inline size_t iv_wild_width(size_t K, size_t L, size_t k) {
  return (L + K) * (L + K + k + 1) + (k + 1) * (k + 1);
}

/* sums: cells x width. cell: n, 0-based. */
size_t iv_wild_sums_bytes(const iv_data *d);
lmr_status iv_wild_sums(const iv_data *d, const int *cell, size_t cells, double *sums, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err);

typedef enum { WILD_RADEMACHER = 0, WILD_WEBB, WILD_MAMMEN, WILD_ALL } iv_wild_weights;

/* v[clusters] of draw `at`: its own stream of the seed. WILD_ALL: signs are the bits of `at`. */
void iv_wild_draw(iv_wild_weights kind, uint64_t seed, uint64_t at, double *v, size_t clusters);

/* One way in which the errors are clustered: of each cell its cluster; its sign in the sum. */
typedef struct {
  const int *of;
  size_t count;
  double sign;
} iv_wild_way;

typedef struct {
  const double *sums;
  size_t cells, K, L, k, of; /* of: the regressor tested, 0-based */
  const int *group;          /* of each cell, for the draws */
  size_t groups;
  const iv_wild_way *ways;
  size_t n_ways;
  const double *beta; /* k x effects */
  const double *pi;   /* L x k x effects */
  size_t effects;
  iv_wild_weights kind;
  uint64_t seed, draws; /* WILD_ALL: 2^groups of them */
  int liml;             /* LIML's statistic; 0: that of two-stage least squares */
  double shift;         /* taken from LIML's kappa */
} iv_wild_input;

/* t: effects, without small-sample factor; beyond: effects, the draws whose |t*| is no less than |t|
 * or is no number; drawn: NULL, or draws x effects, every t*.
 * LMR_ESINGULAR when the variance of the data's own scores is not above zero. */
size_t iv_wild_bytes(const iv_wild_input *in);
lmr_status iv_wild(const iv_wild_input *in, double *t, double *beyond, double *drawn, lmr_arena work,
                   const lmr_tick *tick, lmr_error *err);

#endif
