/* Counts, collinearity and Hardy-Weinberg tests of the instruments in an
 * mr_data object. */
#include <limits.h>
#include <math.h>

#include "core/la/components.h"
#include "core/genotype/hwe.h"
#include "core/genotype/variant_rank.h"
#include "core/genotype/variant_scan.h"
#include "glue.h"

/* R's positions (from 1) as the core's (from 0), checked: a wrong one would
 * read outside the matrix. */
static int *positions(SEXP x, size_t limit, const char *name) {
  const size_t n = (size_t)Rf_xlength(x);
  const int *from = glue_int(x, -1, name);
  int *to = glue_alloc(n ? n : 1, sizeof *to);
  for (size_t i = 0; i < n; i++) {
    if (from[i] < 1 || (size_t)from[i] > limit)
      Rf_error("internal: `%s` holds %d, outside 1 to %.0f", name, from[i], (double)limit);
    to[i] = from[i] - 1;
  }
  return to;
}

/* The list that holds a scan of p variants in k environments; `out` points into it. */
static SEXP scan_list(int p, int k, variant_scan *out) {
  SEXP m[6];
  for (int i = 0; i < 6; i++) m[i] = PROTECT(Rf_allocMatrix(i < 4 ? INTSXP : REALSXP, p, k));
  SEXP lo = PROTECT(Rf_allocVector(REALSXP, p)), hi = PROTECT(Rf_allocVector(REALSXP, p));
  SEXP odd = PROTECT(Rf_allocVector(INTSXP, p)), same = PROTECT(Rf_allocVector(LGLSXP, p));
  SEXP value = PROTECT(Rf_allocVector(REALSXP, p)), inf = PROTECT(Rf_allocVector(INTSXP, 2));
  SEXP hash = PROTECT(Rf_allocVector(REALSXP, p)), mirror = PROTECT(Rf_allocVector(REALSXP, p));
  *out = (variant_scan){INTEGER(m[0]), INTEGER(m[1]), INTEGER(m[2]), INTEGER(m[3]), REAL(m[4]), REAL(m[5]),
                        REAL(lo), REAL(hi), INTEGER(odd), LOGICAL(same), REAL(value),
                        REAL(hash), REAL(mirror), -1, -1};
  INTEGER(inf)[0] = INTEGER(inf)[1] = 0;
  SEXP list = glue_list(14, "called", m[0], "n0", m[1], "n1", m[2], "n2", m[3], "mean", m[4], "ss", m[5],
                        "lo", lo, "hi", hi, "odd", odd, "odd_same", same, "odd_value", value,
                        "hash", hash, "mirror", mirror, "inf", inf);
  UNPROTECT(14);
  return list;
}

static SEXP ffi_variant_scan(SEXP x, SEXP rows, SEXP env, SEXP n_env) {
  glue_real(x, -1, "x");
  const size_t n_all = (size_t)Rf_nrows(x), p = (size_t)Rf_ncols(x);
  const size_t n = (size_t)Rf_xlength(rows), k = (size_t)glue_int1(n_env, "n_env");
  glue_int(env, (R_xlen_t)n, "env");
  const int *r = positions(rows, n_all, "rows"), *e = positions(env, k, "env");
  variant_scan out;
  SEXP list = PROTECT(scan_list((int)p, (int)k, &out));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(variant_scan_dense(REAL(x), n_all, p, r, e, n, k, &out, &tick, &err), &err);
  int *inf = INTEGER(VECTOR_ELT(list, 13));
  inf[0] = (int)out.inf_row + 1;
  inf[1] = (int)out.inf_col + 1;
  UNPROTECT(1);
  return list;
}

/* files: list(bed, size, mtime, variants); file and col: for each variant its file
 * and its position there, from 1, variants of one file together. */
