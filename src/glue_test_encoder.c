/* Entry points that exist for the tests: parts of the encoders. */
#include "core/encoder/sparse_shift.h"
#include "glue.h"

/* m: d x d x pairs. list(value, gradient) at b. */
static SEXP ffi_test_sparse_value(SEXP m, SEXP tau, SEXP eps, SEXP b) {
  const size_t d = (size_t)glue_nrow(b), all = (size_t)Rf_xlength(m);
  const sparse_problem problem = {d, all / (d * d), glue_real(m, (R_xlen_t)all, "m"), glue_real1(tau, "tau")};
  double value;
  SEXP gradient = PROTECT(glue_matrix(d, d));
  lmr_error err;
  glue_check(sparse_value(&problem, glue_real1(eps, "eps"), glue_real(b, (R_xlen_t)(d * d), "b"), &value,
                          REAL(gradient), glue_arena(sparse_value_bytes(&problem)), &err), &err);
  SEXP out = glue_list(2, "value", PROTECT(Rf_ScalarReal(value)), "gradient", gradient);
  UNPROTECT(2);
  return out;
}

const R_CallMethodDef glue_test_encoder_calls[] = {
  GLUE_CALL(ffi_test_sparse_value, 4),
  {NULL, NULL, 0}
};
