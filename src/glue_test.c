/* Entry points that exist for the tests: the core's own parts, seen from R. */
#include "core/encoder/background.h"
#include "core/base/cpu.h"
#include "core/la/gemm.h"
#include "core/la/la.h"
#include "core/base/rng.h"
#include "glue.h"

/* kind: 0 raw words as two 32-bit halves, 1 uniform, 2 normal, 3 gamma(shape). */
static SEXP ffi_test_rng(SEXP seed, SEXP stream, SEXP n, SEXP kind, SEXP shape) {
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), (uint64_t)glue_int1(stream, "stream"));
  const int count = glue_int1(n, "n"), what = glue_int1(kind, "kind");
  const double a = glue_real1(shape, "shape");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, what == 0 ? 2 * (R_xlen_t)count : count));
  double *o = REAL(out);
  for (int i = 0; i < count; i++) {
    if (what == 0) {
      const uint64_t word = lmr_rng_next(&rng);
      o[2 * i] = (double)(word >> 32);
      o[2 * i + 1] = (double)(word & UINT32_MAX);
    } else {
      o[i] = what == 1 ? lmr_rng_uniform(&rng) : what == 2 ? lmr_rng_normal(&rng) : lmr_rng_gamma(&rng, a);
    }
  }
  UNPROTECT(1);
  return out;
}

static SEXP ffi_cpu_level(void) { return Rf_ScalarInteger(lmr_cpu_detect()); }

static SEXP ffi_test_error(SEXP code, SEXP text) {
  lmr_error err;
  glue_check(lmr_fail(&err, (lmr_status)glue_int1(code, "code"), "%s", CHAR(STRING_ELT(text, 0))), &err);
  return R_NilValue;
}

static SEXP ffi_test_stop_at(SEXP poll) { return Rf_ScalarInteger(glue_stop_at(glue_int1(poll, "poll"))); }

static SEXP ffi_test_chol_drop(SEXP a, SEXP tol) {
  const int n = Rf_nrows(a);
  glue_real(a, (R_xlen_t)n * n, "a");
  SEXP r = PROTECT(Rf_duplicate(a));
  SEXP kept = PROTECT(Rf_allocVector(LGLSXP, n));
  size_t rank = 0;
  lmr_error err;
  glue_check(la_chol_drop(REAL(r), (size_t)n, (size_t)n, glue_real1(tol, "tol"), LOGICAL(kept), &rank, &err), &err);
  SEXP out = glue_list(3, "r", r, "kept", kept, "rank", PROTECT(Rf_ScalarInteger((int)rank)));
  UNPROTECT(3);
  return out;
}

static SEXP ffi_test_background_count(SEXP values, SEXP columns, SEXP squares, SEXP n) {
  return Rf_ScalarInteger((int)background_count(REAL(values), (size_t)Rf_xlength(values),
                                                (size_t)glue_int1(columns, "columns"),
                                                glue_real1(squares, "squares"), glue_real1(n, "n")));
}

static SEXP ffi_test_eigen(SEXP a) {
  const int n = Rf_nrows(a);
  glue_real(a, (R_xlen_t)n * n, "a");
  SEXP copy = PROTECT(Rf_duplicate(a));
  SEXP values = PROTECT(Rf_allocVector(REALSXP, n)), vectors = PROTECT(Rf_allocMatrix(REALSXP, n, n));
  lmr_error err;
  glue_check(la_eigen(REAL(copy), (size_t)n, (size_t)n, REAL(values), REAL(vectors), (size_t)n,
                      glue_arena(la_eigen_bytes((size_t)n)), &err), &err);
  SEXP out = glue_list(2, "values", values, "vectors", vectors);
  UNPROTECT(3);
  return out;
}

/* alpha op(a) op(b) + beta c; trans: "NN", "TN", "NT" or "TT". */
static SEXP ffi_test_gemm(SEXP trans, SEXP a, SEXP b, SEXP scalars, SEXP c, SEXP upper, SEXP level) {
  const char *t = CHAR(STRING_ELT(trans, 0));
  const int m = Rf_nrows(c), n = Rf_ncols(c), k = t[0] == 'N' ? Rf_ncols(a) : Rf_nrows(a);
  const double *f = glue_real(scalars, 2, "scalars");
  glue_real(a, (R_xlen_t)m * k, "a");
  glue_real(b, (R_xlen_t)n * k, "b");
  glue_real(c, (R_xlen_t)m * n, "c");
  SEXP out = PROTECT(Rf_duplicate(c));
  gemm(t[0], t[1], (size_t)m, (size_t)n, (size_t)k, f[0], REAL(a), (size_t)Rf_nrows(a), REAL(b),
       (size_t)Rf_nrows(b), f[1], REAL(out), (size_t)m, Rf_asLogical(upper), (lmr_cpu)glue_int1(level, "level"));
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_test_calls[] = {
  GLUE_CALL(ffi_test_gemm, 7),
  GLUE_CALL(ffi_test_rng, 5),
  GLUE_CALL(ffi_cpu_level, 0),
  GLUE_CALL(ffi_test_error, 2),
  GLUE_CALL(ffi_test_stop_at, 1),
  GLUE_CALL(ffi_test_chol_drop, 2),
  GLUE_CALL(ffi_test_background_count, 4),
  GLUE_CALL(ffi_test_eigen, 1),
  {NULL, NULL, 0}
};
