#include "core/effect/weighted_median.h"

#include <math.h>

/* Heapsort: in place and m log m whatever the order. */
static void sift(weighted_value *a, size_t root, size_t m) {
  const weighted_value top = a[root];
  for (size_t child; (child = 2 * root + 1) < m; root = child) {
    if (child + 1 < m && a[child + 1].value > a[child].value) child++;
    if (a[child].value <= top.value) break;
    a[root] = a[child];
  }
  a[root] = top;
}

static void sort_values(weighted_value *a, size_t m) {
  for (size_t i = m / 2; i-- > 0;) sift(a, i, m);
  for (size_t end = m; end-- > 1;) {
    const weighted_value largest = a[0];
    a[0] = a[end];
    a[end] = largest;
    sift(a, 0, end);
  }
}

double weighted_median(weighted_value *a, size_t m) {
  if (!m) return NAN;
  sort_values(a, m);
  double total = 0;
  for (size_t j = 0; j < m; j++) total += a[j].weight;
  double before = 0, last = 0;
  for (size_t j = 0; j < m; j++) {
    const double s = (before + a[j].weight / 2) / total;
    if (s >= .5) {
      if (j == 0) return a[0].value;
      return a[j - 1].value + (a[j].value - a[j - 1].value) * (.5 - last) / (s - last);
    }
    before += a[j].weight;
    last = s;
  }
  return a[m - 1].value;
}

size_t weighted_median_bootstrap_bytes(size_t m) { return lmr_bytes(m, sizeof(weighted_value)); }

lmr_status weighted_median_bootstrap(const double *x, const double *sx, const double *y,
                                     const double *sy, const double *w, size_t m, size_t draws,
                                     uint64_t seed, double *b, double *se, lmr_arena work,
                                     const lmr_tick *tick, lmr_error *err) {
  weighted_value *a;
  LMR_TAKE(a, &work, m, err);
  for (size_t j = 0; j < m; j++) {
    a[j].value = y[j] / x[j];
    a[j].weight = w[j];
  }
  *b = weighted_median(a, m);
  double mean = 0, ss = 0;
  for (size_t i = 0; i < draws; i++) {
    if (lmr_tick_poll(tick, (double)i / (double)draws)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, i);
    for (size_t j = 0; j < m; j++) {
      const double dx = x[j] + sx[j] * lmr_rng_normal(&rng);
      const double dy = y[j] + sy[j] * lmr_rng_normal(&rng);
      a[j].value = dy / dx;
      a[j].weight = w[j];
      if (!isfinite(a[j].value)) return lmr_fail(err, LMR_ENONFINITE, "a bootstrap ratio is not finite");
    }
    const double median = weighted_median(a, m), step = median - mean;
    mean += step / (double)(i + 1);
    ss += step * (median - mean);
  }
  *se = draws > 1 ? sqrt(ss / (double)(draws - 1)) : NAN;
  return LMR_OK;
}
