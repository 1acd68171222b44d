/* The autoencoder: learn_instruments(encoder = "autoencoder"). */
#include "core/autoencoder/autoencoder.h"
#include "core/autoencoder/code_turn.h"
#include "glue.h"

/* integer[8]: inputs, outputs, invariant, variant, units, degree, binomial, related. */
static ae_shape shape_of(SEXP shape) {
  const int *s = glue_int(shape, 8, "shape");
  const ae_shape out = {(size_t)s[0], (size_t)s[1], (size_t)s[2], (size_t)s[3], (size_t)s[4], s[5], s[6], s[7]};
  return out;
}

/* list(x, target, offset, exposure or NULL, label (1-based), environments). */
static ae_data data_of(SEXP data, const ae_shape *s) {
  SEXP x = VECTOR_ELT(data, 0);
  const size_t n = (size_t)Rf_nrows(x);
  const size_t environments = (size_t)glue_int1(VECTOR_ELT(data, 5), "environments");
  const int *label = glue_int(VECTOR_ELT(data, 4), (R_xlen_t)n, "label");
  int *from = glue_alloc(n + 1, sizeof *from);
  for (size_t i = 0; i < n; i++) {
    if (label[i] < 1 || (size_t)label[i] > environments) Rf_error("internal: `label` out of range");
    from[i] = label[i] - 1;
  }
  const ae_data out = {
    n, environments, glue_real(x, (R_xlen_t)(n * s->inputs), "x"),
    glue_real(VECTOR_ELT(data, 1), (R_xlen_t)(n * s->outputs), "target"),
    glue_real(VECTOR_ELT(data, 2), (R_xlen_t)s->outputs, "offset"),
    Rf_isNull(VECTOR_ELT(data, 3)) ? NULL : glue_real(VECTOR_ELT(data, 3), (R_xlen_t)n, "exposure"), from
  };
  return out;
}

/* double[20]: in the order of autoencoder_options() in R. */
static ae_options options_of(SEXP options, const ae_shape *s, size_t environments) {
  const double *o = glue_real(options, 20, "options");
  ae_options out = {
    .epochs = (size_t)o[0], .batch = (size_t)o[1], .patience = (size_t)o[2], .every = (size_t)o[3],
    .held_out = o[4], .rate = o[5], .decay = o[6], .clip = o[7], .settle = o[8], .ramp = o[9],
    .related = o[10], .slack = o[11], .slack_absolute = o[12], .start_scale = o[13],
    .settle_rate = o[18], .turns = (size_t)o[19]
  };
  out.penalty = (code_penalty){
    s->invariant, s->variant, environments, (int)o[14], code_gamma(s->invariant),
    s->variant ? code_gamma(s->variant) : 1, 0, o[15], o[16], o[17]
  };
  return out;
}

static SEXP ffi_ae_length(SEXP shape) {
  const ae_shape s = shape_of(shape);
  return Rf_ScalarReal((double)ae_length(&s));
}

/* All rows as one batch, in double or single precision: list(terms, gradient). */
static SEXP ffi_ae_loss(SEXP shape, SEXP data, SEXP options, SEXP theta, SEXP single, SEXP level_) {
  const ae_shape s = shape_of(shape);
  const ae_data d = data_of(data, &s);
  const ae_options o = options_of(options, &s, d.environments);
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

static SEXP ffi_ae_encode(SEXP shape, SEXP theta, SEXP x, SEXP level) {
  const ae_shape s = shape_of(shape);
  const size_t n = (size_t)Rf_nrows(x);
  SEXP u = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)(s.invariant + s.variant)));
  lmr_error err;
  glue_check(ae_encode_f64(&s, glue_real(theta, (R_xlen_t)ae_length(&s), "theta"), n,
                           glue_real(x, (R_xlen_t)(n * s.inputs), "x"), REAL(u), (lmr_cpu)glue_int1(level, "level"),
                           glue_arena(ae_encode_f64_bytes(&s)), &err), &err);
  UNPROTECT(1);
  return u;
}

/* skip: inputs x code, or NULL. A loss that is not finite is not raised here: the
 * message comes back with the last good state. */
