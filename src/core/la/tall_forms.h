/* A block of rows (core/la/tall.h) times a small matrix, and quadratic forms of its
 * rows. The small matrix is packed once, in strips of four columns whose rows follow
 * each other, and serves every block. */
#ifndef LMR_CORE_TALL_FORMS_H
#define LMR_CORE_TALL_FORMS_H

#include "core/la/tall.h"

/* Doubles of the strips of F (rows x columns); short strips are padded with zeros. */
static inline size_t tall_strips_size(size_t rows, size_t columns) { return rows * tall_pad(columns); }
void tall_strips_pack(const double *f, size_t rows, size_t columns, size_t ld, double *strips);

/* to (rows x tall_pad(columns)) := A F over the first `m` columns of a block, F m x columns. */
void tall_block_times(double *to, const double *a, size_t m, size_t columns, size_t rows, const double *strips,
                      lmr_cpu level);

/* to[i] += a_i'M a_i for the rows a_i of the first p columns of a block, M symmetric
 * (upper triangle read): half the work of A M. The block has tall_pad(p) columns; those
 * beyond p are finite and count nothing. */
size_t tall_quadratic_size(size_t p);
void tall_quadratic_pack(const double *m, size_t p, size_t ld, double *strips);
void tall_block_quadratic(double *to, const double *a, size_t p, size_t rows, const double *strips, lmr_cpu level);

#endif
