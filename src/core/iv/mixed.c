#include "core/iv/mixed.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { PANEL = 256, STEPS = 100, HALVINGS = 12 };

static size_t square_bytes(size_t n) {
  return n && n > SIZE_MAX / n ? SIZE_MAX : lmr_bytes(n * n, sizeof(double));
}

size_t mixed_bytes(size_t n, size_t c) {
  const size_t parts = MIXED_PARTS;
  size_t bytes = lmr_add_bytes(square_bytes(n), square_bytes(n));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, n * (c + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, (c + 1) * (c + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, n));
  return lmr_add_bytes(bytes, lmr_double_bytes(2, n * parts));
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

/* tr(P A), of the upper triangle of P. */
static double trace_with(const mixed_term *term, const double *p, size_t n) {
  double off = 0, on = 0;
  for (size_t j = 0; j < n; j++) {
    const double *pj = p + j * n;
    if (term->dense) {
      const double *a = term->dense + j * n;
      for (size_t i = 0; i < j; i++) off += pj[i] * a[i];
      on += pj[j] * a[j];
    } else {
      const int *group = term->group;
      for (size_t i = 0; i < j; i++)
        if (group[i] == group[j]) off += pj[i];
      on += pj[j];
    }
  }
  return on + 2 * off;
}

/* out := A v */
static lmr_status times(const mixed_term *term, size_t n, const double *v, double *out, lmr_error *err) {
  if (term->dense) return la_gemm('N', 'N', n, 1, n, 1, term->dense, n, v, n, 0, out, n, err);
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++)
      if (term->group[j] == term->group[i]) sum += v[j];
    out[i] = sum;
  }
  return LMR_OK;
}

/* The upper triangle of V^-1 over its factor R, by way of x = R^-1. */
static lmr_status inverse(double *r, size_t n, double *x, const lmr_tick *tick, lmr_error *err) {
  for (size_t f = 0; f < n; f += PANEL) {
    const size_t q = n - f < PANEL ? n - f : PANEL;
    double *column = x + f * n;
    for (size_t j = 0; j < q; j++) {
      memset(column + j * n, 0, n * sizeof *column);
      column[f + j + j * n] = 1;
    }
    LMR_TRY(la_trsm_polled('L', 'N', f + q, q, 1, r, n, column, n, tick, err));
  }
  for (size_t f = 0; f < n; f += PANEL) {
    const size_t q = n - f < PANEL ? n - f : PANEL;
    LMR_TRY(la_gemm_polled('N', 'T', f + q, q, n - f, 1, x + f * n, n, x + f + f * n, n, 0, r + f * n, n, tick, err));
  }
  return LMR_OK;
}

