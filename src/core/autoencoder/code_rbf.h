/* The kernel terms of code_penalty.h under RBF kernels. Two passes over the pairs of rows,
 * each pair once and nothing stored between them: first the row sums of both kernels,
 * then, the weights C of sum_ij C_ij k_ij known, the gradients. In single precision (_f32,
 * values to about 1e-6) or double (_f64). */
#ifndef LMR_CORE_CODE_RBF_H
#define LMR_CORE_CODE_RBF_H

#include "core/autoencoder/code_penalty.h"

size_t code_rbf_bytes(const code_penalty *p, size_t n);
/* Adds to *terms (mmd, hsic) and to the gradient. */
lmr_status code_rbf(const code_penalty *p, size_t n, const size_t *start, const double *s, code_terms *terms,
                    double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err);

#endif
