/* Block moments: the pass over the people. Blocks are (environment, fold); their
 * people come in the order of `order`, block after block, cut into chunks that
 * never cross a block. What one chunk adds depends on nothing but the chunk, so
 * the moments do not depend on how many chunks are in memory at a time. */
#ifndef LMR_CORE_MOMENTS_H
#define LMR_CORE_MOMENTS_H

#include "core/genotype/dosage_cross.h"
#include "core/genotype/source.h"
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

/* ---- from the codes of a source (moments_load.c); it is open ---- */

/* Work shared by the passes. */
typedef struct {
  uint8_t *raw;   /* BITS_GROUP variants */
  uint64_t *word; /* people rounded up to 32 */
} moments_buffers;
size_t moments_buffers_bytes(const genotype_source *source);
lmr_status moments_buffers_take(moments_buffers *buffers, const genotype_source *source,
                                lmr_arena *arena, lmr_error *err);

/* any[v] = 1 when one of the people in `person` (positions in the source) has no call. */
lmr_status moments_scan(genotype_source *source, const int *person, size_t n, int *any,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err);

/* Fills the planes of `chunks`, whose people are person[first ...]. */
lmr_status moments_load(genotype_source *source, const int *person,
                        const moments_chunk *chunk, bits_chunk *planes, size_t chunks,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err);

/* The codes of person[0..n-1] in memory, one variant after the other: a panel
 * (core/genotype/panel.h). codes: variants x bed_stride(n). Opens and closes the source. */
size_t moments_pack_bytes(const genotype_source *source);
lmr_status moments_pack(genotype_source *source, const int *person, size_t n, uint8_t *codes, lmr_arena work,
                        const lmr_tick *tick, lmr_error *err);

/* ---- passes over a source, which they open and close ---- */

typedef struct {
  genotype_source *source;
  const moments_chunk *chunk; /* moments_chunks() */
  size_t chunks, n;
  const int *order, *person; /* n positions in the columns and in the source, block after block */
  const double *const *column; /* q numeric columns, and what is taken off them */
  const double *pilot;
  size_t q, memory;      /* memory: bytes of work; one chunk at least is held */
  const uint64_t *fill;  /* of bits: NULL, or the seed of the draws that stand for missing calls */
  int no_cross;          /* of bits: gg, gm and mm are known from elsewhere and left as they are */
} moments_pass_input;

/* Where the sums of all blocks go, block after block: layouts of moments_block below. */
typedef struct {
  bits_counts gg, gm, mm;
  double *sg, *sm, *gx, *mx, *sx, *xx;
} moments_bits_sums;

typedef struct {
  double reading, counting, numeric; /* seconds */
  double filled;                     /* calls drawn */
  size_t passes;                     /* that loaded what the source holds */
} moments_pass_report;

/* Work that the two calls share. With room for the planes of all chunks the first one keeps them, and the
 * source is read once. */
typedef struct {
  moments_buffers buffers;
  bits_chunk *planes;
  double *x, *sm;
  int loaded;
  lmr_arena rest; /* for planes and products */
} moments_bits_work;

/* Over the bits (moments_bits.c). First which variants have missing calls (any[variants]), then,
 * with their list (0-based, ascending), the sums, added to `out`. */
size_t moments_bits_bytes(const moments_pass_input *in);
lmr_status moments_bits_missing(const moments_pass_input *in, moments_bits_work *work, int *any,
                                moments_pass_report *report, lmr_arena arena, const lmr_tick *tick, lmr_error *err);
lmr_status moments_bits(const moments_pass_input *in, moments_bits_work *work, const int *missing, size_t n_missing,
                        const moments_bits_sums *out, moments_pass_report *report, lmr_cpu level, const lmr_tick *tick,
                        lmr_error *err);

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

/* What is taken off observed values: their mean, or 0 without `shift`; the list of variants
 * with missing values (room for p). */
void moments_dense_pilots(const double *g, size_t n, size_t p, int shift, double *pilot, int *missing, size_t *n_missing);

size_t moments_dense_bytes(const moments_dense_input *in);
/* The people of order[0 .. n - 1], added to `out`. */
lmr_status moments_dense(const moments_dense_input *in, const int *order, size_t n, const moments_block *out,
                         lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* ---- dosages as whole numbers (moments_dosage.c) ----
 * With k = s x - s the numerators of x at scale s, 0 where missing, m the flags, and N people, the
 * sums of x over those who have a call are, from whole numbers that are exact below 2^53
 * (N <= 8.4 million at s = 16,384) and rounded once,
 *   sum x_i = (sum k_i + s_i (N - sum m_i)) / s_i
 *   sum x_i m_j = (sum k_i m_j + s_i (sum m_j - sum m_i m_j)) / s_i
 *   sum x_i x_j = (sum k_i k_j + s_j (sum k_i - sum k_i m_j) + s_i (sum k_j - sum k_j m_i)
 *                  + s_i s_j (N - sum m_i - sum m_j + sum m_i m_j)) / (s_i s_j). */

/* Work that the two calls share. With room for all chunks the first one keeps them, and the source is
 * read once. */
typedef struct {
  int16_t *all;   /* a variant of everybody in the source */
  int32_t *scale; /* of each variant */
  dosage_chunk *chunk;
  double *x, *sm;
  int loaded;
  lmr_arena rest; /* for the chunks */
} moments_dosage_work;

size_t moments_dosage_bytes(const moments_pass_input *in);
lmr_status moments_dosage_missing(const moments_pass_input *in, moments_dosage_work *w, int *any,
                                  moments_pass_report *report, lmr_arena arena, const lmr_tick *tick, lmr_error *err);
/* Layouts and block order of moments_bits_sums; all counts are doubles, and zero before. `size`: people of
 * each of the `blocks`. */
lmr_status moments_dosage(const moments_pass_input *in, moments_dosage_work *w, const int *missing, size_t n_missing,
                          const int *size, size_t blocks, const moments_block *out, moments_pass_report *report,
                          lmr_cpu level, const lmr_tick *tick, lmr_error *err);

#endif
