#include "core/encoder/flow_split.h"

#include "core/base/rng.h"

#include <string.h>

static size_t pad(size_t n) { return (n + FLOW_LANES - 1) / FLOW_LANES * FLOW_LANES; }
static size_t least_of(size_t a, size_t b) { return a < b ? a : b; }

size_t flow_part_bytes(size_t most, size_t d, size_t environments) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, most * d), lmr_double_bytes(1, most));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, environments), lmr_bytes(environments + 1, sizeof(size_t))));
}

size_t flow_part_rows(size_t per, size_t n, size_t environments) {
  return least_of(per * environments, n) + FLOW_LANES * environments;
}

lmr_status flow_part_take(flow_part *p, size_t most, size_t d, size_t environments, lmr_arena *work, lmr_error *err) {
  LMR_TAKE(p->x, work, most * d, err);
  LMR_TAKE(p->weight, work, most, err);
  LMR_TAKE(p->share, work, environments, err);
  LMR_TAKE(p->first, work, environments + 1, err);
  p->rows = (flow_rows){0, d, environments, p->x, p->weight, p->share, p->first};
  return LMR_OK;
}

/* Rows order[0..take[e]-1] + offset[e] of every environment, padded. */
static void part_fill(flow_part *p, const double *x, size_t n, const int *order, const size_t *begin, const size_t *skip,
                      const size_t *take, const size_t *people) {
  const size_t d = p->rows.d, environments = p->rows.environments;
  size_t total = 0;
  p->first[0] = 0;
  for (size_t e = 0; e < environments; e++) p->first[e + 1] = total += pad(take[e]);
  p->rows.n = total;
  memset(p->x, 0, total * d * sizeof *p->x);
  memset(p->weight, 0, total * sizeof *p->weight);
  for (size_t e = 0; e < environments; e++) {
    p->share[e] = (double)people[e] / (double)n;
    for (size_t i = 0; i < take[e]; i++) {
      const size_t from = (size_t)order[begin[e] + skip[e] + i], to = p->first[e] + i;
      p->weight[to] = p->share[e] / (double)take[e];
      for (size_t j = 0; j < d; j++) p->x[to + j * total] = x[from + j * n];
    }
  }
}

lmr_status flow_split(const double *x, size_t n, const int *environment, const flow_options *o, uint64_t seed,
                             flow_part *train, flow_part *held, size_t *use, lmr_arena work, lmr_error *err) {
  const size_t d = train->rows.d, environments = train->rows.environments;
  int *order;
  size_t *people, *begin, *take, *keep, *zero;
  LMR_TAKE(order, &work, n, err);
  LMR_TAKE(people, &work, environments, err);
  LMR_TAKE(begin, &work, environments, err);
  LMR_TAKE(take, &work, environments, err);
  LMR_TAKE(keep, &work, environments, err);
  LMR_TAKE(zero, &work, environments, err);
  memset(people, 0, environments * sizeof *people);
  memset(zero, 0, environments * sizeof *zero);
  for (size_t i = 0; i < n; i++) people[environment[i]]++;
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 0);
  size_t at = 0;
  for (size_t e = 0; e < environments; e++) {
    begin[e] = at;
    for (size_t i = 0; i < n; i++)
      if (environment[i] == (int)e) order[at++] = (int)i;
    lmr_rng_shuffle(&rng, order + begin[e], people[e]);
    take[e] = least_of(o->train, people[e] * 3 / 4);
    keep[e] = least_of(o->held, people[e] - take[e]);
    if (take[e] < 4 * d)
      return lmr_fail(err, LMR_ESINGULAR, "environment %d has too few people (%d) for a flow of %d dimensions",
                      (int)e + 1, (int)people[e], (int)d);
    use[e] = least_of(pad(take[e]), pad(o->fisher * people[e] / n));
  }
  part_fill(train, x, n, order, begin, zero, take, people);
  part_fill(held, x, n, order, begin, take, keep, people);
  return LMR_OK;
}
