/* The losses of the autoencoder as the tests call them. */
#include "core/autoencoder/code_turn.h"
#include "core/base/rng.h"
#include "glue_autoencoder.h"

/* start[environments + 1]: the first row of each environment, and one past the last. */
static const size_t *first_rows(SEXP start, size_t *environments) {
  const int *from = glue_int(start, -1, "start");
  *environments = (size_t)Rf_xlength(start) - 1;
  size_t *begin = glue_alloc(*environments + 1, sizeof *begin);
  for (size_t e = 0; e <= *environments; e++) begin[e] = (size_t)from[e];
  return begin;
}

static SEXP ffi_ae_length(SEXP shape) {
  const ae_shape s = glue_ae_shape(shape);
  return Rf_ScalarReal((double)ae_length(&s));
}

/* All rows as one batch, in double or single precision: list(terms, gradient). */
static SEXP ffi_ae_loss(SEXP shape, SEXP data, SEXP options, SEXP theta, SEXP single, SEXP level_) {
  const ae_shape s = glue_ae_shape(shape);
  const ae_data d = glue_ae_data(data, &s);
  const ae_options o = glue_ae_options(options, &s, d.environments);
  const double *th = glue_real(theta, (R_xlen_t)ae_length(&s), "theta");
  const lmr_cpu level = (lmr_cpu)glue_int1(level_, "level");
  SEXP gradient = PROTECT(Rf_allocVector(REALSXP, Rf_xlength(theta)));
  ae_terms t;
  lmr_error err;
  if (glue_int1(single, "single"))
    glue_check(ae_loss_f32(&s, &d, &o, th, &t, REAL(gradient), level, glue_arena(ae_loss_f32_bytes(&s, &d, &o)), &err), &err);
  else
    glue_check(ae_loss_f64(&s, &d, &o, th, &t, REAL(gradient), level, glue_arena(ae_loss_f64_bytes(&s, &d, &o)), &err), &err);
  SEXP terms = PROTECT(Rf_allocVector(REALSXP, 7));
  const double v[7] = {t.total, t.reconstruction, t.related, t.code.mmd, t.code.hsic_within, t.code.hsic_pooled, t.code.logdet};
  for (int k = 0; k < 7; k++) REAL(terms)[k] = v[k];
  SEXP out = glue_list(2, "terms", terms, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

/* The penalties alone: rows environment by environment, start[environments + 1];
 * options: degree, weights of mmd, hsic, entropy, single. list(terms, gradient). */
static SEXP ffi_code_loss(SEXP s, SEXP invariant, SEXP start, SEXP options, SEXP level) {
  const size_t n = (size_t)glue_nrow(s), d = (size_t)glue_ncol(s), m = glue_size1(invariant, "invariant");
  const double *o = glue_real(options, 5, "options");
  size_t environments;
  const size_t *begin = first_rows(start, &environments);
  const code_penalty p = {m, d - m, environments, (int)o[0], code_gamma(m), d > m ? code_gamma(d - m) : 1, o[4] > 0, o[1], o[2], o[3]};
  code_terms t;
  SEXP gradient = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d));
  lmr_error err;
  glue_check(code_loss(&p, n, begin, glue_real(s, (R_xlen_t)(n * d), "s"), &t, REAL(gradient),
                       (lmr_cpu)glue_int1(level, "level"), glue_arena(code_loss_bytes(&p, n)), &err), &err);
  SEXP terms = PROTECT(Rf_allocVector(REALSXP, 4));
  REAL(terms)[0] = t.mmd;
  REAL(terms)[1] = t.hsic_within;
  REAL(terms)[2] = t.hsic_pooled;
  REAL(terms)[3] = t.logdet;
  SEXP out = glue_list(2, "terms", terms, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

/* The turn alone: options: degree, weights of mmd and hsic, tries, seed.
 * list(mean, map, back, value). */
static SEXP ffi_code_turn(SEXP u, SEXP invariant, SEXP start, SEXP options, SEXP level) {
  const size_t n = (size_t)glue_nrow(u), d = (size_t)glue_ncol(u), m = glue_size1(invariant, "invariant");
  const double *o = glue_real(options, 5, "options");
  size_t environments;
  const size_t *begin = first_rows(start, &environments);
  const code_penalty p = {m, d - m, environments, (int)o[0], 1, 1, 0, o[1], o[2], 0};
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)o[4], 0);
  SEXP mean = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)d));
  SEXP map = PROTECT(Rf_allocMatrix(REALSXP, (int)d, (int)d)), back = PROTECT(Rf_allocMatrix(REALSXP, (int)d, (int)d));
  double value;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(code_turn(&p, n, begin, glue_real(u, (R_xlen_t)(n * d), "u"), (size_t)o[3], &rng, REAL(mean),
                       REAL(map), REAL(back), &value, (lmr_cpu)glue_int1(level, "level"),
                       glue_arena(code_turn_bytes(&p, n)), &tick, &err), &err);
  SEXP reached = PROTECT(Rf_ScalarReal(value));
  SEXP out = glue_list(4, "mean", mean, "map", map, "back", back, "value", reached);
  UNPROTECT(4);
  return out;
}

const R_CallMethodDef glue_test_autoencoder_calls[] = {
  GLUE_CALL(ffi_ae_length, 1),
  GLUE_CALL(ffi_ae_loss, 6),
  GLUE_CALL(ffi_code_loss, 5),
  GLUE_CALL(ffi_code_turn, 5),
  {NULL, NULL, 0}
};
