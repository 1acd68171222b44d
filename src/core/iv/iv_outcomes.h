/* A k-class estimator run on several outcomes, y and each instrument z_1 .. z_L in its turn: how its
 * estimates of the effects vary together, for errors that hold under heteroskedasticity and within clusters.
 *   V_j[a, b] = sum_i (h_ij)^2 e_ia e_ib,  h_i = hinv x~_i (1 - leverage_i)^(-power/2),  e_a = a - (W, X) coef_a,
 * x~ = X^ + shift (M_W X - X^); with clusters of products of sums within them. */
#ifndef LMR_CORE_IV_OUTCOMES_H
#define LMR_CORE_IV_OUTCOMES_H

#include "core/iv/iv_data.h"

typedef struct {
  const double *coef;     /* (K + k) x (L + 1): of (W, X), outcomes y, z_1 .. z_L */
  const double *hinv;     /* k x k: (x~'X)^-1 after W */
  double shift;
  int power;              /* 0, 1 (HC2), 2 (HC3) */
  const double *leverage; /* n, of (W, x~); needed with power > 0 */
  const int *cluster;     /* 0-based, or NULL */
  size_t clusters;
} iv_outcome_options;

/* v: (L + 1) squared, for each of the k effects. NaN where a leverage is one and power > 0. */
size_t iv_outcomes_bytes(const iv_data *d, const iv_outcome_options *o);
lmr_status iv_outcomes(const iv_data *d, const iv_outcome_options *o, double *v, lmr_cpu level,
                       lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
