/* iv_curve(): the closed solver and prediction from a fitted curve. */
#include "core/curve/curve_adam.h"
#include "core/curve/curve_model.h"
#include "core/curve/curve_surface_model.h"
#include "core/curve/kiv.h"
#include "core/kernel/product_kernel.h"
#include "core/la/la.h"
#include "glue.h"

#include <string.h>

static SEXP real_vector(R_xlen_t n) { return PROTECT(Rf_allocVector(REALSXP, n)); }
static SEXP real_matrix(size_t n, size_t p) { return PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)p)); }

static SEXP square_head(const double *x, size_t rows, size_t cols) {
  SEXP out = real_matrix(rows, cols);
  if (rows && cols) memcpy(REAL(out), x, rows * cols * sizeof(double));
  return out;
}

static SEXP named_reals(int n, const char *const *names, const double *values) {
  SEXP out = real_vector(n), nm = PROTECT(Rf_allocVector(STRSXP, n));
  for (int i = 0; i < n; i++) {
    REAL(out)[i] = values[i];
    SET_STRING_ELT(nm, i, Rf_mkChar(names[i]));
  }
  Rf_setAttrib(out, R_NamesSymbol, nm);
  UNPROTECT(1);
  return out; /* one protection left to the caller */
}

/* options: closed_options() of R; prior: a list of weak, strong, weak_band, strong_band. */
static SEXP ffi_curve_closed(SEXP y, SEXP a, SEXP z, SEXP w, SEXP options, SEXP prior, SEXP frozen, SEXP seed,
                             SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const curve_rows rows = {(size_t)n, (size_t)glue_ncol(z), (size_t)glue_ncol(w),
                           glue_real(y, n, "y"), glue_real(a, n, "a"),
                           glue_real(z, n * glue_ncol(z), "z"), glue_real(w, n * glue_ncol(w), "w")};
  curve_closed_options opt = {
    .members = glue_field_count(options, "members"), .units = glue_field_count(options, "units"),
    .instrument_units = glue_field_count(options, "instrument_units"), .polish_steps = (int)glue_field_count(options, "polish"),
    .polish_rate = glue_field_real1(options, "polish_rate"), .strong = glue_field_real1(options, "strong")};
  if (opt.members > 10000 || opt.units > 10000 || opt.instrument_units > 100000)
    glue_stop("internal: %zu nets of %zu units", opt.members, opt.units);
  static const char *const prior_names[] = {"weak", "strong", "weak_band", "strong_band"};
  curve_prior *const priors[] = {&opt.weak, &opt.strong_prior, &opt.weak_band, &opt.strong_band};
  for (size_t i = 0; i < 4; i++)
    memcpy(priors[i], glue_field_real(prior, prior_names[i], sizeof *priors[i] / sizeof(double)), sizeof *priors[i]);
  if (frozen != R_NilValue) opt.frozen = glue_real(frozen, 2 + 2 * (R_xlen_t)(opt.members * opt.units), "frozen");
  const size_t columns = 2 + opt.members * opt.units, cap = curve_model_cap(&rows, &opt);
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");

  SEXP point = real_vector((R_xlen_t)columns);
  SEXP coef = real_vector((R_xlen_t)columns), cov = real_matrix(columns, columns);
  SEXP gram = real_matrix(columns, columns), slope = real_vector((R_xlen_t)columns);
  SEXP fitted = real_vector(n), residual = real_vector(n);
  curve_closed_result result = {
    REAL(point), REAL(coef), glue_alloc(columns * cap, sizeof(double)), REAL(cov), REAL(gram), REAL(slope),
    glue_alloc(cap * columns, sizeof(double)), glue_alloc(cap * columns, sizeof(double)),
    glue_alloc(cap, sizeof(double))};
  curve_model_rows by_row = {glue_alloc(cap * cap, sizeof(double)), glue_alloc(cap * cap, sizeof(double)), glue_alloc(cap * cap, sizeof(double)),
                             REAL(fitted), REAL(residual)};
  curve_features f;
  lmr_error err;
  lmr_arena keep = glue_arena(curve_features_bytes(opt.members, opt.units));
  glue_check(curve_features_take(opt.members, opt.units, &f, &keep, &err), &err);
  curve_closed_summary sum;
  curve_model_summary model;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(curve_model(&rows, &opt, (uint64_t)glue_int1(seed, "seed"), &f, &result, &by_row, &sum, &model, cpu,
                         glue_arena(curve_model_bytes(&rows, &opt)), &tick, &err), &err);

  static const char *const names[] = {
    "q", "strength", "strong", "s2", "s2_linear", "s2_band", "ratio", "gain", "linear", "linear_se2",
    "weight_flat", "kappa2", "kappa_r", "fixed", "base", "kept", "points", "first_stage"};
  const double values[] = {(double)sum.q, sum.strength, sum.strong, sum.s2, sum.s2_linear, sum.s2_band, sum.ratio,
    sum.gain, sum.linear, sum.linear_se2, sum.weight_flat, sum.kappa2, sum.kappa_r,
    (double)model.size.fixed, (double)model.size.base, (double)model.size.kept,
    (double)model.points, model.first_stage};
  SEXP summary = named_reals(18, names, values);
  static const char *const scale_names[] = {"y_mean", "y_sd", "a_mean", "a_scale"};
  const double scales[] = {model.y_mean, model.y_sd, model.a_mean, model.a_scale};
  SEXP scale = named_reals(4, scale_names, scales);

  const size_t hidden = opt.members * opt.units;
  SEXP fs = PROTECT(glue_list(5, "slope", square_head(f.slope, opt.units, opt.members),
    "shift", square_head(f.shift, opt.units, opt.members), "block", square_head(f.block, opt.members, 1),
    "square", square_head(f.square, 3, 1), "mean", square_head(f.mean, hidden + 2, 1)));
  SEXP map = square_head(result.map, columns, sum.q), cross = square_head(result.cross, sum.q, columns);
  SEXP start = square_head(result.start, sum.q, columns);
  SEXP g = square_head(result.g, sum.q, 1);
  SEXP omega = square_head(by_row.omega_fit, sum.q, sum.q);
  SEXP omega_linear = square_head(by_row.omega_linear, sum.q, sum.q);
  SEXP omega_null = square_head(by_row.omega_null, sum.q, sum.q);
  SEXP moved = real_matrix(MOVED_CUTS, 3);
  for (size_t j = 0; j < MOVED_CUTS; j++) {
    REAL(moved)[j] = model.a_mean + model.a_scale * model.cut[j];
    REAL(moved)[j + MOVED_CUTS] = model.moved[j];
    REAL(moved)[j + 2 * MOVED_CUTS] = model.a_mean + model.a_scale * model.next[j];
  }
  SEXP out = glue_list(18, "moved", moved, "point", point, "coef", coef, "cov", cov, "map", map, "gram", gram, "mean_slope", slope,
    "cross", cross, "start", start, "g", g, "omega", omega, "omega_linear", omega_linear, "omega_null", omega_null,
    "features", fs,
    "fitted", fitted, "residual", residual, "summary", summary, "scale", scale);
  UNPROTECT(7 + 2 + 1 + 5 + 7 + 1);
  return out;
}

