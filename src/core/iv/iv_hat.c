#include "core/iv/iv_hat.h"

#include <string.h>

#include "core/iv/ujive_single.h"
#include "core/la/la.h"

#define SINGULAR 1e-6 /* squared pivot under which a group takes rank with it */
#define PAIRS ((size_t)64) /* people whose pairs with all before them are looked at together */

size_t iv_hat_bytes(const iv_data *d) {
  return lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(1, d->instruments.n * (d->K + d->L)));
}

lmr_status iv_hat(const iv_data *d, double *hat, double *w, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                  lmr_error *err) {
  const size_t n = d->instruments.n, columns = d->K + d->L;
  const lmr_tick before = lmr_tick_before(tick);
  iv_block b;
  double *q;
  LMR_TRY(iv_block_make(&b, d, IV_Q, &work, err));
  LMR_TAKE(q, &work, n * columns, err);
  for (size_t first = 0; first < n; first += b.rows) {
    const size_t count = n - first < b.rows ? n - first : b.rows;
    iv_block_load(&b, d, first, count, NULL, NULL, level);
    for (size_t j = 0; j < columns; j++) memcpy(q + first + j * n, b.q + j * b.rows, count * sizeof *q);
    if (lmr_tick_poll(&before, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  memcpy(w, q, n * d->K * sizeof *w);
  LMR_TRY(la_syrk_polled('N', n, columns, 1, q, n, 0, hat, n, &before, err));
  la_symmetrize(hat, n, n);
  return LMR_OK;
}

size_t iv_hat_lift_bytes(size_t m) { return lmr_add_bytes(lmr_double_bytes(1, m * m), lmr_bytes(m, sizeof(size_t))); }

lmr_status iv_hat_lift(const double *hat, size_t n, const int *at, size_t others, const double *own, size_t c,
                       double *lift, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t m = n - others;
  const lmr_tick before = lmr_tick_before(tick);
  double *inner;
  size_t *group;
  LMR_TAKE(inner, &work, m * m, err);
  LMR_TAKE(group, &work, m, err);
  for (size_t i = 0, o = 0; i < n; i++) {
    if (o < others && (size_t)at[o] == i) o++;
    else group[i - o] = i;
  }
  LMR_TRY(la_syrk_polled('N', m, c, 1, own, m, 0, inner, m, &before, err));
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i <= j; i++) inner[i + j * m] += (i == j) - hat[group[i] + group[j] * n];
  LMR_TRY(la_chol_polled(inner, m, m, &before, err));
  for (size_t j = 0; j < m; j++)
    if (inner[j + j * m] * inner[j + j * m] < SINGULAR) return lmr_fail(err, LMR_ESINGULAR, "a group takes rank with it");
  for (size_t j = 0; j < others; j++)
    for (size_t i = 0; i < m; i++) lift[i + j * m] = hat[group[i] + (size_t)at[j] * n];
  return la_trsm_polled('L', 'T', m, others, 1, inner, m, lift, m, &before, err);
}

double iv_hat_leverage(const iv_stream_hat *h, size_t i) {
  const double *lift = h->lift + i * h->m;
  double sum = h->hat[(size_t)h->at[i] * (h->people + 1)];
  for (size_t j = 0; j < h->m; j++) sum += lift[j] * lift[j];
  return sum;
}

/* Of every person: rows of W, e / (1 - h), e / (1 - h_W), M_W X. */
typedef struct {
  double *w, *one, *two, *x;
} people;

static size_t exposures(const iv_data *d) { return d->k > 1 ? d->k : 1; }

size_t iv_hat_pairs_bytes(const iv_data *d) {
  const size_t n = d->instruments.n;
  size_t bytes = lmr_add_bytes(iv_block_bytes(d, 0), lmr_double_bytes(1, iv_block_rows(d)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, n * (d->K + 2 + exposures(d))));
  return lmr_add_bytes(bytes, lmr_double_bytes(2, n * PAIRS));
}

static lmr_status read_people(people *s, const iv_data *d, const double *leverage, const double *coef, lmr_cpu level,
                              lmr_arena *work, lmr_error *err) {
  const size_t n = d->instruments.n, K = d->K, k = d->k;
  iv_block b;
  double *e;
  LMR_TRY(iv_block_make(&b, d, 0, work, err));
  LMR_TAKE(e, work, b.rows, err);
  LMR_TAKE(s->w, work, n * (K + 2 + exposures(d)), err);
  s->one = s->w + n * K;
  s->two = s->one + n;
  s->x = s->two + n;
  for (size_t first = 0; first < n; first += b.rows) {
    const size_t count = n - first < b.rows ? n - first : b.rows;
    iv_block_load(&b, d, first, count, coef, e, level);
    for (size_t j = 0; j < K; j++) memcpy(s->w + first + j * n, b.q + j * b.rows, count * sizeof *e);
    for (size_t i = 0; i < count; i++) {
      const size_t row = first + i;
      const double hw = leverage[row], h = hw + leverage[n + row];
      const int none = 1 - hw < UJIVE_SINGULAR || 1 - h < UJIVE_SINGULAR;
      s->one[row] = none ? 0 : e[i] / (1 - h);
      s->two[row] = none ? 0 : e[i] / (1 - hw);
      for (size_t a = 0; a < k; a++) s->x[row + a * n] = b.hat[i + a * b.rows] + b.left[i + a * b.rows];
    }
  }
  return LMR_OK;
}

/* The projections between the people before `last` and those from `first` on. */
static lmr_status between(const iv_stream_hat *h, size_t first, size_t last, double *out, size_t ld, lmr_error *err) {
  for (size_t j = first; j < last; j++) {
    const double *column = h->hat + (size_t)h->at[j] * h->people;
    for (size_t i = 0; i < last; i++) out[i + (j - first) * ld] = column[h->at[i]];
  }
  return la_gemm('T', 'N', last, last - first, h->m, 1, h->lift, h->m, h->lift + first * h->m, h->m, 1, out, ld, err);
}

lmr_status iv_hat_pairs(const iv_data *d, const double *leverage, const double *coef, double *out, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, k = d->k;
  people s;
  double *by_w, *by_all;
  if (!leverage) return lmr_fail(err, LMR_EINVAL, "pairs of a projection without its leverages");
  LMR_TRY(read_people(&s, d, leverage, coef, level, &work, err));
  LMR_TAKE(by_w, &work, n * PAIRS, err);
  LMR_TAKE(by_all, &work, n * PAIRS, err);
  memset(out, 0, k * k * sizeof *out);
  for (size_t first = 0; first < n; first += PAIRS) {
    const size_t count = n - first < PAIRS ? n - first : PAIRS, last = first + count;
    LMR_TRY(between(d->stream->hat, first, last, by_all, n, err));
    LMR_TRY(la_gemm('N', 'T', last, count, d->K, 1, s.w, n, s.w + first, n, 0, by_w, n, err));
    for (size_t j = first; j < last; j++)
      for (size_t i = 0; i < j; i++) {
        const double h = by_all[i + (j - first) * n], w = by_w[i + (j - first) * n];
        const double both = (s.one[i] * h - s.two[i] * w) * (s.one[j] * h - s.two[j] * w);
        for (size_t a = 0; a < k; a++)
          for (size_t c = 0; c < k; c++)
            out[a + c * k] += both * (s.x[j + a * n] * s.x[i + c * n] + s.x[i + a * n] * s.x[j + c * n]);
      }
    if (lmr_tick_poll(tick, (double)last / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}
