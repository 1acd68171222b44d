#include "core/iv/ujive_single.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/iv/iv_gram.h"
#include "core/iv/iv_hat.h"

static size_t exposures(const iv_data *d) { return d->k > 1 ? d->k : 1; }

/* Nobody is left out without whom a column is not identified. */
static int stays(double leverage) { return 1 - leverage < UJIVE_SINGULAR; }

static size_t blocks_of(const iv_data *d) { return (d->instruments.n + iv_block_rows(d) - 1) / iv_block_rows(d); }

/* The instrument of the people of a block. */
static void block_instrument(const iv_data *d, int jive1, iv_block *b, size_t first, double *p, int *skipped,
                             double *leverage, lmr_cpu level) {
  const size_t n = d->instruments.n, k = d->k, rows = b->rows, count = n - first < rows ? n - first : rows;
  const double *root = d->response.root;
  iv_block_load(b, d, first, count, NULL, NULL, level);
  if (leverage) {
    memcpy(leverage + first, b->hw, count * sizeof *leverage);
    memcpy(leverage + n + first, b->hz, count * sizeof *leverage);
  }
  for (size_t i = 0; i < count; i++) {
    const size_t row = first + i;
    const double hw = b->hw[i], h = hw + b->hz[i];
    skipped[row] = stays(hw) || stays(h);
    for (size_t j = 0; j < k; j++) {
      const double left = b->left[i + j * rows], partial = b->hat[i + j * rows] + left;
      double v = 0;
      if (!skipped[row]) v = (jive1 ? b->xy[i + j * rows] : partial / (1 - hw)) - left / (1 - h);
      p[row + j * n] = !root ? v : root[row] > 0 ? v / root[row] : 0;
    }
  }
}

lmr_status ujive_single_instrument(const iv_data *d, int jive1, double *p, int *skipped, double *leverage,
                                   lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t blocks = blocks_of(d), rows = iv_block_rows(d);
  const int threads = lmr_threads(tick, blocks);
  iv_block *b;
  LMR_TAKE(b, &work, (size_t)threads, err);
  LMR_TRY(iv_block_make(b, d, IV_LEVERAGE, &work, err));
  for (int t = 1; t < threads; t++) LMR_TRY(iv_block_share(b + t, b, d, &work, err));
  int stop = 0;
  LMR_PARALLEL_FOR(threads, dynamic)
  for (size_t block = 0; block < blocks; block++) {
    if (lmr_stop_asked(&stop, tick, (double)block / (double)blocks)) continue;
    block_instrument(d, jive1, b + lmr_thread(), block * rows, p, skipped, leverage, level);
  }
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}

/* The sums of one exposure: T = sum s_i t_i' in blocks over (W, Z), with
 *   s_i = (q_W (one - two), q_Z one), t_i = q_i M_W x_i,
 * one = e / (1 - h), two = e / (1 - h_W). Of a stream Z are the variants, and their
 * metric (core/iv/iv_gram.h) stands once beside each of the two factors of a trace. */
typedef struct {
  iv_gram gram;
  double *ww;            /* padded K squared, upper */
  double *zz, *zw, *wz;  /* m x m; K x m each: transposed (Z, W), and (W, Z) */
  double *one, *both;    /* rows: weights one M_W x and (one - two) M_W x */
} pair_sums;

typedef struct {
  iv_block b;
  size_t pk;
  double *e, *scaled;
  pair_sums *a;
} pair_space;

static size_t instrument_bytes(const iv_data *d, const lmr_tick *tick) {
  const size_t threads = (size_t)lmr_threads(tick, blocks_of(d));
  size_t bytes = lmr_add_bytes(lmr_bytes(threads, sizeof(iv_block)), iv_block_bytes(d, IV_LEVERAGE));
  for (size_t t = 1; t < threads; t++) bytes = lmr_add_bytes(bytes, iv_block_share_bytes(d));
  return bytes;
}

static int has_hat(const iv_data *d) { return d->stream && d->stream->hat; }

static size_t pairs_bytes(const iv_data *d) {
  if (has_hat(d)) return iv_hat_pairs_bytes(d);
  const size_t k = exposures(d), m = iv_gram_columns(d), K = d->K, pk = tall_pad(K), rows = iv_block_rows(d);
  size_t bytes = iv_block_bytes(d, IV_LEVERAGE);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * (2 * k + 3)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * pk));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, k * pk * pk));
  bytes = lmr_add_bytes(bytes, lmr_bytes(k, sizeof(pair_sums)));
  for (size_t a = 0; a < k; a++) {
    bytes = lmr_add_bytes(bytes, iv_gram_bytes(d, 1));
    bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, m * m), lmr_double_bytes(2, K * m)));
  }
  return bytes;
}

size_t ujive_single_bytes(const iv_data *d, const lmr_tick *tick) {
  const size_t pairs = pairs_bytes(d), instrument = instrument_bytes(d, tick);
  return pairs > instrument ? pairs : instrument;
}

