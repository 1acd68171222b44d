#include "core/moments/scores.h"

#include <math.h>
#include <string.h>

size_t scores_bytes(const scores_input *in) {
  const size_t half = in->turned ? in->m * in->turned->n_taken : in->directions ? in->p * in->m : 0;
  return lmr_add_bytes(lmr_bytes(half + 1, sizeof(double)), lmr_bytes(in->q * in->m + 1, sizeof(double)));
}

/* The size that rounding errors of direction' residual direction scale with. */
static double size_before(const double *variance, const double *direction, size_t p) {
  double s = 0;
  for (size_t i = 0; i < p; i++) s += fabs(direction[i]) * sqrt(fmax(variance[i], 0));
  return s * s;
}

static lmr_status turned_products(const scores_input *in, double *half, double *out, const lmr_tick *tick,
                                  lmr_error *err) {
  const scores_turned *t = in->turned;
  const size_t m = in->m, at = t->from * (t->q + 1);
  for (size_t j = 0; j < m; j++) {
    double *to = out + j * m;
    memset(to, 0, m * sizeof *to);
    for (size_t l = 0; l < t->terms; l++) {
      const double *from = t->cross[l] + at + j * t->q;
      for (size_t i = 0; i <= j; i++) to[i] += t->sign[l] * from[i];
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  if (!t->n_taken) return LMR_OK;
  LMR_TRY(la_gemm_polled('T', 'N', m, t->n_taken, in->p, 1, in->directions, in->p, t->taken, in->width, 0, half, m,
                         tick, err));
  return la_syrk_polled('N', m, t->n_taken, -1, half, m, 1, out, m, tick, err);
}

/* Upper triangle. */
static lmr_status products(const scores_input *in, double *out, lmr_arena *work, const lmr_tick *tick, lmr_error *err) {
  const size_t p = in->p, m = in->m;
  double *half;
  LMR_TAKE(half, work, (in->turned ? m * in->turned->n_taken : in->directions ? p * m : 0) + 1, err);
  if (in->turned) return turned_products(in, half, out, tick, err);
  if (in->directions) {
    LMR_TRY(la_gemm_polled('N', 'N', p, m, p, 1, in->residual, in->width, in->directions, p, 0, half, p, tick, err));
    return la_gemm_upper('T', 'N', m, p, in->directions, p, half, p, out, m, tick, err);
  }
  for (size_t j = 0; j < m; j++) memcpy(out + j * m, in->residual + j * in->width, m * sizeof *out);
  return LMR_OK;
}

lmr_status scores_products(const scores_input *in, double *out, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (in->m) LMR_TRY(products(in, out, &work, tick, err));
  la_symmetrize(out, in->m, in->m);
  return LMR_OK;
}

static lmr_status factor(const scores_input *in, scores_factor *f, lmr_arena *work, const lmr_tick *tick, lmr_error *err) {
  const size_t m = in->m;
  LMR_TRY(products(in, f->factor, work, tick, err));
  for (size_t j = 0; j < m; j++) {
    const double v = f->factor[j + j * m];
    const double before = in->directions ? size_before(in->variance, in->directions + j * in->p, in->p) : in->variance[j];
    f->scale[j] = v > SCORES_TOLERANCE * before ? 1 / sqrt(v) : 0;
  }
  LMR_TRY(la_unit_factor(f->factor, m, f->scale, 1e-8, f->kept, &f->n_kept, tick, err));
  memset(f->size, 0, m * sizeof *f->size);
  for (size_t l = 0; l < m; l++)
    for (size_t j = 0; f->kept[l] && j <= l; j++) {
      const double r = f->factor[j + l * m] / f->scale[l];
      f->size[j] += r * r;
    }
  return LMR_OK;
}

static double used_scale(const scores_factor *f, size_t j) { return f->kept[j] ? f->scale[j] : 0; }

lmr_status scores(const scores_input *in, scores_factor *f, double *g, double *slopes, lmr_arena work,
                  const lmr_tick *tick, lmr_error *err) {
  const size_t p = in->p, m = in->m, q = in->q;
  f->n_kept = 0;
  if (slopes) memset(slopes, 0, p * q * sizeof *slopes);
  if (!m) return LMR_OK;
  double *rhs; /* m x q */
  LMR_TAKE(rhs, &work, q * m + 1, err);
  LMR_TRY(factor(in, f, &work, tick, err));
  for (size_t a = 0; a < q; a++) {
    const double *column = in->residual + (size_t)in->trait[a] * in->width;
    double *to = rhs + a * m;
    if (in->directions) LMR_TRY(la_gemm('T', 'N', m, 1, p, 1, in->directions, p, column, in->width, 0, to, m, err));
    else memcpy(to, column, m * sizeof *to);
    for (size_t j = 0; j < m; j++) to[j] *= used_scale(f, j);
  }
  LMR_TRY(la_trsm_polled('L', 'T', m, q, 1, f->factor, m, rhs, m, tick, err));
  for (size_t j = 0; j < m; j++)
    for (size_t a = 0; a < q; a++) g[a + j * q] = rhs[j + a * m];
  if (!slopes) return LMR_OK;
  LMR_TRY(la_trsm_polled('L', 'N', m, q, 1, f->factor, m, rhs, m, tick, err));
  for (size_t a = 0; a < q; a++)
    for (size_t j = 0; j < m; j++) rhs[j + a * m] *= used_scale(f, j);
  if (in->directions) return la_gemm('N', 'N', p, q, m, 1, in->directions, p, rhs, m, 0, slopes, p, err);
  for (size_t a = 0; a < q; a++) memcpy(slopes + a * p, rhs + a * m, m * sizeof *slopes);
  return LMR_OK;
}

lmr_status scores_basis(const double *directions, size_t p, size_t m, const scores_factor *f, double *basis,
                        const lmr_tick *tick, lmr_error *err) {
  for (size_t j = 0; j < m; j++) {
    const double by = used_scale(f, j);
    for (size_t i = 0; i < p; i++) basis[i + j * p] = directions ? by * directions[i + j * p] : i == j ? by : 0;
  }
  LMR_TRY(la_trsm_polled('R', 'N', p, m, 1, f->factor, m, basis, p, tick, err));
  size_t to = 0;
  for (size_t j = 0; j < m; j++)
    if (f->kept[j]) memmove(basis + p * to++, basis + j * p, p * sizeof *basis);
  return LMR_OK;
}

lmr_status scores_metric(const double *directions, size_t p, size_t m, const scores_factor *f, double *out,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *basis;
  LMR_TAKE(basis, &work, p * m + 1, err);
  LMR_TRY(scores_basis(directions, p, m, f, basis, tick, err));
  LMR_TRY(la_syrk_polled('N', p, f->n_kept, 1, basis, p ? p : 1, 0, out, p ? p : 1, tick, err));
  la_symmetrize(out, p, p);
  return LMR_OK;
}
