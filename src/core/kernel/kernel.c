#include "core/kernel/kernel.h"

#include <math.h>
#include <string.h>

#include "core/la/fastmath.h"

double kernel_value(const lmr_points *p, size_t row, size_t other) {
  const lmr_kernel *k = &p->kernel;
  double square = 0, absolute = 0, product = k->offset, value = 0;
  for (size_t c = 0; c < p->d; c++) {
    const double u = p->x[row + c * p->ld], v = p->x[other + c * p->ld];
    square += (u - v) * (u - v), absolute += fabs(u - v), product += u * v;
  }
  switch (k->kind) {
    case LMR_RBF:
      for (int s = 0; s < k->scales; s++) value += exp(-k->gamma[s] * square) / k->scales;
      return value;
    case LMR_POLY:
      value = 1;
      for (int q = 0; q < k->degree; q++) value *= product;
      return value;
    case LMR_DELTA: return absolute == 0;
    default: return 1 - absolute / (2 * (double)p->d);
  }
}

void gram_pack(const lmr_points *p, size_t first, size_t count, double *panel) {
  for (size_t c = 0; c < p->d; c++) {
    const double *col = p->x + c * p->ld;
    double *to = panel + c * GRAM_TILE;
    if (p->order)
      for (size_t i = 0; i < count; i++) to[i] = col[p->order[first + i]];
    else
      memcpy(to, col + first, count * sizeof *to);
    for (size_t i = count; i < GRAM_TILE; i++) to[i] = 0;
  }
}

/* What is summed over the columns for a pair of rows. */
enum { SQUARE, ABSOLUTE, PRODUCT };

static void pairs_plain(int what, const double *a, const double *b, size_t d, double *tile) {
  for (size_t j = 0; j < GRAM_TILE; j++)
    for (size_t i = 0; i < GRAM_TILE; i++) {
      double s = 0;
      for (size_t c = 0; c < d; c++) {
        const double u = a[c * GRAM_TILE + i], v = b[c * GRAM_TILE + j];
        s += what == SQUARE ? (u - v) * (u - v) : what == ABSOLUTE ? fabs(u - v) : u * v;
      }
      tile[i + j * GRAM_TILE] = s;
    }
}

#if LMR_X86
/* Blocks of two registers of rows by four columns: eight sums in registers, the
 * panels in cache. The same text at both widths. */
