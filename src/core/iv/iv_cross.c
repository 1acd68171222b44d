#include "core/iv/iv_cross.h"

#include <string.h>

size_t iv_cross_bytes(const iv_data *d) { return iv_block_bytes(d, 0); }

static double dot(const double *x, const double *y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

lmr_status iv_cross(const iv_data *d, const double *column, size_t m, double *out, lmr_cpu level, lmr_arena work,
                    const lmr_tick *tick, lmr_error *err) {
  const size_t n = d->instruments.n, K = d->K, most = K + d->k + 1;
  iv_block b;
  LMR_TRY(iv_block_make(&b, d, 0, &work, err));
  memset(out, 0, most * m * sizeof *out);
  for (size_t first = 0, block = 0; first < n; first += b.rows, block++) {
    const size_t count = n - first < b.rows ? n - first : b.rows;
    iv_block_load(&b, d, first, count, NULL, NULL, level);
    for (size_t j = 0; j < m; j++)
      for (size_t c = 0; c < most; c++)
        out[c + j * most] += dot((c < K ? b.q + c * b.rows : b.xy + (c - K) * b.rows), column + first + j * n, count);
    if (block % 64 == 63 && lmr_tick_poll(tick, (double)first / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}
