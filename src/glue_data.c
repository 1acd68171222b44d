/* Counts, collinearity and Hardy-Weinberg tests of the instruments in an
 * mr_data object. */
#include <math.h>

#include "core/hwe.h"
#include "core/variant_rank.h"
#include "core/variant_scan.h"
#include "glue.h"

static SEXP int_matrix(size_t p, size_t n_env) {
  return Rf_allocMatrix(INTSXP, (int)p, (int)n_env);
}
static SEXP real_matrix(size_t p, size_t n_env) {
  return Rf_allocMatrix(REALSXP, (int)p, (int)n_env);
}

/* R's positions (from 1) as the core's (from 0), checked: a wrong one would
 * read outside the matrix. */
static int *positions(SEXP x, size_t limit, const char *name) {
  const size_t n = (size_t)Rf_xlength(x);
  const int *from = glue_int(x, -1, name);
  int *to = glue_alloc(n ? n : 1, sizeof *to);
  for (size_t i = 0; i < n; i++) {
    if (from[i] < 1 || (size_t)from[i] > limit)
      Rf_error("internal: `%s` holds %d, outside 1 to %.0f", name, from[i], (double)limit);
    to[i] = from[i] - 1;
  }
  return to;
}

static SEXP ffi_variant_scan(SEXP x, SEXP rows, SEXP env, SEXP n_env) {
  glue_real(x, -1, "x");
  const size_t n_all = (size_t)Rf_nrows(x), p = (size_t)Rf_ncols(x);
  const size_t n = (size_t)Rf_xlength(rows), k = (size_t)glue_int1(n_env, "n_env");
  glue_int(env, (R_xlen_t)n, "env");
  const int *r = positions(rows, n_all, "rows"), *e = positions(env, k, "env");
  SEXP called = PROTECT(int_matrix(p, k)), n0 = PROTECT(int_matrix(p, k));
  SEXP n1 = PROTECT(int_matrix(p, k)), n2 = PROTECT(int_matrix(p, k));
  SEXP mean = PROTECT(real_matrix(p, k)), ss = PROTECT(real_matrix(p, k));
  SEXP lo = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p)), hi = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  SEXP odd = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)p)), same = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)p));
  SEXP value = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  SEXP hash = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p)), mirror = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  variant_scan out = {INTEGER(called), INTEGER(n0), INTEGER(n1), INTEGER(n2), REAL(mean), REAL(ss),
                      REAL(lo), REAL(hi), INTEGER(odd), LOGICAL(same), REAL(value),
                      REAL(hash), REAL(mirror), -1, -1};
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(variant_scan_dense(REAL(x), n_all, p, r, e, n, k, &out, &tick, &err), &err);
  SEXP inf = PROTECT(Rf_allocVector(INTSXP, 2));
  INTEGER(inf)[0] = (int)out.inf_row + 1;
  INTEGER(inf)[1] = (int)out.inf_col + 1;
  SEXP list = glue_list(14, "called", called, "n0", n0, "n1", n1, "n2", n2, "mean", mean, "ss", ss,
                        "lo", lo, "hi", hi, "odd", odd, "odd_same", same, "odd_value", value,
                        "hash", hash, "mirror", mirror, "inf", inf);
  UNPROTECT(14);
  return list;
}

static SEXP ffi_variant_rank(SEXP x, SEXP rows, SEXP env, SEXP fill, SEXP tol) {
  glue_real(x, -1, "x");
  const size_t n_all = (size_t)Rf_nrows(x), p = (size_t)Rf_ncols(x), n = (size_t)Rf_xlength(rows);
  glue_int(env, (R_xlen_t)n, "env");
  const size_t k = (size_t)Rf_ncols(fill);
  const int *r = positions(rows, n_all, "rows"), *e = positions(env, k, "env");
  glue_real(fill, (R_xlen_t)(p * k), "fill");
  SEXP kept = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)p));
  size_t rank = 0;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(variant_rank(REAL(x), n_all, p, r, e, n, REAL(fill), glue_real1(tol, "tol"), LOGICAL(kept),
                          &rank, glue_arena(variant_rank_bytes(n, p)), &tick, &err), &err);
  UNPROTECT(1);
  return kept;
}

static SEXP ffi_hwe(SEXP n0, SEXP n1, SEXP n2) {
  const R_xlen_t n = Rf_xlength(n0);
  const int *a = glue_int(n0, n, "n0"), *b = glue_int(n1, n, "n1"), *c = glue_int(n2, n, "n2");
  SEXP p = PROTECT(Rf_allocVector(REALSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const double value = hwe_exact(a[i], b[i], c[i]);
    REAL(p)[i] = isnan(value) ? NA_REAL : value;
  }
  UNPROTECT(1);
  return p;
}

const R_CallMethodDef glue_data_calls[] = {
  GLUE_CALL(ffi_variant_scan, 4),
  GLUE_CALL(ffi_variant_rank, 5),
  GLUE_CALL(ffi_hwe, 3),
  {NULL, NULL, 0}
};
