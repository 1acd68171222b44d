/* The linear encoder, from moments. */
#include "core/encoder/background.h"
#include "core/encoder/closure.h"
#include "core/encoder/code_check.h"
#include "core/encoder/flow.h"
#include "core/encoder/linkage.h"
#include "core/encoder/sparse_shift.h"
#include "core/encoder/stationary.h"
#include "core/encoder/stationary_permuted.h"
#include "core/encoder/structure_null.h"
#include "glue.h"
#include "glue_moments.h"

#include <string.h>

static SEXP keep_columns(const double *x, size_t rows, size_t columns) {
  SEXP out = PROTECT(glue_matrix(rows, columns));
  memcpy(REAL(out), x, rows * columns * sizeof *x);
  UNPROTECT(1);
  return out;
}

/* Where p variants are: chromosome: integer[p] codes or NULL; position: double[p] or
 * NULL; limits: window, r^2 of near and of far pairs. */
static ld_rule glue_ld_rule(SEXP chromosome, SEXP position, SEXP limits_, size_t p) {
  const double *limits = glue_real(limits_, 3, "limits");
  const ld_rule rule = {Rf_isNull(chromosome) ? NULL : glue_int(chromosome, (R_xlen_t)p, "chromosome"),
                        Rf_isNull(position) ? NULL : glue_real(position, (R_xlen_t)p, "position"),
                        limits[0], limits[1], limits[2]};
  return rule;
}

/* block: integer[p] (1-based) as 0-based numbers, or NULL when the blocks are to be found. */
static int *given_blocks(SEXP block, size_t p, size_t *n_blocks) {
  *n_blocks = 0;
  if (Rf_isNull(block)) return NULL;
  int *out = glue_positions(block, (R_xlen_t)p, p, "block"); /* numbered from 1: at most p of them */
  for (size_t j = 0; j < p; j++)
    if ((size_t)out[j] + 1 > *n_blocks) *n_blocks = (size_t)out[j] + 1;
  return out;
}

static void check_width(const moment_view *view, size_t columns) {
  if (columns > view->width) glue_stop("internal: %zu columns of a view of %zu", columns, view->width);
}

/* view: see glue_moments.h. */
static SEXP ffi_structure(SEXP view, SEXP p_, SEXP first_s_, SEXP n_s_, SEXP block_,
                          SEXP chromosome, SEXP position, SEXP limits) {
  const size_t p = glue_size1(p_, "p"), first_s = glue_size1(first_s_, "first_s");
  const size_t n_s = glue_size1(n_s_, "n_s");
  const ld_rule rule = glue_ld_rule(chromosome, position, limits, p);
  const moment_view v = glue_moment_view(view);
  check_width(&v, p);
  check_width(&v, first_s + n_s);
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  double *between = glue_alloc(p * p, sizeof *between), *within = glue_alloc(p * p, sizeof *within);
  size_t rank_w, columns, n_blocks;
  glue_work work = glue_work_take(structure_split_bytes(v.width, n_s));
  lmr_status status = structure_split(&v, p, first_s, n_s, between, within, &rank_w, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  int *b = given_blocks(block_, p, &n_blocks);
  if (!b) {
    b = glue_alloc(p, sizeof *b);
    work = glue_work_take(linkage_find_bytes(p));
    status = linkage_find(within, p, moment_people(&v), &rule, b, &n_blocks, work.arena, &tick, &err);
    glue_work_give(&work);
    glue_check(status, &err);
  }
  double *whitening = glue_alloc(p * p, sizeof *whitening);
  int *column_block = glue_alloc(p, sizeof *column_block);
  work = glue_work_take(structure_whiten_bytes(p));
  status = structure_whiten(within, p, b, n_blocks, whitening, column_block, &columns, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  double *directions = glue_alloc(p * p, sizeof *directions), *values = glue_alloc(p, sizeof *values);
  if (columns) {
    work = glue_work_take(structure_directions_bytes(p));
    status = structure_directions(between, within, p, whitening, column_block, columns, values, directions, work.arena,
                                  &tick, &err);
    glue_work_give(&work);
    glue_check(status, &err);
  }
  SEXP block = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)p));
  for (size_t j = 0; j < p; j++) INTEGER(block)[j] = b[j] + 1;
  SEXP d = PROTECT(keep_columns(directions, p, columns));
  SEXP l = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)columns));
  memcpy(REAL(l), values, columns * sizeof *values);
  SEXP rank = PROTECT(Rf_ScalarInteger((int)rank_w));
  SEXP out = glue_list(4, "values", l, "directions", d, "block", block, "rank_w", rank);
  UNPROTECT(4);
  return out;
}

