#include "core/iv/iv_scores.h"

#include <math.h>
#include <string.h>

#include "core/iv/iv_gram.h"

/* One family of scores: `width` columns of a padded block, summed as it goes, or
 * added up by cluster and crossed at the end. */
typedef struct {
  size_t width, padded;
  double *sum;      /* padded squared */
  double *clusters; /* C x width */
} family;

/* The sums over q_Z: by cluster a family, else weighted cross products. */
typedef struct {
  family by_cluster;
  iv_gram gram;
} z_family;

typedef struct {
  family coef, all, wu;
  z_family over, *first;
  double *scaled, *e, *u, *h, *h1, *hw, *weight, *tilde, *rest, *left;
  size_t rows;
} work_space;

static size_t widest(const iv_data *d) {
  return tall_pad(d->K + (d->k > d->L ? d->k : d->L)) + 4;
}

static size_t family_bytes(size_t width, size_t clusters) {
  const size_t pad = tall_pad(width);
  return lmr_add_bytes(lmr_bytes(pad * pad + 1, sizeof(double)),
                       lmr_bytes(clusters * width + 1, sizeof(double)));
}

static lmr_status make_family(family *f, size_t width, size_t clusters, lmr_arena *work,
                              lmr_error *err) {
  f->width = width;
  f->padded = tall_pad(width);
  LMR_TAKE(f->sum, work, f->padded * f->padded + 1, err);
  LMR_TAKE(f->clusters, work, clusters * width + 1, err);
  memset(f->sum, 0, f->padded * f->padded * sizeof *f->sum);
  memset(f->clusters, 0, clusters * width * sizeof *f->sum);
  return LMR_OK;
}

static int wants_tests(const iv_score_options *o) { return o->robust && o->tests; }

static int wants_over(const iv_data *d, const iv_score_options *o) { return wants_tests(o) && d->L > d->k; }

static int wants_first(const iv_score_options *o) { return wants_tests(o) && o->first; }

static int wanted(const iv_score_options *o) {
  const int q = o->all || (wants_tests(o) && o->cluster);
  return (q ? IV_Q : 0) | (o->leverage || o->trace || (o->robust && o->power > 0) ? IV_LEVERAGE : 0);
}

static size_t z_family_bytes(const iv_data *d, const iv_score_options *o) {
  return o->cluster ? family_bytes(d->L, o->clusters) : iv_gram_bytes(d, 0);
}

static lmr_status make_z_family(z_family *f, const iv_data *d, const iv_score_options *o, lmr_arena *work,
                                lmr_error *err) {
  return o->cluster ? make_family(&f->by_cluster, d->L, o->clusters, work, err)
                    : iv_gram_make(&f->gram, d, 0, work, err);
}

size_t iv_scores_bytes(const iv_data *d, const iv_score_options *o) {
  const size_t C = o->cluster ? o->clusters : 0, rows = iv_block_rows(d);
  size_t bytes = iv_block_bytes(d, wanted(o));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * widest(d), sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * (6 + 3 * (d->k + 1)), sizeof(double)) + 8 * 64);
  bytes = lmr_add_bytes(bytes, family_bytes(d->K + d->k, C));
  bytes = lmr_add_bytes(bytes, family_bytes(d->k, C));
  if (o->all) bytes = lmr_add_bytes(bytes, family_bytes(d->K + d->L, C));
  const size_t over = wants_over(d, o) ? 1 : 0, first = wants_first(o) ? d->k : 0;
  for (size_t j = 0; j < over + first; j++) bytes = lmr_add_bytes(bytes, z_family_bytes(d, o));
  bytes = lmr_add_bytes(bytes, lmr_bytes(d->k + 1, sizeof(z_family)));
  bytes = lmr_add_bytes(bytes, iv_gram_finish_bytes(d));
  if (C) bytes = lmr_add_bytes(bytes, tall_crossprod_bytes(widest(d)));
  return bytes;
}

/* Columns at, at + 1, ... of the family's block: weight times those given. */
static void put(const work_space *s, size_t at, const double *columns, size_t count, const double *weight,
                lmr_cpu level) {
  tall_block_scale(s->scaled + at * s->rows, columns, weight, count, s->rows, level);
}

static void collect(const family *f, const work_space *s, const iv_score_options *o, size_t first,
                    size_t count, lmr_cpu level) {
  if (!f->width) return;
  if (!o->cluster) {
    for (size_t j = f->width; j < f->padded; j++) memset(s->scaled + j * s->rows, 0, s->rows * sizeof(double));
    tall_block_cross(s->scaled, f->padded, s->scaled, f->padded, s->rows, 1, f->sum, f->padded, level);
    return;
  }
  const int *cluster = o->cluster + first;
  for (size_t j = 0; j < f->width; j++) {
    double *to = f->clusters + j * o->clusters;
    const double *from = s->scaled + j * s->rows;
    for (size_t i = 0; i < count; i++) to[cluster[i]] += from[i];
  }
}

