/* Sum of s_i s_i' over rows, or of their sums by cluster, for scores that come in
 * blocks of rows (core/la/tall.h). */
#ifndef LMR_CORE_SCORE_SQUARES_H
#define LMR_CORE_SCORE_SQUARES_H

#include "core/la/tall.h"

typedef struct {
  size_t width, padded, clusters; /* clusters 0: every row for itself */
  const int *cluster;             /* 0-based, of all rows */
  double *sum, *by_cluster;
} score_squares;

size_t score_squares_bytes(size_t width, size_t clusters);
lmr_status score_squares_make(score_squares *s, size_t width, const int *cluster, size_t clusters,
                              lmr_arena *work, lmr_error *err);

/* block: rows x padded columns (zeros in the padding and beyond `count` rows), whose
 * first row is row `start`. */
void score_squares_add(score_squares *s, const double *block, size_t start, size_t count, size_t rows,
                       lmr_cpu level);

/* out: width x width, both triangles. */
lmr_status score_squares_finish(const score_squares *s, double *out, lmr_cpu level, lmr_arena work,
                                const lmr_tick *tick, lmr_error *err);

#endif
