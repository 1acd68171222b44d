#include "core/genotype/dosage.h"
#include "core/genotype/source.h"

static lmr_status nothing(genotype_source *source, lmr_error *err) {
  (void)source;
  (void)err;
  return LMR_OK;
}

static void no_close(genotype_source *source) { (void)source; }

/* A column and its scale, looked at. */
static lmr_status checked_column(const genotype_source *source, size_t v, int16_t *to, lmr_error *err) {
  const dosage_bytes *from = source->context;
  size_t bad = 0;
  dosage_load(from->bytes + 2 * (size_t)from->col[v] * source->people, source->people, to);
  if (dosage_check(to, source->people, from->scale[from->col[v]], &bad, err) == LMR_OK) return LMR_OK;
  return lmr_fail(err, LMR_EFORMAT, "dosage of person %zu, variant %zu is %d with a scale of %d", bad + 1, v + 1,
                  (int)to[bad], (int)from->scale[from->col[v]]);
}

static lmr_status dosages(genotype_source *source, size_t first, size_t count, int16_t *to, int32_t *scale,
                          lmr_error *err) {
  const dosage_bytes *from = source->context;
  for (size_t v = 0; v < count; v++) {
    LMR_TRY(checked_column(source, first + v, to + v * source->people, err));
    scale[v] = from->scale[from->col[first + v]];
  }
  return LMR_OK;
}

static lmr_status values(genotype_source *source, size_t first, size_t count, double *to, lmr_error *err) {
  const dosage_bytes *from = source->context;
  for (size_t v = 0; v < count; v++) {
    LMR_TRY(checked_column(source, first + v, from->column, err));
    dosage_values(from->column, source->people, from->scale[from->col[first + v]], to + v * source->people);
  }
  return LMR_OK;
}

static lmr_status codes(genotype_source *source, size_t first, size_t count, uint8_t *to, lmr_error *err) {
  const dosage_bytes *from = source->context;
  for (size_t v = 0; v < count; v++) {
    size_t bad = 0;
    const int32_t scale = from->scale[from->col[first + v]];
    LMR_TRY(checked_column(source, first + v, from->column, err));
    if (dosage_codes(from->column, source->people, scale, to + v * genotype_stride(source), &bad, err) != LMR_OK)
      return lmr_fail(err, LMR_EFORMAT, "genotype of person %zu, variant %zu is %g, not 0, 1, 2 or NA", bad + 1,
                      first + v + 1, (double)(from->column[bad] + scale) / scale);
  }
  return LMR_OK;
}

genotype_source dosage_source(dosage_bytes *from, size_t people, size_t variants) {
  const genotype_source source = {people, variants, nothing, no_close, codes, values, from, dosages};
  return source;
}
