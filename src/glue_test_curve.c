/* Parts of the curve solvers as the tests see them. */
#include "core/curve/curve_basis.h"
#include "core/curve/curve_batch.h"
#include "core/curve/curve_evidence.h"
#include "core/la/adam.h"
#include "glue.h"

#include <math.h>
#include <string.h>

/* A net at theta on x (rows x inputs): outputs and the gradient of sum(up * out). */
static SEXP ffi_test_net(SEXP theta, SEXP x, SEXP units, SEXP mean_field, SEXP up) {
  const size_t rows = (size_t)glue_nrow(x), inputs = (size_t)glue_ncol(x);
  const curve_net net = curve_net_shape(inputs, glue_size1(units, "units"), glue_int1(mean_field, "mean_field"));
  const double *xs = glue_real(x, -1, "x");
  double *by_row = glue_alloc(rows * inputs, sizeof(double));
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < inputs; k++) by_row[i * inputs + k] = xs[i + k * rows];
  double *hidden = glue_alloc(rows * net.stride, sizeof(double));
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)rows));
  SEXP grad = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)net.length));
  const double *th = glue_real(theta, (R_xlen_t)net.length, "theta");
  curve_net_forward(&net, th, rows, by_row, hidden, REAL(out));
  curve_net_backward(&net, th, rows, by_row, hidden, glue_real(up, (R_xlen_t)rows, "up"), REAL(grad));
  SEXP list = glue_list(2, "out", out, "grad", grad);
  UNPROTECT(2);
  return list;
}

static float *narrow(SEXP x, R_xlen_t length) {
  const double *from = glue_real(x, length, "x");
  float *to = glue_alloc((size_t)length, sizeof *to);
  for (R_xlen_t i = 0; i < length; i++) to[i] = (float)from[i];
  return to;
}

static SEXP widen(const float *x, size_t length) {
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)length));
  for (size_t i = 0; i < length; i++) REAL(out)[i] = x[i];
  return out; /* one protection left to the caller */
}

/* The same by the single-precision kernels; tx: inputs x rows. */
static SEXP ffi_test_batch(SEXP theta, SEXP tx, SEXP units, SEXP mean_field, SEXP up, SEXP level) {
  const size_t rows = (size_t)glue_ncol(tx), inputs = (size_t)glue_nrow(tx);
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  const curve_net net = curve_net_shape(inputs, glue_size1(units, "units"), glue_int1(mean_field, "mean_field"));
  const float *x = narrow(tx, (R_xlen_t)(rows * inputs)), *th = narrow(theta, (R_xlen_t)net.length);
  float *hidden = glue_alloc(rows * net.stride, sizeof *hidden), *out = glue_alloc(rows, sizeof *out);
  float *grad = glue_alloc(net.length, sizeof *grad);
  curve_batch_forward(&net, th, rows, x, hidden, out, cpu);
  curve_batch_backward(&net, th, rows, x, hidden, narrow(up, (R_xlen_t)rows), grad, cpu);
  SEXP list = glue_list(2, "out", widen(out, rows), "grad", widen(grad, net.length));
  UNPROTECT(2);
  return list;
}

/* Adam steps 1 to `steps` with one gradient, in both precisions; rule: rate, beta1, beta2,
 * penalty, decay, scale. */
static SEXP ffi_test_adam(SEXP theta, SEXP grad, SEXP rule, SEXP steps, SEXP level) {
  const R_xlen_t n = Rf_xlength(theta);
  const lmr_cpu cpu = (lmr_cpu)glue_int1(level, "level");
  const double *o = glue_real(rule, 6, "rule");
  adam_rule adam = adam_start(o[0], o[1], o[2]);
  adam.penalty = o[3], adam.decay = o[4], adam.scale = o[5];
  double *m = glue_alloc(2 * (size_t)n, sizeof *m);
  float *fm = glue_alloc(2 * (size_t)n, sizeof *fm), *ft = narrow(theta, n), *fg = narrow(grad, n);
  memset(m, 0, 2 * (size_t)n * sizeof *m);
  memset(fm, 0, 2 * (size_t)n * sizeof *fm);
  SEXP twice = PROTECT(Rf_duplicate(theta));
  for (int k = 1; k <= glue_int1(steps, "steps"); k++) {
    adam_next(&adam);
    adam_step_f64(&adam, (size_t)n, glue_real(grad, n, "grad"), m, m + n, REAL(twice), cpu);
    adam_step_f32(&adam, (size_t)n, fg, fm, fm + n, ft, cpu);
  }
  SEXP list = glue_list(2, "double", twice, "single", widen(ft, (size_t)n));
  UNPROTECT(2);
  return list;
}

static SEXP ffi_test_net_start(SEXP inputs, SEXP units, SEXP mean_field, SEXP seed) {
  const curve_net net = curve_net_shape(glue_size1(inputs, "inputs"), glue_size1(units, "units"),
                                        glue_int1(mean_field, "mean_field"));
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  SEXP theta = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)net.length));
  curve_net_start(&net, &rng, REAL(theta));
  UNPROTECT(1);
  return theta;
}

