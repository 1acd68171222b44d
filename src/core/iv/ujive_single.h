/* UJIVE when everybody is left out alone (core/iv/ujive.h): leverages take the place
 * of the blocks of Q, and what the pairs need is symmetric in Z. */
#ifndef LMR_CORE_UJIVE_SINGLE_H
#define LMR_CORE_UJIVE_SINGLE_H

#include "core/iv/iv_data.h"

#define UJIVE_SINGULAR 1e-9 /* 1 - leverage under which leaving out identifies nothing */

/* leverage: n x 2 as in ujive_groups, or NULL. The instrument's blocks go over the threads of the tick. */
size_t ujive_single_bytes(const iv_data *d, const lmr_tick *tick);
lmr_status ujive_single_instrument(const iv_data *d, int jive1, double *p, int *skipped, double *leverage,
                                   lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);
lmr_status ujive_single_pairs(const iv_data *d, const double *leverage, const double *coef, double *out, lmr_cpu level,
                              lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
