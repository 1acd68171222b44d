/* Block moments: the passes over people, of bits, of dosages as whole numbers and of doubles. */
#include "core/genotype/bed_file.h"
#include "core/moments/moments.h"
#include "glue.h"
#include "glue_moments.h"

/* Numeric columns: a list of double vectors and matrices of n rows each, seen as
 * one row of columns; `pilot` their means. R memory. */
typedef struct {
  const double **column;
  double *pilot;
  size_t q;
} numeric_columns;

static numeric_columns numeric_columns_of(SEXP list, size_t n) {
  numeric_columns out = {NULL, NULL, 0};
  const R_xlen_t pieces = Rf_xlength(list);
  if (!n) glue_stop("internal: moments of nobody");
  for (R_xlen_t k = 0; k < pieces; k++) out.q += (size_t)Rf_xlength(glue_part(list, -1, k, "columns")) / n;
  out.column = glue_alloc(out.q, sizeof *out.column);
  out.pilot = glue_alloc(out.q, sizeof *out.pilot);
  size_t c = 0;
  for (R_xlen_t k = 0; k < pieces; k++) {
    SEXP piece = VECTOR_ELT(list, k);
    const size_t count = (size_t)Rf_xlength(piece) / n;
    const double *x = glue_real(piece, (R_xlen_t)(count * n), "columns");
    for (size_t j = 0; j < count; j++, c++) out.column[c] = x + j * n;
  }
  lmr_error err;
  glue_check(numeric_pilots(out.column, out.q, n, out.pilot, glue_threads(), &err), &err);
  return out;
}

static double *real_column(SEXP parts, int k, size_t block) {
  SEXP x = VECTOR_ELT(parts, k);
  return REAL(x) + (size_t)glue_nrow(x) * block;
}

static bits_counts count_column(SEXP parts, int k) {
  SEXP x = VECTOR_ELT(parts, k);
  bits_counts out = {NULL, NULL};
  if (TYPEOF(x) == INTSXP) out.i = INTEGER(x);
  else out.d = REAL(x);
  return out;
}

/* People of each block, all of the n. */
static const int *block_sizes(SEXP size_, size_t n) {
  const int *size = glue_int(size_, -1, "size");
  size_t total = 0;
  for (R_xlen_t b = 0; b < Rf_xlength(size_); b++) {
    if (size[b] < 1) glue_stop("internal: a block of %d people", size[b]);
    total += (size_t)size[b];
  }
  if (total != n) glue_stop("internal: blocks of %.0f people, of %.0f", (double)total, (double)n);
  return size;
}

/* The variants with any[v], 0-based. */
static SEXP missing_variants(const int *any, size_t p) {
  size_t pm = 0;
  for (size_t v = 0; v < p; v++) pm += (size_t)any[v];
  SEXP missing = Rf_allocVector(INTSXP, (R_xlen_t)pm);
  for (size_t v = 0, k = 0; v < p; v++)
    if (any[v]) INTEGER(missing)[k++] = (int)v;
  return missing;
}

static SEXP real_vector(const double *x, size_t n) {
  SEXP out = Rf_allocVector(REALSXP, (R_xlen_t)n);
  for (size_t k = 0; k < n; k++) REAL(out)[k] = x[k];
  return out;
}

/* source: double matrix of 0, 1, 2, NA, or the description of bed files;
 * order, person: 0-based positions in the columns and in the source, block after
 * block; size: people of each block; columns: list of numeric columns; memory:
 * bytes of work; wide: counts as doubles, NA: products of genotypes are left at 0; fill: NULL, or the seed of the draws that
 * stand for missing calls (the variants in `missing` had some before). */