static curve_features features_of(SEXP list) {
  SEXP slope = glue_field(list, "slope");
  curve_features f;
  f.units = (size_t)glue_nrow(slope);
  f.members = (size_t)glue_ncol(slope);
  f.columns = 2 + f.units * f.members;
  f.slope = glue_field_real(list, "slope", (R_xlen_t)(f.units * f.members));
  f.shift = glue_field_real(list, "shift", (R_xlen_t)(f.units * f.members));
  f.block = glue_field_real(list, "block", (R_xlen_t)f.members);
  f.mean = glue_field_real(list, "mean", (R_xlen_t)f.columns);
  memcpy(f.square, glue_field_real(list, "square", 3), 3 * sizeof *f.square);
  return f;
}

/* Columns of the features at standard exposures x times `by` (columns x k). */
static SEXP ffi_curve_at(SEXP features, SEXP x, SEXP derivative, SEXP by, SEXP level) {
  const curve_features f = features_of(features);
  const size_t count = (size_t)Rf_xlength(x), k = (size_t)glue_ncol(by);
  const double *b = glue_real(by, (R_xlen_t)(f.columns * k), "by");
  double *columns = glue_alloc(count * f.columns, sizeof *columns);
  curve_features_at(&f, count, glue_real(x, -1, "x"), glue_int1(derivative, "derivative"), columns,
                    (lmr_cpu)glue_int1(level, "level"));
  SEXP out = real_matrix(count, k);
  lmr_error err;
  glue_check(la_gemm('N', 'N', count, k, f.columns, 1, columns, count ? count : 1, b, f.columns, 0,
                     REAL(out), count ? count : 1, &err), &err);
  UNPROTECT(1);
  return out;
}

/* iv_curve() with covariates that the curve may depend on. */

