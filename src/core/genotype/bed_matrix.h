/* Selected samples and variants of a bed file as a dense column-major matrix of
 * counts of A1 (bim column 5): 0, 1, 2 or `missing`. */
#ifndef LMR_CORE_BED_MATRIX_H
#define LMR_CORE_BED_MATRIX_H

#include "core/base/arena.h"
#include "core/genotype/bed_file.h"

/* Positions are 0-based and may repeat; rows NULL means every sample. */
typedef struct {
  const int32_t *rows;
  size_t n_rows;
  const int32_t *cols;
  size_t n_cols;
} bed_pick;

/* Work: the slab of raw bytes and the decoding table. */
size_t bed_matrix_bytes(size_t n_samples);

/* out: n_rows x n_cols. Reads runs of neighbouring variants in one call; the
 * tick is polled once a run. */
lmr_status bed_matrix_double(double *out, bed_file *bed, const bed_pick *pick, double missing,
                             lmr_arena work, const lmr_tick *tick, lmr_error *err);
lmr_status bed_matrix_int(int32_t *out, bed_file *bed, const bed_pick *pick, int32_t missing,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
