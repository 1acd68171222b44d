#include "core/moments/scores.h"

#include <math.h>
#include <string.h>

size_t scores_bytes(size_t p, size_t m) {
  return lmr_bytes(p * m + m * m + 3 * m + 1, sizeof(double));
}

/* The size that rounding errors of direction' residual direction scale with. */
static double size_before(const double *variance, const double *direction, size_t p) {
  double s = 0;
  for (size_t i = 0; i < p; i++) s += fabs(direction[i]) * sqrt(fmax(variance[i], 0));
  return s * s;
}

lmr_status scores(const double *residual, const double *variance, size_t width, size_t p, size_t x,
                  size_t y, const double *directions, size_t m, double *g, int *kept,
                  size_t *n_kept, double *total, lmr_arena work, lmr_error *err) {
  double *half, *corr, *rhs, *scale;
  LMR_TAKE(half, &work, p * m + m * m + 3 * m + 1, err);
  corr = half + p * m;
  rhs = corr + m * m; /* m x 2 */
  scale = rhs + 2 * m;
  const size_t xy[2] = {x, y};
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) total[a + 2 * b] = residual[xy[a] + xy[b] * width];
  *n_kept = 0;
  if (!m) return LMR_OK;
  if (directions) {
    LMR_TRY(la_gemm('N', 'N', p, m, p, 1, residual, width, directions, p, 0, half, p, err));
    LMR_TRY(la_gemm('T', 'N', m, m, p, 1, directions, p, half, p, 0, corr, m, err));
    for (int a = 0; a < 2; a++)
      LMR_TRY(la_gemm('T', 'N', m, 1, p, 1, directions, p, residual + xy[a] * width, width, 0,
                      rhs + (size_t)a * m, m, err));
  } else {
    for (size_t j = 0; j < m; j++) memcpy(corr + j * m, residual + j * width, m * sizeof *corr);
    for (int a = 0; a < 2; a++) memcpy(rhs + (size_t)a * m, residual + xy[a] * width, m * sizeof *rhs);
  }
  for (size_t j = 0; j < m; j++) {
    const double v = corr[j + j * m];
    const double before = directions ? size_before(variance, directions + j * p, p) : variance[j];
    scale[j] = v > SCORES_TOLERANCE * before ? 1 / sqrt(v) : 0;
    rhs[j] *= scale[j];
    rhs[j + m] *= scale[j];
  }
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < m; i++) corr[i + j * m] *= scale[i] * scale[j];
  LMR_TRY(la_chol_drop(corr, m, m, 1e-8, kept, n_kept, err));
  for (size_t j = 0; j < m; j++) {
    if (kept[j]) continue;
    for (size_t i = 0; i < m; i++) corr[i + j * m] = corr[j + i * m] = 0;
    corr[j + j * m] = 1;
    rhs[j] = rhs[j + m] = 0;
  }
  LMR_TRY(la_trsm('L', 'T', m, 2, 1, corr, m, rhs, m, err));
  for (size_t j = 0; j < m; j++) {
    g[2 * j] = rhs[j];
    g[2 * j + 1] = rhs[j + m];
  }
  return LMR_OK;
}

void scores_noise(const double *g, size_t m, const double *total, double df, double *om) {
  memcpy(om, total, 4 * sizeof *om);
  for (size_t j = 0; j < m; j++) {
    om[0] -= g[2 * j] * g[2 * j];
    om[1] -= g[2 * j] * g[2 * j + 1];
    om[3] -= g[2 * j + 1] * g[2 * j + 1];
  }
  om[0] /= df;
  om[3] /= df;
  om[2] = om[1] /= df;
}

void scores_nagar(const double *g, size_t m, size_t n_kept, const double *om, double *b,
                  double *se) {
  double xx = 0, xy = 0;
  for (size_t j = 0; j < m; j++) {
    xx += g[2 * j] * g[2 * j];
    xy += g[2 * j] * g[2 * j + 1];
  }
  const double count = (double)n_kept, net = xx - count * om[0];
  *b = (xy - count * om[1]) / net;
  const double o = om[3] - 2 * *b * om[1] + *b * *b * om[0];
  *se = sqrt(xx * o) / fabs(net);
}

size_t scores_nagar_only_bytes(size_t m) { return lmr_double_bytes(1, m * m + 3 * m); }

lmr_status scores_nagar_only(const double *residual, size_t width, const int *variant, size_t m,
                             size_t x, size_t y, double df_before, double *b, lmr_arena work,
                             lmr_error *err) {
  double *corr, total[4], om[4], se;
  LMR_TAKE(corr, &work, m * m + 3 * m, err);
  double *rhs = corr + m * m, *scale = rhs + 2 * m;
  const size_t xy[2] = {x, y};
  for (int a = 0; a < 2; a++)
    for (int c = 0; c < 2; c++) total[a + 2 * c] = residual[xy[a] + xy[c] * width];
  for (size_t j = 0; j < m; j++) {
    const double v = residual[(size_t)variant[j] * (width + 1)];
    scale[j] = v > 0 ? 1 / sqrt(v) : 0;
  }
  for (size_t j = 0; j < m; j++) {
    const double *column = residual + (size_t)variant[j] * width;
    for (size_t i = 0; i <= j; i++) corr[i + j * m] = column[variant[i]] * scale[i] * scale[j];
    for (int a = 0; a < 2; a++) rhs[j + (size_t)a * m] = column[xy[a]] * scale[j];
  }
  LMR_TRY(la_chol(corr, m, m, err));
  LMR_TRY(la_trsm('L', 'T', m, 2, 1, corr, m, rhs, m, err));
  /* scores_* read pairs: two rows, a column for each instrument. */
  double *g = corr;
  for (size_t j = 0; j < m; j++) {
    const double gx = rhs[j], gy = rhs[j + m];
    g[2 * j] = gx;
    g[2 * j + 1] = gy;
  }
  scores_noise(g, m, total, df_before - (double)m, om);
  scores_nagar(g, m, m, om, b, &se);
  return LMR_OK;
}