static lmr_cpu cpu_of(SEXP level) { return (lmr_cpu)glue_int1(level, "level"); }

/* sizes: members, xi, psi, joint. */
static surface_nets nets_of(SEXP sizes, size_t covariates) {
  const int *s = glue_int(sizes, 4, "sizes");
  for (int i = 0; i < 4; i++)
    if (s[i] < 0 || s[i] > 100000) glue_stop("internal: `sizes` holds %d", s[i]);
  surface_nets nets = {covariates, (size_t)s[0], (size_t)s[1], (size_t)s[2], (size_t)s[3], NULL, NULL, NULL};
  return nets;
}

static SEXP ffi_surface_fit(SEXP y, SEXP a, SEXP z, SEXP x, SEXP sizes, SEXP seed, SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const surface_rows rows = {(size_t)n, (size_t)glue_ncol(z), (size_t)glue_ncol(x), glue_real(y, n, "y"),
                             glue_real(a, n, "a"), glue_real(z, n * glue_ncol(z), "z"), glue_real(x, n * glue_ncol(x), "x")};
  surface_nets s = nets_of(sizes, rows.nx);
  const size_t columns = surface_columns(&s), m = s.members;
  SEXP weight = PROTECT(Rf_allocMatrix(REALSXP, (int)surface_weights(&s), (int)m));
  SEXP block = PROTECT(Rf_allocMatrix(REALSXP, SURFACE_BLOCKS, (int)m));
  SEXP mean = PROTECT(Rf_allocMatrix(REALSXP, (int)columns, (int)m));
  SEXP coef = PROTECT(Rf_allocMatrix(REALSXP, (int)columns, (int)m));
  SEXP cov = PROTECT(Rf_alloc3DArray(REALSXP, (int)columns, (int)columns, (int)m));
  SEXP x_mean = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)rows.nx)), x_sd = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)rows.nx));
  SEXP kappa = PROTECT(Rf_allocMatrix(REALSXP, SURFACE_BLOCKS, (int)m));
  s.weight = REAL(weight);
  s.block = REAL(block);
  s.mean = REAL(mean);
  surface_evidence *evidence = glue_alloc(m, sizeof *evidence);
  surface_result out = {REAL(coef), REAL(cov), REAL(x_mean), REAL(x_sd), evidence};
  surface_summary sum;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(surface_model(&rows, &s, (uint64_t)glue_int1(seed, "seed"), &out, &sum, cpu_of(level),
                           glue_arena(surface_model_bytes(&rows, &s)), &tick, &err), &err);
  for (size_t i = 0; i < m; i++) memcpy(REAL(kappa) + i * SURFACE_BLOCKS, evidence[i].kappa, sizeof evidence[i].kappa);
  SEXP numbers = PROTECT(Rf_allocVector(REALSXP, 7));
  const double values[] = {(double)sum.q, sum.s2, sum.gain, sum.y_mean, sum.y_sd, sum.a_mean, sum.a_sd};
  memcpy(REAL(numbers), values, sizeof values);
  SEXP list = glue_list(9, "weight", weight, "block", block, "mean", mean, "coef", coef, "cov", cov,
                        "x_mean", x_mean, "x_sd", x_sd, "kappa", kappa, "numbers", numbers);
  UNPROTECT(9);
  return list;
}

/* Features of one member at standard (a, x), times by (columns x k). Without rows of
 * x for every a (average): the mean over the rows of x at each a. */
