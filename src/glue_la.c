/* Linear algebra of R code whose size grows with people or variants: it polls R, and R's
 * reference BLAS takes ten times as long. */
#include "core/base/parallel.h"
#include "core/la/column_marks.h"
#include "core/la/column_shape.h"
#include "core/la/impute.h"
#include "core/la/la.h"
#include "core/la/pivoted_cholesky.h"
#include "core/la/standardise.h"
#include "core/la/symmetric.h"
#include "core/la/turn.h"
#include "glue.h"
#include "glue_moments.h"

#include <string.h>

/* a b, or t(a) b. */
static SEXP ffi_product(SEXP a, SEXP b, SEXP transposed) {
  const int turned = Rf_asLogical(transposed);
  const size_t ra = (size_t)glue_nrow(a), ca = (size_t)glue_ncol(a), k = (size_t)glue_nrow(b), n = (size_t)glue_ncol(b);
  const size_t m = turned ? ca : ra;
  if ((turned ? ra : ca) != k) glue_stop("internal: a product of %d by %d with %d by %d", (int)ra, (int)ca, (int)k, (int)n);
  const double *x = glue_real(a, -1, "a"), *y = glue_real(b, -1, "b");
  SEXP out = PROTECT(glue_matrix(m, n));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  if (!k) memset(REAL(out), 0, m * n * sizeof(double));
  else glue_check(la_gemm_polled(turned ? 'T' : 'N', 'N', m, n, k, 1, x, ra ? ra : 1, y, k, 0, REAL(out), m ? m : 1, &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* t(map) a map of the leading rows and columns of a symmetric matrix of at most this rank. */
static SEXP ffi_turn(SEXP a, SEXP map, SEXP rank) {
  const size_t w = (size_t)glue_nrow(a), p = (size_t)glue_nrow(map), m = (size_t)glue_ncol(map);
  glue_real(a, (R_xlen_t)(w * w), "a");
  glue_real(map, (R_xlen_t)(p * m), "map");
  if (p > w) glue_stop("internal: `map` has more rows than `a`");
  const turn_matrix from = {REAL(a), p, w, glue_size1(rank, "rank")};
  SEXP out = PROTECT(glue_matrix(m, m));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const glue_work work = glue_work_take(turn_bytes(&from, m));
  const lmr_status status = turn(&from, REAL(map), m, REAL(out), work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  UNPROTECT(1);
  return out;
}

/* a[at, at] of a square matrix; at: 1-based. */
static SEXP ffi_pick(SEXP a, SEXP at_) {
  const size_t w = (size_t)glue_nrow(a), m = (size_t)Rf_xlength(at_);
  glue_real(a, (R_xlen_t)(w * w), "a");
  const int *at = glue_positions(at_, (R_xlen_t)m, w, "at");
  SEXP out = PROTECT(glue_matrix(m, m));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(matrix_pick(REAL(a), w, at, m, REAL(out), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* x[rows, cols] of a large matrix; rows, cols: 1-based. */
static SEXP ffi_part(SEXP x, SEXP rows_, SEXP cols_) {
  const size_t n = (size_t)glue_nrow(x), m = (size_t)Rf_xlength(rows_), k = (size_t)Rf_xlength(cols_);
  const double *from = glue_real(x, -1, "x");
  const int *rows = glue_positions(rows_, (R_xlen_t)m, n, "rows");
  const int *cols = glue_positions(cols_, (R_xlen_t)k, (size_t)glue_ncol(x), "cols");
  SEXP out = PROTECT(glue_matrix(m, k));
  double *to = REAL(out);
  LMR_PARALLEL_FOR(glue_threads(), static)
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < m; i++) to[j * m + i] = from[(size_t)cols[j] * n + (size_t)rows[i]];
  UNPROTECT(1);
  return out;
}

/* A matrix of zeros: R's own costs more for the pages of a large one than for the numbers. */
static SEXP ffi_zeros(SEXP rows, SEXP columns) {
  return glue_zeros(REALSXP, glue_size1(rows, "rows"), glue_size1(columns, "columns"));
}

/* The unit matrix. */
static SEXP ffi_unit(SEXP size) {
  const size_t n = glue_size1(size, "size");
  SEXP out = PROTECT(glue_matrix(n, n));
  memset(REAL(out), 0, n * n * sizeof(double));
  for (size_t j = 0; j < n; j++) REAL(out)[j * (n + 1)] = 1;
  UNPROTECT(1);
  return out;
}

/* The upper Cholesky factor of diag(scale) a diag(scale), of unit diagonal; NULL where a column has
 * less than `tol` left of itself after those before it. */
static SEXP ffi_unit_factor(SEXP a, SEXP scale, SEXP tol) {
  const size_t n = (size_t)glue_nrow(a);
  glue_real(a, (R_xlen_t)(n * n), "a");
  int *kept = glue_alloc(n + 1, sizeof *kept);
  SEXP out = PROTECT(glue_matrix(n, n));
  memcpy(REAL(out), REAL(a), n * n * sizeof(double));
  size_t rank = 0;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(la_unit_factor(REAL(out), n, glue_real(scale, (R_xlen_t)n, "scale"), glue_real1(tol, "tol"), kept, &rank,
                            &tick, &err), &err);
  UNPROTECT(1);
  return rank < n ? R_NilValue : out;
}

/* The sum of matrices of one size. */
static SEXP ffi_sum(SEXP list) {
  const R_xlen_t count = Rf_xlength(list);
  if (TYPEOF(list) != VECSXP || !count) glue_stop("internal: no matrices to add up");
  SEXP first = VECTOR_ELT(list, 0);
  const size_t rows = (size_t)glue_nrow(first), columns = (size_t)glue_ncol(first);
  const double **from = glue_alloc((size_t)count, sizeof *from);
  for (R_xlen_t l = 0; l < count; l++) from[l] = glue_real(VECTOR_ELT(list, l), (R_xlen_t)(rows * columns), "list");
  SEXP out = PROTECT(glue_matrix(rows, columns));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(matrix_sum(from, (size_t)count, rows * columns, REAL(out), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_standardise(SEXP x) {
  const size_t n = (size_t)glue_nrow(x), d = (size_t)glue_ncol(x);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d)), sd = PROTECT(Rf_allocVector(REALSXP, (int)d));
  standardise(glue_real(x, -1, "x"), n, d, REAL(out), REAL(sd));
  SEXP list = glue_list(2, "x", out, "sd", sd);
  UNPROTECT(2);
  return list;
}

/* group: 1-based columns of `values`, which has a row for each column of x; center: NULL, or what is taken off. */
static SEXP ffi_impute(SEXP x, SEXP group, SEXP values, SEXP center) {
  const size_t n = (size_t)glue_nrow(x), p = (size_t)glue_ncol(x), groups = (size_t)glue_ncol(values);
  const double *from = glue_real(x, -1, "x"), *fill = glue_real(values, (R_xlen_t)(p * groups), "values");
  const double *mid = Rf_isNull(center) ? NULL : glue_real(center, (R_xlen_t)p, "center");
  const int *of = glue_positions(group, (R_xlen_t)n, groups, "group");
  SEXP out = PROTECT(glue_matrix(n, p));
  impute(from, n, p, of, fill, mid, REAL(out));
  UNPROTECT(1);
  return out;
}

/* pivot: 1-based, as many as the rank; factor R, upper triangular: R'R = a[pivot, pivot]. */
static SEXP ffi_pivoted(SEXP a, SEXP least) {
  const size_t n = (size_t)glue_nrow(a);
  double *copy = glue_alloc(n * n + 1, sizeof *copy), *f = glue_alloc(n * n + 1, sizeof *f);
  int *pivot = glue_alloc(n + 1, sizeof *pivot);
  memcpy(copy, glue_real(a, (R_xlen_t)(n * n), "a"), n * n * sizeof *copy);
  size_t rank = 0;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(pivoted_factor(copy, n, glue_real1(least, "least"), f, pivot, &rank, glue_arena(pivoted_factor_bytes(n)),
                            &tick, &err), &err);
  SEXP at = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)rank));
  SEXP factor = PROTECT(Rf_allocMatrix(REALSXP, (int)rank, (int)rank));
  for (size_t j = 0; j < rank; j++) {
    INTEGER(at)[j] = pivot[j] + 1;
    for (size_t i = 0; i < rank; i++) REAL(factor)[i + j * rank] = i <= j ? f[(size_t)pivot[j] + i * n] : 0;
  }
  SEXP out = glue_list(2, "pivot", at, "factor", factor);
  UNPROTECT(2);
  return out;
}

/* group: a factor, from 1. Of all finite values and of those of each level. */
static SEXP ffi_column_shape(SEXP x, SEXP group, SEXP groups_) {
  const size_t n = (size_t)Rf_xlength(x), groups = glue_size1(groups_, "groups");
  const double *from = glue_real(x, -1, "x");
  const int *code = glue_positions(group, (R_xlen_t)n, groups, "group");
  SEXP whole = PROTECT(Rf_allocVector(REALSXP, sizeof(column_shape) / sizeof(double)));
  SEXP count = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)groups)), mean = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)groups));
  SEXP quarter = PROTECT(Rf_allocMatrix(REALSXP, 3, (int)groups));
  column_shape shape;
  lmr_error err;
  glue_check(column_shape_of(from, code, n, groups, &shape, REAL(count), REAL(mean), REAL(quarter),
                             glue_arena(column_shape_bytes(n, groups)), &err), &err);
  memcpy(REAL(whole), &shape, sizeof shape);
  SEXP out = glue_list(4, "whole", whole, "count", count, "mean", mean, "quarter", quarter);
  UNPROTECT(4);
  return out;
}

