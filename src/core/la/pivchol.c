#include "core/la/pivchol.h"

#include "core/la/fastmath.h"
#include "core/la/la.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Pairs with distance <= gap among sorted values, by two hands. */
static double pairs_within(size_t n, const double *sorted, double gap) {
  double count = 0;
  for (size_t i = 0, j = 0; j < n; j++) {
    while (sorted[j] - sorted[i] > gap) i++;
    count += (double)(j - i);
  }
  return count;
}

double coordinate_median(size_t n, const double *x, double *work) {
  memcpy(work, x, n * sizeof *work);
  qsort(work, n, sizeof *work, ascending);
  const double half = .5 * (double)n * (double)(n - 1) / 2;
  if (pairs_within(n, work, 0) >= half) { /* mostly ties */
    double mean = 0, ss = 0;
    for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) ss += (x[i] - mean) * (x[i] - mean);
    return sqrt(ss / (double)(n - 1));
  }
  double lo = 0, hi = work[n - 1] - work[0];
  while (hi - lo > 1e-9 * hi) {
    const double mid = .5 * (lo + hi);
    if (pairs_within(n, work, mid) < half) lo = mid; else hi = mid;
  }
  return hi;
}

void product_kernel_column(size_t n, size_t d, const double *x, const double *width, const double *at, double *out,
                           lmr_cpu level) {
  memset(out, 0, n * sizeof *out);
  for (size_t c = 0; c < d; c++) {
    const double *v = x + c * n, scale = -.5 / (width[c] * width[c]), here = at[c];
    for (size_t i = 0; i < n; i++) out[i] += scale * (v[i] - here) * (v[i] - here);
  }
  vexp(out, out, n, level);
}

size_t pivchol_bytes(size_t n) { return lmr_add_bytes(lmr_bytes(n, 2 * sizeof(double)), lmr_bytes(64, sizeof(double))); }

lmr_status pivchol(size_t n, size_t d, const double *x, const double *width, size_t most, double tol, double *f,
                   int *pivot, size_t *rank, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *left, *row, *at;
  LMR_TAKE(left, &work, n, err);
  LMR_TAKE(at, &work, d > 64 ? 0 : 64, err);
  if (d > 64) return lmr_fail(err, LMR_EINVAL, "pivchol: more than 64 coordinates");
  LMR_TAKE(row, &work, n, err);
  for (size_t i = 0; i < n; i++) left[i] = 1;
  size_t k = 0;
  for (; k < most && k < n; k++) {
    size_t best = 0;
    double trace = 0;
    for (size_t i = 0; i < n; i++) {
      trace += left[i];
      if (left[i] > left[best]) best = i;
    }
    if (trace <= tol * (double)n || left[best] < 1e-13) break;
    for (size_t c = 0; c < d; c++) at[c] = x[best + c * n];
    double *column = f + k * n;
    product_kernel_column(n, d, x, width, at, column, level);
    for (size_t j = 0; j < k; j++) row[j] = f[best + j * n];
    if (k) LMR_TRY(la_gemm('N', 'N', n, 1, k, -1, f, n, row, k, 1, column, n, err));
    const double root = sqrt(left[best]);
    for (size_t i = 0; i < n; i++) {
      column[i] /= root;
      left[i] -= column[i] * column[i];
      if (left[i] < 0) left[i] = 0;
    }
    for (size_t j = 0; j < k; j++) column[pivot[j]] = 0; /* exactly, as in exact arithmetic */
    column[best] = root;
    left[best] = 0;
    pivot[k] = (int)best;
    if (lmr_tick_poll(tick, (double)k / (double)most)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  *rank = k;
  return LMR_OK;
}
