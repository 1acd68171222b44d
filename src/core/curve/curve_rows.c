#include "core/curve/curve_rows.h"

#include "core/la/tall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile7(size_t n, const double *sorted, double p) {
  const double at = (double)(n - 1) * p;
  const size_t lo = (size_t)at, hi = lo + 1 < n ? lo + 1 : lo;
  return sorted[lo] + (at - (double)lo) * (sorted[hi] - sorted[lo]);
}

curve_moments1 curve_standard(size_t n, const double *x, double *work) {
  curve_moments1 m = {0, 1, 0, 0};
  double sum = 0, ss = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  m.centre = sum / (double)n;
  for (size_t i = 0; i < n; i++) ss += (x[i] - m.centre) * (x[i] - m.centre);
  m.sd = sqrt(ss / (double)(n - 1));
  memcpy(work, x, n * sizeof *work);
  qsort(work, n, sizeof *work, ascending);
  const double iqr = (quantile7(n, work, .75) - quantile7(n, work, .25)) / 1.349;
  m.scale = iqr < .02 * m.sd || iqr > m.sd ? m.sd : iqr;
  m.distinct = 1;
  for (size_t i = 1; i < n && m.distinct < 5; i++) m.distinct += work[i] > work[i - 1];
  return m;
}

static double dot(size_t n, const double *a, const double *b) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < n; i++) s0 += a[i] * b[i];
  return s0 + s1 + s2 + s3;
}

int curve_append(size_t n, double *q, size_t k, const double *x, double tol, double *work) {
  double *to = q + k * n;
  memmove(to, x, n * sizeof *to);
  const double before = sqrt(dot(n, to, to));
  for (int pass = 0; pass < 2; pass++) {
    for (size_t j = 0; j < k; j++) work[j] = dot(n, q + j * n, to);
    for (size_t j = 0; j < k; j++)
      for (size_t i = 0; i < n; i++) to[i] -= work[j] * q[j * n + i];
  }
  const double left = sqrt(dot(n, to, to));
  if (!(left > tol * before) || left <= 0) return 0;
  for (size_t i = 0; i < n; i++) to[i] /= left;
  return 1;
}

/* Tiles of 32 x 32 columns over blocks of 256 rows that stay in the first cache. */
enum { TILE = 32, TILE_ROWS = 256 };

static void pack(size_t n, size_t first, size_t count, size_t columns, const double *x, double *to) {
  memset(to, 0, TILE * TILE_ROWS * sizeof *to);
  for (size_t j = 0; j < columns; j++)
    memcpy(to + j * TILE_ROWS, x + j * n + first, count * sizeof *to);
}

void curve_cross(size_t n, size_t p, const double *a, size_t r, const double *b, double *c, lmr_cpu level) {
  double left[TILE * TILE_ROWS], right[TILE * TILE_ROWS], sum[TILE * TILE];
  for (size_t j = 0; j < r; j += TILE)
    for (size_t i = 0; i < p; i += TILE) {
      const size_t wi = p - i < TILE ? p - i : TILE, wj = r - j < TILE ? r - j : TILE;
      memset(sum, 0, sizeof sum);
      for (size_t first = 0; first < n; first += TILE_ROWS) {
        const size_t count = n - first < TILE_ROWS ? n - first : TILE_ROWS;
        pack(n, first, count, wi, a + i * n, left);
        pack(n, first, count, wj, b + j * n, right);
        tall_block_cross(left, tall_pad(wi), right, tall_pad(wj), TILE_ROWS, 0, sum, TILE, level);
      }
      for (size_t l = 0; l < wj; l++) memcpy(c + i + (j + l) * p, sum + l * TILE, wi * sizeof *c);
    }
}

enum { END_ROWS = 500, MAX_CELLS = 4000 };

size_t curve_support_bytes(size_t n) {
  const size_t points = n > CURVE_EXACT_ROWS ? (size_t)(MAX_CELLS + 8 + 2 * END_ROWS) : n;
  size_t total = lmr_add_bytes(lmr_bytes(points, sizeof(double)), lmr_bytes(points, sizeof(double)));
  total = lmr_add_bytes(total, lmr_bytes(n, sizeof(int)));
  total = lmr_add_bytes(total, lmr_bytes(n, 4 * sizeof(double)));
  return lmr_add_bytes(total, lmr_bytes(n, sizeof(double)));
}

