/* Products of matrices by the kernels of the core: R's reference BLAS takes ten times as long. */
#include "core/la/la.h"
#include "core/la/standardise.h"
#include "glue.h"

#include <string.h>

/* a b, or t(a) b. */
static SEXP ffi_product(SEXP a, SEXP b, SEXP transposed) {
  const int turned = Rf_asLogical(transposed);
  const size_t ra = (size_t)glue_nrow(a), ca = (size_t)glue_ncol(a), k = (size_t)glue_nrow(b), n = (size_t)glue_ncol(b);
  const size_t m = turned ? ca : ra;
  if ((turned ? ra : ca) != k) glue_stop("internal: a product of %d by %d with %d by %d", (int)ra, (int)ca, (int)k, (int)n);
  const double *x = glue_real(a, -1, "a"), *y = glue_real(b, -1, "b");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)n));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  if (!k) memset(REAL(out), 0, m * n * sizeof(double));
  else glue_check(la_gemm_polled(turned ? 'T' : 'N', 'N', m, n, k, 1, x, ra ? ra : 1, y, k, 0, REAL(out), m ? m : 1, &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* t(map) a map of the leading rows and columns of a symmetric matrix. */
static SEXP ffi_turn(SEXP a, SEXP map) {
  const size_t w = (size_t)glue_nrow(a), p = (size_t)glue_nrow(map), m = (size_t)glue_ncol(map);
  glue_real(a, (R_xlen_t)(w * w), "a");
  glue_real(map, (R_xlen_t)(p * m), "map");
  if (p > w) glue_stop("internal: `map` has more rows than `a`");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)m));
  double *half = glue_alloc(p * m + 1, sizeof *half);
  lmr_error err;
  if (p && m) {
    glue_check(la_gemm('N', 'N', p, m, p, 1, REAL(a), w, REAL(map), p, 0, half, p, &err), &err);
    glue_check(la_gemm_upper('T', 'N', m, p, REAL(map), p, half, p, REAL(out), m, &err), &err);
  }
  UNPROTECT(1);
  return out;
}

static SEXP ffi_standardise(SEXP x) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d)), sd = PROTECT(Rf_allocVector(REALSXP, (int)d));
  standardise(glue_real(x, -1, "x"), n, d, REAL(out), REAL(sd));
  SEXP list = glue_list(2, "x", out, "sd", sd);
  UNPROTECT(2);
  return list;
}

const R_CallMethodDef glue_la_calls[] = {
  GLUE_CALL(ffi_product, 3),
  GLUE_CALL(ffi_turn, 2),
  GLUE_CALL(ffi_standardise, 1),
  {NULL, NULL, 0}
};
