/* Kernel instrumental variables. */
#include "core/curve/kiv.h"
#include "glue.h"

#include <string.h>

static SEXP ffi_kiv_fit(SEXP y, SEXP x, SEXP z, SEXP first, SEXP most, SEXP tol, SEXP criterion, SEXP level) {
  const R_xlen_t n = Rf_xlength(y);
  const kiv_rows rows = {(size_t)n, (size_t)glue_int1(first, "first"), (size_t)Rf_ncols(x), (size_t)Rf_ncols(z),
                         glue_real(y, n, "y"), glue_real(x, n * Rf_ncols(x), "x"), glue_real(z, n * Rf_ncols(z), "z")};
  const size_t rank = (size_t)glue_int1(most, "most");
  double *width = glue_alloc(rows.dx + rows.dz, sizeof *width), *alpha = glue_alloc(rank, sizeof *alpha);
  int *pivot = glue_alloc(rank, sizeof *pivot);
  kiv_summary s;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(kiv_fit((lmr_cpu)glue_int1(level, "level"), &rows, rank, glue_real1(tol, "tol"),
                     glue_int1(criterion, "criterion"), width, pivot, alpha, &s, &tick,
                     glue_arena(kiv_bytes(&rows, rank)), &err), &err);
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
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x), k = (size_t)Rf_xlength(alpha);
  const double *xs = glue_real(x, -1, "x"), *c = glue_real(centre, (R_xlen_t)(k * d), "centre");
  const double *w = glue_real(width, -1, "width"), *a = glue_real(alpha, (R_xlen_t)k, "alpha");
  double *column = glue_alloc(n + 1, sizeof *column), *at = glue_alloc(d, sizeof *at);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  double *o = REAL(out);
  if (n) memset(o, 0, n * sizeof *o);
  const int slope = glue_int1(derivative, "derivative");
  for (size_t j = 0; j < k; j++) {
    for (size_t l = 0; l < d; l++) at[l] = c[j + l * k];
    product_kernel_column((lmr_cpu)glue_int1(level, "level"), n, d, xs, w, at, column);
    for (size_t i = 0; i < n; i++) o[i] += a[j] * column[i] * (slope ? -(xs[i] - at[0]) / (w[0] * w[0]) : 1);
  }
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_kiv_calls[] = {
  GLUE_CALL(ffi_kiv_fit, 8),
  GLUE_CALL(ffi_kiv_at, 6),
  {NULL, NULL, 0}
};
