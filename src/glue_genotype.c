/* bed files: what identifies an opened one, selections as R matrices, packing. */
#include "core/genotype/bed_decode.h"
#include "core/genotype/copies.h"
#include "core/genotype/hwe.h"
#include "core/genotype/plink_text.h"
#include "core/genotype/variant_rank.h"
#include "core/genotype/variant_scan.h"
#include "core/la/components.h"
#include "glue.h"
#include "glue_moments.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { LOOKED = 1024 };

/* Opens, checks and closes: size and time of modification of a good file; of `looked`
 * variants spread over it, how many have code 0 for the last sample. */
static SEXP ffi_bed_open(SEXP path, SEXP n_samples, SEXP n_variants) {
  bed_file bed;
  lmr_error err;
  size_t looked = 0, unset = 0;
  lmr_status status = bed_open(&bed, glue_path(path, 0), glue_size1(n_samples, "n_samples"),
                               glue_size1(n_variants, "n_variants"), &err);
  if (status == LMR_OK) status = bed_look(&bed, LOOKED, &looked, &unset, &err);
  bed_close(&bed);
  glue_check(status, &err);
  SEXP size = PROTECT(Rf_ScalarReal((double)bed.in.size)), mtime = PROTECT(Rf_ScalarReal(bed.in.mtime));
  SEXP seen = PROTECT(Rf_ScalarInteger((int)looked)), zero = PROTECT(Rf_ScalarInteger((int)unset));
  SEXP out = glue_list(4, "size", size, "mtime", mtime, "looked", seen, "unset", zero);
  UNPROTECT(4);
  return out;
}

/* A matrix of 0, 1, 2, NA as the bytes of a bed file without its magic; or, when
 * a value is none of these, its 1-based position in the matrix as a double. */
