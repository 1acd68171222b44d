/* Gaussian product kernels k(x, x') = exp(-sum_c (x_c - x'_c)^2 / (2 v_c^2)) and their
 * pivoted Cholesky factor: K ~ F F', F (n x rank), found in O(n rank^2) without ever
 * forming K (Fine and Scheinberg 2001, JMLR 2:243). */
#ifndef LMR_CORE_PIVCHOL_H
#define LMR_CORE_PIVCHOL_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

/* Median of |x_i - x_j| over pairs i < j, to relative accuracy 1e-9; the sd when it is 0.
 * work holds n doubles. */
double coordinate_median(size_t n, const double *x, double *work);
/* k(x_i, at) for all rows of x (n x d) and one point `at` (d). */
void product_kernel_column(size_t n, size_t d, const double *x, const double *width, const double *at, double *out,
                           lmr_cpu level);

size_t pivchol_bytes(size_t n);
/* f (n x most) and pivots; stops when the trace left is below tol * n. */
lmr_status pivchol(size_t n, size_t d, const double *x, const double *width, size_t most, double tol, double *f,
                   int *pivot, size_t *rank, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
