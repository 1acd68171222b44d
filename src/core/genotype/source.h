/* Where genotypes come from, as the passes see it: people x variants, read a few variants at
 * a time. A format fills this struct of functions in one file of its own (the three below,
 * matrix_source.c, bed_source.c and dosage_source.c). It gives codes, values, dosages, or
 * several of them; what it does not give is NULL. Every pass opens the source, reads ascending variants and closes it,
 * whatever happened; nothing stays open between passes. */
#ifndef LMR_CORE_SOURCE_H
#define LMR_CORE_SOURCE_H

#include "core/base/arena.h"
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
  /* Dosages as whole numbers (core/genotype/dosage.h): people numerators each and the scale of
   * each variant, the same whenever it is read. A format of dosages that are not on such a grid
   * leaves this NULL and gives values. One that has it makes codes and values of it
   * with dosage_codes() and dosage_values(). */
  lmr_status (*dosages)(genotype_source *source, size_t first, size_t count, int16_t *to, int32_t *scale,
                        lmr_error *err);
};

static inline size_t genotype_stride(const genotype_source *source) { return bed_stride(source->people); }

/* Values of variants col[0 .. n_cols - 1] (ascending, 0-based) of the people rows[0 .. n_rows - 1]
 * (NULL: all, in order), n_rows x n_cols doubles: from a source of values (source_matrix.c).
 * `absent`: what stands for a missing call. Opens and closes the source. */
size_t source_matrix_bytes(const genotype_source *source);
lmr_status source_matrix(genotype_source *source, const int *rows, size_t n_rows, const int *cols, size_t n_cols,
                         double absent, double *to, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The dosages of the people rows[0 .. n - 1] as bytes (dosage_store() of dosage.h), variants x 2 n,
 * and the scales: from a source that has them. Opens and closes the source. */
size_t source_dosages_bytes(const genotype_source *source, size_t n);
lmr_status source_dosages(genotype_source *source, const int *rows, size_t n, uint8_t *bytes, int32_t *scale,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err);

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

/* Dosages in memory: two bytes each, the numerators of dosage.h with the low byte first. Variant
 * v of the source is column col[v] of them, which starts at bytes + 2 col[v] people and has the
 * scale scale[col[v]]. What is read is looked at: LMR_EFORMAT. */
typedef struct {
  const uint8_t *bytes;
  const int *scale, *col;
  int16_t *column; /* the source's own: room for `people` */
} dosage_bytes;
genotype_source dosage_source(dosage_bytes *from, size_t people, size_t variants);

#endif
