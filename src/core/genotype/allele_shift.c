#include "core/genotype/allele_shift.h"

#include <math.h>

void allele_shift(const double *g, const int *label, size_t n, size_t groups, double *chisq, double *df,
                  double *fst, double *called, double *count, double *alleles) {
  for (size_t e = 0; e < groups; e++) count[e] = alleles[e] = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(g[i])) count[label[i]] += g[i], alleles[label[i]] += 2;
  double all = 0, total = 0, sum = 0, used = 0;
  for (size_t e = 0; e < groups; e++) all += count[e], total += alleles[e];
  const double p = all / total;
  for (size_t e = 0; e < groups; e++)
    if (alleles[e] > 0) {
      const double off = count[e] / alleles[e] - p;
      sum += alleles[e] * off * off;
      used++;
    }
  *called = total / 2;
  *df = used > 1 ? used - 1 : 0;
  *chisq = *df > 0 && p > 0 && p < 1 ? sum / (p * (1 - p)) : NAN;
  *fst = *chisq / total;
}
