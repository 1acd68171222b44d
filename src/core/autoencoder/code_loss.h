/* The penalties on a code s = (What, Vhat) of rows that come environment by
 * environment (rows start[e] .. start[e + 1] - 1 are environment e):
 *   mmd     * pooled MMD of What over environments
 * + hsic    * (mean over environments of HSIC(What, Vhat) + pooled HSIC) / 2
 * - entropy * mean over environments of log det cor(What, Vhat)
 * with unbiased statistics (HSIC: hsic.h; MMD = half the sum over pairs of
 * environments of p_e p_f MMD_u(e, f)): in a batch the expectation of the biased ones
 * is mostly their null mean, which falls when the code is bent to small kurtosis. The
 * caller standardises the code first: no term then falls by shrinking it. Every
 * environment has at least 4 rows. */
#ifndef LMR_CORE_CODE_LOSS_H
#define LMR_CORE_CODE_LOSS_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

typedef struct {
  size_t invariant, variant, environments;
  int degree; /* 2 or 3; 0: RBF, exp(-gamma |x - y|^2) */
  double gamma_invariant, gamma_variant;
  int single; /* RBF: single precision inside */
  double mmd, hsic, entropy; /* weights; a term of weight 0 is not computed and its value is 0 */
} code_penalty;

typedef struct {
  double mmd, hsic_within, hsic_pooled, logdet;
} code_terms;

/* The width of the RBF kernel: 1 / (2 m^2), m the median distance of two standard
 * Gaussian points in d dimensions (Wilson and Hilferty's chi-square median). The
 * code is standardised, so this is the median heuristic without its noise. */
double code_gamma(size_t d);

/* s, gradient: n x (invariant + variant), column-major; the gradient of the weighted
 * sum is written. */
size_t code_loss_bytes(const code_penalty *p, size_t n);
lmr_status code_loss(const code_penalty *p, size_t n, const size_t *start, const double *s,
                     code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err);

/* s := (u - mean) / sd by column (divisor n); LMR_ESINGULAR for a constant column. And
 * the derivatives in u from those in s. mean, inverse: d each. */
lmr_status code_standardise(size_t n, size_t d, const double *u, double *s, double *mean, double *inverse,
                            lmr_error *err);
void code_standardise_back(size_t n, size_t d, const double *s, const double *inverse, double *gradient);

#endif
