#include "core/la/standardise.h"

#include <math.h>

size_t standardise(const double *x, size_t n, size_t d, double *out, double *sd) {
  size_t varying = 0;
  for (size_t j = 0; j < d; j++) {
    const double *from = x + j * n;
    double *to = out + j * n, mean = 0, var = 0, seen = 0, largest = 0;
    for (size_t i = 0; i < n; i++)
      if (!isnan(from[i])) mean += from[i], seen++, largest = fmax(largest, fabs(from[i]));
    mean = seen > 0 ? mean / seen : 0;
    for (size_t i = 0; i < n; i++)
      if (!isnan(from[i])) var += (from[i] - mean) * (from[i] - mean);
    sd[j] = seen > 0 ? sqrt(var / seen) : 0;
    if (sd[j] <= 1e-12 * largest) sd[j] = 0;
    varying += sd[j] > 0;
    for (size_t i = 0; i < n; i++) to[i] = isnan(from[i]) || sd[j] == 0 ? 0 : (from[i] - mean) / sd[j];
  }
  return varying;
}
