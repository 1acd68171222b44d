/* bed files: what identifies an opened one, selections as R matrices, packing. */
#include "core/genotype/bed_decode.h"
#include "core/genotype/bed_matrix.h"
#include "glue.h"

/* Opens, checks and closes: size and time of modification of a good file. */
static SEXP ffi_bed_open(SEXP path, SEXP n_samples, SEXP n_variants) {
  bed_file bed;
  lmr_error err;
  const lmr_status status = bed_open(&bed, glue_path(path, 0), (size_t)glue_int1(n_samples, "n_samples"),
                                     (size_t)glue_int1(n_variants, "n_variants"), &err);
  bed_close(&bed);
  glue_check(status, &err);
  SEXP size = PROTECT(Rf_ScalarReal((double)bed.in.size)), mtime = PROTECT(Rf_ScalarReal(bed.in.mtime));
  SEXP out = glue_list(2, "size", size, "mtime", mtime);
  UNPROTECT(2);
  return out;
}

/* files: list(bed, size, mtime, variants); rows: NULL or 0-based positions; file
 * and col: for each column its file and its position there, both 0-based. */
static SEXP ffi_bed_matrix(SEXP files, SEXP n_samples, SEXP rows, SEXP file, SEXP col, SEXP real) {
  SEXP paths = VECTOR_ELT(files, 0);
  const R_xlen_t n_files = Rf_xlength(paths), n_cols = Rf_xlength(col);
  const double *size = glue_real(VECTOR_ELT(files, 1), n_files, "size");
  const double *mtime = glue_real(VECTOR_ELT(files, 2), n_files, "mtime");
  const int *variants = glue_int(VECTOR_ELT(files, 3), n_files, "variants");
  const int n = glue_int1(n_samples, "n_samples"), is_real = Rf_asLogical(real) == TRUE;
  const int *in_file = glue_int(file, n_cols, "file"), *in_col = glue_int(col, n_cols, "col");
  bed_pick pick = {.rows = Rf_isNull(rows) ? NULL : glue_int(rows, -1, "rows"),
                   .n_rows = Rf_isNull(rows) ? (size_t)n : (size_t)Rf_xlength(rows)};
  SEXP out = PROTECT(Rf_allocMatrix(is_real ? REALSXP : INTSXP, (int)pick.n_rows, (int)n_cols));
  if (is_real) glue_large_pages(REAL(out), (size_t)Rf_xlength(out) * sizeof(double));
  else glue_large_pages(INTEGER(out), (size_t)Rf_xlength(out) * sizeof(int));
  lmr_arena work = glue_arena(bed_matrix_bytes((size_t)n));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  for (R_xlen_t j = 0; j < n_cols;) {
    const int f = in_file[j];
    R_xlen_t end = j + 1;
    while (end < n_cols && in_file[end] == f) end++;
    if (f < 0 || f >= n_files) Rf_error("internal: file %d of %d", f + 1, (int)n_files);
    pick.cols = in_col + j;
    pick.n_cols = (size_t)(end - j);
    const char *path = glue_path(paths, f);
    bed_file bed;
    lmr_error err;
    lmr_status status = bed_reopen(&bed, path, (size_t)n, (size_t)variants[f], (uint64_t)size[f], mtime[f], &err);
    if (status == LMR_OK)
      status = is_real ? bed_matrix_double(REAL(out) + pick.n_rows * (size_t)j, &bed, &pick, NA_REAL, work, &tick, &err)
                       : bed_matrix_int(INTEGER(out) + pick.n_rows * (size_t)j, &bed, &pick, NA_INTEGER, work, &tick, &err);
    bed_close(&bed);
    glue_check(status, &err);
    j = end;
  }
  UNPROTECT(1);
  return out;
}

/* A matrix of 0, 1, 2, NA as the bytes of a bed file without its magic; or, when
 * a value is none of these, its 1-based position in the matrix as a double. */
static SEXP ffi_bed_pack(SEXP x) {
  const size_t n = (size_t)Rf_nrows(x), p = (size_t)Rf_ncols(x), stride = bed_stride(n);
  const int is_real = TYPEOF(x) == REALSXP;
  const double *real = is_real ? glue_real(x, -1, "x") : NULL;
  const int *integer = is_real ? NULL : glue_int(x, -1, "x");
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(stride * p)));
  for (size_t j = 0; j < p; j++) {
    uint8_t *codes = RAW(out) + j * stride;
    const size_t done = is_real ? bed_encode_double(codes, real + j * n, n)
                                : bed_encode_int(codes, integer + j * n, NA_INTEGER, n);
    if (done < n) {
      UNPROTECT(1);
      return Rf_ScalarReal((double)(j * n + done) + 1);
    }
  }
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_bed_calls[] = {
  GLUE_CALL(ffi_bed_open, 3),
  GLUE_CALL(ffi_bed_matrix, 6),
  GLUE_CALL(ffi_bed_pack, 1),
  {NULL, NULL, 0}
};
