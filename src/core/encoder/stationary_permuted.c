#include "core/encoder/stationary_permuted.h"

#include "core/base/rng.h"
#include "core/la/tall_moments.h"

#include <string.h>

static size_t used_rows(size_t n) { return n < STATIONARY_PERMUTED_ROWS ? n : STATIONARY_PERMUTED_ROWS; }

size_t stationary_permuted_bytes(size_t n, size_t q, size_t environments) {
  const size_t rows = used_rows(n);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, rows * q), lmr_bytes(rows, sizeof(int)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(environments, sizeof(size_t)), lmr_bytes(q, sizeof(double *))));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, environments * q * q));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, environments * q), lmr_double_bytes(1, q)));
  const size_t eigen = la_eigen_bytes(q), moments = tall_moments_bytes(q);
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, q * q), eigen > moments ? eigen : moments));
}

lmr_status stationary_permuted(const double *code, size_t n, size_t q, const int *environment, size_t environments,
                               size_t draws, uint64_t seed, double *largest, lmr_cpu level, lmr_arena work,
                               const lmr_tick *tick, lmr_error *err) {
  const size_t rows = used_rows(n);
  double *x, *mean, *deviation, *values, *m, *part;
  const double **col;
  int *order;
  size_t *size;
  LMR_TAKE(x, &work, rows * q, err);
  LMR_TAKE(order, &work, rows, err);
  LMR_TAKE(size, &work, environments, err);
  LMR_TAKE(col, &work, q, err);
  LMR_TAKE(deviation, &work, environments * q * q, err);
  LMR_TAKE(mean, &work, environments * q, err);
  LMR_TAKE(values, &work, q, err);
  LMR_TAKE(m, &work, q * q, err);
  LMR_TAKE(part, &work, q * q, err);
  memset(size, 0, environments * sizeof *size);
  for (size_t i = 0; i < rows; i++) {
    const size_t from = (size_t)((double)i * (double)n / (double)rows);
    for (size_t j = 0; j < q; j++) x[i + j * rows] = code[from + j * n];
    size[environment[from]]++;
  }
  for (size_t j = 0; j < q; j++) col[j] = x + j * rows;
  for (size_t i = 0; i < draws; i++) {
    if (lmr_tick_poll(tick, (double)i / (double)draws)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, i);
    for (size_t r = 0; r < rows; r++) order[r] = (int)r;
    lmr_rng_shuffle(&rng, order, rows);
    size_t first = 0;
    for (size_t e = 0; e < environments; e++) {
      double *s = deviation + e * q * q;
      LMR_TRY(tall_moments(col, order + first, size[e], q, mean + e * q, s, level, work, err));
      for (size_t j = 0; j < q; j++) s[j + j * q] -= 1;
      first += size[e];
    }
    for (size_t k = 1; k <= q; k++) {
      memset(m, 0, k * k * sizeof *m);
      for (size_t e = 0; e < environments; e++) {
        const double share = (double)size[e] / (double)rows;
        if (!size[e]) continue;
        LMR_TRY(la_syrk('N', k, k, share / 2, deviation + e * q * q, q, 1, m, k, err));
        LMR_TRY(la_syrk('N', k, 1, share, mean + e * q, q, 1, m, k, err));
      }
      LMR_TRY(la_eigen_top(m, k, k, 1, values, part, k, work, err));
      largest[i + draws * (k - 1)] = values[0] * (double)rows / (double)n;
    }
  }
  return LMR_OK;
}
