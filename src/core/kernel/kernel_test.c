#include "core/kernel/kernel_test.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/kernel/low_rank.h"
#include "core/la/tall.h"

#if LMR_X86
#include <immintrin.h>
#endif

enum { ROWS = 256 }; /* rows of a packed block */

/* Permutations that go through the Gram matrices together: K is then read once for
 * all of them. L is read in random order, and both in single precision, half the
 * traffic, which is what this costs. */
enum { TOGETHER = 8 };
_Static_assert(DENSE_ROWS < UINT16_MAX, "row numbers of a Gram matrix fit into 16 bits");

static size_t blocks_of(size_t n) { return (n + ROWS - 1) / ROWS; }

/* The rank up to which a pass over factors is cheaper than over the Gram matrices. */
static size_t rank_limit(size_t n) {
  const size_t limit = (size_t)(2 * sqrt((double)n));
  return n > DENSE_ROWS ? LARGE_RANK : limit < n ? limit : n;
}

double permutation_p(const double *stat, size_t permutations) {
  const double bar = stat[0] - 1e-7 * fabs(stat[0]);
  size_t above = 0;
  for (size_t b = 1; b <= permutations; b++) above += stat[b] >= bar;
  return (double)(above + 1) / (double)(permutations + 1);
}

static void centre_columns(double *g, size_t n, size_t columns) {
  for (size_t c = 0; c < columns; c++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += g[i + c * n];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) g[i + c * n] -= mean;
  }
}

/* Of one thread. Permutation b draws from stream b of the key. */
typedef struct {
  int *order, *index, *label;
  uint16_t *at;
  double *block, *cross, *sums;
} permuter;

static void in_order(int *index, size_t n) {
  for (size_t i = 0; i < n; i++) index[i] = (int)i;
}

static void draw(const permuter *own, const exchange_plan *plan, uint64_t key, size_t b) {
  lmr_rng rng;
  lmr_rng_seed(&rng, key, b);
  exchange_draw(plan, &rng, own->order, own->index);
}

static size_t threads_of(const lmr_tick *tick) { return (size_t)lmr_threads(tick, SIZE_MAX); }

static size_t hsic_permuter_bytes(size_t n) {
  const size_t pad = tall_pad(rank_limit(n));
  const size_t bytes = lmr_add_bytes(2 * lmr_bytes(n, sizeof(int)), lmr_bytes(TOGETHER * n, sizeof(uint16_t)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, ROWS * pad), lmr_double_bytes(1, pad * pad)));
}

/* pf, pg: padded ranks of the factors, 0 of Gram matrices. */
static lmr_status hsic_permuters(permuter **out, size_t n, size_t pf, size_t pg, size_t threads, lmr_arena *work,
                                 lmr_error *err) {
  LMR_TAKE(*out, work, threads, err);
  for (permuter *own = *out; own < *out + threads; own++) {
    LMR_TAKE(own->order, work, n, err);
    LMR_TAKE(own->index, work, n, err);
    LMR_TAKE(own->at, work, pf ? 0 : TOGETHER * n, err);
    LMR_TAKE(own->block, work, ROWS * pg, err);
    LMR_TAKE(own->cross, work, pf * pg, err);
  }
  return LMR_OK;
}

size_t hsic_permute_bytes(size_t n, size_t dx, size_t dy, int threads) {
  const size_t r = rank_limit(n), d = dx > dy ? dx : dy, pad = tall_pad(r), count = (size_t)threads;
  size_t bytes = lmr_add_bytes(lmr_bytes(count, sizeof(permuter)), lmr_double_bytes(2, n * r));
  bytes = lmr_add_bytes(bytes, lmr_bytes(count, hsic_permuter_bytes(n)));
  bytes = lmr_add_bytes(bytes, low_rank_bytes(n));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, blocks_of(n) * ROWS * pad));
  if (n > DENSE_ROWS) return bytes;
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * n), lmr_bytes(n * n, sizeof(float))));
  return lmr_add_bytes(bytes, lmr_add_bytes(gram_full_bytes(d), lmr_double_bytes(1, n)));
}

