/* The IV engine on rows (glue_iv.h says how they arrive). */
#include "core/iv/iv_stream_block.h"
#include "core/iv/iv_cr2.h"
#include "core/iv/iv_cross.h"
#include "core/iv/iv_nonlinear.h"
#include "core/iv/iv_outcomes.h"
#include "core/iv/iv_reduced.h"
#include "core/iv/iv_scores.h"
#include "core/iv/iv_wild.h"
#include "core/iv/ujive.h"
#include "core/la/tall_qr.h"
#include "glue.h"
#include "glue_iv.h"

#include <string.h>

/* Returns r, kept (over w, z, x, y), path. */
static SEXP ffi_iv_factor(SEXP rows, SEXP tol, SEXP forced, SEXP path, SEXP level) {
  const glue_iv_columns c = glue_iv_all_columns(rows);
  const size_t p = c.K + c.L + c.k + 1;
  const tall_source all = {c.col, c.n, p, c.root, NULL};
  if (glue_size1(forced, "forced") > p) glue_stop("internal: %zu of %zu columns", glue_size1(forced, "forced"), p);
  const tall_qr_options options = {glue_real1(tol, "tol"), glue_size1(forced, "forced"),
                                   (tall_qr_path)glue_int1(path, "path")};
  SEXP r = PROTECT(Rf_allocMatrix(REALSXP, (int)p, (int)p));
  SEXP kept = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)p));
  tall_qr_path used = options.path;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(tall_qr(&all, &options, REAL(r), LOGICAL(kept), &used, (lmr_cpu)glue_int1(level, "level"),
                     glue_arena(tall_qr_bytes(p)), &tick, &err), &err);
  SEXP out = glue_list(3, "r", r, "kept", kept, "path", PROTECT(Rf_ScalarInteger((int)used)));
  UNPROTECT(3);
  return out;
}

static const double *small(SEXP o, const char *name, size_t length) {
  SEXP v = glue_field_or_null(o, name);
  return v == R_NilValue ? NULL : glue_real(v, (R_xlen_t)length, name);
}

static SEXP ffi_iv_scores(SEXP rows, SEXP r, SEXP coef, SEXP options, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const size_t k = d.k, m = d.K + k, n = d.instruments.n;
  iv_score_options o = {0};
  o.coef = glue_real(coef, (R_xlen_t)m, "coef");
  o.shift = glue_real1(glue_field_or_null(options, "shift"), "shift");
  o.robust = glue_int1(glue_field_or_null(options, "robust"), "robust");
  o.tests = glue_int1(glue_field_or_null(options, "tests"), "tests");
  o.all = glue_int1(glue_field_or_null(options, "all"), "all");
  o.power = glue_int1(glue_field_or_null(options, "power"), "power");
  o.cluster = glue_clusters(glue_field_or_null(options, "cluster"), glue_field_or_null(options, "clusters"), n, &o.clusters);
  o.inv_tilde = small(options, "inv_tilde", k * k);
  o.inv_hat = small(options, "inv_hat", k * k);
  o.inv_left = small(options, "inv_left", k * k);
  o.wu_b = small(options, "wu_b", k * k);
  o.wu_hat = small(options, "wu_hat", k);
  o.wu_left = small(options, "wu_left", k);
  o.combine = small(options, "combine", k * k);
  o.first = o.tests && glue_int1(glue_field_or_null(options, "first"), "first");
  o.trace = glue_int1(glue_field_or_null(options, "trace"), "trace");
  const int leverage = o.leverage = glue_int1(glue_field_or_null(options, "leverage"), "leverage");
  const R_xlen_t lever = leverage ? (R_xlen_t)n : 0;
  const int robust = o.robust, tests = o.robust && o.tests, M = robust ? (int)m : 0, L = tests ? (int)d.L : 0;

  SEXP residuals = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  SEXP h = PROTECT(Rf_allocVector(REALSXP, lever)), h1 = PROTECT(Rf_allocVector(REALSXP, lever));
  SEXP bread = PROTECT(Rf_allocMatrix(REALSXP, M, M));
  SEXP first = PROTECT(Rf_alloc3DArray(REALSXP, o.first ? L : 0, o.first ? L : 0, o.first ? (int)k : 0));
  SEXP over = PROTECT(Rf_allocMatrix(REALSXP, L, L));
  SEXP wu = PROTECT(Rf_allocMatrix(REALSXP, tests ? (int)k : 0, tests ? (int)k : 0));
  const int all = o.all ? (int)(d.K + d.L) : 0;
  SEXP every = PROTECT(Rf_allocMatrix(REALSXP, all, all));
  SEXP trace = PROTECT(Rf_allocVector(REALSXP, o.trace ? (R_xlen_t)k : 0));
  iv_score_sums sums = {REAL(residuals), leverage ? REAL(h) : NULL, leverage ? REAL(h1) : NULL,
                        REAL(bread), REAL(first), REAL(over), REAL(every), REAL(wu), REAL(trace)};
  if (tests && d.L <= k) memset(sums.over, 0, d.L * d.L * sizeof(double));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_scores(&d, &o, &sums, (lmr_cpu)glue_int1(level, "level"),
                       glue_arena(iv_scores_bytes(&d, &o)), &tick, &err), &err);
  SEXP out = glue_list(9, "residuals", residuals, "leverage", h, "leverage1", h1, "coef", bread,
                       "first", first, "over", over, "all", every, "wu", wu, "trace", trace);
  UNPROTECT(9);
  return out;
}

