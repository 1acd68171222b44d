/* Encoders that read rows: closure, flow, and the check of a code. */
#include "core/encoder/closure.h"
#include "core/encoder/code_check.h"
#include "core/encoder/flow.h"
#include "core/la/log_det.h"
#include "glue.h"

#include <string.h>

/* z: n x p. given: number of latents, 0 to choose. */
static SEXP ffi_closure(SEXP z, SEXP given_, SEXP limit, SEXP level) {
  const size_t n = (size_t)Rf_nrows(z), p = (size_t)Rf_ncols(z);
  glue_real(z, (R_xlen_t)(n * p), "z");
  SEXP center = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  double *map = glue_alloc(p * CLOSURE_MAX_LATENTS, sizeof *map);
  closure_fit fit;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(closure(REAL(z), n, p, (size_t)glue_int1(given_, "given"), glue_real1(limit, "limit"),
                     (lmr_cpu)glue_int1(level, "level"), &fit, REAL(center), map, &tick,
                     glue_arena(closure_bytes(n, p)), &err), &err);
  SEXP kept = PROTECT(Rf_allocMatrix(REALSXP, (int)p, (int)fit.d));
  if (fit.d) memcpy(REAL(kept), map, p * fit.d * sizeof *map);
  SEXP trials = PROTECT(Rf_allocMatrix(REALSXP, (int)fit.n_trials, 6));
  for (size_t i = 0; i < fit.n_trials; i++) {
    const closure_trial *t = fit.trial + i;
    const double row[] = {(double)t->d, (double)t->degree, (double)t->columns, t->c, t->share, (double)t->steps};
    for (size_t j = 0; j < 6; j++) REAL(trials)[i + j * fit.n_trials] = row[j];
  }
  SEXP rank = PROTECT(Rf_ScalarInteger((int)fit.rank)), rows = PROTECT(Rf_ScalarInteger((int)fit.rows));
  SEXP out = glue_list(5, "center", center, "map", kept, "trials", trials, "rank", rank, "rows", rows);
  UNPROTECT(5);
  return out;
}

static const int *zero_based(SEXP environment, size_t n) {
  const int *e = glue_int(environment, (R_xlen_t)n, "environment");
  int *out = glue_alloc(n, sizeof *out);
  for (size_t i = 0; i < n; i++) out[i] = e[i] - 1;
  return out;
}

static SEXP keep_reals(const double *x, size_t n) {
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  if (n) memcpy(REAL(out), x, n * sizeof *x);
  UNPROTECT(1);
  return out;
}

/* x: n x d; options: rounds, hinges, candidates, train, held, fisher, steps, last, least. */
static SEXP ffi_flow(SEXP x, SEXP environment, SEXP environments_, SEXP w, SEXP options, SEXP seed, SEXP start,
                     SEXP level) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  const size_t environments = (size_t)glue_int1(environments_, "environments");
  const double *o = glue_real(options, 9, "options");
  const flow_options opt = {(size_t)o[0], (size_t)o[1], (size_t)o[2], (size_t)o[3], (size_t)o[4],
                            (size_t)o[5], (size_t)o[6], (size_t)o[7], o[8]};
  glue_real(x, (R_xlen_t)(n * d), "x");
  double *theta = glue_alloc(FLOW_MAX_DIM * FLOW_MAX_DIM + FLOW_MAX_HINGES * (FLOW_MAX_DIM + 2), sizeof *theta);
  flow_result r;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(flow_fit(REAL(x), n, d, zero_based(environment, n), environments, (size_t)glue_int1(w, "w"), &opt,
                      (uint64_t)glue_int1(seed, "seed"), (uint64_t)glue_int1(start, "start"),
                      (lmr_cpu)glue_int1(level, "level"), theta, &r, &tick,
                      glue_arena(flow_bytes(&opt, n, d, environments)), &err), &err);
  const double losses[] = {r.linear, r.held, r.train};
  SEXP kept = PROTECT(keep_reals(theta, flow_length(&r.shape)));
  SEXP hinges = PROTECT(Rf_ScalarInteger((int)r.shape.hinges));
  SEXP loss = PROTECT(keep_reals(losses, 3));
  SEXP rounds = PROTECT(Rf_allocMatrix(REALSXP, (int)r.rounds, 3));
  for (size_t i = 0; i < r.rounds; i++) {
    REAL(rounds)[i] = r.round_train[i];
    REAL(rounds)[i + r.rounds] = r.round_held[i];
    REAL(rounds)[i + 2 * r.rounds] = (double)r.round_steps[i];
  }
  SEXP out = glue_list(4, "theta", kept, "hinges", hinges, "loss", loss, "rounds", rounds);
  UNPROTECT(4);
  return out;
}