static SEXP ffi_bed_pack(SEXP x) {
  const size_t n = (size_t)glue_nrow(x), p = (size_t)glue_ncol(x), stride = bed_stride(n);
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

/* bim and fam files as lists of columns. Each text is gone through twice: once
 * to check and count, once to fill R vectors of the right length. */

typedef struct {
  char *bytes;
  size_t size;
  char name[sizeof((input_file *)0)->name];
} loaded;

/* No file is open while R allocates. */
static loaded load_text(SEXP path_) {
#ifdef _WIN32
  const char *path = Rf_translateCharUTF8(STRING_ELT(path_, 0));
#else
  const char *path = Rf_translateChar(STRING_ELT(path_, 0));
#endif
  input_file file;
  lmr_error err;
  glue_check(input_open(&file, path, &err), &err);
  input_close(&file);
  loaded text = {.size = (size_t)file.size};
  text.bytes = glue_alloc(text.size + 1, 1);
  lmr_status status = input_open(&file, path, &err);
  if (status == LMR_OK && file.size != text.size)
    status = lmr_fail(&err, LMR_EFORMAT, "'%s' is being written by another program.", file.name);
  if (status == LMR_OK) status = input_read(&file, 0, text.bytes, text.size, &err);
  input_close(&file);
  glue_check(status, &err);
  memcpy(text.name, file.name, sizeof text.name);
  return text;
}

static text_lines lines_of(const loaded *text) {
  text_lines lines;
  lmr_error err;
  glue_check(text_lines_over(&lines, text->bytes, text->size, text->name, &err), &err);
  return lines;
}

static int count_of(const text_lines *lines) {
  lmr_error err;
  if (lines->line > INT_MAX)
    glue_check(lmr_fail(&err, LMR_EFORMAT, "'%s' has more than %d lines.", lines->name, INT_MAX), &err);
  return (int)lines->line;
}

static SEXP string(const text_field *field) {
  return Rf_mkCharLenCE(field->start, (int)field->length, CE_UTF8);
}

static SEXP allele(const text_field *field) {
  return text_equal(field, "0") || text_equal(field, ".") ? NA_STRING : string(field);
}

static void poll(int line) {
  if (line % 65536 == 0) R_CheckUserInterrupt();
}

static SEXP ffi_read_bim(SEXP path) {
  const loaded text = load_text(path);
  text_lines lines = lines_of(&text);
  lmr_error err;
  bim_line line;
  while (text_lines_left(&lines)) glue_check(bim_next(&lines, &line, &err), &err);
  const int p = count_of(&lines);
  SEXP snp = PROTECT(Rf_allocVector(STRSXP, p)), chr = PROTECT(Rf_allocVector(STRSXP, p));
  SEXP effect = PROTECT(Rf_allocVector(STRSXP, p)), other = PROTECT(Rf_allocVector(STRSXP, p));
  SEXP pos = PROTECT(Rf_allocVector(INTSXP, p)), cm = PROTECT(Rf_allocVector(REALSXP, p));
  lines = lines_of(&text);
  for (int j = 0; j < p; j++) {
    glue_check(bim_next(&lines, &line, &err), &err);
    SET_STRING_ELT(snp, j, string(&line.snp));
    SET_STRING_ELT(chr, j, string(&line.chr));
    SET_STRING_ELT(effect, j, allele(&line.effect_allele));
    SET_STRING_ELT(other, j, allele(&line.other_allele));
    INTEGER(pos)[j] = line.pos;
    REAL(cm)[j] = line.cm;
    poll(j);
  }
  SEXP out = glue_list(6, "snp", snp, "chr", chr, "pos", pos, "cm", cm, "effect_allele", effect,
                       "other_allele", other);
  UNPROTECT(6);
  return out;
}

static SEXP ffi_read_fam(SEXP path) {
  const loaded text = load_text(path);
  text_lines lines = lines_of(&text);
  lmr_error err;
  fam_line line;
  while (text_lines_left(&lines)) glue_check(fam_next(&lines, &line, &err), &err);
  const int n = count_of(&lines);
  SEXP fid = PROTECT(Rf_allocVector(STRSXP, n)), iid = PROTECT(Rf_allocVector(STRSXP, n));
  SEXP father = PROTECT(Rf_allocVector(STRSXP, n)), mother = PROTECT(Rf_allocVector(STRSXP, n));
  SEXP sex = PROTECT(Rf_allocVector(INTSXP, n)), phenotype = PROTECT(Rf_allocVector(REALSXP, n));
  lines = lines_of(&text);
  for (int i = 0; i < n; i++) {
    glue_check(fam_next(&lines, &line, &err), &err);
    SET_STRING_ELT(fid, i, string(&line.fid));
    SET_STRING_ELT(iid, i, string(&line.iid));
    SET_STRING_ELT(father, i, string(&line.father));
    SET_STRING_ELT(mother, i, string(&line.mother));
    INTEGER(sex)[i] = line.sex ? line.sex : NA_INTEGER;
    REAL(phenotype)[i] = isnan(line.phenotype) ? NA_REAL : line.phenotype;
    poll(i);
  }
  SEXP out = glue_list(6, "fid", fid, "iid", iid, "father", father, "mother", mother, "sex", sex,
                       "phenotype", phenotype);
  UNPROTECT(6);
  return out;
}

/* Counts, collinearity and Hardy-Weinberg tests of the instruments in an
 * mr_data object. */

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

/* source: as the passes over the bits have it; rows: positions in it, from 1. */
static SEXP ffi_variant_scan(SEXP source_, SEXP rows, SEXP env, SEXP n_env) {
  genotype_source source = glue_genotype_source(source_);
  const size_t n = (size_t)Rf_xlength(rows), k = glue_size1(n_env, "n_env");
  const int *r = glue_positions(rows, -1, source.people, "rows"), *e = glue_positions(env, (R_xlen_t)n, k, "env");
  variant_scan out;
  SEXP list = PROTECT(scan_list((int)source.variants, (int)k, &out));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(variant_scan_source(&source, r, e, n, k, &out, glue_arena(variant_scan_bytes(&source, k)), &tick, &err), &err);
  int *inf = INTEGER(VECTOR_ELT(list, 13));
  inf[0] = (int)out.inf_row + 1;
  inf[1] = (int)out.inf_col + 1;
  UNPROTECT(1);
  return list;
}

/* Row and column (from 1) of the first copies in a matrix that cannot be, or NULL. */
static SEXP ffi_copies_outside(SEXP x, SEXP limits, SEXP whole) {
  const size_t n = (size_t)glue_nrow(x), p = (size_t)glue_ncol(x);
  const double *g = glue_real(x, -1, "x"), *limit = glue_real(limits, 2, "limits");
  for (size_t j = 0; j < p; j++) {
    const size_t at = copies_outside(g + j * n, n, limit[0], limit[1], Rf_asLogical(whole));
    R_CheckUserInterrupt();
    if (at == n) continue;
    SEXP out = PROTECT(Rf_allocVector(INTSXP, 2));
    INTEGER(out)[0] = (int)at + 1;
    INTEGER(out)[1] = (int)j + 1;
    UNPROTECT(1);
    return out;
  }
  return R_NilValue;
}

static SEXP ffi_variant_rank(SEXP x, SEXP rows, SEXP env, SEXP fill, SEXP tol) {
  glue_real(x, -1, "x");
  const size_t n_all = (size_t)glue_nrow(x), p = (size_t)glue_ncol(x), n = (size_t)Rf_xlength(rows);
  const size_t k = (size_t)glue_ncol(fill);
  const int *r = glue_positions(rows, -1, n_all, "rows"), *e = glue_positions(env, (R_xlen_t)n, k, "env");
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
  const int n = (int)glue_size1(n_, "n");
  const size_t edges = (size_t)Rf_xlength(from);
  const int *a = glue_positions(from, -1, (size_t)n, "from"), *b = glue_positions(to, (R_xlen_t)edges, (size_t)n, "to");
  SEXP out = PROTECT(Rf_allocVector(INTSXP, n));
  components((size_t)n, a, b, edges, INTEGER(out));
  for (int i = 0; i < n; i++) INTEGER(out)[i]++;
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_genotype_calls[] = {
  GLUE_CALL(ffi_bed_open, 3),
  GLUE_CALL(ffi_bed_pack, 1),
  GLUE_CALL(ffi_read_bim, 1),
  GLUE_CALL(ffi_read_fam, 1),
  GLUE_CALL(ffi_components, 3),
  GLUE_CALL(ffi_variant_scan, 4),
  GLUE_CALL(ffi_variant_rank, 5),
  GLUE_CALL(ffi_copies_outside, 3),
  GLUE_CALL(ffi_hwe, 3),
  {NULL, NULL, 0}
};
