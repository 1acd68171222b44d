#include "core/kernel_test.h"

#include <math.h>
#include <string.h>

#include "core/low_rank.h"
#include "core/tall.h"

enum { ROWS = 256 }; /* rows of a packed block */

/* Permutations that go through the Gram matrices together: K is then read once for
 * all of them. L is read in random order and in single precision, half the traffic,
 * which is what this costs; sums are double. */
enum { TOGETHER = 4 };

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

size_t hsic_permute_bytes(size_t n, size_t dx, size_t dy) {
  const size_t r = rank_limit(n), d = dx > dy ? dx : dy, pad = tall_pad(r);
  size_t bytes = lmr_add_bytes(lmr_bytes(TOGETHER * n, sizeof(int)), lmr_double_bytes(2, n * r));
  bytes = lmr_add_bytes(bytes, low_rank_bytes(n));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, blocks_of(n) * ROWS * pad));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, ROWS * pad), lmr_double_bytes(1, pad * pad)));
  if (n > DENSE_ROWS) return bytes;
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * n), lmr_bytes(n * n, sizeof(float))));
  return lmr_add_bytes(bytes, lmr_add_bytes(gram_full_bytes(d), lmr_double_bytes(1, n)));
}

/* <Kc, L permuted> = |F'PG|^2 with F centred. */
static lmr_status permute_factors(const double *f, size_t rf, const double *g, size_t rg, size_t n,
                                  size_t permutations, lmr_rng *rng, int *index, double *stat,
                                  lmr_cpu level, lmr_arena *work, const lmr_tick *tick, lmr_error *err) {
  const size_t pf = tall_pad(rf), pg = tall_pad(rg);
  double *packed, *rowwise, *block, *cross;
  LMR_TAKE(packed, work, blocks_of(n) * ROWS * pf, err);
  LMR_TAKE(rowwise, work, n * pg, err);
  LMR_TAKE(block, work, ROWS * pg, err);
  LMR_TAKE(cross, work, pf * pg, err);
  memset(packed, 0, blocks_of(n) * ROWS * pf * sizeof *packed);
  for (size_t i = 0; i < n; i++) {
    for (size_t c = 0; c < rf; c++) packed[(i / ROWS * pf + c) * ROWS + i % ROWS] = f[i + c * n];
    for (size_t c = 0; c < pg; c++) rowwise[i * pg + c] = c < rg ? g[i + c * n] : 0;
  }
  for (size_t b = 0; b <= permutations; b++) {
    if (b) lmr_rng_shuffle(rng, index, n);
    memset(cross, 0, pf * pg * sizeof *cross);
    for (size_t first = 0; first < n; first += ROWS) {
      const size_t count = n - first < ROWS ? n - first : ROWS;
      if (count < ROWS) memset(block, 0, ROWS * pg * sizeof *block);
      for (size_t i = 0; i < count; i++) {
        const double *row = rowwise + (size_t)index[first + i] * pg;
        for (size_t c = 0; c < pg; c++) block[c * ROWS + i] = row[c];
      }
      tall_block_cross(packed + first * pf, pf, block, pg, ROWS, 0, cross, pf, level);
    }
    double sum = 0;
    for (size_t e = 0; e < pf * pg; e++) sum += cross[e] * cross[e];
    stat[b] += sum / (double)n;
    if (lmr_tick_poll(tick, (double)b / (double)(permutations + 1))) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
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

static lmr_status permute_dense(const double *k, const float *l, size_t n, size_t permutations,
                                lmr_rng *rng, int *index, double *stat, const lmr_tick *tick,
                                lmr_error *err) {
  for (size_t b = 0; b <= permutations; b += TOGETHER) {
    /* Each permutation shuffles the one before. */
    for (size_t t = 0; t < TOGETHER; t++) {
      int *mine = index + t * n;
      if (b + t) {
        memcpy(mine, index + (t ? t - 1 : TOGETHER - 1) * n, n * sizeof *mine);
        lmr_rng_shuffle(rng, mine, n);
      }
    }
    double total[TOGETHER] = {0};
    for (size_t j = 0; j < n; j++) {
      const double *kj = k + j * n;
      for (size_t t = 0; t < TOGETHER; t++) {
        const int *mine = index + t * n;
        const float *lj = l + (size_t)mine[j] * n;
        double s0 = 0, s1 = 0;
        size_t i = 0;
        for (; i + 2 <= j; i += 2) s0 += kj[i] * (double)lj[mine[i]], s1 += kj[i + 1] * (double)lj[mine[i + 1]];
        if (i < j) s0 += kj[i] * (double)lj[mine[i]];
        total[t] += 2 * (s0 + s1) + kj[j] * (double)lj[mine[j]];
      }
    }
    for (size_t t = 0; t < TOGETHER && b + t <= permutations; t++) stat[b + t] += total[t] / (double)n;
    if (lmr_tick_poll(tick, (double)b / (double)(permutations + 1))) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

lmr_status hsic_permute(const lmr_points *x, const lmr_points *y, size_t permutations, int dense,
                        lmr_rng *rng, double *stat, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err) {
  const size_t n = x->n, limit = rank_limit(n);
  int *index;
  LMR_TAKE(index, &work, TOGETHER * n, err);
  for (size_t i = 0; i < n; i++) index[i] = (int)i;
  if (!dense) {
    lmr_arena rest = work;
    double *f, *g, left_f, left_g;
    size_t rf, rg;
    LMR_TAKE(f, &rest, n * limit, err);
    LMR_TAKE(g, &rest, n * limit, err);
    LMR_TRY(low_rank(x, LOW_RANK_TOL, limit, f, &rf, &left_f, level, rest, tick, err));
    const int good = n > DENSE_ROWS || left_f <= LOW_RANK_TOL;
    if (good) {
      LMR_TRY(low_rank(y, LOW_RANK_TOL, limit, g, &rg, &left_g, level, rest, tick, err));
      if (n > DENSE_ROWS || left_g <= LOW_RANK_TOL) {
        centre_columns(f, n, rf);
        return permute_factors(f, rf, g, rg, n, permutations, rng, index, stat, level, &rest, tick, err);
      }
    }
  }
  if (n > DENSE_ROWS) return lmr_fail(err, LMR_EINVAL, "hsic: %zu rows are too many for a Gram matrix", n);
  double *k, *mean;
  float *l;
  LMR_TAKE(k, &work, n * n, err);
  LMR_TAKE(l, &work, n * n, err);
  LMR_TAKE(mean, &work, n, err);
  LMR_TRY(gram_full(y, k, level, work, tick, err));
  for (size_t e = 0; e < n * n; e++) l[e] = (float)k[e];
  LMR_TRY(gram_full(x, k, level, work, tick, err));
  centre_gram(k, n, mean);
  return permute_dense(k, l, n, permutations, rng, index, stat, tick, err);
}

size_t mmd_permute_bytes(size_t n, size_t d, size_t groups) {
  size_t bytes = lmr_add_bytes(2 * lmr_bytes(n, sizeof(int)), lmr_double_bytes(2, groups));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * rank_limit(n)), low_rank_bytes(n)));
  if (n > DENSE_ROWS) return bytes;
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * n), lmr_double_bytes(1, n)));
  return lmr_add_bytes(bytes, gram_full_bytes(d));
}

