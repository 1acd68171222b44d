/* K ~ GG' by pivoted Cholesky (Fine and Scheinberg 2001): the next pivot is the row
 * with the largest remaining diagonal. Stops when the remaining trace is <= tol
 * times the whole, or at max_rank. Never forms K: O(n r (r + d)). */
#ifndef LMR_CORE_LOW_RANK_H
#define LMR_CORE_LOW_RANK_H

#include "core/kernel/kernel.h"

size_t low_rank_bytes(size_t n);
/* g is n x max_rank (column-major); *rest is the remaining share of the trace. */
lmr_status low_rank(const lmr_points *p, double tol, size_t max_rank, double *g, size_t *rank,
                    double *rest, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