/* f(x) for x: n x d; log det J beside it. */
static SEXP ffi_flow_forward(SEXP theta, SEXP hinges, SEXP x, SEXP level) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  const size_t whole = (n + FLOW_LANES - 1) / FLOW_LANES * FLOW_LANES;
  const flow_shape shape = {d, 1, (size_t)glue_int1(hinges, "hinges")};
  glue_real(x, (R_xlen_t)(n * d), "x");
  if (!d || d > FLOW_MAX_DIM || shape.hinges > FLOW_MAX_HINGES) Rf_error("internal: flow of %d dimensions", (int)d);
  double *padded = glue_alloc(whole * d, sizeof *padded), *y = glue_alloc(whole * d, sizeof *y);
  double *logdet = glue_alloc(whole, sizeof *logdet);
  memset(padded, 0, whole * d * sizeof *padded);
  for (size_t j = 0; j < d; j++) memcpy(padded + j * whole, REAL(x) + j * n, n * sizeof *padded);
  flow_forward((lmr_cpu)glue_int1(level, "level"), &shape,
               glue_real(theta, (R_xlen_t)flow_length(&shape), "theta"), whole, padded, y, logdet);
  SEXP code = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d));
  for (size_t j = 0; j < d; j++) memcpy(REAL(code) + j * n, y + j * whole, n * sizeof *y);
  SEXP jacobian = PROTECT(keep_reals(logdet, n));
  SEXP out = glue_list(2, "code", code, "logdet", jacobian);
  UNPROTECT(2);
  return out;
}

/* Loss and gradient at theta on all rows (sorted by environment, a multiple of
 * FLOW_LANES people in each), for the tests. */
static SEXP ffi_flow_gradient(SEXP theta, SEXP hinges, SEXP x, SEXP first_, SEXP w, SEXP level_) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x), environments = (size_t)Rf_xlength(first_) - 1;
  const flow_shape shape = {d, (size_t)glue_int1(w, "w"), (size_t)glue_int1(hinges, "hinges")};
  const lmr_cpu level = (lmr_cpu)glue_int1(level_, "level");
  const int *f = glue_int(first_, -1, "first");
  size_t *first = glue_alloc(environments + 1, sizeof *first);
  double *weight = glue_alloc(n, sizeof *weight), *share = glue_alloc(environments, sizeof *share);
  for (size_t e = 0; e <= environments; e++) first[e] = (size_t)f[e];
  for (size_t i = 0; i < n; i++) weight[i] = 1 / (double)n;
  for (size_t e = 0; e < environments; e++) share[e] = (double)(f[e + 1] - f[e]) / (double)n;
  const flow_rows rows = {n, d, environments, glue_real(x, (R_xlen_t)(n * d), "x"), weight, share, first};
  flow_laws laws = {glue_alloc(environments * d, sizeof(double)), glue_alloc(environments * d * d, sizeof(double)),
                    glue_alloc(environments, sizeof(double))};
  const double *t = glue_real(theta, (R_xlen_t)flow_length(&shape), "theta");
  double loss;
  lmr_error err;
  glue_check(flow_loss(level, &shape, t, &rows, &laws, 0, &loss, glue_arena(flow_loss_bytes(&shape, n)), &err), &err);
  SEXP gradient = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)flow_length(&shape)));
  SEXP scores = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)flow_length(&shape)));
  size_t *take = glue_alloc(environments, sizeof *take);
  for (size_t e = 0; e < environments; e++) take[e] = first[e + 1] - first[e];
  glue_check(flow_gradient(level, &shape, t, &rows, &laws, REAL(gradient), glue_arena(flow_gradient_bytes(&shape)), &err), &err);
  glue_check(flow_scores(level, &shape, t, &rows, &laws, take, REAL(scores), &err), &err);
  SEXP value = PROTECT(Rf_ScalarReal(loss));
  SEXP out = glue_list(3, "loss", value, "gradient", gradient, "scores", scores);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_code_check(SEXP w, SEXP v, SEXP environment, SEXP environments_, SEXP level) {
  const size_t n = (size_t)Rf_nrows(w), m = (size_t)Rf_ncols(w), k = (size_t)Rf_ncols(v);
  const size_t environments = (size_t)glue_int1(environments_, "environments");
  code_check_result r;
  lmr_error err;
  glue_check(code_check(glue_real(w, (R_xlen_t)(n * m), "w"), m, glue_real(v, (R_xlen_t)(n * k), "v"), k, n,
                        zero_based(environment, n), environments, (lmr_cpu)glue_int1(level, "level"), &r,
                        glue_arena(code_check_bytes(n, m, k, environments)), &err), &err);
  const double both[] = {r.within, r.between};
  return keep_reals(both, 2);
}

/* For the tests: code_loss() adds it up with its other penalties. */
static SEXP ffi_test_logdet(SEXP x, SEXP correlation, SEXP eps) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  SEXP value = PROTECT(Rf_allocVector(REALSXP, 1));
  SEXP gradient = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d));
  lmr_error err;
  glue_check(logdet_loss(glue_real(x, (R_xlen_t)(n * d), "x"), n, d, n, glue_int1(correlation, "correlation"),
                         glue_real1(eps, "eps"), REAL(value), REAL(gradient),
                         glue_arena(logdet_loss_bytes(n, d)), &err), &err);
  SEXP out = glue_list(2, "value", value, "gradient", gradient);
  UNPROTECT(2);
  return out;
}

const R_CallMethodDef glue_code_calls[] = {
  GLUE_CALL(ffi_closure, 4),
  GLUE_CALL(ffi_flow, 8),
  GLUE_CALL(ffi_flow_forward, 4),
  GLUE_CALL(ffi_flow_gradient, 6),
  GLUE_CALL(ffi_code_check, 5),
  GLUE_CALL(ffi_test_logdet, 3),
  {NULL, NULL, 0}
};