static void shuffle_labels(const int *label, const int *member, const size_t *start, size_t strata,
                           lmr_rng *rng, int *index, int *out) {
  for (size_t s = 0; s < strata; s++) {
    const size_t m = start[s + 1] - start[s];
    for (size_t i = 0; i < m; i++) index[i] = (int)i;
    lmr_rng_shuffle(rng, index, m);
    for (size_t i = 0; i < m; i++) out[member[start[s] + i]] = label[member[start[s] + (size_t)index[i]]];
  }
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

lmr_status mmd_permute(const lmr_points *x, const int *label, size_t groups, const int *member,
                       const size_t *start, size_t strata, size_t permutations, int dense, lmr_rng *rng,
                       double *stat, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = x->n, limit = rank_limit(n);
  int *index, *mixed;
  double *size, *sums;
  LMR_TAKE(index, &work, n, err);
  LMR_TAKE(mixed, &work, n, err);
  LMR_TAKE(size, &work, groups, err);
  LMR_TAKE(sums, &work, groups, err);
  memset(size, 0, groups * sizeof *size);
  for (size_t i = 0; i < n; i++) size[label[i]]++;
  memcpy(mixed, label, n * sizeof *mixed);
  if (!dense) {
    lmr_arena rest = work;
    double *g, left;
    size_t rank;
    LMR_TAKE(g, &rest, n * limit, err);
    LMR_TRY(low_rank(x, LOW_RANK_TOL, limit, g, &rank, &left, level, rest, tick, err));
    if (n > DENSE_ROWS || left <= LOW_RANK_TOL) {
      centre_columns(g, n, rank);
      for (size_t b = 0; b <= permutations; b++) {
        if (b) shuffle_labels(label, member, start, strata, rng, index, mixed);
        stat[b] = group_energy(g, rank, n, mixed, size, groups, sums);
        if (lmr_tick_poll(tick, (double)b / (double)(permutations + 1))) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
      }
      return LMR_OK;
    }
  }
  if (n > DENSE_ROWS) return lmr_fail(err, LMR_EINVAL, "mmd: %zu rows are too many for a Gram matrix", n);
  double *k, *mean;
  LMR_TAKE(k, &work, n * n, err);
  LMR_TAKE(mean, &work, n, err);
  LMR_TRY(gram_full(x, k, level, work, tick, err));
  centre_gram(k, n, mean);
  /* sum_e 1_e' Kc 1_e / n_e, members of a group listed one after another. */
  for (size_t b = 0; b <= permutations; b++) {
    if (b) shuffle_labels(label, member, start, strata, rng, index, mixed);
    double total = 0;
    for (size_t e = 0; e < groups; e++) {
      size_t m = 0;
      double inside = 0, diagonal = 0;
      for (size_t i = 0; i < n; i++)
        if (mixed[i] == (int)e) index[m++] = (int)i;
      for (size_t j = 0; j < m; j++) {
        const double *kj = k + (size_t)index[j] * n;
        for (size_t i = 0; i < j; i++) inside += kj[index[i]];
        diagonal += kj[index[j]];
      }
      total += (2 * inside + diagonal) / size[e];
    }
    stat[b] = total;
    if (lmr_tick_poll(tick, (double)b / (double)(permutations + 1))) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}
