/* The genotypes of one variant of a BGEN file (layout 2), unpacked: for each sample its copies of the
 * chromosome and whether its genotype is missing, then probabilities of B bits, in steps
 * of 1 / (2^B - 1). A missing genotype's probabilities are stored as 0, which read as they are
 * would be two copies: the flag is what counts. One copy (X, Y, MT in men) is taken twice, as PLINK's
 * files do; a sample without a copy is missing; more than two are refused. */
#ifndef LMR_CORE_BGEN_BLOCK_H
#define LMR_CORE_BGEN_BLOCK_H

#include "core/base/status.h"

typedef struct {
  size_t n;                /* samples */
  unsigned alleles, bits;
  int phased, all_diploid;
  const uint8_t *ploidy;   /* n bytes: low six bits copies, highest bit missing */
  const uint8_t *packed;   /* bit fields */
  size_t packed_size;
} bgen_block;

enum { BGEN_DOSAGE_BITS = 14 }; /* up to here numerators fit the 16 bits of core/genotype/dosage.h */

/* The largest numerator of a probability, the scale of the dosages: 2^bits - 1. */
static inline uint64_t bgen_scale(const bgen_block *block) { return (UINT64_C(1) << block->bits) - 1; }

/* The parts of `size` bytes, which stay the caller's. LMR_EFORMAT, with a message that ends a
 * sentence about the variant, when they are not what n samples and so many alleles have. */
lmr_status bgen_block_open(bgen_block *block, const uint8_t *bytes, size_t size, size_t n, unsigned alleles, lmr_error *err);

/* Expected copies of allele `allele` (from 0; 1 is the second) of the n samples, NaN where
 * missing: the numerator over bgen_scale(), rounded once. LMR_EFORMAT when the
 * probabilities of a sample are more than 1. */
lmr_status bgen_block_values(const bgen_block *block, unsigned allele, double *to, lmr_error *err);

/* The same as centred numerators, INT16_MIN where missing; bits up to BGEN_DOSAGE_BITS. */
lmr_status bgen_block_dosages(const bgen_block *block, unsigned allele, int16_t *to, lmr_error *err);

#endif
