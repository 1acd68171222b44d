#include "core/la/tridiagonal_many.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LANES_FILE "core/la/tridiagonal_many_lanes.h"
#include "core/la/double_lanes.h"

#define UNIT (DBL_EPSILON / 2)
enum { MANY = TRIDIAGONAL_MANY };

static int ascending(const void *a, const void *b) {
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* By a power of two towards 1, as squares; the power. */
static int scale(double *d, double *off, size_t n, size_t k) {
  double most = 0;
  int power;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(d[i * MANY + k]));
  frexp(most, &power);
  for (size_t i = 0; i < n; i++) {
    d[i * MANY + k] = ldexp(d[i * MANY + k], -power);
    if (i + 1 == n) break;
    const double x = ldexp(off[i * MANY + k], -power);
    off[i * MANY + k] = x * x;
  }
  return power;
}

/* Where the next step of matrix k ends, past what has converged, and its shift; n when done. */
static size_t aim(const double *d, double *off, size_t n, size_t k, size_t at, double *shift) {
  while (at + 1 < n && off[at * MANY + k] <= UNIT * UNIT * fabs(d[at * MANY + k] * d[(at + 1) * MANY + k])) {
    off[at * MANY + k] = 0;
    at++;
  }
  *shift = 0;
  if (at + 1 >= n) return n;
  const double here = d[at * MANY + k], root = sqrt(off[at * MANY + k]);
  const double half = (d[(at + 1) * MANY + k] - here) / (2 * root);
  *shift = here - root / (half + copysign(hypot(half, 1), half));
  return at;
}

lmr_status tridiagonal_values_many(double *d, double *off, size_t n, lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  int power[MANY];
  long long at[MANY] = {0};
  double shift[MANY];
  for (size_t k = 0; k < MANY; k++) power[k] = scale(d, off, n, k);
  for (size_t steps = 0;; steps++) {
    size_t least = n;
    for (size_t k = 0; k < MANY; k++) {
      if ((size_t)at[k] < n) at[k] = (long long)aim(d, off, n, k, (size_t)at[k], shift + k);
      if ((size_t)at[k] < least) least = (size_t)at[k];
    }
    if (least == n) break;
    if (steps > 30 * n) return lmr_fail(err, LMR_ENOCONV, "tridiagonal eigenvalue %zu did not converge", least + 1);
    const size_t width = LANES_AT(level);
    for (size_t k = 0; k < MANY; k += width) PICK(steps, level)(d + k, off + k, n, least, at + k, shift + k);
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  double *column = off; /* free now: n - 1 rows of MANY hold n values where n > 1 */
  for (size_t k = 0; k < MANY && n > 1; k++) {
    for (size_t i = 0; i < n; i++) column[i] = ldexp(d[i * MANY + k], power[k]);
    qsort(column, n, sizeof *column, ascending);
    for (size_t i = 0; i < n; i++) d[i * MANY + k] = column[i];
  }
  for (size_t k = 0; k < MANY && n == 1; k++) d[k] = ldexp(d[k], power[k]);
  return LMR_OK;
}
