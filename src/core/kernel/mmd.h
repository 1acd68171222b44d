/* Maximum mean discrepancy over groups (Gretton et al. 2012). With p_e = n_e / N,
 * mu_e the mean embedding of group e and mu that of all:
 *   pooled = sum_e p_e |mu_e - mu|^2 = 1/2 sum_{e, e'} p_e p_e' MMD^2(e, e')
 *          = HSIC of the points with the label kernel 1{e = e'} / p_e.
 * For two groups MMD^2 = pooled / (p_1 p_2). */
#ifndef LMR_CORE_MMD_H
#define LMR_CORE_MMD_H

#include "core/kernel/gram_sums.h"

typedef struct {
  double n;
  double biased, unbiased;        /* pooled */
  double normalised;              /* normalised HSIC with the label: in [0, 1] */
  double null_mean, null_var;     /* null law of n * biased, trace form */
  double exact_mean, exact_var;   /* over all permutations; NaN from features */
  double null_third;              /* third cumulant of the trace form; from features only, else NaN */
} mmd_result;

/* Exact, by tiles. pair_biased, pair_unbiased [groups x groups] get MMD^2(e, e')
 * (unbiased: NaN where a group has one row). Fastest when rows come group by group. */
size_t mmd_bytes(size_t n, size_t d, size_t groups);
lmr_status mmd_exact(const lmr_points *x, const int *label, size_t groups, double *pair_biased,
                     double *pair_unbiased, mmd_result *out, lmr_cpu level, lmr_arena work,
                     const lmr_tick *tick, lmr_error *err);

/* <Kc, Lc> etc. for the label kernel: |Lc|^2 = N^2 (groups - 1), tr Lc = N (groups - 1). */
void mmd_from_centred(double n, double groups, double biased, double kk, double trace, mmd_result *out);

/* Unbiased pooled statistic on blocks of `block` >= 2 rows from each group; rows of
 * group e are order[start[e]] .. order[start[e + 1] - 1]. linear != 0: block 2 with
 * the four-term h of Gretton et al. 2012, lemma 14. */
size_t mmd_blocks_bytes(size_t block, size_t d, size_t groups);
lmr_status mmd_blocks(const lmr_points *x, const int *order, const size_t *start, size_t groups,
                      size_t block, int linear, double *mean, double *sd, size_t *count, lmr_cpu level,
                      lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
