/* The row kernels of tall_forms.c for one instruction set: lanes run over rows, two
 * vectors at a time, four or eight columns of sums in registers. Included by
 * core/la/double_lanes.h; 2 LANES divide TALL_ROWS_STEP. */

typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define AT(column, row) (*(vd *)((column) + (row)))
#define READ(column, row) (*(const vd *)((column) + (row)))

/* y, z (4 columns from `at`) += rows k.. of the columns first..last-1 of A times a strip. */
#define ADD_STRIP(strip, at, first, last)                                   \
  for (size_t i = (first); i < (last); i++) {                               \
    const vd x = READ(a + i * rows, k), w = READ(a + i * rows, k + LANES);  \
    const double *s = (strip) + 4 * i;                                      \
    _Pragma("GCC unroll 4") for (int c = 0; c < 4; c++) {                   \
      y[(at) + c] += s[c] * x;                                              \
      z[(at) + c] += s[c] * w;                                              \
    }                                                                       \
  }

LANES_ATTRIBUTE static void LANES_NAME(times_strip)(double *to, const double *a, size_t m, size_t rows,
                                                    const double *strip) {
  typedef LANES_NAME(vd) vd;
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    vd y[4] = {{0}}, z[4] = {{0}};
    ADD_STRIP(strip, 0, 0, m)
    _Pragma("GCC unroll 4") for (int c = 0; c < 4; c++) {
      AT(to + (size_t)c * rows, k) = y[c];
      AT(to + (size_t)c * rows, k + LANES) = z[c];
    }
  }
}

/* Strip of the columns j..j+3, which reads the columns up to them. */
LANES_ATTRIBUTE static void LANES_NAME(quadratic_strip)(double *to, const double *a, size_t j, size_t rows,
                                                        const double *strip) {
  typedef LANES_NAME(vd) vd;
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    vd y[4] = {{0}}, z[4] = {{0}};
    ADD_STRIP(strip, 0, 0, j + 4)
    vd even = AT(to, k), odd = AT(to, k + LANES);
    _Pragma("GCC unroll 4") for (size_t c = 0; c < 4; c++) {
      even += y[c] * READ(a + (j + c) * rows, k);
      odd += z[c] * READ(a + (j + c) * rows, k + LANES);
    }
    AT(to, k) = even;
    AT(to, k + LANES) = odd;
  }
}

#if LANES == 8
/* Two strips in the 32 registers of AVX-512: half the reads of A. */
LANES_ATTRIBUTE static void LANES_NAME(quadratic_pair)(double *to, const double *a, size_t j, size_t rows,
                                                       const double *strip, const double *next) {
  typedef LANES_NAME(vd) vd;
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    vd y[8] = {{0}}, z[8] = {{0}};
    for (size_t i = 0; i < j + 4; i++) {
      const vd x = READ(a + i * rows, k), w = READ(a + i * rows, k + LANES);
      const double *s = strip + 4 * i, *t = next + 4 * i;
      _Pragma("GCC unroll 4") for (int c = 0; c < 4; c++) {
        y[c] += s[c] * x;
        z[c] += s[c] * w;
        y[4 + c] += t[c] * x;
        z[4 + c] += t[c] * w;
      }
    }
    ADD_STRIP(next, 4, j + 4, j + 8)
    vd even = AT(to, k), odd = AT(to, k + LANES);
    _Pragma("GCC unroll 8") for (size_t c = 0; c < 8; c++) {
      even += y[c] * READ(a + (j + c) * rows, k);
      odd += z[c] * READ(a + (j + c) * rows, k + LANES);
    }
    AT(to, k) = even;
    AT(to, k + LANES) = odd;
  }
}
#endif

#undef ADD_STRIP
#undef AT
#undef READ