static SEXP ffi_variant_scan_bed(SEXP files, SEXP n_samples, SEXP rows, SEXP file, SEXP col, SEXP env, SEXP n_env) {
  SEXP paths = VECTOR_ELT(files, 0);
  const R_xlen_t n_files = Rf_xlength(paths), p = Rf_xlength(col);
  const double *size = glue_real(VECTOR_ELT(files, 1), n_files, "size");
  const double *mtime = glue_real(VECTOR_ELT(files, 2), n_files, "mtime");
  const int *variants = glue_int(VECTOR_ELT(files, 3), n_files, "variants");
  const size_t n_all = (size_t)glue_int1(n_samples, "n_samples");
  const size_t n = (size_t)Rf_xlength(rows), k = (size_t)glue_int1(n_env, "n_env");
  glue_int(env, (R_xlen_t)n, "env");
  glue_int(file, p, "file");
  const int *r = positions(rows, n_all, "rows"), *e = positions(env, k, "env");
  const int *f = positions(file, (size_t)n_files, "file"), *c = positions(col, INT_MAX, "col");
  variant_scan out;
  SEXP list = PROTECT(scan_list((int)p, (int)k, &out));
  const lmr_arena work = glue_arena(variant_scan_bed_bytes(n_all, k));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  for (R_xlen_t j = 0; j < p;) {
    R_xlen_t end = j + 1;
    while (end < p && f[end] == f[j]) end++;
    for (R_xlen_t i = j; i < end; i++)
      if (c[i] >= variants[f[j]]) Rf_error("internal: variant %d of %d", c[i] + 1, variants[f[j]]);
    bed_file bed;
    lmr_error err;
    lmr_status status = bed_reopen(&bed, glue_path(paths, f[j]), n_all, (size_t)variants[f[j]],
                                   (uint64_t)size[f[j]], mtime[f[j]], &err);
    if (status == LMR_OK)
      status = variant_scan_bed(&bed, c + j, (size_t)(end - j), r, e, n, k, &out, (size_t)j, (size_t)p, work, &tick, &err);
    bed_close(&bed);
    glue_check(status, &err);
    j = end;
  }
  UNPROTECT(1);
  return list;
}

static SEXP ffi_variant_rank(SEXP x, SEXP rows, SEXP env, SEXP fill, SEXP tol) {
  glue_real(x, -1, "x");
  const size_t n_all = (size_t)Rf_nrows(x), p = (size_t)Rf_ncols(x), n = (size_t)Rf_xlength(rows);
  glue_int(env, (R_xlen_t)n, "env");
  const size_t k = (size_t)Rf_ncols(fill);
  const int *r = positions(rows, n_all, "rows"), *e = positions(env, k, "env");
  glue_real(fill, (R_xlen_t)(p * k), "fill");
  SEXP kept = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)p));
  size_t rank = 0;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(variant_rank(REAL(x), n_all, p, r, e, n, REAL(fill), glue_real1(tol, "tol"), LOGICAL(kept),
                          &rank, glue_arena(variant_rank_bytes(n, p)), &tick, &err), &err);
  UNPROTECT(1);
  return kept;
}

static SEXP ffi_hwe(SEXP n0, SEXP n1, SEXP n2) {
  const R_xlen_t n = Rf_xlength(n0);
  const int *a = glue_int(n0, n, "n0"), *b = glue_int(n1, n, "n1"), *c = glue_int(n2, n, "n2");
  SEXP p = PROTECT(Rf_allocVector(REALSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const double value = hwe_exact(a[i], b[i], c[i]);
    REAL(p)[i] = isnan(value) ? NA_REAL : value;
  }
  UNPROTECT(1);
  return p;
}

/* from, to: integer, 1-based nodes among n. */
static SEXP ffi_components(SEXP n_, SEXP from, SEXP to) {
  const int n = glue_int1(n_, "n");
  const size_t edges = (size_t)Rf_xlength(from);
  glue_int(to, (R_xlen_t)edges, "to");
  const int *a = positions(from, (size_t)n, "from"), *b = positions(to, (size_t)n, "to");
  SEXP out = PROTECT(Rf_allocVector(INTSXP, n));
  components((size_t)n, a, b, edges, INTEGER(out));
  for (int i = 0; i < n; i++) INTEGER(out)[i]++;
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_data_calls[] = {
  GLUE_CALL(ffi_components, 3),
  GLUE_CALL(ffi_variant_scan, 4),
  GLUE_CALL(ffi_variant_scan_bed, 7),
  GLUE_CALL(ffi_variant_rank, 5),
  GLUE_CALL(ffi_hwe, 3),
  {NULL, NULL, 0}
};
