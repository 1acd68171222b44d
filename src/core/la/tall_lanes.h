/* The row kernels of tall.c for one instruction set: lanes run over rows, two
 * vectors at a time, so that a sum need not wait for its own last addition.
 * Included by core/la/double_lanes.h; 2 LANES divide TALL_ROWS_STEP. */

typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define AT(column, row) (*(vd *)((column) + (row)))
#define READ(column, row) (*(const vd *)((column) + (row)))

/* Four columns j..j+3 of A := A R^-1, columns before j done. */
LANES_ATTRIBUTE static void LANES_NAME(solve_tile)(double *a, size_t j, size_t rows, const double *r, size_t ldr) {
  typedef LANES_NAME(vd) vd;
  double *c0 = a + j * rows, *c1 = c0 + rows, *c2 = c1 + rows, *c3 = c2 + rows;
  const double *r0 = r + j * ldr, *r1 = r0 + ldr, *r2 = r1 + ldr, *r3 = r2 + ldr;
  const double d0 = 1 / r0[j], d1 = 1 / r1[j + 1], d2 = 1 / r2[j + 2], d3 = 1 / r3[j + 3];
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    const size_t l = k + LANES;
    vd x0 = AT(c0, k), x1 = AT(c1, k), x2 = AT(c2, k), x3 = AT(c3, k);
    vd z0 = AT(c0, l), z1 = AT(c1, l), z2 = AT(c2, l), z3 = AT(c3, l);
    for (size_t i = 0; i < j; i++) {
      const vd x = READ(a + i * rows, k), z = READ(a + i * rows, l);
      x0 -= r0[i] * x;
      z0 -= r0[i] * z;
      x1 -= r1[i] * x;
      z1 -= r1[i] * z;
      x2 -= r2[i] * x;
      z2 -= r2[i] * z;
      x3 -= r3[i] * x;
      z3 -= r3[i] * z;
    }
    /* the 4 x 4 triangle of the tile */
    x0 *= d0;
    z0 *= d0;
    x1 = (x1 - r1[j] * x0) * d1;
    z1 = (z1 - r1[j] * z0) * d1;
    x2 = (x2 - r2[j] * x0 - r2[j + 1] * x1) * d2;
    z2 = (z2 - r2[j] * z0 - r2[j + 1] * z1) * d2;
    x3 = (x3 - r3[j] * x0 - r3[j + 1] * x1 - r3[j + 2] * x2) * d3;
    z3 = (z3 - r3[j] * z0 - r3[j + 1] * z1 - r3[j + 2] * z2) * d3;
    AT(c0, k) = x0;
    AT(c0, l) = z0;
    AT(c1, k) = x1;
    AT(c1, l) = z1;
    AT(c2, k) = x2;
    AT(c2, l) = z2;
    AT(c3, k) = x3;
    AT(c3, l) = z3;
  }
}

/* to -= A f over a block. */
LANES_ATTRIBUTE static void LANES_NAME(subtract)(double *to, const double *a, const double *f, size_t columns,
                                                 size_t rows) {
  typedef LANES_NAME(vd) vd;
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    const size_t l = k + LANES;
    vd x = AT(to, k), z = AT(to, l), more = {0}, again = {0};
    size_t j = 0;
    for (; j + 2 <= columns; j += 2) {
      const double *even = a + j * rows, *odd = even + rows;
      x -= f[j] * READ(even, k);
      z -= f[j] * READ(even, l);
      more -= f[j + 1] * READ(odd, k);
      again -= f[j + 1] * READ(odd, l);
    }
    if (j < columns) {
      x -= f[j] * READ(a + j * rows, k);
      z -= f[j] * READ(a + j * rows, l);
    }
    AT(to, k) = x + more;
    AT(to, l) = z + again;
  }
}

/* to += squared norms of the rows of a block. */
LANES_ATTRIBUTE static void LANES_NAME(add_squares)(double *to, const double *a, size_t columns, size_t rows) {
  typedef LANES_NAME(vd) vd;
  for (size_t k = 0; k < rows; k += 2 * LANES) {
    vd x = AT(to, k), z = AT(to, k + LANES);
    for (size_t j = 0; j < columns; j++) {
      const vd even = READ(a + j * rows, k), odd = READ(a + j * rows, k + LANES);
      x += even * even;
      z += odd * odd;
    }
    AT(to, k) = x;
    AT(to, k + LANES) = z;
  }
}

/* to := A with row i times by[i], over a block. */
LANES_ATTRIBUTE static void LANES_NAME(scale)(double *to, const double *a, const double *by, size_t columns,
                                              size_t rows) {
  typedef LANES_NAME(vd) vd;
  for (size_t j = 0; j < columns; j++)
    for (size_t k = 0; k < rows; k += LANES) AT(to + j * rows, k) = READ(a + j * rows, k) * READ(by, k);
}

#undef AT
#undef READ
