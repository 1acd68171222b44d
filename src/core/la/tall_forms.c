#include "core/la/tall_forms.h"

#include <string.h>

#define LANES_FILE "core/la/tall_forms_lanes.h"
#include "core/la/double_lanes.h"

void tall_strips_pack(const double *f, size_t rows, size_t columns, size_t ld, double *strips) {
  for (size_t j = 0; j < columns; j += 4)
    for (size_t i = 0; i < rows; i++)
      for (size_t c = 0; c < 4; c++) *strips++ = j + c < columns ? f[i + (j + c) * ld] : 0;
}

void tall_block_times(double *to, const double *a, size_t m, size_t columns, size_t rows, const double *strips,
                      lmr_cpu level) {
  for (size_t j = 0; j < columns; j += 4, strips += 4 * m)
    PICK(times_strip, level)(to + j * rows, a, m, rows, strips);
}

/* Strip s has 4 (s + 1) rows of 4. */
static size_t strip_start(size_t s) { return 8 * s * (s + 1); }

size_t tall_quadratic_size(size_t p) { return strip_start(tall_pad(p) / 4); }

void tall_quadratic_pack(const double *m, size_t p, size_t ld, double *strips) {
  for (size_t j = 0; j < p; j += 4)
    for (size_t i = 0; i < j + 4; i++)
      for (size_t c = j; c < j + 4; c++)
        *strips++ = c >= p || i > c ? 0 : i == c ? m[i + c * ld] : 2 * m[i + c * ld];
}

void tall_block_quadratic(double *to, const double *a, size_t p, size_t rows, const double *strips, lmr_cpu level) {
  size_t j = 0;
#if LMR_X86
  if (level >= LMR_CPU_AVX512)
    for (; j + 4 < p; j += 8)
      quadratic_pair_avx512(to, a, j, rows, strips + strip_start(j / 4), strips + strip_start(j / 4 + 1));
#endif
  for (; j < p; j += 4) PICK(quadratic_strip, level)(to, a, j, rows, strips + strip_start(j / 4));
}
