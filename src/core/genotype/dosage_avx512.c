/* Tiles of dosages with AVX-512 BW. */
#include "core/genotype/dosage_cross.h"

#if LMR_X86
#include <immintrin.h>

#define DOSAGE_NAME(x) avx512_##x
#define DOSAGE_ATTR LMR_TARGET("avx512f,avx512bw,avx512dq,avx512vl")
#define V __m512i
#define V_LANES 32
#define V_LOAD(p) _mm512_load_si512(p)
#define V_STORE(p, v) _mm512_storeu_si512(p, v)
#define V_MADD(a, b) _mm512_madd_epi16(a, b)
#define V_ADD(a, b) _mm512_add_epi32(a, b)
#define V_HIGH(a) _mm512_srai_epi32(a, 16)
#define V_ZERO _mm512_setzero_si512()
enum { NI = 4, NJ = 6, MI = 2, MJ = 4 };
#include "core/genotype/dosage_tile.h"

DOSAGE_ATTR void dosage_tile_avx512(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj,
                                    size_t length, size_t steps, int64_t *out) {
  if (steps >= length / V_LANES) avx512_whole(row_i, ni, row_j, nj, length, out);
  else if (steps == 3) avx512_parts(row_i, ni, row_j, nj, length, 3, out); /* at 16,384: unrolled */
  else avx512_parts(row_i, ni, row_j, nj, length, steps, out);
}
#endif

typedef int dosage_avx512_not_empty;
