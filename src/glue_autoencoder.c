/* The autoencoder: learn_instruments(encoder = "autoencoder"). */
#include "core/autoencoder/layers.h"
#include "glue_autoencoder.h"

/* integer[8]: inputs, outputs, invariant, variant, units, degree, binomial, related. */
ae_shape glue_ae_shape(SEXP shape) {
  const int *s = glue_int(shape, 8, "shape");
  for (int i = 0; i < 8; i++)
    if (s[i] < 0) glue_stop("internal: `shape` holds %d", s[i]);
  if (s[4] > LAYER_MAX_WIDTH || s[4] % LAYER_PAD || s[5] > 3) glue_stop("internal: %d units and degree %d", s[4], s[5]);
  const ae_shape out = {(size_t)s[0], (size_t)s[1], (size_t)s[2], (size_t)s[3], (size_t)s[4], s[5], s[6], s[7]};
  return out;
}

/* list(x, target, offset, exposure or NULL, label (1-based), environments), by name. */
ae_data glue_ae_data(SEXP data, const ae_shape *s) {
  SEXP x = glue_field(data, "x"), exposure = glue_field_or_null(data, "exposure");
  const size_t n = (size_t)glue_nrow(x), environments = glue_field_size1(data, "environments");
  const ae_data out = {
    n, environments, glue_real(x, (R_xlen_t)(n * s->inputs), "x"),
    glue_field_real(data, "target", (R_xlen_t)(n * s->outputs)), glue_field_real(data, "offset", (R_xlen_t)s->outputs),
    Rf_isNull(exposure) ? NULL : glue_real(exposure, (R_xlen_t)n, "exposure"),
    glue_positions(glue_field(data, "label"), (R_xlen_t)n, environments, "label")
  };
  if (s->related && !out.exposure) glue_stop("internal: a relatedness term without an exposure");
  return out;
}

/* The list of autoencoder_options() in R. */
ae_options glue_ae_options(SEXP options, const ae_shape *s, size_t environments) {
  ae_options out = {
    .epochs = glue_field_count(options, "epochs"), .batch = glue_field_count(options, "batch"),
    .patience = glue_field_count(options, "patience"), .every = glue_field_count(options, "every"),
    .held_out = glue_field_real1(options, "held_out"), .rate = glue_field_real1(options, "rate"),
    .decay = glue_field_real1(options, "decay"), .clip = glue_field_real1(options, "clip"),
    .settle = glue_field_real1(options, "settle"), .ramp = glue_field_real1(options, "ramp"),
    .related = glue_field_real1(options, "related"), .slack = glue_field_real1(options, "slack"),
    .slack_absolute = glue_field_real1(options, "slack_absolute"), .start_scale = glue_field_real1(options, "start_scale"),
    .settle_rate = glue_field_real1(options, "settle_rate"), .turns = glue_field_count(options, "turns")
  };
  const size_t kernel = glue_field_count(options, "kernel");
  if (kernel > 3 || !out.batch || !out.every) glue_stop("internal: kernel %zu, batches of %zu", kernel, out.batch);
  out.penalty = (code_penalty){
    s->invariant, s->variant, environments, (int)kernel, code_gamma(s->invariant),
    s->variant ? code_gamma(s->variant) : 1, 0, glue_field_real1(options, "mmd"), glue_field_real1(options, "hsic"),
    glue_field_real1(options, "entropy")
  };
  return out;
}

static SEXP ffi_ae_encode(SEXP shape, SEXP theta, SEXP x, SEXP level) {
  const ae_shape s = glue_ae_shape(shape);
  const size_t n = (size_t)glue_nrow(x);
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
  const ae_shape s = glue_ae_shape(shape);
  const ae_data d = glue_ae_data(data, &s);
  const ae_options o = glue_ae_options(options, &s, d.environments);
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
      ? ae_fit_f32(&s, &d, &o, start, from, task, REAL(theta), &best, REAL(history), &lines, level,
                   glue_arena(ae_fit_f32_bytes(&s, &d, &o)), &tick, &err)
      : ae_fit_f64(&s, &d, &o, start, from, task, REAL(theta), &best, REAL(history), &lines, level,
                   glue_arena(ae_fit_f64_bytes(&s, &d, &o)), &tick, &err);
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

const R_CallMethodDef glue_autoencoder_calls[] = {
  GLUE_CALL(ffi_ae_encode, 4),
  GLUE_CALL(ffi_ae_fit, 9),
  {NULL, NULL, 0}
};
