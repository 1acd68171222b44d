/* Value and gradient of the penalties of code_penalty.h, and the standardised code that
 * they are taken of. */
#ifndef LMR_CORE_CODE_LOSS_H
#define LMR_CORE_CODE_LOSS_H

#include "core/autoencoder/code_penalty.h"

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