/* The first m columns of the view are the panel, its first p the instruments. */
static SEXP ffi_background(SEXP view, SEXP m_, SEXP p_, SEXP top_, SEXP block_, SEXP chromosome,
                           SEXP position, SEXP limits) {
  const size_t m = glue_size1(m_, "m"), p = glue_size1(p_, "p");
  const size_t top = glue_size1(top_, "top");
  const ld_rule rule = glue_ld_rule(chromosome, position, limits, p);
  const moment_view v = glue_moment_view(view);
  check_width(&v, m);
  if (p > m || top > m) glue_stop("internal: %zu instruments and %zu components of %zu columns", p, top, m);
  size_t n_blocks, count;
  const int *block = given_blocks(block_, p, &n_blocks);
  SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)top));
  SEXP loadings = PROTECT(Rf_allocMatrix(REALSXP, (int)m, (int)top));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(background_components(&v, m, p, block, n_blocks, &rule, top, REAL(values), REAL(loadings),
                                   &count, glue_arena(background_bytes(v.width, m, p, top)), &tick, &err), &err);
  SEXP found = PROTECT(Rf_ScalarInteger((int)count));
  SEXP out = glue_list(3, "values", values, "loadings", loadings, "count", found);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_structure_null(SEXP n, SEXP p_, SEXP q_, SEXP draws_, SEXP seed, SEXP exact, SEXP progress) {
  const size_t p = glue_size1(p_, "p"), q = glue_size1(q_, "q");
  const size_t draws = glue_size1(draws_, "draws");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)draws));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  lmr_error err;
  if (glue_int1(exact, "exact") == 2) {
    glue_check(structure_null_unlinked(glue_real1(n, "n"), p, q, draws, (uint64_t)glue_int1(seed, "seed"), REAL(out),
                                       glue_arena(structure_null_unlinked_bytes(q)), &tick, &err), &err);
    UNPROTECT(1);
    return out;
  }
  glue_check(structure_null((size_t)glue_real1(n, "n"), p, q, draws, (uint64_t)glue_int1(seed, "seed"),
                            glue_int1(exact, "exact"), REAL(out), glue_arena(structure_null_bytes(p, q)), &tick,
                            &err), &err);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_stationary(SEXP view, SEXP p_) {
  const size_t p = glue_size1(p_, "p");
  const moment_view v = glue_moment_view(view);
  check_width(&v, p);
  double *directions = glue_alloc(p * p, sizeof *directions), *values = glue_alloc(p, sizeof *values);
  size_t columns;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(stationary_directions(&v, p, values, directions, &columns,
                                   glue_arena(stationary_bytes(v.width, p)), &tick, &err), &err);
  SEXP d = PROTECT(keep_columns(directions, p, columns));
  SEXP l = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)columns));
  memcpy(REAL(l), values, columns * sizeof *values);
  SEXP out = glue_list(2, "values", l, "directions", d);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_stationary_null(SEXP n, SEXP m_, SEXP draws_, SEXP seed, SEXP progress) {
  const size_t m = glue_size1(m_, "m"), draws = glue_size1(draws_, "draws");
  const size_t environments = (size_t)Rf_xlength(n);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)draws));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  lmr_error err;
  glue_check(stationary_null(glue_real(n, -1, "n"), environments, m, draws, (uint64_t)glue_int1(seed, "seed"),
                             REAL(out), glue_arena(stationary_null_bytes(m, environments)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* code: n x q, environment: integer[n], 1-based. draws x q. */
static SEXP ffi_stationary_permuted(SEXP code, SEXP environment, SEXP environments_, SEXP draws_, SEXP seed,
                                    SEXP level) {
  const size_t n = (size_t)glue_nrow(code), q = (size_t)glue_ncol(code);
  const size_t environments = glue_size1(environments_, "environments");
  const size_t draws = glue_size1(draws_, "draws");
  glue_real(code, (R_xlen_t)(n * q), "code");
  const int *label = glue_positions(environment, (R_xlen_t)n, environments, "environment");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)draws, (int)q));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(stationary_permuted(REAL(code), n, q, label, environments, draws, (uint64_t)glue_int1(seed, "seed"),
                                 REAL(out), (lmr_cpu)glue_int1(level, "level"),
                                 glue_arena(stationary_permuted_bytes(n, q, environments)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* Encoders that read rows: closure, flow, and the check of a code. */

/* z: n x p. given: number of latents, 0 to choose. */
static SEXP ffi_closure(SEXP z, SEXP given_, SEXP limit, SEXP level) {
  const size_t n = (size_t)glue_nrow(z), p = (size_t)glue_ncol(z);
  glue_real(z, (R_xlen_t)(n * p), "z");
  SEXP center = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  double *map = glue_alloc(p * CLOSURE_MAX_LATENTS, sizeof *map);
  closure_fit fit;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(closure(REAL(z), n, p, glue_size1(given_, "given"), glue_real1(limit, "limit"), &fit, REAL(center),
                     map, (lmr_cpu)glue_int1(level, "level"), glue_arena(closure_bytes(n, p)), &tick, &err), &err);
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

static SEXP keep_reals(const double *x, size_t n) {
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  if (n) memcpy(REAL(out), x, n * sizeof *x);
  UNPROTECT(1);
  return out;
}

/* x: n x d; options: the fields of flow_options by name. */
static SEXP ffi_flow(SEXP x, SEXP environment, SEXP environments_, SEXP w, SEXP options, SEXP seed, SEXP start,
                     SEXP level) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  const size_t environments = glue_size1(environments_, "environments");
  const flow_options opt = {
    .rounds = glue_field_count(options, "rounds"), .hinges = glue_field_count(options, "hinges"),
    .candidates = glue_field_count(options, "candidates"), .train = glue_field_count(options, "train"),
    .held = glue_field_count(options, "held"), .fisher = glue_field_count(options, "fisher"),
    .steps = glue_field_count(options, "steps"), .last = glue_field_count(options, "last"),
    .least = glue_field_real1(options, "least")};
  glue_real(x, (R_xlen_t)(n * d), "x");
  const int *from = glue_positions(environment, (R_xlen_t)n, environments, "environment");
  double *theta = glue_alloc(FLOW_MAX_DIM * FLOW_MAX_DIM + FLOW_MAX_HINGES * (FLOW_MAX_DIM + 2), sizeof *theta);
  flow_result r;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(flow_fit(REAL(x), n, d, from, environments, glue_size1(w, "w"), &opt,
                      (uint64_t)glue_int1(seed, "seed"), (uint64_t)glue_int1(start, "start"), theta, &r,
                      (lmr_cpu)glue_int1(level, "level"), glue_arena(flow_bytes(&opt, n, d, environments)), &tick,
                      &err), &err);
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
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  const size_t whole = (n + FLOW_LANES - 1) / FLOW_LANES * FLOW_LANES;
  const flow_shape shape = {d, 1, glue_size1(hinges, "hinges")};
  glue_real(x, (R_xlen_t)(n * d), "x");
  if (!d || d > FLOW_MAX_DIM || shape.hinges > FLOW_MAX_HINGES) glue_stop("internal: flow of %d dimensions", (int)d);
  double *padded = glue_alloc(whole * d, sizeof *padded), *y = glue_alloc(whole * d, sizeof *y);
  double *logdet = glue_alloc(whole, sizeof *logdet);
  memset(padded, 0, whole * d * sizeof *padded);
  for (size_t j = 0; j < d; j++) memcpy(padded + j * whole, REAL(x) + j * n, n * sizeof *padded);
  flow_forward(&shape, glue_real(theta, (R_xlen_t)flow_length(&shape), "theta"), whole, padded, y, logdet,
               (lmr_cpu)glue_int1(level, "level"));
  SEXP code = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d));
  for (size_t j = 0; j < d; j++) memcpy(REAL(code) + j * n, y + j * whole, n * sizeof *y);
  SEXP jacobian = PROTECT(keep_reals(logdet, n));
  SEXP out = glue_list(2, "code", code, "logdet", jacobian);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_code_check(SEXP w, SEXP v, SEXP environment, SEXP environments_, SEXP level) {
  const size_t n = (size_t)glue_nrow(w), m = (size_t)glue_ncol(w), k = (size_t)glue_ncol(v);
  const size_t environments = glue_size1(environments_, "environments");
  code_check_result r;
  lmr_error err;
  const int *from = glue_positions(environment, (R_xlen_t)n, environments, "environment");
  glue_check(code_check(glue_real(w, (R_xlen_t)(n * m), "w"), m, glue_real(v, (R_xlen_t)(n * k), "v"), k, n, from,
                        environments, &r, (lmr_cpu)glue_int1(level, "level"),
                        glue_arena(code_check_bytes(n, m, k, environments)), &err), &err);
  const double both[] = {r.within, r.between};
  return keep_reals(both, 2);
}

/* ---- sparse shifts ---- */

/* m: d x d x pairs, d: one. */
static sparse_problem glue_sparse_problem(SEXP m, SEXP d_, SEXP tau, SEXP last) {
  const size_t d = glue_size1(d_, "d"), all = (size_t)Rf_xlength(m);
  if (!d || all % (d * d)) glue_stop("internal: %zu numbers are no matrices of %zu columns", all, d);
  const sparse_problem problem = {d, all / (d * d), glue_real(m, (R_xlen_t)all, "m"), glue_real1(tau, "tau"),
                                  glue_real1(last, "last")};
  return problem;
}

/* list(directions = d x d, values = f of every start). */
static SEXP ffi_sparse_rows(SEXP m, SEXP d_, SEXP tau, SEXP last, SEXP starts_, SEXP seed) {
  const sparse_problem problem = glue_sparse_problem(m, d_, tau, last);
  const size_t starts = glue_size1(starts_, "starts");
  SEXP b = PROTECT(glue_matrix(problem.d, problem.d));
  SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)starts));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(sparse_rows(&problem, starts, (uint64_t)glue_int1(seed, "seed"), REAL(b), REAL(values),
                         glue_arena(sparse_rows_bytes(&problem)), &tick, &err), &err);
  SEXP out = glue_list(2, "directions", b, "values", values);
  UNPROTECT(2);
  return out;
}

