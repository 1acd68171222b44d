/* Sums over people of genotype (or missing flag) times numeric columns, and the
 * cross products of the numeric columns themselves.
 *
 * The numeric columns of a chunk are laid out person by person (row k at
 * x + k * width, width = columns rounded up to 8, zeros behind; x as aligned as an arena's view). g x is exact in
 * floating point, because g is 0, 1 or 2, and every sum runs over people in the
 * same order - within tiles of BITS_PEOPLE, then over tiles - so that all
 * instruction sets and memory budgets give the same bits. */
#ifndef LMR_CORE_MOMENTS_NUMERIC_H
#define LMR_CORE_MOMENTS_NUMERIC_H

#include "core/genotype/bits.h"

static inline size_t numeric_width(size_t columns) { return (columns + 7) / 8 * 8; }

/* The means of the columns; LMR_ENONFINITE when one has a missing or infinite value. */
lmr_status numeric_pilots(const double *const *column, size_t columns, size_t people, double *pilot, int threads,
                          lmr_error *err);

/* Rows of a chunk: x[k, c] = column[c][index[k]] - pilot[c]. `threads` as of lmr_threads() (parallel.h). */
void numeric_rows(const double *const *column, const double *pilot, size_t columns,
                  const int *index, size_t people, double *x, int threads);

/* Sums and packed cross products (upper, by columns), added to sx[columns] and
 * xx[columns (columns + 1) / 2]. */
size_t numeric_cross_bytes(size_t columns);
lmr_status numeric_cross(const double *x, size_t people, size_t columns, double *sx, double *xx,
                         lmr_arena work, int threads, lmr_error *err);

/* The genotypes of a chunk of people, whatever holds them. `decode` writes BITS_PEOPLE numbers, of
 * `people` people of a variant from person `first` on (a multiple of BITS_PEOPLE), 0 where missing;
 * what is behind them is not read. flags: a bit a person, `words` words a variant. */
typedef struct {
  const void *chunk;
  size_t people, variants;
  void (*decode)(const void *chunk, size_t variant, size_t first, size_t people, double *g);
  const uint64_t *flags;
  size_t words;
} numeric_genotypes;

numeric_genotypes numeric_bits(const bits_chunk *chunk);

/* G'x and M'x of a chunk, added to gx[variants, columns] and mx[n_missing, columns]; `missing` holds
 * 0-based variants. */
size_t numeric_products_bytes(size_t variants, size_t columns);
lmr_status numeric_products(const numeric_genotypes *from, const int *missing, size_t n_missing, const double *x,
                            size_t columns, double *gx, double *mx, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                            lmr_error *err);

/* Kernel: sum[v * width + c] += sum_k g[v][k] x[k * width + c] for the `n` <=
 * NUMERIC_VARIANTS variants of a tile, g holding BITS_PEOPLE doubles a variant. */
enum { NUMERIC_VARIANTS = 6 };
typedef void (*numeric_tile_fn)(const double *g, size_t n, const double *x, size_t people,
                                size_t width, double *sum);
#if LMR_X86
void numeric_tile_avx2(const double *g, size_t n, const double *x, size_t people, size_t width,
                       double *sum);
void numeric_tile_avx512(const double *g, size_t n, const double *x, size_t people, size_t width,
                         double *sum);
#endif

#endif
