/* The rows that a flow trains on and those held out, environment by environment, each padded
 * to multiples of FLOW_LANES rows of weight 0. */
#ifndef LMR_CORE_FLOW_SPLIT_H
#define LMR_CORE_FLOW_SPLIT_H

#include "core/encoder/flow.h"

typedef struct {
  flow_rows rows;
  double *x, *weight, *share;
  size_t *first;
} flow_part;

/* Rows of a part with at most `per` of each environment, and its bytes. */
size_t flow_part_rows(size_t per, size_t n, size_t environments);
size_t flow_part_bytes(size_t most, size_t d, size_t environments);
lmr_status flow_part_take(flow_part *p, size_t most, size_t d, size_t environments, lmr_arena *work, lmr_error *err);

/* Who trains and who is held out, in a random order; use[environments]: rows of the Fisher
 * information. LMR_ESINGULAR when an environment has fewer than 4 d training rows. work: 4 n
 * + 40 environments bytes. */
lmr_status flow_split(const double *x, size_t n, const int *environment, const flow_options *o, uint64_t seed,
                      flow_part *train, flow_part *held, size_t *use, lmr_arena work, lmr_error *err);

#endif
