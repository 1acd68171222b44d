/* Hidden layer of the instrument nets: an orthonormal basis of functions of the
 * instruments, shared by h~ and h_w. */
#ifndef LMR_CORE_CURVE_BASIS_H
#define LMR_CORE_CURVE_BASIS_H

#include "core/curve/curve_rows.h"
#include "core/base/rng.h"

typedef struct {
  size_t fixed; /* columns of [1, w] */
  size_t linear; /* + z */
  size_t base;  /* + z and, for at most 5 instruments, powers of those with > 4 values */
  size_t kept;  /* + principal components of the random units, by variance */
} curve_basis_size;

/* z: n x nz standardised, distinct[nz] as curve_standard counts; w: n x nw. */
size_t curve_basis_cap(size_t n, size_t nz, size_t nw, size_t units);
size_t curve_basis_bytes(size_t n, size_t nz, size_t nw, size_t units);
lmr_status curve_basis(size_t n, const double *z, size_t nz, const int *distinct, const double *w, size_t nw,
                       size_t units, lmr_rng *rng, double *q, curve_basis_size *size, lmr_cpu level, lmr_arena work,
                       lmr_error *err);

/* Appends to the orthonormal q (n x k) the principal components of `unit` (n x units,
 * destroyed) residualised on q, by variance, as far as cap columns and 1e-8 of the
 * variance of the units go. */
size_t curve_components_bytes(size_t units, size_t cap);
lmr_status curve_components(size_t n, double *q, size_t k, size_t cap, double *unit, size_t units, size_t *kept,
                            lmr_cpu level, lmr_arena work, lmr_error *err);

/* out (n x units) := tanh(s u'z - s u'k), u a uniform direction, k a row, log s uniform on (log .3, log 4). direction: [nz],
 * index: [n] of scratch. */
void curve_random_units(size_t n, const double *z, size_t nz, size_t units, lmr_rng *rng, double *direction,
                        double *index, double *out, lmr_cpu level);

/* log-uniform on (lo, hi). */
double curve_log_uniform(lmr_rng *rng, double lo, double hi);

#endif
