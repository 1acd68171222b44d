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

/* group: 0-based, rising; own: a row for each of them. NULL where the others do not determine all that everybody did. */
static SEXP ffi_iv_hat_without(SEXP hat, SEXP group, SEXP own) {
  const R_xlen_t n = glue_nrow(hat), m = Rf_xlength(group), c = glue_ncol(own);
  const double *from = glue_real(hat, n * n, "hat"), *columns = glue_real(own, m * c, "own");
  const int *at = glue_places(group, -1, (size_t)n, "group");
  for (R_xlen_t i = 1; i < m; i++)
    if (at[i] <= at[i - 1]) glue_stop("internal: people of a group do not rise");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)(n - m), (int)(n - m)));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const glue_work work = glue_work_take(iv_hat_without_bytes((size_t)n, (size_t)m));
  const lmr_status status =
      iv_hat_without(from, (size_t)n, at, (size_t)m, columns, (size_t)c, REAL(out), work.arena, &tick, &err);
  glue_work_give(&work);
  if (status != LMR_ESINGULAR) glue_check(status, &err);
  UNPROTECT(1);
  return status == LMR_ESINGULAR ? R_NilValue : out;
}

const R_CallMethodDef glue_iv_hat_calls[] = {
  GLUE_CALL(ffi_iv_hat, 3),
  GLUE_CALL(ffi_iv_hat_without, 3),
  {NULL, NULL, 0}
};