static SEXP ffi_surface_at(SEXP weight, SEXP block, SEXP mean, SEXP sizes, SEXP member, SEXP a, SEXP x,
                           SEXP average, SEXP derivative, SEXP by, SEXP level) {
  const size_t nx = (size_t)glue_ncol(x), rows = (size_t)glue_nrow(x), count = (size_t)Rf_xlength(a);
  surface_nets s = nets_of(sizes, nx);
  s.weight = glue_real(weight, (R_xlen_t)(surface_weights(&s) * s.members), "weight");
  s.block = glue_real(block, (R_xlen_t)(SURFACE_BLOCKS * s.members), "block");
  const size_t columns = surface_columns(&s), m = glue_size1(member, "member");
  s.mean = glue_real(mean, (R_xlen_t)(columns * s.members), "mean");
  if (m >= s.members) glue_stop("internal: net %zu of %zu", m + 1, s.members);
  const size_t k = (size_t)glue_ncol(by);
  const double *xs = glue_real(x, -1, "x"), *as = glue_real(a, -1, "a");
  const int d = glue_int1(derivative, "derivative");
  const int averaged = glue_int1(average, "average");
  if (!averaged && rows != count) glue_stop("internal: %zu rows of covariates for %zu", rows, count);
  double *f = glue_alloc((count > rows ? count : rows) * columns + 1, sizeof *f);
  double *mat = f;
  if (averaged) {
    double *at = glue_alloc(rows + 1, sizeof *at);
    mat = glue_alloc(count * columns + 1, sizeof *mat);
    for (size_t i = 0; i < count; i++) {
      for (size_t r = 0; r < rows; r++) at[r] = as[i];
      surface_at(&s, m, rows, at, xs, d, 0, f, cpu_of(level));
      for (size_t j = 0; j < columns; j++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) sum += f[j * rows + r];
        mat[i + j * count] = sum / (double)rows;
      }
    }
  } else {
    surface_at(&s, m, count, as, xs, d, 0, f, cpu_of(level));
  }
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)count, (int)k));
  lmr_error err;
  glue_check(la_gemm('N', 'N', count, k, columns, 1, mat, count ? count : 1, glue_real(by, (R_xlen_t)(columns * k), "by"),
                     columns, 0, REAL(out), count ? count : 1, &err), &err);
  UNPROTECT(1);
  return out;
}

/* Kernel instrumental variables. */

static SEXP ffi_kiv_fit(SEXP y, SEXP x, SEXP z, SEXP first, SEXP most, SEXP tol, SEXP criterion, SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const kiv_rows rows = {(size_t)n, glue_size1(first, "first"), (size_t)glue_ncol(x), (size_t)glue_ncol(z),
                         glue_real(y, n, "y"), glue_real(x, n * glue_ncol(x), "x"), glue_real(z, n * glue_ncol(z), "z")};
  const size_t rank = glue_size1(most, "most");
  if (rows.n1 > rows.n || rank > rows.n) glue_stop("internal: %zu rows first and rank %zu of %zu", rows.n1, rank, rows.n);
  double *width = glue_alloc(rows.dx + rows.dz, sizeof *width), *alpha = glue_alloc(rank, sizeof *alpha);
  int *pivot = glue_alloc(rank, sizeof *pivot);
  kiv_summary s;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(kiv_fit(&rows, rank, glue_real1(tol, "tol"), glue_int1(criterion, "criterion"), width, pivot, alpha,
                     &s, (lmr_cpu)glue_int1(level, "level"), glue_arena(kiv_bytes(&rows, rank)), &tick, &err), &err);
  SEXP w = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)(rows.dx + rows.dz)));
  memcpy(REAL(w), width, (rows.dx + rows.dz) * sizeof *width);
  SEXP a = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)s.rank_x)), p = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)s.rank_x));
  memcpy(REAL(a), alpha, s.rank_x * sizeof *alpha);
  for (size_t i = 0; i < s.rank_x; i++) INTEGER(p)[i] = pivot[i] + 1;
  SEXP v = PROTECT(Rf_allocVector(REALSXP, 6));
  const double values[] = {(double)s.rank_x, (double)s.rank_z, s.lambda, s.xi, s.stage1, s.stage2};
  memcpy(REAL(v), values, sizeof values);
  SEXP list = glue_list(4, "width", w, "alpha", a, "pivot", p, "numbers", v);
  UNPROTECT(4);
  return list;
}

/* sum_j alpha_j k(x, centre_j), or its derivative along the first coordinate. */
static SEXP ffi_kiv_at(SEXP x, SEXP centre, SEXP width, SEXP alpha, SEXP derivative, SEXP level) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x), k = (size_t)Rf_xlength(alpha);
  const double *xs = glue_real(x, -1, "x"), *c = glue_real(centre, (R_xlen_t)(k * d), "centre");
  const double *w = glue_real(width, (R_xlen_t)d, "width"), *a = glue_real(alpha, (R_xlen_t)k, "alpha");
  if (!d) glue_stop("internal: no exposure");
  double *column = glue_alloc(n + 1, sizeof *column), *at = glue_alloc(d, sizeof *at);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  double *o = REAL(out);
  if (n) memset(o, 0, n * sizeof *o);
  const int slope = glue_int1(derivative, "derivative");
  for (size_t j = 0; j < k; j++) {
    for (size_t l = 0; l < d; l++) at[l] = c[j + l * k];
    product_kernel_column(n, d, xs, w, at, column, (lmr_cpu)glue_int1(level, "level"));
    for (size_t i = 0; i < n; i++) o[i] += a[j] * column[i] * (slope ? -(xs[i] - at[0]) / (w[0] * w[0]) : 1);
  }
  UNPROTECT(1);
  return out;
}

