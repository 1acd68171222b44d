/* Kernels and their Gram matrices, by tiles: no function here holds more than
 * two panels of rows and one tile, so that n x n memory is the caller's choice.
 *   RBF   k(a, b) = mean_s exp(-gamma[s] |a - b|^2)
 *   poly  k(a, b) = (a'b + offset)^degree
 *   delta k(a, b) = 1 when all columns agree, else 0
 *   IBS   k(a, b) = 1 - sum_c |a_c - b_c| / (2 d), identity by state of 0/1/2 calls */
#ifndef LMR_CORE_KERNEL_H
#define LMR_CORE_KERNEL_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

typedef enum { LMR_RBF = 0, LMR_POLY, LMR_DELTA, LMR_IBS } lmr_kernel_kind;

enum { GRAM_TILE = 64, KERNEL_SCALES = 8 };

typedef struct {
  lmr_kernel_kind kind;
  int degree, scales;
  double offset, gamma[KERNEL_SCALES];
} lmr_kernel;

/* n points of dimension d: row i of the sample is row order[i] of x (column-major,
 * leading dimension ld), or row i when order is NULL. */
typedef struct {
  const double *x;
  size_t n, d, ld;
  const int *order;
  lmr_kernel kernel;
} lmr_points;

/* k of two rows of x (not of the order): one pair, libm. */
double kernel_value(const lmr_points *p, size_t row, size_t other);

/* Rows first..first+count-1 as a panel: column c at panel + c * GRAM_TILE, padded
 * with zeros to GRAM_TILE rows. A panel takes GRAM_TILE * d doubles, 64-aligned. */
void gram_pack(const lmr_points *p, size_t first, size_t count, double *panel);

/* tile[i + j * GRAM_TILE] = k(row i of a, row j of b); entries beyond rows x cols
 * are 0. `tile` takes GRAM_TILE^2 doubles, 64-aligned; so does `work`, which is
 * used when the kernel has several scales. */
void gram_tile(const lmr_kernel *kernel, const double *a, const double *b, size_t d, size_t rows,
               size_t cols, double *tile, double *work, lmr_cpu level);

/* The whole Gram matrix (n x n, both triangles), for small n. */
size_t gram_full_bytes(size_t d);
lmr_status gram_full(const lmr_points *p, double *gram, lmr_cpu level, lmr_arena work,
                     const lmr_tick *tick, lmr_error *err);

/* Median of the distances |x_i - x_j|, i < j (the heuristic width sigma, gamma =
 * 1 / (2 sigma^2)), over at most MEDIAN_ROWS evenly spaced rows. When it is below
 * 1e-6 times the largest distance (ties, as between genotypes) the median of the
 * positive distances stands in (*tied = 1); when all distances are 0, sigma = 1 and
 * *tied = 2. With an even number of pairs the upper of the two middle values. */
enum { MEDIAN_ROWS = 1000 };
size_t kernel_median_bytes(size_t n, size_t d);
lmr_status kernel_median(const lmr_points *p, double *sigma, int *tied, lmr_cpu level,
                         lmr_arena work, lmr_error *err);

#endif
