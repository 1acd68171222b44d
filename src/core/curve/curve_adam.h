/* The three-net loop of F2BMLD, with linear outputs:
 *   pure      h~  : mean_B1 (t - h~)^2 + r1 |p|^2,                     t = h_a(a) fixed
 *   penalised h_w : mean_B2 (y - h_w)^2 + lambda mean_B1 (t - h_w)^2 + lambda r1 |p|^2
 *   treatment h_a : lambda mean_B1' [(h_a - h_w)^2 - (h_a - h~)^2] + r2 |p|^2
 * ten Adam steps on each instrument net, then one on the treatment net with a
 * fresh minibatch; no derivative passes through the instrument nets. The loop runs
 * in single precision; data, the averaged weights and the history are doubles. */
#ifndef LMR_CORE_CURVE_ADAM_H
#define LMR_CORE_CURVE_ADAM_H

#include "core/base/arena.h"
#include "core/curve/curve_net.h"

typedef struct {
  size_t width, batch, steps, inner;
  double rate, beta1, beta2, lambda, r1, r2;
  double langevin; /* sd of the noise added after every Adam step; sqrt(lambda) times for h_w */
  int mean_field;  /* outputs divided by the width */
} adam_options;

typedef struct {
  size_t n, da, dz;  /* rows, inputs of h_a, inputs of the instrument nets */
  const double *y;   /* [n] */
  const double *a;   /* n x da by row */
  const double *z;   /* n x dz by row */
  const int *first, *second; /* rows of stage 1 and of stage 2 */
  size_t n1, n2;
  /* NULL, or a second row of the treatment net, which then stands for h_a(a) - mask h_a(next) throughout
   * (a value and gamma times the value that follows it). */
  const double *next; /* n x da by row */
  const double *mask; /* [n] */
} adam_rows;

enum { ADAM_HISTORY = 100 }; /* lines: step, Lagrangian, mean (h~ - h_w)^2 */

size_t adam_bytes(const adam_rows *r, const adam_options *o);
/* theta: length of the treatment net; its mean over the second half of the steps. */
lmr_status adam_fit(const adam_rows *r, const adam_options *o, uint64_t seed, double *theta, double *history,
                    lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
