#include "core/encoder/structure_null.h"

#include "core/base/rng.h"
#include "core/la/tridiagonal_many.h"

#include <math.h>
#include <string.h>

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

size_t structure_null_bytes(size_t p, size_t q) {
  const size_t side = max_size(p, q);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, 3 * p * p), lmr_double_bytes(2, p * (q + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, 2 * q * q + 2 * side + 2));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p * TRIDIAGONAL_MANY));
  return lmr_add_bytes(bytes, la_eigen_bytes(side));
}

/* Wishart(df) correlation matrix through its Bartlett factor (lower, in l). */
static lmr_status draw_correlation(lmr_rng *rng, size_t df, size_t p, double *l,
                                   double *corr, const lmr_tick *tick, lmr_error *err) {
  memset(l, 0, p * p * sizeof *l);
  for (size_t j = 0; j < p; j++) {
    /* A singular Wishart (df <= j) has its later diagonal entries at zero. */
    l[j + j * p] = df > j ? sqrt(lmr_rng_chisq(rng, (double)(df - j))) : 0;
    for (size_t i = j + 1; i < p; i++) l[i + j * p] = j < df ? lmr_rng_normal(rng) : 0;
  }
  for (size_t i = 0; i < p; i++) {
    double s = 0;
    for (size_t j = 0; j <= i; j++) s += l[i + j * p] * l[i + j * p];
    const double f = s > 0 ? 1 / sqrt(s) : 0;
    for (size_t j = 0; j <= i; j++) l[i + j * p] *= f;
  }
  return la_syrk_polled('N', p, p, 1, l, p, 0, corr, p, tick, err);
}

static lmr_status exact_draw(lmr_rng *rng, size_t n, size_t p, size_t q, double *largest,
                             double *buffers, double *m, double *values, lmr_arena eigen,
                             const lmr_tick *tick, lmr_error *err) {
  double *a = buffers, *vectors = buffers + p * p, *sum = buffers + 2 * p * p;
  LMR_TRY(draw_correlation(rng, n > q ? n - q : 1, p, vectors, a, tick, err));
  for (size_t j = 0; j < p; j++) a[j + j * p] = 0;
  LMR_TRY(la_eigen_polled(a, p, p, values, vectors, p, eigen, tick, err));
  size_t positive = 0;
  for (size_t l = 0; l < p; l++) {
    if (values[l] <= 0) continue;
    const double f = values[l] * sqrt(.5);
    for (size_t i = 0; i < p; i++) a[i + positive * p] = f * vectors[i + l * p];
    positive++;
  }
  LMR_TRY(la_syrk_polled('N', p, positive, 1, a, p, 0, sum, p, tick, err));
  const double f = 1 / sqrt((double)n);
  for (size_t i = 0; i < p * q; i++) m[i] = f * lmr_rng_normal(rng);
  LMR_TRY(la_syrk_polled('N', p, q, 1, m, p, 1, sum, p, tick, err));
  LMR_TRY(la_eigen_polled(sum, p, p, values, NULL, p, eigen, tick, err));
  *largest = values[p - 1];
  return LMR_OK;
}

/* Largest eigenvalue of m' (x - d)^-1 m, m p x q: decreasing in x > max d. scaled: p x (q + 1) of work. */
static lmr_status secular(double x, const double *d, size_t p, const double *m, size_t q, double *scaled,
                          double *small, double *values, double *out, lmr_arena eigen, lmr_error *err) {
  double *root = scaled + p * q; /* one a row, not one an entry */
  for (size_t i = 0; i < p; i++) root[i] = 1 / sqrt(x - d[i]);
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < p; i++) scaled[i + j * p] = m[i + j * p] * root[i];
  LMR_TRY(la_syrk('T', q, p, 1, scaled, p, 0, small, q, err));
  LMR_TRY(la_eigen(small, q, q, values, NULL, q, eigen, err));
  *out = values[q - 1];
  return LMR_OK;
}

/* B lower bidiagonal with chi entries; d, off := tridiagonal B B', every `step` doubles. */
static void draw_tridiagonal(lmr_rng *rng, size_t df, size_t p, double *d, double *off, size_t step) {
  double previous = 0;
  for (size_t i = 0; i < p; i++) {
    const double diagonal2 = lmr_rng_chisq(rng, (double)(df - i));
    const double below2 = i + 1 < p ? lmr_rng_chisq(rng, (double)(p - 1 - i)) : 0;
    d[i * step] = diagonal2 + previous;
    off[i * step] = sqrt(diagonal2 * below2);
    previous = below2;
  }
}

