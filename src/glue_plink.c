/* bim and fam files as lists of columns. Each text is gone through twice: once
 * to check and count, once to fill R vectors of the right length. */
#include "core/base/input_file.h"
#include "core/genotype/plink_text.h"
#include "glue.h"

#include <limits.h>
#include <math.h>
#include <string.h>

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

const R_CallMethodDef glue_plink_calls[] = {
  GLUE_CALL(ffi_read_bim, 1),
  GLUE_CALL(ffi_read_fam, 1),
  {NULL, NULL, 0}
};
