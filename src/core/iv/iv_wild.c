#include "core/iv/iv_wild.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

#define TIE 1e-10 /* t* within this share of t is t: draws that repeat it differ by rounding */

size_t iv_wild_sums_bytes(const iv_data *d) {
  return lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(d->k + 1, iv_block_rows(d)));
}

/* Column `at` of (X, y) less what the covariates explain of it. */
static void residual(const iv_data *d, const iv_block *b, size_t at, double *a, lmr_cpu level) {
  const double *r = d->r + (d->K + d->L + at) * iv_columns(d);
  memcpy(a, b->xy + at * b->rows, b->rows * sizeof *a);
  tall_block_subtract(a, b->q, r, d->K, b->rows, level);
}

lmr_status iv_wild_sums(const iv_data *d, const int *cell, size_t cells, double *sums, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, K = d->K, L = d->L, own = d->k + 1, high = K + L;
  const size_t width = iv_wild_width(K, L, d->k);
  iv_block b;
  LMR_TRY(iv_block_make(&b, d, IV_Q, &work, err));
  const size_t rows = b.rows;
  double *xy;
  LMR_TAKE(xy, &work, own * rows, err);
  memset(sums, 0, cells * width * sizeof *sums);
  for (size_t start = 0; start < n; start += rows) {
    const size_t count = n - start < rows ? n - start : rows;
    iv_block_load(&b, d, start, count, NULL, NULL, level);
    for (size_t j = 0; j < own; j++) residual(d, &b, j, xy + j * rows, level);
    for (size_t j = 0; j < own + high; j++) {
      const double *column = j < own ? xy + j * rows : b.q + (j - own) * rows;
      /* X and y meet Z and W, the others Z alone */
      for (size_t l = 0; l < (j < own ? high : L); l++) {
        const double *q = b.q + (l < L ? K + l : l - L) * rows;
        double *to = sums + l + j * high;
        for (size_t i = 0; i < count; i++) to[(size_t)cell[start + i] * width] += q[i] * column[i];
      }
      for (size_t l = 0; l < (j < own ? own : 0); l++) {
        const double *other = xy + l * rows;
        double *to = sums + high * (high + own) + l + j * own;
        for (size_t i = 0; i < count; i++) to[(size_t)cell[start + i] * width] += other[i] * column[i];
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
  double *b1, *c1;      /* L or K x cells */
  double *b2, *dd, *c2; /* L or K x k x cells */
  double *v;            /* groups */
  double *a, *d, *h;    /* A: L x k, L, K */
  double *n, *q, *unit; /* k x k, k, k */
  double *t, *f;        /* LIML: T and F of each cell, k + 1 square */
  double *pp;           /* Pi'Pi */
  double *r0, *r1, *u, *m, *w; /* k + 1 square, the last k + 1 */
  double *c;            /* K x (k + 1): C2, C1 */
  lmr_arena eigen;
  double *lead;         /* L: a of the header */
  double *score;        /* cells */
  double *scores;       /* clusters of the largest way */
} space;

static size_t most_clusters(const iv_wild_input *in) {
  size_t most = 1;
  for (size_t w = 0; w < in->n_ways; w++)
    if (in->ways[w].count > most) most = in->ways[w].count;
  return most;
}

size_t iv_wild_bytes(const iv_wild_input *in) {
  const size_t C = in->cells, k = in->k;
  size_t bytes = lmr_double_bytes(2 * k + 1, in->L * C);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(k + 1, in->K * C + 1));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, in->groups), lmr_double_bytes(1, C)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(k + 2, in->L));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, in->K + 1));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(k + 2, k));
  if (in->liml) {
    bytes = lmr_add_bytes(bytes, lmr_double_bytes(2 * C + 5, (k + 1) * (k + 1)));
    bytes = lmr_add_bytes(bytes, lmr_double_bytes(k + 1, in->K + 1));
    bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, k + 1), la_eigen_values_bytes(k + 1)));
  }
  return lmr_add_bytes(lmr_add_bytes(bytes, lmr_double_bytes(1, most_clusters(in))), lmr_double_bytes(24, 8));
}

