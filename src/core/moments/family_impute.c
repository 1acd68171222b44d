#include "core/moments/family_impute.h"

#include <math.h>

/* Probability of a genotype of two independent alleles. */
static double genotype(int g, double f) { return g == 0 ? (1 - f) * (1 - f) : g == 1 ? 2 * f * (1 - f) : f * f; }

static double allele(int a, double f) { return a == 0 ? 1 - f : a == 1 ? f : 0; }

/* Likelihood of both genotypes, and the expected sum of the four alleles. */
static double state(int g1, int g2, double f, int shared, double *sum) {
  *sum = g1 + g2;
  if (shared == 0) return genotype(g1, f) * genotype(g2, f);
  if (shared == 2) {
    *sum = g1 + 2 * f;
    return g1 == g2 ? genotype(g1, f) : 0;
  }
  double total = 0, mean = 0;
  for (int s = 0; s < 2; s++) {
    const double p = allele(s, f) * allele(g1 - s, f) * allele(g2 - s, f);
    total += p;
    mean += p * (g1 + g2 - s + f);
  }
  if (total > 0) *sum = mean / total;
  return total;
}

double parent_mean(int g1, int g2, double f, int shared) {
  static const double prior[3] = {.25, .5, .25};
  double sum;
  if (shared >= 0 && shared <= 2 && state(g1, g2, f, shared, &sum) > 0) return sum / 2;
  double total = 0, mean = 0;
  for (int k = 0; k < 3; k++) {
    const double p = prior[k] * state(g1, g2, f, k, &sum);
    total += p;
    mean += p * sum;
  }
  return mean / total / 2;
}

void parent_impute(double *one, double *two, size_t pairs, size_t columns, const double *f, const int *cell,
                   const int *shared, double *out) {
  for (size_t j = 0; j < columns; j++)
    for (size_t i = 0; i < pairs; i++) {
      const size_t at = i + j * pairs;
      const double frequency = f[j + (size_t)cell[i] * columns];
      if (isnan(one[at]) || isnan(two[at]) || !(frequency > 0 && frequency < 1)) {
        one[at] = two[at] = out[at] = 2 * frequency;
        continue;
      }
      out[at] = parent_mean((int)one[at], (int)two[at], frequency, shared ? shared[at] : -1);
    }
}
