#include "core/encoder/structure.h"

#include "core/moments/partial.h"

#include <math.h>
#include <string.h>

size_t structure_split_bytes(size_t width, size_t n_s) {
  const partial_block block = {NULL, NULL, 0, n_s};
  size_t bytes = lmr_double_bytes(2, width * width);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, width));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, width * (n_s + 1)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(n_s + 1, sizeof(int)));
  return lmr_add_bytes(bytes, partial_bytes(&block));
}

lmr_status structure_split(const moment_view *view, size_t p, size_t first_s, size_t n_s,
                           double *between, double *within, size_t *rank_w,
                           lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width;
  const double n = moment_people(view);
  double *inside, *total, *mean, *map, *taken;
  int *kept;
  LMR_TAKE(inside, &work, w * w, err);
  LMR_TAKE(total, &work, w * w, err);
  LMR_TAKE(mean, &work, w, err);
  LMR_TAKE(map, &work, w * (n_s + 1), err);
  LMR_TAKE(taken, &work, w * (n_s + 1), err);
  LMR_TAKE(kept, &work, n_s + 1, err);
  moment_pooled_mean(view, mean);
  LMR_TRY(moment_within_total(view, mean, inside, total, tick, err));
  memset(map, 0, w * (n_s + 1) * sizeof *map);
  for (size_t j = 0; j < n_s; j++) map[first_s + j + j * w] = 1;
  const partial_block block = {NULL, map, 0, n_s};
  size_t rank;
  LMR_TRY(partial_out(view, &block, NULL, w, inside, taken, NULL, kept, &rank, NULL, work, tick, err));
  *rank_w = rank - 1; /* the overall mean is not a contrast */
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < p; i++) {
      within[i + j * p] = inside[i + j * w] / n;
      between[i + j * p] = total[i + j * w] / n - within[i + j * p];
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t j = 0; j < p; j++) {
    if (within[j + j * p] > STRUCTURE_TOLERANCE * total[j + j * w] / n) continue;
    for (size_t i = 0; i < p; i++) within[i + j * p] = within[j + i * p] = 0;
  }
  return LMR_OK;
}

size_t structure_whiten_bytes(size_t p) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(2, p * p), lmr_double_bytes(2, p));
  bytes = lmr_add_bytes(bytes, lmr_bytes(p, sizeof(size_t)));
  return lmr_add_bytes(bytes, la_eigen_bytes(p));
}

lmr_status structure_whiten(const double *within, size_t p, const int *block,
                            size_t n_blocks, double *whitening, int *column_block,
                            size_t *columns, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *corr, *vectors, *sd, *values;
  size_t *member;
  LMR_TAKE(corr, &work, p * p, err);
  LMR_TAKE(vectors, &work, p * p, err);
  LMR_TAKE(sd, &work, p, err);
  LMR_TAKE(values, &work, p, err);
  LMR_TAKE(member, &work, p, err);
  for (size_t j = 0; j < p; j++) sd[j] = sqrt(within[j + j * p]);
  size_t made = 0;
  memset(whitening, 0, p * p * sizeof *whitening);
  for (size_t b = 0; b < n_blocks; b++) {
    size_t m = 0;
    for (size_t j = 0; j < p; j++)
      if ((size_t)block[j] == b && sd[j] > 0) member[m++] = j;
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    if (!m) continue;
    for (size_t j = 0; j < m; j++)
      for (size_t i = 0; i < m; i++)
        corr[i + j * m] = within[member[i] + member[j] * p] / (sd[member[i]] * sd[member[j]]);
    LMR_TRY(la_eigen_polled(corr, m, m, values, vectors, m, work, tick, err));
    for (size_t l = m; l-- > 0;) {
      if (values[l] < 1e-3) continue;
      const double f = 1 / sqrt(values[l]);
      for (size_t i = 0; i < m; i++)
        whitening[member[i] + made * p] = f * vectors[i + l * m] / sd[member[i]];
      column_block[made++] = (int)b;
    }
  }
  *columns = made;
  return LMR_OK;
}

/* The whitening by its entries that are not zero: of variants in blocks of linkage most are. */
typedef struct {
  size_t p, q, *start, *row; /* column l: entries start[l] .. start[l + 1] - 1 */
  double *value;
} sparse_map;

enum { FEW = 8 }; /* less than one of so many entries: products by entries */

static size_t most_entries(size_t p) { return p * p / FEW + 1; }

size_t structure_directions_bytes(size_t p) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(4, p * p), lmr_double_bytes(1, p));
  bytes = lmr_add_bytes(bytes, lmr_bytes(p + 1, sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(most_entries(p), sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, most_entries(p)));
  return lmr_add_bytes(bytes, la_eigen_bytes(p));
}

