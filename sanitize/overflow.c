/* One step too far, on purpose: what tools/sanitize.sh must catch inside R
 * before its silence about the package means anything. */
#include "core/base/arena.h"

#define R_NO_REMAP
#include <R.h>

void overflow_view(double *out) { /* from one view of an arena into the next */
  const size_t bytes = 2 * lmr_bytes(8, sizeof(double));
  lmr_arena arena = lmr_arena_over(R_alloc(bytes + 64, 1), bytes);
  double *first = lmr_arena_take(&arena, 8, sizeof(double));
  double *second = lmr_arena_take(&arena, 8, sizeof(double));
  second[0] = 0;
  first[8] = 1;
  *out = second[0];
}

void overflow_block(double *out) { /* behind a block of R's memory */
  double *block = (double *)R_alloc(100, sizeof(double));
  block[101] = 1; /* R rounds up by one: [100] is its own */
  *out = block[0];
}

void overflow_integer(int *inout) { *inout += 2147483647; } /* signed: undefined */
