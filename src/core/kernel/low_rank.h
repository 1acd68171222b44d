/* Gram matrix K ~ GG' by pivoted_cholesky.h, in O(n r (r + d)): stops when the remaining
 * trace is <= tol times the whole, or at max_rank. */
#ifndef LMR_CORE_LOW_RANK_H
#define LMR_CORE_LOW_RANK_H

#include "core/kernel/kernel.h"

size_t low_rank_bytes(size_t n);
/* g is n x max_rank (column-major); *rest is the remaining share of the trace. */
lmr_status low_rank(const lmr_points *p, double tol, size_t max_rank, double *g, size_t *rank,
                    double *rest, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
