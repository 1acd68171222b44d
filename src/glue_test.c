/* Entry points that exist for the tests: the core's own parts, seen from R. */
#include "core/base/input_file.h"
#include "core/base/rng.h"
#include "core/encoder/background.h"
#include "core/encoder/flow_model.h"
#include "core/encoder/linkage.h"
#include "core/genotype/bed_file.h"
#include "core/genotype/panel.h"
#include "core/iv/iv_wild.h"
#include "core/kernel/low_rank.h"
#include "core/la/tridiagonal_many.h"
#include "core/la/fastmath.h"
#include "core/la/gemm.h"
#include "core/la/log_det.h"
#include "core/la/sincos.h"
#include "core/la/tall.h"
#include "core/la/tall_forms.h"
#include "glue.h"
#include "glue_kernel.h"

/* kind: 0 raw words as two 32-bit halves, 1 uniform, 2 normal, 3 gamma(shape). */
static SEXP ffi_test_rng(SEXP seed, SEXP stream, SEXP n, SEXP kind, SEXP shape) {
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), (uint64_t)glue_int1(stream, "stream"));
  const int count = glue_int1(n, "n"), what = glue_int1(kind, "kind");
  const double a = glue_real1(shape, "shape");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, what == 0 ? 2 * (R_xlen_t)count : count));
  double *o = REAL(out);
  for (int i = 0; i < count; i++) {
    if (what == 0) {
      const uint64_t word = lmr_rng_next(&rng);
      o[2 * i] = (double)(word >> 32);
      o[2 * i + 1] = (double)(word & UINT32_MAX);
    } else {
      o[i] = what == 1 ? lmr_rng_uniform(&rng) : what == 2 ? lmr_rng_normal(&rng) : lmr_rng_gamma(&rng, a);
    }
  }
  UNPROTECT(1);
  return out;
}

static SEXP ffi_test_error(SEXP code, SEXP text) {
  lmr_error err;
  glue_check(lmr_fail(&err, (lmr_status)glue_int1(code, "code"), "%s", CHAR(STRING_ELT(text, 0))), &err);
  return R_NilValue;
}

static SEXP ffi_test_stop_at(SEXP poll, SEXP call) {
  return Rf_ScalarInteger(glue_stop_at(glue_int1(poll, "poll"), call));
}

static SEXP ffi_test_chol_drop(SEXP a, SEXP tol) {
  const int n = glue_nrow(a);
  glue_real(a, (R_xlen_t)n * n, "a");
  SEXP r = PROTECT(Rf_duplicate(a));
  SEXP kept = PROTECT(Rf_allocVector(LGLSXP, n));
  size_t rank = 0;
  lmr_error err;
  glue_check(la_chol_drop(REAL(r), (size_t)n, (size_t)n, glue_real1(tol, "tol"), LOGICAL(kept), &rank, &err), &err);
  SEXP out = glue_list(3, "r", r, "kept", kept, "rank", PROTECT(Rf_ScalarInteger((int)rank)));
  UNPROTECT(3);
  return out;
}

static SEXP ffi_test_background_count(SEXP values, SEXP columns, SEXP squares, SEXP n) {
  return Rf_ScalarInteger((int)background_count(REAL(values), (size_t)Rf_xlength(values),
                                                glue_size1(columns, "columns"),
                                                glue_real1(squares, "squares"), glue_real1(n, "n")));
}

/* The largest `top` pairs, or with top = 0 all values alone. */
static SEXP ffi_test_eigen(SEXP a, SEXP top_) {
  const size_t n = (size_t)glue_nrow(a), top = (size_t)glue_int1(top_, "top"), found = top ? top : n;
  glue_real(a, (R_xlen_t)(n * n), "a");
  SEXP copy = PROTECT(Rf_duplicate(a));
  SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  SEXP vectors = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)top));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(la_eigen_top_polled(REAL(copy), n, n, found, REAL(values), top ? REAL(vectors) : NULL, n,
                                 glue_arena(top ? la_eigen_top_bytes(n, top) : la_eigen_values_bytes(n)), &tick, &err), &err);
  SEXP out = glue_list(2, "values", values, "vectors", vectors);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_test_threads(void) { return Rf_ScalarInteger(glue_threads()); }

