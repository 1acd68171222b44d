
#include "core/genotype/allele_shift.h"
#include "core/kernel/features.h"
#include "core/kernel/kernel_conditional.h"
#include "core/kernel/kernel_test.h"
#include "glue_kernel.h"
#include "glue_moments.h"

#include <string.h>

lmr_points glue_points(SEXP x, SEXP kernel) {
  lmr_points p;
  memset(&p, 0, sizeof p);
  p.n = p.ld = (size_t)glue_nrow(x);
  p.d = (size_t)glue_ncol(x);
  p.x = glue_real(x, -1, "x");
  if (!Rf_isNull(kernel)) {
    const double *k = glue_real(kernel, -1, "kernel");
    if (Rf_xlength(kernel) < 3 || !(k[0] >= 0 && k[0] <= LMR_IBS) || !(k[1] >= 0 && k[1] < 100)) glue_stop("internal: no such kernel");
    p.kernel.kind = (lmr_kernel_kind)k[0];
    p.kernel.degree = (int)k[1];
    p.kernel.offset = k[2];
    p.kernel.scales = (int)Rf_xlength(kernel) - 3;
    if (p.kernel.scales < 0 || p.kernel.scales > KERNEL_SCALES) glue_stop("internal: %d scales", p.kernel.scales);
    for (int s = 0; s < p.kernel.scales; s++) p.kernel.gamma[s] = k[3 + s];
  }
  return p;
}

static void check_pair(const lmr_points *a, const lmr_points *b) {
  if (a->n != b->n) glue_stop("internal: %zu rows and %zu", a->n, b->n);
}

const int *glue_rows(SEXP rows, size_t limit, size_t *n) {
  *n = (size_t)Rf_xlength(rows);
  return glue_positions(rows, -1, limit, "rows");
}

static SEXP ffi_kernel_median(SEXP x, SEXP level) {
  const lmr_points p = glue_points(x, R_NilValue);
  lmr_error err;
  double sigma;
  int tied;
  glue_check(kernel_median(&p, &sigma, &tied, (lmr_cpu)glue_int1(level, "level"),
                           glue_arena(kernel_median_bytes(p.n, p.d)), &err), &err);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(out)[0] = sigma;
  REAL(out)[1] = tied;
  UNPROTECT(1);
  return out;
}

enum { HSIC_NUMBERS = 11 };

static void put_hsic(double *o, const hsic_result *r) {
  o[0] = r->n, o[1] = r->biased, o[2] = r->unbiased, o[3] = r->normalised;
  o[4] = r->trace_mean, o[5] = r->trace_var, o[6] = r->gamma_mean, o[7] = r->gamma_var;
  o[8] = r->exact_mean, o[9] = r->exact_var, o[10] = r->trace_third;
}

static SEXP ffi_hsic(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP groups, SEXP gretton, SEXP level) {
  const lmr_points px = glue_points(x, kx), py = glue_points(y, ky);
  check_pair(&px, &py);
  const int count = (int)Rf_xlength(groups);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, HSIC_NUMBERS, count));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  for (int g = 0; g < count; g++) {
    lmr_points a = px, b = py;
    hsic_result r;
    lmr_error err;
    a.order = b.order = glue_rows(glue_part(groups, count, g, "groups"), px.n, &a.n);
    b.n = a.n;
    glue_check(hsic_exact(&a, &b, glue_int1(gretton, "gretton"), &r, (lmr_cpu)glue_int1(level, "level"),
                          glue_arena(hsic_bytes(a.n, a.d, b.d)), &tick, &err), &err);
    put_hsic(REAL(out) + g * HSIC_NUMBERS, &r);
  }
  UNPROTECT(1);
  return out;
}

static feature_map make_map(const lmr_points *p, int frequencies, int levels, lmr_rng *rng) {
  feature_map m = {p, feature_width(p, (size_t)frequencies, (size_t)levels), 0, NULL};
  if (m.width == 0) glue_stop("internal: this kernel has no feature map");
  if (p->kernel.kind == LMR_RBF) {
    double *omega = glue_alloc((size_t)frequencies * p->d, sizeof *omega);
    m.frequencies = (size_t)frequencies;
    feature_draw(p, m.frequencies, rng, omega);
    m.omega = omega;
  }
  return m;
}

