/* Distribution-free check of a code: is the invariant block w independent of the
 * environment, and of the variant block v within environments? With phi the monomials
 * of degree 1 and 2 of coordinates standardised over everybody and Pillai(a, b) the sum
 * of squared canonical correlations,
 *   excess = [ sum_e n_e Pillai(phi(w), phi(v) | e) + n Pillai(phi(w), e) - null means ] / n,
 * null means n_e ab / (n_e - 1) and n a (E - 1) / (n - 1) for blocks of rank a and b.
 * 0 for a code that holds; above .02 the fit is grossly wrong. It does not rank good fits. */
#ifndef LMR_CORE_CODE_CHECK_H
#define LMR_CORE_CODE_CHECK_H

#include "core/base/cpu.h"
#include "core/la/la.h"

typedef struct {
  double within;  /* share of excess from dependence of w and v within environments */
  double between; /* from w and the environment */
} code_check_result;

/* w: n x m, v: n x k, environment[n] 0-based. A block of 0 columns adds nothing. */
size_t code_check_bytes(size_t n, size_t m, size_t k, size_t environments);
lmr_status code_check(const double *w, size_t m, const double *v, size_t k, size_t n, const int *environment,
                      size_t environments, code_check_result *result, lmr_cpu level, lmr_arena work, lmr_error *err);

#endif
