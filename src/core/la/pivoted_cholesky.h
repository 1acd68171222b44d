/* K ~ F F' by pivoted Cholesky, F (n x rank), in O(n rank^2) and without ever forming K
 * (Fine and Scheinberg 2001, JMLR 2:243): the next pivot is the row with the largest
 * diagonal left. */
#ifndef LMR_CORE_PIVOTED_CHOLESKY_H
#define LMR_CORE_PIVOTED_CHOLESKY_H

#include "core/base/arena.h"

/* Writes column `pivot` of K into out[n]. */
typedef void (*matrix_column)(void *matrix, size_t pivot, double *out);

typedef struct {
  size_t n, most; /* rows; the largest rank */
  double tol;     /* stops when the trace left is <= tol times the whole */
  matrix_column column;
  void *matrix;
} pivoted_matrix;

size_t pivoted_cholesky_bytes(size_t n);
/* left[n]: in, the diagonal of K; out, what is left of it. f: n x most. pivot[most], may be
 * NULL: the rows in their order. *rest, may be NULL: the share of the trace that is left. */
lmr_status pivoted_cholesky(const pivoted_matrix *k, double *left, double *f, int *pivot, size_t *rank, double *rest,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The same of a matrix that is at hand, by panels of columns whose products are taken out of
 * the rest together. a (n x n): its upper triangle is used, and destroyed. Stops when no
 * diagonal left is above `least`. f: n x n. */
size_t pivoted_factor_bytes(size_t n);
lmr_status pivoted_factor(double *a, size_t n, double least, double *f, int *pivot, size_t *rank, lmr_arena work,
                          const lmr_tick *tick, lmr_error *err);

#endif
