/* iv_curve(): the closed solver and prediction from a fitted curve. */
#include "core/curve/curve_model.h"
#include "core/la/la.h"
#include "glue.h"

#include <string.h>

static SEXP real_vector(R_xlen_t n) { return PROTECT(Rf_allocVector(REALSXP, n)); }
static SEXP real_matrix(size_t n, size_t p) { return PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)p)); }

static SEXP square_head(const double *x, size_t rows, size_t cols) {
  SEXP out = real_matrix(rows, cols);
  if (rows * cols) memcpy(REAL(out), x, rows * cols * sizeof(double));
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

/* options: members, units, instrument units, polish steps, polish rate, strong. */
static SEXP ffi_curve_closed(SEXP y, SEXP a, SEXP z, SEXP w, SEXP options, SEXP prior, SEXP frozen, SEXP seed,
                             SEXP level) {
  const double *o = glue_real(options, 6, "options");
  const double *p = glue_real(prior, 80, "prior");
  const R_xlen_t n = Rf_xlength(y);
  const curve_rows rows = {(size_t)n, (size_t)Rf_ncols(z), (size_t)Rf_ncols(w),
                           glue_real(y, n, "y"), glue_real(a, n, "a"),
                           glue_real(z, n * Rf_ncols(z), "z"), glue_real(w, n * Rf_ncols(w), "w")};
  curve_closed_options opt = {.members = (size_t)o[0], .units = (size_t)o[1],
                              .instrument_units = (size_t)o[2], .polish_steps = (int)o[3],
                              .polish_rate = o[4], .strong = o[5]};
  curve_prior *const priors[] = {&opt.weak, &opt.strong_prior, &opt.weak_band, &opt.strong_band};
  for (size_t i = 0; i < 4; i++) memcpy(priors[i], p + 20 * i, sizeof *priors[i]);
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
  glue_check(curve_model(cpu, &rows, &opt, (uint64_t)glue_int1(seed, "seed"), &f, &result, &by_row,
                         &sum, &model, &tick, glue_arena(curve_model_bytes(&rows, &opt)), &err), &err);

  static const char *const names[] = {
    "q", "strength", "strong", "s2", "s2_linear", "s2_band", "ratio", "linear", "linear_se2",
    "weight_flat", "kappa2", "kappa_r", "fixed", "base", "kept", "points", "first_stage"};
  const double values[] = {(double)sum.q, sum.strength, sum.strong, sum.s2, sum.s2_linear, sum.s2_band, sum.ratio,
    sum.linear, sum.linear_se2, sum.weight_flat, sum.kappa2, sum.kappa_r,
    (double)model.size.fixed, (double)model.size.base, (double)model.size.kept,
    (double)model.points, model.first_stage};
  SEXP summary = named_reals(17, names, values);
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

static double *member(SEXP list, const char *name, R_xlen_t length) {
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  for (R_xlen_t i = 0; i < Rf_xlength(list); i++)
    if (!strcmp(CHAR(STRING_ELT(names, i)), name)) return glue_real(VECTOR_ELT(list, i), length, name);
  Rf_error("internal: no `%s` in the features", name);
}

static curve_features features_of(SEXP list) {
  SEXP slope = VECTOR_ELT(list, 0);
  curve_features f;
  f.units = (size_t)Rf_nrows(slope);
  f.members = (size_t)Rf_ncols(slope);
  f.columns = 2 + f.units * f.members;
  f.slope = member(list, "slope", (R_xlen_t)(f.units * f.members));
  f.shift = member(list, "shift", (R_xlen_t)(f.units * f.members));
  f.block = member(list, "block", (R_xlen_t)f.members);
  f.mean = member(list, "mean", (R_xlen_t)f.columns);
  memcpy(f.square, member(list, "square", 3), 3 * sizeof *f.square);
  return f;
}

/* Columns of the features at standard exposures x times `by` (columns x k). */
static SEXP ffi_curve_at(SEXP features, SEXP x, SEXP derivative, SEXP by, SEXP level) {
  const curve_features f = features_of(features);
  const size_t count = (size_t)Rf_xlength(x), k = (size_t)Rf_ncols(by);
  const double *b = glue_real(by, (R_xlen_t)(f.columns * k), "by");
  double *columns = glue_alloc(count * f.columns, sizeof *columns);
  curve_features_at((lmr_cpu)glue_int1(level, "level"), &f, count, glue_real(x, -1, "x"),
                    glue_int1(derivative, "derivative"), columns);
  SEXP out = real_matrix(count, k);
  lmr_error err;
  glue_check(la_gemm('N', 'N', count, k, f.columns, 1, columns, count ? count : 1, b, f.columns, 0,
                     REAL(out), count ? count : 1, &err), &err);
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_curve_calls[] = {
  GLUE_CALL(ffi_curve_closed, 9),
  GLUE_CALL(ffi_curve_at, 5),
  {NULL, NULL, 0}
};
