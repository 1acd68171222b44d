#include "core/la/tall.h"

#include <string.h>

#define LANES_FILE "core/la/tall_lanes.h"
#include "core/la/double_lanes.h"
#if LMR_X86
#include <immintrin.h>
#endif

#define STEP TALL_ROWS_STEP
enum { CROSS_PANEL = 32 };

/* A block of at most 512 KB and 496 rows: four columns of a tile stay in the
 * first-level cache, the block in the second. An odd number of steps, so that the
 * columns of a row lie in different sets of the first-level cache. */
size_t tall_rows(size_t p) {
  const size_t steps = ((size_t)1 << 16) / (p ? p : 1) / STEP;
  return STEP * (steps < 5 ? 5 : steps > 31 ? 31 : steps - 1 + steps % 2);
}

size_t tall_pad(size_t p) { return (p + 3) / 4 * 4; }

void tall_pack(const tall_source *source, size_t first, size_t count, double *block, size_t rows) {
  const size_t pa = tall_pad(source->p);
  for (size_t j = 0; j < pa; j++) {
    double *to = block + j * rows;
    if (j >= source->p) {
      memset(to, 0, rows * sizeof *to);
      continue;
    }
    const double *from = source->col[j];
    if (source->order) {
      const int *row = source->order + first;
      if (source->root)
        for (size_t i = 0; i < count; i++) to[i] = source->root[row[i]] * from[row[i]];
      else
        for (size_t i = 0; i < count; i++) to[i] = from[row[i]];
    } else if (source->root) {
      for (size_t i = 0; i < count; i++) to[i] = source->root[first + i] * from[first + i];
    } else {
      memcpy(to, from + first, count * sizeof *to);
    }
    memset(to + count, 0, (rows - count) * sizeof *to);
  }
}

void tall_pad_factor(const double *r, size_t p, size_t ldr, double *padded, size_t pa) {
  memset(padded, 0, pa * pa * sizeof *padded);
  for (size_t j = 0; j < pa; j++) {
    if (j < p) memcpy(padded + j * pa, r + j * ldr, (j + 1) * sizeof *padded);
    else padded[j + j * pa] = 1;
  }
}

/* Tiles: 4 columns of A by 4 of B, sums over the rows of a block. */
static void cross_tile_plain(const double *a, const double *b, size_t rows, double *c, size_t ldc) {
  for (size_t j = 0; j < 4; j++)
    for (size_t i = 0; i < 4; i++) {
      const double *x = a + i * rows, *y = b + j * rows;
      double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (size_t k = 0; k < rows; k += 4) {
        s0 += x[k] * y[k];
        s1 += x[k + 1] * y[k + 1];
        s2 += x[k + 2] * y[k + 2];
        s3 += x[k + 3] * y[k + 3];
      }
      c[i + j * ldc] += (s0 + s1) + (s2 + s3);
    }
}

#if LMR_X86
/* Two columns of B at a time: eight sums and four columns of A in 16 registers. */
LMR_TARGET("avx2,fma")
static void cross_tile_avx2(const double *a, const double *b, size_t rows, double *c, size_t ldc) {
  const double *a1 = a + rows, *a2 = a1 + rows, *a3 = a2 + rows;
  for (size_t j = 0; j < 4; j += 2) {
    const double *b0 = b + j * rows, *b1 = b0 + rows;
    __m256d s[8];
    s[0] = s[1] = s[2] = s[3] = s[4] = s[5] = s[6] = s[7] = _mm256_setzero_pd();
    for (size_t k = 0; k < rows; k += 4) {
      const __m256d x0 = _mm256_loadu_pd(a + k), x1 = _mm256_loadu_pd(a1 + k);
      const __m256d x2 = _mm256_loadu_pd(a2 + k), x3 = _mm256_loadu_pd(a3 + k);
      __m256d y = _mm256_loadu_pd(b0 + k);
      s[0] = _mm256_fmadd_pd(x0, y, s[0]);
      s[1] = _mm256_fmadd_pd(x1, y, s[1]);
      s[2] = _mm256_fmadd_pd(x2, y, s[2]);
      s[3] = _mm256_fmadd_pd(x3, y, s[3]);
      y = _mm256_loadu_pd(b1 + k);
      s[4] = _mm256_fmadd_pd(x0, y, s[4]);
      s[5] = _mm256_fmadd_pd(x1, y, s[5]);
      s[6] = _mm256_fmadd_pd(x2, y, s[6]);
      s[7] = _mm256_fmadd_pd(x3, y, s[7]);
    }
    for (size_t t = 0; t < 2; t++) {
      const __m256d h01 = _mm256_hadd_pd(s[4 * t], s[4 * t + 1]);
      const __m256d h23 = _mm256_hadd_pd(s[4 * t + 2], s[4 * t + 3]);
      const __m256d sum = _mm256_add_pd(_mm256_permute2f128_pd(h01, h23, 0x21),
                                        _mm256_blend_pd(h01, h23, 0xC));
      double *to = c + (j + t) * ldc;
      _mm256_storeu_pd(to, _mm256_add_pd(_mm256_loadu_pd(to), sum));
    }
  }
}

