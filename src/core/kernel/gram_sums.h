/* One pass over the tiles of one or two Gram matrices: everything that MMD, HSIC
 * and their null laws need, in O(n) memory. */
#ifndef LMR_CORE_GRAM_SUMS_H
#define LMR_CORE_GRAM_SUMS_H

#include "core/kernel/kernel.h"

/* Sums over all pairs (i, j), diagonal included; rows and diagonals per point. */
typedef struct {
  double k, l, kl, kk, ll;
  double *k_row, *l_row, *k_diag, *l_diag; /* n each, given by the caller */
} gram_pair_sums;

size_t gram_sums_bytes(size_t dx, size_t dy);
lmr_status gram_sums(const lmr_points *x, const lmr_points *y, gram_pair_sums *sums, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* sum over i != j of (Kc_ij Lc_ij)^2, Kc = HKH, from the sums of the first pass. */
lmr_status gram_centred_squares(const lmr_points *x, const lmr_points *y, const gram_pair_sums *sums,
                                double *total, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                                lmr_error *err);

/* One Gram matrix against groups: label[i] in 0..groups-1. block[groups x groups]
 * holds sums of K over pairs of groups (diagonal included), diag[groups] the sums
 * of k(a, a), size[groups] the counts; k_row[n]; *kk the sum of squares. */
size_t gram_groups_bytes(size_t d);
lmr_status gram_groups(const lmr_points *x, const int *label, size_t groups, double *block, double *diag,
                       double *size, double *k_row, double *kk, lmr_cpu level, lmr_arena work,
                       const lmr_tick *tick, lmr_error *err);

#endif
