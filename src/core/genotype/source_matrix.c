#include "core/genotype/dosage.h"
#include "core/genotype/source.h"

size_t source_matrix_bytes(const genotype_source *source) { return lmr_bytes(source->people, sizeof(double)); }

static lmr_status read_all(genotype_source *source, const int *rows, size_t n_rows, const int *cols, size_t n_cols,
                           double absent, double *to, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *whole;
  LMR_TAKE(whole, &work, source->people, err);
  for (size_t j = 0; j < n_cols; j++) {
    double *column = to + j * n_rows;
    if (lmr_tick_poll(tick, (double)j / (double)n_cols)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(source->values(source, (size_t)cols[j], 1, rows ? whole : column, err));
    for (size_t i = 0; rows && i < n_rows; i++) column[i] = whole[rows[i]];
    for (size_t i = 0; i < n_rows; i++) column[i] = column[i] == column[i] ? column[i] : absent;
  }
  return LMR_OK;
}

lmr_status source_matrix(genotype_source *source, const int *rows, size_t n_rows, const int *cols, size_t n_cols,
                         double absent, double *to, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!source->values) return lmr_fail(err, LMR_EINVAL, "a source without values");
  if (!rows && n_rows != source->people) return lmr_fail(err, LMR_EINVAL, "all people are %zu", source->people);
  lmr_status status = source->open(source, err);
  if (status == LMR_OK) status = read_all(source, rows, n_rows, cols, n_cols, absent, to, work, tick, err);
  source->close(source);
  return status;
}

size_t source_dosages_bytes(const genotype_source *source, size_t n) {
  return lmr_add_bytes(lmr_bytes(source->people, sizeof(int16_t)), lmr_bytes(n, sizeof(int16_t)));
}

static lmr_status read_dosages(genotype_source *source, const int *rows, size_t n, uint8_t *bytes, int32_t *scale,
                               lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  int16_t *all, *some;
  LMR_TAKE(all, &work, source->people, err);
  LMR_TAKE(some, &work, n, err);
  for (size_t v = 0; v < source->variants; v++) {
    if (lmr_tick_poll(tick, (double)v / (double)source->variants)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(source->dosages(source, v, 1, all, &scale[v], err));
    for (size_t i = 0; i < n; i++) some[i] = all[rows[i]];
    dosage_store(some, n, bytes + 2 * n * v);
  }
  return LMR_OK;
}

lmr_status source_dosages(genotype_source *source, const int *rows, size_t n, uint8_t *bytes, int32_t *scale,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!source->dosages) return lmr_fail(err, LMR_EINVAL, "a source without dosages");
  lmr_status status = source->open(source, err);
  if (status == LMR_OK) status = read_dosages(source, rows, n, bytes, scale, work, tick, err);
  source->close(source);
  return status;
}
