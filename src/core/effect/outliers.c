#include "core/effect/outliers.h"

#include <math.h>

size_t outliers_bytes(size_t p) {
  return lmr_add_bytes(lmr_bytes(p, sizeof(weighted_value)),
                       lmr_add_bytes(lmr_bytes(p, sizeof(int)), controls_bytes(p, 2)));
}

lmr_status outlier_nagar(const outlier_sums *s, const int *control, size_t m, double *sums,
                         double *L, lmr_arena work, lmr_error *err) {
  double explained[4];
  size_t rank;
  LMR_TRY(controls_explained(s->gg, s->p, s->gxy, 2, control, m, s->least, explained, &rank, work, err));
  *L = s->L - (double)rank;
  const double df = s->n - s->rank - s->L;
  const double xx = s->cross[0] - explained[0] - s->noise[0];
  const double xy = s->cross[1] - explained[1] - s->noise[1];
  sums[0] = xy - *L * s->noise[1] / df;
  sums[1] = xx - *L * s->noise[0] / df;
  sums[2] = xx;
  sums[3] = s->cross[3] - explained[3] - s->noise[3];
  return LMR_OK;
}

/* t of every variant at b; flags those above the bound. Returns how many flags changed. */
static size_t flag(const outlier_sums *s, double b, double crit, int *outlying, double *t) {
  const double vv = s->cross[3] - 2 * b * s->cross[1] + b * b * s->cross[0];
  const double df = s->n - s->rank - 1;
  size_t changed = 0;
  for (size_t j = 0; j < s->p; j++) {
    const double g = s->gg[j * (s->p + 1)];
    int out = 0;
    t[j] = NAN;
    if (g > s->least[j]) {
      const double gv = s->gxy[j + s->p] - b * s->gxy[j];
      const double left = fmax(vv - gv * gv / g, 0);
      t[j] = gv / sqrt(g * left / df);
      out = fabs(t[j]) > crit;
    }
    changed += out != outlying[j];
    outlying[j] = out;
  }
  return changed;
}

static lmr_status median(const outlier_sums *s, double *b, lmr_arena work, lmr_error *err) {
  weighted_value *a;
  LMR_TAKE(a, &work, s->p, err);
  const double df = s->n - s->rank - 1;
  size_t m = 0;
  for (size_t j = 0; j < s->p; j++) {
    const double g = s->gg[j * (s->p + 1)], gx = s->gxy[j], gy = s->gxy[j + s->p];
    if (!(g > s->least[j]) || gx == 0) continue;
    const double sy2 = fmax(s->cross[3] - gy * gy / g, 0) / df / g;
    if (!(sy2 > 0)) continue;
    a[m].value = gy / gx;
    a[m++].weight = gx * gx / (g * g) / sy2;
  }
  if (!m) return lmr_fail(err, LMR_EINVAL, "no variant is associated with exposure and outcome");
  *b = weighted_median(a, m);
  return LMR_OK;
}

lmr_status outliers(const outlier_sums *s, double crit, size_t max_rounds, int *outlying,
                    double *t, double *b, size_t *rounds, lmr_arena work, lmr_error *err) {
  int *control;
  LMR_TRY(median(s, b, work, err));
  b[1] = b[0];
  LMR_TAKE(control, &work, s->p, err);
  for (size_t j = 0; j < s->p; j++) outlying[j] = 0;
  flag(s, b[0], crit, outlying, t);
  for (*rounds = 0; *rounds < max_rounds; ++*rounds) {
    size_t m = 0;
    for (size_t j = 0; j < s->p; j++)
      if (outlying[j]) control[m++] = (int)j;
    double sums[4], L;
    LMR_TRY(outlier_nagar(s, control, m, sums, &L, work, err));
    const double noise = L * s->noise[0] / (s->n - s->rank - s->L);
    if (L < 3 || !(sums[2] > OUTLIER_LEAST_F * noise)) break;
    b[1] = sums[0] / sums[1];
    if (!flag(s, b[1], crit, outlying, t)) {
      ++*rounds;
      break;
    }
  }
  return LMR_OK;
}