/* <Kc, L permuted> = |F'PG|^2 with F centred. */
static double factors_product(const permuter *own, const double *packed, size_t pf, const double *rowwise, size_t pg,
                              size_t n, lmr_cpu level) {
  memset(own->cross, 0, pf * pg * sizeof *own->cross);
  for (size_t first = 0; first < n; first += ROWS) {
    const size_t count = n - first < ROWS ? n - first : ROWS;
    if (count < ROWS) memset(own->block, 0, ROWS * pg * sizeof *own->block);
    for (size_t i = 0; i < count; i++) {
      const double *row = rowwise + (size_t)own->index[first + i] * pg;
      for (size_t c = 0; c < pg; c++) own->block[c * ROWS + i] = row[c];
    }
    tall_block_cross(packed + first * pf, pf, own->block, pg, ROWS, 0, own->cross, pf, level);
  }
  double sum = 0;
  for (size_t e = 0; e < pf * pg; e++) sum += own->cross[e] * own->cross[e];
  return sum;
}

static lmr_status permute_factors(const double *f, size_t rf, const double *g, size_t rg, size_t n,
                                  const exchange_plan *plan, size_t permutations, uint64_t key, double *stat,
                                  lmr_arena work, lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const size_t pf = tall_pad(rf), pg = tall_pad(rg);
  double *packed, *rowwise;
  permuter *each;
  int stop = 0;
  LMR_TAKE(packed, &work, blocks_of(n) * ROWS * pf, err);
  LMR_TAKE(rowwise, &work, n * pg, err);
  LMR_TRY(hsic_permuters(&each, n, pf, pg, threads_of(tick), &work, err));
  memset(packed, 0, blocks_of(n) * ROWS * pf * sizeof *packed);
  for (size_t i = 0; i < n; i++) {
    for (size_t c = 0; c < rf; c++) packed[(i / ROWS * pf + c) * ROWS + i % ROWS] = f[i + c * n];
    for (size_t c = 0; c < pg; c++) rowwise[i * pg + c] = c < rg ? g[i + c * n] : 0;
  }
  LMR_PARALLEL_FOR(lmr_threads(tick, permutations + 1), dynamic)
  for (size_t b = 0; b <= permutations; b++) {
    const permuter *own = each + lmr_thread();
    if (lmr_stop_asked(&stop, tick, (double)b / (double)(permutations + 1))) continue;
    if (b) draw(own, plan, key, b);
    else in_order(own->index, n);
    stat[b] += factors_product(own, packed, pf, rowwise, pg, n, level) / (double)n;
  }
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}

static void centre_gram(double *k, size_t n, double *mean) {
  double all = 0;
  for (size_t j = 0; j < n; j++) {
    double s = 0;
    for (size_t i = 0; i < n; i++) s += k[i + j * n];
    mean[j] = s / (double)n;
    all += mean[j] / (double)n;
  }
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) k[i + j * n] -= mean[i] + mean[j] - all;
}

/* sum_i k[i] l[index[i]]: products in single precision, their sum in double.
 * Loads by scalars: the processor's own gather is slower where it is microcoded. */
static double gather_plain(const float *k, const float *l, const uint16_t *index, size_t n) {
  double s[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t t = 0; t < 4; t++) s[t] += (double)(k[i + t] * l[index[i + t]]);
  for (; i < n; i++) s[0] += (double)(k[i] * l[index[i]]);
  return s[0] + s[1] + (s[2] + s[3]);
}

#if LMR_X86
LMR_TARGET("avx2,fma")
static double gather_256(const float *k, const float *l, const uint16_t *at, size_t n) {
  __m256d s0 = _mm256_setzero_pd(), s1 = s0;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128 u = _mm_setr_ps(l[at[i]], l[at[i + 1]], l[at[i + 2]], l[at[i + 3]]);
    const __m128 v = _mm_setr_ps(l[at[i + 4]], l[at[i + 5]], l[at[i + 6]], l[at[i + 7]]);
    s0 = _mm256_add_pd(s0, _mm256_cvtps_pd(_mm_mul_ps(u, _mm_loadu_ps(k + i))));
    s1 = _mm256_add_pd(s1, _mm256_cvtps_pd(_mm_mul_ps(v, _mm_loadu_ps(k + i + 4))));
  }
  double s[4];
  _mm256_storeu_pd(s, _mm256_add_pd(s0, s1));
  return s[0] + s[1] + (s[2] + s[3]) + gather_plain(k + i, l, at + i, n - i);
}
#endif

static double gather_dot(const float *k, const float *l, const uint16_t *index, size_t n, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX2) return gather_256(k, l, index, n);
#endif
  (void)level;
  return gather_plain(k, l, index, n);
}

/* The column that comes next, in an order that no processor foresees. */
static void fetch_column(const float *l, size_t n) {
#if defined(__GNUC__)
  for (size_t i = 0; i < n; i += 16) __builtin_prefetch(l + i);
#else
  (void)l, (void)n;
#endif
}