/* values_of: the eigenvalues of the Wishart matrix, every `step` doubles; d[p] of work. */
static lmr_status secular_draw(lmr_rng *rng, size_t n, size_t p, size_t q, double *largest, const double *values_of,
                               size_t step, double *d, double *m, double *scaled, double *small, double *values,
                               lmr_arena eigen, lmr_error *err) {
  double total = 0, top = 0;
  for (size_t i = 0; i < p; i++) total += values_of[i * step];
  for (size_t i = 0; i < p; i++) {
    const double excess = values_of[i * step] * (double)p / total - 1;
    d[i] = excess > 0 ? excess * excess / 2 : 0;
    if (d[i] > top) top = d[i];
  }
  if (!q) {
    *largest = top;
    return LMR_OK;
  }
  const double f = 1 / sqrt((double)n);
  double norm = 0;
  for (size_t i = 0; i < p * q; i++) {
    m[i] = f * lmr_rng_normal(rng);
    norm += m[i] * m[i];
  }
  double lo = top, hi = top + norm, value;
  for (int round = 0; round < 40; round++) {
    const double x = (lo + hi) / 2;
    LMR_TRY(secular(x, d, p, m, q, scaled, small, values, &value, eigen, err));
    if (value > 1) lo = x;
    else hi = x;
  }
  *largest = hi;
  return LMR_OK;
}

/* Draws first .. first + count - 1, count <= TRIDIAGONAL_MANY, each from its own stream. */
static lmr_status secular_draws(uint64_t seed, size_t first, size_t count, size_t n, size_t p, size_t q, double *largest,
                                double *d, double *off, double *m, double *scaled, double *small, double *values,
                                lmr_arena eigen, const lmr_tick *tick, lmr_error *err) {
  lmr_rng rng[TRIDIAGONAL_MANY];
  for (size_t i = 0; i < p * TRIDIAGONAL_MANY; i++) d[i] = 1, off[i] = 0;
  for (size_t k = 0; k < count; k++) {
    lmr_rng_seed(&rng[k], seed, first + k);
    draw_tridiagonal(&rng[k], n - q, p, d + k, off + k, TRIDIAGONAL_MANY);
  }
  LMR_TRY(tridiagonal_values_many(d, off, p, lmr_cpu_detect(), tick, err));
  for (size_t k = 0; k < count; k++)
    LMR_TRY(secular_draw(&rng[k], n, p, q, largest + first + k, d + k, TRIDIAGONAL_MANY, m + p * q, m, scaled, small,
                         values, eigen, err));
  return LMR_OK;
}

lmr_status structure_null(size_t n, size_t p, size_t q, size_t draws, uint64_t seed, int exact, double *largest,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!p) return lmr_fail(err, LMR_EINVAL, "structure_null: no variants");
  if (exact < 0) exact = p <= STRUCTURE_NULL_EXACT;
  if (n < q + p + 2) exact = 1;
  const size_t side = max_size(p, q);
  double *buffers = NULL, *m, *scaled, *small, *values;
  if (exact) LMR_TAKE(buffers, &work, 3 * p * p, err);
  LMR_TAKE(m, &work, p * (q + 1), err);
  LMR_TAKE(scaled, &work, p * (q + 1), err);
  LMR_TAKE(small, &work, 2 * q * q + 2 * side + 2, err);
  values = small + 2 * q * q;
  const lmr_tick before = lmr_tick_before(tick); /* a draw reports nothing */
  double *d = NULL, *off = NULL;
  if (!exact) {
    LMR_TAKE(d, &work, p * TRIDIAGONAL_MANY, err);
    LMR_TAKE(off, &work, p * TRIDIAGONAL_MANY, err);
  }
  const size_t many = exact ? 1 : TRIDIAGONAL_MANY;
  for (size_t i = 0; i < draws; i += many) {
    if (lmr_tick_poll(tick, (double)i / (double)draws))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    if (!exact) {
      const size_t count = draws - i < many ? draws - i : many;
      LMR_TRY(secular_draws(seed, i, count, n, p, q, largest, d, off, m, scaled, small, values, work, &before, err));
      continue;
    }
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, i);
    LMR_TRY(exact_draw(&rng, n, p, q, largest + i, buffers, m, values, work, &before, err));
  }
  return LMR_OK;
}

size_t structure_null_unlinked_bytes(size_t q) {
  return lmr_add_bytes(lmr_double_bytes(1, q * q + 2 * q + 1), la_eigen_bytes(q + 1));
}

lmr_status structure_null_unlinked(double n, size_t p, size_t q, size_t draws, uint64_t seed, double *largest,
                                   lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *gram, *one, *values;
  LMR_TAKE(gram, &work, q * q + 1, err);
  LMR_TAKE(one, &work, q, err);
  LMR_TAKE(values, &work, q, err);
  for (size_t draw = 0; draw < draws; draw++) {
    if (lmr_tick_poll(tick, (double)draw / (double)draws)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    largest[draw] = 0;
    if (!q) continue;
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, draw);
    memset(gram, 0, q * q * sizeof *gram);
    for (size_t v = 0; v < p; v++) {
      for (size_t i = 0; i < q; i++) one[i] = lmr_rng_normal(&rng);
      for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i <= j; i++) gram[i + j * q] += one[i] * one[j];
    }
    la_symmetrize(gram, q, q);
    LMR_TRY(la_eigen(gram, q, q, values, NULL, q, work, err));
    largest[draw] = values[q - 1] / n;
  }
  return LMR_OK;
}