/* *few: 0 where they are too many, and nothing is kept. */
static lmr_status find_entries(const double *t, size_t p, size_t q, sparse_map *map, int *few, lmr_arena *work,
                               lmr_error *err) {
  size_t count = 0;
  for (size_t k = 0; k < p * q; k++) count += t[k] != 0;
  *few = count < most_entries(p);
  if (!*few) return LMR_OK;
  map->p = p;
  map->q = q;
  LMR_TAKE(map->start, work, q + 1, err);
  LMR_TAKE(map->row, work, count + 1, err);
  LMR_TAKE(map->value, work, count + 1, err);
  count = 0;
  for (size_t l = 0; l < q; l++) {
    map->start[l] = count;
    for (size_t i = 0; i < p; i++) {
      if (t[i + l * p] == 0) continue;
      map->row[count] = i;
      map->value[count++] = t[i + l * p];
    }
  }
  map->start[q] = count;
  return LMR_OK;
}

/* out := T' c T (q x q), column by column. ct: p numbers. */
static lmr_status turn_entries(const double *c, const sparse_map *map, double *ct, double *out, const lmr_tick *tick,
                               lmr_error *err) {
  const size_t p = map->p, q = map->q;
  for (size_t l = 0; l < q; l++) {
    memset(ct, 0, p * sizeof *ct);
    for (size_t k = map->start[l]; k < map->start[l + 1]; k++) {
      const double *from = c + map->row[k] * p, by = map->value[k];
      for (size_t i = 0; i < p; i++) ct[i] += by * from[i];
    }
    for (size_t j = 0; j < q; j++) {
      double sum = 0;
      for (size_t k = map->start[j]; k < map->start[j + 1]; k++) sum += map->value[k] * ct[map->row[k]];
      out[j + l * q] = sum;
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* out := T x (p x q), x q x q. */
static lmr_status map_entries(const sparse_map *map, const double *x, double *out, const lmr_tick *tick, lmr_error *err) {
  const size_t p = map->p, q = map->q;
  for (size_t j = 0; j < q; j++) {
    double *to = out + j * p;
    memset(to, 0, p * sizeof *to);
    for (size_t l = 0; l < q; l++)
      for (size_t k = map->start[l]; k < map->start[l + 1]; k++) to[map->row[k]] += map->value[k] * x[l + j * q];
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* out := T' c T (q x q). */
static lmr_status turn(const double *c, size_t p, const double *t, size_t q, double *ct,
                       double *out, const lmr_tick *tick, lmr_error *err) {
  LMR_TRY(la_gemm_polled('N', 'N', p, q, p, 1, c, p, t, p, 0, ct, p, tick, err));
  return la_gemm_polled('T', 'N', q, q, p, 1, t, p, ct, p, 0, out, q, tick, err);
}

lmr_status structure_directions(const double *between, const double *within, size_t p,
                                const double *whitening, const int *column_block,
                                size_t columns, double *values, double *directions,
                                lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t q = columns;
  double *scratch, *a, *vectors, *m, *ascending;
  LMR_TAKE(scratch, &work, p * p, err);
  LMR_TAKE(a, &work, p * p, err);
  LMR_TAKE(vectors, &work, p * p, err);
  LMR_TAKE(m, &work, p * p, err);
  LMR_TAKE(ascending, &work, p, err);
  sparse_map map;
  int few;
  LMR_TRY(find_entries(whitening, p, q, &map, &few, &work, err));
  LMR_TRY(few ? turn_entries(within, &map, scratch, a, tick, err) : turn(within, p, whitening, q, scratch, a, tick, err));
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++)
      if (column_block[i] == column_block[j]) a[i + j * q] = 0;
  LMR_TRY(la_eigen_polled(a, q, q, ascending, vectors, q, work, tick, err));
  LMR_TRY(few ? turn_entries(between, &map, scratch, m, tick, err) : turn(between, p, whitening, q, scratch, m, tick, err));
  /* m += 1/2 sum over positive eigenvalues of value^2 vector vector'. */
  size_t positive = 0;
  for (size_t l = 0; l < q; l++) {
    if (ascending[l] <= 0) continue;
    const double f = ascending[l] * sqrt(.5);
    for (size_t i = 0; i < q; i++) scratch[i + positive * q] = f * vectors[i + l * q];
    positive++;
  }
  LMR_TRY(la_syrk_polled('N', q, positive, 1, scratch, q ? q : 1, 1, m, q ? q : 1, tick, err));
  LMR_TRY(la_eigen_polled(m, q, q, ascending, vectors, q, work, tick, err));
  for (size_t l = 0; l < q; l++) {
    values[l] = ascending[q - 1 - l];
    memcpy(scratch + l * q, vectors + (q - 1 - l) * q, q * sizeof *scratch);
  }
  if (few) return map_entries(&map, scratch, directions, tick, err);
  return la_gemm_polled('N', 'N', p, q, q, 1, whitening, p, scratch, q, 0, directions, p, tick, err);
}
