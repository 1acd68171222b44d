#include "core/base/parallel.h"
#include "core/moments/moments_numeric.h"

#include <math.h>
#include <string.h>

lmr_status numeric_pilots(const double *const *column, size_t columns, size_t people, double *pilot, int threads,
                          lmr_error *err) {
  (void)threads;
  LMR_PARALLEL_FOR(threads, dynamic)
  for (size_t c = 0; c < columns; c++) {
    long double sum = 0;
    for (size_t i = 0; i < people; i++) sum += column[c][i];
    pilot[c] = (double)(sum / (long double)people);
  }
  for (size_t c = 0; c < columns; c++)
    if (!isfinite(pilot[c]))
      return lmr_fail(err, LMR_ENONFINITE, "numeric column %zu has missing or infinite values", c + 1);
  return LMR_OK;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void numeric_rows(const double *const *column, const double *pilot, size_t columns,
                  const int *index, size_t people, double *x, int threads) {
  const size_t width = numeric_width(columns), turns = (people + BITS_PEOPLE - 1) / BITS_PEOPLE;
  (void)threads;
  LMR_PARALLEL_FOR(threads, static)
  for (size_t t = 0; t < turns; t++) {
    const size_t end = smaller(people, (t + 1) * BITS_PEOPLE);
    for (size_t c = 0; c < width; c++)
      for (size_t k = t * BITS_PEOPLE; k < end; k++)
        x[k * width + c] = c < columns ? column[c][index[k]] - pilot[c] : 0;
  }
}

enum { CROSS_COLUMNS = 4 };

/* Columns j0 .. j1 - 1 of the cross products, and their sums: over the people of a tile, then over tiles. */
static void cross_columns(const double *x, size_t people, size_t width, size_t j0, size_t j1, double *sx, double *xx,
                          double *sum) {
  for (size_t k0 = 0; k0 < people; k0 += BITS_PEOPLE) {
    const size_t end = smaller(people, k0 + BITS_PEOPLE);
    double once[CROSS_COLUMNS] = {0};
    memset(sum + j0 * width, 0, (j1 - j0) * width * sizeof *sum);
    for (size_t k = k0; k < end; k++) {
      const double *row = x + k * width;
      for (size_t j = j0; j < j1; j++) {
        double *to = sum + j * width;
        const double xj = row[j];
        once[j - j0] += xj;
        for (size_t i = 0; i <= j; i++) to[i] += row[i] * xj;
      }
    }
    for (size_t j = j0; j < j1; j++) {
      sx[j] += once[j - j0];
      for (size_t i = 0; i <= j; i++) xx[j * (j + 1) / 2 + i] += sum[j * width + i];
    }
  }
}

size_t numeric_cross_bytes(size_t columns) {
  return lmr_bytes(columns * numeric_width(columns), sizeof(double));
}

lmr_status numeric_cross(const double *x, size_t people, size_t columns, double *sx, double *xx,
                         lmr_arena work, int threads, lmr_error *err) {
  const size_t width = numeric_width(columns), turns = (columns + CROSS_COLUMNS - 1) / CROSS_COLUMNS;
  double *sum;
  LMR_TAKE(sum, &work, columns * width, err);
  (void)threads;
  LMR_PARALLEL_FOR(threads, dynamic)
  for (size_t t = turns; t > 0; t--) /* the longest first */
    cross_columns(x, people, width, (t - 1) * CROSS_COLUMNS, smaller(columns, t * CROSS_COLUMNS), sx, xx, sum);
  return LMR_OK;
}

static void numeric_tile_plain(const double *g, size_t n, const double *x, size_t people, size_t width,
                        double *sum) {
  for (size_t v = 0; v < n; v++) {
    double *to = sum + v * width;
    for (size_t c0 = 0; c0 < width; c0 += 8) {
      double acc[8] = {0};
      for (size_t k = 0; k < people; k++) {
        const double *row = x + k * width + c0, gk = g[v * BITS_PEOPLE + k];
        for (size_t c = 0; c < 8; c++) acc[c] += gk * row[c];
      }
      for (size_t c = 0; c < 8; c++) to[c0 + c] += acc[c];
    }
  }
}

/* The missing flags are few: their people's rows are added one by one. */
static void add_flagged(const uint64_t *m, size_t words, const double *x, size_t width, double *sum) {
  for (size_t w = 0; w < words; w++)
    for (uint64_t left = m[w]; left; left &= left - 1) {
      size_t bit = 0;
#if defined(__GNUC__)
      bit = (size_t)__builtin_ctzll(left);
#else
      while (!(left >> bit & 1)) bit++;
#endif
      const double *row = x + (64 * w + bit) * width;
      for (size_t c = 0; c < width; c++) sum[c] += row[c];
    }
}

static numeric_tile_fn tile_of(lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) return numeric_tile_avx512;
  if (level >= LMR_CPU_AVX2) return numeric_tile_avx2;
#endif
  (void)level;
  return numeric_tile_plain;
}

