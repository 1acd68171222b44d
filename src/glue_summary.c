/* Estimators on summary data that need a loop. */
#include "core/effect/weighted_median.h"
#include "glue.h"

static SEXP ffi_weighted_median(SEXP x, SEXP sx, SEXP y, SEXP sy, SEXP w, SEXP draws, SEXP seed) {
  const R_xlen_t m = Rf_xlength(x);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 2));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(weighted_median_bootstrap(glue_real(x, m, "x"), glue_real(sx, m, "sx"), glue_real(y, m, "y"),
                                       glue_real(sy, m, "sy"), glue_real(w, m, "w"), (size_t)m,
                                       (size_t)glue_int1(draws, "draws"), (uint64_t)glue_int1(seed, "seed"),
                                       REAL(out), REAL(out) + 1,
                                       glue_arena(weighted_median_bootstrap_bytes((size_t)m)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_summary_calls[] = {
  GLUE_CALL(ffi_weighted_median, 7),
  {NULL, NULL, 0}
};
