#include "core/la/tall_qr.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"
#include "core/la/reflectors.h"

#define SMALL_ROWS 1000   /* below, Householder costs nothing */
#define ONE_PASS 1e4      /* condition of A'A that one Cholesky pass bears (error 1e-12) */
#define TWO_PASSES 1e11   /* and two */
#define DEPENDENT 1e-12   /* squared relative norm: taken out of the first pass */
#define EIGEN_LIMIT 300   /* columns up to which the condition is computed */

static size_t stack_rows(size_t p) { return p + (2 * p > 2048 ? 2 * p : 2048); }

size_t tall_qr_bytes(size_t p) {
  const size_t pa = tall_pad(p), rows = tall_rows(p), q = p ? p : 1;
  size_t bytes = 5 * lmr_bytes(pa * pa, sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * pa, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(stack_rows(p) * q, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(2 * q, sizeof(double)));
  bytes = lmr_add_bytes(bytes, reflectors_qr_bytes(stack_rows(p), q));
  return lmr_add_bytes(bytes, la_eigen_bytes(q));
}

/* ---- Householder ------------------------------------------------------- */

/* Upper triangular factor of the stacked blocks, before any column is dropped. */
static lmr_status stacked(const tall_source *a, double *r, lmr_arena work, const lmr_tick *tick,
                          lmr_error *err) {
  const size_t p = a->p, pa = tall_pad(p), rows = tall_rows(p), ld = stack_rows(p);
  double *stack, *block, *tau;
  LMR_TAKE(stack, &work, ld * p, err);
  LMR_TAKE(block, &work, rows * pa, err);
  LMR_TAKE(tau, &work, p, err);
  memset(r, 0, p * p * sizeof *r);
  size_t held = 0; /* rows of r that are not zero */
  for (size_t first = 0; first < a->n;) {
    size_t filled = held;
    for (size_t j = 0; j < p; j++)
      for (size_t i = 0; i < held; i++) stack[i + j * ld] = r[i + j * p];
    while (first < a->n && filled < ld) {
      size_t count = a->n - first < rows ? a->n - first : rows;
      if (count > ld - filled) count = ld - filled;
      tall_pack(a, first, count, block, rows);
      for (size_t j = 0; j < p; j++) memcpy(stack + filled + j * ld, block + j * rows, count * sizeof *stack);
      first += count;
      filled += count;
    }
    LMR_TRY(reflectors_qr(stack, filled, p, ld, tau, work, tick, err));
    held = filled < p ? filled : p;
    for (size_t j = 0; j < p; j++)
      for (size_t i = 0; i < held; i++) r[i + j * p] = i <= j ? stack[i + j * ld] : 0;
    if (lmr_tick_poll(tick, (double)first / (double)a->n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t i = 0; i < p * p; i++)
    if (!isfinite(r[i])) return lmr_fail(err, LMR_ENONFINITE, "the data hold values that are not finite");
  return LMR_OK;
}

/* Householder on the small factor in the order of the columns, as lm's dqrdc2
 * does: a column with almost nothing left is set aside. On return column j of b
 * holds coordinates in the kept directions, b[r, j] for the r-th kept column. */
static lmr_status drop(double *b, size_t p, double tol, size_t forced, int *kept, const lmr_tick *tick, lmr_error *err) {
  size_t rank = 0;
  for (size_t j = 0; j < p; j++) {
    double *x = b + j * p;
    double whole = 0, left = 0;
    for (size_t i = 0; i < p; i++) whole = hypot(whole, x[i]);
    for (size_t i = rank; i < p; i++) left = hypot(left, x[i]);
    kept[j] = j + forced >= p || left > tol * whole;
    if (!kept[j]) continue;
    if (left > 0) {
      /* v = x + sign(x1) |x| e1, H = I - 2 v v'/v'v maps x to -sign(x1) |x| e1 */
      const double s = x[rank] < 0 ? -left : left;
      const double v1 = x[rank] + s;
      double vv = v1 * v1;
      for (size_t i = rank + 1; i < p; i++) vv += x[i] * x[i];
      for (size_t l = j + 1; l < p; l++) {
        double *y = b + l * p, f = v1 * y[rank];
        for (size_t i = rank + 1; i < p; i++) f += x[i] * y[i];
        f *= 2 / vv;
        y[rank] -= f * v1;
        for (size_t i = rank + 1; i < p; i++) y[i] -= f * x[i];
      }
      if (s > 0) /* the diagonal is made positive: turn the new row round */
        for (size_t l = j + 1; l < p; l++) b[rank + l * p] = -b[rank + l * p];
    }
    x[rank] = left;
    for (size_t i = rank + 1; i < p; i++) x[i] = 0;
    rank++;
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

static lmr_status householder(const tall_source *a, const tall_qr_options *o, double *r, int *kept,
                              lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t p = a->p;
  double *b;
  LMR_TAKE(b, &work, p * p, err);
  LMR_TRY(stacked(a, b, work, tick, err));
  LMR_TRY(drop(b, p, o->tol, o->forced, kept, tick, err));
  memset(r, 0, p * p * sizeof *r);
  size_t rank = 0;
  for (size_t i = 0; i < p; i++) {
    if (!kept[i]) continue;
    for (size_t j = i; j < p; j++) r[i + j * p] = b[rank + j * p];
    rank++;
  }
  return LMR_OK;
}

/* ---- Cholesky ---------------------------------------------------------- */

/* g := (A S)'(A S) over all rows, S = factor^-1 when factor is not NULL. */
static lmr_status gram(const tall_source *a, const double *factor, double *g, double *block,
                       lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const size_t pa = tall_pad(a->p), rows = tall_rows(a->p);
  memset(g, 0, pa * pa * sizeof *g);
  for (size_t first = 0; first < a->n; first += rows) {
    const size_t count = a->n - first < rows ? a->n - first : rows;
    tall_pack(a, first, count, block, rows);
    if (factor) tall_block_solve(block, pa, rows, factor, pa, level);
    tall_block_cross(block, pa, block, pa, rows, 1, g, pa, level);
    if (lmr_tick_poll(tick, (double)first / (double)a->n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* Condition number of the kept part of g (unit diagonal); infinite when the
 * eigenvalues cannot tell. */
static lmr_status condition(const double *g, size_t p, size_t ld, const int *kept, double *copy,
                            double *values, double *cond, lmr_arena work, lmr_error *err) {
  size_t m = 0;
  for (size_t j = 0; j < p; j++) {
    if (!kept[j]) continue;
    size_t r = 0;
    for (size_t i = 0; i <= j; i++)
      if (kept[i]) copy[r++ + m * p] = g[i + j * ld];
    m++;
  }
  *cond = 1;
  if (!m) return LMR_OK;
  LMR_TRY(la_eigen(copy, m, p, values, NULL, 1, work, err));
  *cond = values[0] > 0 ? values[m - 1] / values[0] : INFINITY;
  return LMR_OK;
}

/* r := g r, both upper triangular of p columns; copy: p x p of work. */
static lmr_status triangles(double *g, size_t ldg, double *r, size_t p, double *copy, const lmr_tick *tick,
                            lmr_error *err) {
  enum { PANEL = 64 };
  for (size_t j = 0; j < p; j++)
    for (size_t i = j + 1; i < p; i++) g[i + j * ldg] = r[i + j * p] = 0;
  memcpy(copy, r, p * p * sizeof *copy);
  for (size_t j = 0; j < p; j += PANEL) {
    const size_t count = p - j < PANEL ? p - j : PANEL;
    LMR_TRY(la_gemm_polled('N', 'N', j + count, count, j + count, 1, g, ldg, copy + j * p, p, 0, r + j * p, p, tick, err));
  }
  return LMR_OK;
}

/* *done = 0 when the columns are too close to dependent for this path. */
static lmr_status cholesky(const tall_source *a, const tall_qr_options *o, double *r, int *kept,
                           tall_qr_path *used, int *done, lmr_cpu level, lmr_arena work,
                           const lmr_tick *tick, lmr_error *err) {
  const size_t p = a->p, pa = tall_pad(p);
  double *g, *factor, *copy, *block, *norm;
  LMR_TAKE(g, &work, pa * pa, err);
  LMR_TAKE(factor, &work, pa * pa, err);
  LMR_TAKE(copy, &work, pa * pa, err);
  LMR_TAKE(block, &work, tall_rows(p) * pa, err);
  LMR_TAKE(norm, &work, 2 * p, err);
  *done = 0;
  LMR_TRY(gram(a, NULL, g, block, level, tick, err));
  for (size_t j = 0; j < p; j++) {
    norm[j] = sqrt(g[j + j * pa]);
    if (!isfinite(norm[j])) return LMR_OK; /* overflow or a NaN: Householder tells which */
    if (norm[j] == 0) norm[j] = 1;
  }
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) g[i + j * pa] /= norm[i] * norm[j];
  memcpy(copy, g, pa * pa * sizeof *g);
  size_t rank;
  LMR_TRY(la_chol_drop_polled(copy, p, pa, DEPENDENT, kept, &rank, tick, err));
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++) r[i + j * p] = i <= j ? copy[i + j * pa] : 0;
  double cond = INFINITY;
  if (p <= EIGEN_LIMIT) {
    LMR_TRY(condition(g, p, pa, kept, copy, norm + p, &cond, work, err));
    if (cond > TWO_PASSES) return LMR_OK;
  } else {
    for (size_t j = 0; j < p; j++)
      if (kept[j] && r[j + j * p] < 1e-5) return LMR_OK;
  }
  *used = TALL_QR_CHOLESKY;
  if (rank < p || cond > ONE_PASS || o->path == TALL_QR_CHOLESKY2) {
    /* Second pass. What the first one set aside becomes its own residual. */
    for (size_t j = 0; j < p; j++) {
      if (!kept[j]) r[j + j * p] = 1;
      for (size_t i = 0; i <= j; i++) copy[i + j * p] = r[i + j * p] * norm[j];
    }
    tall_pad_factor(copy, p, p, factor, pa);
    LMR_TRY(gram(a, factor, g, block, level, tick, err));
    for (size_t j = 0; j < p; j++) {
      if (kept[j]) continue;
      const int held = j + o->forced >= p;
      if (!held && g[j + j * pa] >= o->tol * o->tol) return LMR_OK;
      if (!held)
        for (size_t i = 0; i < p; i++) g[i < j ? i + j * pa : j + i * pa] = 0;
    }
    int *second = kept; /* the flags of la_chol_drop follow; ours are restored */
    double *flag = norm + p;
    for (size_t j = 0; j < p; j++) flag[j] = kept[j] || j + o->forced >= p;
    LMR_TRY(la_chol_drop_polled(g, p, pa, 1e-15, second, &rank, tick, err));
    for (size_t j = 0; j < p; j++) kept[j] = flag[j] != 0;
    LMR_TRY(triangles(g, pa, r, p, copy, tick, err));
    *used = TALL_QR_CHOLESKY2;
  }
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) r[i + j * p] *= norm[j];
  *done = 1;
  return LMR_OK;
}

lmr_status tall_qr(const tall_source *a, const tall_qr_options *options, double *r, int *kept,
                   tall_qr_path *used, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                   lmr_error *err) {
  if (!a->p) return LMR_OK;
  int done = 0;
  const int fast = options->path == TALL_QR_AUTO ? a->n > SMALL_ROWS && a->n > 4 * a->p
                                                 : options->path != TALL_QR_HOUSEHOLDER;
  /* Cholesky sees dependence down to 1e-7 only, lm's own tolerance. */
  if (fast && options->tol >= 1e-7)
    LMR_TRY(cholesky(a, options, r, kept, used, &done, level, work, tick, err));
  if (done) return LMR_OK;
  *used = TALL_QR_HOUSEHOLDER;
  return householder(a, options, r, kept, work, tick, err);
}
