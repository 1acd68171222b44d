/* Kernels for tall-skinny matrices (n rows, p columns, n >> p): crossproducts
 * and triangular solves by blocks of rows that stay in cache. R's reference BLAS
 * runs these at a tenth of what one core can do. Every level gives the same
 * numbers up to rounding; results do not depend on anything but the level. */
#ifndef LMR_CORE_TALL_H
#define LMR_CORE_TALL_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

/* c (p x p, both triangles, leading dimension p) := A' diag(s) A for A n x p with
 * leading dimension ld; s[n] may be NULL (ones) and may be negative. */
size_t tall_crossprod_bytes(size_t p);
lmr_status tall_crossprod(const double *a, size_t n, size_t p, size_t ld, const double *s,
                          double *c, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                          lmr_error *err);

/* A matrix whose columns lie anywhere: column j of row i is
 * root[i] * col[j][order[i]], root and order may be NULL. */
typedef struct {
  const double *const *col;
  size_t n, p;
  const double *root; /* indexed like the columns */
  const int *order;   /* 0-based rows, n of them */
} tall_source;

/* A block: rows tall_rows(p), a multiple of TALL_ROWS_STEP; columns padded to a
 * multiple of 4; both with zeros. Column j starts at block + j * rows. */
#define TALL_ROWS_STEP 16
size_t tall_rows(size_t p);
size_t tall_pad(size_t p);
/* Copies rows first..first+count-1 (count <= tall_rows(p)) into a block. */
void tall_pack(const tall_source *source, size_t first, size_t count, double *block, size_t rows);

/* C += A'B over a block; pa, pb padded column counts, ldc >= pa. With `upper` only
 * tiles of 4 x 4 that touch the upper triangle (A, B of the same columns). */
void tall_block_cross(const double *a, size_t pa, const double *b, size_t pb, size_t rows,
                      int upper, double *c, size_t ldc, lmr_cpu level);

/* A := A R^-1 over a block: R upper triangular, padded size pa (unit diagonal in
 * the padding: tall_pad_factor), ldr >= pa. */
void tall_block_solve(double *a, size_t pa, size_t rows, const double *r, size_t ldr, lmr_cpu level);

/* Over a block: to[rows] -= A f; to[rows] += squared norms of the rows of A;
 * to (rows x columns) := diag(by) A. */
void tall_block_subtract(double *to, const double *a, const double *f, size_t columns, size_t rows, lmr_cpu level);
void tall_block_add_squares(double *to, const double *a, size_t columns, size_t rows, lmr_cpu level);
void tall_block_scale(double *to, const double *a, const double *by, size_t columns, size_t rows, lmr_cpu level);

/* Copies the upper triangle of r (p x p) into a padded factor (pa x pa). */
void tall_pad_factor(const double *r, size_t p, size_t ldr, double *padded, size_t pa);

#endif