/* iv_curve(), solver "adam". */

static double *by_row(SEXP x) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  const double *from = glue_real(x, -1, "x");
  double *to = glue_alloc(n * d + 1, sizeof *to);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < d; k++) to[i * d + k] = from[i + k * n];
  return to;
}

/* options: the fields of adam_options by name. first, second: 0-based rows of the stages. next, mask: of adam_rows,
 * or NULL. */
static SEXP ffi_adam_fit(SEXP y, SEXP a, SEXP z, SEXP first, SEXP second, SEXP next, SEXP mask, SEXP options, SEXP seed,
                         SEXP progress, SEXP level) {
  const adam_options opt = {
    .width = glue_field_count(options, "width"), .batch = glue_field_count(options, "batch"),
    .steps = glue_field_count(options, "steps"), .inner = glue_field_count(options, "inner"),
    .rate = glue_field_real1(options, "rate"), .beta1 = glue_field_real1(options, "beta1"),
    .beta2 = glue_field_real1(options, "beta2"), .lambda = glue_field_real1(options, "lambda"),
    .r1 = glue_field_real1(options, "r1"), .r2 = glue_field_real1(options, "r2"),
    .langevin = glue_field_real1(options, "langevin"), .mean_field = glue_field_count(options, "mean_field") > 0};
  const size_t n = (size_t)Rf_xlength(y);
  if ((size_t)glue_nrow(a) != n || (size_t)glue_nrow(z) != n || !opt.batch || opt.width > 100000)
    glue_stop("internal: exposure, instruments and outcome of %zu rows", n);
  const adam_rows rows = {n, (size_t)glue_ncol(a), (size_t)glue_ncol(z), glue_real(y, -1, "y"), by_row(a), by_row(z),
                          glue_places(first, -1, n, "first"), glue_places(second, -1, n, "second"),
                          (size_t)Rf_xlength(first), (size_t)Rf_xlength(second),
                          next == R_NilValue ? NULL : by_row(next),
                          next == R_NilValue ? NULL : glue_real(mask, (R_xlen_t)n, "mask")};
  if (rows.next && ((size_t)glue_nrow(next) != n || (size_t)glue_ncol(next) != rows.da))
    glue_stop("internal: second rows of %d x %d", glue_nrow(next), glue_ncol(next));
  const curve_net net = curve_net_shape(rows.da, opt.width, opt.mean_field);
  SEXP theta = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)net.length));
  SEXP history = PROTECT(Rf_allocMatrix(REALSXP, ADAM_HISTORY, 3));
  for (R_xlen_t i = 0; i < 3 * ADAM_HISTORY; i++) REAL(history)[i] = NA_REAL;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  lmr_error err;
  glue_check(adam_fit(&rows, &opt, (uint64_t)glue_int1(seed, "seed"), REAL(theta), REAL(history),
                      (lmr_cpu)glue_int1(level, "level"), glue_arena(adam_bytes(&rows, &opt)), &tick, &err), &err);
  SEXP list = glue_list(2, "theta", theta, "history", history);
  UNPROTECT(2);
  return list;
}

/* The treatment net at rows of x, or its derivative along the first input. */
static SEXP ffi_adam_at(SEXP theta, SEXP x, SEXP width, SEXP mean_field, SEXP derivative) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  if (glue_size1(width, "width") > 100000) glue_stop("internal: a net of %zu units", glue_size1(width, "width"));
  const curve_net net = curve_net_shape(d, glue_size1(width, "width"), glue_int1(mean_field, "mean_field"));
  const double *th = glue_real(theta, (R_xlen_t)net.length, "theta");
  double *hidden = glue_alloc(n * net.stride + 1, sizeof *hidden);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  curve_net_forward(&net, th, n, by_row(x), hidden, REAL(out));
  if (glue_int1(derivative, "derivative")) curve_net_slope(&net, th, n, hidden, REAL(out));
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_curve_calls[] = {
  GLUE_CALL(ffi_curve_closed, 9),
  GLUE_CALL(ffi_curve_at, 5),
  GLUE_CALL(ffi_surface_fit, 7),
  GLUE_CALL(ffi_surface_at, 11),
  GLUE_CALL(ffi_kiv_fit, 8),
  GLUE_CALL(ffi_kiv_at, 6),
  GLUE_CALL(ffi_adam_fit, 11),
  GLUE_CALL(ffi_adam_at, 5),
  {NULL, NULL, 0}
};
