/* One pass over dense instruments: what the data layer must know of every
 * variant in every environment before anything is computed from it. */
#ifndef LMR_CORE_VARIANT_SCAN_H
#define LMR_CORE_VARIANT_SCAN_H

#include "core/base/arena.h"
#include "core/genotype/bed_file.h"

/* Outputs, owned by the caller. Per variant and environment (p x E, column
 * major): people called, counts of 0, 1 and 2, mean and sum of squares about
 * that mean over the called (0 when none). Per variant: smallest and largest
 * called value, number of called values other than 0, 1, 2, the first of them
 * and whether all are equal to it, hash of the column (missing calls included)
 * and hash of 2 - column. Hashes are whole numbers below 2^53. */
typedef struct {
  int *called, *n0, *n1, *n2;
  double *mean, *ss;
  double *lo, *hi;
  int *odd, *odd_same;
  double *odd_value;
  double *hash, *mirror;
  /* First infinite value: 0-based position in `rows` and column; -1, -1 if none. */
  int64_t inf_row, inf_col;
} variant_scan;

/* x: n_all x p, NaN (NA included) is missing. rows[n]: 0-based rows used;
 * env[n]: 0-based environment of each of them, below n_env. */
lmr_status variant_scan_dense(const double *x, size_t n_all, size_t p, const int *rows,
                              const int *env, size_t n, size_t n_env, variant_scan *out,
                              const lmr_tick *tick, lmr_error *err);

/* The same for variants of a bed file (positions cols[p], 0-based), without
 * decoding: counts of A1 come from the 2-bit codes. Hashes agree within one
 * file format only. Fills entries at .. at + p - 1 of outputs made for p_all
 * variants, so that several files share them. */
size_t variant_scan_bed_bytes(size_t n_samples, size_t n_env);
lmr_status variant_scan_bed(bed_file *bed, const int *cols, size_t p, const int *rows,
                            const int *env, size_t n, size_t n_env, variant_scan *out, size_t at,
                            size_t p_all, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
