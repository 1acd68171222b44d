/* Bias-reduced clustered covariance CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton
 * 2018) of the coefficients of (W, X), and Satterthwaite's degrees of freedom. In an
 * orthonormal basis Q = (Q_W, x~ half^-1) of the projected regressors, the working model
 * independent errors of one variance (after weighting):
 *   H_g = Q_g'Q_g,  u_g = (I - H_g)^(-1/2) Q_g'e_g,  middle = sum_g u_g u_g',
 * which is Q_g'A_g e_g with A_g = (I - Q_g Q_g')^(-1/2) without that matrix of the cluster's
 * size. Directions that one cluster alone identifies (an eigenvalue one of H_g) get weight
 * zero. With a_g = A_g Q_g c for a coefficient c'Q'e the variance is e'(sum v_g v_g')e,
 *   v_g'v_h = [g = h] a_g'a_g - (Q_g'a_g)'(Q_h'a_h),  df = (sum_g v_g'v_g)^2 / sum_gh (v_g'v_h)^2. */
#ifndef LMR_CORE_IV_CR2_H
#define LMR_CORE_IV_CR2_H

#include "core/iv/iv_data.h"

typedef struct {
  const double *coef;     /* K + k: of (W, X) */
  double shift;           /* x~ = X^ + shift (M_W X - X^) */
  const double *inv_half; /* k x k upper: x~ inv_half is orthonormal */
  const double *contrast; /* (K + k) x c: coefficients in the basis Q */
  size_t contrasts;
  const int *start;       /* groups + 1: where each cluster begins in the order of `d` */
  size_t groups;
} iv_cr2_options;

size_t iv_cr2_bytes(const iv_data *d, const iv_cr2_options *o);

/* middle: (K + k) squared, in the basis Q; df: c. The order of the sources of `d` sorts the
 * rows by cluster. */
lmr_status iv_cr2(const iv_data *d, const iv_cr2_options *o, double *middle, double *df, lmr_cpu level,
                  lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