static lmr_status finish(const family *f, const iv_score_options *o, double *out, lmr_cpu level,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (o->cluster)
    return tall_crossprod(f->clusters, o->clusters, f->width, o->clusters, NULL, out, level, work, tick, err);
  for (size_t j = 0; j < f->width; j++)
    for (size_t i = 0; i <= j; i++)
      out[i + j * f->width] = out[j + i * f->width] = f->sum[i + j * f->padded];
  return LMR_OK;
}

/* Scores `residual` q_Z. */
static void collect_z(z_family *f, const iv_data *d, const iv_block *b, const work_space *s, const iv_score_options *o,
                      const double *residual, size_t first, size_t count, lmr_cpu level) {
  if (o->cluster) {
    put(s, 0, b->q + d->K * b->rows, d->L, residual, level);
    collect(&f->by_cluster, s, o, first, count, level);
    return;
  }
  for (size_t i = 0; i < b->rows; i++) s->rest[i] = i < count ? residual[i] * residual[i] : 0;
  iv_gram_add(&f->gram, d, b, s->rest, NULL, level);
}

static lmr_status finish_z(const z_family *f, const iv_data *d, const iv_score_options *o, double *out, lmr_cpu level,
                           lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (o->cluster) return finish(&f->by_cluster, o, out, level, work, tick, err);
  return iv_gram_finish(&f->gram, d, out, NULL, NULL, work, tick, err);
}

/* h_i += a_i'G a_i for the k columns of a. */
static void add_form(double *h, const double *a, const double *g, size_t k, size_t rows) {
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l < k; l++) {
      const double f = g[l + j * k];
      for (size_t i = 0; i < rows; i++) h[i] += f * a[i + l * rows] * a[i + j * rows];
    }
}

static void weigh(double *weight, const double *e, const double *h, int power, size_t rows) {
  memcpy(weight, e, rows * sizeof *e);
  if (power) iv_leverage_divide(weight, h, power, rows);
}

/* Residuals in the user's units: not divided by roots that may be zero. */
static void raw_residuals(const iv_data *d, const double *coef, size_t first, size_t count, double *out) {
  const double *y = d->response.col[d->k];
  for (size_t i = 0; i < count; i++) out[i] = y[first + i];
  for (size_t j = 0; j < d->K + d->k; j++) {
    const double *x = j < d->K ? d->instruments.col[j] : d->response.col[j - d->K];
    for (size_t i = 0; i < count; i++) out[i] -= coef[j] * x[first + i];
  }
}

static void combine_columns(double *to, const double *from, const double *combine, size_t k, size_t rows) {
  memset(to, 0, rows * k * sizeof *to);
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l < k; l++)
      for (size_t i = 0; i < rows; i++) to[i + j * rows] += combine[l + j * k] * from[i + l * rows];
}

static void wu_scores(const iv_data *d, const iv_block *b, const iv_score_options *o, work_space *s,
                      lmr_cpu level) {
  const size_t rows = b->rows, k = d->k, p = iv_columns(d);
  memcpy(s->u, b->xy + k * rows, rows * sizeof *s->u);
  const double *ry = d->r + (p - 1) * p;
  tall_block_subtract(s->u, b->q, ry, d->K, rows, level);
  for (size_t j = 0; j < k; j++) {
    double *r = s->rest + j * rows;
    memcpy(r, b->hat + j * rows, rows * sizeof *r);
    for (size_t i = 0; i < rows; i++)
      s->u[i] -= o->wu_hat[j] * b->hat[i + j * rows] + o->wu_left[j] * b->left[i + j * rows];
    for (size_t l = 0; l < k; l++)
      for (size_t i = 0; i < rows; i++)
        r[i] -= o->wu_b[l + j * k] * (b->hat[i + l * rows] + b->left[i + l * rows]);
  }
}

