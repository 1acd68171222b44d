/* Where genotypes come from: a matrix or dosages in memory, bed files or BGEN files; and what all of
 * them give as R matrices. */
#include "core/genotype/bed_matrix.h"
#include "core/genotype/dosage.h"
#include "core/genotype/source.h"
#include "glue.h"
#include "glue_moments.h"

#include <math.h>

/* list(bed, size, mtime, variants) of the files, one entry each. */
typedef struct {
  SEXP path;
  size_t count;
  const double *size, *mtime;
  const int *variants;
} bed_files;

static bed_files files_of(SEXP files) {
  bed_files out = {.path = glue_field(files, "bed")};
  const R_xlen_t n = Rf_xlength(out.path);
  out.count = (size_t)n;
  out.size = glue_field_real(files, "size", n);
  out.mtime = glue_field_real(files, "mtime", n);
  out.variants = glue_field_int(files, "variants", n);
  for (R_xlen_t f = 0; f < n; f++) {
    glue_path(out.path, f);
    if (out.variants[f] < 0 || !(out.size[f] >= 0 && out.size[f] < 1e18))
      glue_stop("internal: file %.0f of %d variants and %g bytes", (double)f + 1, out.variants[f], out.size[f]);
  }
  return out;
}

/* Each column's file and its place there (both from 0) exist. */
static void check_columns(const bed_files *files, const int *file, const int *col, size_t columns) {
  for (size_t j = 0; j < columns; j++)
    if (col[j] < 0 || col[j] >= files->variants[file[j]])
      glue_stop("internal: variant %d of %d", col[j] + 1, files->variants[file[j]]);
}

/* files: list(bed, size, mtime, variants); rows: NULL or 0-based positions; file
 * and col: for each column its file and its position there, both 0-based. */
