#include "core/effect/outliers.h"

#include <math.h>

#include "core/iv/kclass.h"

size_t outliers_bytes(size_t p) {
  return lmr_add_bytes(lmr_bytes(p, sizeof(weighted_value)),
                       lmr_add_bytes(lmr_bytes(p, sizeof(int)), controls_bytes(p, 2)));
}

lmr_status outlier_nagar(const outlier_sums *s, const int *control, size_t m, double *sums,
                         double *L, lmr_arena work, const lmr_tick *tick,
                         lmr_error *err) {
  double r0[4];
  size_t rank;
  LMR_TRY(controls_explained(s->gg, s->p, s->gyx, 2, control, m, s->least, r0, &rank, work, tick, err));
  for (int i = 0; i < 4; i++) r0[i] = s->r0[i] - r0[i];
  *L = s->L - (double)rank;
  const kclass_moments others = {r0, s->r1, 1, s->n, *L, s->K + (double)rank};
  kclass_nagar(&others, sums + 1, sums);
  sums[2] = r0[3] - s->r1[3];
  sums[3] = r0[0] - s->r1[0];
  return LMR_OK;
}

/* t of every variant at b; flags those above the bound. Returns how many flags changed. */
static size_t flag(const outlier_sums *s, double b, double crit, int *outlying, double *t) {
  const double vv = s->r0[0] - 2 * b * s->r0[1] + b * b * s->r0[3];
  const double df = s->n - s->K - 1;
  size_t changed = 0;
  for (size_t j = 0; j < s->p; j++) {
    const double g = s->gg[j * (s->p + 1)];
    int out = 0;
    t[j] = NAN;
    if (g > s->least[j]) {
      const double gv = s->gyx[j] - b * s->gyx[j + s->p];
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
  const double df = s->n - s->K - 1;
  size_t m = 0;
  for (size_t j = 0; j < s->p; j++) {
    const double g = s->gg[j * (s->p + 1)], gy = s->gyx[j], gx = s->gyx[j + s->p];
    if (!(g > s->least[j]) || gx == 0) continue;
    const double sy2 = fmax(s->r0[0] - gy * gy / g, 0) / df / g;
    if (!(sy2 > 0)) continue;
    a[m].value = gy / gx;
    a[m++].weight = gx * gx / (g * g) / sy2;
  }
  if (!m) return lmr_fail(err, LMR_EINVAL, "no variant is associated with exposure and outcome");
  *b = weighted_median(a, m);
  return LMR_OK;
}

lmr_status outliers(const outlier_sums *s, double crit, size_t max_rounds, int *outlying,
                    double *t, double *b, size_t *rounds, lmr_arena work, const lmr_tick *tick,
                         lmr_error *err) {
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
    LMR_TRY(outlier_nagar(s, control, m, sums, &L, work, tick, err));
    const double noise = L * s->r1[3] / (s->n - s->K - s->L);
    if (L < 3 || !(sums[2] > OUTLIER_LEAST_F * noise)) break;
    b[1] = sums[0] / sums[1];
    if (!flag(s, b[1], crit, outlying, t)) {
      ++*rounds;
      break;
    }
  }
  return LMR_OK;
}
