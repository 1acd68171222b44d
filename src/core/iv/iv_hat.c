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

size_t iv_hat_without_bytes(size_t n, size_t m) {
  return lmr_add_bytes(lmr_double_bytes(1, m * m), lmr_add_bytes(lmr_double_bytes(1, m * n), lmr_bytes(n, sizeof(size_t))));
}

lmr_status iv_hat_without(const double *hat, size_t n, const int *group, size_t m, const double *own, size_t c,
                          double *out, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t left = n - m;
  const lmr_tick before = lmr_tick_before(tick);
  double *inner, *cross;
  size_t *other;
  LMR_TAKE(inner, &work, m * m, err);
  LMR_TAKE(cross, &work, m * n, err);
  LMR_TAKE(other, &work, n, err);
  for (size_t i = 0, g = 0; i < n; i++) {
    if (g < m && (size_t)group[g] == i) g++;
    else other[i - g] = i;
  }
  LMR_TRY(la_syrk_polled('N', m, c, 1, own, m, 0, inner, m, &before, err));
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i <= j; i++) inner[i + j * m] += (i == j) - hat[(size_t)group[i] + (size_t)group[j] * n];
  LMR_TRY(la_chol_polled(inner, m, m, &before, err));
  for (size_t j = 0; j < m; j++)
    if (inner[j + j * m] * inner[j + j * m] < SINGULAR) return lmr_fail(err, LMR_ESINGULAR, "a group takes rank with it");
  for (size_t j = 0; j < left; j++) {
    const double *column = hat + other[j] * n;
    for (size_t i = 0; i < m; i++) cross[i + j * m] = column[group[i]];
    for (size_t i = 0; i <= j; i++) out[i + j * left] = column[other[i]];
  }
  LMR_TRY(la_trsm_polled('L', 'T', m, left, 1, inner, m, cross, m, &before, err));
  return la_syrk_polled('T', left, m, 1, cross, m, 1, out, left, &before, err);
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
  return lmr_add_bytes(bytes, lmr_double_bytes(1, n * PAIRS));
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

lmr_status iv_hat_pairs(const iv_data *d, const double *leverage, const double *coef, double *out, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, k = d->k;
  const double *hat = d->stream->hat;
  people s;
  double *by_w;
  if (!leverage) return lmr_fail(err, LMR_EINVAL, "pairs of a projection without its leverages");
  LMR_TRY(read_people(&s, d, leverage, coef, level, &work, err));
  LMR_TAKE(by_w, &work, n * PAIRS, err);
  memset(out, 0, k * k * sizeof *out);
  for (size_t first = 0; first < n; first += PAIRS) {
    const size_t count = n - first < PAIRS ? n - first : PAIRS, last = first + count;
    LMR_TRY(la_gemm('N', 'T', last, count, d->K, 1, s.w, n, s.w + first, n, 0, by_w, n, err));
    for (size_t j = first; j < last; j++)
      for (size_t i = 0; i < j; i++) {
        const double h = hat[i + j * n], w = by_w[i + (j - first) * n];
        const double both = (s.one[i] * h - s.two[i] * w) * (s.one[j] * h - s.two[j] * w);
        for (size_t a = 0; a < k; a++)
          for (size_t c = 0; c < k; c++)
            out[a + c * k] += both * (s.x[j + a * n] * s.x[i + c * n] + s.x[i + a * n] * s.x[j + c * n]);
      }
    if (lmr_tick_poll(tick, (double)last / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}
