/* The inverse of a small general matrix. */
#ifndef LMR_CORE_LA_INVERSE_H
#define LMR_CORE_LA_INVERSE_H

#include "core/base/status.h"

/* Gauss-Jordan with partial pivoting: a (d x d, destroyed), out (d x d) := its inverse transposed,
 * log_det := log |det a|. LMR_ESINGULAR where a pivot is below 1e-12. */
lmr_status la_inverse_transposed(double *a, size_t d, double *out, double *log_det, lmr_error *err);

#endif
