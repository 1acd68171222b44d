#include "core/moments/moment_view.h"
#include "core/moments/partial.h"
#include "core/effect/reml.h"
#include "core/moments/scores.h"
#include "glue.h"
#include "glue_moment_view.h"

#include <string.h>

moment_view glue_moment_view(SEXP view) {
  SEXP n = VECTOR_ELT(view, 0), mean = VECTOR_ELT(view, 1), cross = VECTOR_ELT(view, 2);
  const R_xlen_t environments = Rf_xlength(n), width = Rf_nrows(mean);
  glue_real(n, environments, "n");
  glue_real(mean, width * environments, "mean");
  if (TYPEOF(cross) != VECSXP || Rf_xlength(cross) != environments)
    Rf_error("internal: `cross` must be a list, one matrix per environment");
  const double **pointers = (const double **)R_alloc((size_t)environments + 1, sizeof *pointers);
  for (R_xlen_t e = 0; e < environments; e++)
    pointers[e] = glue_real(VECTOR_ELT(cross, e), width * width, "cross");
  const moment_view v = {(size_t)environments, (size_t)width, REAL(n), REAL(mean), pointers};
  return v;
}

/* inner, common: width x k maps (see core/moments/partial.h). */
static SEXP ffi_partial(SEXP view, SEXP inner, SEXP common) {
  const moment_view v = glue_moment_view(view);
  const R_xlen_t w = (R_xlen_t)v.width;
  const partial_block block = {glue_real(inner, w * Rf_ncols(inner), "inner"),
                               glue_real(common, w * Rf_ncols(common), "common"),
                               (size_t)Rf_ncols(inner), (size_t)Rf_ncols(common)};
  SEXP residual = PROTECT(Rf_allocMatrix(REALSXP, (int)w, (int)w));
  SEXP inner_kept = PROTECT(Rf_allocMatrix(LGLSXP, Rf_ncols(inner), (int)v.environments));
  SEXP common_kept = PROTECT(Rf_allocVector(LGLSXP, Rf_ncols(common)));
  size_t rank;
  lmr_error err;
  glue_check(partial_out(&v, &block, REAL(residual), LOGICAL(inner_kept), LOGICAL(common_kept), &rank,
                         glue_arena(partial_bytes(v.width, &block)), &err), &err);
  SEXP rank_ = PROTECT(Rf_ScalarReal((double)rank));
  SEXP out = glue_list(4, "residual", residual, "inner_kept", inner_kept, "common_kept", common_kept,
                       "rank", rank_);
  UNPROTECT(4);
  return out;
}

/* variance: sums of squares before C; x, y: 1-based columns of exposure and outcome;
 * df_before: n - rank of C. */
static SEXP ffi_scores(SEXP residual, SEXP variance, SEXP p_, SEXP x, SEXP y, SEXP directions,
                       SEXP df_before) {
  const int w = Rf_nrows(residual), p = glue_int1(p_, "p");
  const int m = Rf_isNull(directions) ? p : Rf_ncols(directions);
  glue_real(residual, (R_xlen_t)w * w, "residual");
  const double *d = Rf_isNull(directions) ? NULL : glue_real(directions, (R_xlen_t)p * m, "directions");
  SEXP g = PROTECT(Rf_allocMatrix(REALSXP, 2, m)), kept = PROTECT(Rf_allocVector(LGLSXP, m));
  SEXP total = PROTECT(Rf_allocMatrix(REALSXP, 2, 2)), om = PROTECT(Rf_allocMatrix(REALSXP, 2, 2));
  size_t n_kept;
  double b, se;
  lmr_error err;
  glue_check(scores(REAL(residual), glue_real(variance, w, "variance"), (size_t)w, (size_t)p,
                    (size_t)glue_int1(x, "x") - 1, (size_t)glue_int1(y, "y") - 1, d, (size_t)m,
                    REAL(g), LOGICAL(kept), &n_kept, REAL(total), glue_arena(scores_bytes((size_t)p, (size_t)m)), &err), &err);
  const double df = glue_real1(df_before, "df_before") - (double)n_kept;
  scores_noise(REAL(g), (size_t)m, REAL(total), df, REAL(om));
  scores_nagar(REAL(g), (size_t)m, n_kept, REAL(om), &b, &se);
  SEXP nagar = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(nagar)[0] = b;
  REAL(nagar)[1] = se;
  SEXP n_ = PROTECT(Rf_ScalarReal((double)n_kept)), df_ = PROTECT(Rf_ScalarReal(df));
  SEXP out = glue_list(7, "g", g, "kept", kept, "n_kept", n_, "total", total, "noise", om, "df", df_,
                       "nagar", nagar);
  UNPROTECT(7);
  return out;
}

/* variant: 1-based positions of full-rank instruments. */
static SEXP ffi_nagar_only(SEXP residual, SEXP variant, SEXP x, SEXP y, SEXP df_before) {
  const int w = Rf_nrows(residual);
  const size_t m = (size_t)Rf_xlength(variant);
  const int *given = glue_int(variant, -1, "variant");
  int *zero_based = glue_alloc(m, sizeof *zero_based);
  for (size_t j = 0; j < m; j++) zero_based[j] = given[j] - 1;
  double b;
  lmr_error err;
  glue_check(scores_nagar_only(glue_real(residual, (R_xlen_t)w * w, "residual"), (size_t)w, zero_based, m,
                               (size_t)glue_int1(x, "x") - 1, (size_t)glue_int1(y, "y") - 1,
                               glue_real1(df_before, "df_before"), &b,
                               glue_arena(scores_nagar_only_bytes(m)), &err), &err);
  return Rf_ScalarReal(b);
}

