/* Second moments of the contributions q_Z a_j to the reduced form Q_Z'(y, X), with
 * a = (y, X) - Q_W Q_W'(y, X), summed within clusters first. Those to Q_Z'(y - Xb) are linear in
 * them. Behind the tests that hold with weak instruments under heteroskedasticity and within clusters. */
#ifndef LMR_CORE_IV_REDUCED_H
#define LMR_CORE_IV_REDUCED_H

#include "core/iv/iv_data.h"

/* omega: (k + 1) L squared, blocks of L in the order y, X_1, .., X_k. cluster (0-based) may
 * be NULL. Weights (root) are those of the model: contributions are of weighted rows. */
size_t iv_reduced_bytes(const iv_data *d, size_t clusters);
lmr_status iv_reduced(const iv_data *d, const int *cluster, size_t clusters, double *omega, lmr_cpu level,
                      lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
