/* Genotypes as bit planes, and their exact cross products.
 *
 * A person's copies g of the counted allele in {0, 1, 2} are two bits,
 * h = [g >= 1] and d = [g = 2], so that g = h + d; m = [missing] has h = d = 0.
 * People are taken in the order of their blocks, in chunks of at most BITS_CHUNK;
 * a chunk is padded with zero bits, so the padding counts nowhere. With
 *   a = h_i & h_j,  t = a & (d_i ^ d_j),  f = d_i & d_j
 * sum g_i g_j = pop(a) + pop(t) + 3 pop(f): three population counts for 64 to 512
 * products, exact at every instruction set. */
#ifndef LMR_CORE_BITS_H
#define LMR_CORE_BITS_H

#include "core/base/arena.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"

enum {
  BITS_GROUP = 32,    /* variants repacked together: 2 bits each in 64 */
  BITS_CHUNK = 15872, /* people; a multiple of BITS_PEOPLE */
  BITS_PEOPLE = 512,  /* people in a tile of the numeric kernels */
  BITS_TILE = 16      /* variants on a side of a tile of counts */
};

typedef struct {
  size_t people, variants;
  size_t words;     /* words of a variant in a plane, padding included */
  uint64_t *planes; /* h, d, m: each variants x words */
} bits_chunk;

/* Words of a plane's row: whole 512-bit vectors, an odd number of them so that
 * neighbouring variants do not fall into the same cache sets. */
static inline size_t bits_words(size_t people) {
  const size_t vectors = (people + 511) / 512;
  return 8 * (vectors | 1);
}

size_t bits_chunk_bytes(size_t people, size_t variants);
lmr_status bits_chunk_take(bits_chunk *chunk, size_t people, size_t variants,
                           lmr_arena *arena, lmr_error *err);

static inline uint64_t *bits_h(const bits_chunk *c, size_t v) { return c->planes + v * c->words; }
static inline uint64_t *bits_d(const bits_chunk *c, size_t v) {
  return c->planes + (c->variants + v) * c->words;
}
static inline uint64_t *bits_m(const bits_chunk *c, size_t v) {
  return c->planes + (2 * c->variants + v) * c->words;
}

/* ---- repacking (bits_repack.c) ---- */

/* Bed bytes (codes of bed_file.h) of one column of 0, 1, 2 and NaN. LMR_EFORMAT
 * when another number is met; its position (0-based) is left in *bad. */
lmr_status bits_encode(const double *g, size_t n, uint8_t *dest, size_t *bad, lmr_error *err);

/* Person words of up to BITS_GROUP variants: 2 bits a variant, in bed codes;
 * variants beyond `count` have no copies. `word` has room for n_samples rounded
 * up to a multiple of 32. `threads` as of lmr_threads() (parallel.h). Row v of the bed bytes starts at raw + v * stride. */
void bits_person_words(const uint8_t *raw, size_t stride, size_t n_samples, size_t count,
                       uint64_t *word, int threads);

/* Rows first .. first + count - 1 of the planes of a chunk whose k-th person is
 * word[index[k]]. */
void bits_repack(const uint64_t *word, const int *index, bits_chunk *chunk, size_t first,
                 size_t count);

/* ---- missing calls drawn (bits_fill.c) ---- */

/* A missing call takes the genotype of a random person of the chunk who has a call;
 * a variant that lacks more than half of its calls there stays as it is. Returns how
 * many were drawn. The draws depend on the chunk and the stream only. */
size_t bits_fill(bits_chunk *chunk, lmr_rng *rng);

/* ---- counting (bits_cross.c) ---- */

/* Counts are added to R's integers, or to doubles when a block may pass INT_MAX
 * (4 n copies); exactly one of the two is set. */
typedef struct {
  int *i;
  double *d;
} bits_counts;

static inline void bits_add(bits_counts out, size_t k, uint64_t count) {
  if (out.i) out.i[k] += (int)count;
  else out.d[k] += (double)count;
}

/* Sums of g and m of every variant, added to sg[variants] and sm[variants]. `threads` as above. */
void bits_sums(const bits_chunk *chunk, double *sg, double *sm, int threads);

/* Added to the packed upper triangle (by columns) of G'G. */
lmr_status bits_cross_gg(const bits_chunk *chunk, bits_counts out, lmr_cpu level, const lmr_tick *tick,
                         lmr_error *err);
/* G'M, variants x n_missing; `missing` holds 0-based variants, ascending. */
lmr_status bits_cross_gm(const bits_chunk *chunk, const int *missing, size_t n_missing, bits_counts out,
                         lmr_cpu level, const lmr_tick *tick, lmr_error *err);
/* Packed upper triangle of M'M over the listed variants. */
lmr_status bits_cross_mm(const bits_chunk *chunk, const int *missing, size_t n_missing, bits_counts out,
                         lmr_cpu level, const lmr_tick *tick, lmr_error *err);

/* One tile of ni x nj <= BITS_TILE counts, out[i + BITS_TILE * j]; rows are
 * pointers to h (gg, gm) or m (gm's j, mm), d lies `d_offset` words after h. */
typedef void (*bits_tile_fn)(const uint64_t *const *row_i, size_t ni, const uint64_t *const *row_j,
                             size_t nj, size_t d_offset, size_t words, uint32_t *out);
typedef struct {
  bits_tile_fn gg, gm, mm;
} bits_tiles;

extern const bits_tiles bits_tiles_plain;
#if LMR_X86
extern const bits_tiles bits_tiles_popcnt, bits_tiles_avx2, bits_tiles_avx512;
#endif

#endif