/* alpha op(a) op(b) + beta c; trans: "NN", "TN", "NT" or "TT". */
static SEXP ffi_test_gemm(SEXP trans, SEXP a, SEXP b, SEXP scalars, SEXP c, SEXP upper, SEXP level) {
  const char *t = CHAR(STRING_ELT(trans, 0));
  const int m = glue_nrow(c), n = glue_ncol(c), k = t[0] == 'N' ? glue_ncol(a) : glue_nrow(a);
  const double *f = glue_real(scalars, 2, "scalars");
  glue_real(a, (R_xlen_t)m * k, "a");
  glue_real(b, (R_xlen_t)n * k, "b");
  glue_real(c, (R_xlen_t)m * n, "c");
  SEXP out = PROTECT(Rf_duplicate(c));
  gemm(t[0], t[1], (size_t)m, (size_t)n, (size_t)k, f[0], REAL(a), (size_t)glue_nrow(a), REAL(b),
       (size_t)glue_nrow(b), f[1], REAL(out), (size_t)m, Rf_asLogical(upper), (lmr_cpu)glue_int1(level, "level"), NULL);
  UNPROTECT(1);
  return out;
}

/* The tall kernels as seen from R, for tests and for dense instruments. */

static SEXP ffi_tall_crossprod(SEXP a, SEXP s, SEXP level) {
  const int n = glue_nrow(a), p = glue_ncol(a);
  glue_real(a, (R_xlen_t)n * p, "a");
  SEXP c = PROTECT(Rf_allocMatrix(REALSXP, p, p));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(tall_crossprod(REAL(a), (size_t)n, (size_t)p, (size_t)n,
                            s == R_NilValue ? NULL : glue_real(s, n, "s"), REAL(c),
                            (lmr_cpu)glue_int1(level, "level"),
                            glue_arena(tall_crossprod_bytes((size_t)p)), &tick, &err), &err);
  UNPROTECT(1);
  return c;
}

/* A R^-1 for a small A: one block of rows after the other. */
static SEXP ffi_test_tall_solve(SEXP a, SEXP r, SEXP level) {
  const size_t n = (size_t)glue_nrow(a), p = (size_t)glue_ncol(a);
  glue_real(a, (R_xlen_t)(n * p), "a");
  glue_real(r, (R_xlen_t)(p * p), "r");
  const size_t pa = tall_pad(p), rows = tall_rows(p);
  double *block = glue_alloc(rows * pa, sizeof(double)), *factor = glue_alloc(pa * pa, sizeof(double));
  const double **col = glue_alloc(p, sizeof *col);
  for (size_t j = 0; j < p; j++) col[j] = REAL(a) + j * n;
  tall_pad_factor(REAL(r), p, p, factor, pa);
  const tall_source source = {col, n, p, NULL, NULL};
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)p));
  for (size_t first = 0; first < n; first += rows) {
    const size_t count = n - first < rows ? n - first : rows;
    tall_pack(&source, first, count, block, rows);
    tall_block_solve(block, pa, rows, factor, pa, (lmr_cpu)glue_int1(level, "level"));
    for (size_t j = 0; j < p; j++)
      for (size_t i = 0; i < count; i++) REAL(out)[first + i + j * n] = block[i + j * rows];
  }
  UNPROTECT(1);
  return out;
}

/* Loss and gradient at theta on all rows (sorted by environment, a multiple of
 * FLOW_LANES people in each), for the tests. */
