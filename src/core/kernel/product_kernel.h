/* Gaussian product kernels k(x, x') = exp(-sum_c (x_c - x'_c)^2 / (2 v_c^2)). */
#ifndef LMR_CORE_PRODUCT_KERNEL_H
#define LMR_CORE_PRODUCT_KERNEL_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

enum { PRODUCT_KERNEL_MAX = 64 }; /* coordinates of a factored one */

/* Median of |x_i - x_j| over pairs i < j, to relative accuracy 1e-9; the sd when it is 0.
 * work holds n doubles. */
double coordinate_median(size_t n, const double *x, double *work);
/* k(x_i, at) for all rows of x (n x d) and one point `at` (d). */
void product_kernel_column(size_t n, size_t d, const double *x, const double *width,
                           const double *at, double *out, lmr_cpu level);

typedef struct {
  size_t n, d;
  const double *x, *width; /* n x d; d */
} product_kernel;

/* Its Gram matrix ~ F F' (pivoted_cholesky.h): f (n x most) and pivots. */
size_t product_kernel_factor_bytes(size_t n);
lmr_status product_kernel_factor(const product_kernel *k, size_t most, double tol, double *f, int *pivot, size_t *rank,
                                 lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
