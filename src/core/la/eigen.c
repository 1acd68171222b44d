/* Symmetric eigenproblems: reflectors to tridiagonal form by panels of columns, the products
 * with the rest of the matrix by gemm (Dongarra, Sorensen and Hammarling 1989; LAPACK's
 * dsytrd with another order of storage), then tridiagonal.h, then the reflectors again. */
#include <math.h>
#include <string.h>

#include "core/la/gemm.h"
#include "core/la/la.h"
#include "core/la/panel.h"
#include "core/la/reflectors.h"
#include "core/la/tridiagonal.h"

enum {
  PANEL = 64,
  SMALL = 160,    /* up to here LAPACK's driver is as fast, and a moment */
  TOP_LIMIT = 200 /* vectors that dstegr finds in some tenths of a second */
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static int all_for_top(size_t n, size_t top) { return top > TOP_LIMIT || top > n / 4; }

static size_t reduced_bytes(size_t n) {
  size_t bytes = lmr_double_bytes(4, PANEL * n);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(6, n));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, 4 * PANEL));
}

size_t la_eigen_values_bytes(size_t n) {
  return n <= SMALL ? la_eigen_driver_bytes(n) : reduced_bytes(n);
}

size_t la_eigen_bytes(size_t n) {
  if (n <= SMALL) return la_eigen_driver_bytes(n);
  const size_t after = tridiagonal_vectors_bytes(n), back = reflectors_bytes(n, n);
  return lmr_add_bytes(lmr_double_bytes(3, n), lmr_add_bytes(reduced_bytes(n), after > back ? after : back));
}

size_t la_eigen_top_bytes(size_t n, size_t top) {
  size_t bytes = la_eigen_bytes(n);
  if (n > SMALL && all_for_top(n, top)) bytes = lmr_add_bytes(bytes, lmr_bytes(n * n, sizeof(double)));
  return bytes;
}

/* d[n], off[n - 1]: Q' A Q for A in the upper triangle of a; the reflectors of Q take the
 * places under the diagonal, tau[n - 1]. */
static lmr_status reduce(double *a, size_t n, size_t ld, double *d, double *off, double *tau, lmr_arena work,
                         const lmr_tick *tick, lmr_error *err) {
  const lmr_cpu level = lmr_cpu_detect();
  double *vw, *wv, *x, *dot; /* vw = [V W], wv = [W V]: rows of the panel and below it */
  LMR_TAKE(vw, &work, 2 * PANEL * n, err);
  LMR_TAKE(wv, &work, 2 * PANEL * n, err);
  LMR_TAKE(x, &work, n, err);
  LMR_TAKE(dot, &work, 4 * PANEL, err);
  for (size_t first = 0; first + 1 < n; first += PANEL) {
    const size_t count = smaller(PANEL, n - 1 - first), rows = n - first;
    double *v = vw, *w = vw + count * rows;
    for (size_t i = 0; i < count; i++) {
      /* Row first + i of what is left, from its diagonal on. */
      const size_t j = first + i, left = rows - i;
      for (size_t r = 0; r < left; r++) x[r] = a[j + (j + r) * ld];
      for (size_t l = 0; l < i; l++) {
        dot[l] = w[i + l * rows];
        dot[i + l] = v[i + l * rows];
      }
      panel_take_out(v + i, rows, left, i, dot, x, level);
      panel_take_out(w + i, rows, left, i, dot + i, x, level);
      d[j] = x[0];
      tau[j] = reflector(x + 1, left - 1, &off[j]);

      /* w = tau (A - V W' - W V') v, then what makes the change of A symmetric. */
      const size_t m = left - 1;
      double *vi = v + i * rows, *wi = w + i * rows, *below = wi + i + 1;
      memset(vi, 0, (i + 1) * sizeof *vi);
      memset(wi, 0, (i + 1) * sizeof *wi);
      memcpy(vi + i + 1, x + 1, m * sizeof *vi);
      memcpy(a + j + 1 + j * ld, x + 1, m * sizeof *a);
      panel_symmetric(a + (j + 1) * (ld + 1), ld, m, x + 1, below, level);
      panel_dots(w + i + 1, rows, m, i, x + 1, dot, level);
      panel_dots(v + i + 1, rows, m, i, x + 1, dot + i, level);
      panel_take_out(v + i + 1, rows, m, i, dot, below, level);
      panel_take_out(w + i + 1, rows, m, i, dot + i, below, level);
      double inner = 0;
      for (size_t r = 0; r < m; r++) {
        below[r] *= tau[j];
        inner += below[r] * x[r + 1];
      }
      for (size_t r = 0; r < m; r++) below[r] -= tau[j] / 2 * inner * x[r + 1];
      if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    }
    const size_t end = first + count, m = n - end;
    memcpy(wv, w, count * rows * sizeof *w);
    memcpy(wv + count * rows, v, count * rows * sizeof *v);
    if (m && gemm('N', 'T', m, m, 2 * count, -1, vw + count, rows, wv + count, rows, 1, a + end * (ld + 1), ld, 1, level, tick))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  d[n - 1] = a[(n - 1) * (ld + 1)];
  return LMR_OK;
}

static lmr_status check_finite(const double *a, size_t n, size_t ld, lmr_error *err) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j; i++)
      if (!isfinite(a[i + j * ld]))
        return lmr_fail(err, LMR_ENONFINITE, "eigen: entry (%zu, %zu) is not finite", i + 1, j + 1);
  return LMR_OK;
}

