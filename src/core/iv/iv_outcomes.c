#include "core/iv/iv_outcomes.h"

#include <string.h>

#include "core/iv/score_squares.h"

size_t iv_outcomes_bytes(const iv_data *d, const iv_outcome_options *o) {
  const size_t rows = iv_block_rows(d), q = d->L + 1;
  size_t bytes = lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(1, rows * tall_pad(d->K + d->L)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, rows * tall_pad(q)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, rows), lmr_bytes(d->k, sizeof(score_squares))));
  for (size_t j = 0; j < d->k; j++)
    bytes = lmr_add_bytes(bytes, score_squares_bytes(q, o->cluster ? o->clusters : 0));
  return bytes;
}

/* The residuals of the outcomes, a column each; raw: W and Z as packed. */
static void residuals(const iv_data *d, const iv_outcome_options *o, const iv_block *b, const double *raw,
                      double *e, lmr_cpu level) {
  const size_t rows = b->rows, K = d->K, L = d->L, k = d->k;
  memcpy(e, b->xy + k * rows, rows * sizeof *e);
  memcpy(e + rows, raw + K * rows, L * rows * sizeof *e);
  for (size_t a = 0; a <= L; a++) {
    const double *coef = o->coef + a * (K + k);
    tall_block_subtract(e + a * rows, raw, coef, K, rows, level);
    tall_block_subtract(e + a * rows, b->xy, coef + K, k, rows, level);
  }
}

lmr_status iv_outcomes(const iv_data *d, const iv_outcome_options *o, double *v, lmr_cpu level,
                       lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, q = d->L + 1, k = d->k;
  iv_block b;
  LMR_TRY(iv_block_make(&b, d, IV_Q, &work, err));
  const size_t rows = b.rows;
  double *raw, *e, *scores, *h;
  score_squares *sums;
  LMR_TAKE(raw, &work, rows * b.pq, err);
  LMR_TAKE(e, &work, rows * tall_pad(q), err);
  LMR_TAKE(scores, &work, rows * tall_pad(q), err);
  LMR_TAKE(h, &work, rows, err);
  LMR_TAKE(sums, &work, k, err);
  for (size_t j = 0; j < k; j++) LMR_TRY(score_squares_make(&sums[j], q, o->cluster, o->clusters, &work, err));
  memset(scores, 0, rows * tall_pad(q) * sizeof *scores);
  for (size_t start = 0; start < n; start += rows) {
    const size_t count = n - start < rows ? n - start : rows;
    iv_block_load(&b, d, start, count, NULL, NULL, level);
    tall_pack(&d->instruments, start, count, raw, rows);
    residuals(d, o, &b, raw, e, level);
    for (size_t j = 0; j < k; j++) {
      memset(h, 0, rows * sizeof *h);
      for (size_t l = 0; l < k; l++) {
        const double f = o->hinv[j + l * k];
        for (size_t i = 0; i < rows; i++) h[i] += f * (b.hat[i + l * rows] + o->shift * b.left[i + l * rows]);
      }
      if (o->power) iv_leverage_divide(h, o->leverage + start, o->power, count);
      tall_block_scale(scores, e, h, q, rows, level);
      score_squares_add(&sums[j], scores, start, count, rows, level);
    }
    if (start / rows % 16 == 15 && lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t j = 0; j < k; j++)
    LMR_TRY(score_squares_finish(&sums[j], v + j * q * q, level, work, tick, err));
  return LMR_OK;
}
