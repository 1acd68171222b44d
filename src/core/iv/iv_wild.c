#include "core/iv/iv_wild.h"

#include <math.h>
#include <string.h>

#define TIE 1e-10 /* t* within this share of t is t: draws that repeat it differ by rounding */

size_t iv_wild_sums_bytes(const iv_data *d) {
  return lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(2, iv_block_rows(d)));
}

/* A column of X (at = 0) or y (at = 1) less what the covariates explain of it. */
static void residual(const iv_data *d, const iv_block *b, size_t at, double *a, lmr_cpu level) {
  const double *r = d->r + (d->K + d->L + at) * iv_columns(d);
  memcpy(a, b->xy + at * b->rows, b->rows * sizeof *a);
  tall_block_subtract(a, b->q, r, d->K, b->rows, level);
}

lmr_status iv_wild_sums(const iv_data *d, const int *cluster, size_t clusters, double *sums, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, K = d->K, L = d->L, width = iv_wild_width(K, L), high = K + L;
  if (d->k != 1) return lmr_fail(err, LMR_EINVAL, "%zu regressors", d->k);
  iv_block b;
  LMR_TRY(iv_block_make(&b, d, IV_Q, &work, err));
  const size_t rows = b.rows;
  double *x, *y;
  LMR_TAKE(x, &work, rows, err);
  LMR_TAKE(y, &work, rows, err);
  memset(sums, 0, clusters * width * sizeof *sums);
  for (size_t start = 0; start < n; start += rows) {
    const size_t count = n - start < rows ? n - start : rows;
    iv_block_load(&b, d, start, count, NULL, NULL, level);
    residual(d, &b, 0, x, level);
    residual(d, &b, 1, y, level);
    for (size_t j = 0; j < L + K + 2; j++) {
      const double *column = j == 0 ? x : j == 1 ? y : b.q + (j - 2) * rows;
      /* x and y meet Z and W, the others Z alone */
      for (size_t l = 0; l < (j < 2 ? high : L); l++) {
        const double *q = b.q + (l < L ? K + l : l - L) * rows;
        double *to = sums + l + j * high;
        for (size_t i = 0; i < count; i++) to[(size_t)cluster[start + i] * width] += q[i] * column[i];
      }
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

static double one_weight(iv_wild_weights kind, lmr_rng *rng) {
  if (kind == WILD_WEBB) {
    const uint64_t at = lmr_rng_below(rng, 6);
    const double size = sqrt((double)(1 + at % 3) / 2);
    return at < 3 ? size : -size;
  }
  if (kind == WILD_MAMMEN) {
    const double root = sqrt(5);
    return lmr_rng_uniform(rng) < (root + 1) / (2 * root) ? (1 - root) / 2 : (1 + root) / 2;
  }
  return lmr_rng_below(rng, 2) ? 1 : -1;
}

void iv_wild_draw(iv_wild_weights kind, uint64_t seed, uint64_t at, double *v, size_t clusters) {
  if (kind == WILD_ALL) {
    for (size_t g = 0; g < clusters; g++) v[g] = at >> g & 1 ? 1 : -1;
    return;
  }
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, at);
  for (size_t g = 0; g < clusters; g++) v[g] = one_weight(kind, &rng);
}

typedef struct {
  const iv_wild_input *in;
  const double *pi;
  double *b1, *b2, *c1, *c2; /* L or K x clusters */
  double *dd;                /* L x clusters */
  double *v, *a, *d, *h, *ah; /* clusters, L, L, K, K */
} space;

size_t iv_wild_bytes(const iv_wild_input *in) {
  const size_t G = in->clusters;
  size_t bytes = lmr_double_bytes(3, in->L * G);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, in->K * G + 1));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, G));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, in->L));
  return lmr_add_bytes(bytes, lmr_double_bytes(2, in->K + 1));
}

static lmr_status make(space *s, const iv_wild_input *in, lmr_arena *work, lmr_error *err) {
  const size_t G = in->clusters;
  s->in = in;
  LMR_TAKE(s->b1, work, in->L * G, err);
  LMR_TAKE(s->b2, work, in->L * G, err);
  LMR_TAKE(s->dd, work, in->L * G, err);
  LMR_TAKE(s->c1, work, in->K * G + 1, err);
  LMR_TAKE(s->c2, work, in->K * G + 1, err);
  LMR_TAKE(s->v, work, G, err);
  LMR_TAKE(s->a, work, in->L, err);
  LMR_TAKE(s->d, work, in->L, err);
  LMR_TAKE(s->h, work, in->K + 1, err);
  LMR_TAKE(s->ah, work, in->K + 1, err);
  return LMR_OK;
}

