/* The middles of the sandwich of several k-class estimates in one pass over the rows.
 * Residual and projected exposures of an estimate are linear in the row of a person
 * (core/moments/moment_rows.h), with coefficients that the moments give, so that nothing
 * but those few numbers is formed. */
#ifndef LMR_CORE_ROW_MEATS_H
#define LMR_CORE_ROW_MEATS_H

#include "core/base/arena.h"
#include "core/base/cpu.h"
#include "core/moments/moment_rows.h"

typedef struct {
  const double *map;           /* width x estimates (1 + k): residual, then the exposures, of each */
  const double *fill, *center; /* variants, width */
} row_cell;

typedef struct {
  const moment_rows *rows;
  const int *who; /* positions in the panel */
  size_t n;
  const row_cell *cell; /* indexed by moment_rows.cell */
  size_t cells, estimates, k;
  const int *cluster; /* 0-based, in the order of `who`, or NULL */
  size_t clusters;
} row_meats_input;

/* out: k x k for each estimate, sum e^2 x x', or of sums of e x by cluster. */
size_t row_meats_bytes(const row_meats_input *in);
lmr_status row_meats(const row_meats_input *in, double *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                     lmr_error *err);

#endif
