/* The tile of numeric_products() in registers: up to NUMERIC_VARIANTS variants by
 * one to four vectors of columns. */
#include "core/moments/moments_numeric.h"

#if LMR_X86
#include <immintrin.h>

#define EACH(k, n) _Pragma("GCC unroll 8") for (int k = 0; k < (n); k++)

/* NV variants by NC vectors; g and sum are strided by variant. */
#define TILE(name, attr, NV, NC, V, LANES, LOAD, STORE, ZERO, SET1, ADD, FMA)                    \
  attr static inline void name(const double *g, const double *x, size_t people, size_t width,    \
                               double *sum) {                                                    \
    V acc[NV][NC];                                                                               \
    EACH(v, NV) EACH(c, NC) acc[v][c] = ZERO();                                                  \
    for (size_t k = 0; k < people; k++) {                                                        \
      V row[NC];                                                                                 \
      EACH(c, NC) row[c] = LOAD(x + k * width + (LANES) * c);                                    \
      EACH(v, NV) {                                                                              \
        const V gk = SET1(g[v * BITS_PEOPLE + k]);                                               \
        EACH(c, NC) acc[v][c] = FMA(gk, row[c], acc[v][c]);                                      \
      }                                                                                          \
    }                                                                                            \
    EACH(v, NV) EACH(c, NC) {                                                                    \
      double *to = sum + (size_t)v * width + (LANES) * c;                                        \
      STORE(to, ADD(LOAD(to), acc[v][c]));                                                       \
    }                                                                                            \
  }

#define ATTR512 LMR_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#define TILE512(name, NV, NC)                                                                    \
  TILE(name, ATTR512, NV, NC, __m512d, 8, _mm512_load_pd, _mm512_store_pd, _mm512_setzero_pd,    \
       _mm512_set1_pd, _mm512_add_pd, _mm512_fmadd_pd)
#define ATTR256 LMR_TARGET("avx2,fma")
#define TILE256(name, NV, NC)                                                                    \
  TILE(name, ATTR256, NV, NC, __m256d, 4, _mm256_load_pd, _mm256_store_pd, _mm256_setzero_pd,    \
       _mm256_set1_pd, _mm256_add_pd, _mm256_fmadd_pd)

TILE512(tile_6x1, 6, 1)
TILE512(tile_6x2, 6, 2)
TILE512(tile_6x3, 6, 3)
TILE512(tile_6x4, 6, 4)
TILE512(tile_1x1, 1, 1)
TILE256(tile_3x4, 3, 4)
TILE256(tile_3x2, 3, 2)
TILE256(tile_1x2, 1, 2)

ATTR512 void numeric_tile_avx512(const double *g, size_t n, const double *x, size_t people,
                                 size_t width, double *sum) {
  if (n < NUMERIC_VARIANTS) {
    for (size_t v = 0; v < n; v++)
      for (size_t c = 0; c < width; c += 8)
        tile_1x1(g + v * BITS_PEOPLE, x + c, people, width, sum + v * width + c);
    return;
  }
  size_t c = 0;
  for (; c + 32 <= width; c += 32) tile_6x4(g, x + c, people, width, sum + c);
  switch (width - c) {
    case 24: tile_6x3(g, x + c, people, width, sum + c); break;
    case 16: tile_6x2(g, x + c, people, width, sum + c); break;
    case 8: tile_6x1(g, x + c, people, width, sum + c); break;
    default: break;
  }
}

ATTR256 void numeric_tile_avx2(const double *g, size_t n, const double *x, size_t people,
                               size_t width, double *sum) {
  size_t v = 0;
  for (; v + 3 <= n; v += 3) {
    const double *gv = g + v * BITS_PEOPLE;
    size_t c = 0;
    for (; c + 16 <= width; c += 16) tile_3x4(gv, x + c, people, width, sum + v * width + c);
    if (c < width) tile_3x2(gv, x + c, people, width, sum + v * width + c);
  }
  for (; v < n; v++)
    for (size_t c = 0; c < width; c += 8)
      tile_1x2(g + v * BITS_PEOPLE, x + c, people, width, sum + v * width + c);
}
#endif

typedef int moments_numeric_simd_not_empty;