static lmr_status make(pair_space *s, const iv_data *d, int want, lmr_arena *work, lmr_error *err) {
  LMR_TRY(iv_block_make(&s->b, d, want, work, err));
  const size_t rows = s->b.rows, k = exposures(d), K = d->K, m = iv_gram_columns(d);
  s->pk = tall_pad(K);
  double *vectors, *ww;
  LMR_TAKE(vectors, work, rows * (2 * k + 3), err);
  LMR_TAKE(s->scaled, work, rows * s->pk, err);
  LMR_TAKE(ww, work, k * s->pk * s->pk, err);
  LMR_TAKE(s->a, work, k, err);
  memset(vectors, 0, rows * (2 * k + 3) * sizeof *vectors);
  memset(s->scaled, 0, rows * s->pk * sizeof *s->scaled);
  memset(ww, 0, k * s->pk * s->pk * sizeof *ww);
  s->e = vectors;
  for (size_t a = 0; a < d->k; a++) {
    pair_sums *t = &s->a[a];
    t->one = vectors + rows * (2 * a + 1);
    t->both = t->one + rows;
    t->ww = ww + a * s->pk * s->pk;
    LMR_TRY(iv_gram_make(&t->gram, d, 1, work, err));
    LMR_TAKE(t->zz, work, m * m, err);
    LMR_TAKE(t->zw, work, K * m, err);
    LMR_TAKE(t->wz, work, K * m, err);
  }
  return LMR_OK;
}

/* Weights of a block, and what a person adds to the pair of itself taken out of `out`. */
static void weigh(pair_space *s, const iv_data *d, size_t count, double *out) {
  const iv_block *b = &s->b;
  const size_t rows = b->rows, k = d->k;
  for (size_t i = 0; i < rows; i++) {
    const double hw = b->hw[i], h = hw + b->hz[i];
    const int none = i >= count || stays(hw) || stays(h);
    const double one = none ? 0 : s->e[i] / (1 - h), two = none ? 0 : s->e[i] / (1 - hw);
    for (size_t a = 0; a < k; a++) {
      const double m = b->hat[i + a * rows] + b->left[i + a * rows];
      s->a[a].one[i] = one * m;
      s->a[a].both[i] = (one - two) * m;
    }
    for (size_t a = 0; a < k; a++)
      for (size_t c = 0; c < k; c++) {
        const double own = hw * s->a[a].both[i] + b->hz[i] * s->a[a].one[i];
        out[a + c * k] -= own * (hw * s->a[c].both[i] + b->hz[i] * s->a[c].one[i]);
      }
  }
}

static double dot(const double *x, const double *y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static double dot_turned(const double *x, const double *y, size_t m) {
  double sum = 0;
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < m; i++) sum += x[i + j * m] * y[j + i * m];
  return sum;
}

/* tr(T_a T_c). zz and zw have the metric beside them, wz has not. */
static double trace(const pair_sums *a, const pair_sums *c, const iv_data *d, size_t m, size_t pk) {
  const size_t K = d->K;
  double sum = dot_turned(a->zz, c->zz, m) + dot(a->wz, c->zw, K * m) + dot(a->zw, c->wz, K * m);
  for (size_t j = 0; j < K; j++)
    for (size_t i = 0; i <= j; i++) sum += (i < j ? 2 : 1) * a->ww[i + j * pk] * c->ww[i + j * pk];
  return sum;
}

/* Leverages of a block: of the block itself, or known. */
static void known_leverage(iv_block *b, const double *leverage, size_t n, size_t first, size_t count) {
  memset(b->hw, 0, b->rows * sizeof *b->hw);
  memset(b->hz, 0, b->rows * sizeof *b->hz);
  memcpy(b->hw, leverage + first, count * sizeof *b->hw);
  memcpy(b->hz, leverage + n + first, count * sizeof *b->hz);
}

lmr_status ujive_single_pairs(const iv_data *d, const double *leverage, const double *coef, double *out, lmr_cpu level,
                              lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (has_hat(d)) return iv_hat_pairs(d, leverage, coef, out, level, work, tick, err);
  const size_t n = d->instruments.n, k = d->k, m = iv_gram_columns(d);
  pair_space s;
  /* A stream whose variants stand for Z needs neither their leverages again nor Z. */
  LMR_TRY(make(&s, d, leverage ? 0 : IV_LEVERAGE, &work, err));
  const size_t rows = s.b.rows;
  memset(out, 0, k * k * sizeof *out);
  for (size_t first = 0, block = 0; first < n; first += rows, block++) {
    const size_t count = n - first < rows ? n - first : rows;
    iv_block_load(&s.b, d, first, count, coef, s.e, level);
    if (leverage) known_leverage(&s.b, leverage, n, first, count);
    weigh(&s, d, count, out);
    for (size_t a = 0; a < k; a++) {
      pair_sums *t = &s.a[a];
      iv_gram_add(&t->gram, d, &s.b, t->one, t->both, level);
      tall_block_scale(s.scaled, s.b.q, t->both, d->K, rows, level);
      tall_block_cross(s.b.q, s.pk, s.scaled, s.pk, rows, 1, t->ww, s.pk, level);
    }
    if (block % 16 == 15 && lmr_tick_poll(tick, (double)first / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t a = 0; a < k; a++) LMR_TRY(iv_gram_turn(&s.a[a].gram, d, s.a[a].zz, s.a[a].zw, s.a[a].wz, tick, err));
  for (size_t a = 0; a < k; a++)
    for (size_t c = 0; c < k; c++) out[a + c * k] += trace(&s.a[a], &s.a[c], d, m, s.pk);
  return LMR_OK;
}
