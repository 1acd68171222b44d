/* Null of the stationary subspace without a law of the latents: the labels of the
 * environments permuted over the rows. What Gaussian variables would give is too
 * wide for uniform and too narrow for heavy-tailed ones, because (S_e - I)^2 grows
 * with the kurtosis. */
#ifndef LMR_CORE_STATIONARY_PERMUTED_H
#define LMR_CORE_STATIONARY_PERMUTED_H

#include "core/base/cpu.h"
#include "core/la/la.h"

enum { STATIONARY_PERMUTED_ROWS = 20000 };

/* code: n x q, the scores of stationary_directions() (pooled mean 0, covariance I,
 * ascending eigenvalues); environment[n]: 0-based. largest[i + draws * (m - 1)]:
 * draw i of the largest eigenvalue of M of the first m columns. Of more than
 * STATIONARY_PERMUTED_ROWS rows as many, evenly spaced, are used and M, which
 * goes down as 1 / n, is scaled. */
size_t stationary_permuted_bytes(size_t n, size_t q, size_t environments);
lmr_status stationary_permuted(const double *code, size_t n, size_t q, const int *environment, size_t environments,
                               size_t draws, uint64_t seed, double *largest, lmr_cpu level, lmr_arena work,
                               const lmr_tick *tick, lmr_error *err);

#endif
