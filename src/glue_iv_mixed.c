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
  glue_check(mixed_evaluate(&o, glue_real(variance, (R_xlen_t)o.terms + 1, "variance"), &point,
                            glue_arena(mixed_bytes(o.n, o.c)), NULL, &err), &err);
  return point_list(&point, o.terms + 1, variance, 0);
}

/* In place, for a second matrix of n x n would be as large again: mean := (before mean + x x') / after, the mean of
 * outer products of columns when that of `before` of them was there. */
static SEXP ffi_mean_product(SEXP mean_, SEXP x, SEXP before_, SEXP after_) {
  const size_t n = (size_t)glue_nrow(x), m = (size_t)glue_ncol(x);
  const double *a = glue_real(x, (R_xlen_t)(n * m), "x"), before = glue_real1(before_, "before"), after = glue_real1(after_, "after");
  double *mean = REAL(mean_);
  if (MAYBE_SHARED(mean_) || TYPEOF(mean_) != REALSXP || Rf_xlength(mean_) != (R_xlen_t)(n * n))
    glue_stop("internal: a mean that others hold, or of another size");
  if (!m) return R_NilValue;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(la_syrk_polled('N', n, m, 1 / after, a, n, before / after, mean, n, &tick, &err), &err);
  la_symmetrize(mean, n, n);
  return R_NilValue;
}

const R_CallMethodDef glue_iv_mixed_calls[] = {
  GLUE_CALL(ffi_mixed_reml, 3),
  GLUE_CALL(ffi_mixed_whiten, 3),
  GLUE_CALL(ffi_mean_product, 4),
  GLUE_CALL(ffi_test_mixed_point, 4),
  {NULL, NULL, 0}
};