static SEXP ffi_bed_matrix(SEXP files_, SEXP n_samples, SEXP rows, SEXP file, SEXP col, SEXP real) {
  const bed_files files = files_of(files_);
  const R_xlen_t n_cols = Rf_xlength(col);
  const int n = (int)glue_size1(n_samples, "n_samples"), is_real = Rf_asLogical(real) == TRUE;
  const int *in_file = glue_places(file, n_cols, files.count, "file"), *in_col = glue_int(col, n_cols, "col");
  check_columns(&files, in_file, in_col, (size_t)n_cols);
  bed_pick pick = {.rows = Rf_isNull(rows) ? NULL : glue_int(rows, -1, "rows") /* looked at there */,
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
    pick.cols = in_col + j;
    pick.n_cols = (size_t)(end - j);
    const char *path = glue_path(files.path, f);
    bed_file bed;
    lmr_error err;
    lmr_status status = bed_reopen(&bed, path, (size_t)n, (size_t)files.variants[f], (uint64_t)files.size[f], files.mtime[f], &err);
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

/* list(files = list(bed, size, mtime, variants), n_samples, file, col): for each
 * variant its file and its position there, both 0-based. */
static genotype_source files_source(SEXP source) {
  const bed_files files = files_of(glue_field(source, "files"));
  SEXP file = glue_field(source, "file");
  const R_xlen_t variants = Rf_xlength(file);
  const char **path = glue_alloc(files.count, sizeof *path);
  for (size_t f = 0; f < files.count; f++) path[f] = glue_path(files.path, (R_xlen_t)f);
  bed_places *bed = glue_alloc(1, sizeof *bed);
  *bed = (bed_places){.path = path, .size = files.size, .mtime = files.mtime, .variants = files.variants,
                      .file = glue_places(file, -1, files.count, "file"), .col = glue_field_int(source, "col", variants)};
  check_columns(&files, bed->file, bed->col, (size_t)variants);
  return bed_source(bed, glue_field_size1(source, "n_samples"), (size_t)variants);
}

/* list(dosages = raw, scale, people, col): two bytes for each person and variant of an object
 * in memory; for each variant asked for its 0-based place there. */
static genotype_source bytes_source(SEXP source) {
  SEXP bytes = glue_field(source, "dosages"), scale = glue_field(source, "scale"), col = glue_field(source, "col");
  const size_t people = glue_field_size1(source, "people"), variants = (size_t)Rf_xlength(scale);
  if (TYPEOF(bytes) != RAWSXP || (double)Rf_xlength(bytes) != 2. * (double)people * (double)variants)
    glue_stop("internal: dosages of another length than people by variants");
  dosage_bytes *from = glue_alloc(1, sizeof *from);
  *from = (dosage_bytes){RAW(bytes), glue_int(scale, -1, "scale"), glue_places(col, -1, variants, "col"),
                         glue_alloc(people, sizeof(int16_t))};
  return dosage_source(from, people, (size_t)Rf_xlength(col));
}

genotype_source glue_genotype_source(SEXP source) {
  if (TYPEOF(source) == VECSXP && !Rf_isNull(glue_field_or_null(source, "bgen"))) return glue_bgen_source(source);
  if (TYPEOF(source) == VECSXP)
    return Rf_isNull(glue_field_or_null(source, "dosages")) ? files_source(source) : bytes_source(source);
  return matrix_source(glue_real(source, -1, "genotypes"), (size_t)glue_nrow(source), (size_t)glue_ncol(source));
}

/* A double matrix of the people at `rows` (NULL, or positions from 1) and all variants of a source. */
static SEXP ffi_source_matrix(SEXP source_, SEXP rows_) {
  genotype_source source = glue_genotype_source(source_);
  const int *rows = Rf_isNull(rows_) ? NULL : glue_positions(rows_, -1, source.people, "rows");
  const size_t n = rows ? (size_t)Rf_xlength(rows_) : source.people, p = source.variants;
  int *cols = glue_alloc(p, sizeof *cols);
  for (size_t j = 0; j < p; j++) cols[j] = (int)j;
  SEXP out = PROTECT(glue_matrix(n, p));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  /* R prints another NaN than NA as what it is. */
  glue_check(source_matrix(&source, rows, n, cols, p, NA_REAL, REAL(out), glue_arena(source_matrix_bytes(&source)), &tick,
                           &err), &err);
  UNPROTECT(1);
  return out;
}

/* person: 0-based places in the source. list(raw, scale): the dosages of these people, two bytes each. */
static SEXP ffi_source_dosages(SEXP source_, SEXP person_) {
  genotype_source source = glue_genotype_source(source_);
  const size_t n = (size_t)Rf_xlength(person_);
  const int *person = glue_places(person_, (R_xlen_t)n, source.people, "person");
  SEXP raw = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(2 * n * source.variants)));
  SEXP scale = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)source.variants));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(source_dosages(&source, person, n, RAW(raw), INTEGER(scale),
                            glue_arena(source_dosages_bytes(&source, n)), &tick, &err), &err);
  SEXP out = glue_list(2, "raw", raw, "scale", scale);
  UNPROTECT(2);
  return out;
}

/* Doubles as the bytes of dosages of the given scale; or, when one is no such dosage, its 1-based
 * position as a double. */
static SEXP ffi_dosage_pack(SEXP x, SEXP scale_) {
  const size_t n = (size_t)glue_nrow(x), p = (size_t)glue_ncol(x);
  const double *from = glue_real(x, -1, "x");
  const int *scale = glue_int(scale_, (R_xlen_t)p, "scale");
  int16_t *k = glue_alloc(n, sizeof *k);
  SEXP out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(2 * n * p)));
  for (size_t j = 0; j < p; j++) {
    if (scale[j] < 1 || scale[j] > DOSAGE_SCALE) glue_stop("internal: a scale of %d", scale[j]);
    const size_t done = dosage_encode(from + j * n, n, scale[j], k);
    if (done < n) {
      UNPROTECT(1);
      return Rf_ScalarReal((double)(j * n + done) + 1);
    }
    dosage_store(k, n, RAW(out) + 2 * j * n);
  }
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_genotype_source_calls[] = {
  GLUE_CALL(ffi_bed_matrix, 6),
  GLUE_CALL(ffi_source_matrix, 2),
  GLUE_CALL(ffi_dosage_pack, 2),
  GLUE_CALL(ffi_source_dosages, 2),
  {NULL, NULL, 0}
};
