#include <string.h>

#include "core/genotype/bits.h"
#include "core/genotype/source.h"

static lmr_status nothing(genotype_source *source, lmr_error *err) {
  (void)source;
  (void)err;
  return LMR_OK;
}

static void no_close(genotype_source *source) { (void)source; }

static const double *column(const genotype_source *source, size_t v) {
  return (const double *)source->context + v * source->people;
}

static lmr_status codes(genotype_source *source, size_t first, size_t count, uint8_t *to, lmr_error *err) {
  for (size_t v = 0; v < count; v++) {
    size_t bad = 0;
    const double *x = column(source, first + v);
    const lmr_status status = bits_encode(x, source->people, to + v * genotype_stride(source), &bad, err);
    if (status != LMR_OK)
      return lmr_fail(err, status, "genotype of person %zu, variant %zu is %g, not 0, 1, 2 or NA", bad + 1,
                      first + v + 1, x[bad]);
  }
  return LMR_OK;
}

static lmr_status values(genotype_source *source, size_t first, size_t count, double *to, lmr_error *err) {
  (void)err;
  memcpy(to, column(source, first), count * source->people * sizeof *to);
  return LMR_OK;
}

genotype_source matrix_source(const double *x, size_t people, size_t variants) {
  const genotype_source source = {people, variants, nothing, no_close, codes, values, (void *)x, NULL};
  return source;
}
