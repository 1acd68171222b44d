/* Products of the block, the exposures and the outcome of a linear IV model with further
 * columns over the same people. */
#ifndef LMR_CORE_IV_CROSS_H
#define LMR_CORE_IV_CROSS_H

#include "core/iv/iv_data.h"

/* column: n x m, in the order of the rows of d. out: (K + k + 1) x m, [Q_W X y]'column. */
size_t iv_cross_bytes(const iv_data *d);
lmr_status iv_cross(const iv_data *d, const double *column, size_t m, double *out, lmr_cpu level, lmr_arena work,
                    const lmr_tick *tick, lmr_error *err);

#endif