static SEXP ffi_ae_fit(SEXP shape, SEXP data, SEXP options, SEXP skip, SEXP seed, SEXP stream, SEXP single,
                       SEXP progress, SEXP level_) {
  const ae_shape s = shape_of(shape);
  const ae_data d = data_of(data, &s);
  const ae_options o = options_of(options, &s, d.environments);
  const double *start = Rf_isNull(skip) ? NULL : glue_real(skip, (R_xlen_t)(s.inputs * (s.invariant + s.variant)), "skip");
  const lmr_cpu level = (lmr_cpu)glue_int1(level_, "level");
  const uint64_t from = (uint64_t)glue_int1(seed, "seed"), task = (uint64_t)glue_int1(stream, "stream");
  SEXP theta = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)ae_length(&s)));
  SEXP history = PROTECT(Rf_allocMatrix(REALSXP, (int)ae_history_rows(&o), AE_HISTORY));
  for (R_xlen_t i = 0; i < Rf_xlength(history); i++) REAL(history)[i] = NA_REAL;
  for (R_xlen_t i = 0; i < Rf_xlength(theta); i++) REAL(theta)[i] = NA_REAL;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  ae_held best = {NA_REAL, NA_REAL, NA_REAL, NA_REAL, NA_REAL, 0};
  size_t lines = 0;
  lmr_error err = {""};
  const lmr_status status =
    glue_int1(single, "single")
      ? ae_fit_f32(&s, &d, &o, start, from, task, REAL(theta), &best, REAL(history), &lines, level, &tick,
                   glue_arena(ae_fit_f32_bytes(&s, &d, &o)), &err)
      : ae_fit_f64(&s, &d, &o, start, from, task, REAL(theta), &best, REAL(history), &lines, level, &tick,
                   glue_arena(ae_fit_f64_bytes(&s, &d, &o)), &err);
  if (status != LMR_ENONFINITE) glue_check(status, &err);
  SEXP held = PROTECT(Rf_allocVector(REALSXP, 5));
  REAL(held)[0] = best.reconstruction;
  REAL(held)[1] = best.nhsic;
  REAL(held)[2] = best.nmmd;
  REAL(held)[3] = best.noise;
  REAL(held)[4] = (double)best.epoch;
  SEXP problem = PROTECT(status == LMR_OK ? R_NilValue : Rf_mkString(err.message));
  SEXP count = PROTECT(Rf_ScalarInteger((int)lines));
  SEXP out = glue_list(5, "theta", theta, "held", held, "history", history, "lines", count, "problem", problem);
  UNPROTECT(5);
  return out;
}

/* start[environments + 1]: the first row of each environment, and one past the last. */
static const size_t *first_rows(SEXP start, size_t *environments) {
  const int *from = glue_int(start, -1, "start");
  *environments = (size_t)Rf_xlength(start) - 1;
  size_t *begin = glue_alloc(*environments + 1, sizeof *begin);
  for (size_t e = 0; e <= *environments; e++) begin[e] = (size_t)from[e];
  return begin;
}

/* The penalties alone: rows environment by environment, start[environments + 1];
 * options: degree, weights of mmd, hsic, entropy, single. list(terms, gradient). */
static SEXP ffi_code_loss(SEXP s, SEXP invariant, SEXP start, SEXP options, SEXP level) {
  const size_t n = (size_t)Rf_nrows(s), d = (size_t)Rf_ncols(s), m = (size_t)glue_int1(invariant, "invariant");
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
  const size_t n = (size_t)Rf_nrows(u), d = (size_t)Rf_ncols(u), m = (size_t)glue_int1(invariant, "invariant");
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
  glue_check(code_turn(&p, n, begin, glue_real(u, (R_xlen_t)(n * d), "u"), (size_t)o[3], &rng, REAL(mean), REAL(map),
                       REAL(back), &value, (lmr_cpu)glue_int1(level, "level"), &tick,
                       glue_arena(code_turn_bytes(&p, n)), &err), &err);
  SEXP reached = PROTECT(Rf_ScalarReal(value));
  SEXP out = glue_list(4, "mean", mean, "map", map, "back", back, "value", reached);
  UNPROTECT(4);
  return out;
}

const R_CallMethodDef glue_autoencoder_calls[] = {
  GLUE_CALL(ffi_ae_length, 1),
  GLUE_CALL(ffi_ae_loss, 6),
  GLUE_CALL(ffi_ae_encode, 4),
  GLUE_CALL(ffi_ae_fit, 9),
  GLUE_CALL(ffi_code_loss, 5),
  GLUE_CALL(ffi_code_turn, 5),
  {NULL, NULL, 0}
};