/* order: 0-based rows sorted by cluster, or NULL when they are; start: where each cluster
 * begins, NULL without clusters. */
static ujive_groups groups_of(SEXP order, SEXP start, const iv_data *d) {
  const size_t n = d->instruments.n;
  ujive_groups g = {NULL, n, 0, NULL};
  if (order != R_NilValue) glue_places(order, (R_xlen_t)n, n, "order");
  if (start == R_NilValue) return g;
  g.start = glue_places(start, -1, n + 1, "start");
  g.groups = (size_t)Rf_xlength(start) - 1;
  int good = Rf_xlength(start) > 1 && g.start[0] == 0 && (size_t)g.start[g.groups] == n;
  for (size_t k = 0; good && k < g.groups; k++) good = g.start[k] < g.start[k + 1];
  if (!good) glue_stop("internal: `start` does not begin every cluster of %zu rows", n);
  return g;
}

static SEXP ffi_ujive_instrument(SEXP rows, SEXP r, SEXP jive1, SEXP order, SEXP start, SEXP level) {
  iv_data d = glue_iv_model(rows, r, order == R_NilValue ? NULL : glue_int(order, -1, "order"));
  ujive_groups g = groups_of(order, start, &d);
  g.jive1 = glue_int1(jive1, "jive1");
  SEXP leverage = PROTECT(Rf_allocMatrix(REALSXP, (int)d.instruments.n, g.start ? 0 : 2));
  g.leverage = g.start ? NULL : REAL(leverage);
  const size_t columns = d.stream && !g.start ? iv_stream_forms(d.stream, d.k) : 0;
  SEXP forms = PROTECT(Rf_allocMatrix(REALSXP, columns ? (int)d.instruments.n : 0, (int)columns));
  iv_stream stream;
  if (columns) {
    stream = *d.stream;
    stream.keep = REAL(forms);
    memset(stream.keep, 0, (size_t)Rf_xlength(forms) * sizeof(double));
    d.stream = &stream;
  }
  SEXP p = PROTECT(Rf_allocMatrix(REALSXP, (int)d.instruments.n, (int)d.k));
  SEXP skipped = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)d.instruments.n));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  const glue_work work = glue_work_take(ujive_bytes(&d, &g, &tick));
  const lmr_status status = ujive_instrument(&d, &g, REAL(p), LOGICAL(skipped), cpu, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  SEXP out = glue_list(4, "p", p, "skipped", skipped, "leverage", leverage, "forms", columns ? forms : R_NilValue);
  UNPROTECT(4);
  return out;
}

/* leverage: as ffi_ujive_instrument() returned it, or NULL. */
static SEXP ffi_ujive_pairs(SEXP rows, SEXP r, SEXP coef, SEXP leverage, SEXP order, SEXP start, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, order == R_NilValue ? NULL : glue_int(order, -1, "order"));
  ujive_groups g = groups_of(order, start, &d);
  if (!g.start && leverage != R_NilValue) {
    glue_real(leverage, (R_xlen_t)(2 * d.instruments.n), "leverage");
    g.leverage = REAL(leverage);
  }
  SEXP pairs = PROTECT(Rf_allocMatrix(REALSXP, (int)d.k, (int)d.k));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const double *at = glue_real(coef, (R_xlen_t)(d.K + d.k), "coef");
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  const glue_work work = glue_work_take(ujive_bytes(&d, &g, &tick));
  const lmr_status status = ujive_pairs(&d, &g, at, REAL(pairs), cpu, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  UNPROTECT(1);
  return pairs;
}

