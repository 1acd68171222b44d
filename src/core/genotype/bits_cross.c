#include "core/genotype/bits.h"

static const bits_tiles *tiles_of(lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512POP) return &bits_tiles_avx512;
  if (level >= LMR_CPU_AVX2) return &bits_tiles_avx2;
  if (level >= LMR_CPU_POPCNT) return &bits_tiles_popcnt;
#endif
  (void)level;
  return &bits_tiles_plain;
}

typedef enum { PAIR_GG, PAIR_GM, PAIR_MM } pair_kind;

/* Rows of a tile: h or m of the variants `at` .. `at + n - 1` of the list (all
 * variants when the list is NULL). */
static void tile_rows(const bits_chunk *c, const int *list, size_t at, size_t n, int missing,
                      const uint64_t **row) {
  for (size_t k = 0; k < n; k++) {
    const size_t v = list ? (size_t)list[at + k] : at + k;
    row[k] = missing ? bits_m(c, v) : bits_h(c, v);
  }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static lmr_status cross(const bits_chunk *c, pair_kind kind, const int *list, size_t n_list, bits_counts out,
                        lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const bits_tiles *tiles = tiles_of(level);
  const bits_tile_fn tile = kind == PAIR_GG ? tiles->gg : kind == PAIR_GM ? tiles->gm : tiles->mm;
  const int triangle = kind != PAIR_GM;
  const size_t columns = kind == PAIR_GG ? c->variants : n_list;
  const size_t rows = kind == PAIR_MM ? n_list : c->variants, d_offset = c->variants * c->words;
  const uint64_t *row_i[BITS_TILE], *row_j[BITS_TILE];
  uint32_t count[BITS_TILE * BITS_TILE];

  for (size_t j0 = 0; j0 < columns; j0 += BITS_TILE) {
    if (lmr_tick_poll(tick, (double)j0 / (double)columns))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    const size_t nj = smaller(BITS_TILE, columns - j0), end = triangle ? j0 + nj : rows;
    tile_rows(c, kind == PAIR_GG ? NULL : list, j0, nj, kind != PAIR_GG, row_j);
    for (size_t i0 = 0; i0 < end; i0 += BITS_TILE) {
      const size_t ni = smaller(BITS_TILE, end - i0);
      tile_rows(c, kind == PAIR_MM ? list : NULL, i0, ni, kind == PAIR_MM, row_i);
      tile(row_i, ni, row_j, nj, d_offset, c->words, count);
      for (size_t j = 0; j < nj; j++) {
        const size_t column = j0 + j, start = triangle ? column * (column + 1) / 2 : column * rows;
        const size_t last = triangle ? smaller(ni, column + 1 > i0 ? column + 1 - i0 : 0) : ni;
        for (size_t i = 0; i < last; i++)
          bits_add(out, start + i0 + i, count[i + BITS_TILE * j]);
      }
    }
  }
  return LMR_OK;
}

lmr_status bits_cross_gg(const bits_chunk *chunk, bits_counts out, lmr_cpu level, const lmr_tick *tick,
                         lmr_error *err) {
  return cross(chunk, PAIR_GG, NULL, 0, out, level, tick, err);
}

lmr_status bits_cross_gm(const bits_chunk *chunk, const int *missing, size_t n_missing, bits_counts out,
                         lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  return cross(chunk, PAIR_GM, missing, n_missing, out, level, tick, err);
}

lmr_status bits_cross_mm(const bits_chunk *chunk, const int *missing, size_t n_missing, bits_counts out,
                         lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  return cross(chunk, PAIR_MM, missing, n_missing, out, level, tick, err);
}