static SEXP ffi_flow_gradient(SEXP theta, SEXP hinges, SEXP x, SEXP first_, SEXP w, SEXP level_) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x), environments = (size_t)Rf_xlength(first_) - 1;
  const flow_shape shape = {d, glue_size1(w, "w"), glue_size1(hinges, "hinges")};
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
  glue_check(flow_loss(&shape, t, &rows, &laws, 0, &loss, level, glue_arena(flow_loss_bytes(&shape, n)), &err), &err);
  SEXP gradient = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)flow_length(&shape)));
  SEXP scores = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)flow_length(&shape)));
  size_t *take = glue_alloc(environments, sizeof *take);
  for (size_t e = 0; e < environments; e++) take[e] = first[e + 1] - first[e];
  glue_check(flow_gradient(&shape, t, &rows, &laws, REAL(gradient), level, glue_arena(flow_gradient_bytes(&shape)),
                           &err), &err);
  glue_check(flow_scores(&shape, t, &rows, &laws, take, REAL(scores), level, &err), &err);
  SEXP value = PROTECT(Rf_ScalarReal(loss));
  SEXP out = glue_list(3, "loss", value, "gradient", gradient, "scores", scores);
  UNPROTECT(3);
  return out;
}

static SEXP ffi_gram(SEXP x, SEXP kernel, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  lmr_error err;
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, (int)p.n));
  glue_check(gram_full(&p, REAL(out), (lmr_cpu)glue_int1(level, "level"), glue_arena(gram_full_bytes(p.d)),
                       NULL, &err), &err);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_low_rank(SEXP x, SEXP kernel, SEXP tol, SEXP max_rank, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  const int limit = glue_int1(max_rank, "max_rank");
  SEXP g = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, limit));
  size_t rank;
  double rest;
  lmr_error err;
  memset(REAL(g), 0, p.n * (size_t)limit * sizeof(double));
  glue_check(low_rank(&p, glue_real1(tol, "tol"), (size_t)limit, REAL(g), &rank, &rest,
                      (lmr_cpu)glue_int1(level, "level"), glue_arena(low_rank_bytes(p.n)), NULL, &err), &err);
  SEXP out = glue_list(3, "g", g, "rank", PROTECT(Rf_ScalarInteger((int)rank)), "rest", PROTECT(Rf_ScalarReal(rest)));
  UNPROTECT(3);
  return out;
}

/* kind 0: exp, 1: tanh, 2: cosines, then sines; for the tests. */
static SEXP ffi_test_fastmath(SEXP x, SEXP kind, SEXP level) {
  const R_xlen_t n = Rf_xlength(x);
  const double *in = glue_real(x, n, "x");
  const int what = glue_int1(kind, "kind");
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, what == 2 ? 2 * n : n));
  if (what == 2) vsincos(REAL(out), REAL(out) + n, in, (size_t)n, cpu);
  else (what ? vtanh : vexp)(REAL(out), in, (size_t)n, cpu);
  UNPROTECT(1);
  return out;
}

/* For the tests: code_loss() adds it up with its other penalties. */
static SEXP ffi_test_logdet(SEXP x, SEXP correlation, SEXP eps) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
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

/* Reads the two variants of a bed file, calling `between` (which must not fail) after
 * the first; or with n = 0 the whole of a file, then asks whether it is unchanged. */
static SEXP ffi_test_written(SEXP path, SEXP n, SEXP between) {
  lmr_error err;
  const size_t samples = glue_size1(n, "n");
  uint8_t *raw = glue_alloc(samples + 1, 1);
  SEXP call = PROTECT(Rf_lang1(between));
  lmr_status status;
  if (samples) {
    bed_file bed;
    glue_check(bed_open(&bed, glue_path(path, 0), samples, 2, &err), &err);
    status = bed_read(&bed, 0, 1, raw, &err);
    Rf_eval(call, R_GlobalEnv);
    if (status == LMR_OK) status = bed_read(&bed, 1, 1, raw, &err);
    bed_close(&bed);
  } else {
    input_file file;
    glue_check(input_open(&file, glue_path(path, 0), &err), &err);
    Rf_eval(call, R_GlobalEnv);
    status = input_unchanged(&file, &err);
    input_close(&file);
  }
  UNPROTECT(1);
  glue_check(status, &err);
  return Rf_ScalarLogical(1);
}

