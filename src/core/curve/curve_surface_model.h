/* From rows to a surface h(a, x): standardise, instrument basis, nets, evidence. */
#ifndef LMR_CORE_CURVE_SURFACE_MODEL_H
#define LMR_CORE_CURVE_SURFACE_MODEL_H

#include "core/curve/curve_surface.h"

typedef struct {
  size_t n, nz, nx;
  const double *y, *a, *z, *x;
} surface_rows;

typedef struct {
  size_t q;
  double s2, gain; /* residual variance; mean log evidence against additive covariates */
  double y_mean, y_sd, a_mean, a_sd;
} surface_summary;

typedef struct {
  double *coef, *cov;        /* members x columns, members x columns^2 (times s2) */
  double *x_mean, *x_sd;     /* [nx] */
  surface_evidence *evidence; /* [members] */
} surface_result;

size_t surface_model_bytes(const surface_rows *r, const surface_nets *s);
lmr_status surface_model(const surface_rows *r, surface_nets *s, uint64_t seed, surface_result *out,
                         surface_summary *sum, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
