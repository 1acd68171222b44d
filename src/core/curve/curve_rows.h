/* Rows of a curve problem: standardising, orthonormal columns, and the support
 * (a short weighted list of exposure values that stands for all the rows). */
#ifndef LMR_CORE_CURVE_ROWS_H
#define LMR_CORE_CURVE_ROWS_H

#include "core/base/arena.h"
#include "core/base/cpu.h"

/* centre = mean, scale = min(sd, IQR / 1.349), the sd when the IQR is below
 * .02 sd (spec: robust against heavy tails, safe for discrete columns).
 * `work` holds n doubles. `distinct` counts values up to 5. */
typedef struct {
  double centre, scale, sd;
  int distinct;
} curve_moments1;
curve_moments1 curve_standard(size_t n, const double *x, double *work);

/* Appends column x (n) to the orthonormal columns q (n x k, ld n): residual of
 * two Gram-Schmidt passes, normalised. Returns 0, and leaves q alone, when what
 * is left is below tol of x's own length. `work` holds k doubles. */
int curve_append(size_t n, double *q, size_t k, const double *x, double tol, double *work);

/* C (p x r) := A'B, A n x p, B n x r. */
void curve_cross(size_t n, size_t p, const double *a, size_t r, const double *b, double *c, lmr_cpu level);

/* For any smooth f: sum_i v_i f(a_i) = sum_g (W'v)_g f(x_g). Exact when there
 * are few rows or few distinct values; otherwise cubic interpolation on a grid of
 * step .01 standard units (error below 1e-5 for slopes up to 8), the 500 rows at each end
 * kept as they are. */
typedef struct {
  size_t n, points;
  double *x;      /* [points] */
  double *mass;   /* [points], W'1 */
  int exact;      /* points are the rows, in order */
  int *first;     /* [n] first support point of a row */
  double *weight; /* [4 x n] its weights; a row at a point itself has weight 1, 0, 0, 0 */
} curve_support;
enum { CURVE_EXACT_ROWS = 4000 };
size_t curve_support_bytes(size_t n);
lmr_status curve_support_make(size_t n, const double *a, curve_support *s, lmr_arena *keep,
                              lmr_error *err);
/* out (points x k, ld points) := W' V, V n x k. */
void curve_support_sum(const curve_support *s, size_t k, const double *v, double *out);

#endif