static void place(curve_support *s, size_t row, size_t at, const double *w) {
  s->first[row] = (int)at;
  memcpy(s->weight + 4 * row, w, 4 * sizeof *w);
}

lmr_status curve_support_make(size_t n, const double *a, curve_support *s, lmr_arena *keep,
                              lmr_error *err) {
  const size_t room = n > CURVE_EXACT_ROWS ? (size_t)(MAX_CELLS + 8 + 2 * END_ROWS) : n;
  const double one[4] = {1, 0, 0, 0};
  s->n = n;
  LMR_TAKE(s->x, keep, room, err);
  LMR_TAKE(s->mass, keep, room, err);
  LMR_TAKE(s->first, keep, n, err);
  LMR_TAKE(s->weight, keep, 4 * n, err);
  double *sorted;
  LMR_TAKE(sorted, keep, n, err);
  s->exact = n <= CURVE_EXACT_ROWS;
  if (s->exact) {
    s->points = n;
    for (size_t i = 0; i < n; i++) {
      s->x[i] = a[i];
      s->mass[i] = 1;
      place(s, i, i, one);
    }
    return LMR_OK;
  }
  memcpy(sorted, a, n * sizeof *a);
  qsort(sorted, n, sizeof *sorted, ascending);
  size_t distinct = 1;
  for (size_t i = 1; i < n; i++) distinct += sorted[i] > sorted[i - 1];
  memset(s->mass, 0, room * sizeof *s->mass);
  if (distinct <= MAX_CELLS) { /* rounded exposure: one point per value */
    size_t p = 0;
    for (size_t i = 0; i < n; i++)
      if (!i || sorted[i] > sorted[i - 1]) s->x[p++] = sorted[i];
    s->points = p;
    for (size_t i = 0; i < n; i++) {
      const double *hit = bsearch(a + i, s->x, p, sizeof *s->x, ascending);
      const size_t at = (size_t)(hit - s->x);
      s->mass[at] += 1;
      place(s, i, at, one);
    }
    return LMR_OK;
  }
  const double lo = sorted[END_ROWS], hi = sorted[n - 1 - END_ROWS];
  double step = .01;
  if ((hi - lo) / step > MAX_CELLS) step = (hi - lo) / MAX_CELLS;
  const size_t cells = (size_t)ceil((hi - lo) / step) + 1, grid = cells + 3;
  for (size_t g = 0; g < grid; g++) s->x[g] = lo + ((double)g - 1) * step;
  size_t p = grid;
  for (size_t i = 0; i < n; i++) {
    if (a[i] < lo || a[i] > hi) { /* at most END_ROWS on each side */
      s->x[p] = a[i];
      s->mass[p] = 1;
      place(s, i, p++, one);
      continue;
    }
    size_t c = (size_t)((a[i] - lo) / step);
    if (c >= cells) c = cells - 1;
    const double t = (a[i] - lo) / step - (double)c;
    const double w[4] = {-t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2,
                         -(t + 1) * t * (t - 2) / 2, (t + 1) * t * (t - 1) / 6};
    place(s, i, c, w);
    for (size_t k = 0; k < 4; k++) s->mass[c + k] += w[k];
  }
  s->points = p;
  return LMR_OK;
}

void curve_support_sum(const curve_support *s, size_t k, const double *v, double *out) {
  if (s->exact) {
    memcpy(out, v, s->n * k * sizeof *out);
    return;
  }
  memset(out, 0, s->points * k * sizeof *out);
  for (size_t j = 0; j < k; j++) {
    double *o = out + j * s->points;
    const double *x = v + j * s->n;
    for (size_t i = 0; i < s->n; i++) {
      const double *w = s->weight + 4 * i;
      double *to = o + s->first[i];
      to[0] += w[0] * x[i];
      if (w[0] != 1) /* three more neighbours, unless the row is a point itself */
        for (size_t c = 1; c < 4; c++) to[c] += w[c] * x[i];
    }
  }
}
