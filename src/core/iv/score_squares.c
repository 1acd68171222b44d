#include "core/iv/score_squares.h"

#include <string.h>

size_t score_squares_bytes(size_t width, size_t clusters) {
  const size_t pad = tall_pad(width);
  const size_t bytes = lmr_add_bytes(lmr_double_bytes(1, pad * pad), lmr_double_bytes(1, clusters * width + 1));
  return clusters ? lmr_add_bytes(bytes, tall_crossprod_bytes(width)) : bytes;
}

lmr_status score_squares_make(score_squares *s, size_t width, const int *cluster, size_t clusters,
                              lmr_arena *work, lmr_error *err) {
  s->width = width;
  s->padded = tall_pad(width);
  s->cluster = cluster;
  s->clusters = cluster ? clusters : 0;
  LMR_TAKE(s->sum, work, s->padded * s->padded, err);
  LMR_TAKE(s->by_cluster, work, s->clusters * width + 1, err);
  memset(s->sum, 0, s->padded * s->padded * sizeof *s->sum);
  memset(s->by_cluster, 0, s->clusters * width * sizeof *s->by_cluster);
  return LMR_OK;
}

void score_squares_add(score_squares *s, const double *block, size_t start, size_t count, size_t rows,
                       lmr_cpu level) {
  if (!s->clusters) {
    tall_block_cross(block, s->padded, block, s->padded, rows, 1, s->sum, s->padded, level);
    return;
  }
  const int *cluster = s->cluster + start;
  for (size_t j = 0; j < s->width; j++) {
    double *to = s->by_cluster + j * s->clusters;
    for (size_t i = 0; i < count; i++) to[cluster[i]] += block[i + j * rows];
  }
}

lmr_status score_squares_finish(const score_squares *s, double *out, lmr_cpu level, lmr_arena work,
                                const lmr_tick *tick, lmr_error *err) {
  if (s->clusters)
    return tall_crossprod(s->by_cluster, s->clusters, s->width, s->clusters, NULL, out, level, work, tick, err);
  for (size_t j = 0; j < s->width; j++)
    for (size_t i = 0; i <= j; i++) out[i + j * s->width] = out[j + i * s->width] = s->sum[i + j * s->padded];
  return LMR_OK;
}
