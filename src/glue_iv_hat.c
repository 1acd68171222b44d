/* Projections over all pairs of people (src/core/iv/iv_hat.h). */
#include "core/iv/iv_hat.h"
#include "glue.h"
#include "glue_iv.h"

/* Returns hat, w. */
static SEXP ffi_iv_hat(SEXP rows, SEXP r, SEXP level) {
  const iv_data d = glue_iv_model(rows, r, NULL);
  const int n = (int)d.instruments.n;
  SEXP hat = PROTECT(Rf_allocMatrix(REALSXP, n, n)), w = PROTECT(Rf_allocMatrix(REALSXP, n, (int)d.K));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  const glue_work work = glue_work_take(iv_hat_bytes(&d));
  const lmr_status status = iv_hat(&d, REAL(hat), REAL(w), cpu, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  SEXP out = glue_list(2, "hat", hat, "w", w);
  UNPROTECT(2);
  return out;
}

/* at: 0-based, rising; own: a row for each of the others. NULL where those at `at` do not determine all that everybody
 * did. */
static SEXP ffi_iv_hat_lift(SEXP hat, SEXP at, SEXP own) {
  const R_xlen_t n = glue_nrow(hat), others = Rf_xlength(at), m = n - others, c = glue_ncol(own);
  const double *from = glue_real(hat, n * n, "hat"), *columns = glue_real(own, m * c, "own");
  const int *places = glue_rising(at, (size_t)n, "at");
  SEXP lift = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)others));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const glue_work work = glue_work_take(iv_hat_lift_bytes((size_t)m));
  const lmr_status status = iv_hat_lift(from, (size_t)n, places, (size_t)others, columns, (size_t)c, REAL(lift),
                                        work.arena, &tick, &err);
  glue_work_give(&work);
  if (status != LMR_ESINGULAR) glue_check(status, &err);
  UNPROTECT(1);
  return status == LMR_ESINGULAR ? R_NilValue : lift;
}

const R_CallMethodDef glue_iv_hat_calls[] = {
  GLUE_CALL(ffi_iv_hat, 3),
  GLUE_CALL(ffi_iv_hat_lift, 3),
  {NULL, NULL, 0}
};
