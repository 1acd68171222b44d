#include "core/moments/scores.h"

#include <math.h>
#include <string.h>

size_t scores_bytes(size_t p, size_t m, size_t q) {
  return lmr_double_bytes(1, p * m + m * m + (q + 1) * m + 1);
}

/* The size that rounding errors of direction' residual direction scale with. */
static double size_before(const double *variance, const double *direction, size_t p) {
  double s = 0;
  for (size_t i = 0; i < p; i++) s += fabs(direction[i]) * sqrt(fmax(variance[i], 0));
  return s * s;
}

/* corr := the factor R of directions'residual directions after scaling to unit
 * diagonal; a dropped direction has a unit row and column. half: p x m of work. */
static lmr_status factor(const double *residual, const double *variance, size_t width, size_t p,
                         const double *directions, size_t m, double *half, double *corr, double *scale, int *kept,
                         size_t *n_kept, const lmr_tick *tick, lmr_error *err) {
  if (directions) {
    LMR_TRY(la_gemm_polled('N', 'N', p, m, p, 1, residual, width, directions, p, 0, half, p, tick, err));
    LMR_TRY(la_gemm_upper('T', 'N', m, p, directions, p, half, p, corr, m, tick, err));
  } else {
    for (size_t j = 0; j < m; j++) memcpy(corr + j * m, residual + j * width, m * sizeof *corr);
  }
  for (size_t j = 0; j < m; j++) {
    const double v = corr[j + j * m];
    const double before = directions ? size_before(variance, directions + j * p, p) : variance[j];
    scale[j] = v > SCORES_TOLERANCE * before ? 1 / sqrt(v) : 0;
  }
  return la_unit_factor(corr, m, scale, 1e-8, kept, n_kept, tick, err);
}

lmr_status scores(const double *residual, const double *variance, size_t width, size_t p,
                  const int *trait, size_t q, const double *directions, size_t m, double *g,
                  double *slopes, int *kept, size_t *n_kept, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *half, *corr, *rhs, *scale;
  LMR_TAKE(half, &work, p * m + m * m + (q + 1) * m + 1, err);
  corr = half + p * m;
  rhs = corr + m * m; /* m x q */
  scale = rhs + q * m;
  *n_kept = 0;
  if (slopes) memset(slopes, 0, p * q * sizeof *slopes);
  if (!m) return LMR_OK;
  LMR_TRY(factor(residual, variance, width, p, directions, m, half, corr, scale, kept, n_kept, tick, err));
  for (size_t a = 0; a < q; a++) {
    const double *column = residual + (size_t)trait[a] * width;
    double *to = rhs + a * m;
    if (directions) LMR_TRY(la_gemm('T', 'N', m, 1, p, 1, directions, p, column, width, 0, to, m, err));
    else memcpy(to, column, m * sizeof *to);
    for (size_t j = 0; j < m; j++) to[j] *= kept[j] ? scale[j] : 0;
  }
  LMR_TRY(la_trsm_polled('L', 'T', m, q, 1, corr, m, rhs, m, tick, err));
  for (size_t j = 0; j < m; j++)
    for (size_t a = 0; a < q; a++) g[a + j * q] = rhs[j + a * m];
  if (!slopes) return LMR_OK;
  LMR_TRY(la_trsm_polled('L', 'N', m, q, 1, corr, m, rhs, m, tick, err));
  for (size_t a = 0; a < q; a++)
    for (size_t j = 0; j < m; j++) rhs[j + a * m] *= kept[j] ? scale[j] : 0;
  if (directions) return la_gemm('N', 'N', p, q, m, 1, directions, p, rhs, m, 0, slopes, p, err);
  for (size_t a = 0; a < q; a++) memcpy(slopes + a * p, rhs + a * m, m * sizeof *slopes);
  return LMR_OK;
}

size_t scores_basis_bytes(size_t p, size_t m) { return lmr_bytes(p * m + m * m + m + 1, sizeof(double)); }

lmr_status scores_basis(const double *residual, const double *variance, size_t width, size_t p,
                        const double *directions, size_t m, double *basis, int *kept, size_t *n_kept,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *half;
  LMR_TAKE(half, &work, p * m + m * m + m + 1, err);
  double *corr = half + p * m, *scale = corr + m * m;
  *n_kept = 0;
  if (!m) return LMR_OK;
  LMR_TRY(factor(residual, variance, width, p, directions, m, half, corr, scale, kept, n_kept, tick, err));
  for (size_t j = 0; j < m; j++) {
    const double f = kept[j] ? scale[j] : 0;
    for (size_t i = 0; i < p; i++) basis[i + j * p] = directions ? f * directions[i + j * p] : i == j ? f : 0;
  }
  LMR_TRY(la_trsm_polled('R', 'N', p, m, 1, corr, m, basis, p, tick, err));
  size_t to = 0;
  for (size_t j = 0; j < m; j++)
    if (kept[j]) memmove(basis + p * to++, basis + j * p, p * sizeof *basis);
  return LMR_OK;
}
