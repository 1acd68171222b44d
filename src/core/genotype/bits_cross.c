#include "core/base/parallel.h"
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

typedef struct {
  const bits_chunk *chunk;
  pair_kind kind;
  const int *list;
  size_t rows, columns;
  bits_tile_fn tile;
  bits_counts out;
} cross_job;

/* The columns j0 .. of one tile, over all their rows. */
static void cross_columns(const cross_job *job, size_t j0) {
  const bits_chunk *c = job->chunk;
  const int triangle = job->kind != PAIR_GM;
  const size_t nj = smaller(BITS_TILE, job->columns - j0), end = triangle ? j0 + nj : job->rows;
  const uint64_t *row_i[BITS_TILE], *row_j[BITS_TILE];
  uint32_t count[BITS_TILE * BITS_TILE];
  tile_rows(c, job->kind == PAIR_GG ? NULL : job->list, j0, nj, job->kind != PAIR_GG, row_j);
  for (size_t i0 = 0; i0 < end; i0 += BITS_TILE) {
    const size_t ni = smaller(BITS_TILE, end - i0);
    tile_rows(c, job->kind == PAIR_MM ? job->list : NULL, i0, ni, job->kind == PAIR_MM, row_i);
    job->tile(row_i, ni, row_j, nj, c->variants * c->words, c->words, count);
    for (size_t j = 0; j < nj; j++) {
      const size_t column = j0 + j, start = triangle ? column * (column + 1) / 2 : column * job->rows;
      const size_t last = triangle ? smaller(ni, column + 1 > i0 ? column + 1 - i0 : 0) : ni;
      for (size_t i = 0; i < last; i++) bits_add(job->out, start + i0 + i, count[i + BITS_TILE * j]);
    }
  }
}

static lmr_status cross(const bits_chunk *c, pair_kind kind, const int *list, size_t n_list, bits_counts out,
                        lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const bits_tiles *tiles = tiles_of(level);
  const cross_job job = {c, kind, list, kind == PAIR_MM ? n_list : c->variants, kind == PAIR_GG ? c->variants : n_list,
                         kind == PAIR_GG ? tiles->gg : kind == PAIR_GM ? tiles->gm : tiles->mm, out};
  const size_t turns = (job.columns + BITS_TILE - 1) / BITS_TILE;
  int stop = 0;
  LMR_PARALLEL_FOR(lmr_threads(tick, turns), dynamic)
  for (size_t t = 0; t < turns; t++) /* of a triangle the longest first */
    if (!lmr_stop_asked(&stop, tick, (double)t / (double)turns)) cross_columns(&job, (turns - 1 - t) * BITS_TILE);
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
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