static SEXP ffi_moments_bits(SEXP source_, SEXP order_, SEXP person_, SEXP size_, SEXP columns_,
                             SEXP memory, SEXP level_, SEXP wide, SEXP fill, SEXP report_) {
  const size_t n = (size_t)Rf_xlength(order_), blocks = (size_t)Rf_xlength(size_);
  genotype_source source = glue_genotype_source(source_);
  const int *size = block_sizes(size_, n);
  const lmr_cpu level = (lmr_cpu)glue_int1(level_, "level");
  const double asked = glue_real1(memory, "memory");
  const size_t p = source.variants;
  const numeric_columns columns = numeric_columns_of(columns_, n);
  const uint64_t seed = Rf_isNull(fill) ? 0 : (uint64_t)glue_int1(fill, "fill");
  const size_t chunks = moments_chunks(size, blocks, NULL);
  moments_chunk *chunk = glue_alloc(chunks, sizeof *chunk);
  moments_chunks(size, blocks, chunk);
  const moments_pass_input in = {&source, chunk, chunks, n, glue_places(order_, -1, n, "order"),
                                 glue_places(person_, (R_xlen_t)n, source.people, "person"), columns.column, columns.pilot,
                                 columns.q, asked > 0 ? asked < 1e18 ? (size_t)asked : SIZE_MAX : 0,
                                 Rf_isNull(fill) ? NULL : &seed, Rf_asLogical(wide) == NA_LOGICAL};
  moments_pass_report report = {0};
  lmr_error err;
  glue_tick_state progress;
  const lmr_tick tick = glue_tick(&progress, report_);
  moments_bits_work work;
  int *any = glue_alloc(p, sizeof *any);
  progress.share = .1;
  glue_check(moments_bits_missing(&in, &work, any, &report, glue_arena(moments_bits_bytes(&in)), &tick, &err), &err);
  SEXP missing = PROTECT(missing_variants(any, p));
  const size_t pm = (size_t)Rf_xlength(missing);
  int *absent = INTEGER(missing);
  SEXP parts = PROTECT(glue_moments_parts(p, pm, columns.q, blocks, Rf_asLogical(wide) == TRUE ? REALSXP : INTSXP));
  const moments_bits_sums out = {count_column(parts, GG), count_column(parts, GM), count_column(parts, MM),
                                 real_column(parts, SG, 0), real_column(parts, SM, 0), real_column(parts, GX, 0),
                                 real_column(parts, MX, 0), real_column(parts, SX, 0), real_column(parts, XX, 0)};
  progress.from = .1;
  progress.share = .9;
  glue_check(moments_bits(&in, &work, absent, pm, &out, &report, level, &tick, &err), &err);
  SEXP pilot = PROTECT(real_vector(columns.pilot, columns.q));
  const double seconds[3] = {report.reading, report.counting, report.numeric};
  SEXP took = PROTECT(real_vector(seconds, 3));
  for (size_t k = 0; k < pm; k++) absent[k]++;
  SEXP n_passes = PROTECT(Rf_ScalarInteger((int)report.passes)), n_filled = PROTECT(Rf_ScalarReal(report.filled));
  SEXP list = glue_list(6, "missing", missing, "pilot", pilot, "parts", parts, "seconds", took, "passes", n_passes,
                        "filled", n_filled);
  UNPROTECT(6);
  return list;
}

/* person: 0-based positions in the source. The panel of these people, as raw bytes. */
static SEXP ffi_moments_pack(SEXP source_, SEXP person_) {
  genotype_source source = glue_genotype_source(source_);
  const size_t n = (size_t)Rf_xlength(person_);
  const int *person = glue_places(person_, (R_xlen_t)n, source.people, "person");
  SEXP codes = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(source.variants * bed_stride(n))));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(moments_pack(&source, person, n, RAW(codes), glue_arena(moments_pack_bytes(&source)), &tick, &err), &err);
  UNPROTECT(1);
  return codes;
}

/* The places of all blocks in the lists of double matrices. */
static moments_block all_blocks(SEXP parts) {
  return (moments_block){real_column(parts, GG, 0), real_column(parts, GM, 0), real_column(parts, MM, 0),
                         real_column(parts, SG, 0), real_column(parts, SM, 0), real_column(parts, GX, 0),
                         real_column(parts, MX, 0), real_column(parts, SX, 0), real_column(parts, XX, 0)};
}

