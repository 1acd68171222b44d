#include "core/moments/panel_components.h"

#include <math.h>
#include <string.h>

#include "core/la/turn.h"

/* Share of a column's variance over everybody below which an imputed column is a constant. */
#define NOTHING 1e-11

size_t panel_components_bytes(size_t m) {
  size_t bytes = lmr_double_bytes(2, m * m + 1);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, m + 1));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * PANEL_COMPONENTS + 1));
  bytes = lmr_add_bytes(bytes, lmr_bytes(m + 1, sizeof(size_t)));
  const size_t direct = la_eigen_top_bytes(m, PANEL_COMPONENTS);
  const size_t few = lmr_add_bytes(turn_factor_bytes(m), lmr_add_bytes(direct, lmr_double_bytes(2, m * m + PANEL_COMPONENTS * m + 1)));
  return lmr_add_bytes(bytes, few);
}

/* Entry of the cross product about the pooled mean; center: the mean of i and j. */
static double total(const moment_view *v, size_t i, size_t j, double center_i, double center_j) {
  double sum = 0;
  for (size_t e = 0; e < v->environments; e++) {
    const double *mean = v->mean + e * v->width;
    sum += v->cross[e][i + j * v->width] + v->n[e] * (mean[i] - center_i) * (mean[j] - center_j);
  }
  return sum;
}

static double pooled(const moment_view *v, size_t i, double n) {
  double sum = 0;
  for (size_t e = 0; e < v->environments; e++) sum += v->n[e] * v->mean[i + e * v->width];
  return sum / n;
}

/* vector (u x *top, ascending) of a correlation matrix of rank < u: those of F'F, through F. */
static lmr_status few_people(const double *a, size_t u, size_t rank, size_t *top, double *f, double *value,
                             double *vector, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const turn_matrix all = {a, u, u, rank};
  size_t r;
  LMR_TRY(turn_factor(&all, f, &r, work, tick, err));
  if (*top > r) *top = r;
  double *gram, *small;
  LMR_TAKE(gram, &work, r * r + 1, err);
  LMR_TAKE(small, &work, r * *top + 1, err);
  if (!*top) return LMR_OK;
  LMR_TRY(la_syrk_polled('T', r, u, 1, f, u, 0, gram, r, tick, err));
  LMR_TRY(la_eigen_top_polled(gram, r, r, *top, value, small, r, work, tick, err));
  LMR_TRY(la_gemm_polled('N', 'N', u, *top, r, 1, f, u, small, r, 0, vector, u, tick, err));
  for (size_t l = 0; l < *top; l++)
    for (size_t i = 0; i < u; i++) vector[i + l * u] *= value[l] > 0 ? 1 / sqrt(value[l]) : 0;
  return LMR_OK;
}

lmr_status panel_components(const moment_view *view, const int *instrument, size_t m, const double *scale,
                            double *direction, size_t *found, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const double n = moment_people(view);
  double *a, *f, *sd, *center, *vector;
  size_t *use, u = 0;
  LMR_TAKE(a, &work, m * m + 1, err);
  LMR_TAKE(f, &work, m * m + 1, err);
  LMR_TAKE(sd, &work, m + 1, err);
  LMR_TAKE(center, &work, m + 1, err);
  LMR_TAKE(vector, &work, m * PANEL_COMPONENTS + 1, err);
  LMR_TAKE(use, &work, m + 1, err);
  for (size_t i = 0; i < m; i++) {
    const size_t at = (size_t)instrument[i];
    const double mean = pooled(view, at, n), square = total(view, at, at, mean, mean);
    if (!(square > NOTHING * n * scale[at])) continue;
    center[u] = mean;
    sd[u] = sqrt(square / n);
    use[u++] = i;
  }
  const size_t count = u / 2 < PANEL_COMPONENTS ? u / 2 : PANEL_COMPONENTS;
  *found = count;
  memset(direction, 0, m * PANEL_COMPONENTS * sizeof *direction);
  if (!count) return LMR_OK;
  for (size_t j = 0; j < u; j++) {
    const size_t at = (size_t)instrument[use[j]];
    for (size_t i = 0; i < j; i++)
      a[i + j * u] = total(view, (size_t)instrument[use[i]], at, center[i], center[j]) / (n * sd[i] * sd[j]);
    a[j + j * u] = 1;
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  double *value = center; /* no longer wanted */
  size_t top = count;
  if (n > 4 * PANEL_COMPONENTS && 2 * n < (double)u)
    LMR_TRY(few_people(a, u, (size_t)n - 1, &top, f, value, vector, work, tick, err));
  else LMR_TRY(la_eigen_top_polled(a, u, u, count, value, vector, u, work, tick, err));
  for (size_t l = 0; l < top; l++)
    for (size_t i = 0; i < u; i++) direction[use[i] + l * m] = vector[i + (top - 1 - l) * u] / sd[i];
  return LMR_OK;
}
