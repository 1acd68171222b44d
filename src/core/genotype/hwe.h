/* Exact test of Hardy-Weinberg proportions. */
#ifndef LMR_CORE_HWE_H
#define LMR_CORE_HWE_H

/* p-value given the counts of the three genotypes: the probability, given the
 * allele counts, of a number of heterozygotes at most as likely as the one seen
 * (Wigginton, Cutler & Abecasis 2005, Am J Hum Genet 76:887). NaN when nobody
 * is called, 1 when monomorphic. Counts must not be negative. */
double hwe_exact(int n0, int n1, int n2);

#endif
