#include "core/genotype/hwe.h"

#include <math.h>

/* P(h + 2) / P(h) for h heterozygotes, given the rare and common homozygotes
 * that go with h. */
static double up(double h, double rare, double common) {
  return 4. * rare * common / ((h + 2.) * (h + 1.));
}

double hwe_exact(int n0, int n1, int n2) {
  const double total = (double)n0 + n1 + n2;
  if (total == 0.) return NAN;
  const double lesser = n0 < n2 ? n0 : n2;
  const double alleles = 2. * lesser + n1; /* copies of the rarer allele */
  if (alleles == 0.) return 1.;
  /* Start at (nearly) the mode, where the relative probability is set to 1, so
   * that nothing overflows; terms too small to matter end each walk. */
  double mode = floor(alleles * (2. * total - alleles) / (2. * total));
  if (fmod(mode + alleles, 2.) != 0.) mode += mode + 1. <= alleles ? 1. : -1.;
  double seen = 1.;
  if (n1 > mode) {
    for (double h = mode; h < n1 && seen > 0.; h += 2.)
      seen *= up(h, (alleles - h) / 2., total - h - (alleles - h) / 2.);
  } else {
    for (double h = mode; h > n1 && seen > 0.; h -= 2.)
      seen /= up(h - 2., (alleles - h + 2.) / 2., total - h + 2. - (alleles - h + 2.) / 2.);
  }
  const double limit = seen * (1. + 1e-8), tiny = seen < 1e-20 ? seen * 1e-10 : 1e-20;
  double sum = 1., tail = 1. <= limit ? 1. : 0., p = 1.;
  for (double h = mode; h + 2. <= alleles && p > tiny; h += 2.) {
    p *= up(h, (alleles - h) / 2., total - h - (alleles - h) / 2.);
    sum += p;
    if (p <= limit) tail += p;
  }
  p = 1.;
  for (double h = mode; h >= 2. && p > tiny; h -= 2.) {
    p /= up(h - 2., (alleles - h + 2.) / 2., total - h + 2. - (alleles - h + 2.) / 2.);
    sum += p;
    if (p <= limit) tail += p;
  }
  return tail / sum;
}
