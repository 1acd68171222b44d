/* Moments of one site brought to the alleles, order, missing set and pilots of
 * another, and added.
 *
 * A stored genotype is g (0 where missing) with flag m. Recoding is
 * g' = a (1 - m) + c g: nothing (a = 0, c = 1), a swapped allele (a = 2, c = -1),
 * another pilot (a = old - new, c = 1). Sums over people then follow from the
 * stored ones; with counts everything stays an exact integer. */
#ifndef LMR_CORE_MOMENTS_COMBINE_H
#define LMR_CORE_MOMENTS_COMBINE_H

#include "core/moments/moments_read.h"

typedef struct {
  const int *from;     /* [p] variant of the site, 0-based */
  const double *a, *c; /* [p] recoding of the genotype */
  const double *delta; /* [q] added to the numeric columns: old pilot - new pilot */
} moments_recoding;

/* Where the result of one block is added; layouts as in mr_moments. */
typedef struct {
  size_t pm;
  const int *missing; /* 1-based, in the new order; includes the site's own */
  int *gg_i, *gm_i, *mm_i;
  double *gg_d, *gm_d, *mm_d;
  double *sg, *sm, *gx, *mx, *sx, *xx;
} moments_sums;

size_t moments_add_bytes(size_t p);
lmr_status moments_add(const moments_view *site, size_t block, double people,
                       const moments_recoding *recoding, const moments_sums *out, lmr_arena work,
                       lmr_error *err);

#endif
