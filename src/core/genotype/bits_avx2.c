/* Tiles with AVX2: population counts by table look-up of nibbles (Mula, Kurz and
 * Lemire 2018, Computer Journal 61:111). */
#include "core/genotype/bits.h"

#if LMR_X86
#include <immintrin.h>

#define ATTR LMR_TARGET("avx2,popcnt")

ATTR static inline __m256i byte_counts(__m256i x) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                         1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(
    _mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
    _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

ATTR static inline __m256i lane_sums(__m256i bytes) {
  return _mm256_sad_epu8(bytes, _mm256_setzero_si256());
}

ATTR static inline uint64_t sum_lanes(__m256i v) {
  uint64_t lane[4];
  _mm256_storeu_si256((__m256i *)lane, v);
  return lane[0] + lane[1] + lane[2] + lane[3];
}

#define BITS_NAME(x) avx2_##x
#define BITS_ATTR ATTR
#define V __m256i
#define V_WORDS 4
#define V_LOAD(p) _mm256_load_si256((const __m256i *)(p))
#define V_AND(a, b) _mm256_and_si256(a, b)
#define V_XOR(a, b) _mm256_xor_si256(a, b)
#define V_ADD(a, b) _mm256_add_epi64(a, b)
#define V_ZERO _mm256_setzero_si256()
#define V_SUM(v) sum_lanes(v)
#define V_COUNT(x) lane_sums(byte_counts(x))
#define V_COUNT2(x, y) lane_sums(_mm256_add_epi8(byte_counts(x), byte_counts(y)))
enum { NI = 2, NJ = 2 };
#include "core/genotype/bits_tile.h"

const bits_tiles bits_tiles_avx2 = {avx2_gg, avx2_gm, avx2_mm};
#endif

typedef int bits_avx2_not_empty;
