/* Block moments: the pass over the people. Blocks are (environment, fold); their
 * people come in the order of `order`, block after block, cut into chunks that
 * never cross a block. What one chunk adds depends on nothing but the chunk, so
 * the moments do not depend on how many chunks are in memory at a time. */
#ifndef LMR_CORE_MOMENTS_H
#define LMR_CORE_MOMENTS_H

#include "core/moments/moments_numeric.h"

/* ---- folds (moments_fold.c) ---- */

/* fold[n] in 0 .. folds - 1. Whole clusters (ids 0 .. clusters - 1; NULL: every
 * person is one), in random order, each to the fold that has fewest people of
 * the cluster's environments: without clusters the folds of an environment
 * differ in size by one at most. */
size_t moments_folds_bytes(size_t n, size_t environments, size_t clusters, size_t folds);
lmr_status moments_folds(const int *environment, size_t n, size_t environments, const int *cluster,
                         size_t clusters, size_t folds, uint64_t seed, int *fold, lmr_arena work,
                         lmr_error *err);

/* ---- chunks ---- */

typedef struct {
  size_t block, first, people; /* people first .. first + people - 1 of the order */
} moments_chunk;

/* Chunks of blocks of the given sizes; `out` NULL only counts. */
size_t moments_chunks(const int *size, size_t blocks, moments_chunk *out);

/* ---- genotypes as bed bytes (moments_source.c) ---- */

/* Raw bed bytes of variants first .. first + count - 1, count <= BITS_GROUP. No
 * file stays open between calls. */
typedef struct moments_source moments_source;
struct moments_source {
  size_t n_samples, variants, stride;
  lmr_status (*read)(const moments_source *source, size_t first, size_t count, uint8_t *raw,
                     lmr_error *err);
  const void *context; /* what `read` reads from */
};

/* context: the matrix itself, n_samples x variants doubles in {0, 1, 2, NaN}. */
moments_source moments_source_matrix(const double *x, size_t n, size_t variants);

/* Bed files, opened for each read and refused when they have changed: for each
 * variant its file and its position there, 0-based. context: the struct. */
typedef struct {
  const char *const *path;
  const double *size, *mtime; /* of each file when it was first opened */
  const int *variants;
  const int *file, *col;
} moments_bed;
moments_source moments_source_bed(const moments_bed *files, size_t n_samples, size_t variants);

/* Work shared by the two passes below. */
typedef struct {
  uint8_t *raw;   /* BITS_GROUP * stride */
  uint64_t *word; /* n_samples rounded up to 32 */
} moments_buffers;
size_t moments_buffers_bytes(const moments_source *source);
lmr_status moments_buffers_take(moments_buffers *buffers, const moments_source *source,
                                lmr_arena *arena, lmr_error *err);

/* any[v] = 1 when one of the people in `person` (positions in the source) has no call. */
lmr_status moments_scan(const moments_source *source, const int *person, size_t n, int *any,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err);

/* Fills the planes of `chunks`, whose people are person[first ...]. */
lmr_status moments_load(const moments_source *source, const int *person,
                        const moments_chunk *chunk, bits_chunk *planes, size_t chunks,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err);

/* The codes of person[0..n-1] in memory, one variant after the other: a panel
 * (core/genotype/panel.h). codes: variants x bed_stride(n). */
lmr_status moments_pack(const moments_source *source, const int *person, size_t n, uint8_t *codes,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err);

/* ---- genotypes as doubles (moments_dense.c) ---- */

/* Where the moments of one block are added; layouts as in mr_moments: gg, mm, xx
 * packed upper by columns, gm p x pm, gx p x q, mx pm x q. */
typedef struct {
  double *gg, *gm, *mm, *sg, *sm, *gx, *mx, *sx, *xx;
} moments_block;

typedef struct {
  const double *g; /* n x p, NaN where missing */
  size_t n, p;
  const double *gpilot; /* subtracted from observed values */
  const double *const *column; /* q numeric columns */
  const double *pilot;
  size_t q;
  const int *missing; /* 0-based, ascending */
  size_t n_missing;
} moments_dense_input;

size_t moments_dense_bytes(const moments_dense_input *in);
/* The people of order[0 .. n - 1], added to `out`. */
lmr_status moments_dense(const moments_dense_input *in, const int *order, size_t n, const moments_block *out,
                         lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
