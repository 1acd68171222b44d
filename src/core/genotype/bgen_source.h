/* Genotypes of BGEN files as a source of values and dosages (core/genotype/source.h). */
#ifndef LMR_CORE_BGEN_SOURCE_H
#define LMR_CORE_BGEN_SOURCE_H

#include "core/base/arena.h"
#include "core/genotype/bgen_block.h"
#include "core/genotype/bgen_file.h"
#include "core/genotype/bgen_unpack.h"
#include "core/genotype/source.h"

/* For each variant its file (0-based), the byte where it begins there, its position and number of
 * alleles, which must be those that are found there, and the allele whose copies
 * are counted (0-based; 1 is the second). Refused when a file has changed since it was looked at. */
typedef struct {
  const char *const *path;
  const double *size, *mtime;
  const int *file;
  const double *start, *pos;
  const int *alleles, *allele;
  /* What follows is the source's own. */
  bgen_file open;
  int current; /* file that is open, or -1 */
  bgen_unpacker unpacker;
  lmr_arena unpack;
  uint8_t *window, *packed, *unpacked;
  size_t packed_size, unpacked_size;
  double *column;
} bgen_places;

/* most_packed: bytes of the largest variant in the files (it is refused when it is larger);
 * alleles: most of one variant. `work` has bgen_source_bytes() and stays as long as the source. */
size_t bgen_source_bytes(size_t people, size_t most_packed, size_t alleles);
lmr_status bgen_source(genotype_source *source, bgen_places *from, size_t people, size_t variants, size_t most_packed,
                       size_t alleles, lmr_arena work, lmr_error *err);

/* Width and phase of the genotypes of variant v. Its `dosages` are there up to BGEN_DOSAGE_BITS: the
 * caller looks at the first of a file, and LMR_EFORMAT refuses a later one that has more. */
lmr_status bgen_source_bits(genotype_source *source, size_t v, unsigned *bits, int *phased, lmr_error *err);

#endif