static lmr_status make(space *s, const iv_wild_input *in, lmr_arena *work, lmr_error *err) {
  const size_t C = in->cells, k = in->k;
  s->in = in;
  LMR_TAKE(s->b1, work, in->L * C, err);
  LMR_TAKE(s->b2, work, in->L * k * C, err);
  LMR_TAKE(s->dd, work, in->L * k * C, err);
  LMR_TAKE(s->c1, work, in->K * C + 1, err);
  LMR_TAKE(s->c2, work, in->K * k * C + 1, err);
  LMR_TAKE(s->v, work, in->groups, err);
  LMR_TAKE(s->a, work, in->L * k, err);
  LMR_TAKE(s->d, work, in->L, err);
  LMR_TAKE(s->lead, work, in->L, err);
  LMR_TAKE(s->h, work, in->K + 1, err);
  LMR_TAKE(s->n, work, k * k, err);
  LMR_TAKE(s->q, work, k, err);
  LMR_TAKE(s->unit, work, k, err);
  LMR_TAKE(s->score, work, C, err);
  LMR_TAKE(s->scores, work, most_clusters(in), err);
  if (!in->liml) return LMR_OK;
  const size_t square = (k + 1) * (k + 1);
  LMR_TAKE(s->t, work, square * C, err);
  LMR_TAKE(s->f, work, square * C, err);
  LMR_TAKE(s->pp, work, square, err);
  LMR_TAKE(s->r0, work, square, err);
  LMR_TAKE(s->r1, work, square, err);
  LMR_TAKE(s->u, work, square, err);
  LMR_TAKE(s->m, work, square, err);
  LMR_TAKE(s->w, work, k + 1, err);
  LMR_TAKE(s->c, work, in->K * (k + 1) + 1, err);
  s->eigen = *work;
  return LMR_OK;
}

static const double *cell_sums(const space *s, size_t c) {
  return s->in->sums + c * iv_wild_width(s->in->K, s->in->L, s->in->k);
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static void add(double *to, const double *from, double by, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] += by * from[i];
}

/* T and F of cell c, after its B1, B2 and D. */
static void impose_squares(space *s, size_t c, const double *beta) {
  const size_t K = s->in->K, L = s->in->L, k = s->in->k, high = K + L, own = k + 1;
  const double *x = cell_sums(s, c), *e = x + high * (high + own);
  double *t = s->t + c * own * own, *f = s->f + c * own * own;
  for (size_t j = 0; j < own; j++) {
    const double *b = j < k ? s->b2 + (c * k + j) * L : s->b1 + c * L;
    for (size_t m = 0; m < k; m++) f[m + j * own] = dot(s->pi + m * L, b, L);
    f[k + j * own] = 0;
  }
  /* of (X, u): V_m = X_m - Q_Z pi_m */
  for (size_t j = 0; j < k; j++) {
    double xu = e[j + k * own];
    for (size_t m = 0; m < k; m++) xu -= beta[m] * e[j + m * own];
    t[j + k * own] = t[k + j * own] = xu - f[j + k * own];
    for (size_t m = 0; m < k; m++)
      t[m + j * own] = e[m + j * own] - dot(s->pi + j * L, x + m * high, L) - f[m + j * own];
  }
  double uu = e[k + k * own];
  for (size_t m = 0; m < k; m++) {
    uu -= 2 * beta[m] * e[m + k * own];
    for (size_t j = 0; j < k; j++) uu += beta[m] * beta[j] * e[m + j * own];
  }
  t[k + k * own] = uu;
}

/* The sums under one effect. */
static void impose(space *s, size_t effect) {
  const size_t K = s->in->K, L = s->in->L, k = s->in->k, high = K + L;
  const double *beta = s->in->beta + effect * k;
  s->pi = s->in->pi + effect * L * k;
  for (size_t c = 0; c < s->in->cells; c++) {
    const double *x = cell_sums(s, c), *y = x + k * high, *h = y + high, *z = h + K * high;
    double *b1 = s->b1 + c * L, *c1 = s->c1 + c * K;
    memcpy(b1, y, L * sizeof *b1);
    memcpy(c1, y + L, K * sizeof *c1);
    for (size_t m = 0; m < k; m++) {
      const double *pi = s->pi + m * L, *xm = x + m * high;
      double *dd = s->dd + (c * k + m) * L, *b2 = s->b2 + (c * k + m) * L, *c2 = s->c2 + (c * k + m) * K;
      add(b1, xm, -beta[m], L);
      add(c1, xm + L, -beta[m], K);
      memset(dd, 0, L * sizeof *dd);
      for (size_t j = 0; j < L; j++) add(dd, z + j * high, pi[j], L);
      for (size_t l = 0; l < L; l++) b2[l] = xm[l] - dd[l];
      for (size_t l = 0; l < K; l++) c2[l] = xm[L + l] - dot(h + l * high, pi, L);
    }
    if (s->in->liml) impose_squares(s, c, beta);
  }
  if (s->in->liml)
    for (size_t m = 0; m < k; m++)
      for (size_t j = 0; j < k; j++) s->pp[j + m * (k + 1)] = dot(s->pi + j * L, s->pi + m * L, L);
}

