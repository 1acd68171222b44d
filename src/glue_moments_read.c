/* Reading mr_moments objects: centred cross products, and sums over sites. */
#include "core/moments/moments_combine.h"
#include "glue_moments.h"

#include <string.h>

static SEXP element(SEXP list, const char *name) {
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  for (R_xlen_t k = 0; k < Rf_xlength(list); k++)
    if (!strcmp(CHAR(STRING_ELT(names, k)), name)) return VECTOR_ELT(list, k);
  Rf_error("internal: moments without `%s`", name);
}

static const double *reals(SEXP list, const char *name, size_t count) {
  return glue_real(element(list, name), (R_xlen_t)count, name);
}

static stored_counts counts(SEXP list, const char *name, size_t count) {
  SEXP x = element(list, name);
  stored_counts out = {NULL, NULL};
  if (TYPEOF(x) == INTSXP) out.i = glue_int(x, (R_xlen_t)count, name);
  else out.d = glue_real(x, (R_xlen_t)count, name);
  return out;
}

static moments_view view_of(SEXP m) {
  moments_view v;
  SEXP missing = element(m, "missing");
  v.p = (size_t)Rf_xlength(element(m, "gpilot"));
  v.q = (size_t)Rf_xlength(element(m, "pilot"));
  v.pm = (size_t)Rf_xlength(missing);
  v.blocks = (size_t)Rf_ncols(element(m, "gg"));
  v.missing = glue_int(missing, -1, "missing");
  for (size_t k = 0; k < v.pm; k++)
    if (v.missing[k] < 1 || (size_t)v.missing[k] > v.p) Rf_error("internal: `missing` out of range");
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
  const size_t ne = (size_t)glue_int1(environments_, "environments");
  const int *n = glue_int(n_, (R_xlen_t)v.blocks, "n");
  const int *e1 = glue_int(environment_, (R_xlen_t)v.blocks, "environment");
  int *e = glue_alloc(v.blocks, sizeof *e);
  for (size_t b = 0; b < v.blocks; b++) e[b] = e1[b] - 1;
  SEXP mu = PROTECT(glue_zeros(REALSXP, v.p, ne)), state = PROTECT(glue_zeros(INTSXP, v.p, ne));
  lmr_error err;
  glue_check(moments_means(&v, n, e, ne, REAL(mu), INTEGER(state), glue_arena(moments_means_bytes(&v)), &err), &err);
  SEXP out = glue_list(2, "mu", mu, "state", state);
  UNPROTECT(2);
  return out;
}

/* blocks: 1-based; mu: p means that impute (about gpilot); centre: p + q numbers
 * or NULL for the mean of these people. */
static SEXP ffi_moments_collect(SEXP m, SEXP blocks, SEXP people, SEXP mu, SEXP centre) {
  const moments_view v = view_of(m);
  const size_t w = v.p + v.q, nb = (size_t)Rf_xlength(blocks);
  const int *b1 = glue_int(blocks, -1, "blocks");
  int *b = glue_alloc(nb, sizeof *b);
  for (size_t k = 0; k < nb; k++) {
    b[k] = b1[k] - 1;
    if (b[k] < 0 || (size_t)b[k] >= v.blocks) Rf_error("internal: block %d of %d", b1[k], (int)v.blocks);
  }
  SEXP mean = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)w)), sum = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)w));
  SEXP cross = PROTECT(Rf_allocMatrix(REALSXP, (int)w, (int)w));
  lmr_error err;
  glue_check(moments_collect(&v, b, nb, glue_real1(people, "people"), glue_real(mu, (R_xlen_t)v.p, "mu"),
                             Rf_isNull(centre) ? NULL : glue_real(centre, (R_xlen_t)w, "centre"), REAL(mean),
                             REAL(sum), REAL(cross), glue_arena(moments_collect_bytes(&v)), &err), &err);
  SEXP out = glue_list(3, "mean", mean, "sum", sum, "cross", cross);
  UNPROTECT(3);
  return out;
}

static double *column(SEXP parts, const char *name, size_t block) {
  SEXP x = element(parts, name);
  return REAL(x) + (size_t)Rf_nrows(x) * block;
}

static void count_target(SEXP parts, const char *name, size_t block, int **i, double **d) {
  SEXP x = element(parts, name);
  const size_t at = (size_t)Rf_nrows(x) * block;
  *i = TYPEOF(x) == INTSXP ? INTEGER(x) + at : NULL;
  *d = TYPEOF(x) == INTSXP ? NULL : REAL(x) + at;
}

/* sites: mr_moments objects; recodings: for each a list(n, target (1-based block
 * of the result), from (1-based), a, c, delta); missing: of the result; wide:
 * counts as doubles. */
static SEXP ffi_moments_combine(SEXP sites, SEXP recodings, SEXP missing, SEXP blocks, SEXP wide) {
  const moments_view first = view_of(VECTOR_ELT(sites, 0));
  const size_t p = first.p, q = first.q, pm = (size_t)Rf_xlength(missing), nb = (size_t)glue_int1(blocks, "blocks");
  SEXP parts = PROTECT(glue_moments_parts(p, pm, q, nb, Rf_asLogical(wide) ? REALSXP : INTSXP));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  int *from = glue_alloc(p, sizeof *from);
  const lmr_arena work = glue_arena(moments_add_bytes(p));
  for (R_xlen_t s = 0; s < Rf_xlength(sites); s++) {
    const moments_view site = view_of(VECTOR_ELT(sites, s));
    SEXP how = VECTOR_ELT(recodings, s);
    if (site.p != p || site.q != q) Rf_error("internal: sites of different shapes");
    const int *n = glue_int(element(how, "n"), (R_xlen_t)site.blocks, "n");
    const int *target = glue_int(element(how, "target"), (R_xlen_t)site.blocks, "target");
    const int *from1 = glue_int(element(how, "from"), (R_xlen_t)p, "from");
    for (size_t v = 0; v < p; v++) from[v] = from1[v] - 1;
    const moments_recoding recoding = {from, reals(how, "a", p), reals(how, "c", p), reals(how, "delta", q)};
    for (size_t b = 0; b < site.blocks; b++) {
      const size_t t = (size_t)target[b] - 1;
      moments_sums out = {.pm = pm, .missing = glue_int(missing, (R_xlen_t)pm, "missing")};
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

const R_CallMethodDef glue_moments_read_calls[] = {
  GLUE_CALL(ffi_moments_means, 4),
  GLUE_CALL(ffi_moments_collect, 5),
  GLUE_CALL(ffi_moments_combine, 5),
  {NULL, NULL, 0}
};