static const double *cluster_sums(const space *s, size_t g) {
  return s->in->sums + g * iv_wild_width(s->in->K, s->in->L);
}

/* The sums under one effect. */
static void impose(space *s, size_t effect) {
  const size_t K = s->in->K, L = s->in->L, high = K + L;
  const double b = s->in->effect[effect];
  s->pi = s->in->pi + effect * L;
  for (size_t g = 0; g < s->in->clusters; g++) {
    const double *m = cluster_sums(s, g), *x = m, *y = m + high, *h = m + 2 * high, *z = h + K * high;
    for (size_t l = 0; l < L; l++) {
      double sum = 0;
      for (size_t j = 0; j < L; j++) sum += z[l + j * high] * s->pi[j];
      s->dd[l + g * L] = sum;
      s->b1[l + g * L] = y[l] - b * x[l];
      s->b2[l + g * L] = x[l] - sum;
    }
    for (size_t l = 0; l < K; l++) {
      double sum = 0;
      for (size_t j = 0; j < L; j++) sum += h[j + l * high] * s->pi[j];
      s->c1[l + g * K] = y[L + l] - b * x[L + l];
      s->c2[l + g * K] = x[L + l] - sum;
    }
  }
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static void add(double *to, const double *from, double by, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] += by * from[i];
}

/* t* of the weights in v. */
static double statistic(space *s) {
  const size_t K = s->in->K, L = s->in->L, high = K + L, G = s->in->clusters;
  memcpy(s->a, s->pi, L * sizeof *s->a);
  memset(s->d, 0, L * sizeof *s->d);
  for (size_t g = 0; g < G; g++) {
    add(s->a, s->b2 + g * L, s->v[g], L);
    add(s->d, s->b1 + g * L, s->v[g], L);
  }
  const double aa = dot(s->a, s->a, L), gap = dot(s->a, s->d, L) / aa;
  memset(s->h, 0, K * sizeof *s->h);
  for (size_t g = 0; g < G; g++) {
    add(s->h, s->c1 + g * K, s->v[g], K);
    add(s->h, s->c2 + g * K, -gap * s->v[g], K);
  }
  double squares = 0;
  for (size_t g = 0; g < G; g++) {
    const double *h = cluster_sums(s, g) + 2 * high;
    double score = s->v[g] * dot(s->a, s->b1 + g * L, L) -
                   gap * (dot(s->a, s->dd + g * L, L) + s->v[g] * dot(s->a, s->b2 + g * L, L));
    for (size_t l = 0; l < K; l++) score -= s->h[l] * dot(s->a, h + l * high, L);
    squares += score * score;
  }
  return gap * aa / sqrt(squares);
}

lmr_status iv_wild(const iv_wild_input *in, double *t, double *beyond, double *drawn, lmr_arena work,
                   const lmr_tick *tick, lmr_error *err) {
  space s;
  LMR_TRY(make(&s, in, &work, err));
  for (size_t e = 0; e < in->effects; e++) {
    impose(&s, e);
    for (size_t g = 0; g < in->clusters; g++) s.v[g] = 1;
    t[e] = statistic(&s);
    if (!isfinite(t[e])) return lmr_fail(err, LMR_ESINGULAR, "the clusters' scores are all zero");
    const double limit = fabs(t[e]) * (1 - TIE);
    beyond[e] = 0;
    for (uint64_t at = 0; at < in->draws; at++) {
      iv_wild_draw(in->kind, in->seed, at, s.v, in->clusters);
      const double one = statistic(&s);
      beyond[e] += !(fabs(one) < limit); /* what is no number is no evidence against the effect */
      if (drawn) drawn[e * in->draws + at] = one;
      if (at % 64 == 63 && lmr_tick_poll(tick, ((double)e + (double)at / (double)in->draws) / (double)in->effects))
        return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    }
  }
  return LMR_OK;
}