/* x: a vector, or a matrix. A row of core/la/column_marks.h for each column. */
static SEXP ffi_column_marks(SEXP x) {
  enum { FIELDS = sizeof(column_marks) / sizeof(double) };
  const double *from = glue_real(x, -1, "x");
  const size_t columns = Rf_isMatrix(x) ? (size_t)glue_ncol(x) : 1, n = Rf_isMatrix(x) ? (size_t)glue_nrow(x) : (size_t)Rf_xlength(x);
  SEXP out = PROTECT(glue_matrix(columns, FIELDS));
  column_marks *marks = glue_alloc(columns, sizeof *marks);
  LMR_PARALLEL_FOR(glue_threads(), dynamic)
  for (size_t c = 0; c < columns; c++) marks[c] = column_marks_of(from + c * n, n);
  for (size_t c = 0; c < columns; c++) {
    double field[FIELDS];
    memcpy(field, marks + c, sizeof field);
    for (size_t k = 0; k < FIELDS; k++) REAL(out)[c + k * columns] = field[k];
  }
  UNPROTECT(1);
  return out;
}

static SEXP ffi_symmetric_squares(SEXP a, SEXP scale) {
  const R_xlen_t n = glue_nrow(a);
  return Rf_ScalarReal(symmetric_squares(glue_real(a, n * n, "a"), (size_t)n, glue_real(scale, n, "scale")));
}

