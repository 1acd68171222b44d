/* Kernel test of conditional independence, x and y given s (KCI, Zhang et al. 2011,
 * with the gamma law): Kx on (x, s/2), Ky on y, Ks on s, all centred; R = eps (Ks +
 * eps I)^-1, A = R Kx R, B = R Ky R; statistic sum(A . B), M = A . B elementwise, mean
 * tr M and variance 2 |M|_F^2 under the null. Computed from low-rank factors: with
 * Ks = GG', R = I - G (G'G + eps I)^-1 G'. */
#ifndef LMR_CORE_KERNEL_CONDITIONAL_H
#define LMR_CORE_KERNEL_CONDITIONAL_H

#include "core/kernel/kernel.h"

typedef struct {
  double statistic, mean, variance;
  double rest_x, rest_s; /* share of the trace that the factors leave out */
} kci_result;

enum { KCI_RANK_X = 120, KCI_RANK_S = 200 };

size_t kci_bytes(size_t n, size_t groups);
lmr_status kci_groups(const lmr_points *xs, const lmr_points *s, const int *label, size_t groups,
                      kci_result *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                      lmr_error *err);

#endif
