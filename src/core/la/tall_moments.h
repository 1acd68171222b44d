/* Mean and covariance (divisor: the count) of some rows of a matrix whose columns
 * lie anywhere. */
#ifndef LMR_CORE_TALL_MOMENTS_H
#define LMR_CORE_TALL_MOMENTS_H

#include "core/la/tall.h"

/* Rows order[0..count-1] of the q columns; mean[q], cov q x q, both triangles. */
size_t tall_moments_bytes(size_t q);
lmr_status tall_moments(const double *const *col, const int *order, size_t count, size_t q, double *mean,
                        double *cov, lmr_cpu level, lmr_arena work, lmr_error *err);

#endif
