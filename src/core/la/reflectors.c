#include "core/la/reflectors.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"
#include "core/la/panel.h"

enum { BLOCK = 64 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Squares that overflow or vanish are taken of scaled values. */
static double norm_of(const double *x, size_t n) {
  double sum = 0, most = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  if (sum > 1e-280 && sum < 1e280) return sqrt(sum);
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(x[i]));
  if (most == 0 || !isfinite(most)) return most;
  sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] / most * (x[i] / most);
  return most * sqrt(sum);
}

double reflector(double *x, size_t n, double *beta) {
  if (!n) return 0;
  const double below = norm_of(x + 1, n - 1), alpha = x[0];
  *beta = alpha;
  x[0] = 1;
  if (below == 0) return 0;
  *beta = alpha > 0 ? -hypot(alpha, below) : hypot(alpha, below);
  for (size_t i = 1; i < n; i++) x[i] /= alpha - *beta;
  return (*beta - alpha) / *beta;
}

size_t reflectors_bytes(size_t m, size_t columns) {
  size_t bytes = lmr_bytes(BLOCK * m, sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, BLOCK * columns));
  return lmr_add_bytes(bytes, lmr_double_bytes(2, BLOCK * BLOCK));
}

/* t (BLOCK x BLOCK, upper): H_1 ... H_k = 1 - V t V'; gram = V'V. */
static void combine(const double *gram, const double *tau, size_t k, double *t) {
  for (size_t j = 0; j < k; j++) {
    for (size_t i = 0; i < j; i++) {
      double s = 0;
      for (size_t l = i; l < j; l++) s += t[i + l * BLOCK] * gram[l + j * BLOCK];
      t[i + j * BLOCK] = -tau[j] * s;
    }
    t[j + j * BLOCK] = tau[j];
    for (size_t i = j + 1; i < BLOCK; i++) t[i + j * BLOCK] = 0;
  }
}

lmr_status reflectors_apply(char trans, const double *v, size_t ldv, const double *tau, size_t m,
                            size_t k, size_t down, double *b, size_t columns, size_t ldb,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!m || !k || !columns) return LMR_OK;
  double *panel, *w, *x, *gram, *t;
  LMR_TAKE(panel, &work, BLOCK * m, err);
  LMR_TAKE(w, &work, BLOCK * columns, err);
  LMR_TAKE(x, &work, BLOCK * columns, err);
  LMR_TAKE(gram, &work, BLOCK * BLOCK, err);
  LMR_TAKE(t, &work, BLOCK * BLOCK, err);
  const size_t blocks = (k + BLOCK - 1) / BLOCK;
  for (size_t s = 0; s < blocks; s++) {
    const size_t first = (trans == 'N' ? blocks - 1 - s : s) * BLOCK, count = smaller(BLOCK, k - first);
    const size_t rows = m - first - down;
    for (size_t j = 0; j < count; j++) {
      double *to = panel + j * rows;
      memset(to, 0, j * sizeof *to);
      to[j] = 1;
      memcpy(to + j + 1, v + first + down + j + 1 + (first + j) * ldv, (rows - j - 1) * sizeof *to);
    }
    double *at = b + first + down;
    LMR_TRY(la_gemm_polled('T', 'N', count, count, rows, 1, panel, rows, panel, rows, 0, gram, BLOCK, tick, err));
    combine(gram, tau + first, count, t);
    LMR_TRY(la_gemm_polled('T', 'N', count, columns, rows, 1, panel, rows, at, ldb, 0, w, BLOCK, tick, err));
    LMR_TRY(la_gemm_polled(trans, 'N', count, columns, count, 1, t, BLOCK, w, BLOCK, 0, x, BLOCK, tick, err));
    LMR_TRY(la_gemm_polled('N', 'N', rows, columns, count, -1, panel, rows, x, BLOCK, 1, at, ldb, tick, err));
  }
  return LMR_OK;
}

size_t reflectors_qr_bytes(size_t m, size_t n) { return reflectors_bytes(m, n); }

lmr_status reflectors_qr(double *a, size_t m, size_t n, size_t ld, double *tau, lmr_arena work,
                         const lmr_tick *tick, lmr_error *err) {
  const lmr_cpu level = lmr_cpu_detect();
  const size_t k = smaller(m, n);
  for (size_t first = 0; first < k; first += BLOCK) {
    const size_t end = smaller(first + BLOCK, k), after = smaller(first + BLOCK, n);
    for (size_t j = first; j < end; j++) {
      double *x = a + j + j * ld, dot[BLOCK], beta;
      tau[j] = reflector(x, m - j, &beta);
      panel_dots(x + ld, ld, m - j, after - j - 1, x, dot, level);
      for (size_t l = 0; l < after - j - 1; l++) {
        dot[l] *= tau[j];
        panel_take_out(x, ld, m - j, 1, dot + l, x + (l + 1) * ld, level);
      }
      x[0] = beta;
      if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    }
    if (after < n)
      LMR_TRY(reflectors_apply('T', a + first * (ld + 1), ld, tau + first, m - first, end - first, 0,
                               a + first + after * ld, n - after, ld, work, tick, err));
  }
  return LMR_OK;
}
