#include "core/genotype/variant_scan.h"

#include <math.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/parallel.h"

enum {
  SLAB = 1 << 18, /* raw bytes read at a time: they stay in cache */
  TURNS = 8       /* variants at least, for several threads */
};

static size_t slab_variants(size_t stride) {
  return stride && stride < SLAB / TURNS ? SLAB / stride : TURNS;
}

size_t variant_scan_codes_bytes(size_t n_samples, size_t n_env) {
  const size_t stride = bed_stride(n_samples);
  return lmr_add_bytes(lmr_bytes(slab_variants(stride) * stride, 1), lmr_bytes(slab_variants(stride) * 8 * n_env, sizeof(uint32_t)));
}

/* Codes 00 (two copies) and 11 (none) change places: 2 - g for 32 genotypes. */
static uint64_t mirrored(uint64_t codes) {
  const uint64_t same = ~(codes ^ (codes >> 1)) & UINT64_C(0x5555555555555555);
  return codes ^ (same | same << 1);
}

/* Counts of the four codes in every environment and the two hashes. Two banks
 * of counters, so that a run of equal genotypes does not wait for itself. */
static void count_codes(const uint8_t *codes, const int *rows, const int *env, size_t n,
                        size_t n_env, uint32_t *banks, uint64_t *hash, uint64_t *mirror) {
  uint32_t *bank[2] = {banks, banks + 4 * n_env};
  uint64_t h = 1, m = 1;
  memset(banks, 0, 8 * n_env * sizeof *banks);
  for (size_t start = 0; start < n; start += 32) {
    const size_t count = n - start < 32 ? n - start : 32;
    /* Padding is the code of a missing call, which is its own mirror image. */
    uint64_t word = count < 32 ? UINT64_C(0x5555555555555555) << 2 * count : 0;
    for (size_t i = 0; i < count; i++) {
      const int r = rows[start + i];
      const unsigned code = (codes[r >> 2] >> 2 * (r & 3)) & 3u;
      bank[i & 1][4 * (size_t)env[start + i] + code]++;
      word |= (uint64_t)code << 2 * i;
    }
    h = mix_bits(h, word);
    m = mix_bits(m, mirrored(word));
  }
  *hash = h;
  *mirror = m;
}

static void put_counts(variant_scan *out, size_t j, size_t p_all, size_t n_env, const uint32_t *banks) {
  double lo = INFINITY, hi = -INFINITY;
  for (size_t e = 0; e < n_env; e++) {
    const uint32_t *a = banks + 4 * e, *b = a + 4 * n_env;
    const uint32_t two = a[0] + b[0], one = a[2] + b[2], none = a[3] + b[3];
    const size_t to = j + e * p_all;
    const double called = (double)two + one + none;
    out->n0[to] = (int)none;
    out->n1[to] = (int)one;
    out->n2[to] = (int)two;
    out->called[to] = (int)(two + one + none);
    const double mean = called > 0 ? (2. * two + one) / called : 0.;
    out->mean[to] = mean;
    out->ss[to] = none * mean * mean + one * (1. - mean) * (1. - mean) + two * (2. - mean) * (2. - mean);
    if (none) lo = 0.;
    if (one && lo > 1.) lo = 1.;
    if (two && lo > 2.) lo = 2.;
    if (two) hi = 2.;
    if (one && hi < 1.) hi = 1.;
    if (none && hi < 0.) hi = 0.;
  }
  out->lo[j] = lo;
  out->hi[j] = hi;
  out->odd[j] = 0;
  out->odd_same[j] = 1;
  out->odd_value[j] = NAN;
}

lmr_status variant_scan_codes(genotype_source *source, const int *rows, const int *env, size_t n, size_t n_env,
                              variant_scan *out, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t stride = genotype_stride(source), most = slab_variants(stride), p = source->variants;
  uint8_t *raw;
  uint32_t *banks;
  LMR_TAKE(raw, &work, most * stride, err);
  LMR_TAKE(banks, &work, most * 8 * n_env, err);
  for (size_t j = 0, count; j < p; j += count) {
    if (lmr_tick_poll(tick, (double)j / (double)p)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    count = p - j < most ? p - j : most;
    LMR_TRY(source->codes(source, j, count, raw, err));
    LMR_PARALLEL_FOR(lmr_threads(tick, count), dynamic)
    for (size_t k = 0; k < count; k++) {
      uint64_t h, m;
      uint32_t *mine = banks + k * 8 * n_env;
      count_codes(raw + k * stride, rows, env, n, n_env, mine, &h, &m);
      put_counts(out, j + k, p, n_env, mine);
      out->hash[j + k] = hash_value(h);
      out->mirror[j + k] = hash_value(m);
    }
  }
  return LMR_OK;
}
