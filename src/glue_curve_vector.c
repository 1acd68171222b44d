/* iv_curve() with several exposures: the closed form and prediction from it. */
#include "core/curve/curve_vector_model.h"
#include "core/la/la.h"
#include "glue.h"

#include <string.h>

static SEXP matrix_of(size_t rows, size_t columns) { return PROTECT(Rf_allocMatrix(REALSXP, (int)rows, (int)columns)); }

static vector_nets shape_of(size_t exposures, size_t members, size_t units) {
  if (!exposures || exposures > 8 || !members || members > 10000 || !units || units > 10000)
    glue_stop("internal: %zu exposures, %zu nets of %zu units", exposures, members, units);
  return vector_shape(exposures, members, units);
}

static void prior_of(SEXP list, const char *name, vector_prior *to) {
  memcpy(to, glue_field_real(list, name, sizeof *to / sizeof(double)), sizeof *to);
}

static SEXP head(const double *x, size_t rows, size_t columns) {
  SEXP out = matrix_of(rows, columns);
  memcpy(REAL(out), x, rows * columns * sizeof *x);
  return out;
}

/* options: members, units, instrument_units; prior: estimate, band. */
static SEXP ffi_vector_fit(SEXP y, SEXP a, SEXP z, SEXP b, SEXP w, SEXP options, SEXP prior, SEXP seed, SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const size_t k = (size_t)glue_ncol(a);
  const vector_rows rows = {
    (size_t)n, (size_t)glue_ncol(z), (size_t)glue_ncol(b), (size_t)glue_ncol(w), glue_real(y, n, "y"),
    glue_real(a, n * glue_ncol(a), "a"), glue_real(z, n * glue_ncol(z), "z"), glue_real(w, n * glue_ncol(w), "w"),
    glue_real(b, n * glue_ncol(b), "b")};
  vector_options opt = {.instrument_units = glue_field_count(options, "instrument_units")};
  if (opt.instrument_units > 100000) glue_stop("internal: %zu units", opt.instrument_units);
  prior_of(prior, "estimate", &opt.estimate);
  prior_of(prior, "band", &opt.band);
  vector_nets s = shape_of(k, glue_field_count(options, "members"), glue_field_count(options, "units"));
  const size_t cap = vector_model_cap(&rows, &opt);
  SEXP weight = matrix_of(k, s.units * s.members), shift = matrix_of(s.units, s.members);
  SEXP product = matrix_of(2 + k, s.squares), block = matrix_of(s.members, 1), mean = matrix_of(s.columns, 1);
  s.weight = REAL(weight);
  s.shift = REAL(shift);
  s.product = REAL(product);
  s.block = REAL(block);
  s.mean = REAL(mean);
  SEXP centre = matrix_of(k, 1), scale = matrix_of(k, 1), plane = matrix_of(k, 1);
  SEXP point = matrix_of(s.columns, 1), coef = matrix_of(s.columns, 1);
  SEXP cov = matrix_of(s.columns, s.columns), gram = matrix_of(s.columns, s.columns);
  vector_result out = {
    REAL(centre), REAL(scale), REAL(point), REAL(coef), REAL(cov), REAL(gram),
    glue_alloc(cap * s.columns, sizeof(double)), glue_alloc(cap, sizeof(double)), REAL(plane)};
  vector_summary sum;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(vector_model(&rows, &s, &opt, (uint64_t)glue_int1(seed, "seed"), &out, &sum,
                          (lmr_cpu)glue_int1(level, "level"), glue_arena(vector_model_bytes(&rows, &s, &opt)), &tick, &err),
             &err);
  SEXP cross = head(out.cross, sum.q, s.columns), g = head(out.g, sum.q, 1);
  SEXP numbers = PROTECT(Rf_allocVector(REALSXP, 10));
  const double values[] = {(double)sum.q, (double)sum.fixed, (double)sum.base, (double)sum.kept, sum.y_mean, sum.y_sd,
                           sum.estimate.s2, sum.band.s2, sum.ratio, sum.estimate.gain};
  memcpy(REAL(numbers), values, sizeof values);
  SEXP nets = PROTECT(glue_list(5, "weight", weight, "shift", shift, "product", product, "block", block, "mean", mean));
  SEXP list = glue_list(11, "nets", nets, "centre", centre, "scale", scale, "plane", plane, "point", point, "coef", coef,
                        "cov", cov, "gram", gram, "cross", cross, "g", g, "numbers", numbers);
  UNPROTECT(16);
  return list;
}

/* Columns of the features at standard exposures a times `times` (columns x any). by: -1 for values, or the
 * exposure (from 0) of the derivative. */
static SEXP ffi_vector_at(SEXP nets, SEXP a, SEXP by, SEXP times, SEXP level) {
  SEXP shift = glue_field(nets, "shift");
  const size_t count = (size_t)glue_nrow(a), k = (size_t)glue_ncol(a), wide = (size_t)glue_ncol(times);
  vector_nets s = shape_of(k, (size_t)glue_ncol(shift), (size_t)glue_nrow(shift));
  s.weight = glue_field_real(nets, "weight", (R_xlen_t)(k * s.units * s.members));
  s.shift = glue_field_real(nets, "shift", (R_xlen_t)(s.units * s.members));
  s.product = glue_field_real(nets, "product", (R_xlen_t)((2 + k) * s.squares));
  s.block = glue_field_real(nets, "block", (R_xlen_t)s.members);
  s.mean = glue_field_real(nets, "mean", (R_xlen_t)s.columns);
  const int which = glue_int1(by, "by");
  if (which < VECTOR_VALUE || which >= (int)k) glue_stop("internal: exposure %d of %zu", which, k);
  const double *t = glue_real(times, (R_xlen_t)(s.columns * wide), "times");
  double *f = glue_alloc(count * s.columns + 1, sizeof *f);
  vector_at(&s, count, glue_real(a, (R_xlen_t)(count * k), "a"), which, 0, f, (lmr_cpu)glue_int1(level, "level"));
  SEXP out = matrix_of(count, wide);
  lmr_error err;
  glue_check(la_gemm('N', 'N', count, wide, s.columns, 1, f, count ? count : 1, t, s.columns, 0, REAL(out),
                     count ? count : 1, &err), &err);
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_curve_vector_calls[] = {
  GLUE_CALL(ffi_vector_fit, 9),
  GLUE_CALL(ffi_vector_at, 5),
  {NULL, NULL, 0}
};
