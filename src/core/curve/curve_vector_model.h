/* From rows to a curve of several exposures: standardise, instrument basis, moments, closed form.
 * Covariates are partialled out exactly: with 1 they span the first coordinates. */
#ifndef LMR_CORE_CURVE_VECTOR_MODEL_H
#define LMR_CORE_CURVE_VECTOR_MODEL_H

#include "core/curve/curve_vector_fit.h"

typedef struct {
  size_t n, nz, nb, nw;
  const double *y;     /* [n] */
  const double *a;     /* n x exposures */
  const double *z, *w; /* n x nz, n x nw */
  const double *b;     /* n x nb: of these the basis has products, cubes and tanh units */
} vector_rows;

typedef struct {
  size_t instrument_units;
  vector_prior estimate, band;
} vector_options;

typedef struct {
  double *centre, *scale; /* [exposures] standard units */
  double *point;          /* [columns] posterior mean under the estimate's prior, */
  double *coef, *cov;     /* [columns], columns^2: mean and covariance under the band's */
  double *gram;           /* columns^2, F'F of the centred features */
  double *cross;          /* cap x columns, the first q rows: Q'F beyond the fixed coordinates */
  double *g;              /* [cap], the first q */
  double *plane;          /* [exposures] slopes of the plane with all q coordinates */
} vector_result;

typedef struct {
  size_t q, fixed, base, kept;
  double y_mean, y_sd;
  vector_average estimate, band;
  double ratio; /* V / D of the difference from the plane */
} vector_summary;

size_t vector_model_cap(const vector_rows *r, const vector_options *o);
size_t vector_model_bytes(const vector_rows *r, const vector_nets *s, const vector_options *o);
lmr_status vector_model(const vector_rows *r, vector_nets *s, const vector_options *o, uint64_t seed, vector_result *out,
                        vector_summary *sum, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
