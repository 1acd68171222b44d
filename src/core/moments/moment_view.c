#include "core/moments/moment_view.h"

#include <string.h>

#include "core/la/turn.h"

double moment_people(const moment_view *view) {
  double n = 0;
  for (size_t e = 0; e < view->environments; e++) n += view->n[e];
  return n;
}

void moment_pooled_mean(const moment_view *view, double *mean) {
  const double n = moment_people(view);
  memset(mean, 0, view->width * sizeof *mean);
  for (size_t e = 0; e < view->environments; e++)
    for (size_t j = 0; j < view->width; j++)
      mean[j] += view->n[e] / n * view->mean[j + e * view->width];
}

lmr_status moment_within_total(const moment_view *view, const double *pooled_mean, double *within, double *total,
                               const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width;
  if (view->environments) LMR_TRY(matrix_sum(view->cross, view->environments, w * w, within, tick, err));
  else memset(within, 0, w * w * sizeof *within);
  for (size_t j = 0; total && j < w; j++) {
    double *to = total + j * w;
    memcpy(to, within + j * w, w * sizeof *to);
    for (size_t e = 0; e < view->environments; e++) {
      const double *m = view->mean + e * w;
      const double f = view->n[e] * (m[j] - pooled_mean[j]);
      for (size_t i = 0; i < w; i++) to[i] += f * (m[i] - pooled_mean[i]);
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

lmr_status moment_delete(double *n, double *mean, double *cross, size_t width,
                         double block_n, const double *block_sum,
                         const double *block_cross, double *work, lmr_error *err) {
  const double left = *n - block_n;
  if (!(left > 0))
    return lmr_fail(err, LMR_EINVAL, "taking out %g of %g people leaves nobody", block_n, *n);
  /* Sums about the old mean add to zero, so what is left sums to -block_sum. */
  for (size_t j = 0; j < width; j++) work[j] = -block_sum[j] / left;
  for (size_t j = 0; j < width; j++)
    for (size_t i = 0; i < width; i++)
      cross[i + j * width] -= block_cross[i + j * width] + left * work[i] * work[j];
  for (size_t j = 0; j < width; j++) mean[j] += work[j];
  *n = left;
  return LMR_OK;
}
