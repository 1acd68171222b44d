#include "core/genotype/bed_matrix.h"

#include "core/genotype/bed_decode.h"

/* Small enough to stay in the second-level cache between reading and decoding. */
#define SLAB_BYTES ((size_t)256 << 10)

/* Where one variant goes: exactly one of the two outputs is not NULL. */
typedef struct {
  double *real;
  int32_t *integer;
  double real_value[4];
  int32_t integer_value[4];
  bed_table_double *real_table;
  bed_table_int *integer_table;
} sink;

static size_t slab_variants(size_t n_samples) {
  const size_t stride = bed_stride(n_samples);
  return stride && stride < SLAB_BYTES ? SLAB_BYTES / stride : 1;
}

size_t bed_matrix_bytes(size_t n_samples) {
  const size_t slab = lmr_bytes(slab_variants(n_samples), bed_stride(n_samples));
  return lmr_add_bytes(slab, lmr_bytes(1, sizeof(bed_table_double)));
}

static void decode(const sink *to, const bed_pick *pick, const uint8_t *codes, size_t column) {
  const size_t n = pick->n_rows, at = n * column;
  if (to->real && pick->rows)
    bed_decode_rows_double(to->real + at, to->real_value, codes, pick->rows, n);
  else if (to->real)
    bed_decode_double(to->real + at, to->real_table, codes, n);
  else if (pick->rows)
    bed_decode_rows_int(to->integer + at, to->integer_value, codes, pick->rows, n);
  else
    bed_decode_int(to->integer + at, to->integer_table, codes, n);
}

static lmr_status check_pick(const bed_file *bed, const bed_pick *pick, lmr_error *err) {
  if (!pick->rows && pick->n_rows != bed->n_samples)
    return lmr_fail(err, LMR_EINVAL, "%zu rows of %zu samples", pick->n_rows, bed->n_samples);
  for (size_t i = 0; pick->rows && i < pick->n_rows; i++)
    if (pick->rows[i] < 0 || (size_t)pick->rows[i] >= bed->n_samples)
      return lmr_fail(err, LMR_EINVAL, "sample %d of %zu", pick->rows[i] + 1, bed->n_samples);
  for (size_t j = 0; j < pick->n_cols; j++)
    if (pick->cols[j] < 0 || (size_t)pick->cols[j] >= bed->n_variants)
      return lmr_fail(err, LMR_EINVAL, "variant %d of %zu", pick->cols[j] + 1, bed->n_variants);
  return LMR_OK;
}

static lmr_status read_matrix(const sink *to, bed_file *bed, const bed_pick *pick,
                              lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  LMR_TRY(check_pick(bed, pick, err));
  const size_t most = slab_variants(bed->n_samples);
  uint8_t *slab;
  LMR_TAKE(slab, &work, most * bed->stride, err);
  for (size_t j = 0; j < pick->n_cols;) {
    size_t run = 1;
    while (run < most && j + run < pick->n_cols && pick->cols[j + run] == pick->cols[j + run - 1] + 1) run++;
    LMR_TRY(bed_read(bed, (size_t)pick->cols[j], run, slab, err));
    for (size_t r = 0; r < run; r++) decode(to, pick, slab + r * bed->stride, j + r);
    j += run;
    if (lmr_tick_poll(tick, (double)j / (double)pick->n_cols))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

lmr_status bed_matrix_double(double *out, bed_file *bed, const bed_pick *pick, double missing,
                             lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  sink to = {.real = out, .real_value = {2, missing, 1, 0}};
  LMR_TAKE(to.real_table, &work, 1, err);
  bed_table_double_fill(to.real_table, to.real_value);
  return read_matrix(&to, bed, pick, work, tick, err);
}

lmr_status bed_matrix_int(int32_t *out, bed_file *bed, const bed_pick *pick, int32_t missing,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  sink to = {.integer = out, .integer_value = {2, missing, 1, 0}};
  LMR_TAKE(to.integer_table, &work, 1, err);
  bed_table_int_fill(to.integer_table, to.integer_value);
  return read_matrix(&to, bed, pick, work, tick, err);
}
