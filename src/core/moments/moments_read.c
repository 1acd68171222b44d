#include "core/moments/moments_read.h"

#include <string.h>

/* Counts are integers below 2^53 and are summed exactly in double; products are
 * formed in long double before the difference is rounded. */
typedef long double wide;

static inline double stored(stored_counts s, size_t k) { return s.i ? (double)s.i[k] : s.d[k]; }
static inline size_t packed(size_t i, size_t j) {
  return i <= j ? j * (j + 1) / 2 + i : i * (i + 1) / 2 + j;
}
static inline size_t triangle(size_t p) { return p * (p + 1) / 2; }

size_t moments_means_bytes(const moments_view *m) {
  return lmr_add_bytes(4 * lmr_bytes(m->p, sizeof(double)), lmr_bytes(m->p, sizeof(int)));
}

/* The observed values are one number: their variance is zero, exactly so for
 * counts, up to rounding for stored doubles. */
static int one_value(double n, double sum, double square) {
  return n * square - sum * sum <= 1e-12 * n * square;
}

lmr_status moments_means(const moments_view *m, const int *n, const int *environment,
                         size_t environments, double *mu, int *state, lmr_arena work,
                         lmr_error *err) {
  const size_t p = m->p;
  double *called, *sum, *square, *all_called;
  int *at; /* position in `missing`, or -1 */
  LMR_TAKE(called, &work, p, err);
  LMR_TAKE(sum, &work, p, err);
  LMR_TAKE(square, &work, p, err);
  LMR_TAKE(all_called, &work, p, err);
  LMR_TAKE(at, &work, p, err);
  for (size_t v = 0; v < p; v++) at[v] = -1;
  for (size_t k = 0; k < m->pm; k++) at[m->missing[k] - 1] = (int)k;

  /* Round 0 pools all environments into `pooled`, then one round each. */
  double *pooled = all_called;
  for (size_t round = 0; round <= environments; round++) {
    memset(called, 0, p * sizeof *called);
    memset(sum, 0, p * sizeof *sum);
    memset(square, 0, p * sizeof *square);
    for (size_t b = 0; b < m->blocks; b++) {
      if (round && (size_t)environment[b] != round - 1) continue;
      for (size_t v = 0; v < p; v++) {
        called[v] += (double)n[b] - (at[v] < 0 ? 0 : m->sm[(size_t)at[v] + m->pm * b]);
        sum[v] += m->sg[v + p * b];
        square[v] += stored(m->gg, packed(v, v) + triangle(p) * b);
      }
    }
    for (size_t v = 0; v < p; v++) {
      if (!round) {
        pooled[v] = called[v] > 0 ? sum[v] / called[v] : 0;
        continue;
      }
      const size_t k = v + p * (round - 1);
      state[k] = called[v] <= 0                              ? MOMENTS_NO_CALL
                 : one_value(called[v], sum[v], square[v])   ? MOMENTS_MONOMORPHIC
                                                             : MOMENTS_MEAN_OWN;
      mu[k] = state[k] == MOMENTS_MEAN_OWN ? sum[v] / called[v] : pooled[v];
    }
  }
  return LMR_OK;
}

enum { GROUP = 16 }; /* columns of the result made together: a line of the cache */

size_t moments_collect_bytes(const moments_view *m) {
  size_t bytes = 3 * lmr_bytes(m->p + m->q, sizeof(wide));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(3, GROUP * m->p));
  return lmr_add_bytes(bytes, lmr_bytes(m->p, sizeof(int)));
}

static double sum_blocks(const double *x, size_t rows, size_t k, const int *block, size_t n) {
  double sum = 0;
  for (size_t b = 0; b < n; b++) sum += x[k + rows * (size_t)block[b]];
  return sum;
}

static double stored_sum(stored_counts s, size_t rows, size_t k, const int *block, size_t n) {
  double sum = 0;
  for (size_t b = 0; b < n; b++) sum += stored(s, k + rows * (size_t)block[b]);
  return sum;
}

/* total[count] := sums over blocks of the counts from number k on. */
static void sum_counts(stored_counts s, size_t rows, size_t k, size_t count, const int *block, size_t n, double *total) {
  memset(total, 0, count * sizeof *total);
  for (size_t b = 0; b < n; b++) {
    const size_t from = rows * (size_t)block[b] + k;
    if (s.i)
      for (size_t i = 0; i < count; i++) total[i] += (double)s.i[from + i];
    else
      for (size_t i = 0; i < count; i++) total[i] += s.d[from + i];
  }
}

