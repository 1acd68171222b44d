/* Polynomial closure: latents behind a polynomial mixing, exactly.
 * When span(1, Z) holds all polynomials of degree <= q (q >= 2) in d latents, a
 * function f in span(Z) has degree 1 if and only if f^2 lies in span(1, Z). So
 *   F(U) = sum_ij || res(f_i f_j) ||^2,   f = X U, U'U = I (p x d),
 * res() the residual on (1, X), X the whitened instruments, is 0 at U = the span of
 * the latents, an identity of the sample. c(d) = F / d^2 says how well that holds:
 * rounding error up to the true d, far above it beyond (the cliff).
 * Start: smallest eigenvectors of Q_G (closure_products.h) in alternation over the
 * degrees; then Levenberg-Marquardt on the Grassmann manifold. */
#ifndef LMR_CORE_CLOSURE_H
#define LMR_CORE_CLOSURE_H

#include "core/base/cpu.h"
#include "core/la/la.h"

enum { CLOSURE_MAX_LATENTS = 8, CLOSURE_MAX_COLUMNS = 128 };
#define CLOSURE_SHARE .8

typedef struct {
  size_t d, degree, columns; /* columns: leading components used, C(d + degree, degree) - 1 at most */
  double c;
  double share; /* of the instruments' variance that polynomials of f explain; 0 when c fails */
  size_t steps;
} closure_trial;

typedef struct {
  size_t rows, rank; /* rows used; directions of the instruments */
  size_t n_trials;   /* tried from the largest d down */
  closure_trial trial[CLOSURE_MAX_LATENTS];
  size_t d; /* accepted: c(d) < limit, d the largest possible or c(d + 1) > 10 c(d), and share
             * > CLOSURE_SHARE; 0: none */
} closure_fit;

/* z: n x p, complete. center[p] and map[p x d] give the latents (z - center) map, up
 * to an affine map; room for p x CLOSURE_MAX_LATENTS. given: try this d only (0: choose).
 * More than CLOSURE_MAX_COLUMNS directions: the leading ones. */
size_t closure_bytes(size_t n, size_t p);
lmr_status closure(const double *z, size_t n, size_t p, size_t given, double limit, closure_fit *fit,
                   double *center, double *map, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);


#endif