/* As ffi_moments_bits, over a source of dosages as whole numbers; all sums are doubles. */
static SEXP ffi_moments_dosage(SEXP source_, SEXP order_, SEXP person_, SEXP size_, SEXP columns_, SEXP memory,
                               SEXP level, SEXP report_) {
  const size_t n = (size_t)Rf_xlength(order_), blocks = (size_t)Rf_xlength(size_);
  genotype_source source = glue_genotype_source(source_);
  if (!source.dosages) glue_stop("internal: a source without dosages");
  const int *size = block_sizes(size_, n);
  const double asked = glue_real1(memory, "memory");
  const numeric_columns columns = numeric_columns_of(columns_, n);
  const size_t chunks = moments_chunks(size, blocks, NULL);
  moments_chunk *chunk = glue_alloc(chunks, sizeof *chunk);
  moments_chunks(size, blocks, chunk);
  const moments_pass_input in = {&source, chunk, chunks, n, glue_places(order_, -1, n, "order"),
                                 glue_places(person_, (R_xlen_t)n, source.people, "person"), columns.column, columns.pilot,
                                 columns.q, asked > 0 ? asked < 1e18 ? (size_t)asked : SIZE_MAX : 0, NULL, 0};
  moments_pass_report report = {0};
  moments_dosage_work work;
  lmr_error err;
  glue_tick_state progress;
  const lmr_tick tick = glue_tick(&progress, report_);
  int *any = glue_alloc(source.variants, sizeof *any);
  const lmr_arena arena = glue_arena(moments_dosage_bytes(&in));
  glue_large_pages(arena.base, arena.size);
  progress.share = .1;
  glue_check(moments_dosage_missing(&in, &work, any, &report, arena, &tick, &err), &err);
  SEXP missing = PROTECT(missing_variants(any, source.variants));
  const size_t pm = (size_t)Rf_xlength(missing);
  SEXP parts = PROTECT(glue_moments_parts(source.variants, pm, columns.q, blocks, REALSXP));
  const moments_block out = all_blocks(parts);
  progress.from = .1;
  progress.share = .9;
  glue_check(moments_dosage(&in, &work, INTEGER(missing), pm, size, blocks, &out, &report,
                            (lmr_cpu)glue_int1(level, "level"), &tick, &err), &err);
  for (size_t k = 0; k < pm; k++) INTEGER(missing)[k]++;
  SEXP pilot = PROTECT(real_vector(columns.pilot, columns.q));
  const double seconds[3] = {report.reading, report.counting, report.numeric};
  SEXP took = PROTECT(real_vector(seconds, 3)), passes = PROTECT(Rf_ScalarInteger((int)report.passes));
  SEXP list = glue_list(5, "missing", missing, "pilot", pilot, "parts", parts, "seconds", took, "passes", passes);
  UNPROTECT(5);
  return list;
}

/* g: double matrix with NA; shift: TRUE subtracts the mean of the observed. */
static SEXP ffi_moments_dense(SEXP g, SEXP shift, SEXP order_, SEXP size_, SEXP columns_, SEXP level_,
                              SEXP report) {
  const size_t n = (size_t)Rf_xlength(order_), blocks = (size_t)Rf_xlength(size_), p = (size_t)glue_ncol(g);
  const int *order = glue_places(order_, -1, n, "order"), *size = block_sizes(size_, n);
  const numeric_columns columns = numeric_columns_of(columns_, n);
  const double *x = glue_real(g, (R_xlen_t)(n * p), "g");
  lmr_error err;
  glue_tick_state progress;
  const lmr_tick tick = glue_tick(&progress, report);

  SEXP gpilot = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)p));
  int *absent = glue_alloc(p, sizeof *absent);
  size_t pm;
  moments_dense_pilots(x, n, p, Rf_asLogical(shift), REAL(gpilot), absent, &pm);
  SEXP parts = PROTECT(glue_moments_parts(p, pm, columns.q, blocks, REALSXP));
  const moments_dense_input in = {x, n, p, REAL(gpilot), columns.column, columns.pilot, columns.q, absent, pm};
  const lmr_arena work = glue_arena(moments_dense_bytes(&in));
  size_t at = 0;
  for (size_t b = 0; b < blocks; b++) {
    const moments_block out = {
      real_column(parts, GG, b), real_column(parts, GM, b), real_column(parts, MM, b),
      real_column(parts, SG, b), real_column(parts, SM, b), real_column(parts, GX, b),
      real_column(parts, MX, b), real_column(parts, SX, b), real_column(parts, XX, b)};
    progress.from = (double)at / (double)n;
    progress.share = (double)size[b] / (double)n;
    glue_check(moments_dense(&in, order + at, (size_t)size[b], &out, (lmr_cpu)glue_int1(level_, "level"), work,
                             &tick, &err), &err);
    at += (size_t)size[b];
  }
  SEXP missing = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)pm)), pilot = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)columns.q));
  for (size_t k = 0; k < pm; k++) INTEGER(missing)[k] = absent[k] + 1;
  for (size_t c = 0; c < columns.q; c++) REAL(pilot)[c] = columns.pilot[c];
  SEXP out = glue_list(4, "missing", missing, "pilot", pilot, "gpilot", gpilot, "parts", parts);
  UNPROTECT(4);
  return out;
}

const R_CallMethodDef glue_moments_pass_calls[] = {
  GLUE_CALL(ffi_moments_bits, 10),
  GLUE_CALL(ffi_moments_dosage, 8),
  GLUE_CALL(ffi_moments_dense, 7),
  GLUE_CALL(ffi_moments_pack, 2),
  {NULL, NULL, 0}
};
