#include "core/la/impute.h"

#include <math.h>

void impute(const double *x, size_t n, size_t p, const int *group, const double *values, const double *center,
            double *out) {
  for (size_t j = 0; j < p; j++) {
    const double *from = x + j * n, mid = center ? center[j] : 0;
    double *to = out + j * n;
    for (size_t i = 0; i < n; i++) to[i] = (isnan(from[i]) ? values[j + p * (size_t)group[i]] : from[i]) - mid;
  }
}
