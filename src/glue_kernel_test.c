#include "core/genotype/allele_shift.h"
#include "core/kernel/kernel_conditional.h"
#include "core/kernel/kernel_test.h"
#include "core/kernel/low_rank.h"
#include "core/la/standardise.h"
#include "glue_kernel.h"
#include "glue_moments.h"

#include <string.h>

static SEXP with_p(SEXP stat, size_t permutations) {
  SEXP out = glue_list(2, "stat", stat, "p", PROTECT(Rf_ScalarReal(permutation_p(REAL(stat), permutations))));
  UNPROTECT(1);
  return out;
}

/* list(member, size, units) of core/kernel/exchange.h, members 1-based: each of the n rows once. */
static exchange_plan plan_of(SEXP list, size_t n) {
  exchange_plan p = {(size_t)Rf_xlength(VECTOR_ELT(list, 1)), NULL, NULL, NULL};
  size_t members, total = 0;
  p.member = glue_rows(VECTOR_ELT(list, 0), n, &members);
  p.size = glue_int(VECTOR_ELT(list, 1), -1, "size");
  p.units = glue_int(VECTOR_ELT(list, 2), (R_xlen_t)p.classes, "units");
  for (size_t c = 0; c < p.classes; c++) {
    if (p.size[c] < 1 || p.units[c] < 1) Rf_error("internal: empty class");
    total += (size_t)p.size[c] * (size_t)p.units[c];
  }
  if (members != n || total != n) Rf_error("internal: a plan of %.0f rows for %.0f", (double)total, (double)n);
  char *seen = glue_alloc(n, sizeof *seen);
  memset(seen, 0, n);
  for (size_t i = 0; i < n; i++)
    if (seen[p.member[i]]++) Rf_error("internal: a row twice in a plan");
  return p;
}

/* One stream and one plan per stratum. */
static SEXP ffi_hsic_permute(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP groups, SEXP plans, SEXP permutations,
                             SEXP seed, SEXP dense, SEXP progress, SEXP level) {
  const lmr_points px = glue_points(x, kx), py = glue_points(y, ky);
  const int count = (int)Rf_xlength(groups), times = glue_int1(permutations, "permutations");
  SEXP stat = PROTECT(Rf_allocVector(REALSXP, times + 1));
  memset(REAL(stat), 0, ((size_t)times + 1) * sizeof(double));
  moments_tick parts;
  const lmr_tick tick = glue_moments_tick(&parts, progress);
  for (int g = 0; g < count; g++) {
    parts.from = (double)g / count;
    parts.share = 1.0 / count;
    lmr_points a = px, b = py;
    lmr_rng rng;
    lmr_error err;
    const void *mark = vmaxget();
    lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), (uint64_t)g);
    a.order = b.order = glue_rows(VECTOR_ELT(groups, g), px.n, &a.n);
    b.n = a.n;
    const exchange_plan plan = plan_of(VECTOR_ELT(plans, g), a.n);
    glue_check(hsic_permute(&a, &b, &plan, (size_t)times, glue_int1(dense, "dense"), &rng, REAL(stat),
                            (lmr_cpu)glue_int1(level, "level"), glue_arena(hsic_permute_bytes(a.n, a.d, b.d)),
                            &tick, &err), &err);
    vmaxset(mark);
  }
  SEXP out = with_p(stat, (size_t)times);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_mmd_permute(SEXP x, SEXP kernel, SEXP label, SEXP groups, SEXP plan, SEXP permutations,
                            SEXP seed, SEXP dense, SEXP progress, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  const int times = glue_int1(permutations, "permutations");
  size_t n;
  const int *from = glue_rows(label, (size_t)glue_int1(groups, "groups"), &n);
  const exchange_plan exchange = plan_of(plan, p.n);
  lmr_rng rng;
  lmr_error err;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  SEXP stat = PROTECT(Rf_allocVector(REALSXP, times + 1));
  const size_t e = (size_t)glue_int1(groups, "groups");
  glue_check(mmd_permute(&p, from, e, &exchange, (size_t)times, glue_int1(dense, "dense"), &rng, REAL(stat),
                         (lmr_cpu)glue_int1(level, "level"), glue_arena(mmd_permute_bytes(p.n, p.d, e)), &tick,
                         &err), &err);
  SEXP out = with_p(stat, (size_t)times);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_kci(SEXP xs, SEXP kx, SEXP s, SEXP ks, SEXP label, SEXP groups, SEXP level) {
  const lmr_points px = glue_points(xs, kx), ps = glue_points(s, ks);
  const size_t e = (size_t)glue_int1(groups, "groups");
  size_t n;
  const int *from = glue_rows(label, e, &n);
  kci_result r;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(kci_groups(&px, &ps, from, e, &r, (lmr_cpu)glue_int1(level, "level"),
                        glue_arena(kci_bytes(px.n, e)), &tick, &err), &err);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 5));
  double *o = REAL(out);
  o[0] = r.statistic, o[1] = r.mean, o[2] = r.variance, o[3] = r.rest_x, o[4] = r.rest_s;
  UNPROTECT(1);
  return out;
}

/* Columns of a genotype matrix: chi-square, df, share between groups, calls. */
static SEXP ffi_allele_shift(SEXP g, SEXP label, SEXP groups) {
  const size_t n = (size_t)Rf_nrows(g), p = (size_t)Rf_ncols(g), e = (size_t)glue_int1(groups, "groups");
  const double *x = glue_real(g, -1, "g");
  size_t rows;
  const int *from = glue_rows(label, e, &rows);
  double *count = glue_alloc(e, sizeof *count), *alleles = glue_alloc(e, sizeof *alleles);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)p, 4));
  double *o = REAL(out);
  for (size_t j = 0; j < p; j++)
    allele_shift(x + j * n, from, n, e, o + j, o + j + p, o + j + 2 * p, o + j + 3 * p, count, alleles);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_standardise(SEXP x) {
  const size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)d)), sd = PROTECT(Rf_allocVector(REALSXP, (int)d));
  standardise(glue_real(x, -1, "x"), n, d, REAL(out), REAL(sd));
  SEXP list = glue_list(2, "x", out, "sd", sd);
  UNPROTECT(2);
  return list;
}

static SEXP ffi_low_rank(SEXP x, SEXP kernel, SEXP tol, SEXP max_rank, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  const int limit = glue_int1(max_rank, "max_rank");
  SEXP g = PROTECT(Rf_allocMatrix(REALSXP, (int)p.n, limit));
  size_t rank;
  double rest;
  lmr_error err;
  memset(REAL(g), 0, p.n * (size_t)limit * sizeof(double));
  glue_check(low_rank(&p, glue_real1(tol, "tol"), (size_t)limit, REAL(g), &rank, &rest,
                      (lmr_cpu)glue_int1(level, "level"), glue_arena(low_rank_bytes(p.n)), NULL, &err), &err);
  SEXP out = glue_list(3, "g", g, "rank", PROTECT(Rf_ScalarInteger((int)rank)), "rest", PROTECT(Rf_ScalarReal(rest)));
  UNPROTECT(3);
  return out;
}

const R_CallMethodDef glue_kernel_test_calls[] = {
  GLUE_CALL(ffi_hsic_permute, 11),
  GLUE_CALL(ffi_mmd_permute, 10),
  GLUE_CALL(ffi_kci, 7),
  GLUE_CALL(ffi_allele_shift, 3),
  GLUE_CALL(ffi_low_rank, 5),
  GLUE_CALL(ffi_standardise, 1),
  {NULL, NULL, 0}
};
