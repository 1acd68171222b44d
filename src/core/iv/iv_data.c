#include "core/iv/iv_data.h"

#include <math.h>
#include <string.h>

#include "core/iv/iv_stream_block.h"

size_t iv_block_rows(const iv_data *d) {
  return d->stream ? iv_stream_block_rows(d->stream) : tall_rows(d->K + d->L);
}

/* Sums over the columns of Z read four at a time, from the first of them on (iv_gram.c); of a
 * stream they are written in strips of four. */
static size_t q_columns(const iv_data *d) {
  const size_t all = tall_pad(d->K + d->L), z = d->K + tall_pad(d->L) + (d->stream ? 3 : 0);
  return all > z ? all : z;
}

size_t iv_block_share_bytes(const iv_data *d) {
  const size_t rows = iv_block_rows(d), pxy = tall_pad(d->k + 1);
  size_t bytes = d->stream ? iv_stream_block_share_bytes(d) : 0;
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * q_columns(d)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * pxy));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, rows * (d->k + 1)), lmr_double_bytes(2, rows)));
}

lmr_status iv_block_share(iv_block *b, const iv_block *of, const iv_data *d, lmr_arena *work, lmr_error *err) {
  *b = *of;
  LMR_TAKE(b->q, work, b->rows * q_columns(d), err);
  LMR_TAKE(b->xy, work, b->rows * b->pxy, err);
  LMR_TAKE(b->hat, work, b->rows * (d->k + 1), err);
  LMR_TAKE(b->left, work, b->rows * (d->k + 1), err);
  LMR_TAKE(b->hw, work, b->rows, err);
  LMR_TAKE(b->hz, work, b->rows, err);
  memset(b->q, 0, b->rows * q_columns(d) * sizeof *b->q);
  return d->stream ? iv_stream_block_share(b, d, work, err) : LMR_OK;
}

size_t iv_block_bytes(const iv_data *d, int want) {
  const size_t pq = tall_pad(d->K + d->L);
  return lmr_add_bytes(iv_block_share_bytes(d), d->stream ? iv_stream_block_bytes(d, want) : lmr_double_bytes(1, pq * pq));
}

lmr_status iv_block_make(iv_block *b, const iv_data *d, int want, lmr_arena *work, lmr_error *err) {
  const iv_block empty = {
    .want = want, .rows = iv_block_rows(d), .pq = tall_pad(d->K + d->L), .pxy = tall_pad(d->k + 1)
  };
  LMR_TRY(iv_block_share(b, &empty, d, work, err));
  if (d->stream) return iv_stream_block_make(b, d, work, err);
  LMR_TAKE(b->factor, work, b->pq * b->pq, err);
  tall_pad_factor(d->r, d->K + d->L, iv_columns(d), b->factor, b->pq);
  return LMR_OK;
}

/* hat and left from q. */
static void split_exposure(iv_block *b, const iv_data *d, lmr_cpu level) {
  const size_t rows = b->rows, p = iv_columns(d), K = d->K, L = d->L;
  for (size_t j = 0; j < d->k; j++) {
    const double *r = d->r + (K + L + j) * p, *x = b->xy + j * rows;
    double *hat = b->hat + j * rows, *left = b->left + j * rows;
    memcpy(left, x, rows * sizeof *left);
    memset(hat, 0, rows * sizeof *hat);
    tall_block_subtract(left, b->q, r, K, rows, level);
    tall_block_subtract(hat, b->q + K * rows, r + K, L, rows, level);
    for (size_t i = 0; i < rows; i++) {
      left[i] += hat[i]; /* still with the sign turned */
      hat[i] = -hat[i];
    }
  }
}

void iv_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, const double *coef,
                   double *e, lmr_cpu level) {
  const size_t rows = b->rows, K = d->K, k = d->k;
  if (d->stream) {
    iv_stream_block_load(b, d, first, count, level);
    if (d->stream->given) split_exposure(b, d, level);
  } else {
    tall_pack(&d->instruments, first, count, b->q, rows);
    tall_pack(&d->response, first, count, b->xy, rows);
  }
  if (coef) {
    memcpy(e, b->xy + k * rows, rows * sizeof *e);
    tall_block_subtract(e, b->q, coef, K, rows, level);
    tall_block_subtract(e, b->xy, coef + K, k, rows, level);
  }
  if (d->stream) return;
  tall_block_solve(b->q, b->pq, rows, b->factor, b->pq, level);
  split_exposure(b, d, level);
  if (!(b->want & IV_LEVERAGE)) return;
  memset(b->hw, 0, rows * sizeof *b->hw);
  memset(b->hz, 0, rows * sizeof *b->hz);
  tall_block_add_squares(b->hw, b->q, K, rows, level);
  tall_block_add_squares(b->hz, b->q + K * rows, d->L, rows, level);
}

void iv_leverage_divide(double *e, const double *h, int power, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double left = 1 - h[i] > 1e-10 ? 1 - h[i] : NAN;
    e[i] /= power == 1 ? sqrt(left) : left;
  }
}