/* x := (R'R)^-1 x with the upper factor R, k x k. */
static void solve(const double *r, double *x, size_t k) {
  for (size_t i = 0; i < k; i++) x[i] = (x[i] - dot(r + i * k, x, i)) / r[i + i * k];
  for (size_t i = k; i-- > 0;) {
    for (size_t j = i + 1; j < k; j++) x[i] -= r[i + j * k] * x[j];
    x[i] /= r[i + i * k];
  }
}

/* R0 and R1 of the weights in v. */
static void cross_products(space *s) {
  const size_t K = s->in->K, L = s->in->L, k = s->in->k, own = k + 1;
  memset(s->r0, 0, own * own * sizeof *s->r0);
  memset(s->c, 0, K * own * sizeof *s->c);
  for (size_t m = 0; m < k; m++) memcpy(s->r0 + m * own, s->pp + m * own, k * sizeof *s->r0);
  for (size_t c = 0; c < s->in->cells; c++) {
    const double v = s->v[s->in->group[c]], *f = s->f + c * own * own;
    add(s->r0, s->t + c * own * own, v * v, own * own);
    for (size_t j = 0; j < own; j++)
      for (size_t m = 0; m < own; m++) s->r0[m + j * own] += v * (f[m + j * own] + f[j + m * own]);
    add(s->c, s->c2 + c * k * K, v, K * k);
    add(s->c + K * k, s->c1 + c * K, v, K);
  }
  for (size_t j = 0; j < own; j++)
    for (size_t m = 0; m < own; m++) {
      s->r0[m + j * own] -= dot(s->c + m * K, s->c + j * K, K);
      s->r1[m + j * own] = s->r0[m + j * own] - dot(m < k ? s->a + m * L : s->d, j < k ? s->a + j * L : s->d, L);
    }
}

/* N and its right side by LIML; 0 when kappa does not exist. As R1 may be singular (a regressor that is its own
 * instrument), 1 / kappa is the largest root of |R1 - root R0| = 0. */
static int liml(space *s) {
  const size_t k = s->in->k, own = k + 1;
  lmr_error none;
  cross_products(s);
  double *u = s->u, *m = s->m;
  memcpy(u, s->r0, own * own * sizeof *u);
  memcpy(m, s->r1, own * own * sizeof *m);
  if (la_chol(u, own, own, &none) != LMR_OK) return 0;
  /* m := U^-T m U^-1 */
  for (size_t j = 0; j < own; j++)
    for (size_t i = 0; i < own; i++) m[i + j * own] = (m[i + j * own] - dot(u + i * own, m + j * own, i)) / u[i + i * own];
  for (size_t i = 0; i < own; i++)
    for (size_t j = 0; j < own; j++) {
      double sum = m[i + j * own];
      for (size_t l = 0; l < j; l++) sum -= m[i + l * own] * u[l + j * own];
      m[i + j * own] = sum / u[j + j * own];
    }
  if (la_eigen(m, own, own, s->w, NULL, own, s->eigen, &none) != LMR_OK || !(s->w[k] > 0)) return 0;
  const double kappa = 1 / s->w[k] - s->in->shift;
  for (size_t j = 0; j < k; j++) {
    s->q[j] = s->r0[j + k * own] - kappa * s->r1[j + k * own];
    for (size_t i = 0; i < k; i++) s->n[i + j * k] = s->r0[i + j * own] - kappa * s->r1[i + j * own];
  }
  return 1;
}

