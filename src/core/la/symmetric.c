#include "core/la/symmetric.h"

#include <math.h>

/* Pairs (i, j) and (j, i) of a tile stay in the cache. */
enum { TILE = 64 };

static int sides_differ(const double *a, size_t n, size_t i0, size_t i1, size_t j0, size_t j1, double most) {
  for (size_t j = j0; j < j1; j++)
    for (size_t i = i0; i < i1; i++)
      if (fabs(a[i + j * n] - a[j + i * n]) > most) return 1;
  return 0;
}

static double largest_of(const double *a, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n * n; i++) largest = fmax(largest, fabs(a[i]));
  return largest;
}

symmetric_fault symmetric_check(const double *a, size_t n, int products, double *root) {
  const double largest = largest_of(a, n), rounding = 1e-9 * largest;
  for (size_t j0 = 0; j0 < n; j0 += TILE)
    for (size_t i0 = 0; i0 <= j0; i0 += TILE) {
      const size_t i1 = i0 + TILE < n ? i0 + TILE : n, j1 = j0 + TILE < n ? j0 + TILE : n;
      if (sides_differ(a, n, i0, i1, j0, j1, 1e-8 * largest)) return SYMMETRIC_SIDES;
    }
  if (!products) return SYMMETRIC_OK;
  for (size_t i = 0; i < n; i++) {
    const double d = a[i + i * n];
    if (d < -rounding) return SYMMETRIC_NEGATIVE;
    root[i] = sqrt(fmax(d, 0));
  }
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++)
      if (fabs(a[i + j * n]) > root[i] * root[j] * (1 + 1e-6) + rounding) return SYMMETRIC_LARGE;
  return SYMMETRIC_OK;
}

double symmetric_squares(const double *a, size_t n, const double *scale) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) {
    const double *column = a + j * n;
    const double own = column[j] * scale[j];
    double above = 0;
    for (size_t i = 0; i < j; i++) above += column[i] * scale[i] * column[i] * scale[i];
    sum += scale[j] * scale[j] * (2 * above + own * own);
  }
  return sum;
}
