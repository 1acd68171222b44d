#include "core/genotype/variant_rank.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"

enum { CHUNK = 1024 };

static size_t chunk_rows(size_t n) { return n < CHUNK ? (n ? n : 1) : CHUNK; }

size_t variant_rank_bytes(size_t n, size_t p) {
  size_t bytes = lmr_bytes(p * p, sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_bytes(chunk_rows(n) * p, sizeof(double)));
  return lmr_add_bytes(bytes, 2 * lmr_bytes(p, sizeof(double)));
}

lmr_status variant_rank(const double *x, size_t n_all, size_t p, const int *rows,
                        const int *env, size_t n, const double *fill, double tol,
                        int *kept, size_t *rank, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err) {
  const size_t step = chunk_rows(n);
  double *gram, *chunk, *centre, *scale;
  LMR_TAKE(gram, &work, p * p, err);
  LMR_TAKE(chunk, &work, step * p, err);
  LMR_TAKE(centre, &work, p, err);
  LMR_TAKE(scale, &work, p, err);
  for (size_t j = 0; j < p; j++) {
    const double *g = x + j * n_all;
    double sum = 0., ss = 0.;
    for (size_t i = 0; i < n; i++) {
      const double v = g[rows[i]];
      sum += v == v ? v : fill[j + (size_t)env[i] * p];
    }
    const double mean = n ? sum / (double)n : 0.;
    for (size_t i = 0; i < n; i++) {
      const double v = g[rows[i]];
      const double d = (v == v ? v : fill[j + (size_t)env[i] * p]) - mean;
      ss += d * d;
    }
    centre[j] = mean;
    scale[j] = ss > 0. ? 1. / sqrt(ss) : 0.;
  }
  memset(gram, 0, p * p * sizeof *gram);
  for (size_t start = 0; start < n; start += step) {
    if (lmr_tick_poll(tick, (double)start / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    const size_t rows_here = n - start < step ? n - start : step;
    for (size_t j = 0; j < p; j++) {
      const double *g = x + j * n_all;
      for (size_t i = 0; i < rows_here; i++) {
        const double v = g[rows[start + i]];
        chunk[i + j * step] =
            ((v == v ? v : fill[j + (size_t)env[start + i] * p]) - centre[j]) * scale[j];
      }
    }
    LMR_TRY(la_syrk_polled('T', p, rows_here, 1., chunk, step, 1., gram, p, tick, err));
  }
  for (size_t j = 0; j < p; j++)
    if (scale[j] == 0.) gram[j + j * p] = 0.;
  return la_chol_drop_polled(gram, p, p, tol, kept, rank, tick, err);
}
