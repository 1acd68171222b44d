#include "core/iv/mixed.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { PANEL = 256, STEPS = 100, HALVINGS = 12 };

/* What one point is computed in. */
typedef struct {
  double *v;     /* n x n, upper triangle: V, its factor R, R^-1, and V^-1 where it is needed */
  double *a;     /* n x m, m = c + 1: R^-T [W y], then its orthonormal columns */
  double *u;     /* n x m: R^-1 a, so that P = V^-1 - U U' of the first c */
  double *b;     /* m x m: the factor of [W y]'V^-1[W y] */
  double *q;     /* n x parts: A_k P y, then R^-T of it */
  double *panel; /* n x PANEL */
  int *first;    /* n x terms: the first row of each row's group */
} room;

static size_t square_bytes(size_t n) {
  return n && n > SIZE_MAX / n ? SIZE_MAX : lmr_bytes(n * n, sizeof(double));
}

size_t mixed_bytes(size_t n, size_t c) {
  size_t bytes = lmr_add_bytes(square_bytes(n), lmr_double_bytes(2, n * (c + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, (c + 1) * (c + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, n * MIXED_PARTS));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, n * PANEL));
}

static lmr_status take_room(const mixed_problem *o, room *in, lmr_arena *work, lmr_error *err) {
  const size_t n = o->n, m = o->c + 1;
  LMR_TAKE(in->v, work, n * n, err);
  LMR_TAKE(in->a, work, n * m, err);
  LMR_TAKE(in->u, work, n * m, err);
  LMR_TAKE(in->b, work, m * m, err);
  LMR_TAKE(in->q, work, n * MIXED_PARTS, err);
  LMR_TAKE(in->panel, work, n * PANEL, err);
  LMR_TAKE(in->first, work, n * o->terms, err);
  for (size_t k = 0; k < o->terms; k++) {
    const int *group = o->term[k].group;
    int *first = in->first + k * n;
    for (size_t i = 0; group && i < n; i++)
      for (first[i] = 0; group[first[i]] != group[i];) first[i]++;
  }
  return LMR_OK;
}

size_t mixed_whiten_bytes(size_t n) { return square_bytes(n); }

/* The upper triangle of V. */
static void covariance(const mixed_term *term, size_t terms, size_t n, const double *s, double *v) {
  for (size_t j = 0; j < n; j++) {
    double *vj = v + j * n;
    for (size_t i = 0; i <= j; i++) vj[i] = 0;
    vj[j] = s[terms];
    for (size_t k = 0; k < terms; k++) {
      if (s[k] == 0) continue;
      if (term[k].dense) {
        const double *a = term[k].dense + j * n;
        for (size_t i = 0; i <= j; i++) vj[i] += s[k] * a[i];
      } else {
        const int *group = term[k].group;
        for (size_t i = 0; i <= j; i++)
          if (group[i] == group[j]) vj[i] += s[k];
      }
    }
  }
}

/* tr(M A) of a matrix A, of the upper triangle of M. */
static double trace_with(const double *a, const double *m, size_t n) {
  double off = 0, on = 0;
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < j; i++) off += m[i + j * n] * a[i + j * n];
    on += m[j * (n + 1)] * a[j * (n + 1)];
  }
  return on + 2 * off;
}

/* x'A x of groups, or of the identity where first is NULL; rows beyond `rows` of x are zero. */
static double form(const int *first, const double *x, size_t rows, double *sums) {
  double square = 0;
  if (first) {
    memset(sums, 0, rows * sizeof *sums);
    for (size_t i = 0; i < rows; i++) sums[first[i]] += x[i];
    x = sums;
  }
  for (size_t i = 0; i < rows; i++) square += x[i] * x[i];
  return square;
}

