/* From rows to a fitted curve: standardise, basis, support, closed solver, and
 * the row sums that inference needs. One exposure, covariates that enter
 * linearly (partialled out exactly: they span the first coordinates). */
#ifndef LMR_CORE_CURVE_MODEL_H
#define LMR_CORE_CURVE_MODEL_H

#include "core/curve/curve_closed.h"
#include "core/curve/curve_moved.h"

typedef struct {
  size_t n, nz, nw;
  const double *y, *a; /* [n] */
  const double *z, *w; /* n x nz, n x nw */
} curve_rows;

typedef struct {
  double y_mean, y_sd, a_mean, a_scale;
  curve_basis_size size;
  size_t points;
  double first_stage; /* R2 of a on the q instruments, given w */
  /* curve_moved() of z and its powers, standard units */
  double cut[MOVED_CUTS], next[MOVED_CUTS], moved[MOVED_CUTS];
} curve_model_summary;

typedef struct {
  double *omega_fit;    /* q_max^2: sum of u^2 Q Q', u the residual of the fit */
  double *omega_linear; /* the same with the residual of linear 2SLS */
  double *omega_null;   /* the same with y itself, [1, w] projected out */
  double *fitted;       /* [n] f'coef, standard units of y, without [1, w] */
  double *residual;     /* [n] */
} curve_model_rows;

size_t curve_model_bytes(const curve_rows *rows, const curve_closed_options *o);
size_t curve_model_cap(const curve_rows *rows, const curve_closed_options *o);
lmr_status curve_model(const curve_rows *rows, const curve_closed_options *o, uint64_t seed, curve_features *f,
                       curve_closed_result *out, curve_model_rows *by_row, curve_closed_summary *sum,
                       curve_model_summary *model, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                       lmr_error *err);

#endif
