/* Plain C tiles: the fallback, and the twin of the others in the tests. */
#include "core/base/parallel.h"
#include "core/genotype/bits.h"

static inline uint64_t count(uint64_t x) {
  x -= x >> 1 & UINT64_C(0x5555555555555555);
  x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
  x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return x * UINT64_C(0x0101010101010101) >> 56;
}

#define BITS_NAME(x) plain_##x
#define BITS_ATTR
#define V uint64_t
#define V_WORDS 1
#define V_LOAD(p) (*(p))
#define V_AND(a, b) ((a) & (b))
#define V_XOR(a, b) ((a) ^ (b))
#define V_ADD(a, b) ((a) + (b))
#define V_ZERO 0
#define V_SUM(v) (v)
#define V_COUNT(x) count(x)
#define V_COUNT2(x, y) (count(x) + count(y))
enum { NI = 2, NJ = 2 };
#include "core/genotype/bits_tile.h"

const bits_tiles bits_tiles_plain = {plain_gg, plain_gm, plain_mm};

void bits_sums(const bits_chunk *chunk, double *sg, double *sm, int threads) {
  (void)threads;
  LMR_PARALLEL_FOR(threads, static)
  for (size_t v = 0; v < chunk->variants; v++) {
    const uint64_t *h = bits_h(chunk, v), *d = bits_d(chunk, v), *m = bits_m(chunk, v);
    uint64_t g = 0, missing = 0;
    for (size_t w = 0; w < chunk->words; w++) {
      g += count(h[w]) + count(d[w]);
      missing += count(m[w]);
    }
    sg[v] += (double)g;
    sm[v] += (double)missing;
  }
}
