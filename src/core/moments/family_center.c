#include "core/moments/family_center.h"

#include <math.h>
#include <string.h>

lmr_status family_center(double *x, size_t n, size_t columns, const int *family, size_t families, double *sum,
                         double *count, lmr_error *err) {
  for (size_t i = 0; i < n; i++)
    if (family[i] < 0 || (size_t)family[i] >= families)
      return lmr_fail(err, LMR_EINVAL, "family %d of %zu", family[i] + 1, families);
  for (size_t j = 0; j < columns; j++, x += n) {
    memset(sum, 0, families * sizeof *sum);
    memset(count, 0, families * sizeof *count);
    for (size_t i = 0; i < n; i++) {
      if (isnan(x[i])) continue;
      sum[family[i]] += x[i];
      count[family[i]]++;
    }
    for (size_t i = 0; i < n; i++) {
      const int f = family[i];
      x[i] = isnan(x[i]) || count[f] < 2 ? 0 : x[i] - sum[f] / count[f];
    }
  }
  return LMR_OK;
}

void parent_center(double *child, double *father, const double *mother, size_t n, size_t columns) {
  for (size_t j = 0; j < columns; j++, child += n, father += n, mother += n) {
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
      father[i] = (father[i] + mother[i]) / 2;
      if (isnan(father[i])) continue;
      sum += father[i];
      known++;
    }
    const double mean = known ? sum / (double)known : 0;
    for (size_t i = 0; i < n; i++) {
      child[i] = isnan(child[i]) || isnan(father[i]) ? 0 : child[i] - father[i];
      if (isnan(father[i])) father[i] = mean;
    }
  }
}

void parent_errors(const double *child, const double *father, const double *mother, size_t entries, size_t *errors,
                   size_t *known) {
  *errors = *known = 0;
  for (size_t i = 0; i < entries; i++) {
    if (isnan(child[i]) || isnan(father[i]) || isnan(mother[i])) continue;
    const double least = fmax(father[i] - 1, 0) + fmax(mother[i] - 1, 0);
    const double most = fmin(father[i], 1) + fmin(mother[i], 1);
    ++*known;
    *errors += child[i] < least - .5 || child[i] > most + .5;
  }
}
