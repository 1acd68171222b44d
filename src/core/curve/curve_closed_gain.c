/* Does the curve bend at all? curve_closed_state.h. */
#include "core/curve/curve_closed_state.h"

#include <math.h>

/* What a cell adds to log of the sum; -inf without prior weight. */
static double log_weight(const closed_state *t, size_t c, double s2) {
  const size_t i = c % N_GRID;
  const double prior = t->prior->k2_weight[i / N_KR] * t->prior->kr_weight[i % N_KR];
  return prior > 0 ? log(prior) - t->cells[c].half_log_det - t->cells[c].quad / (2 * s2) : -INFINITY;
}

lmr_status closed_gain(const closed_state *t, const curve_problem *net, double s2, double *residual, double *gain,
                       lmr_error *err) {
  const size_t cells = t->f->members * N_GRID;
  curve_evidence line;
  LMR_TRY(curve_evidence_at(net, 0, 0, residual, &line, t->work, err));
  double top = -INFINITY, total = 0;
  for (size_t c = 0; c < cells; c++) top = fmax(top, log_weight(t, c, s2));
  for (size_t c = 0; c < cells; c++) total += exp(log_weight(t, c, s2) - top);
  *gain = top + log(total / (double)t->f->members) + line.half_log_det + line.quad / (2 * s2);
  return LMR_OK;
}