/* limits as in ffi_structure. */
static SEXP ffi_test_linkage(SEXP within, SEXP n, SEXP chromosome, SEXP position, SEXP limits_) {
  const size_t p = (size_t)glue_nrow(within);
  const double *limits = glue_real(limits_, 3, "limits");
  const ld_rule rule = {Rf_isNull(chromosome) ? NULL : glue_int(chromosome, (R_xlen_t)p, "chromosome"),
                        Rf_isNull(position) ? NULL : glue_real(position, (R_xlen_t)p, "position"),
                        limits[0], limits[1], limits[2]};
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)p, (int)p)), block = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)p));
  size_t components, n_blocks;
  lmr_error err;
  glue_check(linkage_correlations(glue_real(within, (R_xlen_t)(p * p), "within"), p, glue_real1(n, "n"), &rule,
                                  REAL(out), &components, glue_arena(linkage_bytes(p)), NULL, &err), &err);
  glue_check(linkage_blocks(REAL(out), p, &rule, INTEGER(block), &n_blocks, NULL, &err), &err);
  SEXP list = glue_list(3, "correlation", out, "block", block, "components", PROTECT(Rf_ScalarInteger((int)components)));
  UNPROTECT(3);
  return list;
}

/* A F and the quadratic forms of the rows of A with M, block after block. */
static SEXP ffi_test_tall_forms(SEXP a, SEXP f, SEXP m, SEXP level_) {
  const size_t n = (size_t)glue_nrow(a), p = (size_t)glue_ncol(a), k = (size_t)glue_ncol(f);
  const lmr_cpu level = (lmr_cpu)glue_int1(level_, "level");
  glue_real(a, (R_xlen_t)(n * p), "a");
  glue_real(f, (R_xlen_t)(p * k), "f");
  glue_real(m, (R_xlen_t)(p * p), "m");
  const size_t rows = tall_rows(p);
  double *block = glue_alloc(rows * tall_pad(p), sizeof(double)), *to = glue_alloc(rows * tall_pad(k), sizeof(double));
  double *strips = glue_alloc(tall_strips_size(p, k), sizeof(double)), *packed = glue_alloc(tall_quadratic_size(p), sizeof(double));
  double *h = glue_alloc(rows, sizeof(double));
  const double **col = glue_alloc(p, sizeof *col);
  for (size_t j = 0; j < p; j++) col[j] = REAL(a) + j * n;
  const tall_source source = {col, n, p, NULL, NULL};
  tall_strips_pack(REAL(f), p, k, p, strips);
  tall_quadratic_pack(REAL(m), p, p, packed);
  SEXP times = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)k)), form = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  for (size_t first = 0; first < n; first += rows) {
    const size_t count = n - first < rows ? n - first : rows;
    tall_pack(&source, first, count, block, rows);
    tall_block_times(to, block, p, k, rows, strips, level);
    memset(h, 0, rows * sizeof *h);
    tall_block_quadratic(h, block, p, rows, packed, level);
    memcpy(REAL(form) + first, h, count * sizeof *h);
    for (size_t j = 0; j < k; j++) memcpy(REAL(times) + first + j * n, to + j * rows, count * sizeof *to);
  }
  SEXP out = glue_list(2, "times", times, "quadratic", form);
  UNPROTECT(2);
  return out;
}

/* side, trans: 'L' or 'R', 'N' or 'T'. */
static SEXP ffi_test_trsm(SEXP side, SEXP trans, SEXP r, SEXP b, SEXP alpha) {
  const size_t m = (size_t)glue_nrow(b), n = (size_t)glue_ncol(b), order = (size_t)glue_nrow(r);
  glue_real(r, (R_xlen_t)(order * order), "r");
  SEXP out = PROTECT(Rf_duplicate(b));
  lmr_error err;
  glue_check(la_trsm(CHAR(STRING_ELT(side, 0))[0], CHAR(STRING_ELT(trans, 0))[0], m, n, glue_real1(alpha, "alpha"),
                     REAL(r), order, glue_real(out, (R_xlen_t)(m * n), "b"), m, &err), &err);
  UNPROTECT(1);
  return out;
}

/* Genotypes of a panel packed from bed codes `raw` (a variant in each column) for `person`,
 * read back for the people `who` of it, all 0-based. */
