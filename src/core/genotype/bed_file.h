/* PLINK 1 bed file, variant-major: three magic bytes, then for each variant
 * ceil(n / 4) bytes of 2-bit codes, first sample in the lowest bits. The counted
 * allele is A1 (column 5 of the bim file): code 0 two copies, 1 missing,
 * 2 one copy, 3 none. https://www.cog-genomics.org/plink/1.9/formats#bed */
#ifndef LMR_CORE_BED_FILE_H
#define LMR_CORE_BED_FILE_H

#include "core/base/input_file.h"

typedef struct {
  input_file in; /* in.size and in.mtime identify what was opened */
  size_t n_samples, n_variants;
  size_t stride; /* bytes of one variant */
} bed_file;

static inline size_t bed_stride(size_t n_samples) {
  return n_samples / 4 + (n_samples % 4 != 0);
}

/* Opens and checks magic, order and size. On failure nothing is left open. */
lmr_status bed_open(bed_file *bed, const char *path, size_t n_samples,
                    size_t n_variants, lmr_error *err);

/* The same for a file that was opened before: LMR_EFORMAT when its size or time
 * of modification is no longer what it was. */
lmr_status bed_reopen(bed_file *bed, const char *path, size_t n_samples,
                      size_t n_variants, uint64_t size, double mtime, lmr_error *err);

/* `count` variants from `first` (0-based): count * stride raw bytes. LMR_EFORMAT when
 * the file was written since it was opened, or when a variant has a genotype after
 * that of the last sample. With stride 0 (no samples) nothing is read. */
lmr_status bed_read(bed_file *bed, size_t first, size_t count, uint8_t *dest,
                    lmr_error *err);

/* The last byte of up to `most` variants spread evenly over the file: LMR_EFORMAT as
 * bed_read(). `unset`: how many of the `looked` have code 0 for the last sample, which
 * is also what the place of nobody holds. */
lmr_status bed_look(bed_file *bed, size_t most, size_t *looked, size_t *unset, lmr_error *err);

/* May be called twice, and after a failed open. */
void bed_close(bed_file *bed);

#endif
