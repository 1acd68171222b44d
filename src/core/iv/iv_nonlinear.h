/* Second stages that are not linear in the outcome, in the orthonormal coordinates
 * of a linear IV model (core/iv/iv_data.h): one pass over the rows gives the sums
 * that Newton's method, two-step GMM and the stacked sandwich need.
 *
 * Regressors h (m columns), with q = (q_W, q_Z), hat = Q_Z Q_Z'X, left = X - QQ'X:
 *   IV_PREDICTOR  (q_W, hat)              two-stage predictor substitution
 *   IV_RESIDUAL   (q_W, hat + left, left) two-stage residual inclusion
 *   IV_EXPOSURE   (q_W, hat + left)       the exposure itself
 * Residual r and weight w = -dr/d eta at eta = h'coef + offset:
 *   IV_LOGIT  y - mu, mu = 1 / (1 + exp(-eta));   w = mu (1 - mu)
 *   IV_LOG    y - mu, mu = exp(eta);              w = mu
 *   IV_RATIO  y exp(-eta) - 1;                    w = y exp(-eta)
 * With weights (root) every sum over rows below takes them: the model is that of the
 * weighted estimating equations, whose contributions enter covariance and meat. */
#ifndef LMR_CORE_IV_NONLINEAR_H
#define LMR_CORE_IV_NONLINEAR_H

#include "core/iv/iv_data.h"

typedef enum { IV_LOGIT = 0, IV_LOG, IV_RATIO } iv_residual;
typedef enum { IV_PREDICTOR = 0, IV_RESIDUAL, IV_EXPOSURE } iv_regressors;

typedef struct {
  iv_residual residual;
  iv_regressors regressors;
  const double *coef; /* m */
  const int *cluster; /* 0-based, or NULL */
  size_t clusters;
  const double *offset; /* n, or NULL */
} iv_nonlinear_options;

/* Each may be NULL when not wanted. */
typedef struct {
  double *moments;     /* K + L: sum q r */
  double *score;       /* m: sum h r */
  double *cross;       /* (K + L) x m: sum w q h' */
  double *information; /* m x m: sum w h h' */
  double *covariance;  /* (K + L) squared: sum (q r)(q r)', of sums by cluster */
  double *objective;   /* 1: log-likelihood (quasi; IV_RATIO: sum of r^2) */
  double *largest;     /* 1: largest |eta| */
} iv_nonlinear_sums;

size_t iv_nonlinear_columns(const iv_data *d, iv_regressors regressors); /* m */

/* Sums overflow to infinity or NaN where exp() does: the caller steps back. */
size_t iv_nonlinear_bytes(const iv_data *d, const iv_nonlinear_options *o);
lmr_status iv_nonlinear(const iv_data *d, const iv_nonlinear_options *o, const iv_nonlinear_sums *out,
                        lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* Stacked estimating equations: with the first stage's scores q v_j, v = left,
 *   u_i = from_h h_i r_i + sum_j from_q[j] q_i v_ij,   meat = sum u u' (of sums by cluster).
 * from_h: m x m; from_q: m x (K + L) x k, or NULL: no first stage. meat: m x m. */
size_t iv_nonlinear_meat_bytes(const iv_data *d, const iv_nonlinear_options *o);
lmr_status iv_nonlinear_meat(const iv_data *d, const iv_nonlinear_options *o, const double *from_h,
                             const double *from_q, double *meat, lmr_cpu level, lmr_arena work,
                             const lmr_tick *tick, lmr_error *err);

#endif
