#include "core/curve/curve_moved.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t curve_moved_bytes(size_t n, size_t count) {
  size_t total = lmr_add_bytes(lmr_bytes(n, sizeof(double)), lmr_bytes(n, sizeof(int)));
  total = lmr_add_bytes(total, lmr_bytes((MOVED_CUTS + 1) * count, sizeof(double)));
  return lmr_add_bytes(total, lmr_bytes(MOVED_CUTS + 1, sizeof(double)));
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

lmr_status curve_moved(size_t n, const double *x, const double *q, size_t fixed, size_t count,
                       double *cut, double *next, double *statistic, lmr_arena work, lmr_error *err) {
  double *sorted, *sum, *people;
  int *bin; /* number of cuts below the row */
  LMR_TAKE(sorted, &work, n, err);
  LMR_TAKE(bin, &work, n, err);
  LMR_TAKE(sum, &work, (MOVED_CUTS + 1) * count, err);
  LMR_TAKE(people, &work, MOVED_CUTS + 1, err);
  memcpy(sorted, x, n * sizeof *x);
  qsort(sorted, n, sizeof *sorted, ascending);
  for (size_t j = 0; j < MOVED_CUTS; j++) cut[j] = sorted[n * (j + 1) / (MOVED_CUTS + 1)];
  memset(sum, 0, (MOVED_CUTS + 1) * count * sizeof *sum);
  memset(people, 0, (MOVED_CUTS + 1) * sizeof *people);
  for (size_t i = 0; i < n; i++) {
    int low = 0, high = MOVED_CUTS;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (x[i] > cut[middle]) low = middle + 1;
      else high = middle;
    }
    bin[i] = low;
    people[low]++;
  }
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < n; i++) sum[(size_t)bin[i] + k * (MOVED_CUTS + 1)] += q[i + k * n];
  for (size_t j = MOVED_CUTS; j-- > 0;) { /* tails, from above: of the people beyond cut j */
    people[j] += people[j + 1];
    double left = people[j + 1], explained = 0;
    next[j] = left > 0 ? sorted[n - (size_t)left] : cut[j];
    for (size_t k = 0; k < count; k++) {
      double *s = sum + k * (MOVED_CUTS + 1);
      const double tail = s[j + 1];
      s[j] += tail;
      if (k < fixed) left -= tail * tail;
      else explained += tail * tail;
    }
    const double size = (double)n - ((double)(count + fixed) + 2) / 2;
    const double share = explained / left < 1 - 1e-12 ? explained / left : 1 - 1e-12;
    statistic[j] = left > 1e-8 * people[j + 1] && people[j + 1] > 0 ? -size * log1p(-share) : NAN;
  }
  return LMR_OK;
}