/* levels: labels in x and y when their kernel is delta. */
static SEXP ffi_hsic_features(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP groups, SEXP frequencies, SEXP levels,
                              SEXP seed, SEXP level) {
  lmr_points a = glue_points(x, kx), b = glue_points(y, ky);
  check_pair(&a, &b);
  const size_t rows = a.n;
  const int count = (int)Rf_xlength(groups), m = glue_int1(frequencies, "frequencies");
  const int *labels = glue_int(levels, 2, "levels");
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  const feature_map fx = make_map(&a, m, labels[0], &rng), fy = make_map(&b, m, labels[1], &rng);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, HSIC_NUMBERS, count));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  for (int g = 0; g < count; g++) {
    hsic_result r;
    lmr_error err;
    a.order = b.order = glue_rows(glue_part(groups, count, g, "groups"), rows, &a.n);
    b.n = a.n;
    glue_check(hsic_features(&fx, &fy, &r, (lmr_cpu)glue_int1(level, "level"),
                             glue_arena(hsic_features_bytes(fx.width, fy.width)), &tick, &err), &err);
    put_hsic(REAL(out) + g * HSIC_NUMBERS, &r);
  }
  UNPROTECT(1);
  return out;
}

static SEXP three(double mean, double sd, size_t count) {
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 3));
  REAL(out)[0] = mean, REAL(out)[1] = sd, REAL(out)[2] = (double)count;
  UNPROTECT(1);
  return out;
}

static SEXP ffi_hsic_blocks(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP rows, SEXP block, SEXP level) {
  lmr_points a = glue_points(x, kx), b = glue_points(y, ky);
  check_pair(&a, &b);
  double mean, sd;
  size_t count;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  a.order = b.order = glue_rows(rows, a.n, &a.n);
  b.n = a.n;
  const size_t size = glue_size1(block, "block");
  glue_check(hsic_blocks(&a, &b, size, &mean, &sd, &count, (lmr_cpu)glue_int1(level, "level"),
                         glue_arena(hsic_bytes(size, a.d, b.d)), &tick, &err), &err);
  return three(mean, sd, count);
}

/* Labels 1..groups as 0-based, and the rows group by group. */
static int *grouped(SEXP label, size_t n, int groups, int **order) {
  const int *from = glue_positions(label, (R_xlen_t)n, groups < 0 ? 0 : (size_t)groups, "label");
  int *sorted = glue_alloc(n, sizeof *sorted), *next = glue_alloc((size_t)groups + 1, sizeof *next);
  *order = glue_alloc(n, sizeof **order);
  memset(next, 0, ((size_t)groups + 1) * sizeof *next);
  for (size_t i = 0; i < n; i++) next[from[i] + 1]++;
  for (int e = 0; e < groups; e++) next[e + 1] += next[e];
  for (size_t i = 0; i < n; i++) {
    const int at = next[from[i]]++;
    (*order)[at] = (int)i, sorted[at] = from[i];
  }
  return sorted;
}

