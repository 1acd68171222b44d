/* Block moments: folds, the pass over the bits, the pass over dense genotypes. */
#include "core/moments/moments_check.h"
#include "core/genotype/bed_file.h"
#include "core/moments/moments_combine.h"
#include "glue.h"
#include "glue_moments.h"

#include <limits.h>
#include <math.h>
#include <string.h>

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
  glue_check(numeric_pilots(out.column, out.q, n, out.pilot, &err), &err);
  return out;
}

SEXP glue_zeros(SEXPTYPE type, size_t rows, size_t columns) {
  if (rows > INT_MAX || columns > INT_MAX) glue_stop("internal: matrix of %.0f rows", (double)rows);
  SEXP out = Rf_allocMatrix(type, (int)rows, (int)columns);
  if (!rows || !columns) return out;
  if (type == INTSXP) memset(INTEGER(out), 0, rows * columns * sizeof(int));
  else memset(REAL(out), 0, rows * columns * sizeof(double));
  return out;
}

/* environment and cluster (or NULL): 1-based codes. */
static SEXP ffi_moments_folds(SEXP environment, SEXP environments, SEXP cluster, SEXP clusters,
                              SEXP folds, SEXP seed) {
  const size_t n = (size_t)Rf_xlength(environment), f = glue_size1(folds, "folds");
  const size_t ne = glue_size1(environments, "environments");
  const size_t nc = Rf_isNull(cluster) ? n : glue_size1(clusters, "clusters");
  const int *e = glue_positions(environment, (R_xlen_t)n, ne, "environment");
  const int *c = Rf_isNull(cluster) ? NULL : glue_positions(cluster, (R_xlen_t)n, nc, "cluster");
  SEXP out = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  lmr_error err;
  glue_check(moments_folds(e, n, ne, c, nc, f, (uint64_t)glue_int1(seed, "seed"), INTEGER(out),
                           glue_arena(moments_folds_bytes(n, ne, nc, f)), &err), &err);
  for (size_t i = 0; i < n; i++) INTEGER(out)[i]++;
  UNPROTECT(1);
  return out;
}

enum { GG, GM, MM, SG, SM, GX, MX, SX, XX, PARTS };
static const char *const part_names[PARTS] = {"gg", "gm", "mm", "sg", "sm", "gx", "mx", "sx", "xx"};

