/* Tiles with AVX-512 and its population count of 64-bit lanes (VPOPCNTDQ). */
#include "core/genotype/bits.h"

#if LMR_X86
#include <immintrin.h>

#define BITS_NAME(x) avx512_##x
#define BITS_ATTR LMR_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")
#define V __m512i
#define V_WORDS 8
#define V_LOAD(p) _mm512_load_si512(p)
#define V_AND(a, b) _mm512_and_si512(a, b)
#define V_XOR(a, b) _mm512_xor_si512(a, b)
#define V_ADD(a, b) _mm512_add_epi64(a, b)
#define V_ZERO _mm512_setzero_si512()
#define V_SUM(v) _mm512_reduce_add_epi64(v)
#define V_COUNT(x) _mm512_popcnt_epi64(x)
#define V_COUNT2(x, y) _mm512_add_epi64(_mm512_popcnt_epi64(x), _mm512_popcnt_epi64(y))
enum { NI = 2, NJ = 4 };
#include "core/genotype/bits_tile.h"

const bits_tiles bits_tiles_avx512 = {avx512_gg, avx512_gm, avx512_mm};
#endif

typedef int bits_avx512_not_empty;
