/* Unbiased jackknife instrumental variables (Kolesar 2013): the instrument of
 * each person is the difference of two predictions of X that leave that person
 * (or the whole of the person's cluster) out,
 *   P = G X,  G = (I - B_ZW)^-1 (H_ZW - B_ZW) - (I - B_W)^-1 (H_W - B_W),
 * H the projections, B their diagonals (or diagonal blocks by cluster). G has a
 * zero diagonal (block) and G W = 0. A person or cluster without whom a column
 * is not identified (I - B singular) gets P = 0 and is counted.
 * JIVE1 (Angrist, Imbens and Krueger 1999) takes the first prediction alone,
 *   P = (I - B_ZW)^-1 (H_ZW - B_ZW) X = X - (I - B_ZW)^-1 M_ZW X. */
#ifndef LMR_CORE_UJIVE_H
#define LMR_CORE_UJIVE_H

#include "core/iv/iv_data.h"

/* Rows of group g: order[start[g]] .. order[start[g + 1] - 1]; the order must be
 * that of the sources in `d` (tall_source.order), and of a stream its own. start NULL:
 * every row its own group (core/iv/ujive_single.h). */
typedef struct {
  const int *start;
  size_t groups;
  int jive1; /* the instrument is JIVE1's */
  /* n x 2, of W and what Z adds; NULL, or without groups: written by ujive_instrument(), read by
   * ujive_pairs(), which then does not compute them again. */
  double *leverage;
} ujive_groups;

size_t ujive_bytes(const iv_data *d, const ujive_groups *g, const lmr_tick *tick);

/* p: n x k in the order of the columns of d (not of `order`), in units of X;
 * skipped[n] is 1 for people with P = 0 by the rule above. */
lmr_status ujive_instrument(const iv_data *d, const ujive_groups *g, double *p, int *skipped,
                            lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* Second term of the many-instrument heteroskedastic variance (Chao, Swanson,
 * Hausman, Newey and Woutersen 2012): for each pair (a, b) of endogenous
 * variables sum over i != j of e_i G_ij x_aj e_j G_ji x_bi with x = M_W X (i, j
 * people or clusters); coef of (W, X) gives e. out: k x k. */
lmr_status ujive_pairs(const iv_data *d, const ujive_groups *g, const double *coef, double *out,
                       lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
