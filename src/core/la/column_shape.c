#include "core/la/column_shape.h"

#include <math.h>

static void look_at(column_shape *s, double v) {
  s->n++;
  s->mean += v;
  if (s->n == 1) {
    s->low = s->high = v;
    s->low_count = s->high_count = 1;
    return;
  }
  if (v < s->low) s->next_low = s->low, s->low = v, s->low_count = 1;
  else if (v == s->low) s->low_count++;
  else if (!(v >= s->next_low)) s->next_low = v;
  if (v > s->high) s->next_high = s->high, s->high = v, s->high_count = 1;
  else if (v == s->high) s->high_count++;
  else if (!(v <= s->next_high)) s->next_high = v;
}

/* Puts the k-th smallest of x[from .. to] (ends included) at k, none larger before it and none smaller behind
 * (Hoare 1961, Communications of the ACM 4:321). */
static void put_kth(double *x, size_t from, size_t to, size_t k) {
  while (from < to) {
    const double a = x[from], b = x[from + (to - from) / 2], c = x[to];
    const double pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    size_t i = from, j = to;
    for (;;) {
      while (x[i] < pivot) i++;
      while (x[j] > pivot) j--;
      if (i >= j) break;
      const double t = x[i];
      x[i++] = x[j];
      x[j--] = t;
    }
    /* i == j stands on the pivot, or they have passed each other. */
    const size_t left = i == j ? (j ? j - 1 : 0) : j, right = i == j ? i + 1 : i;
    if (k >= right) from = right;
    else if (k <= left && !(i == j && k == i)) to = left;
    else return;
  }
}

static double smallest(const double *x, size_t n) {
  double v = x[0];
  for (size_t i = 1; i < n; i++) v = x[i] < v ? x[i] : v;
  return v;
}

enum { CELLS = 1024 };

/* Rises with x, from 0 to CELLS - 1. */
static size_t cell_of(double x, double low, double scale) { return (size_t)((x - low) * scale); }

/* Quartiles of x: the values are counted in cells of equal width, and only the cell that a quartile stands in is
 * looked through. spare: n. */
static void quarters(const double *x, size_t n, double *spare, double *out) {
  size_t count[CELLS] = {0};
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  double scale = (CELLS - .5) / (high - low);
  if (!(isfinite(scale) && scale > 0)) scale = 0;
  for (size_t i = 0; i < n; i++) count[cell_of(x[i], low, scale)]++;
  for (int q = 0; q < 3; q++) {
    if (!n) {
      out[q] = NAN;
      continue;
    }
    const double at = (double)(n - 1) * .25 * (q + 1), part = at - floor(at);
    size_t cell = 0, rank = (size_t)floor(at), found = 0;
    while (rank >= count[cell]) rank -= count[cell++];
    double next = INFINITY;
    for (size_t i = 0; i < n; i++) {
      const size_t own = cell_of(x[i], low, scale);
      spare[found] = x[i];
      found += own == cell;
      next = own > cell && x[i] < next ? x[i] : next;
    }
    put_kth(spare, 0, found - 1, rank);
    if (rank + 1 < found) next = smallest(spare + rank + 1, found - rank - 1);
    out[q] = part > 0 ? (1 - part) * spare[rank] + part * next : spare[rank];
  }
}

size_t column_shape_bytes(size_t n, size_t groups) {
  return lmr_add_bytes(lmr_double_bytes(2, n + 1), lmr_bytes(groups + 1, sizeof(size_t)));
}

lmr_status column_shape_of(const double *x, const int *group, size_t n, size_t groups, column_shape *whole, double *count,
                           double *mean, double *quarter, lmr_arena work, lmr_error *err) {
  double *sorted, *spare;
  size_t *at;
  LMR_TAKE(sorted, &work, n, err);
  LMR_TAKE(spare, &work, n + 1, err); /* a value that is not kept is written behind the kept */
  LMR_TAKE(at, &work, groups + 1, err);
  *whole = (column_shape){0, NAN, NAN, 0, NAN, NAN, 0, 0, 0};
  for (size_t g = 0; g < groups; g++) count[g] = mean[g] = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i])) continue;
    look_at(whole, x[i]);
    count[group[i]]++;
    mean[group[i]] += x[i];
  }
  whole->mean = whole->n > 0 ? whole->mean / whole->n : NAN;
  at[0] = 0;
  for (size_t g = 0; g < groups; g++) {
    mean[g] = count[g] > 0 ? mean[g] / count[g] : NAN;
    at[g + 1] = at[g] + (size_t)count[g];
  }
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i])) continue;
    whole->squares += (x[i] - whole->mean) * (x[i] - whole->mean);
    sorted[at[group[i]]++] = x[i];
  }
  for (size_t g = 0; g < groups; g++) quarters(sorted + at[g] - (size_t)count[g], (size_t)count[g], spare, quarter + 3 * g);
  return LMR_OK;
}
