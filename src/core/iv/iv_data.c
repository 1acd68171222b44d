#include "core/iv/iv_data.h"

#include <math.h>
#include <string.h>

static size_t block_rows(const iv_data *d) { return tall_rows(d->K + d->L); }

size_t iv_block_bytes(const iv_data *d) {
  const size_t rows = block_rows(d), pq = tall_pad(d->K + d->L), pxy = tall_pad(d->k + 1);
  size_t bytes = lmr_bytes(pq * pq, sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * pq, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * pxy, sizeof(double)));
  return lmr_add_bytes(bytes, 2 * lmr_bytes(rows * (d->k + 1), sizeof(double)));
}

lmr_status iv_block_make(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err) {
  b->rows = block_rows(d);
  b->pq = tall_pad(d->K + d->L);
  b->pxy = tall_pad(d->k + 1);
  LMR_TAKE(b->factor, work, b->pq * b->pq, err);
  LMR_TAKE(b->q, work, b->rows * b->pq, err);
  LMR_TAKE(b->xy, work, b->rows * b->pxy, err);
  LMR_TAKE(b->hat, work, b->rows * (d->k + 1), err);
  LMR_TAKE(b->left, work, b->rows * (d->k + 1), err);
  tall_pad_factor(d->r, d->K + d->L, iv_columns(d), b->factor, b->pq);
  return LMR_OK;
}

void iv_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, const double *coef,
                   double *e, lmr_cpu level) {
  const size_t rows = b->rows, p = iv_columns(d), K = d->K, L = d->L, k = d->k;
  tall_pack(&d->instruments, first, count, b->q, rows);
  tall_pack(&d->response, first, count, b->xy, rows);
  if (coef) {
    memcpy(e, b->xy + k * rows, rows * sizeof *e);
    tall_block_subtract(e, b->q, coef, K, rows, level);
    tall_block_subtract(e, b->xy, coef + K, k, rows, level);
  }
  tall_block_solve(b->q, b->pq, rows, b->factor, b->pq, level);
  for (size_t j = 0; j < k; j++) {
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

void iv_leverage_divide(double *e, const double *h, int power, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double left = 1 - h[i] > 1e-10 ? 1 - h[i] : NAN;
    e[i] /= power == 1 ? sqrt(left) : left;
  }
}
