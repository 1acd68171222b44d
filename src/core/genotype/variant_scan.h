/* One pass over the instruments: what the data layer must know of every
 * variant in every environment before anything is computed from it. */
#ifndef LMR_CORE_VARIANT_SCAN_H
#define LMR_CORE_VARIANT_SCAN_H

#include "core/base/arena.h"
#include "core/genotype/source.h"

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

/* Of a source (core/genotype/source.h). rows[n]: 0-based rows used; env[n]: 0-based environment
 * of each of them, below n_env. A source without values is counted by its codes, without
 * decoding; hashes agree within one format only. */
size_t variant_scan_bytes(const genotype_source *source, size_t n_env);
lmr_status variant_scan_source(genotype_source *source, const int *rows, const int *env, size_t n, size_t n_env,
                               variant_scan *out, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The part of it for codes, of a source that is open. */
size_t variant_scan_codes_bytes(size_t n_samples, size_t n_env);
lmr_status variant_scan_codes(genotype_source *source, const int *rows, const int *env, size_t n, size_t n_env,
                              variant_scan *out, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
