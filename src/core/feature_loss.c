#include "core/feature_loss.h"

#include <math.h>
#include <string.h>

#include "core/features.h"
#include "core/la.h"

static lmr_status check_map(const lmr_points *p, size_t *width, lmr_error *err) {
  *width = p->kernel.kind == LMR_POLY ? feature_width(p, 0, 0) : 0;
  if (!*width) return lmr_fail(err, LMR_EINVAL, "moment losses are for (x'y + 1)^2 and (x'y + 1)^3");
  return LMR_OK;
}

size_t mmd_feature_loss_bytes(const lmr_points *x, size_t groups) {
  const size_t w = feature_width(x, 0, 0);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, x->n * w), lmr_double_bytes(1, w * groups));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, w), lmr_double_bytes(2, groups)));
}

lmr_status mmd_feature_loss(const lmr_points *x, const int *label, size_t groups, double *value,
                            double *gradient, lmr_arena work, lmr_error *err) {
  const size_t n = x->n;
  size_t w;
  LMR_TRY(check_map(x, &w, err));
  double *phi, *mean, *all, *size, *share;
  LMR_TAKE(phi, &work, n * w, err);
  LMR_TAKE(mean, &work, w * groups, err);
  LMR_TAKE(all, &work, w, err);
  LMR_TAKE(size, &work, groups, err);
  LMR_TAKE(share, &work, groups, err);
  const feature_map map = {x, w, 0, NULL};
  feature_rows(&map, 0, n, phi, n, NULL, LMR_CPU_PLAIN);
  memset(mean, 0, w * groups * sizeof *mean);
  memset(size, 0, groups * sizeof *size);
  for (size_t i = 0; i < n; i++) size[label[i]]++;
  for (size_t e = 0; e < groups; e++) share[e] = size[e] / (double)n;
  *value = 0;
  for (size_t f = 0; f < w; f++) {
    double *mf = mean + f * groups;
    all[f] = 0;
    for (size_t i = 0; i < n; i++) mf[label[i]] += phi[i + f * n];
    for (size_t e = 0; e < groups; e++) all[f] += mf[e] / (double)n;
    for (size_t e = 0; e < groups; e++) {
      mf[e] = size[e] > 0 ? mf[e] / size[e] - all[f] : 0;
      *value += share[e] * mf[e] * mf[e];
    }
    for (size_t i = 0; i < n; i++) phi[i + f * n] = 2 * mf[label[i]] / (double)n;
  }
  feature_chain(x, phi, n, gradient);
  return LMR_OK;
}

size_t hsic_feature_loss_bytes(const lmr_points *x, const lmr_points *y) {
  const size_t wx = feature_width(x, 0, 0), wy = feature_width(y, 0, 0);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, x->n * wx), lmr_double_bytes(1, x->n * wy));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, wx * wy));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, x->n * (wx > wy ? wx : wy)));
}

static void centre(double *phi, size_t n, size_t width) {
  for (size_t f = 0; f < width; f++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += phi[i + f * n] / (double)n;
    for (size_t i = 0; i < n; i++) phi[i + f * n] -= mean;
  }
}

lmr_status hsic_feature_loss(const lmr_points *x, const lmr_points *y, double *value, double *gx, double *gy,
                             lmr_arena work, lmr_error *err) {
  const size_t n = x->n;
  const double m = (double)n;
  size_t wx, wy;
  LMR_TRY(check_map(x, &wx, err));
  LMR_TRY(check_map(y, &wy, err));
  double *phi, *psi, *cross, *up;
  LMR_TAKE(phi, &work, n * wx, err);
  LMR_TAKE(psi, &work, n * wy, err);
  LMR_TAKE(cross, &work, wx * wy, err);
  LMR_TAKE(up, &work, n * (wx > wy ? wx : wy), err);
  const feature_map mx = {x, wx, 0, NULL}, my = {y, wy, 0, NULL};
  feature_rows(&mx, 0, n, phi, n, NULL, LMR_CPU_PLAIN);
  feature_rows(&my, 0, n, psi, n, NULL, LMR_CPU_PLAIN);
  centre(phi, n, wx);
  centre(psi, n, wy);
  LMR_TRY(la_gemm('T', 'N', wx, wy, n, 1 / m, phi, n, psi, n, 0, cross, wx, err));
  *value = 0;
  for (size_t e = 0; e < wx * wy; e++) *value += cross[e] * cross[e];
  /* The other block being centred, its own centring drops out of the chain. */
  if (gx) {
    LMR_TRY(la_gemm('N', 'T', n, wx, wy, 2 / m, psi, n, cross, wx, 0, up, n, err));
    feature_chain(x, up, n, gx);
  }
  if (gy) {
    LMR_TRY(la_gemm('N', 'N', n, wy, wx, 2 / m, phi, n, cross, wx, 0, up, n, err));
    feature_chain(y, up, n, gy);
  }
  return LMR_OK;
}