static SEXP ffi_reml(SEXP g, SEXP kept, SEXP lambda, SEXP om, SEXP g0, SEXP lead, SEXP om0, SEXP b0) {
  const R_xlen_t m = Rf_ncols(g), m0 = Rf_ncols(g0);
  if (TYPEOF(kept) != LGLSXP || Rf_xlength(kept) != m) Rf_error("internal: `kept` must be logical");
  reml_fit fits[REML_FITS];
  lmr_error err;
  double *work = glue_alloc((size_t)(4 * m), sizeof *work);
  glue_check(reml(glue_real(g, 2 * m, "g"), LOGICAL(kept), (size_t)m, glue_real(lambda, m, "lambda"),
                  glue_real(om, 4, "om"), glue_real(g0, 2 * m0, "g0"), (size_t)m0,
                  (size_t)glue_int1(lead, "lead"), glue_real(om0, 4, "om0"), glue_real1(b0, "b0"), fits,
                  work, &err), &err);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, REML_FITS, 10));
  for (int i = 0; i < REML_FITS; i++) {
    const reml_fit *f = fits + i;
    const double row[10] = {f->theta, f->se, f->loglik, f->g, f->psi, f->tau2, f->structure_share,
                           f->pleiotropy_share, (double)f->converged, f->weight};
    for (int j = 0; j < 10; j++) REAL(out)[i + j * REML_FITS] = row[j];
  }
  UNPROTECT(1);
  return out;
}

/* Penalised log-likelihood with its gradient and Hessian, for the tests. */
static SEXP ffi_test_reml(SEXP g, SEXP w, SEXP om, SEXP d, SEXP mean_w, SEXP par) {
  const R_xlen_t m = Rf_ncols(g);
  const double *o = glue_real(om, 3, "om"), *dd = glue_real(d, 2, "d");
  const reml_problem problem = {glue_real(g, 2 * m, "g"), glue_real(w, m, "w"), (size_t)m,
                                {o[0], o[1], o[2]}, {dd[0], dd[1]}, glue_real1(mean_w, "mean_w")};
  SEXP gradient = PROTECT(Rf_allocVector(REALSXP, 4)), hessian = PROTECT(Rf_allocMatrix(REALSXP, 4, 4));
  SEXP value = PROTECT(Rf_ScalarReal(
    reml_loglik(&problem, glue_real(par, 4, "par"), REAL(gradient), REAL(hessian))));
  SEXP out = glue_list(3, "value", value, "gradient", gradient, "hessian", hessian);
  UNPROTECT(3);
  return out;
}

/* t(map) a map of the leading rows and columns of a symmetric matrix. */
static SEXP ffi_turn(SEXP a, SEXP map) {
  const size_t w = (size_t)Rf_nrows(a), p = (size_t)Rf_nrows(map), m = (size_t)Rf_ncols(map);
  glue_real(a, (R_xlen_t)(w * w), "a");
  glue_real(map, (R_xlen_t)(p * m), "map");
  if (p > w) Rf_error("internal: `map` has more rows than `a`");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)m));
  double *half = glue_alloc(p * m + 1, sizeof *half);
  lmr_error err;
  if (p && m) {
    glue_check(la_gemm('N', 'N', p, m, p, 1, REAL(a), w, REAL(map), p, 0, half, p, &err), &err);
    glue_check(la_gemm('T', 'N', m, m, p, 1, REAL(map), p, half, p, 0, REAL(out), m, &err), &err);
  }
  UNPROTECT(1);
  return out;
}

/* Moments of an environment without one block of its people. */
static SEXP ffi_moment_delete(SEXP n, SEXP mean, SEXP cross, SEXP block_n, SEXP block_sum, SEXP block_cross) {
  const R_xlen_t w = Rf_xlength(mean);
  glue_real(cross, w * w, "cross");
  SEXP new_mean = PROTECT(Rf_duplicate(glue_real(mean, w, "mean") ? mean : R_NilValue));
  SEXP new_cross = PROTECT(Rf_duplicate(cross));
  double left = glue_real1(n, "n");
  lmr_error err;
  glue_check(moment_delete(&left, REAL(new_mean), REAL(new_cross), (size_t)w, glue_real1(block_n, "block_n"),
                           glue_real(block_sum, w, "block_sum"), glue_real(block_cross, w * w, "block_cross"),
                           glue_alloc((size_t)w, sizeof(double)), &err), &err);
  SEXP left_ = PROTECT(Rf_ScalarReal(left));
  SEXP out = glue_list(3, "n", left_, "mean", new_mean, "cross", new_cross);
  UNPROTECT(3);
  return out;
}

const R_CallMethodDef glue_moment_view_calls[] = {
  GLUE_CALL(ffi_partial, 3),
  GLUE_CALL(ffi_scores, 7),
  GLUE_CALL(ffi_nagar_only, 5),
  GLUE_CALL(ffi_reml, 8),
  GLUE_CALL(ffi_test_reml, 6),
  GLUE_CALL(ffi_turn, 2),
  GLUE_CALL(ffi_moment_delete, 6),
  {NULL, NULL, 0}
};
