/* BGEN files: header and samples, variants, values. */
#include "core/genotype/bgen_source.h"
#include "glue.h"
#include "glue_moments.h"

#include <string.h>

enum { BATCH = 1024, STORE = 4 * BGEN_WINDOW };

static SEXP string(bgen_text text) { return Rf_mkCharLenCE(text.start, (int)text.length, CE_UTF8); }

static SEXP name(bgen_text text) {
  return text.length == 0 || (text.length == 1 && text.start[0] == '.') ? NA_STRING : string(text);
}

static SEXP allele(const bgen_variant *variant, unsigned k) {
  const bgen_text text = bgen_allele(variant, k);
  if (text.length == 1 && text.start[0] == '0') return NA_STRING;
  return name(text);
}

/* The ids of the samples. No file is open while R allocates. */
static SEXP ids_of(const bgen_file *opened, const char *path) {
  if (!opened->has_ids) return R_NilValue;
  bgen_file file;
  lmr_error err;
  uint8_t *bytes = glue_alloc((size_t)opened->ids_size + 1, 1);
  lmr_status status = bgen_reopen(&file, path, opened->n_samples, opened->in.size, opened->in.mtime, &err);
  if (status == LMR_OK) status = bgen_read_ids(&file, bytes, &err);
  bgen_close(&file);
  glue_check(status, &err);
  SEXP ids = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)opened->n_samples));
  uint64_t at = 0;
  for (uint32_t i = 0; i < opened->n_samples; i++) {
    bgen_text id;
    glue_check(bgen_next_id(&file, bytes, &at, &id, &err), &err);
    SET_STRING_ELT(ids, (R_xlen_t)i, name(id));
  }
  UNPROTECT(1);
  return ids;
}

/* Opens, checks and closes. */
static SEXP ffi_bgen_open(SEXP path_) {
  const char *path = glue_path(path_, 0);
  bgen_file file;
  lmr_error err;
  const lmr_status status = bgen_open(&file, path, &err);
  bgen_close(&file);
  glue_check(status, &err);
  SEXP ids = PROTECT(ids_of(&file, path));
  SEXP size = PROTECT(Rf_ScalarReal((double)file.in.size)), mtime = PROTECT(Rf_ScalarReal(file.in.mtime));
  SEXP samples = PROTECT(Rf_ScalarInteger((int)file.n_samples)), variants = PROTECT(Rf_ScalarInteger((int)file.n_variants));
  SEXP packing = PROTECT(Rf_ScalarInteger(file.packing));
  SEXP out = glue_list(6, "size", size, "mtime", mtime, "samples", samples, "variants", variants, "packing", packing,
                       "ids", ids);
  UNPROTECT(6);
  return out;
}

static SEXP ffi_bgen_zstd(void) { return Rf_ScalarLogical(bgen_has_zstd()); }

/* The columns of the table of variants, filled row by row. */
typedef struct {
  SEXP start, bytes, id, rsid, chr, pos, alleles, first, second, more;
} bgen_columns;

static void fill_row(const bgen_columns *to, R_xlen_t j, const bgen_variant *variant) {
  REAL(to->start)[j] = (double)variant->at;
  REAL(to->bytes)[j] = (double)(variant->next - variant->at);
  REAL(to->pos)[j] = variant->pos;
  INTEGER(to->alleles)[j] = variant->alleles;
  SET_STRING_ELT(to->id, j, name(variant->id));
  SET_STRING_ELT(to->rsid, j, name(variant->rsid));
  SET_STRING_ELT(to->chr, j, name(variant->chr));
  SET_STRING_ELT(to->first, j, allele(variant, 0));
  SET_STRING_ELT(to->second, j, allele(variant, 1));
  if (variant->alleles <= 2 || variant->alleles > BGEN_MOST_ALLELES) return;
  SEXP all = Rf_allocVector(STRSXP, variant->alleles);
  SET_VECTOR_ELT(to->more, j, all);
  for (unsigned k = 0; k < variant->alleles; k++) SET_STRING_ELT(all, k, allele(variant, k));
}

/* opened: list(path, size, mtime, samples); starts: NULL for all variants of the file, or the bytes where
 * some begin. `more`: all alleles of a variant that has more than two. */
