#include "core/la/pivoted_cholesky.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

#define NOTHING 1e-13 /* of the mean diagonal: rounding */

static size_t largest(const double *left, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (left[i] > left[best]) best = i;
  return best;
}

size_t pivoted_cholesky_bytes(size_t n) { return lmr_add_bytes(lmr_bytes(n, sizeof(double)), lmr_bytes(n, sizeof(size_t))); }

lmr_status pivoted_cholesky(const pivoted_matrix *k, double *left, double *f, int *pivot, size_t *rank, double *rest,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = k->n;
  double *row;
  size_t *taken;
  LMR_TAKE(row, &work, n, err);
  LMR_TAKE(taken, &work, n, err);
  double whole = 0;
  for (size_t i = 0; i < n; i++) whole += left[i];
  if (!isfinite(whole)) return lmr_fail(err, LMR_ENONFINITE, "a diagonal entry of the Gram matrix is not finite");
  double remaining = whole;
  size_t r = 0;
  for (; r < k->most && r < n && remaining > k->tol * whole; r++) {
    const size_t best = largest(left, n);
    if (!(left[best] > NOTHING * whole / (double)n)) break;
    double *column = f + r * n;
    const double root = sqrt(left[best]);
    k->column(k->matrix, best, column);
    for (size_t c = 0; c < r; c++) row[c] = f[best + c * n];
    if (r) LMR_TRY(la_gemm('N', 'N', n, 1, r, -1, f, n, row, r, 1, column, n, err));
    remaining = 0;
    for (size_t c = 0; c < r; c++) column[taken[c]] = 0; /* exactly, as in exact arithmetic */
    for (size_t i = 0; i < n; i++) {
      column[i] = i == best ? root : column[i] / root;
      left[i] = i == best ? 0 : fmax(left[i] - column[i] * column[i], 0);
      remaining += left[i];
    }
    taken[r] = best;
    if (pivot) pivot[r] = (int)best;
    if (lmr_tick_poll(tick, (double)r / (double)k->most)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  *rank = r;
  if (rest) *rest = whole > 0 ? remaining / whole : 0;
  return LMR_OK;
}

size_t pivoted_factor_bytes(size_t n) { return lmr_double_bytes(2, n ? n : 1); }

lmr_status pivoted_factor(double *a, size_t n, double least, double *f, int *pivot, size_t *rank, lmr_arena work,
                          const lmr_tick *tick, lmr_error *err) {
  enum { PANEL = 64 };
  double *left, *row;
  LMR_TAKE(left, &work, n, err);
  LMR_TAKE(row, &work, n, err);
  for (size_t i = 0; i < n; i++) {
    left[i] = a[i + i * n];
    if (!isfinite(left[i])) return lmr_fail(err, LMR_ENONFINITE, "pivoted_factor: diagonal entry %zu is not finite", i + 1);
  }
  size_t r = 0;
  for (size_t first = 0; first < n; first = r) {
    for (; r < n && r - first < PANEL; r++) {
      const size_t best = largest(left, n);
      if (!(left[best] > least && left[best] > 0)) {
        *rank = r;
        return LMR_OK;
      }
      double *column = f + r * n;
      const double root = sqrt(left[best]);
      memcpy(column, a + best * n, best * sizeof *column);
      for (size_t i = best; i < n; i++) column[i] = a[best + i * n];
      for (size_t c = first; c < r; c++) row[c - first] = f[best + c * n];
      if (r > first)
        LMR_TRY(la_gemm('N', 'N', n, 1, r - first, -1, f + first * n, n, row, r - first, 1, column, n, err));
      for (size_t c = 0; c < r; c++) column[pivot[c]] = 0;
      for (size_t i = 0; i < n; i++) {
        column[i] = i == best ? root : column[i] / root;
        left[i] = fmax(left[i] - column[i] * column[i], 0);
      }
      for (size_t c = 0; c < r; c++) left[pivot[c]] = -1;
      left[best] = -1;
      pivot[r] = (int)best;
      if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    }
    if (r < n) LMR_TRY(la_syrk_polled('N', n, r - first, -1, f + first * n, n, 1, a, n, tick, err));
  }
  *rank = r;
  return LMR_OK;
}
