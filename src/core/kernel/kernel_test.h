/* Permutation tests on kernel statistics. The Gram matrices are reused: by their
 * low-rank factors when these are exact to LOW_RANK_TOL of the trace (or when n is
 * above DENSE_ROWS, where the factor then defines the kernel: still a valid test,
 * since pivots do not look at the pairing), else in memory. */
#ifndef LMR_CORE_KERNEL_TEST_H
#define LMR_CORE_KERNEL_TEST_H

#include "core/kernel/exchange.h"
#include "core/kernel/kernel.h"

enum { DENSE_ROWS = 5000, LARGE_RANK = 100 };
#define LOW_RANK_TOL 1e-10

/* stat[0] += n HSIC_b of x and y; stat[b] += the same after permutation b of the
 * rows of y by the plan, b = 1..permutations: call once per stratum to permute
 * within strata. dense != 0 never uses factors (the twin in the tests). Permutation b
 * is drawn by a stream of its own, named by what `rng` gives next, so that permutations go over
 * the threads of the tick; `threads` of the bytes are these. */
size_t hsic_permute_bytes(size_t n, size_t dx, size_t dy, int threads);
lmr_status hsic_permute(const lmr_points *x, const lmr_points *y, const exchange_plan *plan,
                        size_t permutations, int dense, lmr_rng *rng, double *stat, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err);

/* stat[0] = n x pooled biased MMD; stat[b] the same with the labels permuted by the
 * plan, in which strata are classes of their own. */
size_t mmd_permute_bytes(size_t n, size_t d, size_t groups, int threads);
lmr_status mmd_permute(const lmr_points *x, const int *label, size_t groups, const exchange_plan *plan,
                       size_t permutations, int dense, lmr_rng *rng, double *stat, lmr_cpu level,
                       lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* (1 + #{stat[b] >= stat[0]}) / (permutations + 1); statistics that differ by
 * rounding only count as equal. */
double permutation_p(const double *stat, size_t permutations);

#endif