/* The sums over the lanes of four vectors, added to four numbers. */
LMR_TARGET("avx512f,avx512dq")
static inline void add_four(__m512d s0, __m512d s1, __m512d s2, __m512d s3, double *to) {
  const __m512d a = _mm512_add_pd(_mm512_unpacklo_pd(s0, s1), _mm512_unpackhi_pd(s0, s1));
  const __m512d b = _mm512_add_pd(_mm512_unpacklo_pd(s2, s3), _mm512_unpackhi_pd(s2, s3));
  const __m256d x = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
  const __m256d y = _mm256_add_pd(_mm512_castpd512_pd256(b), _mm512_extractf64x4_pd(b, 1));
  const __m256d sum = _mm256_add_pd(_mm256_permute2f128_pd(x, y, 0x20), _mm256_permute2f128_pd(x, y, 0x31));
  _mm256_storeu_pd(to, _mm256_add_pd(_mm256_loadu_pd(to), sum));
}

LMR_TARGET("avx512f,avx512dq")
static void cross_tile_avx512(const double *a, const double *b, size_t rows, double *c, size_t ldc) {
  const double *a1 = a + rows, *a2 = a1 + rows, *a3 = a2 + rows;
  const double *b1 = b + rows, *b2 = b1 + rows, *b3 = b2 + rows;
  __m512d s00, s10, s20, s30, s01, s11, s21, s31, s02, s12, s22, s32, s03, s13, s23, s33;
  s00 = s10 = s20 = s30 = s01 = s11 = s21 = s31 = _mm512_setzero_pd();
  s02 = s12 = s22 = s32 = s03 = s13 = s23 = s33 = _mm512_setzero_pd();
  for (size_t k = 0; k < rows; k += 8) {
    const __m512d x0 = _mm512_loadu_pd(a + k), x1 = _mm512_loadu_pd(a1 + k);
    const __m512d x2 = _mm512_loadu_pd(a2 + k), x3 = _mm512_loadu_pd(a3 + k);
    __m512d y = _mm512_loadu_pd(b + k);
    s00 = _mm512_fmadd_pd(x0, y, s00);
    s10 = _mm512_fmadd_pd(x1, y, s10);
    s20 = _mm512_fmadd_pd(x2, y, s20);
    s30 = _mm512_fmadd_pd(x3, y, s30);
    y = _mm512_loadu_pd(b1 + k);
    s01 = _mm512_fmadd_pd(x0, y, s01);
    s11 = _mm512_fmadd_pd(x1, y, s11);
    s21 = _mm512_fmadd_pd(x2, y, s21);
    s31 = _mm512_fmadd_pd(x3, y, s31);
    y = _mm512_loadu_pd(b2 + k);
    s02 = _mm512_fmadd_pd(x0, y, s02);
    s12 = _mm512_fmadd_pd(x1, y, s12);
    s22 = _mm512_fmadd_pd(x2, y, s22);
    s32 = _mm512_fmadd_pd(x3, y, s32);
    y = _mm512_loadu_pd(b3 + k);
    s03 = _mm512_fmadd_pd(x0, y, s03);
    s13 = _mm512_fmadd_pd(x1, y, s13);
    s23 = _mm512_fmadd_pd(x2, y, s23);
    s33 = _mm512_fmadd_pd(x3, y, s33);
  }
  add_four(s00, s10, s20, s30, c);
  add_four(s01, s11, s21, s31, c + ldc);
  add_four(s02, s12, s22, s32, c + 2 * ldc);
  add_four(s03, s13, s23, s33, c + 3 * ldc);
}
#endif