lmr_status iv_scores(const iv_data *d, const iv_score_options *o, iv_score_sums *out, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t K = d->K, L = d->L, k = d->k, n = d->instruments.n;
  const size_t C = o->cluster ? o->clusters : 0;
  iv_block b;
  work_space s;
  LMR_TRY(iv_block_make(&b, d, wanted(o), &work, err));
  const size_t rows = s.rows = b.rows;
  LMR_TAKE(s.scaled, &work, rows * widest(d), err);
  double *vectors;
  LMR_TAKE(vectors, &work, rows * (6 + 3 * (k + 1)), err);
  s.e = vectors;
  s.u = s.e + rows;
  s.h = s.u + rows;
  s.h1 = s.h + rows;
  s.hw = s.h1 + rows;
  s.weight = s.hw + rows;
  s.tilde = s.weight + rows;
  s.rest = s.tilde + rows * (k + 1);
  s.left = s.rest + rows * (k + 1);
  LMR_TRY(make_family(&s.coef, K + k, C, &work, err));
  LMR_TRY(make_family(&s.wu, k, C, &work, err));
  if (wants_over(d, o)) LMR_TRY(make_z_family(&s.over, d, o, &work, err));
  if (o->all) LMR_TRY(make_family(&s.all, K + L, C, &work, err));
  LMR_TAKE(s.first, &work, k + 1, err);
  for (size_t j = 0; j < k && wants_first(o); j++) LMR_TRY(make_z_family(&s.first[j], d, o, &work, err));
  for (size_t j = 0; j < k && o->trace; j++) out->trace[j] = 0;
  const int leverages = o->leverage || (o->robust && o->power > 0);

  for (size_t start = 0; start < n; start += rows) {
    const size_t count = n - start < rows ? n - start : rows;
    iv_block_load(&b, d, start, count, o->coef, s.e, level);
    if (d->response.root) raw_residuals(d, o->coef, start, count, out->residuals + start);
    else memcpy(out->residuals + start, s.e, count * sizeof *s.e);

    for (size_t j = 0; j < k * rows; j++) s.tilde[j] = b.hat[j] + o->shift * b.left[j];
    /* leverages: of W alone, of (W, Z), of (W, x~) */
    for (size_t j = 0; j < k && o->trace; j++)
      for (size_t i = 0; i < rows; i++)
        out->trace[j] += b.left[i + j * rows] * b.left[i + j * rows] * b.hz[i];
    if (leverages) {
      for (size_t i = 0; i < rows; i++) {
        s.hw[i] = s.h[i] = b.hw[i];
        s.h1[i] = b.hw[i] + b.hz[i];
      }
      add_form(s.h, s.tilde, o->inv_tilde, k, rows);
      if (out->leverage) memcpy(out->leverage + start, s.h, count * sizeof *s.h);
      if (out->leverage1) memcpy(out->leverage1 + start, s.h1, count * sizeof *s.h1);
    }
    if (o->robust) {
      weigh(s.weight, s.e, s.h, o->power, rows);
      put(&s, 0, b.q, K, s.weight, level);
      put(&s, K, s.tilde, k, s.weight, level);
      collect(&s.coef, &s, o, start, count, level);
    }
    if (o->all) {
      put(&s, 0, b.q, K + L, s.e, level);
      collect(&s.all, &s, o, start, count, level);
    }
    if (o->robust && o->tests) {
      const double *left = o->combine ? s.left : b.left;
      if (o->combine) combine_columns(s.left, b.left, o->combine, k, rows);
      for (size_t v = 0; v < k && wants_first(o); v++) {
        weigh(s.weight, left + v * rows, s.h1, o->power, rows);
        collect_z(&s.first[v], d, &b, &s, o, s.weight, start, count, level);
      }
      if (wants_over(d, o)) collect_z(&s.over, d, &b, &s, o, s.e, start, count, level);
      wu_scores(d, &b, o, &s, level);
      if (o->power > 0) {
        add_form(s.hw, b.hat, o->inv_hat, k, rows);
        add_form(s.hw, b.left, o->inv_left, k, rows);
      }
      weigh(s.weight, s.u, s.hw, o->power, rows);
      put(&s, 0, s.rest, k, s.weight, level);
      collect(&s.wu, &s, o, start, count, level);
    }
    if (start / rows % 64 == 63 && lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  if (o->all) LMR_TRY(finish(&s.all, o, out->all, level, work, tick, err));
  if (o->robust) LMR_TRY(finish(&s.coef, o, out->coef, level, work, tick, err));
  if (o->robust && o->tests) {
    LMR_TRY(finish(&s.wu, o, out->wu, level, work, tick, err));
    for (size_t j = 0; j < k && wants_first(o); j++)
      LMR_TRY(finish_z(&s.first[j], d, o, out->first + j * L * L, level, work, tick, err));
    if (wants_over(d, o)) LMR_TRY(finish_z(&s.over, d, o, out->over, level, work, tick, err));
  }
  return LMR_OK;
}