/* p: V^-1 in, P out, both triangles. py: P y. */
static lmr_status derivatives_of(const mixed_problem *o, double *p, const double *py, double *q, double *t,
                                 mixed_point *point, const lmr_tick *tick, lmr_error *err) {
  const size_t n = o->n, parts = o->terms + 1;
  la_symmetrize(p, n, n);
  for (size_t k = 0; k < parts; k++) {
    double trace = 0, square = 0, *own = q + k * n;
    if (k < o->terms) {
      trace = trace_with(o->term + k, p, n);
      LMR_TRY(times(o->term + k, n, py, own, err));
    } else {
      for (size_t i = 0; i < n; i++) trace += p[i * (n + 1)];
      memcpy(own, py, n * sizeof *own);
    }
    for (size_t i = 0; i < n; i++) square += py[i] * own[i];
    point->score[k] = -(trace - square) / 2;
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  LMR_TRY(la_gemm_polled('N', 'N', n, parts, n, 1, p, n, q, n, 0, t, n, tick, err));
  for (size_t k = 0; k < parts; k++)
    for (size_t l = 0; l < parts; l++) {
      double sum = 0;
      for (size_t i = 0; i < n; i++) sum += q[i + k * n] * t[i + l * n];
      point->information[k + l * parts] = sum / 2;
    }
  return LMR_OK;
}

lmr_status mixed_evaluate(const mixed_problem *o, const double *s, int derivatives, mixed_point *point,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = o->n, c = o->c, m = c + 1;
  double *v, *x, *a, *u, *b, *py, *q, *t;
  LMR_TAKE(v, &work, n * n, err);
  LMR_TAKE(x, &work, n * n, err);
  LMR_TAKE(a, &work, n * m, err);
  LMR_TAKE(u, &work, n * m, err);
  LMR_TAKE(b, &work, m * m, err);
  LMR_TAKE(py, &work, n, err);
  LMR_TAKE(q, &work, n * MIXED_PARTS, err);
  LMR_TAKE(t, &work, n * MIXED_PARTS, err);
  point->loglik = -INFINITY;
  covariance(o->term, o->terms, n, s, v);
  const lmr_status factored = la_chol_polled(v, n, n, tick, err);
  if (factored == LMR_ESINGULAR) return LMR_OK;
  LMR_TRY(factored);
  memcpy(a, o->w, n * c * sizeof *a);
  memcpy(a + n * c, o->y, n * sizeof *a);
  LMR_TRY(la_trsm_polled('L', 'T', n, m, 1, v, n, a, n, tick, err));
  LMR_TRY(la_syrk('T', m, n, 1, a, n, 0, b, m, err));
  LMR_TRY(la_chol(b, m, m, err)); /* the factor of [W y]'V^-1[W y] */
  double twice = b[c + c * m] * b[c + c * m];
  for (size_t i = 0; i < n; i++) twice += 2 * log(v[i * (n + 1)]);
  for (size_t i = 0; i < c; i++) twice += 2 * log(b[i * (m + 1)]);
  if (!isfinite(twice)) return LMR_OK;
  point->loglik = -twice / 2;
  if (!derivatives) return LMR_OK;
  /* [W y] by columns that are orthonormal under V^-1; the last is P y over its length. */
  LMR_TRY(la_trsm_polled('R', 'N', n, m, 1, b, m, a, n, tick, err));
  memcpy(u, a, n * m * sizeof *u);
  LMR_TRY(la_trsm_polled('L', 'N', n, m, 1, v, n, u, n, tick, err));
  for (size_t i = 0; i < n; i++) py[i] = u[i + c * n] * b[c + c * m];
  LMR_TRY(inverse(v, n, x, tick, err));
  LMR_TRY(la_syrk_polled('N', n, c, -1, u, n, 1, v, n, tick, err));
  return derivatives_of(o, v, py, q, t, point, tick, err);
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
  start(o, fit->s);
  LMR_TRY(mixed_evaluate(o, fit->s, 1, &fit->point, work, tick, err));
  if (!isfinite(fit->point.loglik)) return lmr_fail(err, LMR_ESINGULAR, "a relatedness matrix is not positive semidefinite");
  for (fit->iterations = 0; fit->iterations < STEPS; fit->iterations++) {
    for (size_t k = 0; k < parts; k++) free[k] = fit->s[k] > bound(k, o->terms) || fit->point.score[k] > 0;
    const double gain = direction(&fit->point, parts, free, step);
    if (gain < 1e-9) return LMR_OK;
    mixed_point trial = fit->point;
    int better = 0;
    double share = 1;
    for (int half = 0; half < HALVINGS && !better; half++, share /= 2) {
      for (size_t k = 0; k < parts; k++) next[k] = fmax(fit->s[k] + share * step[k], bound(k, o->terms));
      LMR_TRY(mixed_evaluate(o, next, 0, &trial, work, tick, err));
      better = trial.loglik >= fit->point.loglik - 1e-11 * (1 + fabs(fit->point.loglik));
    }
    if (!better) {
      if (gain < 1e-5) return LMR_OK;
      break;
    }
    memcpy(fit->s, next, sizeof next);
    LMR_TRY(mixed_evaluate(o, fit->s, 1, &fit->point, work, tick, err));
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
