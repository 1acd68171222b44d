/* The model of core/effect/joint.h: what of the laws of the environments is shared, their divergence from the sample and
 * its derivatives.
 *
 * v = (d latents, covariates, exposures, u), `size` of them, u = y - x'b - c'g. touched (d x E): 1 where e touches the latent.
 * Of the entries (i, j), i >= j, of the covariance in e
 *   shared by all environments   two latents of which e touches one at most;
 *   0                            u with latents that e does not touch and with covariates;
 *   e's own                      all others.
 * Means of latents are shared by the environments that do not touch them, all others are e's own.
 *
 * Parameters, in this order. Shared: entries D_ab of the map (a, b latents, column by column; then a = u, b = covariates and
 * exposures), by which A = I + D from v to the coordinates of now; covariances of latents (lower triangle, column by column);
 * means of latents. Own, of each environment: covariances (lower triangle of v, column by column); means. */
#ifndef LMR_CORE_JOINT_LAW_H
#define LMR_CORE_JOINT_LAW_H

#include "core/base/arena.h"

typedef struct {
  size_t d, size, exposures, environments;
  const double *n;    /* people of each */
  const int *touched; /* d x E */
} joint_shape;

/* map: size x size, from the coordinates given to v; of each environment in v: mean (size), covariance (size x size). */
typedef struct {
  double *map, *sample_mean, *sample_cov, *mean, *cov;
} joint_state;

typedef enum { JOINT_ZERO, JOINT_SHARED, JOINT_OWN } joint_role;
joint_role joint_role_of(const joint_shape *s, size_t e, size_t i, size_t j); /* i >= j */

size_t joint_mixes(const joint_shape *s);
size_t joint_pairs(const joint_shape *s);
size_t joint_shared(const joint_shape *s); /* numbers of parameters: shared, own */
size_t joint_own(const joint_shape *s, size_t e);
size_t joint_rows(const joint_shape *s);

/* Sum over environments of n (tr(O^-1 S) - log |O^-1 S| - size + (m - mu)'O^-1 (m - mu)), S and m of the sample, O and mu of
 * the law: -2 log likelihood but for a constant. Infinite where a law is none. */
size_t joint_value_bytes(const joint_shape *s);
lmr_status joint_value(const joint_shape *s, const joint_state *at, double *value, lmr_arena work, lmr_error *err);

/* out: joint_rows() x (own + shared + 1). With O = C'C and W = C^-T, derivatives of (W mu, W O W') of environment e by its
 * own and the shared parameters, then W (m - mu) and W (S + (m - mu)(m - mu)' - O) W': means, then the lower triangle
 * column by column, its diagonal times sqrt(1/2). The gradient of the value is -2 n X'(last column), its expected curvature
 * 2 n X'X. D_ab moves O by e_a O_b' + O_b e_a' and mu by e_a mu_b. */
size_t joint_design_bytes(const joint_shape *s);
lmr_status joint_design(const joint_shape *s, const joint_state *at, size_t e, double *out, lmr_arena work, lmr_error *err);

#endif
