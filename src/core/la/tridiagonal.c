#include "core/la/tridiagonal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/la/la.h"

#define UNIT (DBL_EPSILON / 2)

static lmr_status interrupted(lmr_error *err) { return lmr_fail(err, LMR_EINTERRUPT, "interrupted"); }

/* By a power of two, so that squares neither overflow nor vanish; 0 for a matrix of zeros. */
static int scale(double *d, double *off, size_t n) {
  double most = 0;
  int power;
  for (size_t i = 0; i < n; i++) most = fmax(most, fmax(fabs(d[i]), i + 1 < n ? fabs(off[i]) : 0));
  frexp(most, &power);
  if (power == 0) return 0;
  for (size_t i = 0; i < n; i++) {
    d[i] = ldexp(d[i], -power);
    if (i + 1 < n) off[i] = ldexp(off[i], -power);
  }
  return power;
}

/* ---- Values ------------------------------------------------------------ */

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Both eigenvalues of (a b; b c), the second from the first, which is the larger in size. */
static void two_by_two(double a, double b, double c, double *first, double *second) {
  const double root = hypot(a - c, 2 * b), large = a + c < 0 ? (a + c - root) / 2 : (a + c + root) / 2;
  const double more = fabs(a) > fabs(c) ? a : c, less = fabs(a) > fabs(c) ? c : a;
  *first = large;
  *second = large == 0 ? 0 : more / large * less - b / large * b;
}

/* One step from the lower end m up to l, on squares off[] of the elements beside the diagonal. */
static void step(double *d, double *off, size_t l, size_t m) {
  const double root = sqrt(off[l]), half = (d[l + 1] - d[l]) / (2 * root);
  const double shift = d[l] - root / (half + copysign(hypot(half, 1), half));
  double c = 1, s = 0, gamma = d[m] - shift, p = gamma * gamma;
  for (size_t i = m; i-- > l;) {
    const double square = off[i], r = p + square, c_before = c, gamma_before = gamma, here = d[i];
    if (i + 1 < m) off[i + 1] = s * r;
    c = p / r;
    s = square / r;
    gamma = c * (here - shift) - s * gamma_before;
    d[i + 1] = gamma_before + (here - gamma);
    p = c != 0 ? gamma * gamma / c : c_before * square;
  }
  off[l] = s * p;
  d[l] = shift + gamma;
}

lmr_status tridiagonal_values(double *d, double *off, size_t n, const lmr_tick *tick, lmr_error *err) {
  const int power = scale(d, off, n);
  for (size_t i = 0; i + 1 < n; i++) off[i] *= off[i];
  size_t steps = 0;
  for (size_t l = 0; l < n;) {
    size_t m = l;
    while (m + 1 < n && off[m] > UNIT * UNIT * fabs(d[m] * d[m + 1])) m++;
    if (m + 1 < n) off[m] = 0;
    if (m == l) {
      l++;
    } else if (m == l + 1) {
      two_by_two(d[l], sqrt(off[l]), d[m], &d[l], &d[m]);
      off[l] = 0;
      l += 2;
    } else if (steps++ < 30 * n) {
      step(d, off, l, m);
    } else {
      return lmr_fail(err, LMR_ENOCONV, "tridiagonal eigenvalue %zu did not converge", l + 1);
    }
    if (lmr_tick_poll(tick, 0)) return interrupted(err);
  }
  for (size_t i = 0; i < n; i++) d[i] = ldexp(d[i], power);
  qsort(d, n, sizeof *d, ascending);
  return LMR_OK;
}

/* ---- Values and vectors ------------------------------------------------ */

enum { LEAF = 32 };

/* Matrices up to LEAF by LAPACK; a larger one is two of half the size, whose eigenvectors
 * stand in the diagonal blocks of z, and a change of rank one. */
typedef struct {
  double *d, *off, *z, *space; /* space[room] */
  size_t ld, room;
  int *order, *sorted;         /* a block's columns by rising value, from its first on */
  int *keep, *out, *type, *group;
  double *update, *pole, *weight, *root, *again;
  const lmr_tick *tick;
  lmr_error *err;
} halves;

enum { UPPER = 1, MIXED = 2, LOWER = 3 }; /* rows that a column is not zero in */

static size_t room_for(size_t n) { return n * n + 4 * n; }

size_t tridiagonal_vectors_bytes(size_t n) {
  size_t bytes = lmr_bytes(room_for(n), sizeof(double));
  bytes = lmr_add_bytes(bytes, 6 * lmr_bytes(n, sizeof(int)));
  return lmr_add_bytes(bytes, lmr_double_bytes(6, n));
}

static void rotate(double *x, double *y, size_t n, double c, double s) {
  for (size_t i = 0; i < n; i++) {
    const double t = c * x[i] + s * y[i];
    y[i] = c * y[i] - s * x[i];
    x[i] = t;
  }
}