static SEXP ffi_bgen_variants(SEXP opened, SEXP starts_) {
  const char *path = glue_path(glue_field(opened, "path"), 0);
  const size_t samples = glue_field_size1(opened, "samples");
  const double size = glue_field_real1(opened, "size"), mtime = glue_field_real1(opened, "mtime");
  const double *starts = Rf_isNull(starts_) ? NULL : glue_real(starts_, -1, "starts");
  if (!(size >= 0 && size < 1e18)) glue_stop("internal: a file of %g bytes", size);
  for (R_xlen_t j = 0; starts && j < Rf_xlength(starts_); j++)
    if (!(starts[j] >= 0 && starts[j] < size)) glue_stop("internal: a variant at byte %g of %g", starts[j], size);
  bgen_file file;
  lmr_error err;
  lmr_status status = bgen_reopen(&file, path, samples, (uint64_t)size, mtime, &err);
  bgen_close(&file);
  glue_check(status, &err);
  const R_xlen_t p = starts ? Rf_xlength(starts_) : (R_xlen_t)file.n_variants;
  const bgen_columns to = {
    PROTECT(Rf_allocVector(REALSXP, p)), PROTECT(Rf_allocVector(REALSXP, p)), PROTECT(Rf_allocVector(STRSXP, p)),
    PROTECT(Rf_allocVector(STRSXP, p)),  PROTECT(Rf_allocVector(STRSXP, p)),  PROTECT(Rf_allocVector(REALSXP, p)),
    PROTECT(Rf_allocVector(INTSXP, p)),  PROTECT(Rf_allocVector(STRSXP, p)),  PROTECT(Rf_allocVector(STRSXP, p)),
    PROTECT(Rf_allocVector(VECSXP, p))};
  uint8_t *store = glue_alloc(STORE, 1);
  bgen_variant *batch = glue_alloc(BATCH, sizeof *batch);
  uint64_t at = file.first;
  for (R_xlen_t j = 0; j < p;) {
    size_t got = 0;
    const size_t count = p - j < BATCH ? (size_t)(p - j) : BATCH;
    status = bgen_reopen(&file, path, samples, (uint64_t)size, mtime, &err);
    if (status == LMR_OK)
      status = bgen_read_variants(&file, starts ? starts + j : NULL, count, &at, store, STORE, batch, &got, &err);
    bgen_close(&file);
    glue_check(status, &err);
    for (size_t k = 0; k < got; k++) fill_row(&to, j + (R_xlen_t)k, batch + k);
    j += (R_xlen_t)got;
    R_CheckUserInterrupt();
  }
  if (!starts) glue_check(bgen_check_end(&file, at, &err), &err);
  SEXP out = glue_list(10, "start", to.start, "bytes", to.bytes, "id", to.id, "rsid", to.rsid, "chr", to.chr, "pos", to.pos,
                       "alleles", to.alleles, "first", to.first, "second", to.second, "more", to.more);
  UNPROTECT(10);
  return out;
}

/* list(bgen = list(path, size, mtime), n_samples, file, start, pos, alleles, allele, most): for each
 * variant its file, the byte where it begins, its position, number of alleles and the allele that is
 * counted, files and alleles from 0; most: bytes of the largest. */
genotype_source glue_bgen_source(SEXP source_) {
  SEXP files = glue_field(source_, "bgen"), path_ = glue_field(files, "path"), file = glue_field(source_, "file");
  const R_xlen_t n_files = Rf_xlength(path_), p = Rf_xlength(file);
  const size_t n = glue_field_size1(source_, "n_samples");
  const double *size = glue_field_real(files, "size", n_files), most = glue_field_real1(source_, "most");
  const char **path = glue_alloc((size_t)n_files, sizeof *path);
  for (R_xlen_t f = 0; f < n_files; f++) {
    path[f] = glue_path(path_, f);
    if (!(size[f] >= 0 && size[f] < 1e18)) glue_stop("internal: file %.0f of %g bytes", (double)f + 1, size[f]);
  }
  bgen_places *from = glue_alloc(1, sizeof *from);
  *from = (bgen_places){.path = path, .size = size, .mtime = glue_field_real(files, "mtime", n_files),
                        .file = glue_places(file, -1, (size_t)n_files, "file"),
                        .start = glue_field_real(source_, "start", p), .pos = glue_field_real(source_, "pos", p),
                        .alleles = glue_field_int(source_, "alleles", p), .allele = glue_field_int(source_, "allele", p)};
  int alleles = 2;
  for (R_xlen_t v = 0; v < p; v++) {
    const int k = from->alleles[v];
    if (k < 2 || k > BGEN_MOST_ALLELES || from->allele[v] < 0 || from->allele[v] >= k || !(from->start[v] >= 0 && from->start[v] < 1e18))
      glue_stop("internal: allele %d of %d at byte %g", from->allele[v] + 1, k, from->start[v]);
    if (k > alleles) alleles = k;
  }
  if (!(most >= 0 && most < 4294967296. + BGEN_WINDOW)) glue_stop("internal: a variant of %g bytes", most);
  genotype_source source;
  lmr_error err;
  const lmr_arena work = glue_arena(bgen_source_bytes(n, (size_t)most, (size_t)alleles));
  glue_check(bgen_source(&source, from, n, (size_t)p, (size_t)most, (size_t)alleles, work, &err), &err);
  return source;
}

/* Bits of a probability and whether it is phased, of the first variant of a source. */
static SEXP ffi_bgen_bits(SEXP source_) {
  genotype_source source = glue_bgen_source(source_);
  unsigned bits = 0;
  int phased = 0;
  lmr_error err;
  if (!source.variants) glue_stop("internal: no variant");
  glue_check(bgen_source_bits(&source, 0, &bits, &phased, &err), &err);
  SEXP out = PROTECT(Rf_allocVector(INTSXP, 2));
  INTEGER(out)[0] = (int)bits;
  INTEGER(out)[1] = phased;
  UNPROTECT(1);
  return out;
}

const R_CallMethodDef glue_genotype_bgen_calls[] = {
  GLUE_CALL(ffi_bgen_open, 1),
  GLUE_CALL(ffi_bgen_zstd, 0),
  GLUE_CALL(ffi_bgen_variants, 2),
  GLUE_CALL(ffi_bgen_bits, 1),
  {NULL, NULL, 0}
};
