/* Dosages of a chunk of people as 16-bit numerators, and their exact cross products.
 *
 * Row v holds k = dosage * scale - scale of the chunk's people (core/genotype/dosage.h), 0 where
 * missing and in the padding, so that neither counts in a product; the flags of missing
 * calls are bits beside. A product of two numerators is added to its neighbour's in 32 bits;
 * such a sum is at most 2 s_i s_j, so that
 *   steps = floor((2^31 - 1) / (2 s_i s_j))
 * of them fit: 16,512 at 255, 3 at 16,384, 1 at 32,767. What comes after is kept exactly (see
 * dosage_tile.h), so that all instruction sets give the same whole numbers. */
#ifndef LMR_CORE_DOSAGE_CROSS_H
#define LMR_CORE_DOSAGE_CROSS_H

#include "core/base/arena.h"
#include "core/base/cpu.h"
#include "core/genotype/dosage.h"

enum {
  DOSAGE_PEOPLE = 15872, /* people of a chunk: BITS_CHUNK; their sums of k fit into 32 bits */
  DOSAGE_TILE = 24,      /* variants on a side of a tile */
  DOSAGE_SEGMENT = 2048  /* people of a tile's rows that are in the first cache together */
};

typedef struct {
  size_t people, variants;
  size_t stride;        /* numerators of a row, padding included: whole vectors of 64 bytes */
  size_t words;         /* 64-bit words of a row of flags */
  int16_t *k;           /* variants x stride */
  uint64_t *m;          /* variants x words */
  const int32_t *scale; /* of each variant */
} dosage_chunk;

/* An odd number of vectors, so that neighbouring variants do not fall into the same cache sets. */
static inline size_t dosage_stride(size_t people) { return 32 * ((people + 31) / 32 | 1); }

size_t dosage_chunk_bytes(size_t people, size_t variants);
lmr_status dosage_chunk_take(dosage_chunk *chunk, size_t people, size_t variants, const int32_t *scale,
                             lmr_arena *arena, lmr_error *err);

/* Row v from the numerators of everybody in a source, `person` the places of the chunk's people
 * there. */
void dosage_chunk_fill(dosage_chunk *chunk, size_t v, const int16_t *all, const int *person);

/* Sums of k and of the flags of every variant, added to sk[variants] and sm[variants]. `threads` as of
 * lmr_threads() (parallel.h). */
void dosage_sums(const dosage_chunk *chunk, double *sk, double *sm, int threads);

/* Added to the packed upper triangle (by columns) of K'K. All sums are whole numbers, in
 * doubles: exact below 2^53. */
lmr_status dosage_cross_kk(const dosage_chunk *chunk, double *out, lmr_cpu level, const lmr_tick *tick, lmr_error *err);

/* K'M (variants x n_missing) and the packed upper triangle of M'M over the listed variants
 * (0-based, ascending), person by person: missing calls are few. */
lmr_status dosage_cross_flags(const dosage_chunk *chunk, const int *missing, size_t n_missing, double *km, double *mm,
                              const lmr_tick *tick, lmr_error *err);

/* A tile of ni x nj <= DOSAGE_TILE sums, added to out[i + DOSAGE_TILE * j], over `length` numerators (a
 * multiple of 32, at most DOSAGE_SEGMENT). */
typedef void (*dosage_tile_fn)(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj,
                               size_t length, size_t steps, int64_t *out);
void dosage_tile_plain(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj, size_t length,
                       size_t steps, int64_t *out);
#if LMR_X86
void dosage_tile_avx2(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj, size_t length,
                      size_t steps, int64_t *out);
void dosage_tile_avx512(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj, size_t length,
                        size_t steps, int64_t *out);
#endif

#endif