#define PAIRS(name, target, lanes)                                                        \
  typedef double name##_v __attribute__((vector_size(8 * lanes), may_alias));             \
  typedef long long name##_i __attribute__((vector_size(8 * lanes), may_alias));          \
  LMR_TARGET(target)                                                                      \
  static inline __attribute__((always_inline)) name##_v name##_term(int what, name##_v u, \
                                                                    double v, name##_v s) { \
    if (what == PRODUCT) return s + u * v;                                                \
    const name##_v t = u - v;                                                             \
    if (what == SQUARE) return s + t * t;                                                 \
    return s + (name##_v)((name##_i)t & INT64_MAX);                                       \
  }                                                                                       \
  LMR_TARGET(target)                                                                      \
  static inline __attribute__((always_inline)) void name##_loop(                          \
      int what, const double *a, const double *b, size_t d, double *tile) {               \
    for (size_t j = 0; j < GRAM_TILE; j += 4)                                             \
      for (size_t i = 0; i < GRAM_TILE; i += 2 * lanes) {                                 \
        name##_v s00 = {0}, s01 = {0}, s02 = {0}, s03 = {0};                              \
        name##_v s10 = {0}, s11 = {0}, s12 = {0}, s13 = {0};                              \
        for (size_t c = 0; c < d; c++) {                                                  \
          const double *ac = a + c * GRAM_TILE + i, *bc = b + c * GRAM_TILE + j;          \
          const name##_v u0 = *(const name##_v *)ac, u1 = *(const name##_v *)(ac + lanes); \
          s00 = name##_term(what, u0, bc[0], s00), s10 = name##_term(what, u1, bc[0], s10); \
          s01 = name##_term(what, u0, bc[1], s01), s11 = name##_term(what, u1, bc[1], s11); \
          s02 = name##_term(what, u0, bc[2], s02), s12 = name##_term(what, u1, bc[2], s12); \
          s03 = name##_term(what, u0, bc[3], s03), s13 = name##_term(what, u1, bc[3], s13); \
        }                                                                                 \
        double *t = tile + i + j * GRAM_TILE;                                             \
        *(name##_v *)t = s00, *(name##_v *)(t + lanes) = s10, t += GRAM_TILE;             \
        *(name##_v *)t = s01, *(name##_v *)(t + lanes) = s11, t += GRAM_TILE;             \
        *(name##_v *)t = s02, *(name##_v *)(t + lanes) = s12, t += GRAM_TILE;             \
        *(name##_v *)t = s03, *(name##_v *)(t + lanes) = s13;                             \
      }                                                                                   \
  }                                                                                       \
  LMR_TARGET(target)                                                                      \
  static void name(int what, const double *a, const double *b, size_t d, double *tile) {  \
    if (what == SQUARE) name##_loop(SQUARE, a, b, d, tile);                               \
    if (what == ABSOLUTE) name##_loop(ABSOLUTE, a, b, d, tile);                           \
    if (what == PRODUCT) name##_loop(PRODUCT, a, b, d, tile);                             \
  }

PAIRS(pairs_512, "avx512f,avx512dq,avx512bw,avx512vl", 8)
PAIRS(pairs_256, "avx2,fma", 4)
#endif

static void pairs(int what, const double *a, const double *b, size_t d, double *tile, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) {
    pairs_512(what, a, b, d, tile);
    return;
  }
  if (level >= LMR_CPU_AVX2) {
    pairs_256(what, a, b, d, tile);
    return;
  }
#endif
  (void)level;
  pairs_plain(what, a, b, d, tile);
}

enum { TILE2 = GRAM_TILE * GRAM_TILE };

static void rbf(const lmr_kernel *k, double *tile, double *work, lmr_cpu level) {
  if (k->scales == 1) {
    const double f = -k->gamma[0];
    for (size_t e = 0; e < TILE2; e++) tile[e] *= f;
    vexp(tile, tile, TILE2, level);
    return;
  }
  double term[GRAM_TILE];
  memcpy(work, tile, TILE2 * sizeof *work);
  memset(tile, 0, TILE2 * sizeof *tile);
  for (int s = 0; s < k->scales; s++)
    for (size_t j = 0; j < TILE2; j += GRAM_TILE) {
      for (size_t i = 0; i < GRAM_TILE; i++) term[i] = -k->gamma[s] * work[i + j];
      vexp(term, term, GRAM_TILE, level);
      for (size_t i = 0; i < GRAM_TILE; i++) tile[i + j] += term[i] / k->scales;
    }
}

void gram_tile(const lmr_kernel *k, const double *a, const double *b, size_t d, size_t rows,
               size_t cols, double *tile, double *work, lmr_cpu level) {
  switch (k->kind) {
    case LMR_RBF:
      pairs(SQUARE, a, b, d, tile, level);
      rbf(k, tile, work, level);
      break;
    case LMR_POLY:
      pairs(PRODUCT, a, b, d, tile, level);
      for (size_t e = 0; e < TILE2; e++) {
        const double base = tile[e] + k->offset;
        double power = base;
        for (int q = 1; q < k->degree; q++) power *= base;
        tile[e] = power;
      }
      break;
    case LMR_DELTA:
      pairs(ABSOLUTE, a, b, d, tile, level);
      for (size_t e = 0; e < TILE2; e++) tile[e] = tile[e] == 0;
      break;
    case LMR_IBS: {
      const double f = .5 / (double)d;
      pairs(ABSOLUTE, a, b, d, tile, level);
      for (size_t e = 0; e < TILE2; e++) tile[e] = 1 - f * tile[e];
      break;
    }
  }
  if (rows < GRAM_TILE)
    for (size_t j = 0; j < cols; j++)
      memset(tile + rows + j * GRAM_TILE, 0, (GRAM_TILE - rows) * sizeof *tile);
  memset(tile + cols * GRAM_TILE, 0, (GRAM_TILE - cols) * GRAM_TILE * sizeof *tile);
}

static size_t tile_count(size_t n, size_t first) { return n - first < GRAM_TILE ? n - first : GRAM_TILE; }

size_t gram_full_bytes(size_t d) {
  return lmr_add_bytes(2 * lmr_bytes(GRAM_TILE * d, sizeof(double)), 2 * lmr_bytes(TILE2, sizeof(double)));
}

lmr_status gram_full(const lmr_points *p, double *gram, lmr_cpu level, lmr_arena work,
                     const lmr_tick *tick, lmr_error *err) {
  double *a, *b, *tile, *spare;
  LMR_TAKE(a, &work, GRAM_TILE * p->d, err);
  LMR_TAKE(b, &work, GRAM_TILE * p->d, err);
  LMR_TAKE(tile, &work, TILE2, err);
  LMR_TAKE(spare, &work, TILE2, err);
  for (size_t j0 = 0; j0 < p->n; j0 += GRAM_TILE) {
    const size_t nj = tile_count(p->n, j0);
    gram_pack(p, j0, nj, b);
    for (size_t i0 = 0; i0 <= j0; i0 += GRAM_TILE) {
      const size_t ni = tile_count(p->n, i0);
      gram_pack(p, i0, ni, a);
      gram_tile(&p->kernel, a, b, p->d, ni, nj, tile, spare, level);
      /* Columns of either triangle one after another, as they lie in memory. */
      for (size_t j = 0; j < nj; j++)
        memcpy(gram + i0 + (j0 + j) * p->n, tile + j * GRAM_TILE, ni * sizeof *tile);
      if (i0 == j0) continue;
      for (size_t i = 0; i < ni; i++)
        for (size_t j = 0; j < nj; j++) gram[j0 + j + (i0 + i) * p->n] = tile[i + j * GRAM_TILE];
    }
    if (lmr_tick_poll(tick, (double)j0 / (double)p->n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* Values around the k-th smallest of m, by the ranks of a sample: copies those in
 * between to `kept` and takes those below off *k. Returns how many were kept, 0 when
 * the k-th is not among them. */
enum { SAMPLE = 512, MARGIN = 48 }; /* 4 standard errors of a rank in the sample */

static size_t keep_near(const double *v, size_t m, size_t *k, double *kept) {
  double sample[SAMPLE];
  for (size_t i = 0; i < SAMPLE; i++) {
    const double x = v[(2 * i + 1) * m / (2 * SAMPLE)];
    size_t j = i;
    for (; j > 0 && sample[j - 1] > x; j--) sample[j] = sample[j - 1];
    sample[j] = x;
  }
  const size_t at = *k * SAMPLE / m;
  const double low = at > MARGIN ? sample[at - MARGIN] : 0;
  const double high = at + MARGIN < SAMPLE ? sample[at + MARGIN] : INFINITY;
  size_t below = 0, count = 0;
  for (size_t i = 0; i < m; i++) {
    kept[count] = v[i];
    below += v[i] < low;
    count += (v[i] >= low) & (v[i] <= high);
  }
  if (*k < below || *k >= below + count) return 0;
  *k -= below;
  return count;
}

/* The k-th smallest (0-based) of m values >= 0 by the order of their bits: one
 * histogram of the upper 16, then the same within the bin. `scratch` takes m. */
static double select_kth(const double *v, size_t m, size_t k, double *scratch, uint32_t *bins) {
  size_t near = m > 16 * SAMPLE ? keep_near(v, m, &k, scratch) : 0;
  if (near) m = near;
  else memcpy(scratch, v, m * sizeof *v);
  for (int shift = 48; m > 1; shift -= 16) {
    memset(bins, 0, 65536 * sizeof *bins);
    for (size_t i = 0; i < m; i++) {
      uint64_t bits;
      memcpy(&bits, scratch + i, sizeof bits);
      bins[(bits >> shift) & 65535]++;
    }
    size_t bin = 0;
    while (k >= bins[bin]) k -= bins[bin++];
    size_t kept = 0;
    for (size_t i = 0; i < m; i++) {
      uint64_t bits;
      memcpy(&bits, scratch + i, sizeof bits);
      if (((bits >> shift) & 65535) == bin) scratch[kept++] = scratch[i];
    }
    m = kept;
    if (shift == 0) break; /* all that are left are equal */
  }
  return scratch[0];
}

static size_t median_rows(size_t n) { return n < MEDIAN_ROWS ? n : MEDIAN_ROWS; }

size_t kernel_median_bytes(size_t n, size_t d) {
  const size_t m = median_rows(n), pairs_max = m * (m + 1) / 2;
  size_t bytes = lmr_add_bytes(2 * lmr_bytes(GRAM_TILE * d, sizeof(double)), lmr_bytes(TILE2, sizeof(double)));
  bytes = lmr_add_bytes(bytes, 2 * lmr_bytes(pairs_max, sizeof(double)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(65536, sizeof(uint32_t)), lmr_bytes(m, sizeof(int))));
}

lmr_status kernel_median(const lmr_points *p, double *sigma, int *tied, lmr_cpu level,
                         lmr_arena work, lmr_error *err) {
  const size_t m = median_rows(p->n);
  double *a, *b, *tile, *dist, *scratch;
  uint32_t *bins;
  int *order;
  LMR_TAKE(a, &work, GRAM_TILE * p->d, err);
  LMR_TAKE(b, &work, GRAM_TILE * p->d, err);
  LMR_TAKE(tile, &work, TILE2, err);
  LMR_TAKE(dist, &work, m * (m + 1) / 2, err);
  LMR_TAKE(scratch, &work, m * (m + 1) / 2, err);
  LMR_TAKE(bins, &work, 65536, err);
  LMR_TAKE(order, &work, m, err);
  *sigma = 1;
  *tied = 2;
  if (m < 2) return LMR_OK;
  for (size_t i = 0; i < m; i++) {
    const size_t row = m == p->n ? i : i * p->n / m;
    order[i] = p->order ? p->order[row] : (int)row;
  }
  lmr_points q = *p;
  q.n = m;
  q.order = order;
  size_t count = 0, zeros = 0;
  double largest = 0;
  for (size_t j0 = 0; j0 < m; j0 += GRAM_TILE) {
    const size_t nj = tile_count(m, j0);
    gram_pack(&q, j0, nj, b);
    for (size_t i0 = 0; i0 <= j0; i0 += GRAM_TILE) {
      const size_t ni = tile_count(m, i0);
      gram_pack(&q, i0, ni, a);
      pairs(SQUARE, a, b, q.d, tile, level);
      for (size_t j = 0; j < nj; j++)
        for (size_t i = 0; i < ni && i0 + i < j0 + j; i++) {
          const double t = tile[i + j * GRAM_TILE];
          dist[count++] = t;
          if (t > largest) largest = t;
        }
    }
  }
  if (!isfinite(largest)) return lmr_fail(err, LMR_ENONFINITE, "a distance between two rows is not finite");
  if (largest == 0) return LMR_OK;
  *tied = 0;
  double median = select_kth(dist, count, count / 2, scratch, bins);
  if (median < 1e-12 * largest) {
    *tied = 1;
    for (size_t i = 0; i < count; i++) {
      if (dist[i] >= 1e-12 * largest) dist[i - zeros] = dist[i];
      else zeros++;
    }
    median = select_kth(dist, count - zeros, (count - zeros) / 2, scratch, bins);
  }
  *sigma = sqrt(median);
  return LMR_OK;
}
