/* Turns a code so that its blocks meet the penalties of code_loss.h, everything else
 * about it kept: s = (u - mean) map has covariance I, and among the orthogonal maps of
 * the whitened code this is one of smallest mmd MMD + hsic / 2 (HSIC within + pooled).
 * (That What and Vhat are uncorrelated over everybody loses nothing: independent within
 * environments, and What with one law, they are.) The rotation of a frozen code that
 * was trained for reconstruction alone is the second step of polynomial identification
 * (Ahuja, Mahajan, Wang and Bengio 2023, arXiv 2209.11924).
 * RBF penalties are replaced by (x'y + 1)^2, which costs no pairs of rows.
 * L-BFGS on the rotations of the one block against the other, from random starts. */
#ifndef LMR_CORE_CODE_TURN_H
#define LMR_CORE_CODE_TURN_H

#include "core/autoencoder/code_loss.h"
#include "core/base/rng.h"

size_t code_turn_bytes(const code_penalty *p, size_t n);
/* u: n x d column-major, rows environment by environment. mean [d]; map and its inverse
 * `back`, d x d; value: the loss reached. LMR_ESINGULAR: the code's covariance is. */
lmr_status code_turn(const code_penalty *p, size_t n, const size_t *start, const double *u, size_t tries,
                     lmr_rng *rng, double *mean, double *map, double *back, double *value, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