lmr_status moments_collect(const moments_view *m, const int *block, size_t n_blocks, double people,
                           const double *mu, const double *centre, double *mean, double *sum,
                           double *cross, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t p = m->p, q = m->q, pm = m->pm, w = p + q;
  wide *total, *middle, *pull; /* stored scale: sums, centres, people * centre - sum */
  double *gg, *gm, *mg; /* of a group of columns j: (i, j), (i, j), and (j, i) with j first */
  int *at; /* position in `missing`, or -1 */
  LMR_TAKE(total, &work, w, err);
  LMR_TAKE(middle, &work, w, err);
  LMR_TAKE(pull, &work, w, err);
  LMR_TAKE(gg, &work, GROUP * p, err);
  LMR_TAKE(gm, &work, GROUP * p, err);
  LMR_TAKE(mg, &work, GROUP * p, err);
  LMR_TAKE(at, &work, p, err);
  for (size_t v = 0; v < p; v++) at[v] = -1;
  for (size_t k = 0; k < pm; k++) at[m->missing[k] - 1] = (int)k;

  for (size_t v = 0; v < p; v++) {
    total[v] = sum_blocks(m->sg, p, v, block, n_blocks);
    if (at[v] >= 0) total[v] += (wide)mu[v] * sum_blocks(m->sm, pm, (size_t)at[v], block, n_blocks);
  }
  for (size_t c = 0; c < q; c++) total[p + c] = sum_blocks(m->sx, q, c, block, n_blocks);
  for (size_t k = 0; k < w; k++) {
    const double pilot = k < p ? m->gpilot[k] : m->pilot[k - p];
    middle[k] = centre ? (wide)centre[k] - pilot : total[k] / (wide)people;
    pull[k] = (wide)people * middle[k] - total[k];
    if (mean) mean[k] = (double)(middle[k] + pilot);
    if (sum) sum[k] = centre ? (double)-pull[k] : 0;
  }

  /* sum (x - a)(y - b) = sum xy - a sum y + b (n a - sum x). */
#define STORE(value, i, j) \
  cross[(i) + w * (j)] = cross[(j) + w * (i)] = (double)((value)-middle[i] * total[j] + middle[j] * pull[i])
  for (size_t first = 0; first < p; first += GROUP) {
    const size_t count = p - first < GROUP ? p - first : GROUP, last = first + count;
    for (size_t c = 0; c < count; c++) {
      const size_t j = first + c;
      sum_counts(m->gg, triangle(p), packed(0, j), j + 1, block, n_blocks, gg + c * p);
      if (at[j] >= 0) sum_counts(m->gm, p * pm, p * (size_t)at[j], j + 1, block, n_blocks, gm + c * p);
    }
    for (size_t i = 0; i < last; i++)
      if (at[i] >= 0) sum_counts(m->gm, p * pm, first + p * (size_t)at[i], count, block, n_blocks, mg + i * GROUP);
    for (size_t i = 0; i < last; i++)
      for (size_t j = i < first ? first : i; j < last; j++) {
        wide value = gg[i + (j - first) * p];
        if (at[j] >= 0) value += (wide)mu[j] * gm[i + (j - first) * p];
        if (at[i] >= 0) value += (wide)mu[i] * mg[j - first + i * GROUP];
        if (at[i] >= 0 && at[j] >= 0)
          value += (wide)mu[i] * mu[j] *
                   stored_sum(m->mm, triangle(pm), packed((size_t)at[i], (size_t)at[j]), block, n_blocks);
        STORE(value, i, j);
      }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t c = 0; c < q; c++) {
    for (size_t v = 0; v < p; v++) {
      wide value = sum_blocks(m->gx, p * q, v + p * c, block, n_blocks);
      if (at[v] >= 0)
        value += (wide)mu[v] * sum_blocks(m->mx, pm * q, (size_t)at[v] + pm * c, block, n_blocks);
      STORE(value, v, p + c);
    }
    for (size_t d = 0; d <= c; d++) {
      const wide value = sum_blocks(m->xx, triangle(q), packed(d, c), block, n_blocks);
      STORE(value, p + d, p + c);
    }
  }
#undef STORE
  return LMR_OK;
}
