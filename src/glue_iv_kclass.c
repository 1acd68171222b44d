/* k-class estimators, their tests and Anderson-Rubin sets, from cross products alone. */
#include "core/iv/ar_set.h"
#include "core/iv/kclass.h"
#include "glue.h"

static kclass_moments moments(SEXP r0, SEXP r1, SEXP sizes) {
  const R_xlen_t q = glue_nrow(r0);
  const double *s = glue_real(sizes, 3, "sizes");
  if (q < 1) glue_stop("internal: cross products of nothing");
  kclass_moments m = {glue_real(r0, q * q, "r0"), glue_real(r1, q * q, "r1"), (size_t)q - 1, s[0], s[1], s[2]};
  return m;
}

static SEXP ffi_kclass_liml(SEXP r0, SEXP r1, SEXP sizes) {
  const kclass_moments m = moments(r0, r1, sizes);
  double kappa = 0;
  lmr_error err;
  glue_check(kclass_liml(&m, &kappa, glue_arena(kclass_bytes(m.k)), &err), &err);
  return Rf_ScalarReal(kappa);
}

static SEXP ffi_kclass_fit(SEXP r0, SEXP r1, SEXP sizes, SEXP kappa) {
  const kclass_moments m = moments(r0, r1, sizes);
  const int k = (int)m.k;
  SEXP b = PROTECT(Rf_allocVector(REALSXP, k)), vcov = PROTECT(Rf_allocMatrix(REALSXP, k, k));
  SEXP s2 = PROTECT(Rf_allocVector(REALSXP, 1));
  lmr_error err;
  glue_check(kclass_fit(&m, glue_real1(kappa, "kappa"), REAL(b), REAL(vcov), REAL(s2),
                        glue_arena(kclass_bytes(m.k)), &err), &err);
  SEXP out = glue_list(3, "coefficients", b, "vcov", vcov, "s2", s2);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_kclass_nagar(SEXP r0, SEXP r1, SEXP sizes) {
  const kclass_moments m = moments(r0, r1, sizes);
  SEXP h = PROTECT(Rf_allocMatrix(REALSXP, (int)m.k, (int)m.k)), g = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)m.k));
  kclass_nagar(&m, REAL(h), REAL(g));
  SEXP out = glue_list(2, "h", h, "g", g);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_kclass_bekker(SEXP r0, SEXP r1, SEXP sizes, SEXP b) {
  const kclass_moments m = moments(r0, r1, sizes);
  SEXP vcov = PROTECT(Rf_allocMatrix(REALSXP, (int)m.k, (int)m.k));
  lmr_error err;
  glue_check(kclass_bekker(&m, glue_real(b, (R_xlen_t)m.k, "b"), REAL(vcov),
                           glue_arena(kclass_bytes(m.k)), &err), &err);
  UNPROTECT(1);
  return vcov;
}

static SEXP ffi_kclass_test(SEXP r0, SEXP r1, SEXP sizes, SEXP b) {
  const kclass_moments m = moments(r0, r1, sizes);
  SEXP f = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)m.k));
  kclass_tests t;
  lmr_error err;
  glue_check(kclass_test(&m, glue_real(b, (R_xlen_t)m.k, "b"), REAL(f), &t,
                         glue_arena(kclass_bytes(m.k)), &err), &err);
  SEXP sargan = PROTECT(Rf_ScalarReal(t.sargan)), basmann = PROTECT(Rf_ScalarReal(t.basmann));
  SEXP wu = PROTECT(Rf_ScalarReal(t.wu_hausman)), cd = PROTECT(Rf_ScalarReal(t.cragg_donald));
  SEXP df = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(df)[0] = t.wu_df1;
  REAL(df)[1] = t.wu_df2;
  SEXP out = glue_list(6, "partial_f", f, "sargan", sargan, "basmann", basmann, "wu_hausman", wu,
                       "wu_df", df, "cragg_donald", cd);
  UNPROTECT(6);
  return out;
}

/* variable: 0-based; with several the set is projected on its axis. */
static SEXP ffi_ar_set(SEXP r0, SEXP r1, SEXP sizes, SEXP crit, SEXP variable) {
  const kclass_moments m = moments(r0, r1, sizes);
  const double c = glue_real1(crit, "crit");
  ar_set set;
  lmr_error err;
  if (m.k == 1) glue_check(ar_confidence_set(&m, c, &set, &err), &err);
  else
    glue_check(ar_projected_set(&m, c, glue_size1(variable, "variable"), &set,
                                glue_arena(ar_projected_bytes(m.k)), &err), &err);
  SEXP type = PROTECT(Rf_ScalarInteger((int)set.type));
  SEXP lo = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)set.pieces));
  SEXP up = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)set.pieces));
  for (size_t i = 0; i < set.pieces; i++) {
    REAL(lo)[i] = set.lo[i];
    REAL(up)[i] = set.up[i];
  }
  SEXP out = glue_list(3, "type", type, "lo", lo, "up", up);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_ar_statistic(SEXP r0, SEXP r1, SEXP sizes, SEXP b) {
  const kclass_moments m = moments(r0, r1, sizes);
  double f = 0;
  lmr_error err;
  glue_check(ar_statistic(&m, glue_real(b, (R_xlen_t)m.k, "b"), &f, &err), &err);
  return Rf_ScalarReal(f);
}

const R_CallMethodDef glue_iv_kclass_calls[] = {
  GLUE_CALL(ffi_kclass_liml, 3),
  GLUE_CALL(ffi_kclass_fit, 4),
  GLUE_CALL(ffi_kclass_bekker, 4),
  GLUE_CALL(ffi_kclass_nagar, 3),
  GLUE_CALL(ffi_kclass_test, 4),
  GLUE_CALL(ffi_ar_set, 5),
  GLUE_CALL(ffi_ar_statistic, 4),
  {NULL, NULL, 0}
};
