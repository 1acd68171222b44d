#include "core/base/parallel.h"
#include "core/genotype/bits.h"

#include <math.h>

size_t bits_chunk_bytes(size_t people, size_t variants) {
  return lmr_bytes(3 * bits_words(people) * variants, sizeof(uint64_t));
}

lmr_status bits_chunk_take(bits_chunk *chunk, size_t people, size_t variants, lmr_arena *arena,
                           lmr_error *err) {
  if (people > BITS_CHUNK)
    return lmr_fail(err, LMR_EINVAL, "%zu people in a chunk of at most %d", people, BITS_CHUNK);
  chunk->people = people;
  chunk->variants = variants;
  chunk->words = bits_words(people);
  LMR_TAKE(chunk->planes, arena, 3 * chunk->words * variants, err);
  return LMR_OK;
}

lmr_status bits_encode(const double *g, size_t n, uint8_t *dest, size_t *bad, lmr_error *err) {
  for (size_t i = 0; i < n; i += 4) {
    unsigned byte = 0;
    for (size_t k = i; k < i + 4 && k < n; k++) {
      const double x = g[k];
      const unsigned code = x == 0 ? 3 : x == 1 ? 2 : x == 2 ? 0 : 1;
      if (code == 1 && !isnan(x)) {
        *bad = k;
        return lmr_fail(err, LMR_EFORMAT, "a genotype is %g, not 0, 1, 2 or NA", x);
      }
      byte |= code << 2 * (k - i);
    }
    dest[i / 4] = (uint8_t)byte;
  }
  return LMR_OK;
}

/* Byte order is that of the file, whatever the machine's. */
static uint64_t load_word(const uint8_t *p, size_t bytes) {
  if (bytes >= 8)
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
  uint64_t x = 0;
  for (size_t k = 0; k < bytes; k++) x |= (uint64_t)p[k] << 8 * k;
  return x;
}

/* Recursive transposition (Hacker's Delight 7-3): blocks of `j` rows and columns
 * change places across the diagonal; `shift` is the width of j columns. */
static inline void swap_blocks(uint64_t *a, size_t rows, size_t j, unsigned shift, uint64_t low) {
  for (size_t k = 0; k < rows; k += 2 * j)
    for (size_t r = k; r < k + j; r++) {
      const uint64_t t = ((a[r] >> shift) ^ a[r + j]) & low;
      a[r + j] ^= t;
      a[r] ^= t << shift;
    }
}

/* 32 x 32 elements of 2 bits. */
static void transpose_codes(uint64_t *a) {
  swap_blocks(a, 32, 16, 32, UINT64_C(0x00000000ffffffff));
  swap_blocks(a, 32, 8, 16, UINT64_C(0x0000ffff0000ffff));
  swap_blocks(a, 32, 4, 8, UINT64_C(0x00ff00ff00ff00ff));
  swap_blocks(a, 32, 2, 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
  swap_blocks(a, 32, 1, 2, UINT64_C(0x3333333333333333));
}

/* 64 x 64 bits. */
static void transpose_bits(uint64_t *a) {
  swap_blocks(a, 64, 32, 32, UINT64_C(0x00000000ffffffff));
  swap_blocks(a, 64, 16, 16, UINT64_C(0x0000ffff0000ffff));
  swap_blocks(a, 64, 8, 8, UINT64_C(0x00ff00ff00ff00ff));
  swap_blocks(a, 64, 4, 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
  swap_blocks(a, 64, 2, 2, UINT64_C(0x3333333333333333));
  swap_blocks(a, 64, 1, 1, UINT64_C(0x5555555555555555));
}

void bits_person_words(const uint8_t *raw, size_t stride, size_t n_samples, size_t count,
                       uint64_t *word, int threads) {
  const size_t turns = (n_samples + 31) / 32;
  (void)threads;
  LMR_PARALLEL_FOR(threads, static)
  for (size_t t = 0; t < turns; t++) {
    uint64_t *a = word + 32 * t;
    const size_t at = 8 * t, bytes = stride - at;
    for (size_t v = 0; v < count; v++) a[v] = load_word(raw + v * stride + at, bytes);
    for (size_t v = count; v < BITS_GROUP; v++) a[v] = UINT64_MAX;
    transpose_codes(a);
  }
}

void bits_repack(const uint64_t *word, const int *index, bits_chunk *chunk, size_t first,
                 size_t count) {
  for (size_t w = 0; w < chunk->words; w++) {
    uint64_t a[64];
    const size_t at = 64 * w;
    for (size_t k = 0; k < 64; k++)
      a[k] = at + k < chunk->people ? word[index[at + k]] : UINT64_MAX;
    transpose_bits(a);
    for (size_t v = 0; v < count; v++) {
      const uint64_t lo = a[2 * v], hi = a[2 * v + 1];
      bits_h(chunk, first + v)[w] = ~lo;
      bits_d(chunk, first + v)[w] = ~lo & ~hi;
      bits_m(chunk, first + v)[w] = lo & ~hi;
    }
  }
}
