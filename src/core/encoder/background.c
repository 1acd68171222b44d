#include "core/encoder/background.h"

#include <math.h>
#include <string.h>

size_t background_count(const double *values, size_t top, size_t columns, double squares,
                        double n) {
  const double quantile_99 = 2.0234;
  double trace = (double)columns;
  for (size_t j = 0; j < top; j++) {
    const double left = (double)(columns - j), mean = trace / left;
    const double spread = squares / left / (mean * mean) - 1;
    const double effective = fmin(n, left / fmax(spread, 1e-12));
    const double a = sqrt(effective - 1), b = sqrt(left);
    const double center = (a + b) * (a + b) / effective;
    const double scale = (a + b) * cbrt(1 / a + 1 / b) / effective;
    if (!((values[j] / mean - center) / scale > quantile_99)) return j;
    trace -= values[j];
    squares -= values[j] * values[j];
  }
  return top;
}

/* The columns of the correlation matrix: whitened instruments, then the other variants. */
typedef struct {
  const double *whitening;    /* p x whitened */
  const size_t *first, *last; /* [whitened] rows of the whitening that are not all 0: first <= i < last */
  const size_t *other;        /* [others] columns of the panel that vary */
  size_t p, whitened, others;
} panel_map;

/* out[whitened + others] := x of the panel's columns, mapped. */
static void map_rows(const panel_map *map, const double *x, double *out) {
  for (size_t l = 0; l < map->whitened; l++) {
    const double *t = map->whitening + l * map->p;
    double s = 0;
    for (size_t i = map->first[l]; i < map->last[l]; i++) s += t[i] * x[i];
    out[l] = s;
  }
  for (size_t l = 0; l < map->others; l++) out[map->whitened + l] = x[map->other[l]];
}

size_t background_bytes(size_t width, size_t m, size_t p, size_t top) {
  size_t bytes = lmr_double_bytes(2, width * width);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, width));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p * p));
  for (int i = 0; i < 2; i++) {
    bytes = lmr_add_bytes(bytes, lmr_bytes(p, sizeof(int)));
    bytes = lmr_add_bytes(bytes, lmr_bytes(p, sizeof(size_t)));
  }
  bytes = lmr_add_bytes(bytes, lmr_bytes(m, sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(3, m));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * top));
  const size_t whiten = structure_whiten_bytes(p), eigen = la_eigen_top_bytes(m, m), linkage = linkage_find_bytes(p);
  const size_t most = whiten > eigen ? whiten : eigen;
  return lmr_add_bytes(bytes, most > linkage ? most : linkage);
}

lmr_status background_components(const moment_view *view, size_t m, size_t p, const int *block,
                                 size_t n_blocks, const ld_rule *rule, size_t top,
                                 double *values, double *loadings, size_t *count,
                                 lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width;
  const double n = moment_people(view);
  double *within, *total, *mean, *inner, *whitening, *vectors, *sd, *column, *ascending;
  int *found, *column_block;
  size_t *first, *last, *other;
  LMR_TAKE(within, &work, w * w, err);
  LMR_TAKE(total, &work, w * w, err);
  LMR_TAKE(mean, &work, w, err);
  LMR_TAKE(inner, &work, p * p, err);
  LMR_TAKE(whitening, &work, p * p, err);
  LMR_TAKE(found, &work, p, err);
  LMR_TAKE(column_block, &work, p, err);
  LMR_TAKE(first, &work, p, err);
  LMR_TAKE(last, &work, p, err);
  LMR_TAKE(other, &work, m, err);
  LMR_TAKE(sd, &work, m, err);
  LMR_TAKE(column, &work, m, err);
  LMR_TAKE(ascending, &work, m, err);
  LMR_TAKE(vectors, &work, m * top, err);
  moment_pooled_mean(view, mean);
  LMR_TRY(moment_within_total(view, mean, within, total, tick, err));
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++) inner[i + j * p] = within[i + j * w] / n;
  if (!block) {
    LMR_TRY(linkage_find(inner, p, n, rule, found, &n_blocks, work, tick, err));
    block = found;
  }
  panel_map map = {whitening, first, last, other, p, 0, 0};
  LMR_TRY(structure_whiten(inner, p, block, n_blocks, whitening, column_block, &map.whitened,
                           work, tick, err));
  for (size_t l = 0; l < map.whitened; l++) {
    first[l] = 0, last[l] = p;
    while (whitening[first[l] + l * p] == 0) first[l]++;
    while (whitening[last[l] - 1 + l * p] == 0) last[l]--;
  }
  for (size_t j = p; j < m; j++)
    if (total[j + j * w] > 0) other[map.others++] = j;
  const size_t q = map.whitened + map.others;
  /* Columns first (q x m, in the place of `within`), then rows (in that of `total`). */
  double *corr = total;
  for (size_t j = 0; j < m; j++) map_rows(&map, total + j * w, within + j * q);
  for (size_t l = 0; l < q; l++) {
    for (size_t j = 0; j < m; j++) column[j] = within[l + j * q];
    map_rows(&map, column, corr + l * q);
  }
  for (size_t l = 0; l < q; l++) sd[l] = sqrt(corr[l + l * q] / n);
  double squares = 0;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++) {
      const double r = corr[i + j * q] / n / (sd[i] * sd[j]);
      corr[i + j * q] = r;
      squares += r * r;
    }
  const size_t taken = top < q ? top : q;
  LMR_TRY(la_eigen_top_polled(corr, q, q ? q : 1, taken, ascending, vectors, q ? q : 1, work, tick, err));
  memset(loadings, 0, m * top * sizeof *loadings);
  memset(values, 0, top * sizeof *values);
  for (size_t l = 0; l < taken; l++) {
    values[l] = ascending[taken - 1 - l];
    const double *v = vectors + (taken - 1 - l) * q;
    double *out = loadings + l * m;
    for (size_t j = 0; j < map.whitened; j++)
      for (size_t i = first[j]; i < last[j]; i++)
        out[i] += whitening[i + j * p] * v[j] / sd[j];
    for (size_t j = 0; j < map.others; j++)
      out[other[j]] = v[map.whitened + j] / sd[map.whitened + j];
  }
  *count = background_count(values, taken, q, squares, n);
  return LMR_OK;
}
