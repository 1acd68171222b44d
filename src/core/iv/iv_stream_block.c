#include "core/iv/iv_stream_block.h"

#include <string.h>

#include "core/iv/iv_hat.h"
#include "core/la/la.h"
#include "core/la/tall_forms.h"

#define BLOCK_DOUBLES ((size_t)1 << 17) /* a megabyte: the second level of cache */

/* An odd number of steps of rows, as in tall_rows(). */
size_t iv_stream_block_rows(const iv_stream *s) {
  const size_t steps = BLOCK_DOUBLES / moment_rows_width(s->rows) / TALL_ROWS_STEP;
  return TALL_ROWS_STEP * (steps < 3 ? 3 : steps > 31 ? 31 : steps - 1 + steps % 2);
}

static size_t map_columns(const iv_cell *cell, size_t k) { return cell->columns + 2 * k; }

static size_t widest_map(const iv_data *d) {
  size_t most = 0;
  for (size_t c = 0; c < d->stream->cells; c++) {
    const size_t columns = map_columns(&d->stream->cell[c], d->k);
    most = columns > most ? columns : most;
  }
  return tall_pad(most);
}

size_t iv_stream_forms(const iv_stream *s, size_t k) {
  size_t most = 0;
  for (size_t c = 0; c < s->cells; c++) most = map_columns(&s->cell[c], k) > most ? map_columns(&s->cell[c], k) : most;
  return most;
}

static int needs_variants(const iv_data *d) { return d->stream->metric && !d->stream->forms; }

size_t iv_stream_block_share_bytes(const iv_data *d) {
  const size_t rows = iv_stream_block_rows(d->stream), width = moment_rows_width(d->stream->rows);
  return lmr_add_bytes(lmr_double_bytes(1, rows * tall_pad(width)), lmr_double_bytes(1, rows * widest_map(d)));
}

lmr_status iv_stream_block_share(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err) {
  const size_t width = moment_rows_width(d->stream->rows);
  LMR_TAKE(b->u, work, b->rows * tall_pad(width), err);
  memset(b->u, 0, b->rows * tall_pad(width) * sizeof *b->u);
  LMR_TAKE(b->forms, work, b->rows * widest_map(d), err);
  return LMR_OK;
}

size_t iv_stream_block_bytes(const iv_data *d, int want) {
  const iv_stream *s = d->stream;
  const size_t width = moment_rows_width(s->rows), p = s->rows->g.variants;
  size_t bytes = lmr_bytes(s->cells, sizeof(double *));
  for (size_t c = 0; c < s->cells; c++)
    bytes = lmr_add_bytes(bytes, lmr_bytes(tall_strips_size(width, map_columns(&s->cell[c], d->k)), sizeof(double)));
  if (!needs_variants(d)) return bytes;
  if (want & IV_Q) bytes = lmr_add_bytes(bytes, lmr_bytes(tall_strips_size(p, d->L), sizeof(double)));
  if (want & IV_LEVERAGE)
    bytes = lmr_add_bytes(bytes, lmr_bytes(tall_quadratic_size(p), sizeof(double)));
  return bytes;
}

lmr_status iv_stream_block_make(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err) {
  const iv_stream *s = d->stream;
  const size_t width = moment_rows_width(s->rows), p = s->rows->g.variants;
  if (s->forms && !s->given && b->want) return lmr_fail(err, LMR_EINVAL, "instruments of a stream without its genotypes");
  LMR_TAKE(b->map, work, s->cells, err);
  for (size_t c = 0; c < s->cells; c++) {
    const size_t columns = map_columns(&s->cell[c], d->k);
    LMR_TAKE(b->map[c], work, tall_strips_size(width, columns), err);
    if (s->cell[c].map) tall_strips_pack(s->cell[c].map, width, columns, width, b->map[c]);
  }
  if (!needs_variants(d)) return LMR_OK;
  if (b->want & IV_Q) {
    if (!s->basis) return lmr_fail(err, LMR_EINVAL, "instruments of a stream without their basis");
    LMR_TAKE(b->basis, work, tall_strips_size(p, d->L), err);
    tall_strips_pack(s->basis, p, d->L, p, b->basis);
  }
  if (b->want & IV_LEVERAGE) { /* the sum of squares of a person's z is a quadratic form in the variants */
    LMR_TAKE(b->metric, work, tall_quadratic_size(p), err);
    tall_quadratic_pack(s->metric, p, p, b->metric);
  }
  return LMR_OK;
}

/* The forms of a run of people of one cell, from row `from` on; what stands in the other
 * rows of `forms` becomes zero, so that whole columns can be worked on. */
