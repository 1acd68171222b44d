/* Variance components of rows, and rows made independent with them. */
#include "core/iv/mixed.h"
#include "core/la/la.h"
#include "glue.h"

#include <string.h>

/* terms: a list of matrices n x n and of integers, a group for each row. */
static size_t terms_of(SEXP terms, size_t n, mixed_term *out) {
  const R_xlen_t count = Rf_xlength(terms);
  if (count < 1 || count > MIXED_TERMS) glue_stop("internal: %d terms", (int)count);
  for (R_xlen_t k = 0; k < count; k++) {
    SEXP one = glue_part(terms, count, k, "terms");
    out[k].dense = NULL;
    out[k].group = NULL;
    if (TYPEOF(one) == INTSXP) {
      out[k].group = glue_int(one, (R_xlen_t)n, "terms");
    } else {
      if ((size_t)glue_nrow(one) != n) glue_stop("internal: a term of %d rows", glue_nrow(one));
      out[k].dense = glue_real(one, (R_xlen_t)(n * n), "terms");
    }
  }
  return (size_t)count;
}

static mixed_problem problem_of(SEXP y, SEXP w, SEXP terms, mixed_term *out) {
  mixed_problem o = {0};
  o.n = (size_t)Rf_xlength(y);
  o.y = glue_real(y, -1, "y");
  o.c = (size_t)glue_ncol(w);
  o.w = glue_real(w, (R_xlen_t)(o.n * o.c), "w");
  o.terms = terms_of(terms, o.n, out);
  o.term = out;
  return o;
}

static SEXP point_list(const mixed_point *point, size_t parts, SEXP variance, int iterations) {
  SEXP score = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)parts));
  SEXP information = PROTECT(Rf_allocMatrix(REALSXP, (int)parts, (int)parts));
  memcpy(REAL(score), point->score, parts * sizeof(double));
  memcpy(REAL(information), point->information, parts * parts * sizeof(double));
  SEXP loglik = PROTECT(Rf_ScalarReal(point->loglik)), steps = PROTECT(Rf_ScalarInteger(iterations));
  SEXP out = glue_list(5, "variance", variance, "loglik", loglik, "score", score, "information", information,
                       "iterations", steps);
  UNPROTECT(4);
  return out;
}

static SEXP ffi_mixed_reml(SEXP y, SEXP w, SEXP terms) {
  mixed_term term[MIXED_TERMS];
  const mixed_problem o = problem_of(y, w, terms, term);
  mixed_fit fit;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(mixed_reml(&o, &fit, glue_arena(mixed_bytes(o.n, o.c)), &tick, &err), &err);
  SEXP variance = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)o.terms + 1));
  memcpy(REAL(variance), fit.s, (o.terms + 1) * sizeof(double));
  SEXP out = point_list(&fit.point, o.terms + 1, variance, (int)fit.iterations);
  UNPROTECT(1);
  return out;
}

/* b: n x q. */
static SEXP ffi_mixed_whiten(SEXP terms, SEXP variance, SEXP b) {
  mixed_term term[MIXED_TERMS];
  const size_t n = (size_t)glue_nrow(b), q = (size_t)glue_ncol(b);
  const size_t count = terms_of(terms, n, term);
  SEXP out = PROTECT(glue_matrix(n, q));
  memcpy(REAL(out), glue_real(b, (R_xlen_t)(n * q), "b"), n * q * sizeof(double));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(mixed_whiten(term, count, n, glue_real(variance, (R_xlen_t)count + 1, "variance"), REAL(out), q,
                          glue_arena(mixed_whiten_bytes(n)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* For the tests: likelihood, score and information at these variances. */
static SEXP ffi_test_mixed_point(SEXP y, SEXP w, SEXP terms, SEXP variance) {
  mixed_term term[MIXED_TERMS];
  const mixed_problem o = problem_of(y, w, terms, term);
  mixed_point point;
  memset(&point, 0, sizeof point);
  lmr_error err;
  glue_check(mixed_evaluate(&o, glue_real(variance, (R_xlen_t)o.terms + 1, "variance"), 1, &point,
                            glue_arena(mixed_bytes(o.n, o.c)), NULL, &err), &err);
  return point_list(&point, o.terms + 1, variance, 0);
}

/* x x'. */
static SEXP ffi_row_products(SEXP x) {
  const size_t n = (size_t)glue_nrow(x), m = (size_t)glue_ncol(x);
  const double *a = glue_real(x, (R_xlen_t)(n * m), "x");
  SEXP out = PROTECT(glue_matrix(n, n));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  if (n && m) glue_check(la_gemm_upper('N', 'T', n, m, a, n, a, n, REAL(out), n, &tick, &err), &err);
  else memset(REAL(out), 0, n * n * sizeof(double));
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_iv_mixed_calls[] = {
  GLUE_CALL(ffi_mixed_reml, 3),
  GLUE_CALL(ffi_mixed_whiten, 3),
  GLUE_CALL(ffi_row_products, 1),
  GLUE_CALL(ffi_test_mixed_point, 4),
  {NULL, NULL, 0}
};
