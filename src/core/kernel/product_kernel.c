#include "core/kernel/product_kernel.h"

#include "core/la/fastmath.h"
#include "core/la/pivoted_cholesky.h"

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

void product_kernel_column(size_t n, size_t d, const double *x, const double *width,
                           const double *at, double *out, lmr_cpu level) {
  memset(out, 0, n * sizeof *out);
  for (size_t c = 0; c < d; c++) {
    const double *v = x + c * n, scale = -.5 / (width[c] * width[c]), here = at[c];
    for (size_t i = 0; i < n; i++) out[i] += scale * (v[i] - here) * (v[i] - here);
  }
  vexp(out, out, n, level);
}

typedef struct {
  const product_kernel *k;
  lmr_cpu level;
} gram;

static void gram_column(void *matrix, size_t pivot, double *out) {
  const gram *m = matrix;
  const product_kernel *k = m->k;
  double at[PRODUCT_KERNEL_MAX];
  for (size_t c = 0; c < k->d; c++) at[c] = k->x[pivot + c * k->n];
  product_kernel_column(k->n, k->d, k->x, k->width, at, out, m->level);
}

size_t product_kernel_factor_bytes(size_t n) { return lmr_add_bytes(lmr_bytes(n, sizeof(double)), pivoted_cholesky_bytes(n)); }

lmr_status product_kernel_factor(const product_kernel *k, size_t most, double tol, double *f, int *pivot, size_t *rank,
                                 lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (k->d > PRODUCT_KERNEL_MAX)
    return lmr_fail(err, LMR_EINVAL, "product_kernel_factor: more than %d coordinates", PRODUCT_KERNEL_MAX);
  double *left;
  LMR_TAKE(left, &work, k->n, err);
  for (size_t i = 0; i < k->n; i++) left[i] = 1;
  gram m = {k, level};
  const pivoted_matrix matrix = {k->n, most, tol, gram_column, &m};
  return pivoted_cholesky(&matrix, left, f, pivot, rank, NULL, work, tick, err);
}