/* The same numbers in single precision, in the first half of their memory. */
static const float *to_single(double *k, size_t count) {
  char *to = (char *)k;
  for (size_t e = 0; e < count; e++) {
    const float v = (float)k[e];
    memcpy(to + e * sizeof v, &v, sizeof v);
  }
  return (const float *)(const void *)to;
}

/* Permutations b .. b + TOGETHER - 1 (0: none), whether all are asked for or not. */
static void dense_products(const permuter *own, const float *k, const float *l, size_t n, const exchange_plan *plan,
                           uint64_t key, size_t b, double *total, lmr_cpu level) {
  for (size_t t = 0; t < TOGETHER; t++) {
    if (b + t) draw(own, plan, key, b + t);
    else in_order(own->index, n);
    for (size_t i = 0; i < n; i++) own->at[i + t * n] = (uint16_t)own->index[i];
  }
  memset(total, 0, TOGETHER * sizeof *total);
  for (size_t j = 0; j < n; j++)
    for (size_t t = 0; t < TOGETHER; t++) {
      const uint16_t *mine = own->at + t * n;
      const float *kj = k + j * n, *lj = l + (size_t)mine[j] * n;
      if (t + 1 < TOGETHER) fetch_column(l + (size_t)mine[n + j] * n, n);
      else if (j + 1 < n) fetch_column(l + (size_t)own->at[j + 1] * n, n);
      total[t] += 2 * gather_dot(kj, lj, mine, j, level) + (double)(kj[j] * lj[mine[j]]);
    }
}

static lmr_status permute_dense(const float *k, const float *l, size_t n, const exchange_plan *plan,
                                size_t permutations, uint64_t key, double *stat, lmr_arena work, lmr_cpu level,
                                const lmr_tick *tick, lmr_error *err) {
  const size_t turns = permutations / TOGETHER + 1;
  permuter *each;
  int stop = 0;
  LMR_TRY(hsic_permuters(&each, n, 0, 0, threads_of(tick), &work, err));
  LMR_PARALLEL_FOR(lmr_threads(tick, turns), dynamic)
  for (size_t turn = 0; turn < turns; turn++) {
    double total[TOGETHER];
    const size_t b = turn * TOGETHER;
    if (lmr_stop_asked(&stop, tick, (double)turn / (double)turns)) continue;
    dense_products(each + lmr_thread(), k, l, n, plan, key, b, total, level);
    for (size_t t = 0; t < TOGETHER && b + t <= permutations; t++) stat[b + t] += total[t] / (double)n;
  }
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}

lmr_status hsic_permute(const lmr_points *x, const lmr_points *y, const exchange_plan *plan,
                        size_t permutations, int dense, lmr_rng *rng, double *stat, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err) {
  const size_t n = x->n, limit = rank_limit(n);
  const lmr_tick before = lmr_tick_before(tick);
  const uint64_t key = lmr_rng_next(rng);
  if (!dense) {
    lmr_arena rest = work;
    double *f, *g, left_f, left_g;
    size_t rf, rg;
    LMR_TAKE(f, &rest, n * limit, err);
    LMR_TAKE(g, &rest, n * limit, err);
    LMR_TRY(low_rank(x, LOW_RANK_TOL, limit, f, &rf, &left_f, level, rest, &before, err));
    const int good = n > DENSE_ROWS || left_f <= LOW_RANK_TOL;
    if (good) {
      LMR_TRY(low_rank(y, LOW_RANK_TOL, limit, g, &rg, &left_g, level, rest, &before, err));
      if (n > DENSE_ROWS || left_g <= LOW_RANK_TOL) {
        centre_columns(f, n, rf);
        return permute_factors(f, rf, g, rg, n, plan, permutations, key, stat, rest, level, tick, err);
      }
    }
  }
  if (n > DENSE_ROWS) return lmr_fail(err, LMR_EINVAL, "hsic: %zu rows are too many for a Gram matrix", n);
  double *k, *mean;
  float *l;
  LMR_TAKE(k, &work, n * n, err);
  LMR_TAKE(l, &work, n * n, err);
  LMR_TAKE(mean, &work, n, err);
  LMR_TRY(gram_full(y, k, level, work, &before, err));
  for (size_t e = 0; e < n * n; e++) l[e] = (float)k[e];
  LMR_TRY(gram_full(x, k, level, work, &before, err));
  centre_gram(k, n, mean);
  return permute_dense(to_single(k, n * n), l, n, plan, permutations, key, stat, work, level, tick, err);
}

