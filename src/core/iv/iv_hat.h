/* The projection on (W, Z) over all pairs of people, and that of the model without a group of them. Where there are
 * no more people than twice the instruments this is less work than a factor of the instruments for every group left out.
 *
 * W has columns that are zero outside the group (O, orthonormal over it) and others. With P the projection of everybody
 * and e, o the group and the others, that of the others alone is (Woodbury; the columns O go with their people)
 *   P_oo + P_oe (I - P_ee + O O')^-1 P_eo = P_oo + lift'lift,  lift = R^-T P_eo,  R'R = I - P_ee + O O',
 * provided that W and Z have the rank without the group that they have with it, less that of O. */
#ifndef LMR_CORE_IV_HAT_H
#define LMR_CORE_IV_HAT_H

#include "core/iv/iv_data.h"

/* hat: n x n, both triangles; w: n x K, the rows of W. */
size_t iv_hat_bytes(const iv_data *d);
lmr_status iv_hat(const iv_data *d, double *hat, double *w, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                  lmr_error *err);

/* at: the others, rising; own: m x c, rows of O of the m = n - others people of the group. lift: m x others.
 * LMR_ESINGULAR where (W, Z) loses rank with the group. */
size_t iv_hat_lift_bytes(size_t m);
lmr_status iv_hat_lift(const double *hat, size_t n, const int *at, size_t others, const double *own, size_t c,
                       double *lift, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The projection of a person on itself. */
double iv_hat_leverage(const iv_stream_hat *hat, size_t i);

/* ujive_pairs() (core/iv/ujive.h), everybody a group, of a stream whose projection is known: the sum over
 * pairs itself. leverage: n x 2 as there. */
size_t iv_hat_pairs_bytes(const iv_data *d);
lmr_status iv_hat_pairs(const iv_data *d, const double *leverage, const double *coef, double *out, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