static SEXP mmd_list(const mmd_result *r, SEXP pairs, SEXP pairs_unbiased) {
  SEXP numbers = PROTECT(Rf_allocVector(REALSXP, 9));
  double *o = REAL(numbers);
  o[0] = r->n, o[1] = r->biased, o[2] = r->unbiased, o[3] = r->normalised, o[4] = r->null_mean, o[5] = r->null_var;
  o[6] = r->exact_mean, o[7] = r->exact_var, o[8] = r->null_third;
  SEXP out = glue_list(3, "numbers", numbers, "biased", pairs, "unbiased", pairs_unbiased);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_mmd(SEXP x, SEXP kernel, SEXP label, SEXP groups, SEXP level) {
  lmr_points p = glue_points(x, kernel);
  const int count = glue_int1(groups, "groups");
  int *order;
  const int *sorted = grouped(label, p.n, count, &order);
  p.order = order;
  SEXP biased = PROTECT(Rf_allocMatrix(REALSXP, count, count)), unbiased = PROTECT(Rf_allocMatrix(REALSXP, count, count));
  mmd_result r;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(mmd_exact(&p, sorted, (size_t)count, REAL(biased), REAL(unbiased), &r, (lmr_cpu)glue_int1(level, "level"),
                       glue_arena(mmd_bytes(p.n, p.d, (size_t)count)), &tick, &err), &err);
  SEXP out = mmd_list(&r, biased, unbiased);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_mmd_features(SEXP x, SEXP kernel, SEXP label, SEXP groups, SEXP frequencies, SEXP levels,
                             SEXP seed, SEXP level) {
  lmr_points p = glue_points(x, kernel);
  const int count = glue_int1(groups, "groups");
  int *order;
  const int *sorted = grouped(label, p.n, count, &order);
  p.order = order;
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  const feature_map map = make_map(&p, glue_int1(frequencies, "frequencies"), glue_int1(levels, "levels"), &rng);
  SEXP biased = PROTECT(Rf_allocMatrix(REALSXP, count, count));
  mmd_result r;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(mmd_features(&map, sorted, (size_t)count, REAL(biased), &r, (lmr_cpu)glue_int1(level, "level"),
                          glue_arena(mmd_features_bytes(map.width, (size_t)count)), &tick, &err), &err);
  SEXP out = mmd_list(&r, biased, R_NilValue);
  UNPROTECT(1);
  return out;
}

/* Of every column of x by itself, all from the same frequencies: mean and variance of the null law
 * (2 x columns), and MMD^2 of the pairs of groups (groups^2 x columns). */
static SEXP ffi_mmd_columns(SEXP x, SEXP kernel, SEXP label, SEXP groups, SEXP frequencies, SEXP seed, SEXP progress,
                            SEXP level) {
  lmr_points p = glue_points(x, kernel);
  const size_t count = glue_size1(groups, "groups"), columns = p.d;
  int *order;
  const int *sorted = grouped(label, p.n, (int)count, &order);
  p.order = order;
  p.d = 1;
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  const feature_map map = make_map(&p, glue_int1(frequencies, "frequencies"), 0, &rng);
  SEXP biased = PROTECT(glue_matrix(count * count, columns)), null = PROTECT(glue_matrix(2, columns));
  const lmr_arena work = glue_arena(mmd_features_bytes(map.width, count));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress), quiet = lmr_tick_before(&tick);
  for (size_t c = 0; c < columns; c++, p.x += p.ld) {
    mmd_result r;
    lmr_error err;
    glue_check(mmd_features(&map, sorted, count, REAL(biased) + c * count * count, &r,
                            (lmr_cpu)glue_int1(level, "level"), work, &quiet, &err), &err);
    REAL(null)[2 * c] = r.null_mean;
    REAL(null)[2 * c + 1] = r.null_var;
    glue_check(lmr_tick_poll(&tick, (double)(c + 1) / (double)columns)
                 ? lmr_fail(&err, LMR_EINTERRUPT, "interrupted") : LMR_OK, &err);
  }
  SEXP out = glue_list(2, "null", null, "biased", biased);
  UNPROTECT(2);
  return out;
}

/* rows: the rows of group 1, then those of group 2, ...; ends: where each ends. */
static SEXP ffi_mmd_blocks(SEXP x, SEXP kernel, SEXP rows, SEXP ends, SEXP block, SEXP linear, SEXP level) {
  const lmr_points p = glue_points(x, kernel);
  size_t n, count;
  const int *order = glue_rows(rows, p.n, &n);
  const size_t groups = (size_t)Rf_xlength(ends), size = glue_size1(block, "block");
  size_t *start = glue_alloc(groups + 1, sizeof *start);
  start[0] = 0;
  const int *end = glue_places(ends, -1, n + 1, "ends");
  for (size_t e = 0; e < groups; e++) {
    start[e + 1] = (size_t)end[e];
    if (start[e + 1] < start[e]) glue_stop("internal: `ends` go back");
  }
  double mean, sd;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(mmd_blocks(&p, order, start, groups, size, glue_int1(linear, "linear"), &mean, &sd, &count,
                        (lmr_cpu)glue_int1(level, "level"), glue_arena(mmd_blocks_bytes(size, p.d, groups)),
                        &tick, &err), &err);
  return three(mean, sd, count);
}

static SEXP with_p(SEXP stat, size_t permutations) {
  SEXP out = glue_list(2, "stat", stat, "p", PROTECT(Rf_ScalarReal(permutation_p(REAL(stat), permutations))));
  UNPROTECT(1);
  return out;
}

/* list(member, size, units) of core/kernel/exchange.h, members 1-based: each of the n rows once. */
static exchange_plan plan_of(SEXP list, size_t n) {
  exchange_plan p = {(size_t)Rf_xlength(glue_field(list, "size")), NULL, NULL, NULL};
  size_t members, total = 0;
  p.member = glue_rows(glue_field(list, "member"), n, &members);
  p.size = glue_field_int(list, "size", -1);
  p.units = glue_field_int(list, "units", (R_xlen_t)p.classes);
  for (size_t c = 0; c < p.classes; c++) {
    if (p.size[c] < 1 || p.units[c] < 1) glue_stop("internal: empty class");
    total += (size_t)p.size[c] * (size_t)p.units[c];
  }
  if (members != n || total != n) glue_stop("internal: a plan of %.0f rows for %.0f", (double)total, (double)n);
  char *seen = glue_alloc(n, sizeof *seen);
  memset(seen, 0, n);
  for (size_t i = 0; i < n; i++)
    if (seen[p.member[i]]++) glue_stop("internal: a row twice in a plan");
  return p;
}

/* One stream and one plan per stratum. */
static SEXP ffi_hsic_permute(SEXP x, SEXP kx, SEXP y, SEXP ky, SEXP groups, SEXP plans, SEXP permutations,
                             SEXP seed, SEXP dense, SEXP progress, SEXP level) {
  const lmr_points px = glue_points(x, kx), py = glue_points(y, ky);
  check_pair(&px, &py);
  const int count = (int)Rf_xlength(groups), times = glue_int1(permutations, "permutations");
  SEXP stat = PROTECT(Rf_allocVector(REALSXP, times + 1));
  memset(REAL(stat), 0, ((size_t)times + 1) * sizeof(double));
  glue_tick_state parts;
  const lmr_tick tick = glue_tick(&parts, progress);
  for (int g = 0; g < count; g++) {
    parts.from = (double)g / count;
    parts.share = 1.0 / count;
    lmr_points a = px, b = py;
    lmr_rng rng;
    lmr_error err;
    const void *mark = vmaxget();
    lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), (uint64_t)g);
    a.order = b.order = glue_rows(glue_part(groups, count, g, "groups"), px.n, &a.n);
    b.n = a.n;
    const exchange_plan plan = plan_of(glue_part(plans, count, g, "plans"), a.n);
    glue_check(hsic_permute(&a, &b, &plan, (size_t)times, glue_int1(dense, "dense"), &rng, REAL(stat),
                            (lmr_cpu)glue_int1(level, "level"), glue_arena(hsic_permute_bytes(a.n, a.d, b.d, tick.threads)),
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
  const int *from = glue_rows(label, glue_size1(groups, "groups"), &n);
  const exchange_plan exchange = plan_of(plan, p.n);
  lmr_rng rng;
  lmr_error err;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, progress);
  SEXP stat = PROTECT(Rf_allocVector(REALSXP, times + 1));
  const size_t e = glue_size1(groups, "groups");
  glue_check(mmd_permute(&p, from, e, &exchange, (size_t)times, glue_int1(dense, "dense"), &rng, REAL(stat),
                         (lmr_cpu)glue_int1(level, "level"), glue_arena(mmd_permute_bytes(p.n, p.d, e, tick.threads)), &tick,
                         &err), &err);
  SEXP out = with_p(stat, (size_t)times);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_kci(SEXP xs, SEXP kx, SEXP s, SEXP ks, SEXP label, SEXP groups, SEXP level) {
  const lmr_points px = glue_points(xs, kx), ps = glue_points(s, ks);
  check_pair(&px, &ps);
  const size_t e = glue_size1(groups, "groups");
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
  const size_t n = (size_t)glue_nrow(g), p = (size_t)glue_ncol(g), e = glue_size1(groups, "groups");
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

const R_CallMethodDef glue_kernel_calls[] = {
  GLUE_CALL(ffi_kernel_median, 2),
  GLUE_CALL(ffi_hsic, 7),
  GLUE_CALL(ffi_hsic_features, 9),
  GLUE_CALL(ffi_hsic_blocks, 7),
  GLUE_CALL(ffi_mmd, 5),
  GLUE_CALL(ffi_mmd_features, 8),
  GLUE_CALL(ffi_mmd_columns, 8),
  GLUE_CALL(ffi_mmd_blocks, 7),
  GLUE_CALL(ffi_hsic_permute, 11),
  GLUE_CALL(ffi_mmd_permute, 10),
  GLUE_CALL(ffi_kci, 7),
  GLUE_CALL(ffi_allele_shift, 3),
  {NULL, NULL, 0}
};