/* options: shift, inv_half (k x k), contrast ((K + k) x c), order, start. Returns middle, df. */
static SEXP ffi_iv_cr2(SEXP rows, SEXP r, SEXP coef, SEXP options, SEXP level) {
  SEXP order = glue_field_or_null(options, "order"), contrast = glue_field_or_null(options, "contrast");
  const iv_data d = glue_iv_model(rows, r, order == R_NilValue ? NULL : glue_int(order, -1, "order"));
  const ujive_groups g = groups_of(order, glue_field_or_null(options, "start"), &d);
  const int m = (int)(d.K + d.k);
  iv_cr2_options o = {0};
  o.coef = glue_real(coef, m, "coef");
  o.shift = glue_real1(glue_field_or_null(options, "shift"), "shift");
  o.inv_half = glue_real(glue_field_or_null(options, "inv_half"), (R_xlen_t)(d.k * d.k), "inv_half");
  o.contrasts = (size_t)(Rf_xlength(contrast) / m);
  o.contrast = glue_real(contrast, (R_xlen_t)o.contrasts * m, "contrast");
  o.start = g.start;
  o.groups = g.groups;
  SEXP middle = PROTECT(Rf_allocMatrix(REALSXP, m, m)), df = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)o.contrasts));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_cr2(&d, &o, REAL(middle), REAL(df), (lmr_cpu)glue_int1(level, "level"),
                    glue_arena(iv_cr2_bytes(&d, &o)), &tick, &err), &err);
  SEXP out = glue_list(2, "middle", middle, "df", df);
  UNPROTECT(2);
  return out;
}

/* cluster: 0-based or NULL. Returns the second moments of the contributions to Q_Z'(y, X). */
static SEXP ffi_iv_reduced(SEXP rows, SEXP r, SEXP cluster, SEXP clusters, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const int width = (int)((d.k + 1) * d.L);
  size_t count;
  const int *index = glue_clusters(cluster, clusters, d.instruments.n, &count);
  SEXP omega = PROTECT(Rf_allocMatrix(REALSXP, width, width));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_reduced(&d, index, count, REAL(omega), (lmr_cpu)glue_int1(level, "level"),
                        glue_arena(iv_reduced_bytes(&d, count)), &tick, &err), &err);
  UNPROTECT(1);
  return omega;
}

/* coef: (K + k) x (L + 1). options: hinv, shift, power, leverage, cluster, clusters. */
static SEXP ffi_iv_outcomes(SEXP rows, SEXP r, SEXP coef, SEXP options, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const size_t q = d.L + 1;
  iv_outcome_options o = {0};
  o.coef = glue_real(coef, (R_xlen_t)((d.K + d.k) * q), "coef");
  o.hinv = glue_real(glue_field_or_null(options, "hinv"), (R_xlen_t)(d.k * d.k), "hinv");
  o.shift = glue_real1(glue_field_or_null(options, "shift"), "shift");
  o.power = glue_int1(glue_field_or_null(options, "power"), "power");
  if (o.power) o.leverage = glue_real(glue_field_or_null(options, "leverage"), (R_xlen_t)d.instruments.n, "leverage");
  o.cluster = glue_clusters(glue_field_or_null(options, "cluster"), glue_field_or_null(options, "clusters"), d.instruments.n, &o.clusters);
  SEXP v = PROTECT(Rf_alloc3DArray(REALSXP, (int)q, (int)q, (int)d.k));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_outcomes(&d, &o, REAL(v), (lmr_cpu)glue_int1(level, "level"),
                         glue_arena(iv_outcomes_bytes(&d, &o)), &tick, &err), &err);
  UNPROTECT(1);
  return v;
}

