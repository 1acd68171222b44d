/* Rows of latents, laws of the environments and effects in one, masks held (encoder = "mechanism_sparsity"): maximum
 * likelihood of the means and covariances of all environments under the model of core/effect/joint_law.h, by Fisher's
 * scoring. What is an environment's own is projected out of its derivatives, so that a step solves one system of what is
 * shared; directions that nothing tells (lengths of rows, mixtures of rows that are always touched together) do not move. */
#ifndef LMR_CORE_JOINT_H
#define LMR_CORE_JOINT_H

#include "core/effect/joint_law.h"

enum { JOINT_STEPS = 40 };

/* Starts at the unit map but for the column of u, with what is shared as the average over the environments that have it;
 * at->sample_mean and at->sample_cov come in coordinates (latents, covariates, exposures, outcome) and leave in v,
 * at->map is -effects of the exposures in its last column, the rest is written. at, again: a state of space each. */
typedef struct {
  double *covariance; /* of the slopes of u, (size - 1 - d) square */
  double value;       /* joint_value() at the end */
  size_t steps;
  int converged;
} joint_found;

size_t joint_state_size(const joint_shape *s);
void joint_state_over(const joint_shape *s, double *block, joint_state *state);

/* Converged: the last step should have gained less than 1e-6 of twice the log likelihood; or, at the last, ten steps moved
 * every slope of u by less than a tenth of its error: laws may drift along a flat ridge that says nothing of them. */
size_t joint_fit_bytes(const joint_shape *s);
lmr_status joint_fit(const joint_shape *s, joint_state *at, joint_found *found, lmr_arena work, const lmr_tick *tick,
                     lmr_error *err);

#endif
