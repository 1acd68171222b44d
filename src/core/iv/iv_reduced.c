#include "core/iv/iv_reduced.h"

#include <string.h>

#include "core/iv/score_squares.h"

size_t iv_reduced_bytes(const iv_data *d, size_t clusters) {
  const size_t width = (d->k + 1) * d->L, rows = iv_block_rows(d);
  size_t bytes = lmr_add_bytes(iv_block_bytes(d, IV_Q), score_squares_bytes(width, clusters));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * tall_pad(width)));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, rows));
}

/* A column of X (at < k) or y (at = k) less what the covariates explain of it. */
static void residual(const iv_data *d, const iv_block *b, size_t at, double *a, lmr_cpu level) {
  const size_t rows = b->rows;
  const double *r = d->r + (d->K + d->L + at) * iv_columns(d);
  memcpy(a, b->xy + at * rows, rows * sizeof *a);
  tall_block_subtract(a, b->q, r, d->K, rows, level);
}

lmr_status iv_reduced(const iv_data *d, const int *cluster, size_t clusters, double *omega, lmr_cpu level,
                      lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, L = d->L, width = (d->k + 1) * L;
  iv_block b;
  score_squares squares;
  LMR_TRY(iv_block_make(&b, d, IV_Q, &work, err));
  LMR_TRY(score_squares_make(&squares, width, cluster, clusters, &work, err));
  const size_t rows = b.rows;
  double *scores, *left;
  LMR_TAKE(scores, &work, rows * tall_pad(width), err);
  LMR_TAKE(left, &work, rows, err);
  memset(scores, 0, rows * tall_pad(width) * sizeof *scores);
  for (size_t start = 0; start < n; start += rows) {
    const size_t count = n - start < rows ? n - start : rows;
    iv_block_load(&b, d, start, count, NULL, NULL, level);
    for (size_t v = 0; v <= d->k; v++) {
      residual(d, &b, v == 0 ? d->k : v - 1, left, level);
      tall_block_scale(scores + v * L * rows, b.q + d->K * rows, left, L, rows, level);
    }
    score_squares_add(&squares, scores, start, count, rows, level);
    if (start / rows % 64 == 63 && lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return score_squares_finish(&squares, omega, level, work, tick, err);
}