/* t: E x E; reference: 1-based, 0 for none. 0/1 of every environment. */
static SEXP ffi_sparse_agreement(SEXP t, SEXP limit, SEXP reference) {
  const size_t n = (size_t)glue_nrow(t);
  glue_real(t, (R_xlen_t)(n * n), "t");
  const int from = glue_int1(reference, "reference");
  if (from < 0 || (size_t)from > n) glue_stop("internal: reference %d of %zu environments", from, n);
  SEXP keep = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  sparse_agreement(REAL(t), n, glue_real1(limit, "limit"), from - 1, INTEGER(keep));
  UNPROTECT(1);
  return keep;
}

const R_CallMethodDef glue_encoder_calls[] = {
  GLUE_CALL(ffi_sparse_rows, 6),
  GLUE_CALL(ffi_sparse_agreement, 3),
  GLUE_CALL(ffi_background, 8),
  GLUE_CALL(ffi_structure, 8),
  GLUE_CALL(ffi_structure_null, 7),
  GLUE_CALL(ffi_stationary, 2),
  GLUE_CALL(ffi_stationary_null, 5),
  GLUE_CALL(ffi_stationary_permuted, 6),
  GLUE_CALL(ffi_closure, 4),
  GLUE_CALL(ffi_flow, 8),
  GLUE_CALL(ffi_flow_forward, 4),
  GLUE_CALL(ffi_code_check, 5),
  {NULL, NULL, 0}
};
