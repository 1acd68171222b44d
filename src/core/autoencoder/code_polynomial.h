/* The kernel terms of code_penalty.h under (x'y + 1)^2 and (x'y + 1)^3, from one pass over
 * the monomials: no pairs of rows. */
#ifndef LMR_CORE_CODE_POLYNOMIAL_H
#define LMR_CORE_CODE_POLYNOMIAL_H

#include "core/autoencoder/code_penalty.h"

size_t code_polynomial_bytes(const code_penalty *p, size_t n);
/* Adds to *terms (mmd, hsic) and to the gradient. */
lmr_status code_polynomial(const code_penalty *p, size_t n, const size_t *start, const double *s, code_terms *terms,
                           double *gradient, lmr_arena work, lmr_error *err);

#endif
