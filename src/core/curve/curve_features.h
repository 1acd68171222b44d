/* The treatment side of the closed solver: columns f_0 = a, f_1 = a^2 residualised on
 * (1, a) with unit variance, then M blocks of tanh units, each centred and scaled
 * to total variance 1. All in standard units of the exposure. */
#ifndef LMR_CORE_CURVE_FEATURES_H
#define LMR_CORE_CURVE_FEATURES_H

#include "core/curve/curve_net.h"
#include "core/curve/curve_rows.h"

typedef struct {
  size_t members, units, columns; /* columns = 2 + members * units */
  double *slope, *shift;          /* [members * units] */
  double *block;                  /* [members] scale of a block */
  double square[3];               /* f_1 = (a^2 - square0 - square1 a) / square2 */
  double *mean;                   /* [columns] of the raw columns: f is centred */
} curve_features;

size_t curve_features_bytes(size_t members, size_t units);
lmr_status curve_features_take(size_t members, size_t units, curve_features *f, lmr_arena *keep,
                               lmr_error *err);
/* Random start: knots at rows of a, slopes log-uniform on (.7, 2) for even members and
 * (1.5, 4) for odd ones. */
void curve_features_start(curve_features *f, size_t n, const double *a, lmr_rng *rng);
/* Fits square[], and with it column 0 and 1 of `out` (points x columns). Returns 0 when
 * a^2 is a linear function of a (two values). */
int curve_features_square(curve_features *f, const curve_support *s, double *out);
/* Block m (points x units) from its slopes and shifts; sets its mean and scale. */
void curve_features_block(curve_features *f, const curve_support *s, size_t m, double *out, lmr_cpu level);
/* All columns at new points; derivative != 0: df/da. */
void curve_features_at(const curve_features *f, size_t count, const double *x, int derivative, double *out,
                       lmr_cpu level);

#endif
