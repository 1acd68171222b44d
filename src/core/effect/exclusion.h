/* Sensitivity of an instrumental variable estimate to direct effects of its
 * instruments on the outcome: the union of confidence intervals of Conley, Hansen
 * and Rossi (2012, Review of Economics and Statistics 94:260) over a box of direct effects.
 * An estimator that is linear in the outcome has, when y - Z gamma is the outcome,
 *   b(gamma) = b - a'gamma,  v(gamma) = (1, -gamma')V(1, -gamma')',
 * so that each end of the interval b(gamma) -/+ t sqrt(v(gamma)) is most extreme in a
 * corner of the box: b + t sqrt(v) is convex in gamma. */
#ifndef LMR_CORE_EXCLUSION_H
#define LMR_CORE_EXCLUSION_H

#include "core/base/arena.h"

/* All corners are looked at up to this many instruments that have room; with
 * more, one instrument at a time is switched, from the corner that moves b most. */
#define EXCLUSION_ALL 16

typedef struct {
  double b, t;
  const double *a;           /* L */
  const double *v;           /* (L + 1) x (L + 1), full: outcome first */
  const double *lo, *hi;     /* L: bounds of gamma */
  size_t L;
} exclusion_box;

/* The end of the union on one side: sign 1 upper, -1 lower. gamma[L]: where it is. */
size_t exclusion_bytes(size_t L);
lmr_status exclusion_end(const exclusion_box *box, int sign, double *end, double *gamma,
                         lmr_arena work, lmr_error *err);

#endif
