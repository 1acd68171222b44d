/* Entry points that exist for the tests: parts of the encoders. */
#include "core/effect/joint_law.h"
#include "core/effect/reml.h"
#include "core/encoder/sparse_shift.h"
#include "glue.h"

/* m: d x d x pairs. list(value, gradient) at b. */
static SEXP ffi_test_sparse_value(SEXP m, SEXP tau, SEXP eps, SEXP b) {
  const size_t d = (size_t)glue_nrow(b), all = (size_t)Rf_xlength(m);
  const sparse_problem problem = {d, all / (d * d), glue_real(m, (R_xlen_t)all, "m"), glue_real1(tau, "tau"), .001};
  double value;
  SEXP gradient = PROTECT(glue_matrix(d, d));
  lmr_error err;
  glue_check(sparse_value(&problem, glue_real1(eps, "eps"), glue_real(b, (R_xlen_t)(d * d), "b"), &value,
                          REAL(gradient), glue_arena(sparse_value_bytes(&problem)), &err), &err);
  SEXP out = glue_list(2, "value", PROTECT(Rf_ScalarReal(value)), "gradient", gradient);
  UNPROTECT(2);
  return out;
}

static reml_problem test_reml(SEXP g, SEXP w, SEXP s, SEXP om, SEXP d, SEXP mean_w) {
  const R_xlen_t m = glue_ncol(g);
  const double *o = glue_real(om, 3, "om"), *dd = glue_real(d, 2, "d");
  const reml_problem problem = {glue_real(g, 2 * m, "g"), glue_real(w, m, "w"), glue_real(s, m, "s"), (size_t)m,
                                {o[0], o[1], o[2]}, {dd[0], dd[1]}, glue_real1(mean_w, "mean_w")};
  return problem;
}

/* Penalised log-likelihood with its gradient and Hessian. */
static SEXP ffi_test_reml(SEXP g, SEXP w, SEXP s, SEXP om, SEXP d, SEXP mean_w, SEXP par) {
  const reml_problem problem = test_reml(g, w, s, om, d, mean_w);
  SEXP gradient = PROTECT(Rf_allocVector(REALSXP, 4)), hessian = PROTECT(Rf_allocMatrix(REALSXP, 4, 4));
  SEXP value = PROTECT(Rf_ScalarReal(
    reml_loglik(&problem, glue_real(par, 4, "par"), REAL(gradient), REAL(hessian))));
  SEXP out = glue_list(3, "value", value, "gradient", gradient, "hessian", hessian);
  UNPROTECT(3);
  return out;
}

/* The top above a start. */
static SEXP ffi_test_reml_climb(SEXP g, SEXP w, SEXP s, SEXP om, SEXP d, SEXP mean_w, SEXP start) {
  const reml_problem problem = test_reml(g, w, s, om, d, mean_w);
  int converged;
  glue_real(start, 4, "start");
  SEXP par = PROTECT(Rf_duplicate(start));
  SEXP value = PROTECT(Rf_ScalarReal(reml_climb(&problem, REAL(par), &converged)));
  SEXP reached = PROTECT(Rf_ScalarLogical(converged));
  SEXP out = glue_list(3, "par", par, "value", value, "converged", reached);
  UNPROTECT(3);
  return out;
}

/* sample, law: list(n, mean = size x E, cov = size x (size E)) in v. list(value, design of each environment). */
static SEXP ffi_test_joint(SEXP sample, SEXP law, SEXP touched, SEXP exposures) {
  const size_t q = (size_t)glue_nrow(glue_field(law, "mean")), count = (size_t)glue_ncol(touched), all = q * count;
  const joint_shape s = {(size_t)glue_nrow(touched), q, glue_size1(exposures, "exposures"), count,
                         glue_field_real(sample, "n", (R_xlen_t)count),
                         glue_int(touched, Rf_xlength(touched), "touched")};
  const joint_state at = {NULL, glue_field_real(sample, "mean", (R_xlen_t)all), glue_field_real(sample, "cov", (R_xlen_t)(all * q)),
                          glue_field_real(law, "mean", (R_xlen_t)all), glue_field_real(law, "cov", (R_xlen_t)(all * q))};
  double value;
  lmr_error err;
  glue_check(joint_value(&s, &at, &value, glue_arena(joint_value_bytes(&s)), &err), &err);
  SEXP designs = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)count));
  for (size_t e = 0; e < count; e++) {
    SEXP one = glue_matrix(joint_rows(&s), joint_own(&s, e) + joint_shared(&s) + 1);
    SET_VECTOR_ELT(designs, (R_xlen_t)e, one);
    glue_check(joint_design(&s, &at, e, REAL(one), glue_arena(joint_design_bytes(&s)), &err), &err);
  }
  SEXP out = glue_list(2, "value", PROTECT(Rf_ScalarReal(value)), "designs", designs);
  UNPROTECT(2);
  return out;
}

const R_CallMethodDef glue_test_encoder_calls[] = {
  GLUE_CALL(ffi_test_sparse_value, 4),
  GLUE_CALL(ffi_test_joint, 4),
  GLUE_CALL(ffi_test_reml, 7),
  GLUE_CALL(ffi_test_reml_climb, 7),
  {NULL, NULL, 0}
};
