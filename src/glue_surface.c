/* iv_curve() with covariates that the curve may depend on. */
#include "core/curve/curve_surface_model.h"
#include "core/la/la.h"
#include "glue.h"

#include <string.h>

static lmr_cpu cpu_of(SEXP level) { return (lmr_cpu)glue_int1(level, "level"); }

/* sizes: members, xi, psi, joint. */
static surface_nets nets_of(SEXP sizes, size_t covariates) {
  const int *s = glue_int(sizes, 4, "sizes");
  surface_nets nets = {covariates, (size_t)s[0], (size_t)s[1], (size_t)s[2], (size_t)s[3], NULL, NULL, NULL};
  return nets;
}

static SEXP ffi_surface_fit(SEXP y, SEXP a, SEXP z, SEXP x, SEXP sizes, SEXP seed, SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const surface_rows rows = {(size_t)n, (size_t)Rf_ncols(z), (size_t)Rf_ncols(x), glue_real(y, n, "y"),
                             glue_real(a, n, "a"), glue_real(z, n * Rf_ncols(z), "z"), glue_real(x, n * Rf_ncols(x), "x")};
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
  glue_check(surface_model(cpu_of(level), &rows, &s, (uint64_t)glue_int1(seed, "seed"), &out, &sum, &tick,
                           glue_arena(surface_model_bytes(&rows, &s)), &err), &err);
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
  const size_t nx = (size_t)Rf_ncols(x), rows = (size_t)Rf_nrows(x), count = (size_t)Rf_xlength(a);
  surface_nets s = nets_of(sizes, nx);
  s.weight = glue_real(weight, (R_xlen_t)(surface_weights(&s) * s.members), "weight");
  s.block = glue_real(block, (R_xlen_t)(SURFACE_BLOCKS * s.members), "block");
  const size_t columns = surface_columns(&s), m = (size_t)glue_int1(member, "member");
  s.mean = glue_real(mean, (R_xlen_t)(columns * s.members), "mean");
  const size_t k = (size_t)Rf_ncols(by);
  const double *xs = glue_real(x, -1, "x"), *as = glue_real(a, -1, "a");
  const int d = glue_int1(derivative, "derivative");
  double *f = glue_alloc((count > rows ? count : rows) * columns + 1, sizeof *f);
  double *mat = f;
  if (glue_int1(average, "average")) {
    double *at = glue_alloc(rows + 1, sizeof *at);
    mat = glue_alloc(count * columns + 1, sizeof *mat);
    for (size_t i = 0; i < count; i++) {
      for (size_t r = 0; r < rows; r++) at[r] = as[i];
      surface_at(cpu_of(level), &s, m, rows, at, xs, d, 0, f);
      for (size_t j = 0; j < columns; j++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) sum += f[j * rows + r];
        mat[i + j * count] = sum / (double)rows;
      }
    }
  } else {
    surface_at(cpu_of(level), &s, m, count, as, xs, d, 0, f);
  }
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)count, (int)k));
  lmr_error err;
  glue_check(la_gemm('N', 'N', count, k, columns, 1, mat, count ? count : 1, glue_real(by, (R_xlen_t)(columns * k), "by"),
                     columns, 0, REAL(out), count ? count : 1, &err), &err);
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_surface_calls[] = {
  GLUE_CALL(ffi_surface_fit, 7),
  GLUE_CALL(ffi_surface_at, 11),
  {NULL, NULL, 0}
};
