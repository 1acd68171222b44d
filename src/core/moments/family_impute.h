/* What parents had, from the genotypes of two full siblings (Young et al. 2022, Nat Genet 54:897): the
 * expected mean of the parents' counts given both genotypes and how many alleles the siblings
 * share by descent, under random mating: the parents' four alleles are independent, with the frequency f.
 *   0 shared: all four are seen, the sum is g1 + g2
 *   1 shared (s): three are seen, the sum is g1 + g2 - s + f, s by Bayes where both are heterozygous
 *   2 shared: two are seen, the sum is g1 + 2 f
 * Not known: the mean of the three by their posterior, from 1/4, 1/2, 1/4. */
#ifndef LMR_CORE_FAMILY_IMPUTE_H
#define LMR_CORE_FAMILY_IMPUTE_H

#include <stddef.h>

/* Genotypes 0, 1, 2 of the two, f within (0, 1), shared 0, 1, 2, or another number: not known (so is a
 * number that the genotypes exclude). Half the sum of the parents' four alleles. */
double parent_mean(int g1, int g2, double f, int shared);

/* one, two: pairs x columns, in place. out: pairs x columns, parent_mean() of each. Where a genotype is NaN or
 * f is 0 or 1, the three become 2 f. f: columns x cells; cell: of each pair; shared: pairs x columns or NULL. */
void parent_impute(double *one, double *two, size_t pairs, size_t columns, const double *f, const int *cell,
                   const int *shared, double *out);

#endif
