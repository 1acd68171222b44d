/* Kernel instrumental variables (Singh, Sahani and Gretton 2019), in the feature
 * space of low-rank factors of the Gram matrices. Stage 1 on one half of the rows,
 * stage 2 on the other; both penalties tuned on the data. */
#ifndef LMR_CORE_KIV_H
#define LMR_CORE_KIV_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

typedef struct {
  size_t n;        /* rows; the first n1 of the order given are stage 1 */
  size_t n1;
  size_t dx, dz;   /* coordinates of the curve's argument, of the instruments */
  const double *y; /* [n], centred */
  const double *x, *z;
} kiv_rows;

typedef struct {
  size_t rank_x, rank_z;
  double lambda, xi;
  double stage1, stage2; /* the criteria at their minima */
} kiv_summary;

enum { KIV_CAUSAL = 0, KIV_HELD_OUT = 1 };

/* h(x) = sum_j alpha_j k(x, x[pivot_j]); width [dx + dz] is set to the medians. */
size_t kiv_bytes(const kiv_rows *r, size_t most);
lmr_status kiv_fit(const kiv_rows *r, size_t most, double tol, int criterion, double *width, int *pivot,
                   double *alpha, kiv_summary *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                   lmr_error *err);

#endif
