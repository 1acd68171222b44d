/* Training of the potential flow (flow_model.h): hinges added in rounds where the score
 * says that they pay, all parameters then moved by the natural gradient
 *   theta -= (F + lam diag F + 1e-7 I)^-1 g,  F = mean of score score'.
 * Rows are split once per seed: at most `train` per environment (and at most three
 * quarters) to fit, at most `held` of the others for the held-out loss, which chooses
 * the round. */
#ifndef LMR_CORE_FLOW_H
#define LMR_CORE_FLOW_H

#include "core/encoder/flow_model.h"

enum { FLOW_MAX_ROUNDS = 8 };

typedef struct {
  size_t rounds, hinges;  /* hinges a round: rounds * hinges <= FLOW_MAX_HINGES */
  size_t candidates;      /* drawn in a round */
  size_t train, held;     /* rows an environment */
  size_t fisher;          /* rows of F and of the ranking of candidates, all environments */
  size_t steps, last;     /* steps of a round, of the last round */
  double least;           /* give up after the first round when it gains less than this, held out */
} flow_options;

typedef struct {
  flow_shape shape; /* of the round kept; hinges 0: the linear map was best */
  double linear;    /* held-out loss of A alone */
  double held, train;
  size_t rounds;    /* rounds run */
  double round_held[FLOW_MAX_ROUNDS], round_train[FLOW_MAX_ROUNDS];
  size_t round_steps[FLOW_MAX_ROUNDS];
} flow_result;

/* x: n x d (whitened, invariant directions first); environment[n] 0-based, n_e people of each.
 * w: dimension of the invariant block, 0..d-1 (0: one law per environment for all). theta: room for FLOW_MAX_DIM^2 +
 * FLOW_MAX_HINGES (FLOW_MAX_DIM + 2). The split depends on `seed`, the candidates on
 * (seed, start). */
size_t flow_bytes(const flow_options *options, size_t n, size_t d, size_t environments);
lmr_status flow_fit(const double *x, size_t n, size_t d, const int *environment, size_t environments, size_t w,
                    const flow_options *options, uint64_t seed, uint64_t start, double *theta, flow_result *result,
                    lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
