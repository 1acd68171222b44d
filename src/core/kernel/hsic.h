/* Hilbert-Schmidt independence criterion (Gretton et al. 2005; unbiased form Song
 * et al. 2012) and the moments of its null law. K and L are the Gram matrices of x
 * and y, H = I - 11'/n, Kc = HKH. */
#ifndef LMR_CORE_HSIC_H
#define LMR_CORE_HSIC_H

#include "core/kernel/gram_sums.h"

typedef struct {
  double n;
  double biased;             /* <Kc, Lc> / n^2 */
  double unbiased;           /* U-statistic; NaN from features */
  double normalised;         /* <Kc, Lc> / (|Kc| |Lc|), 0 when a block is constant */
  double trace_mean, trace_var;   /* null law of n * biased, trace form */
  double gamma_mean, gamma_var;   /* the same, Gretton et al. 2008; NaN if not asked */
  double exact_mean, exact_var;   /* over all permutations of the rows; NaN from features */
  double trace_third;             /* third cumulant of the trace form; from features only, else NaN */
} hsic_result;

/* Exact, by tiles: O(n^2) time, O(n) memory. gretton != 0 asks for the second pass. */
size_t hsic_bytes(size_t n, size_t dx, size_t dy);
lmr_status hsic_exact(const lmr_points *x, const lmr_points *y, int gretton, hsic_result *out,
                      lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* Mean and variance of <Kc, PLcP'> over all permutations P (Kazi-Aoual et al. 1995),
 * from tr, squared norm and the sum of squared diagonal entries of either matrix;
 * n >= 4. Holds where the trace form fails: kernels with an unbounded diagonal. */
typedef struct {
  double trace, squares, diagonal;
} centred_sums;
void permutation_moments(double n, const centred_sums *k, const centred_sums *l, double *mean, double *var);

/* Everything from <Kc, Lc>, |Kc|^2, |Lc|^2, tr Kc, tr Lc. */
void hsic_from_centred(double n, double kl, double kk, double ll, double trace_k, double trace_l,
                       hsic_result *out);

/* Unbiased statistic on consecutive blocks of `block` >= 4 rows: mean and standard
 * deviation over the blocks (block 4 is the linear-time form). */
lmr_status hsic_blocks(const lmr_points *x, const lmr_points *y, size_t block, double *mean, double *sd,
                       size_t *count, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
