/* The encoder for continuous instruments: analytic stationary subspace analysis
 * (von Buenau et al. 2009, PRL 103:214101; Hara et al. 2012, Neural Networks 33).
 * X = (Z - mu) T whitened by the pooled covariance; m_e, S_e by environment;
 *   M = sum_e p_e [ m_e m_e' + (S_e - I)^2 / 2 ]
 * Small eigenvalues of M: the invariant block; the others: the variant block. */
#ifndef LMR_CORE_STATIONARY_H
#define LMR_CORE_STATIONARY_H

#include "core/moments/moment_view.h"

/* The first p columns of the view. Directions with a pooled eigenvalue below
 * 1e-8 of the largest are dropped. values[*columns] ascending; directions
 * p x *columns: Z directions (whitening times eigenvectors). */
size_t stationary_bytes(size_t width, size_t p);
lmr_status stationary_directions(const moment_view *view, size_t p, double *values,
                                 double *directions, size_t *columns, lmr_arena work,
                                 const lmr_tick *tick, lmr_error *err);

/* largest[draws]: the largest eigenvalue of M of m standard Gaussian variables
 * that do not change between environments of the given sizes. */
size_t stationary_null_bytes(size_t m, size_t environments);
lmr_status stationary_null(const double *n, size_t environments, size_t m, size_t draws, uint64_t seed,
                           double *largest, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
