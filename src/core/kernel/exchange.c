#include "core/kernel/exchange.h"

void exchange_draw(const exchange_plan *plan, lmr_rng *rng, int *order, int *index) {
  const int *member = plan->member;
  for (size_t c = 0; c < plan->classes; c++) {
    const size_t units = (size_t)plan->units[c], size = (size_t)plan->size[c];
    for (size_t u = 0; u < units; u++) order[u] = (int)u;
    lmr_rng_shuffle(rng, order, units);
    for (size_t u = 0; u < units; u++)
      for (size_t t = 0; t < size; t++) index[member[u * size + t]] = member[(size_t)order[u] * size + t];
    member += units * size;
  }
}
