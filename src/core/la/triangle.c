#include "core/la/triangle.h"

#include <math.h>
#include <string.h>

#include "core/la/tall.h"

enum { ROWS = 3 * TALL_ROWS_STEP };

/* All four are X U = B for rows X, with U upper triangular: R itself, or, where the last
 * unknown comes first, R transposed with rows and columns in reverse order. */
static void pack_factor(double *u, size_t order, const double *r, size_t ldr, int forward) {
  memset(u, 0, TRIANGLE_MOST * TRIANGLE_MOST * sizeof *u);
  for (size_t j = 0; j < TRIANGLE_MOST; j++) {
    double *to = u + j * TRIANGLE_MOST;
    for (size_t i = 0; i <= j && j < order; i++)
      to[i] = forward ? r[i + j * ldr] : r[order - 1 - j + (order - 1 - i) * ldr];
    if (j >= order) to[j] = 1;
    else if (to[j] == 0) to[j] = INFINITY; /* what is divided by it is zero */
  }
}

/* Columns of B are rows of X; x: order columns of `rows`. */
static void from_columns(const double *b, size_t ldb, size_t order, size_t count, int forward, double *x, size_t rows) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < order; j++) x[i + j * rows] = b[(forward ? j : order - 1 - j) + i * ldb];
}

static void to_columns(const double *x, size_t rows, size_t order, size_t count, int forward, double *b, size_t ldb) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < order; j++) b[(forward ? j : order - 1 - j) + i * ldb] = x[i + j * rows];
}

static void from_rows(const double *b, size_t ldb, size_t order, size_t count, int forward, double *x, size_t rows) {
  for (size_t j = 0; j < order; j++) memcpy(x + j * rows, b + (forward ? j : order - 1 - j) * ldb, count * sizeof *x);
}

static void to_rows(const double *x, size_t rows, size_t order, size_t count, int forward, double *b, size_t ldb) {
  for (size_t j = 0; j < order; j++) memcpy(b + (forward ? j : order - 1 - j) * ldb, x + j * rows, count * sizeof *x);
}

void triangle_solve(char side, char trans, size_t order, const double *r, size_t ldr, double *b, size_t ldb,
                    size_t count, lmr_cpu level) {
  double u[TRIANGLE_MOST * TRIANGLE_MOST], x[ROWS * TRIANGLE_MOST];
  const int left = side == 'L', forward = left == (trans == 'T');
  pack_factor(u, order, r, ldr, forward);
  memset(x, 0, sizeof x); /* beyond what is given */
  for (size_t first = 0; first < count; first += ROWS) {
    const size_t here = count - first < ROWS ? count - first : ROWS;
    double *at = b + first * (left ? ldb : 1);
    (left ? from_columns : from_rows)(at, ldb, order, here, forward, x, ROWS);
    tall_block_solve(x, tall_pad(order), ROWS, u, TRIANGLE_MOST, level);
    (left ? to_columns : to_rows)(x, ROWS, order, here, forward, at, ldb);
  }
}