void tall_block_cross(const double *a, size_t pa, const double *b, size_t pb, size_t rows,
                      int upper, double *c, size_t ldc, lmr_cpu level) {
  void (*const tile)(const double *, const double *, size_t, double *, size_t) = PICK(cross_tile, level);
  /* A panel of B stays in the first-level cache while A comes by. */
  for (size_t panel = 0; panel < pb; panel += CROSS_PANEL) {
    const size_t end = panel + CROSS_PANEL < pb ? panel + CROSS_PANEL : pb, last = upper && end < pa ? end : pa;
    for (size_t i = 0; i < last; i += 4)
      for (size_t j = upper && i > panel ? i : panel; j < end; j += 4)
        tile(a + i * rows, b + j * rows, rows, c + i + j * ldc, ldc);
  }
}

void tall_block_solve(double *a, size_t pa, size_t rows, const double *r, size_t ldr, lmr_cpu level) {
  void (*const tile)(double *, size_t, size_t, const double *, size_t) = PICK(solve_tile, level);
  for (size_t j = 0; j < pa; j += 4) tile(a, j, rows, r, ldr);
}

void tall_block_subtract(double *to, const double *a, const double *f, size_t columns, size_t rows, lmr_cpu level) {
  PICK(subtract, level)(to, a, f, columns, rows);
}

void tall_block_add_squares(double *to, const double *a, size_t columns, size_t rows, lmr_cpu level) {
  PICK(add_squares, level)(to, a, columns, rows);
}

void tall_block_scale(double *to, const double *a, const double *by, size_t columns, size_t rows, lmr_cpu level) {
  PICK(scale, level)(to, a, by, columns, rows);
}

size_t tall_crossprod_bytes(size_t p) {
  const size_t pa = tall_pad(p), rows = tall_rows(p);
  size_t bytes = lmr_bytes(p, sizeof(double *));
  bytes = lmr_add_bytes(bytes, lmr_bytes(pa * pa, sizeof(double)));
  return lmr_add_bytes(bytes, 2 * lmr_bytes(rows * pa, sizeof(double)));
}

lmr_status tall_crossprod(const double *a, size_t n, size_t p, size_t ld, const double *s,
                          double *c, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                          lmr_error *err) {
  if (!p) return LMR_OK;
  if (ld < n) return lmr_fail(err, LMR_EINVAL, "tall_crossprod: leading dimension below the rows");
  const size_t pa = tall_pad(p), rows = tall_rows(p);
  const double **col;
  double *sum, *block, *scaled;
  LMR_TAKE(col, &work, p, err);
  LMR_TAKE(sum, &work, pa * pa, err);
  LMR_TAKE(block, &work, rows * pa, err);
  LMR_TAKE(scaled, &work, rows * pa, err);
  for (size_t j = 0; j < p; j++) col[j] = a + j * ld;
  memset(sum, 0, pa * pa * sizeof *sum);
  const tall_source plain = {col, n, p, NULL, NULL}, weighted = {col, n, p, s, NULL};
  for (size_t first = 0; first < n; first += rows) {
    const size_t count = n - first < rows ? n - first : rows;
    tall_pack(&plain, first, count, block, rows);
    if (s) tall_pack(&weighted, first, count, scaled, rows);
    tall_block_cross(block, pa, s ? scaled : block, pa, rows, 1, sum, pa, level);
    if (lmr_tick_poll(tick, (double)first / (double)n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) c[i + j * p] = c[j + i * p] = sum[i + j * pa];
  return LMR_OK;
}