/* column: n x m, people in the order of the rows. */
static SEXP ffi_iv_cross(SEXP rows, SEXP r, SEXP column, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const size_t m = (size_t)glue_ncol(column);
  glue_real(column, (R_xlen_t)(d.instruments.n * m), "column");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)(d.K + d.k + 1), (int)m));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_cross(&d, REAL(column), m, REAL(out), (lmr_cpu)glue_int1(level, "level"),
                      glue_arena(iv_cross_bytes(&d)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* maps: for each cell NULL or width x estimates (1 + k). Returns k x k x estimates. */
static SEXP ffi_row_meats(SEXP rows, SEXP maps, SEXP estimates, SEXP k, SEXP cluster, SEXP clusters, SEXP level) {
  const row_meats_input in = glue_row_meats(rows, maps, estimates, k, cluster, clusters);
  SEXP out = PROTECT(Rf_alloc3DArray(REALSXP, (int)in.k, (int)in.k, (int)in.estimates));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(row_meats(&in, REAL(out), (lmr_cpu)glue_int1(level, "level"), glue_arena(row_meats_bytes(&in)), &tick,
                       &err), &err);
  UNPROTECT(1);
  return out;
}

static iv_nonlinear_options nonlinear_options(SEXP options, SEXP coef, const iv_data *d) {
  iv_nonlinear_options o = {(iv_residual)glue_int1(glue_field_or_null(options, "residual"), "residual"),
                            (iv_regressors)glue_int1(glue_field_or_null(options, "regressors"), "regressors"), NULL, NULL, 0, NULL};
  if (o.residual < IV_LOGIT || o.residual > IV_RATIO || o.regressors < IV_PREDICTOR || o.regressors > IV_EXPOSURE)
    glue_stop("internal: no such residual or regressors");
  o.coef = glue_real(coef, (R_xlen_t)iv_nonlinear_columns(d, o.regressors), "coef");
  o.cluster = glue_clusters(glue_field_or_null(options, "cluster"), glue_field_or_null(options, "clusters"), d->instruments.n, &o.clusters);
  if (glue_field_or_null(options, "offset") != R_NilValue) o.offset = glue_real(glue_field_or_null(options, "offset"), (R_xlen_t)d->instruments.n, "offset");
  return o;
}

/* options: residual, regressors (src/core/iv/iv_nonlinear.h), cluster, clusters,
 * second (the matrices behind a Newton step), covariance. */
static SEXP ffi_iv_nonlinear(SEXP rows, SEXP r, SEXP coef, SEXP options, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const iv_nonlinear_options o = nonlinear_options(options, coef, &d);
  const int wanted = glue_int1(glue_field_or_null(options, "covariance"), "covariance");
  const int m = (int)iv_nonlinear_columns(&d, o.regressors), q = (int)(d.K + d.L), v = wanted ? q : 0;
  SEXP moments = PROTECT(Rf_allocVector(REALSXP, q)), score = PROTECT(Rf_allocVector(REALSXP, m));
  SEXP cross = PROTECT(Rf_allocMatrix(REALSXP, q, m)), information = PROTECT(Rf_allocMatrix(REALSXP, m, m));
  SEXP covariance = PROTECT(Rf_allocMatrix(REALSXP, v, v));
  SEXP objective = PROTECT(Rf_ScalarReal(0)), largest = PROTECT(Rf_ScalarReal(0));
  const iv_nonlinear_sums sums = {REAL(moments), REAL(score), REAL(cross), REAL(information),
                                  wanted ? REAL(covariance) : NULL, REAL(objective), REAL(largest)};
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_nonlinear(&d, &o, &sums, (lmr_cpu)glue_int1(level, "level"),
                          glue_arena(iv_nonlinear_bytes(&d, &o)), &tick, &err), &err);
  SEXP out = glue_list(7, "moments", moments, "score", score, "cross", cross, "information", information,
                       "covariance", covariance, "objective", objective, "largest", largest);
  UNPROTECT(7);
  return out;
}

static SEXP ffi_iv_nonlinear_meat(SEXP rows, SEXP r, SEXP coef, SEXP options, SEXP from_h, SEXP from_q, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const iv_nonlinear_options o = nonlinear_options(options, coef, &d);
  const size_t m = iv_nonlinear_columns(&d, o.regressors);
  const double *h = glue_real(from_h, (R_xlen_t)(m * m), "from_h");
  const double *q = from_q == R_NilValue ? NULL : glue_real(from_q, (R_xlen_t)(m * (d.K + d.L) * d.k), "from_q");
  SEXP meat = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)m));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_nonlinear_meat(&d, &o, h, q, REAL(meat), (lmr_cpu)glue_int1(level, "level"),
                               glue_arena(iv_nonlinear_meat_bytes(&d, &o)), &tick, &err), &err);
  UNPROTECT(1);
  return meat;
}

/* cell: 0-based. Returns width x cells (src/core/iv/iv_wild.h). */
static SEXP ffi_iv_wild_sums(SEXP rows, SEXP r, SEXP cell, SEXP cells, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  size_t count;
  const int *index = glue_clusters(cell, cells, d.instruments.n, &count);
  if (!index) glue_stop("internal: no clusters");
  SEXP sums = PROTECT(Rf_allocMatrix(REALSXP, (int)iv_wild_width(d.K, d.L, d.k), (int)count));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_wild_sums(&d, index, count, REAL(sums), (lmr_cpu)glue_int1(level, "level"),
                          glue_arena(iv_wild_sums_bytes(&d)), &tick, &err), &err);
  UNPROTECT(1);
  return sums;
}

