#include "core/la/tall_moments.h"

#include <string.h>

size_t tall_moments_bytes(size_t q) {
  const size_t pad = tall_pad(q);
  return lmr_add_bytes(lmr_double_bytes(1, tall_rows(q) * pad), lmr_double_bytes(1, pad * pad));
}

lmr_status tall_moments(const double *const *col, const int *order, size_t count, size_t q, double *mean,
                        double *cov, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t pad = tall_pad(q), rows = tall_rows(q);
  double *block, *sum;
  LMR_TAKE(block, &work, rows * pad, err);
  LMR_TAKE(sum, &work, pad * pad, err);
  const tall_source source = {col, count, q, NULL, order};
  memset(sum, 0, pad * pad * sizeof *sum);
  memset(mean, 0, q * sizeof *mean);
  for (size_t first = 0; first < count; first += rows) {
    const size_t some = count - first < rows ? count - first : rows;
    tall_pack(&source, first, some, block, rows);
    for (size_t j = 0; j < q; j++)
      for (size_t i = 0; i < some; i++) mean[j] += block[i + j * rows];
    tall_block_cross(block, pad, block, pad, rows, 1, sum, pad, level);
  }
  const double n = count ? (double)count : 1;
  for (size_t j = 0; j < q; j++) mean[j] /= n;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i <= j; i++) cov[i + j * q] = cov[j + i * q] = sum[i + j * pad] / n - mean[i] * mean[j];
  return LMR_OK;
}