size_t mmd_permute_bytes(size_t n, size_t d, size_t groups, int threads) {
  const size_t own = lmr_add_bytes(3 * lmr_bytes(n, sizeof(int)), lmr_double_bytes(1, groups)), count = (size_t)threads;
  size_t bytes = lmr_add_bytes(lmr_bytes(count, sizeof(permuter)), lmr_bytes(count, own));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, groups));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * rank_limit(n)), low_rank_bytes(n)));
  if (n > DENSE_ROWS) return bytes;
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * n), lmr_double_bytes(1, n)));
  return lmr_add_bytes(bytes, gram_full_bytes(d));
}

/* The labels after permutation b (0: none). */
static void shuffle_labels(const permuter *own, const int *label, size_t n, const exchange_plan *plan, uint64_t key,
                           size_t b) {
  if (b) draw(own, plan, key, b);
  else in_order(own->index, n);
  for (size_t i = 0; i < n; i++) own->label[i] = label[own->index[i]];
}

/* sum_e |sum of the factor rows in e|^2 / n_e; the factor is centred. */
static double group_energy(const double *g, size_t rank, size_t n, const int *label, const double *size,
                           size_t groups, double *sums) {
  double total = 0;
  for (size_t c = 0; c < rank; c++) {
    memset(sums, 0, groups * sizeof *sums);
    for (size_t i = 0; i < n; i++) sums[label[i]] += g[i + c * n];
    for (size_t e = 0; e < groups; e++) total += sums[e] * sums[e] / size[e];
  }
  return total;
}

/* sum_e 1_e' Kc 1_e / n_e, members of a group listed one after another. */
static double group_squares(const double *k, size_t n, const permuter *own, const double *size, size_t groups) {
  double total = 0;
  for (size_t e = 0; e < groups; e++) {
    size_t m = 0;
    double inside = 0, diagonal = 0;
    for (size_t i = 0; i < n; i++)
      if (own->label[i] == (int)e) own->index[m++] = (int)i;
    for (size_t j = 0; j < m; j++) {
      const double *kj = k + (size_t)own->index[j] * n;
      for (size_t i = 0; i < j; i++) inside += kj[own->index[i]];
      diagonal += kj[own->index[j]];
    }
    total += (2 * inside + diagonal) / size[e];
  }
  return total;
}

lmr_status mmd_permute(const lmr_points *x, const int *label, size_t groups, const exchange_plan *plan,
                       size_t permutations, int dense, lmr_rng *rng, double *stat, lmr_cpu level,
                       lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = x->n, limit = rank_limit(n), threads = threads_of(tick);
  const lmr_tick before = lmr_tick_before(tick);
  const uint64_t key = lmr_rng_next(rng);
  double *size, *g, *k = NULL, *mean;
  permuter *each;
  int stop = 0;
  size_t rank = 0;
  LMR_TAKE(each, &work, threads, err);
  for (size_t t = 0; t < threads; t++) {
    LMR_TAKE(each[t].order, &work, n, err);
    LMR_TAKE(each[t].index, &work, n, err);
    LMR_TAKE(each[t].label, &work, n, err);
    LMR_TAKE(each[t].sums, &work, groups, err);
  }
  LMR_TAKE(size, &work, groups, err);
  memset(size, 0, groups * sizeof *size);
  for (size_t i = 0; i < n; i++) size[label[i]]++;
  lmr_arena rest = work;
  LMR_TAKE(g, &rest, n * limit, err);
  int factors = !dense;
  if (factors) {
    double left;
    LMR_TRY(low_rank(x, LOW_RANK_TOL, limit, g, &rank, &left, level, rest, &before, err));
    factors = n > DENSE_ROWS || left <= LOW_RANK_TOL;
    if (factors) centre_columns(g, n, rank);
  }
  if (!factors) {
    if (n > DENSE_ROWS) return lmr_fail(err, LMR_EINVAL, "mmd: %zu rows are too many for a Gram matrix", n);
    LMR_TAKE(k, &work, n * n, err);
    LMR_TAKE(mean, &work, n, err);
    LMR_TRY(gram_full(x, k, level, work, &before, err));
    centre_gram(k, n, mean);
  }
  LMR_PARALLEL_FOR(lmr_threads(tick, permutations + 1), dynamic)
  for (size_t b = 0; b <= permutations; b++) {
    const permuter *own = each + lmr_thread();
    if (lmr_stop_asked(&stop, tick, (double)b / (double)(permutations + 1))) continue;
    shuffle_labels(own, label, n, plan, key, b);
    stat[b] = factors ? group_energy(g, rank, n, own->label, size, groups, own->sums) : group_squares(k, n, own, size, groups);
  }
  return stop ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}
