#include "core/genotype/bits.h"

#include <string.h>

static size_t count_ones(const uint64_t *x, size_t words) {
  size_t count = 0;
  for (size_t w = 0; w < words; w++)
    for (uint64_t left = x[w]; left; left &= left - 1) count++;
  return count;
}

static int bit(const uint64_t *x, size_t i) { return (int)(x[i / 64] >> i % 64 & 1); }

size_t bits_fill(bits_chunk *chunk, lmr_rng *rng) {
  size_t filled = 0;
  for (size_t v = 0; v < chunk->variants; v++) {
    uint64_t *h = bits_h(chunk, v), *d = bits_d(chunk, v), *m = bits_m(chunk, v);
    const size_t missing = count_ones(m, chunk->words);
    if (!missing || 2 * missing > chunk->people) continue;
    for (size_t i = 0; i < chunk->people; i++) {
      if (!bit(m, i)) continue;
      size_t donor;
      do donor = (size_t)lmr_rng_below(rng, chunk->people);
      while (bit(m, donor));
      h[i / 64] |= (uint64_t)bit(h, donor) << i % 64;
      d[i / 64] |= (uint64_t)bit(d, donor) << i % 64;
    }
    memset(m, 0, chunk->words * sizeof *m);
    filled += missing;
  }
  return filled;
}