/* Sorts columns, almost sorted, by their values. */
static void sort_by(const double *d, int *column, size_t count) {
  for (size_t i = 1; i < count; i++) {
    const int c = column[i];
    size_t at = i;
    for (; at > 0 && d[column[at - 1]] > d[c]; at--) column[at] = column[at - 1];
    column[at] = c;
  }
}

/* What both halves have in rising order; the columns of the second are n1 further on. */
static void merge_orders(const double *d, const int *order, size_t n1, size_t n, int *sorted) {
  size_t a = 0, b = n1;
  for (size_t t = 0; t < n; t++) {
    const int first = b == n || (a < n1 && d[order[a]] <= d[order[b]]);
    sorted[t] = first ? order[a++] : order[b++];
  }
}

/* Columns that the change does not touch, or that a rotation makes so, go to out[]; the
 * others to keep[], in rising order. Returns their number. */
static size_t deflate(halves *h, double *d, double *q, size_t n, double rho, double tol) {
  size_t kept = 0, gone = 0;
  int held = -1;
  double *u = h->update;
  for (size_t t = 0; t < n; t++) {
    const int j = h->sorted[t];
    if (rho * fabs(u[j]) <= tol) {
      h->out[gone++] = j;
      continue;
    }
    if (held >= 0) {
      const double length = hypot(u[j], u[held]), c = u[j] / length, s = -u[held] / length;
      if (fabs((d[j] - d[held]) * c * s) <= tol) {
        const double x = d[held], y = d[j];
        u[j] = length;
        if (h->type[j] != h->type[held]) h->type[j] = MIXED;
        rotate(q + (size_t)held * h->ld, q + (size_t)j * h->ld, n, c, s);
        d[j] = x * s * s + y * c * c;
        d[held] = x * c * c + y * s * s;
        h->out[gone++] = held;
      } else {
        h->keep[kept++] = held;
      }
    }
    held = j;
  }
  if (held >= 0) h->keep[kept++] = held;
  sort_by(d, h->out, gone);
  return kept;
}

/* Roots of 1 + rho sum weight^2 / (pole - root) and, in the columns of s (k x k), the
 * eigenvectors of diag(pole) + rho weight weight', their rows in the order of `group`. */
static lmr_status secular(halves *h, size_t k, double rho, double *s) {
  for (size_t j = 0; j < k; j++) {
    LMR_TRY(la_secular_root(h->pole, h->weight, k, j, rho, s + j * h->ld, &h->root[j], h->err));
    if (lmr_tick_poll(h->tick, 0)) return interrupted(h->err);
  }
  /* The weights for which the computed roots are exact (for k < 3 s holds vectors already). */
  for (size_t i = 0; i < k && k > 2; i++) h->again[i] = s[i + i * h->ld];
  for (size_t j = 0; j < k && k > 2; j++) {
    const double *apart = s + j * h->ld;
    for (size_t i = 0; i < k; i++)
      if (i != j) h->again[i] *= apart[i] / (h->pole[i] - h->pole[j]);
    if (lmr_tick_poll(h->tick, 0)) return interrupted(h->err);
  }
  double *v = h->update;
  for (size_t j = 0; j < k; j++) {
    double *column = s + j * h->ld, sum = 0;
    for (size_t i = 0; i < k; i++) {
      v[i] = k > 2 ? copysign(sqrt(fabs(h->again[i])), h->weight[i]) / column[i] : column[i];
      sum += v[i] * v[i];
    }
    for (size_t g = 0; g < k; g++) column[g] = v[h->group[g]] / sqrt(sum);
  }
  return LMR_OK;
}

/* rows x k := (rows x m) times m rows of s from `first`, a copy of which goes to `copy`. */
static lmr_status turn(const halves *h, const double *half, size_t rows, size_t m, const double *s, size_t first,
                       size_t k, double *copy, double *to) {
  for (size_t j = 0; j < k; j++) {
    if (m) memcpy(copy + j * m, s + first + j * h->ld, m * sizeof *copy);
    else memset(to + j * h->ld, 0, rows * sizeof *to);
  }
  if (!m) return LMR_OK;
  return la_gemm_polled('N', 'N', rows, k, m, 1, half, rows, copy, m, 0, to, h->ld, h->tick, h->err);
}

/* The eigenvectors of the halves, in q's diagonal blocks of n1 and n - n1, made those of the
 * whole; `cut` is the element that joins them. */