/* out := A_k x, of the identity after the last term. */
static lmr_status times(const mixed_problem *o, const room *in, size_t k, const double *x, double *out, lmr_error *err) {
  const size_t n = o->n;
  if (k == o->terms) memcpy(out, x, n * sizeof *out);
  else if (o->term[k].dense) return la_gemm('N', 'N', n, 1, n, 1, o->term[k].dense, n, x, n, 0, out, n, err);
  else {
    const int *first = in->first + k * n;
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < n; i++) out[first[i]] += x[i];
    for (size_t i = n; i-- > 0;) out[i] = out[first[i]]; /* a first row is read before it is written: it is itself */
  }
  return LMR_OK;
}

/* In the place of R: its inverse, by panels from the last, which needs no columns after its own. */
static lmr_status invert(double *r, size_t n, double *panel, const lmr_tick *tick, lmr_error *err) {
  for (size_t left = n; left > 0;) {
    const size_t q = left % PANEL ? left % PANEL : PANEL, f = left - q;
    memset(panel, 0, n * q * sizeof *panel);
    for (size_t j = 0; j < q; j++) panel[f + j + j * n] = 1;
    LMR_TRY(la_trsm_polled('L', 'N', left, q, 1, r, n, panel, n, tick, err));
    memcpy(r + f * n, panel, n * q * sizeof *panel);
    left = f;
  }
  return LMR_OK;
}

/* In the place of x, the inverse of R: V^-1 = x x', its upper triangle, by panels from the first. */
static lmr_status square_up(double *x, size_t n, double *panel, const lmr_tick *tick, lmr_error *err) {
  for (size_t f = 0; f < n; f += PANEL) {
    const size_t q = n - f < PANEL ? n - f : PANEL;
    LMR_TRY(la_gemm_polled('N', 'T', f + q, q, n - f, 1, x + f * n, n, x + f + f * n, n, 0, panel, n, tick, err));
    for (size_t j = 0; j < q; j++) memcpy(x + (f + j) * n, panel + j * n, (f + q) * sizeof *x);
  }
  return LMR_OK;
}

/* tr(P A_k) for all parts; v: R, lost. V^-1 = X X' with X = R^-1 has what groups and the identity need in the columns of
 * X. Of one matrix the trace is the rest of tr(P V) = n - c, or, where little would be
 * left of that, and for several, needs V^-1 itself. */
