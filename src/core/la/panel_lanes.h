/* Products of a matrix and a vector for one instruction set: four columns at a time,
 * each read once. Included by core/la/double_lanes.h. */

typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define AT(column, row) (*(vd *)((column) + (row)))
#define READ(column, row) (*(const vd *)((column) + (row)))

LANES_ATTRIBUTE static inline double LANES_NAME(total)(LANES_NAME(vd) x) {
  double s = 0;
  for (int l = 0; l < LANES; l++) s += x[l];
  return s;
}

/* dot[0..3] += the columns' products with x, and y += the columns times by[0..3]. */
LANES_ATTRIBUTE static void LANES_NAME(both_ways)(const double *a, size_t ld, size_t rows, const double *x,
                                                  const double *by, double *y, double *dot) {
  typedef LANES_NAME(vd) vd;
  const double *a0 = a, *a1 = a0 + ld, *a2 = a1 + ld, *a3 = a2 + ld;
  const double b0 = by[0], b1 = by[1], b2 = by[2], b3 = by[3];
  vd s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  size_t i = 0;
  for (; i + LANES <= rows; i += LANES) {
    const vd c0 = READ(a0, i), c1 = READ(a1, i), c2 = READ(a2, i), c3 = READ(a3, i), xi = READ(x, i);
    s0 += c0 * xi;
    s1 += c1 * xi;
    s2 += c2 * xi;
    s3 += c3 * xi;
    AT(y, i) += (c0 * b0 + c1 * b1) + (c2 * b2 + c3 * b3);
  }
  dot[0] += LANES_NAME(total)(s0);
  dot[1] += LANES_NAME(total)(s1);
  dot[2] += LANES_NAME(total)(s2);
  dot[3] += LANES_NAME(total)(s3);
  for (; i < rows; i++) {
    dot[0] += a0[i] * x[i];
    dot[1] += a1[i] * x[i];
    dot[2] += a2[i] * x[i];
    dot[3] += a3[i] * x[i];
    y[i] += (a0[i] * b0 + a1[i] * b1) + (a2[i] * b2 + a3[i] * b3);
  }
}

/* dot[j] = column j times x. */
LANES_ATTRIBUTE static void LANES_NAME(dots)(const double *a, size_t ld, size_t rows, size_t columns, const double *x,
                                             double *dot) {
  typedef LANES_NAME(vd) vd;
  size_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    const double *a0 = a + j * ld, *a1 = a0 + ld, *a2 = a1 + ld, *a3 = a2 + ld;
    vd s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    size_t i = 0;
    for (; i + LANES <= rows; i += LANES) {
      const vd xi = READ(x, i);
      s0 += READ(a0, i) * xi;
      s1 += READ(a1, i) * xi;
      s2 += READ(a2, i) * xi;
      s3 += READ(a3, i) * xi;
    }
    double t0 = LANES_NAME(total)(s0), t1 = LANES_NAME(total)(s1), t2 = LANES_NAME(total)(s2),
           t3 = LANES_NAME(total)(s3);
    for (; i < rows; i++) {
      t0 += a0[i] * x[i];
      t1 += a1[i] * x[i];
      t2 += a2[i] * x[i];
      t3 += a3[i] * x[i];
    }
    dot[j] = t0;
    dot[j + 1] = t1;
    dot[j + 2] = t2;
    dot[j + 3] = t3;
  }
  for (; j < columns; j++) {
    const double *a0 = a + j * ld;
    vd s = {0};
    size_t i = 0;
    for (; i + LANES <= rows; i += LANES) s += READ(a0, i) * READ(x, i);
    double t = LANES_NAME(total)(s);
    for (; i < rows; i++) t += a0[i] * x[i];
    dot[j] = t;
  }
}

/* y -= the columns times by. */
LANES_ATTRIBUTE static void LANES_NAME(take_out)(const double *a, size_t ld, size_t rows, size_t columns,
                                                 const double *by, double *y) {
  typedef LANES_NAME(vd) vd;
  size_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    const double *a0 = a + j * ld, *a1 = a0 + ld, *a2 = a1 + ld, *a3 = a2 + ld;
    const double b0 = by[j], b1 = by[j + 1], b2 = by[j + 2], b3 = by[j + 3];
    size_t i = 0;
    for (; i + LANES <= rows; i += LANES)
      AT(y, i) -= (READ(a0, i) * b0 + READ(a1, i) * b1) + (READ(a2, i) * b2 + READ(a3, i) * b3);
    for (; i < rows; i++) y[i] -= (a0[i] * b0 + a1[i] * b1) + (a2[i] * b2 + a3[i] * b3);
  }
  for (; j < columns; j++)
    for (size_t i = 0; i < rows; i++) y[i] -= a[i + j * ld] * by[j];
}

/* y = A x, the upper triangle of A (n x n) alone read. */
LANES_ATTRIBUTE static void LANES_NAME(symmetric)(const double *a, size_t ld, size_t n, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) y[i] = 0;
  for (size_t j = 0; j < n; j += 4) {
    const size_t width = n - j < 4 ? n - j : 4;
    if (width == 4) LANES_NAME(both_ways)(a + j * ld, ld, j, x, x + j, y, y + j);
    else
      for (size_t s = 0; s < width; s++)
        for (size_t i = 0; i < j; i++) {
          y[j + s] += a[i + (j + s) * ld] * x[i];
          y[i] += a[i + (j + s) * ld] * x[j + s];
        }
    for (size_t s = 0; s < width; s++) {
      const double *column = a + j + (j + s) * ld;
      for (size_t t = 0; t < s; t++) {
        y[j + t] += column[t] * x[j + s];
        y[j + s] += column[t] * x[j + t];
      }
      y[j + s] += column[s] * x[j + s];
    }
  }
}

#undef AT
#undef READ
