/* Tiles of dosages with AVX2. */
#include "core/genotype/dosage_cross.h"

#if LMR_X86
#include <immintrin.h>

#define DOSAGE_NAME(x) avx2_##x
#define DOSAGE_ATTR LMR_TARGET("avx2")
#define V __m256i
#define V_LANES 16
#define V_LOAD(p) _mm256_load_si256((const __m256i *)(p))
#define V_STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define V_MADD(a, b) _mm256_madd_epi16(a, b)
#define V_ADD(a, b) _mm256_add_epi32(a, b)
#define V_HIGH(a) _mm256_srai_epi32(a, 16)
#define V_ZERO _mm256_setzero_si256()
enum { NI = 3, NJ = 4, MI = 2, MJ = 2 };
#include "core/genotype/dosage_tile.h"

DOSAGE_ATTR void dosage_tile_avx2(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj,
                                  size_t length, size_t steps, int64_t *out) {
  if (steps >= length / V_LANES) avx2_whole(row_i, ni, row_j, nj, length, out);
  else if (steps == 3) avx2_parts(row_i, ni, row_j, nj, length, 3, out); /* at 16,384: unrolled */
  else avx2_parts(row_i, ni, row_j, nj, length, steps, out);
}
#endif

typedef int dosage_avx2_not_empty;
