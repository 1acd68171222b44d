/* What a permutation test may exchange: people, or whole clusters of one size
 * within one stratum. A class is a number of such units of the same size; member
 * lists the rows of its units one after another, class after class. */
#ifndef LMR_CORE_EXCHANGE_H
#define LMR_CORE_EXCHANGE_H

#include "core/base/rng.h"

typedef struct {
  size_t classes;
  const int *size, *units; /* rows in a unit, units in the class */
  const int *member;       /* sum of size * units rows, 0-based, each once */
} exchange_plan;

/* index[row] = the row whose value `row` receives, drawn uniformly: the units of
 * each class are dealt anew, their members in their order. */
void exchange_draw(const exchange_plan *plan, lmr_rng *rng, int *order, int *index);

#endif