/* Adds the sums of variants from .. to - 1: tile after tile of people, the rows of a tile of
 * people staying in the cache. */
static void add_variants(const numeric_genotypes *from, numeric_tile_fn tile, const double *x, size_t width, size_t first,
                         size_t last, double *sum) {
  double g[NUMERIC_VARIANTS * BITS_PEOPLE];
  for (size_t k0 = 0; k0 < from->people; k0 += BITS_PEOPLE) {
    const size_t people = smaller(BITS_PEOPLE, from->people - k0);
    for (size_t v0 = first; v0 < last; v0 += NUMERIC_VARIANTS) {
      const size_t n = smaller(NUMERIC_VARIANTS, last - v0);
      for (size_t v = 0; v < n; v++) from->decode(from->chunk, v0 + v, k0, people, g + v * BITS_PEOPLE);
      tile(g, n, x + k0 * width, people, width, sum + v0 * width);
    }
  }
}

size_t numeric_products_bytes(size_t variants, size_t columns) {
  return lmr_bytes(variants * numeric_width(columns), sizeof(double));
}

lmr_status numeric_products(const numeric_genotypes *from, const int *missing, size_t n_missing, const double *x,
                            size_t columns, double *gx, double *mx, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                            lmr_error *err) {
  enum { TURN = 4 * NUMERIC_VARIANTS };
  const size_t width = numeric_width(columns), p = from->variants, turns = (p + TURN - 1) / TURN;
  const numeric_tile_fn tile = tile_of(level);
  double *sum;
  int stop = 0;
  LMR_TAKE(sum, &work, p * width, err);

  memset(sum, 0, p * width * sizeof *sum);
  LMR_PARALLEL_FOR(lmr_threads(tick, turns), dynamic)
  for (size_t t = 0; t < turns; t++)
    if (!lmr_stop_asked(&stop, tick, (double)t / (double)turns))
      add_variants(from, tile, x, width, t * TURN, smaller(p, (t + 1) * TURN), sum);
  if (stop) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  for (size_t c = 0; c < columns; c++)
    for (size_t v = 0; v < p; v++) gx[v + p * c] += sum[v * width + c];

  memset(sum, 0, n_missing * width * sizeof *sum);
  LMR_PARALLEL_FOR(lmr_threads(tick, n_missing), static)
  for (size_t k = 0; k < n_missing; k++)
    add_flagged(from->flags + (size_t)missing[k] * from->words, from->words, x, width, sum + k * width);
  for (size_t c = 0; c < columns; c++)
    for (size_t k = 0; k < n_missing; k++) mx[k + n_missing * c] += sum[k * width + c];
  return LMR_OK;
}

/* Copies of BITS_PEOPLE people from their bits, four at a time by table. */
static void decode_bits(const void *chunk, size_t variant, size_t first, size_t people, double *g) {
  const bits_chunk *from = chunk;
  const uint64_t *h = bits_h(from, variant) + first / 64, *d = bits_d(from, variant) + first / 64;
  (void)people; /* padded with zero bits */
  static const double nibble[16][4] = {
    {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 0}, {1, 0, 1, 0},
    {0, 1, 1, 0}, {1, 1, 1, 0}, {0, 0, 0, 1}, {1, 0, 0, 1}, {0, 1, 0, 1}, {1, 1, 0, 1},
    {0, 0, 1, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 1, 1}};
  for (size_t w = 0; w < BITS_PEOPLE / 64; w++) {
    uint64_t hw = h[w], dw = d[w];
    for (size_t k = 0; k < 16; k++, hw >>= 4, dw >>= 4, g += 4) {
      const double *a = nibble[hw & 15], *b = nibble[dw & 15];
      for (size_t i = 0; i < 4; i++) g[i] = a[i] + b[i];
    }
  }
}

numeric_genotypes numeric_bits(const bits_chunk *chunk) {
  const numeric_genotypes out = {chunk, chunk->people, chunk->variants, decode_bits, bits_m(chunk, 0), chunk->words};
  return out;
}
