/* iv_curve(), solver "adam". */
#include "core/curve/curve_adam.h"
#include "glue.h"

#include <string.h>

static double *by_row(SEXP x) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  const double *from = glue_real(x, -1, "x");
  double *to = glue_alloc(n * d + 1, sizeof *to);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < d; k++) to[i * d + k] = from[i + k * n];
  return to;
}

/* options: width, batch, steps, inner, rate, beta1, beta2, lambda, r1, r2, langevin,
 * mean field. first, second: 0-based rows of the stages. */
static SEXP ffi_adam_fit(SEXP y, SEXP a, SEXP z, SEXP first, SEXP second, SEXP options, SEXP seed,
                         SEXP progress, SEXP level) {
  const double *o = glue_real(options, 12, "options");
  const adam_options opt = {(size_t)o[0], (size_t)o[1], (size_t)o[2], (size_t)o[3], o[4], o[5],
                            o[6], o[7], o[8], o[9], o[10], o[11] > 0};
  const adam_rows rows = {(size_t)Rf_xlength(y), (size_t)Rf_ncols(a), (size_t)Rf_ncols(z), glue_real(y, -1, "y"),
                          by_row(a), by_row(z), glue_int(first, -1, "first"), glue_int(second, -1, "second"),
                          (size_t)Rf_xlength(first), (size_t)Rf_xlength(second)};
  const curve_net net = curve_net_shape(rows.da, opt.width, opt.mean_field);
  SEXP theta = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)net.length));
  SEXP history = PROTECT(Rf_allocMatrix(REALSXP, ADAM_HISTORY, 3));
  for (R_xlen_t i = 0; i < 3 * ADAM_HISTORY; i++) REAL(history)[i] = NA_REAL;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  lmr_error err;
  glue_check(adam_fit((lmr_cpu)glue_int1(level, "level"), &rows, &opt, (uint64_t)glue_int1(seed, "seed"),
                      REAL(theta), REAL(history), &tick, glue_arena(adam_bytes(&rows, &opt)), &err), &err);
  SEXP list = glue_list(2, "theta", theta, "history", history);
  UNPROTECT(2);
  return list;
}

/* The treatment net at rows of x, or its derivative along the first input. */
static SEXP ffi_adam_at(SEXP theta, SEXP x, SEXP width, SEXP mean_field, SEXP derivative) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  const curve_net net = curve_net_shape(d, (size_t)glue_int1(width, "width"), glue_int1(mean_field, "mean_field"));
  const double *th = glue_real(theta, (R_xlen_t)net.length, "theta");
  double *hidden = glue_alloc(n * net.stride + 1, sizeof *hidden);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  curve_net_forward(&net, th, n, by_row(x), hidden, REAL(out));
  if (glue_int1(derivative, "derivative")) curve_net_slope(&net, th, n, hidden, REAL(out));
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_adam_calls[] = {
  GLUE_CALL(ffi_adam_fit, 9),
  GLUE_CALL(ffi_adam_at, 5),
  {NULL, NULL, 0}
};
