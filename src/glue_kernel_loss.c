#include "core/feature_loss.h"
#include "core/kernel_loss.h"
#include "glue_kernel.h"

static SEXP ffi_mmd_loss(SEXP x, SEXP kernel, SEXP label, SEXP groups, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  const size_t e = (size_t)glue_int1(groups, "groups");
  size_t n;
  const int *from = glue_rows(label, e, &n);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gradient = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, (int)p.d));
  lmr_error err;
  glue_check(mmd_loss(&p, from, e, REAL(value), REAL(gradient), (lmr_cpu)glue_int1(level, "level"),
                      glue_arena(mmd_loss_bytes(p.d, e)), &err), &err);
  SEXP out = glue_list(2, "value", value, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

/* form 0 biased, 1 unbiased, 2 normalised. */
static SEXP ffi_hsic_loss(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP form, SEXP level) {
  const lmr_points a = glue_points(x, kx), b = glue_points(y, ky);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gx = PROTECT(Rf_allocMatrix(REALSXP, (int)a.n, (int)a.d)), gy = PROTECT(Rf_allocMatrix(REALSXP, (int)b.n, (int)b.d));
  lmr_error err;
  glue_check(hsic_loss(&a, &b, (hsic_form)glue_int1(form, "form"), REAL(value), REAL(gx), REAL(gy),
                       (lmr_cpu)glue_int1(level, "level"), glue_arena(hsic_loss_bytes(a.n, a.d, b.d)), &err), &err);
  SEXP out = glue_list(3, "value", value, "x", gx, "y", gy);
  UNPROTECT(3);
  return out;
}

/* The same two losses by moments, for the polynomial kernels. */
static SEXP ffi_mmd_feature_loss(SEXP x, SEXP kernel, SEXP label, SEXP groups) {
  const lmr_points p = glue_points(x, kernel);
  const size_t e = (size_t)glue_int1(groups, "groups");
  size_t n;
  const int *from = glue_rows(label, e, &n);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gradient = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, (int)p.d));
  lmr_error err;
  glue_check(mmd_feature_loss(&p, from, e, REAL(value), REAL(gradient),
                              glue_arena(mmd_feature_loss_bytes(&p, e)), &err), &err);
  SEXP out = glue_list(2, "value", value, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_hsic_feature_loss(SEXP x, SEXP kx, SEXP y, SEXP ky) {
  const lmr_points a = glue_points(x, kx), b = glue_points(y, ky);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gx = PROTECT(Rf_allocMatrix(REALSXP, (int)a.n, (int)a.d)), gy = PROTECT(Rf_allocMatrix(REALSXP, (int)b.n, (int)b.d));
  lmr_error err;
  glue_check(hsic_feature_loss(&a, &b, REAL(value), REAL(gx), REAL(gy),
                               glue_arena(hsic_feature_loss_bytes(&a, &b)), &err), &err);
  SEXP out = glue_list(3, "value", value, "x", gx, "y", gy);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_logdet_loss(SEXP x, SEXP correlation, SEXP eps) {
  const lmr_points p = glue_points(x, R_NilValue);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gradient = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, (int)p.d));
  lmr_error err;
  glue_check(logdet_loss(p.x, p.n, p.d, p.ld, glue_int1(correlation, "correlation"), glue_real1(eps, "eps"),
                         REAL(value), REAL(gradient), glue_arena(logdet_loss_bytes(p.n, p.d)), &err), &err);
  SEXP out = glue_list(2, "value", value, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

const R_CallMethodDef glue_kernel_loss_calls[] = {
  GLUE_CALL(ffi_mmd_loss, 5),
  GLUE_CALL(ffi_hsic_loss, 6),
  GLUE_CALL(ffi_mmd_feature_loss, 4),
  GLUE_CALL(ffi_hsic_feature_loss, 4),
  GLUE_CALL(ffi_logdet_loss, 3),
  {NULL, NULL, 0}
};
