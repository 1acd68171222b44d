/* Block moments: folds, and reading, checking and adding moments. */
#include "core/base/parallel.h"
#include "core/moments/moments_check.h"
#include "core/genotype/bed_file.h"
#include "core/moments/moments_combine.h"
#include "glue.h"
#include "glue_moments.h"

#include <limits.h>
#include <math.h>
#include <string.h>

SEXP glue_zeros(SEXPTYPE type, size_t rows, size_t columns) {
  if (rows > INT_MAX || columns > INT_MAX) glue_stop("internal: matrix of %.0f rows", (double)rows);
  SEXP out = Rf_allocMatrix(type, (int)rows, (int)columns);
  if (!rows || !columns) return out;
  const size_t bytes = rows * columns * (type == INTSXP ? sizeof(int) : sizeof(double));
  void *first = type == INTSXP ? (void *)INTEGER(out) : (void *)REAL(out);
  glue_large_pages(first, bytes);
  lmr_zeros(first, bytes, bytes >> 24 ? glue_threads() : 1);
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
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(moments_collect(&v, b, nb, glue_real1(people, "people"), glue_real(mu, (R_xlen_t)v.p, "mu"),
                             Rf_isNull(centre) ? NULL : glue_real(centre, (R_xlen_t)w, "centre"), REAL(mean),
                             REAL(sum), REAL(cross), glue_arena(moments_collect_bytes(&v)), &tick, &err), &err);
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
  GLUE_CALL(ffi_moments_check, 3),
  GLUE_CALL(ffi_moments_means, 4),
  GLUE_CALL(ffi_moments_collect, 5),
  GLUE_CALL(ffi_moments_combine, 5),
  {NULL, NULL, 0}
};
