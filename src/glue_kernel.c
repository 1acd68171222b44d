#include "core/cpu.h"
#include "core/fastmath.h"
#include "glue.h"

/* kind 0: exp, 1: tanh; for the tests. */
static SEXP ffi_test_fastmath(SEXP x, SEXP kind, SEXP level) {
  const R_xlen_t n = Rf_xlength(x);
  const double *in = glue_real(x, n, "x");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
  (glue_int1(kind, "kind") ? vtanh : vexp)(REAL(out), in, (size_t)n, (lmr_cpu)glue_int1(level, "level"));
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_kernel_calls[] = {
  GLUE_CALL(ffi_test_fastmath, 3),
  {NULL, NULL, 0}
};
