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
#ifndef LMR_CORE_CODE_PENALTY_H
#define LMR_CORE_CODE_PENALTY_H

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

#endif
