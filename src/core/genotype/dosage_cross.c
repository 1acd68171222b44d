#include "core/base/parallel.h"
#include "core/genotype/dosage_cross.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static dosage_tile_fn tile_of(lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) return dosage_tile_avx512;
  if (level >= LMR_CPU_AVX2) return dosage_tile_avx2;
#endif
  (void)level;
  return dosage_tile_plain;
}

/* The rows of up to DOSAGE_TILE variants; returns their largest scale. */
static int64_t tile_rows(const dosage_chunk *c, size_t at, size_t n, const int16_t **row) {
  int64_t scale = 1;
  for (size_t v = 0; v < n; v++) {
    row[v] = c->k + (at + v) * c->stride;
    if (c->scale[at + v] > scale) scale = c->scale[at + v];
  }
  return scale;
}

/* Sums of one tile over all people of the chunk, a segment of them at a time. */
static void whole_tile(const dosage_chunk *c, dosage_tile_fn tile, const int16_t *const *row_i, size_t ni,
                       const int16_t *const *row_j, size_t nj, size_t steps, int64_t *sum) {
  const int16_t *at_i[DOSAGE_TILE], *at_j[DOSAGE_TILE];
  memset(sum, 0, DOSAGE_TILE * DOSAGE_TILE * sizeof *sum);
  for (size_t w = 0; w < c->stride; w += DOSAGE_SEGMENT) {
    for (size_t i = 0; i < ni; i++) at_i[i] = row_i[i] + w;
    for (size_t j = 0; j < nj; j++) at_j[j] = row_j[j] + w;
    tile(at_i, ni, at_j, nj, smaller(DOSAGE_SEGMENT, c->stride - w), steps, sum);
  }
}

/* Columns j0 .. of one tile, over all their rows. */
static void cross_columns(const dosage_chunk *c, dosage_tile_fn tile, size_t j0, double *out) {
  const int16_t *row_i[DOSAGE_TILE], *row_j[DOSAGE_TILE];
  int64_t sum[DOSAGE_TILE * DOSAGE_TILE];
  const size_t p = c->variants, nj = smaller(DOSAGE_TILE, p - j0);
  const int64_t scale_j = tile_rows(c, j0, nj, row_j);
  for (size_t i0 = 0; i0 <= j0; i0 += DOSAGE_TILE) {
    const size_t ni = smaller(DOSAGE_TILE, p - i0);
    const int64_t steps = INT32_MAX / (2 * scale_j * tile_rows(c, i0, ni, row_i));
    whole_tile(c, tile, row_i, ni, row_j, nj, (size_t)steps, sum);
    for (size_t j = 0; j < nj; j++) {
      const size_t column = j0 + j, start = column * (column + 1) / 2;
      for (size_t i = 0; i < ni && i0 + i <= column; i++) out[start + i0 + i] += (double)sum[i + DOSAGE_TILE * j];
    }
  }
}

lmr_status dosage_cross_kk(const dosage_chunk *c, double *out, lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const dosage_tile_fn tile = tile_of(level);
  const size_t turns = (c->variants + DOSAGE_TILE - 1) / DOSAGE_TILE;
  int stop = 0;
  LMR_PARALLEL_FOR(lmr_threads(tick, turns), dynamic)
  for (size_t t = 0; t < turns; t++) /* the longest first */
    if (!lmr_stop_asked(&stop, tick, (double)t / (double)turns)) cross_columns(c, tile, (turns - 1 - t) * DOSAGE_TILE, out);
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}

/* Places of the people flagged in a row of bits. */
static size_t flagged(const uint64_t *m, size_t people, uint16_t *who) {
  size_t n = 0;
  for (size_t w = 0; w < (people + 63) / 64; w++) {
    if (!m[w]) continue;
    for (size_t b = 0; b < 64; b++)
      if (m[w] >> b & 1) who[n++] = (uint16_t)(64 * w + b);
  }
  return n;
}

/* Column j of both. */
static void flags_column(const dosage_chunk *c, const int *missing, size_t j, double *km, double *mm) {
  const size_t p = c->variants;
  uint16_t who[DOSAGE_PEOPLE];
  const size_t n = flagged(c->m + (size_t)missing[j] * c->words, c->people, who);
  for (size_t v = 0; n && v < p; v++) {
    const int16_t *k = c->k + v * c->stride;
    int32_t sum = 0;
    for (size_t t = 0; t < n; t++) sum += k[who[t]];
    km[v + p * j] += sum;
  }
  for (size_t i = 0; n && i <= j; i++) {
    const uint64_t *m = c->m + (size_t)missing[i] * c->words;
    size_t both = 0;
    for (size_t t = 0; t < n; t++) both += m[who[t] / 64] >> who[t] % 64 & 1;
    mm[j * (j + 1) / 2 + i] += (double)both;
  }
}

lmr_status dosage_cross_flags(const dosage_chunk *c, const int *missing, size_t n_missing, double *km, double *mm,
                              const lmr_tick *tick, lmr_error *err) {
  int stop = 0;
  LMR_PARALLEL_FOR(lmr_threads(tick, n_missing), dynamic)
  for (size_t j = 0; j < n_missing; j++)
    if (!lmr_stop_asked(&stop, tick, (double)j / (double)n_missing)) flags_column(c, missing, j, km, mm);
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}
