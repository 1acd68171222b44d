#include "core/kernel/kernel_conditional.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"
#include "core/kernel/low_rank.h"
#include "core/la/tall.h"

#define KCI_EPS 1e-3
#define KCI_TOL 1e-8

enum { CHUNK = 1024 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t kci_bytes(size_t n, size_t groups) {
  const size_t rx = least(n, KCI_RANK_X), rs = least(n, KCI_RANK_S), w = rx + groups, wide = rx * groups;
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, n * w), lmr_double_bytes(1, n * rs));
  bytes = lmr_add_bytes(bytes, low_rank_bytes(n));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, rs * rs), lmr_double_bytes(1, rs * w)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, CHUNK * wide), lmr_double_bytes(2, wide * wide)));
  return lmr_add_bytes(bytes, tall_crossprod_bytes(wide > rs ? wide : rs));
}

static void centre(double *g, size_t n, size_t columns) {
  for (size_t c = 0; c < columns; c++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += g[i + c * n];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) g[i + c * n] -= mean;
  }
}

/* f := R f for the centred factor g of Ks. */
static lmr_status residuals(const double *g, size_t rs, double *f, size_t w, size_t n, lmr_cpu level,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!rs) return LMR_OK;
  double *gg, *gf;
  LMR_TAKE(gg, &work, rs * rs, err);
  LMR_TAKE(gf, &work, rs * w, err);
  LMR_TRY(tall_crossprod(g, n, rs, n, NULL, gg, level, work, tick, err));
  for (size_t c = 0; c < rs; c++) gg[c * (rs + 1)] += KCI_EPS;
  LMR_TRY(la_gemm('T', 'N', rs, w, n, 1, g, n, f, n, 0, gf, rs, err));
  LMR_TRY(la_chol(gg, rs, rs, err));
  LMR_TRY(la_trsm('L', 'T', rs, w, 1, gg, rs, gf, rs, err));
  LMR_TRY(la_trsm('L', 'N', rs, w, 1, gg, rs, gf, rs, err));
  return la_gemm('N', 'N', n, w, rs, -1, g, n, gf, rs, 1, f, n, err);
}

lmr_status kci_groups(const lmr_points *xs, const lmr_points *s, const int *label, size_t groups,
                      kci_result *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                      lmr_error *err) {
  const size_t n = xs->n, limit_x = least(n, KCI_RANK_X), limit_s = least(n, KCI_RANK_S);
  double *f, *g;
  size_t rx, rs;
  LMR_TAKE(f, &work, n * (limit_x + groups), err);
  LMR_TAKE(g, &work, n * limit_s, err);
  LMR_TRY(low_rank(xs, KCI_TOL, limit_x, f, &rx, &out->rest_x, level, work, tick, err));
  LMR_TRY(low_rank(s, KCI_TOL, limit_s, g, &rs, &out->rest_s, level, work, tick, err));
  double *y = f + rx * n;
  memset(y, 0, n * groups * sizeof *y);
  for (size_t i = 0; i < n; i++) y[i + (size_t)label[i] * n] = 1;
  centre(f, n, rx + groups);
  centre(g, n, rs);
  LMR_TRY(residuals(g, rs, f, rx + groups, n, level, work, tick, err));
  /* w_i = (row of x) outer (row of y): sum(A . B) = |sum_i w_i|^2, M = WW'. */
  const size_t wide = rx * groups;
  double *w, *part, *gram;
  LMR_TAKE(w, &work, CHUNK * wide, err);
  LMR_TAKE(part, &work, wide * wide, err);
  LMR_TAKE(gram, &work, wide * wide, err);
  memset(gram, 0, wide * wide * sizeof *gram);
  double sum_squares = 0;
  for (size_t first = 0; first < n; first += CHUNK) {
    const size_t count = least(CHUNK, n - first);
    for (size_t e = 0; e < groups; e++)
      for (size_t c = 0; c < rx; c++) {
        double *to = w + (c + e * rx) * CHUNK;
        const double *fc = f + first + c * n, *ye = y + first + e * n;
        for (size_t i = 0; i < count; i++) to[i] = fc[i] * ye[i];
      }
    LMR_TRY(tall_crossprod(w, count, wide, CHUNK, NULL, part, level, work, NULL, err));
    for (size_t e = 0; e < wide * wide; e++) gram[e] += part[e];
    if (lmr_tick_poll(tick, (double)first / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  out->mean = 0;
  for (size_t e = 0; e < wide; e++) out->mean += gram[e * (wide + 1)];
  for (size_t e = 0; e < wide * wide; e++) sum_squares += gram[e] * gram[e];
  out->variance = 2 * sum_squares;
  out->statistic = 0;
  for (size_t e = 0; e < groups; e++)
    for (size_t c = 0; c < rx; c++) {
      double t = 0;
      for (size_t i = 0; i < n; i++) t += f[i + c * n] * y[i + e * n];
      out->statistic += t * t;
    }
  return LMR_OK;
}
