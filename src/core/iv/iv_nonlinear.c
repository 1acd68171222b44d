#include "core/iv/iv_nonlinear.h"

#include <math.h>
#include <string.h>

#include "core/la/fastmath.h"
#include "core/iv/score_squares.h"

size_t iv_nonlinear_columns(const iv_data *d, iv_regressors regressors) {
  return d->K + (regressors == IV_RESIDUAL ? 2 : 1) * d->k;
}

typedef struct {
  iv_block b;
  size_t rows, m, pm;
  double *h, *weighted, *eta, *e, *r, *w;
} work_space;

static size_t space_bytes(const iv_data *d, size_t m) {
  const size_t rows = iv_block_rows(d);
  size_t bytes = lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(4, rows));
  return lmr_add_bytes(bytes, lmr_double_bytes(2, rows * tall_pad(m)));
}

static lmr_status make_space(work_space *s, const iv_data *d, const iv_nonlinear_options *o,
                             lmr_arena *work, lmr_error *err) {
  LMR_TRY(iv_block_make(&s->b, d, IV_Q, work, err));
  s->rows = s->b.rows;
  s->m = iv_nonlinear_columns(d, o->regressors);
  s->pm = tall_pad(s->m);
  LMR_TAKE(s->h, work, s->rows * s->pm, err);
  LMR_TAKE(s->weighted, work, s->rows * s->pm, err);
  LMR_TAKE(s->eta, work, s->rows, err);
  LMR_TAKE(s->e, work, s->rows, err);
  LMR_TAKE(s->r, work, s->rows, err);
  LMR_TAKE(s->w, work, s->rows, err);
  memset(s->h, 0, s->rows * s->pm * sizeof *s->h);
  memset(s->weighted, 0, s->rows * s->pm * sizeof *s->h);
  return LMR_OK;
}

static void load_regressors(work_space *s, const iv_data *d, iv_regressors kind) {
  const size_t rows = s->rows, K = d->K, k = d->k;
  const iv_block *b = &s->b;
  double *x = s->h + K * rows;
  memcpy(s->h, b->q, rows * K * sizeof *s->h);
  memcpy(x, b->hat, rows * k * sizeof *x);
  if (kind == IV_PREDICTOR) return;
  for (size_t i = 0; i < rows * k; i++) x[i] += b->left[i];
  if (kind == IV_RESIDUAL) memcpy(x + k * rows, b->left, rows * k * sizeof *x);
}

/* eta, r and w of a block; rows beyond `count` carry no instrument and no weight. With
 * weights the regressors are those of the linear model, times their roots: eta and y
 * are divided by them, r takes them on. */
static void residuals(work_space *s, const iv_data *d, const iv_nonlinear_options *o, size_t start, size_t count,
                      double *objective, double *largest, lmr_cpu level) {
  const size_t rows = s->rows;
  const double *root = d->response.root ? d->response.root + start : NULL;
  double *y = s->b.xy + d->k * rows;
  memset(s->eta, 0, rows * sizeof *s->eta);
  for (size_t j = 0; j < s->m; j++)
    for (size_t i = 0; i < rows; i++) s->eta[i] += o->coef[j] * s->h[i + j * rows];
  for (size_t i = 0; root && i < count; i++) {
    const double inverse = root[i] > 0 ? 1 / root[i] : 0;
    s->eta[i] *= inverse;
    y[i] *= inverse;
  }
  for (size_t i = 0; o->offset && i < count; i++) s->eta[i] += o->offset[start + i];
  for (size_t i = 0; i < count; i++)
    if (!(fabs(s->eta[i]) <= *largest)) *largest = fabs(s->eta[i]);
  for (size_t i = 0; i < rows; i++)
    s->e[i] = o->residual == IV_LOGIT ? -fabs(s->eta[i]) : o->residual == IV_RATIO ? -s->eta[i] : s->eta[i];
  vexp(s->e, s->e, rows, level);
  double sum = 0;
  for (size_t i = 0; i < rows; i++) {
    const double e = s->e[i];
    double part;
    if (o->residual == IV_LOGIT) {
      const double small = e / (1 + e);
      s->r[i] = y[i] - (s->eta[i] >= 0 ? 1 / (1 + e) : small);
      s->w[i] = small / (1 + e);
      part = y[i] * s->eta[i] - (s->eta[i] > 0 ? s->eta[i] : 0) - log1p(e);
    } else if (o->residual == IV_LOG) {
      s->r[i] = y[i] - e;
      s->w[i] = e;
      part = y[i] * s->eta[i] - e;
    } else {
      s->w[i] = y[i] == 0 ? 0 : y[i] * e; /* 0 times infinity is no outcome */
      s->r[i] = s->w[i] - 1;
      part = s->r[i] * s->r[i];
    }
    if (i >= count) {
      s->r[i] = s->w[i] = 0;
    } else if (root) {
      s->r[i] *= root[i];
      sum += root[i] * root[i] * part;
    } else {
      sum += part;
    }
  }
  *objective += sum;
}

/* The block of rows from `start` on, with its regressors and residuals: how many rows. */
static size_t load(work_space *s, const iv_data *d, const iv_nonlinear_options *o, size_t start,
                   double *objective, double *largest, lmr_cpu level) {
  const size_t left = d->instruments.n - start, count = left < s->rows ? left : s->rows;
  iv_block_load(&s->b, d, start, count, NULL, NULL, level);
  load_regressors(s, d, o->regressors);
  residuals(s, d, o, start, count, objective, largest, level);
  return count;
}

