#include "core/iv/row_meats.h"

#include <string.h>

#include "core/iv/score_squares.h"
#include "core/la/tall_forms.h"

static size_t forms_of(const row_meats_input *in) { return in->estimates * (1 + in->k); }

static size_t block_rows(const row_meats_input *in) { return tall_rows(moment_rows_width(in->rows)); }

size_t row_meats_bytes(const row_meats_input *in) {
  const size_t width = moment_rows_width(in->rows), rows = block_rows(in), forms = forms_of(in);
  const size_t clusters = in->cluster ? in->clusters : 0;
  size_t bytes = lmr_add_bytes(lmr_bytes(rows * width, sizeof(double)), lmr_bytes(rows * tall_pad(forms), sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * tall_pad(in->k), sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(in->cells, sizeof(double *)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(in->estimates, sizeof(score_squares)));
  for (size_t c = 0; c < in->cells; c++)
    bytes = lmr_add_bytes(bytes, lmr_bytes(tall_strips_size(width, forms), sizeof(double)));
  for (size_t t = 0; t < in->estimates; t++) bytes = lmr_add_bytes(bytes, score_squares_bytes(in->k, clusters));
  return bytes;
}

typedef struct {
  size_t rows, width, forms;
  double *u, *form, *score, **map;
  score_squares *sum;
} space;

static lmr_status make(space *s, const row_meats_input *in, lmr_arena *work, lmr_error *err) {
  s->rows = block_rows(in);
  s->width = moment_rows_width(in->rows);
  s->forms = forms_of(in);
  LMR_TAKE(s->u, work, s->rows * s->width, err);
  LMR_TAKE(s->form, work, s->rows * tall_pad(s->forms), err);
  LMR_TAKE(s->score, work, s->rows * tall_pad(in->k), err);
  LMR_TAKE(s->map, work, in->cells, err);
  LMR_TAKE(s->sum, work, in->estimates, err);
  memset(s->score, 0, s->rows * tall_pad(in->k) * sizeof *s->score);
  for (size_t c = 0; c < in->cells; c++) {
    LMR_TAKE(s->map[c], work, tall_strips_size(s->width, s->forms), err);
    if (in->cell[c].map) tall_strips_pack(in->cell[c].map, s->width, s->forms, s->width, s->map[c]);
  }
  for (size_t t = 0; t < in->estimates; t++)
    LMR_TRY(score_squares_make(&s->sum[t], in->k, in->cluster, in->cluster ? in->clusters : 0, work, err));
  return LMR_OK;
}

/* People start .. start + count - 1, of one cell. */
static void add_run(space *s, const row_meats_input *in, size_t start, size_t count, lmr_cpu level) {
  const size_t rows = s->rows, k = in->k, c = (size_t)in->rows->cell[in->who[start]];
  memset(s->u, 0, count < rows ? rows * s->width * sizeof *s->u : 0);
  moment_rows_read(in->rows, in->who + start, count, in->cell[c].fill, in->cell[c].center, s->u, rows);
  tall_block_times(s->form, s->u, s->width, s->forms, rows, s->map[c], level);
  for (size_t t = 0; t < in->estimates; t++) {
    const double *residual = s->form + t * (1 + k) * rows;
    tall_block_scale(s->score, residual + rows, residual, k, rows, level);
    score_squares_add(&s->sum[t], s->score, start, count, rows, level);
  }
}

lmr_status row_meats(const row_meats_input *in, double *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                     lmr_error *err) {
  space s;
  LMR_TRY(make(&s, in, &work, err));
  for (size_t start = 0, block = 0, count; start < in->n; start += count, block++) {
    count = moment_rows_run(in->rows, in->who, start, in->n - start < s.rows ? in->n : start + s.rows);
    add_run(&s, in, start, count, level);
    if (block % 64 == 63 && lmr_tick_poll(tick, (double)start / (double)in->n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t t = 0; t < in->estimates; t++)
    LMR_TRY(score_squares_finish(&s.sum[t], out + t * in->k * in->k, level, work, tick, err));
  return LMR_OK;
}