static void run_forms(iv_block *b, const iv_data *d, const iv_cell *cell, const double *map, size_t first, size_t from,
                      size_t count, lmr_cpu level) {
  const iv_stream *s = d->stream;
  const size_t rows = b->rows, columns = map_columns(cell, d->k), width = moment_rows_width(s->rows);
  if (!s->forms) tall_block_times(b->forms, b->u, width, columns, rows, map, level);
  for (size_t j = 0; j < columns; j++) {
    double *form = b->forms + j * rows + from;
    const size_t at = first + from + j * s->n;
    if (s->forms) memcpy(form, s->forms + at, count * sizeof *form);
    if (s->keep) memcpy(s->keep + at, form, count * sizeof *form);
  }
  for (size_t j = 0; j < columns; j++) {
    double *form = b->forms + j * rows;
    memset(form, 0, from * sizeof *form);
    memset(form + from + count, 0, (rows - from - count) * sizeof *form);
  }
}

/* W and the parts of X to their places, and W taken out of the variants. */
static void put_run(iv_block *b, const iv_data *d, const iv_cell *cell, size_t from, size_t count, lmr_cpu level) {
  const size_t rows = b->rows, r = cell->columns, p = d->stream->rows->g.variants;
  for (size_t i = from; i < from + count; i++) b->q[i + (size_t)cell->place[0] * rows] = cell->intercept;
  for (size_t j = 0; j < r; j++)
    memcpy(b->q + from + (size_t)cell->place[j + 1] * rows, b->forms + from + j * rows, count * sizeof *b->q);
  for (size_t j = 0; j < d->k; j++) {
    const double *after_w = b->forms + (r + j) * rows, *after_z = b->forms + (r + d->k + j) * rows;
    for (size_t i = from; i < from + count; i++) {
      b->left[i + j * rows] = after_z[i];
      b->hat[i + j * rows] = after_w[i] - after_z[i];
    }
  }
  if (!needs_variants(d)) return;
  for (size_t v = 0; v < p; v++)
    tall_block_subtract(b->u + v * rows, b->forms, cell->explained + v * r, r, rows, level);
}

/* z = (given - W given_w) given_r^-1. */
static void put_given(iv_block *b, const iv_data *d, size_t first, size_t count, lmr_cpu level) {
  const iv_stream *s = d->stream;
  const size_t rows = b->rows, n = s->n, K = d->K, L = d->L;
  double *z = b->q + K * rows;
  for (size_t l = 0; l < L; l++) {
    double *to = z + l * rows;
    memcpy(to, s->given + l * n + first, count * sizeof *to);
    memset(to + count, 0, (rows - count) * sizeof *to);
    tall_block_subtract(to, b->q, s->given_w + l * K, K, rows, level);
    tall_block_subtract(to, z, s->given_r + l * L, l, rows, level);
    for (size_t i = 0; i < rows; i++) to[i] /= s->given_r[l + l * L];
  }
}

void iv_stream_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, lmr_cpu level) {
  const iv_stream *s = d->stream;
  const moment_rows *m = s->rows;
  const size_t rows = b->rows, p = m->g.variants, k = d->k, K = d->K;
  const int *who = s->who + first;
  if (count < rows) {
    memset(b->u, 0, rows * tall_pad(moment_rows_width(m)) * sizeof *b->u);
    memset(b->hat, 0, rows * k * sizeof *b->hat);
    memset(b->left, 0, rows * k * sizeof *b->left);
  }
  memset(b->q, 0, rows * K * sizeof *b->q);
  memset(b->xy, 0, rows * b->pxy * sizeof *b->xy);
  for (size_t j = 0; j <= k; j++) {
    const double *column = m->column[j < k ? s->x[j] : s->y];
    for (size_t i = 0; i < count; i++) b->xy[i + j * rows] = column[m->person[who[i]]];
  }
  for (size_t from = 0, run; from < count && !s->forms; from += run) {
    const size_t c = (size_t)m->cell[who[from]];
    run = moment_rows_run(m, who, from, count);
    moment_rows_read(m, who + from, run, s->cell[c].fill, s->cell[c].center, b->u + from, rows);
  }
  /* Runs after each other: what one takes out of the variants is in its rows only, and
   * the numeric columns, which the maps of the next one read, stay. */
  for (size_t from = 0, run; from < count; from += run) {
    const size_t c = (size_t)m->cell[who[from]];
    run = moment_rows_run(m, who, from, count);
    run_forms(b, d, &s->cell[c], b->map[c], first, from, run, level);
    put_run(b, d, &s->cell[c], from, run, level);
  }
  if (s->given) put_given(b, d, first, count, level);
  else if (b->want & IV_Q) tall_block_times(b->q + K * rows, b->u, p, d->L, rows, b->basis, level);
  if (!(b->want & IV_LEVERAGE)) return;
  memset(b->hw, 0, rows * sizeof *b->hw);
  memset(b->hz, 0, rows * sizeof *b->hz);
  tall_block_add_squares(b->hw, b->q, K, rows, level);
  if (s->given) tall_block_add_squares(b->hz, b->q + K * rows, d->L, rows, level);
  else if (!s->hat) tall_block_quadratic(b->hz, b->u, p, rows, b->metric, level);
  else for (size_t i = 0; i < count; i++) b->hz[i] = iv_hat_leverage(s->hat, first + i) - b->hw[i];
}