static void add_products(double *to, const double *columns, const double *r, size_t m, size_t rows) {
  for (size_t j = 0; j < m; j++) {
    double sum = 0;
    for (size_t i = 0; i < rows; i++) sum += columns[i + j * rows] * r[i];
    to[j] += sum;
  }
}

size_t iv_nonlinear_bytes(const iv_data *d, const iv_nonlinear_options *o) {
  const size_t m = iv_nonlinear_columns(d, o->regressors), q = d->K + d->L, rows = iv_block_rows(d);
  size_t bytes = space_bytes(d, m);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, tall_pad(q) * tall_pad(m)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, tall_pad(m) * tall_pad(m)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * tall_pad(q)));
  return lmr_add_bytes(bytes, score_squares_bytes(q, o->cluster ? o->clusters : 0));
}

lmr_status iv_nonlinear(const iv_data *d, const iv_nonlinear_options *o, const iv_nonlinear_sums *out,
                        lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t q = d->K + d->L, pq = tall_pad(q), n = d->instruments.n;
  work_space s;
  LMR_TRY(make_space(&s, d, o, &work, err));
  const size_t rows = s.rows, m = s.m, pm = s.pm;
  double *cross, *information, *scores;
  score_squares covariance;
  LMR_TAKE(cross, &work, pq * pm, err);
  LMR_TAKE(information, &work, pm * pm, err);
  LMR_TAKE(scores, &work, rows * pq, err);
  LMR_TRY(score_squares_make(&covariance, q, o->cluster, o->clusters, &work, err));
  memset(cross, 0, pq * pm * sizeof *cross);
  memset(information, 0, pm * pm * sizeof *information);
  memset(scores, 0, rows * pq * sizeof *scores);
  if (out->moments) memset(out->moments, 0, q * sizeof *out->moments);
  if (out->score) memset(out->score, 0, m * sizeof *out->score);
  double objective = 0, largest = 0;

  for (size_t start = 0; start < n; start += rows) {
    const size_t count = load(&s, d, o, start, &objective, &largest, level);
    if (out->score) add_products(out->score, s.h, s.r, m, rows);
    if (out->moments) add_products(out->moments, s.b.q, s.r, q, rows);
    if (out->cross || out->information) tall_block_scale(s.weighted, s.h, s.w, m, rows, level);
    if (out->cross) tall_block_cross(s.b.q, pq, s.weighted, pm, rows, 0, cross, pq, level);
    if (out->information) tall_block_cross(s.h, pm, s.weighted, pm, rows, 1, information, pm, level);
    if (out->covariance) {
      tall_block_scale(scores, s.b.q, s.r, q, rows, level);
      score_squares_add(&covariance, scores, start, count, rows, level);
    }
    if (start / rows % 64 == 63 && lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  if (out->cross)
    for (size_t j = 0; j < m; j++) memcpy(out->cross + j * q, cross + j * pq, q * sizeof *cross);
  if (out->information)
    for (size_t j = 0; j < m; j++)
      for (size_t i = 0; i <= j; i++)
        out->information[i + j * m] = out->information[j + i * m] = information[i + j * pm];
  if (out->objective) *out->objective = objective;
  if (out->largest) *out->largest = largest;
  if (out->covariance) LMR_TRY(score_squares_finish(&covariance, out->covariance, level, work, tick, err));
  return LMR_OK;
}

size_t iv_nonlinear_meat_bytes(const iv_data *d, const iv_nonlinear_options *o) {
  const size_t m = iv_nonlinear_columns(d, o->regressors), rows = iv_block_rows(d);
  size_t bytes = lmr_add_bytes(space_bytes(d, m), lmr_double_bytes(1, rows * tall_pad(m)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows));
  return lmr_add_bytes(bytes, score_squares_bytes(m, o->cluster ? o->clusters : 0));
}

/* to[, a] += f[a, l] column for every a. */
static void spread(double *to, const double *column, const double *f, size_t m, size_t rows) {
  for (size_t a = 0; a < m; a++) {
    if (f[a] == 0) continue;
    for (size_t i = 0; i < rows; i++) to[i + a * rows] += f[a] * column[i];
  }
}

lmr_status iv_nonlinear_meat(const iv_data *d, const iv_nonlinear_options *o, const double *from_h,
                             const double *from_q, double *meat, lmr_cpu level, lmr_arena work,
                             const lmr_tick *tick, lmr_error *err) {
  const size_t q = d->K + d->L, n = d->instruments.n;
  work_space s;
  LMR_TRY(make_space(&s, d, o, &work, err));
  const size_t rows = s.rows, m = s.m;
  double *u, *column;
  score_squares sums;
  LMR_TAKE(u, &work, rows * s.pm, err);
  LMR_TAKE(column, &work, rows, err);
  LMR_TRY(score_squares_make(&sums, m, o->cluster, o->clusters, &work, err));
  double objective = 0, largest = 0;
  for (size_t start = 0; start < n; start += rows) {
    const size_t count = load(&s, d, o, start, &objective, &largest, level);
    memset(u, 0, rows * s.pm * sizeof *u);
    tall_block_scale(s.weighted, s.h, s.r, m, rows, level);
    for (size_t l = 0; l < m; l++) spread(u, s.weighted + l * rows, from_h + l * m, m, rows);
    for (size_t j = 0; from_q && j < d->k; j++)
      for (size_t l = 0; l < q; l++) {
        tall_block_scale(column, s.b.q + l * rows, s.b.left + j * rows, 1, rows, level);
        spread(u, column, from_q + (l + j * q) * m, m, rows);
      }
    score_squares_add(&sums, u, start, count, rows, level);
    if (start / rows % 16 == 15 && lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return score_squares_finish(&sums, meat, level, work, tick, err);
}
