/* The tall kernels as seen from R, for tests and for dense instruments. */
#include "core/la/tall.h"
#include "glue.h"

static SEXP ffi_tall_crossprod(SEXP a, SEXP s, SEXP level) {
  const int n = Rf_nrows(a), p = Rf_ncols(a);
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
  const size_t n = (size_t)Rf_nrows(a), p = (size_t)Rf_ncols(a);
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

const R_CallMethodDef glue_tall_calls[] = {
  GLUE_CALL(ffi_tall_crossprod, 3),
  GLUE_CALL(ffi_test_tall_solve, 3),
  {NULL, NULL, 0}
};
