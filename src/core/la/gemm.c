#include "core/la/gemm.h"

#include "core/base/parallel.h"

#include <string.h>

#if LMR_X86
#include <immintrin.h>
#endif

/* A tile in registers, and panels that stay in the first and second level of
 * cache: 64 KB of A and 256 KB of B, on the stack. */
enum { TILE_M = 16, TILE_N = 8, PANEL_M = 64, PANEL_N = 256, PANEL_K = 128 };
/* Columns times depth of a panel below which threads cost more than they bring. */
enum { FEW = 1024 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The panel of op(X) with rows first.., columns from.. in strips of `width` rows:
 * strip after strip, within it column after column; short strips padded with zeros.
 * Entry (row, column) of op(X) is x[row * step + column * jump]. */
static inline void pack_strips(const double *x, size_t step, size_t jump, size_t rows, size_t columns,
                               size_t width, double *to) {
  for (size_t s = 0; s < rows; s += width) {
    const size_t here = smaller(width, rows - s);
    const double *from = x + s * step;
    if (here < width) memset(to, 0, width * columns * sizeof *to);
    for (size_t j = 0; j < columns; j++, from += jump, to += width) {
      if (here < width)
        for (size_t i = 0; i < here; i++) to[i] = from[i * step];
      else if (step == 1) memcpy(to, from, width * sizeof *to);
      else
        for (size_t i = 0; i < width; i++) to[i] = from[i * step];
    }
  }
}

/* With widths that the compiler knows. */
static void pack_a(const double *x, size_t step, size_t jump, size_t rows, size_t columns, double *to) {
  pack_strips(x, step, jump, rows, columns, TILE_M, to);
}

static void pack_b(const double *x, size_t step, size_t jump, size_t rows, size_t columns, double *to) {
  pack_strips(x, step, jump, rows, columns, TILE_N, to);
}

/* c (16 x 8) += alpha times the strip of A times the strip of B over k columns. */
static void tile_plain(size_t k, const double *a, const double *b, double alpha, double *c, size_t ldc) {
  double t[TILE_M * TILE_N] = {0};
  for (size_t l = 0; l < k; l++, a += TILE_M, b += TILE_N)
    for (size_t j = 0; j < TILE_N; j++)
      for (size_t i = 0; i < TILE_M; i++) t[i + j * TILE_M] += a[i] * b[j];
  for (size_t j = 0; j < TILE_N; j++)
    for (size_t i = 0; i < TILE_M; i++) c[i + j * ldc] += alpha * t[i + j * TILE_M];
}

/* The sums must be registers: the loops over them are unrolled at any -O level. */
#if LMR_X86
/* Two columns at a time: eight sums, four vectors of A. */
LMR_TARGET("avx2,fma")
static void tile_avx2(size_t k, const double *a, const double *b, double alpha, double *c, size_t ldc) {
  const __m256d by = _mm256_set1_pd(alpha);
  for (size_t j = 0; j < TILE_N; j += 2) {
    const double *x = a, *y = b + j;
    __m256d s[8];
    s[0] = s[1] = s[2] = s[3] = s[4] = s[5] = s[6] = s[7] = _mm256_setzero_pd();
    for (size_t l = 0; l < k; l++, x += TILE_M, y += TILE_N) {
      const __m256d y0 = _mm256_broadcast_sd(y), y1 = _mm256_broadcast_sd(y + 1);
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) {
        const __m256d xv = _mm256_loadu_pd(x + 4 * v);
        s[v] = _mm256_fmadd_pd(xv, y0, s[v]);
        s[4 + v] = _mm256_fmadd_pd(xv, y1, s[4 + v]);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) {
      double *to = c + (j + (size_t)v / 4) * ldc + 4 * ((size_t)v % 4);
      _mm256_storeu_pd(to, _mm256_add_pd(_mm256_loadu_pd(to), _mm256_mul_pd(by, s[v])));
    }
  }
}

LMR_TARGET("avx512f,avx512dq")
static void tile_avx512(size_t k, const double *a, const double *b, double alpha, double *c, size_t ldc) {
  const __m512d by = _mm512_set1_pd(alpha);
  __m512d s0[TILE_N], s1[TILE_N];
#pragma GCC unroll 8
  for (int j = 0; j < TILE_N; j++) s0[j] = s1[j] = _mm512_setzero_pd();
  for (size_t l = 0; l < k; l++, a += TILE_M, b += TILE_N) {
    const __m512d x0 = _mm512_loadu_pd(a), x1 = _mm512_loadu_pd(a + 8);
#pragma GCC unroll 8
    for (int j = 0; j < TILE_N; j++) {
      const __m512d y = _mm512_set1_pd(b[j]);
      s0[j] = _mm512_fmadd_pd(x0, y, s0[j]);
      s1[j] = _mm512_fmadd_pd(x1, y, s1[j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < TILE_N; j++) {
    double *to = c + (size_t)j * ldc;
    _mm512_storeu_pd(to, _mm512_add_pd(_mm512_loadu_pd(to), _mm512_mul_pd(by, s0[j])));
    _mm512_storeu_pd(to + 8, _mm512_add_pd(_mm512_loadu_pd(to + 8), _mm512_mul_pd(by, s1[j])));
  }
}
#endif

static void scale(double beta, double *c, size_t m, size_t n, size_t ldc, int upper) {
  if (beta == 1) return;
  for (size_t j = 0; j < n; j++) {
    const size_t rows = upper ? smaller(j + 1, m) : m;
    double *to = c + j * ldc;
    if (beta == 0) memset(to, 0, rows * sizeof *to);
    else
      for (size_t i = 0; i < rows; i++) to[i] *= beta;
  }
}

typedef struct {
  void (*tile)(size_t, const double *, const double *, double, double *, size_t);
  const double *a;
  size_t step, jump; /* of op(A) */
  double alpha, *c;
  size_t ldc, last; /* rows of this panel of columns */
  int upper;
} panel_job;

/* Rows i0 .. of a panel of columns j0 .. j0 + nj, over l0 .. l0 + nl. */
static void panel_rows(const panel_job *job, size_t i0, size_t j0, size_t nj, size_t l0, size_t nl, const double *b_panel) {
  const size_t ni = smaller(PANEL_M, job->last - i0), ldc = job->ldc;
  const int upper = job->upper;
  double a_panel[PANEL_M * PANEL_K], t[TILE_M * TILE_N];
  pack_a(job->a + i0 * job->step + l0 * job->jump, job->step, job->jump, ni, nl, a_panel);
  for (size_t j = 0; j < nj; j += TILE_N)
    for (size_t i = 0; i < ni; i += TILE_M) {
      const size_t rows = smaller(TILE_M, ni - i), columns = smaller(TILE_N, nj - j);
      if (upper && i0 + i > j0 + j + columns - 1) continue;
      double *to = job->c + i0 + i + (j0 + j) * ldc;
      if (rows == TILE_M && columns == TILE_N && (!upper || i0 + i + TILE_M <= j0 + j + 1)) {
        job->tile(nl, a_panel + i * nl, b_panel + j * nl, job->alpha, to, ldc);
        continue;
      }
      memset(t, 0, sizeof t);
      job->tile(nl, a_panel + i * nl, b_panel + j * nl, job->alpha, t, TILE_M);
      for (size_t s = 0; s < columns; s++) {
        const size_t column = j0 + j + s;
        const size_t stop = upper ? (column + 1 > i0 + i ? smaller(rows, column + 1 - i0 - i) : 0) : rows;
        for (size_t r = 0; r < stop; r++) to[r + s * ldc] += t[r + s * TILE_M];
      }
    }
}

int gemm(char ta, char tb, size_t m, size_t n, size_t k, double alpha, const double *a,
         size_t lda, const double *b, size_t ldb, double beta, double *c, size_t ldc, int upper,
         lmr_cpu level, const lmr_tick *tick) {
  panel_job job = {tile_plain, a, ta == 'N' ? 1 : lda, ta == 'N' ? lda : 1, alpha, c, ldc, 0, upper};
#if LMR_X86
  if (level >= LMR_CPU_AVX512) job.tile = tile_avx512;
  else if (level >= LMR_CPU_AVX2) job.tile = tile_avx2;
#else
  (void)level;
#endif
  const size_t b_step = tb == 'N' ? ldb : 1, b_jump = tb == 'N' ? 1 : ldb;
  double b_panel[PANEL_N * PANEL_K];
  scale(beta, c, m, n, ldc, upper);
  for (size_t j0 = 0; j0 < n; j0 += PANEL_N) {
    const size_t nj = smaller(PANEL_N, n - j0);
    job.last = upper ? smaller(m, j0 + nj) : m;
    const size_t turns = (job.last + PANEL_M - 1) / PANEL_M;
    for (size_t l0 = 0; l0 < k; l0 += PANEL_K) {
      const size_t nl = smaller(PANEL_K, k - l0);
      int stop = 0;
      pack_b(b + j0 * b_step + l0 * b_jump, b_step, b_jump, nj, nl, b_panel);
      LMR_PARALLEL_FOR(nj * nl < FEW ? 1 : lmr_threads(tick, turns), static)
      for (size_t t = 0; t < turns; t++)
        if (!(t % 64 == 63 && lmr_stop_asked(&stop, tick, 0))) panel_rows(&job, t * PANEL_M, j0, nj, l0, nl, b_panel);
      if (stop || lmr_tick_poll(tick, 0)) return 1;
    }
  }
  return 0;
}