/* A, b* - beta and a of the weights in v; 0 when the draw does not identify the effects. */
static int estimate(space *s) {
  const size_t L = s->in->L, k = s->in->k;
  memcpy(s->a, s->pi, L * k * sizeof *s->a);
  memset(s->d, 0, L * sizeof *s->d);
  for (size_t c = 0; c < s->in->cells; c++) {
    const double v = s->v[s->in->group[c]];
    add(s->a, s->b2 + c * L * k, v, L * k);
    add(s->d, s->b1 + c * L, v, L);
  }
  for (size_t m = 0; m < k; m++) {
    s->q[m] = dot(s->a + m * L, s->d, L);
    s->unit[m] = m == s->in->of;
    for (size_t j = 0; j < k; j++) s->n[j + m * k] = dot(s->a + j * L, s->a + m * L, L);
  }
  if (s->in->liml && !liml(s)) return 0;
  lmr_error none;
  if (la_chol(s->n, k, k, &none) != LMR_OK) return 0;
  solve(s->n, s->q, k);
  solve(s->n, s->unit, k);
  memset(s->lead, 0, L * sizeof *s->lead);
  for (size_t m = 0; m < k; m++) add(s->lead, s->a + m * L, s->unit[m], L);
  return 1;
}

/* Score of cell c, after h of the draw is known. */
static double cell_score(const space *s, size_t c) {
  const size_t K = s->in->K, L = s->in->L, k = s->in->k, high = K + L;
  const double v = s->v[s->in->group[c]], *h = cell_sums(s, c) + (k + 1) * high;
  double score = v * dot(s->lead, s->b1 + c * L, L);
  for (size_t m = 0; m < k; m++) {
    const size_t at = (c * k + m) * L;
    score -= s->q[m] * (dot(s->lead, s->dd + at, L) + v * dot(s->lead, s->b2 + at, L));
  }
  for (size_t l = 0; l < K; l++) score -= s->h[l] * dot(s->lead, h + l * high, L);
  return score;
}

/* t* of the weights in v; not a number where it does not exist. */
static double statistic(space *s) {
  const iv_wild_input *in = s->in;
  const size_t K = in->K, k = in->k;
  if (!estimate(s)) return NAN;
  memset(s->h, 0, K * sizeof *s->h);
  for (size_t c = 0; c < in->cells; c++) {
    const double v = s->v[in->group[c]];
    add(s->h, s->c1 + c * K, v, K);
    for (size_t m = 0; m < k; m++) add(s->h, s->c2 + (c * k + m) * K, -s->q[m] * v, K);
  }
  for (size_t c = 0; c < in->cells; c++) s->score[c] = cell_score(s, c);
  double variance = 0;
  for (size_t w = 0; w < in->n_ways; w++) {
    memset(s->scores, 0, in->ways[w].count * sizeof *s->scores);
    for (size_t c = 0; c < in->cells; c++) s->scores[in->ways[w].of[c]] += s->score[c];
    variance += in->ways[w].sign * dot(s->scores, s->scores, in->ways[w].count);
  }
  return s->q[in->of] / sqrt(variance);
}

lmr_status iv_wild(const iv_wild_input *in, double *t, double *beyond, double *drawn, lmr_arena work,
                   const lmr_tick *tick, lmr_error *err) {
  space s;
  LMR_TRY(make(&s, in, &work, err));
  for (size_t e = 0; e < in->effects; e++) {
    impose(&s, e);
    for (size_t g = 0; g < in->groups; g++) s.v[g] = 1;
    t[e] = statistic(&s);
    if (!isfinite(t[e])) return lmr_fail(err, LMR_ESINGULAR, in->n_ways > 1
                                         ? "the variance from the clusters in several ways is not above zero"
                                         : "the clusters' scores are all zero");
    const double limit = fabs(t[e]) * (1 - TIE);
    beyond[e] = 0;
    for (uint64_t at = 0; at < in->draws; at++) {
      iv_wild_draw(in->kind, in->seed, at, s.v, in->groups);
      const double one = statistic(&s);
      beyond[e] += !(fabs(one) < limit); /* what is no number is no evidence against the effect */
      if (drawn) drawn[e * in->draws + at] = one;
      if (at % 64 == 63 && lmr_tick_poll(tick, ((double)e + (double)at / (double)in->draws) / (double)in->effects))
        return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    }
  }
  return LMR_OK;
}