SEXP glue_moments_parts(size_t p, size_t pm, size_t q, size_t blocks, SEXPTYPE type) {
  SEXP parts = PROTECT(Rf_allocVector(VECSXP, PARTS)), names = PROTECT(Rf_allocVector(STRSXP, PARTS));
  const size_t rows[PARTS] = {triangle(p), p * pm, triangle(pm), p, pm, p * q, pm * q, q, triangle(q)};
  for (int k = 0; k < PARTS; k++) {
    SET_VECTOR_ELT(parts, k, glue_zeros(k <= MM ? type : REALSXP, rows[k], blocks));
    SET_STRING_ELT(names, k, Rf_mkChar(part_names[k]));
  }
  Rf_setAttrib(parts, R_NamesSymbol, names);
  UNPROTECT(2);
  return parts;
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

/* source: double matrix of 0, 1, 2, NA, or the description of bed files;
 * order, person: 0-based positions in the columns and in the source, block after
 * block; size: people of each block; columns: list of numeric columns; memory:
 * bytes of work; wide: counts as doubles; fill: NULL, or the seed of the draws that
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
  const moments_bits_input in = {&source, chunk, chunks, n, glue_places(order_, -1, n, "order"),
                                 glue_places(person_, (R_xlen_t)n, source.people, "person"), columns.column, columns.pilot,
                                 columns.q, asked > 0 ? asked < 1e18 ? (size_t)asked : SIZE_MAX : 0,
                                 Rf_isNull(fill) ? NULL : &seed};
  moments_bits_report report = {0};
  lmr_error err;
  glue_tick_state progress;
  const lmr_tick tick = glue_tick(&progress, report_);
  const lmr_arena work = glue_arena(moments_bits_bytes(&in));
  int *any = glue_alloc(p, sizeof *any);
  progress.share = .02;
  glue_check(moments_bits_missing(&in, any, &report, work, &tick, &err), &err);
  size_t pm = 0;
  for (size_t v = 0; v < p; v++) pm += (size_t)any[v];
  SEXP missing = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)pm));
  int *absent = INTEGER(missing);
  for (size_t v = 0, k = 0; v < p; v++)
    if (any[v]) absent[k++] = (int)v;
  SEXP parts = PROTECT(glue_moments_parts(p, pm, columns.q, blocks, Rf_asLogical(wide) ? REALSXP : INTSXP));
  const moments_bits_sums out = {count_column(parts, GG), count_column(parts, GM), count_column(parts, MM),
                                 real_column(parts, SG, 0), real_column(parts, SM, 0), real_column(parts, GX, 0),
                                 real_column(parts, MX, 0), real_column(parts, SX, 0), real_column(parts, XX, 0)};
  progress.from = .02;
  progress.share = .98;
  glue_check(moments_bits(&in, absent, pm, &out, &report, level, work, &tick, &err), &err);
  SEXP pilot = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)columns.q));
  for (size_t c = 0; c < columns.q; c++) REAL(pilot)[c] = columns.pilot[c];
  SEXP took = PROTECT(Rf_allocVector(REALSXP, 3));
  REAL(took)[0] = report.reading;
  REAL(took)[1] = report.counting;
  REAL(took)[2] = report.numeric;
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

/* Reading mr_moments objects: centred cross products, and sums over sites. */

static const double *reals(SEXP list, const char *name, size_t count) {
  return glue_field_real(list, name, (R_xlen_t)count);
}

static stored_counts counts(SEXP list, const char *name, size_t count) {
  SEXP x = glue_field(list, name);
  stored_counts out = {NULL, NULL};
  if (TYPEOF(x) == INTSXP) out.i = glue_int(x, (R_xlen_t)count, name);
  else out.d = glue_real(x, (R_xlen_t)count, name);
  return out;
}

static moments_view view_of(SEXP m) {
  moments_view v;
  SEXP missing = glue_field(m, "missing");
  v.p = (size_t)Rf_xlength(glue_field(m, "gpilot"));
  v.q = (size_t)Rf_xlength(glue_field(m, "pilot"));
  v.pm = (size_t)Rf_xlength(missing);
  v.blocks = (size_t)glue_ncol(glue_field(m, "gg"));
  v.missing = glue_int(missing, -1, "missing");
  glue_positions(missing, -1, v.p, "missing");
  v.gpilot = reals(m, "gpilot", v.p);
  v.pilot = reals(m, "pilot", v.q);
  v.gg = counts(m, "gg", triangle(v.p) * v.blocks);
  v.gm = counts(m, "gm", v.p * v.pm * v.blocks);
  v.mm = counts(m, "mm", triangle(v.pm) * v.blocks);
  v.sg = reals(m, "sg", v.p * v.blocks);
  v.sm = reals(m, "sm", v.pm * v.blocks);
  v.gx = reals(m, "gx", v.p * v.q * v.blocks);
  v.mx = reals(m, "mx", v.pm * v.q * v.blocks);
  v.sx = reals(m, "sx", v.q * v.blocks);
  v.xx = reals(m, "xx", triangle(v.q) * v.blocks);
  return v;
}

/* n and 1-based environment of each block -> mu and state, p x environments. */
static SEXP ffi_moments_means(SEXP m, SEXP n_, SEXP environment_, SEXP environments_) {
  const moments_view v = view_of(m);
  const size_t ne = glue_size1(environments_, "environments");
  const int *n = glue_int(n_, (R_xlen_t)v.blocks, "n");
  const int *e = glue_positions(environment_, (R_xlen_t)v.blocks, ne, "environment");
  SEXP mu = PROTECT(glue_zeros(REALSXP, v.p, ne)), state = PROTECT(glue_zeros(INTSXP, v.p, ne));
  lmr_error err;
  glue_check(moments_means(&v, n, e, ne, REAL(mu), INTEGER(state), glue_arena(moments_means_bytes(&v)), &err), &err);
  SEXP out = glue_list(2, "mu", mu, "state", state);
  UNPROTECT(2);
  return out;
}

/* n: people of each block; kind: moments_kind. NULL, or where the first number is
 * that no sums over people can be (1-based). */
static SEXP ffi_moments_check(SEXP m, SEXP n, SEXP kind) {
  const moments_view v = view_of(m);
  moments_fault fault;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(moments_check(&v, glue_real(n, (R_xlen_t)v.blocks, "n"), (moments_kind)glue_int1(kind, "kind"), &fault,
                           glue_arena(moments_check_bytes(&v)), &tick, &err), &err);
  if (!fault.found) return R_NilValue;
  SEXP part = PROTECT(Rf_mkString(part_names[fault.part]));
  const double numbers[] = {(double)fault.row + 1, (double)fault.column + 1, (double)fault.block + 1, fault.value,
                            fault.least, fault.most, fault.whole};
  SEXP list[7];
  for (int i = 0; i < 7; i++) list[i] = PROTECT(Rf_ScalarReal(numbers[i]));
  SEXP out = glue_list(8, "part", part, "row", list[0], "column", list[1], "block", list[2], "value", list[3],
                       "least", list[4], "most", list[5], "whole", list[6]);
  UNPROTECT(8);
  return out;
}

/* blocks: 1-based; mu: p means that impute (about gpilot); centre: p + q numbers
 * or NULL for the mean of these people. */
static SEXP ffi_moments_collect(SEXP m, SEXP blocks, SEXP people, SEXP mu, SEXP centre) {
  const moments_view v = view_of(m);
  const size_t w = v.p + v.q, nb = (size_t)Rf_xlength(blocks);
  const int *b = glue_positions(blocks, -1, v.blocks, "blocks");
  SEXP mean = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)w)), sum = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)w));
  SEXP cross = PROTECT(glue_matrix((size_t)w, (size_t)w));
  lmr_error err;
  glue_check(moments_collect(&v, b, nb, glue_real1(people, "people"), glue_real(mu, (R_xlen_t)v.p, "mu"),
                             Rf_isNull(centre) ? NULL : glue_real(centre, (R_xlen_t)w, "centre"), REAL(mean),
                             REAL(sum), REAL(cross), glue_arena(moments_collect_bytes(&v)), &err), &err);
  SEXP out = glue_list(3, "mean", mean, "sum", sum, "cross", cross);
  UNPROTECT(3);
  return out;
}