static SEXP ffi_test_panel(SEXP raw, SEXP person, SEXP who, SEXP fill, SEXP center) {
  const int numbers = TYPEOF(raw) == REALSXP;
  const size_t stride = (size_t)glue_nrow(raw), p = (size_t)glue_ncol(raw), n = (size_t)Rf_xlength(person);
  const size_t count = (size_t)Rf_xlength(who), to = bed_stride(n);
  const int *people = glue_places(person, -1, numbers ? stride : 4 * stride, "person");
  const int *asked = glue_places(who, -1, n, "who");
  uint8_t *codes = glue_alloc(to * p, 1);
  for (size_t v = 0; v < p && !numbers; v++) genotype_panel_pack(RAW(raw) + v * stride, people, n, codes + v * to);
  const genotype_panel panel = {n, p, numbers ? NULL : codes, numbers ? REAL(raw) : NULL, stride, people};
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)count, (int)p));
  genotype_panel_read(&panel, asked, count, glue_real(fill, (R_xlen_t)p, "fill"), glue_real(center, (R_xlen_t)p, "center"),
                      REAL(out), count);
  UNPROTECT(1);
  return out;
}

/* The weights of draws 0, 1, ..: clusters x draws. */
static SEXP ffi_test_wild_weights(SEXP kind, SEXP seed, SEXP clusters, SEXP draws) {
  const size_t G = glue_size1(clusters, "clusters"), B = glue_size1(draws, "draws");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)G, (int)B));
  for (size_t b = 0; b < B; b++)
    iv_wild_draw((iv_wild_weights)glue_int1(kind, "kind"), glue_size1(seed, "seed"), b, REAL(out) + b * G, G);
  UNPROTECT(1);
  return out;
}

/* d, off: matrices of 8 rows, a matrix in each (core/la/tridiagonal_many.h). */
static SEXP ffi_test_tridiagonal_many(SEXP d, SEXP off, SEXP level) {
  const size_t n = (size_t)glue_ncol(d);
  SEXP out = PROTECT(Rf_duplicate(d));
  SEXP beside = PROTECT(Rf_duplicate(off));
  glue_real(d, (R_xlen_t)(n * TRIDIAGONAL_MANY), "d");
  glue_real(off, (R_xlen_t)(n * TRIDIAGONAL_MANY), "off");
  lmr_error err;
  glue_check(tridiagonal_values_many(REAL(out), REAL(beside), n, (lmr_cpu)glue_int1(level, "level"), NULL, &err), &err);
  UNPROTECT(2);
  return out;
}

const R_CallMethodDef glue_test_calls[] = {
  GLUE_CALL(ffi_test_wild_weights, 4),
  GLUE_CALL(ffi_test_linkage, 5),
  GLUE_CALL(ffi_test_gemm, 7),
  GLUE_CALL(ffi_test_threads, 0),
  GLUE_CALL(ffi_test_rng, 5),
  GLUE_CALL(ffi_test_error, 2),
  GLUE_CALL(ffi_test_stop_at, 2),
  GLUE_CALL(ffi_test_chol_drop, 2),
  GLUE_CALL(ffi_test_background_count, 4),
  GLUE_CALL(ffi_test_eigen, 2),
  GLUE_CALL(ffi_tall_crossprod, 3),
  GLUE_CALL(ffi_test_tall_solve, 3),
  GLUE_CALL(ffi_test_tall_forms, 4),
  GLUE_CALL(ffi_test_trsm, 5),
  GLUE_CALL(ffi_test_panel, 5),
  GLUE_CALL(ffi_flow_gradient, 6),
  GLUE_CALL(ffi_gram, 3),
  GLUE_CALL(ffi_low_rank, 5),
  GLUE_CALL(ffi_test_fastmath, 3),
  GLUE_CALL(ffi_test_logdet, 3),
  GLUE_CALL(ffi_test_written, 3),
  GLUE_CALL(ffi_test_tridiagonal_many, 3),
  {NULL, NULL, 0}
};
