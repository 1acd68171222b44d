/* Where genotypes come from, as the passes see it: people x variants, read a few variants at
 * a time. A format fills this struct of four functions in one file of its own (the two below,
 * matrix_source.c and bed_source.c). It gives codes, or values, or both; what it does
 * not give is NULL. Every pass opens the source, reads ascending variants and closes it,
 * whatever happened; nothing stays open between passes. */
#ifndef LMR_CORE_SOURCE_H
#define LMR_CORE_SOURCE_H

#include "core/genotype/bed_file.h"

typedef struct genotype_source genotype_source;
struct genotype_source {
  size_t people, variants;
  lmr_status (*open)(genotype_source *source, lmr_error *err);
  void (*close)(genotype_source *source); /* also after open() failed */
  /* 2-bit codes of bed_file.h of variants first .. first + count - 1, bed_stride(people) bytes
   * each. LMR_EFORMAT when a value has none. */
  lmr_status (*codes)(genotype_source *source, size_t first, size_t count, uint8_t *to, lmr_error *err);
  /* Values, people doubles each, NaN where missing. A format whose codes are all there is to it
   * leaves this NULL, and is counted by its codes. */
  lmr_status (*values)(genotype_source *source, size_t first, size_t count, double *to, lmr_error *err);
  void *context;
};

static inline size_t genotype_stride(const genotype_source *source) { return bed_stride(source->people); }

/* x: people x variants doubles, NaN where missing; codes for 0, 1, 2 only. */
genotype_source matrix_source(const double *x, size_t people, size_t variants);

/* Bed files: for each variant its file and its place there, 0-based. Refused when they
 * have changed since they were looked at (size, mtime). `open` and `current` are the source's own. */
typedef struct {
  const char *const *path;
  const double *size, *mtime;
  const int *variants;
  const int *file, *col;
  bed_file open;
  int current; /* file that is open, or -1 */
} bed_places;
genotype_source bed_source(bed_places *files, size_t people, size_t variants);

#endif