/* The symmetric_fault of a square matrix, as an integer. */
static SEXP ffi_symmetric(SEXP a, SEXP products) {
  const size_t n = (size_t)glue_nrow(a);
  glue_real(a, (R_xlen_t)(n * n), "a");
  double *root = (double *)R_alloc(n, sizeof(double));
  return Rf_ScalarInteger((int)symmetric_check(REAL(a), n, Rf_asLogical(products), root));
}

const R_CallMethodDef glue_la_calls[] = {
  GLUE_CALL(ffi_product, 3),
  GLUE_CALL(ffi_turn, 3),
  GLUE_CALL(ffi_sum, 1),
  GLUE_CALL(ffi_unit_factor, 3),
  GLUE_CALL(ffi_pick, 2),
  GLUE_CALL(ffi_part, 3),
  GLUE_CALL(ffi_zeros, 2),
  GLUE_CALL(ffi_unit, 1),
  GLUE_CALL(ffi_pivoted, 2),
  GLUE_CALL(ffi_standardise, 1),
  GLUE_CALL(ffi_impute, 4),
  GLUE_CALL(ffi_column_marks, 1),
  GLUE_CALL(ffi_column_shape, 3),
  GLUE_CALL(ffi_symmetric, 2),
  GLUE_CALL(ffi_symmetric_squares, 2),
  {NULL, NULL, 0}
};