static lmr_status traces(const mixed_problem *o, const double *s, room *in, double *trace, const lmr_tick *tick, lmr_error *err) {
  const size_t n = o->n;
  double rest = (double)(n - o->c);
  size_t matrices = 0, matrix = 0;
  LMR_TRY(invert(in->v, n, in->panel, tick, err));
  for (size_t k = 0; k <= o->terms; k++) {
    trace[k] = 0;
    if (k < o->terms && o->term[k].dense) {
      matrices++;
      matrix = k;
      continue;
    }
    const int *first = k < o->terms ? in->first + k * n : NULL;
    for (size_t j = 0; j < n; j++) trace[k] += form(first, in->v + j * n, j + 1, in->panel);
    for (size_t j = 0; j < o->c; j++) trace[k] -= form(first, in->u + j * n, n, in->panel);
    rest -= s[k] * trace[k];
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  if (!matrices) return LMR_OK;
  if (matrices == 1 && rest > 1e-3 * (double)n) {
    trace[matrix] = rest / s[matrix];
    return LMR_OK;
  }
  LMR_TRY(square_up(in->v, n, in->panel, tick, err));
  LMR_TRY(la_syrk_polled('N', n, o->c, -1, in->u, n, 1, in->v, n, tick, err));
  for (size_t k = 0; k < o->terms; k++)
    if (o->term[k].dense) trace[k] = trace_with(o->term[k].dense, in->v, n);
  return LMR_OK;
}

/* The likelihood; V is left as its factor. */
static lmr_status likelihood(const mixed_problem *o, const double *s, room *in, mixed_point *point, const lmr_tick *tick,
                             lmr_error *err) {
  const size_t n = o->n, c = o->c, m = c + 1;
  point->loglik = -INFINITY;
  covariance(o->term, o->terms, n, s, in->v);
  const lmr_status factored = la_chol_polled(in->v, n, n, tick, err);
  if (factored == LMR_ESINGULAR) return LMR_OK;
  LMR_TRY(factored);
  memcpy(in->a, o->w, n * c * sizeof *in->a);
  memcpy(in->a + n * c, o->y, n * sizeof *in->a);
  LMR_TRY(la_trsm_polled('L', 'T', n, m, 1, in->v, n, in->a, n, tick, err));
  LMR_TRY(la_syrk('T', m, n, 1, in->a, n, 0, in->b, m, err));
  LMR_TRY(la_chol(in->b, m, m, err));
  double twice = in->b[c + c * m] * in->b[c + c * m];
  for (size_t i = 0; i < n; i++) twice += 2 * log(in->v[i * (n + 1)]);
  for (size_t i = 0; i < c; i++) twice += 2 * log(in->b[i * (m + 1)]);
  if (isfinite(twice)) point->loglik = -twice / 2;
  return LMR_OK;
}

/* Score and average information where likelihood() was. [W y] by columns that are orthonormal under V^-1; the last is
 * P y over its length. With g = R^-T A_k P y: y'P A_k P A_l P y is g_k'g_l less what [W] explains of it. */
static lmr_status derivatives(const mixed_problem *o, const double *s, room *in, mixed_point *point, const lmr_tick *tick,
                              lmr_error *err) {
  const size_t n = o->n, c = o->c, m = c + 1, parts = o->terms + 1;
  double trace[MIXED_PARTS], square[MIXED_PARTS];
  LMR_TRY(la_trsm_polled('R', 'N', n, m, 1, in->b, m, in->a, n, tick, err));
  memcpy(in->u, in->a, n * m * sizeof *in->u);
  LMR_TRY(la_trsm_polled('L', 'N', n, m, 1, in->v, n, in->u, n, tick, err));
  double *py = in->u + n * c;
  for (size_t i = 0; i < n; i++) py[i] *= in->b[c + c * m];
  for (size_t k = 0; k < parts; k++) {
    double *own = in->q + k * n;
    LMR_TRY(times(o, in, k, py, own, err));
    square[k] = 0;
    for (size_t i = 0; i < n; i++) square[k] += py[i] * own[i];
  }
  LMR_TRY(la_trsm_polled('L', 'T', n, parts, 1, in->v, n, in->q, n, tick, err));
  LMR_TRY(la_syrk('T', parts, n, .5, in->q, n, 0, point->information, parts, err));
  LMR_TRY(la_gemm('T', 'N', c, parts, n, 1, in->a, n, in->q, n, 0, in->panel, c, err));
  LMR_TRY(la_syrk('T', parts, c, -.5, in->panel, c, 1, point->information, parts, err));
  la_symmetrize(point->information, parts, parts);
  LMR_TRY(traces(o, s, in, trace, tick, err));
  for (size_t k = 0; k < parts; k++) point->score[k] = -(trace[k] - square[k]) / 2;
  return LMR_OK;
}

lmr_status mixed_evaluate(const mixed_problem *o, const double *s, mixed_point *point, lmr_arena work, const lmr_tick *tick,
                          lmr_error *err) {
  room in;
  LMR_TRY(take_room(o, &in, &work, err));
  LMR_TRY(likelihood(o, s, &in, point, tick, err));
  return isfinite(point->loglik) ? derivatives(o, s, &in, point, tick, err) : LMR_OK;
}

/* The step of the free parts: information^-1 score; 0 for the others. Returns the gain that it
 * promises. A ridge where the information is singular. */
static double direction(const mixed_point *point, size_t parts, const int *free, double *step) {
  double a[MIXED_PARTS * MIXED_PARTS], g[MIXED_PARTS];
  size_t at[MIXED_PARTS], m = 0;
  for (size_t k = 0; k < parts; k++) {
    step[k] = 0;
    if (free[k]) at[m++] = k;
  }
  if (!m) return 0;
  for (double ridge = 0; ridge < 1e6; ridge = ridge > 0 ? 10 * ridge : 1e-10) {
    for (size_t i = 0; i < m; i++) {
      g[i] = point->score[at[i]];
      for (size_t j = 0; j < m; j++) a[i + j * m] = point->information[at[i] + at[j] * parts];
      a[i + i * m] *= 1 + ridge;
    }
    if (la_chol(a, m, m, NULL) == LMR_OK) break;
  }
  if (la_trsm('L', 'T', m, 1, 1, a, m, g, m, NULL) != LMR_OK) return 0;
  double gain = 0;
  for (size_t i = 0; i < m; i++) gain += g[i] * g[i] / 2;
  if (la_trsm('L', 'N', m, 1, 1, a, m, g, m, NULL) != LMR_OK) return 0;
  for (size_t i = 0; i < m; i++) step[at[i]] = g[i];
  return gain;
}

static double bound(size_t k, size_t terms) { return k == terms ? MIXED_LEAST : 0; }

static void start(const mixed_problem *o, double *s) {
  const size_t n = o->n, parts = o->terms + 1;
  double mean = 0, variance = 0;
  for (size_t i = 0; i < n; i++) mean += o->y[i] / (double)n;
  for (size_t i = 0; i < n; i++) variance += (o->y[i] - mean) * (o->y[i] - mean) / (double)n;
  for (size_t k = 0; k < parts; k++) {
    double size = 1;
    if (k < o->terms && o->term[k].dense) {
      size = 0;
      for (size_t i = 0; i < n; i++) size += o->term[k].dense[i * (n + 1)] / (double)n;
    }
    s[k] = variance / (double)parts / (size > 0 ? size : 1);
    if (s[k] < 1e-3) s[k] = 1e-3;
  }
}

lmr_status mixed_reml(const mixed_problem *o, mixed_fit *fit, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t parts = o->terms + 1;
  double step[MIXED_PARTS], next[MIXED_PARTS];
  int free[MIXED_PARTS];
  if (!o->terms || o->terms > MIXED_TERMS || o->n <= o->c + parts)
    return lmr_fail(err, LMR_EINVAL, "mixed: %zu rows, %zu columns, %zu terms", o->n, o->c, o->terms);
  room in;
  LMR_TRY(take_room(o, &in, &work, err));
  start(o, fit->s);
  LMR_TRY(likelihood(o, fit->s, &in, &fit->point, tick, err));
  if (!isfinite(fit->point.loglik)) return lmr_fail(err, LMR_ESINGULAR, "a relatedness matrix is not positive semidefinite");
  LMR_TRY(derivatives(o, fit->s, &in, &fit->point, tick, err));
  for (fit->iterations = 0; fit->iterations < STEPS; fit->iterations++) {
    for (size_t k = 0; k < parts; k++) free[k] = fit->s[k] > bound(k, o->terms) || fit->point.score[k] > 0;
    const double gain = direction(&fit->point, parts, free, step);
    if (gain < 1e-11) return LMR_OK;
    mixed_point trial = fit->point;
    int better = 0;
    double share = 1;
    for (int half = 0; half < HALVINGS && !better; half++, share /= 2) {
      for (size_t k = 0; k < parts; k++) next[k] = fmax(fit->s[k] + share * step[k], bound(k, o->terms));
      LMR_TRY(likelihood(o, next, &in, &trial, tick, err));
      better = trial.loglik >= fit->point.loglik - 1e-11 * (1 + fabs(fit->point.loglik));
    }
    if (!better) {
      if (gain < 1e-5) return LMR_OK;
      break;
    }
    memcpy(fit->s, next, sizeof next);
    fit->point.loglik = trial.loglik;
    LMR_TRY(derivatives(o, fit->s, &in, &fit->point, tick, err));
  }
  return lmr_fail(err, LMR_ENOCONV, "the variance components were not found in %zu steps", fit->iterations);
}

lmr_status mixed_whiten(const mixed_term *term, size_t terms, size_t n, const double *s, double *b, size_t q,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *v;
  LMR_TAKE(v, &work, n * n, err);
  covariance(term, terms, n, s, v);
  LMR_TRY(la_chol_polled(v, n, n, tick, err));
  return la_trsm_polled('L', 'T', n, q, 1, v, n, b, n, tick, err);
}
