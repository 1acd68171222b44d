#include "core/genotype/copies.h"

#include <math.h>

enum { STRETCH = 1024 };

static int outside(double x, double lo, double hi, int whole) {
  return x < lo || x > hi || (whole && x == x && x != rint(x));
}

/* By stretches without a branch inside; the number itself is looked for in one only. */
size_t copies_outside(const double *x, size_t n, double lo, double hi, int whole) {
  for (size_t first = 0; first < n; first += STRETCH) {
    const size_t end = n - first < STRETCH ? n : first + STRETCH;
    int bad = 0;
    for (size_t i = first; i < end; i++) bad |= (x[i] < lo) | (x[i] > hi);
    if (whole)
      for (size_t i = first; i < end; i++) bad |= (x[i] == x[i]) & (x[i] != rint(x[i]));
    if (!bad) continue;
    for (size_t i = first; i < end; i++)
      if (outside(x[i], lo, hi, whole)) return i;
  }
  return n;
}