/* Gradient of sum_pj up_p out_j tanh(slope_j x_p + shift_j). */
static SEXP ffi_test_units(SEXP x, SEXP slope, SEXP shift, SEXP up, SEXP out, SEXP level) {
  const R_xlen_t n = Rf_xlength(x), u = Rf_xlength(slope);
  double *t = glue_alloc((size_t)(n * u), sizeof(double));
  SEXP ds = PROTECT(Rf_allocVector(REALSXP, u)), dc = PROTECT(Rf_allocVector(REALSXP, u));
  curve_units((size_t)n, glue_real(x, n, "x"), (size_t)u, glue_real(slope, u, "slope"),
              glue_real(shift, u, "shift"), t, (lmr_cpu)glue_int1(level, "level"));
  curve_units_backward((size_t)n, REAL(x), (size_t)u, t, glue_real(up, n, "up"),
                       glue_real(out, u, "out"), REAL(ds), REAL(dc));
  SEXP list = glue_list(2, "slope", ds, "shift", dc);
  UNPROTECT(2);
  return list;
}

/* z standardised. */
static SEXP ffi_test_basis(SEXP z, SEXP distinct, SEXP w, SEXP units, SEXP seed) {
  const size_t n = (size_t)glue_nrow(z), nz = (size_t)glue_ncol(z), nw = (size_t)glue_ncol(w);
  const size_t u = glue_size1(units, "units"), cap = curve_basis_cap(n, nz, nw, u) + 1;
  double *q = glue_alloc(n * cap, sizeof(double));
  curve_basis_size size;
  lmr_rng rng;
  lmr_rng_seed(&rng, (uint64_t)glue_int1(seed, "seed"), 0);
  lmr_error err;
  glue_check(curve_basis(n, glue_real(z, -1, "z"), nz, glue_int(distinct, (R_xlen_t)nz, "distinct"),
                         glue_real(w, -1, "w"), nw, u, &rng, q, &size, LMR_CPU_PLAIN,
                         glue_arena(curve_basis_bytes(n, nz, nw, u)), &err), &err);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)size.kept));
  memcpy(REAL(out), q, n * size.kept * sizeof(double));
  SEXP list = glue_list(3, "q", out, "fixed", PROTECT(Rf_ScalarInteger((int)size.fixed)), "base",
                        PROTECT(Rf_ScalarInteger((int)size.base)));
  UNPROTECT(3);
  return list;
}

static SEXP ffi_test_support(SEXP a, SEXP v) {
  const size_t n = (size_t)Rf_xlength(a);
  curve_support s;
  lmr_error err;
  lmr_arena keep = glue_arena(curve_support_bytes(n));
  glue_check(curve_support_make(n, glue_real(a, -1, "a"), &s, &keep, &err), &err);
  SEXP x = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)s.points));
  SEXP mass = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)s.points));
  SEXP sum = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)s.points));
  memcpy(REAL(x), s.x, s.points * sizeof(double));
  memcpy(REAL(mass), s.mass, s.points * sizeof(double));
  curve_support_sum(&s, 1, glue_real(v, (R_xlen_t)n, "v"), REAL(sum));
  SEXP list = glue_list(3, "x", x, "mass", mass, "sum", sum);
  UNPROTECT(3);
  return list;
}

static SEXP ffi_test_evidence(SEXP g, SEXP g0, SEXP g2, SEXP r, SEXP k2, SEXP kr) {
  const size_t q = (size_t)glue_nrow(r), u = (size_t)glue_ncol(r), k = 2 + u;
  const double *rs = glue_real(r, -1, "r");
  double *rr = glue_alloc(q * q, sizeof(double)), *work = glue_alloc(q * (2 * q + u + 6), sizeof(double));
  double *residual = glue_alloc(q, sizeof(double));
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++) {
      rr[i + j * q] = i > j || !(glue_real1(kr, "kr") > 0) ? NAN : 0; /* must not be read */
      for (size_t l = 0; l < u; l++) rr[i + j * q] += rs[i + l * q] * rs[j + l * q];
    }
  const curve_problem p = {q, u, glue_real(g, (R_xlen_t)q, "g"), glue_real(g0, (R_xlen_t)q, "g0"),
                           glue_real(g2, (R_xlen_t)q, "g2"), rs, rr};
  SEXP map = PROTECT(Rf_allocMatrix(REALSXP, (int)k, (int)q)), cov = PROTECT(Rf_allocMatrix(REALSXP, (int)k, (int)k));
  SEXP both = PROTECT(Rf_allocVector(REALSXP, 2));
  lmr_error err;
  curve_evidence e;
  glue_check(curve_evidence_at(&p, glue_real1(k2, "k2"), glue_real1(kr, "kr"), residual, &e, work, &err), &err);
  glue_check(curve_evidence_map(&p, glue_real1(k2, "k2"), glue_real1(kr, "kr"), REAL(map), REAL(cov), work, &err), &err);
  REAL(both)[0] = e.half_log_det;
  REAL(both)[1] = e.quad;
  SEXP list = glue_list(3, "evidence", both, "map", map, "cov", cov);
  UNPROTECT(3);
  return list;
}

const R_CallMethodDef glue_test_curve_calls[] = {
  GLUE_CALL(ffi_test_net, 5),
  GLUE_CALL(ffi_test_batch, 6),
  GLUE_CALL(ffi_test_adam, 5),
  GLUE_CALL(ffi_test_net_start, 4),
  GLUE_CALL(ffi_test_units, 6),
  GLUE_CALL(ffi_test_basis, 5),
  GLUE_CALL(ffi_test_support, 2),
  GLUE_CALL(ffi_test_evidence, 6),
  {NULL, NULL, 0}
};
