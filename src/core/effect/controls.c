#include "core/effect/controls.h"

#include <math.h>

size_t controls_bytes(size_t m, size_t q) {
  const size_t doubles = lmr_add_bytes(lmr_bytes(m * m, sizeof(double)), lmr_bytes(m * q, sizeof(double)));
  return lmr_add_bytes(doubles, lmr_add_bytes(lmr_bytes(m, sizeof(double)), lmr_bytes(m, sizeof(int))));
}

lmr_status controls_explained(const double *gg, size_t p, const double *gt, size_t q,
                              const int *control, size_t m, const double *least, double *explained,
                              size_t *rank, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *corr, *rhs, *scale;
  int *kept;
  LMR_TAKE(corr, &work, m * m, err);
  LMR_TAKE(rhs, &work, m * q, err);
  LMR_TAKE(scale, &work, m, err);
  LMR_TAKE(kept, &work, m, err);
  for (size_t i = 0; i < q * q; i++) explained[i] = 0;
  *rank = 0;
  if (!m) return LMR_OK;
  for (size_t j = 0; j < m; j++) {
    const size_t v = (size_t)control[j];
    if (v >= p) return lmr_fail(err, LMR_EINVAL, "control %zu of %zu variants", v + 1, p);
    const double size = gg[v * (p + 1)];
    scale[j] = size > least[v] ? 1 / sqrt(size) : 0;
  }
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < m; i++) corr[i + j * m] = gg[(size_t)control[i] + (size_t)control[j] * p];
  LMR_TRY(la_unit_factor(corr, m, scale, 1e-8, kept, rank, tick, err));
  for (size_t j = 0; j < m; j++)
    for (size_t a = 0; a < q; a++) rhs[j + a * m] = kept[j] ? gt[(size_t)control[j] + a * p] * scale[j] : 0;
  LMR_TRY(la_trsm_polled('L', 'T', m, q, 1, corr, m, rhs, m, tick, err));
  for (size_t a = 0; a < q; a++)
    for (size_t b = 0; b < q; b++)
      for (size_t j = 0; j < m; j++) explained[a + b * q] += rhs[j + a * m] * rhs[j + b * m];
  return LMR_OK;
}
