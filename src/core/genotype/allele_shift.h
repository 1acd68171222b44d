/* Chi-square test that the allele frequency of a variant is the same in every
 * group: the 2 x groups table of allele counts, missing calls (NaN) left out. */
#ifndef LMR_CORE_ALLELE_SHIFT_H
#define LMR_CORE_ALLELE_SHIFT_H

#include "core/base/status.h"

/* g[n] in [0, 2] (dosages count as fractions); groups without a call do not count
 * in *df. *chisq is NaN when the variant is monomorphic or *df is 0; *fst is
 * chisq / (alleles counted), the share of the variance that lies between groups.
 * count and alleles: work of `groups` doubles each. */
void allele_shift(const double *g, const int *label, size_t n, size_t groups, double *chisq, double *df,
                  double *fst, double *called, double *count, double *alleles);

#endif