/* list(of, count, sign) of each way. */
static const iv_wild_way *wild_ways(SEXP ways, size_t cells, size_t *n) {
  *n = (size_t)Rf_xlength(ways);
  iv_wild_way *out = glue_alloc(*n, sizeof *out);
  for (size_t w = 0; w < *n; w++) {
    SEXP one = VECTOR_ELT(ways, (R_xlen_t)w);
    out[w].count = glue_field_size1(one, "count");
    out[w].of = glue_places(glue_field(one, "of"), (R_xlen_t)cells, out[w].count, "of");
    out[w].sign = glue_field_real(one, "sign", 1)[0];
  }
  return out;
}

/* beta: k x e; pi: (L k) x e; by: group (of each cell), groups, ways; options: K, L, of (0-based), kind, seed, draws,
 * drawn (whether every t* is wanted), shift (LIML). Returns t, beyond, drawn. */
static SEXP ffi_iv_wild(SEXP sums, SEXP beta, SEXP pi, SEXP by, SEXP options) {
  iv_wild_input in = {0};
  in.cells = (size_t)glue_ncol(sums);
  in.k = (size_t)glue_nrow(beta);
  in.effects = (size_t)glue_ncol(beta);
  in.K = glue_field_size1(options, "K");
  in.L = glue_field_size1(options, "L");
  in.of = glue_field_size1(options, "of");
  if (in.of >= in.k) glue_stop("internal: regressor %zu of %zu", in.of + 1, in.k);
  in.sums = glue_real(sums, (R_xlen_t)(iv_wild_width(in.K, in.L, in.k) * in.cells), "sums");
  in.beta = glue_real(beta, (R_xlen_t)(in.k * in.effects), "beta");
  in.pi = glue_real(pi, (R_xlen_t)(in.L * in.k * in.effects), "pi");
  in.groups = glue_field_size1(by, "groups");
  in.group = glue_places(glue_field(by, "group"), (R_xlen_t)in.cells, in.groups, "group");
  in.ways = wild_ways(glue_field(by, "ways"), in.cells, &in.n_ways);
  const size_t kind = glue_field_size1(options, "kind");
  in.seed = glue_field_size1(options, "seed");
  in.draws = glue_field_size1(options, "draws");
  if (kind > WILD_ALL || (kind == WILD_ALL && (in.groups > 30 || in.draws != (uint64_t)1 << in.groups)))
    glue_stop("internal: no such weights");
  in.kind = (iv_wild_weights)kind;
  SEXP shift = glue_field_or_null(options, "shift");
  in.liml = shift != R_NilValue;
  if (in.liml) in.shift = glue_real1(shift, "shift");
  SEXP t = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)in.effects));
  SEXP beyond = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)in.effects));
  const size_t keep = glue_field_size1(options, "drawn");
  SEXP drawn = PROTECT(Rf_allocMatrix(REALSXP, keep ? (int)in.draws : 0, (int)in.effects));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(iv_wild(&in, REAL(t), REAL(beyond), keep ? REAL(drawn) : NULL, glue_arena(iv_wild_bytes(&in)), &tick,
                     &err), &err);
  SEXP out = glue_list(3, "t", t, "beyond", beyond, "drawn", drawn);
  UNPROTECT(3);
  return out;
}

const R_CallMethodDef glue_iv_calls[] = {
  GLUE_CALL(ffi_iv_factor, 5),
  GLUE_CALL(ffi_iv_scores, 5),
  GLUE_CALL(ffi_iv_reduced, 5),
  GLUE_CALL(ffi_iv_outcomes, 5),
  GLUE_CALL(ffi_iv_cr2, 5),
  GLUE_CALL(ffi_iv_nonlinear, 5),
  GLUE_CALL(ffi_iv_nonlinear_meat, 7),
  GLUE_CALL(ffi_iv_wild_sums, 5),
  GLUE_CALL(ffi_iv_wild, 5),
  GLUE_CALL(ffi_iv_cross, 4),
  GLUE_CALL(ffi_row_meats, 7),
  GLUE_CALL(ffi_ujive_instrument, 6),
  GLUE_CALL(ffi_ujive_pairs, 7),
  {NULL, NULL, 0}
};