static lmr_status join(halves *h, size_t lo, size_t n1, size_t n, double cut) {
  double *d = h->d + lo, *q = h->z + lo * (h->ld + 1), most = 0, value = 0;
  const size_t n2 = n - n1, ld = h->ld;
  int *order = h->order + lo;
  for (size_t i = n1; i < n; i++) order[i] += (int)n1;
  for (size_t i = 0; i < n; i++) {
    h->update[i] = (i < n1 ? q[n1 - 1 + i * ld] : copysign(1, cut) * q[n1 + i * ld]) / sqrt(2);
    h->type[i] = i < n1 ? UPPER : LOWER;
    most = fmax(most, fabs(h->update[i]));
    value = fmax(value, fabs(d[i]));
  }
  merge_orders(d, order, n1, n, h->sorted);
  const double rho = 2 * fabs(cut), tol = 8 * UNIT * fmax(value, most);
  if (rho * most <= tol) {
    memcpy(order, h->sorted, n * sizeof *order);
    return LMR_OK;
  }
  const size_t k = deflate(h, d, q, n, rho, tol);

  /* Kept columns by type, the halves apart, and those that stay as they are behind them. */
  size_t count[4] = {0}, g = 0;
  for (size_t i = 0; i < k; i++) {
    h->pole[i] = d[h->keep[i]];
    h->weight[i] = h->update[h->keep[i]];
    count[h->type[h->keep[i]]]++;
  }
  for (int type = UPPER; type <= LOWER; type++)
    for (size_t i = 0; i < k; i++)
      if (h->type[h->keep[i]] == type) h->group[g++] = (int)i;
  const size_t m1 = count[UPPER] + count[MIXED], m2 = count[MIXED] + count[LOWER];
  double *upper = h->space, *lower = upper + n1 * m1, *rest = lower + n2 * m2;
  if (n1 * m1 + n2 * m2 + n * (n - k) > h->room || n1 * m1 + n2 * m2 + (m1 > m2 ? m1 : m2) * k > h->room)
    return lmr_fail(h->err, LMR_ENOMEM, "work block too small in join");
  for (g = 0; g < k; g++) {
    const double *column = q + (size_t)h->keep[h->group[g]] * ld;
    if (g < m1) memcpy(upper + g * n1, column, n1 * sizeof *upper);
    if (g >= count[UPPER]) memcpy(lower + (g - count[UPPER]) * n2, column + n1, n2 * sizeof *lower);
  }
  for (size_t i = 0; i < n - k; i++) {
    memcpy(rest + i * n, q + (size_t)h->out[i] * ld, n * sizeof *rest);
    h->root[k + i] = d[h->out[i]];
  }
  for (size_t i = 0; i < n - k; i++) memcpy(q + (k + i) * ld, rest + i * n, n * sizeof *rest);

  LMR_TRY(secular(h, k, rho, q));
  memcpy(d, h->root, n * sizeof *d);
  LMR_TRY(turn(h, lower, n2, m2, q, count[UPPER], k, rest, q + n1)); /* m1 <= n1: its rows stay */
  LMR_TRY(turn(h, upper, n1, m1, q, 0, k, rest, q));
  for (size_t i = 0; i < n; i++) h->sorted[i] = (int)i;
  merge_orders(d, h->sorted, k, n, order);
  return LMR_OK;
}

static lmr_status solve(halves *h, size_t lo, size_t n) {
  if (n <= LEAF) {
    for (size_t i = 0; i < n; i++) h->order[lo + i] = (int)i;
    return la_tridiagonal_leaf(h->d + lo, h->off + lo, n, h->z + lo * (h->ld + 1), h->ld, h->update, h->err);
  }
  const size_t n1 = n - n / 2;
  const double cut = h->off[lo + n1 - 1];
  h->d[lo + n1 - 1] -= fabs(cut);
  h->d[lo + n1] -= fabs(cut);
  LMR_TRY(solve(h, lo, n1));
  LMR_TRY(solve(h, lo + n1, n / 2));
  return join(h, lo, n1, n, cut);
}

lmr_status tridiagonal_vectors(double *d, double *off, size_t n, double *z, size_t ldz, lmr_arena work,
                               const lmr_tick *tick, lmr_error *err) {
  if (!n) return LMR_OK;
  halves h = {.d = d, .off = off, .z = z, .ld = ldz, .room = room_for(n), .tick = tick, .err = err};
  LMR_TAKE(h.space, &work, h.room, err);
  LMR_TAKE(h.order, &work, n, err);
  LMR_TAKE(h.sorted, &work, n, err);
  LMR_TAKE(h.keep, &work, n, err);
  LMR_TAKE(h.out, &work, n, err);
  LMR_TAKE(h.type, &work, n, err);
  LMR_TAKE(h.group, &work, n, err);
  LMR_TAKE(h.update, &work, 2 * n, err);
  LMR_TAKE(h.pole, &work, n, err);
  LMR_TAKE(h.weight, &work, n, err);
  LMR_TAKE(h.root, &work, n, err);
  LMR_TAKE(h.again, &work, n, err);
  for (size_t j = 0; j < n; j++) memset(z + j * ldz, 0, n * sizeof *z);
  const int power = scale(d, off, n);
  LMR_TRY(solve(&h, 0, n));
  for (size_t j = 0; j < n; j++) {
    memcpy(h.space + j * n, z + (size_t)h.order[j] * ldz, n * sizeof *z);
    h.root[j] = ldexp(d[h.order[j]], power);
  }
  for (size_t j = 0; j < n; j++) memcpy(z + j * ldz, h.space + j * n, n * sizeof *z);
  memcpy(d, h.root, n * sizeof *d);
  return LMR_OK;
}