static double *column(SEXP parts, const char *name, size_t block) {
  SEXP x = glue_field(parts, name);
  return REAL(x) + (size_t)glue_nrow(x) * block;
}

static void count_target(SEXP parts, const char *name, size_t block, int **i, double **d) {
  SEXP x = glue_field(parts, name);
  const size_t at = (size_t)glue_nrow(x) * block;
  *i = TYPEOF(x) == INTSXP ? INTEGER(x) + at : NULL;
  *d = TYPEOF(x) == INTSXP ? NULL : REAL(x) + at;
}

/* sites: mr_moments objects; recodings: for each a list(n, target (1-based block
 * of the result), from (1-based), a, c, delta); missing: of the result; wide:
 * counts as doubles. */
static SEXP ffi_moments_combine(SEXP sites, SEXP recodings, SEXP missing, SEXP blocks, SEXP wide) {
  const moments_view first = view_of(glue_part(sites, -1, 0, "sites"));
  const size_t p = first.p, q = first.q, pm = (size_t)Rf_xlength(missing), nb = glue_size1(blocks, "blocks");
  const int *absent = glue_int(missing, -1, "missing");
  glue_positions(missing, -1, p, "missing");
  SEXP parts = PROTECT(glue_moments_parts(p, pm, q, nb, Rf_asLogical(wide) ? REALSXP : INTSXP));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const lmr_arena work = glue_arena(moments_add_bytes(p));
  for (R_xlen_t s = 0; s < Rf_xlength(sites); s++) {
    const moments_view site = view_of(VECTOR_ELT(sites, s));
    SEXP how = glue_part(recodings, Rf_xlength(sites), s, "recodings");
    if (site.p != p || site.q != q) glue_stop("internal: sites of different shapes");
    const int *n = glue_field_int(how, "n", (R_xlen_t)site.blocks);
    const int *target = glue_positions(glue_field(how, "target"), (R_xlen_t)site.blocks, nb, "target");
    const int *from = glue_positions(glue_field(how, "from"), (R_xlen_t)p, p, "from");
    const moments_recoding recoding = {from, reals(how, "a", p), reals(how, "c", p), reals(how, "delta", q)};
    for (size_t b = 0; b < site.blocks; b++) {
      const size_t t = (size_t)target[b];
      moments_sums out = {.pm = pm, .missing = absent};
      count_target(parts, "gg", t, &out.gg_i, &out.gg_d);
      count_target(parts, "gm", t, &out.gm_i, &out.gm_d);
      count_target(parts, "mm", t, &out.mm_i, &out.mm_d);
      out.sg = column(parts, "sg", t);
      out.sm = column(parts, "sm", t);
      out.gx = column(parts, "gx", t);
      out.mx = column(parts, "mx", t);
      out.sx = column(parts, "sx", t);
      out.xx = column(parts, "xx", t);
      lmr_error err;
      if (lmr_tick_poll(&tick, 0)) glue_check(lmr_fail(&err, LMR_EINTERRUPT, "interrupted"), &err);
      glue_check(moments_add(&site, b, (double)n[b], &recoding, &out, work, &err), &err);
    }
  }
  UNPROTECT(1);
  return parts;
}

const R_CallMethodDef glue_moments_calls[] = {
  GLUE_CALL(ffi_moments_folds, 6),
  GLUE_CALL(ffi_moments_bits, 10),
  GLUE_CALL(ffi_moments_dense, 7),
  GLUE_CALL(ffi_moments_check, 3),
  GLUE_CALL(ffi_moments_means, 4),
  GLUE_CALL(ffi_moments_collect, 5),
  GLUE_CALL(ffi_moments_combine, 5),
  GLUE_CALL(ffi_moments_pack, 2),
  {NULL, NULL, 0}
};