/* By a power of two towards 1: squares of entries neither overflow nor vanish. */
static int rescale(double *a, size_t n, size_t ld) {
  double most = 0;
  int power;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j; i++) most = fmax(most, fabs(a[i + j * ld]));
  frexp(most, &power);
  if (power > -300 && power < 300) return 0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j; i++) a[i + j * ld] = ldexp(a[i + j * ld], -power);
  return power;
}

lmr_status la_eigen_top_polled(double *a, size_t n, size_t ld, size_t top, double *w, double *z, size_t ldz,
                               lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (ld < n || top > n || (z && ldz < n)) return lmr_fail(err, LMR_EINVAL, "eigen: bad dimensions");
  LMR_TRY(check_finite(a, n, ld, err));
  if (n <= SMALL) return la_eigen_driver(a, n, ld, top, w, z, ldz, work, err);
  if (!top) return LMR_OK;
  const int power = rescale(a, n, ld);
  double *d, *off, *tau;
  LMR_TAKE(d, &work, n, err);
  LMR_TAKE(off, &work, n, err);
  LMR_TAKE(tau, &work, n, err);
  LMR_TRY(reduce(a, n, ld, d, off, tau, work, tick, err));
  if (!z) {
    LMR_TRY(tridiagonal_values(d, off, n, tick, err));
    memcpy(w, d + n - top, top * sizeof *w);
  } else if (top < n && !all_for_top(n, top)) {
    LMR_TRY(la_tridiagonal_top(d, off, n, top, w, z, ldz, work, err));
  } else {
    double *whole = z;
    size_t rows = ldz;
    if (top < n) {
      LMR_TAKE(whole, &work, n * n, err);
      rows = n;
    }
    LMR_TRY(tridiagonal_vectors(d, off, n, whole, rows, work, tick, err));
    memcpy(w, d + n - top, top * sizeof *w);
    for (size_t j = 0; j < top && whole != z; j++)
      memcpy(z + j * ldz, whole + (n - top + j) * n, n * sizeof *z);
  }
  for (size_t i = 0; i < top && power; i++) w[i] = ldexp(w[i], power);
  if (!z) return LMR_OK;
  return reflectors_apply('N', a, ld, tau, n, n - 1, 1, z, top, ldz, work, tick, err);
}

lmr_status la_eigen_top(double *a, size_t n, size_t ld, size_t top, double *w, double *z,
                        size_t ldz, lmr_arena work, lmr_error *err) {
  return la_eigen_top_polled(a, n, ld, top, w, z, ldz, work, NULL, err);
}

lmr_status la_eigen_polled(double *a, size_t n, size_t ld, double *w, double *z, size_t ldz,
                           lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  return la_eigen_top_polled(a, n, ld, n, w, z, ldz, work, tick, err);
}

lmr_status la_eigen(double *a, size_t n, size_t ld, double *w, double *z, size_t ldz,
                    lmr_arena work, lmr_error *err) {
  return la_eigen_polled(a, n, ld, w, z, ldz, work, NULL, err);
}
