/* Invalid instruments, direction and sensitivity, from cross products. */
#include "core/effect/direction.h"
#include "core/effect/exclusion.h"
#include "core/effect/joint.h"
#include "core/effect/outliers.h"
#include "core/effect/reml.h"
#include "glue.h"

#include <string.h>

/* gt: variants x traits; control: 1-based. Sums explained by the controls, and their rank. */
static SEXP ffi_controls(SEXP gg, SEXP gt, SEXP control, SEXP least) {
  const int p = glue_nrow(gg), q = glue_ncol(gt);
  const R_xlen_t m = Rf_xlength(control);
  const int *at = glue_positions(control, m, (size_t)p, "control");
  SEXP explained = PROTECT(Rf_allocMatrix(REALSXP, q, q));
  size_t rank = 0;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(controls_explained(glue_real(gg, (R_xlen_t)p * p, "gg"), (size_t)p,
                                glue_real(gt, (R_xlen_t)p * q, "gt"), (size_t)q, at, (size_t)m,
                                glue_real(least, p, "least"), REAL(explained), &rank,
                                glue_arena(controls_bytes((size_t)m, (size_t)q)), &tick, &err), &err);
  SEXP count = PROTECT(Rf_ScalarReal((double)rank));
  SEXP out = glue_list(2, "explained", explained, "rank", count);
  UNPROTECT(2);
  return out;
}

static outlier_sums sums_of(SEXP gg, SEXP gyx, SEXP r0, SEXP r1, SEXP least, SEXP sizes) {
  const R_xlen_t p = glue_nrow(gg);
  const double *s = glue_real(sizes, 3, "sizes");
  const outlier_sums sums = {
    glue_real(gg, p * p, "gg"), glue_real(gyx, 2 * p, "gyx"), glue_real(r0, 4, "r0"),
    glue_real(r1, 4, "r1"), glue_real(least, p, "least"), (size_t)p, s[0], s[1], s[2]};
  return sums;
}

/* sizes: people, rank of the instruments, rank of C. */
static SEXP ffi_outliers(SEXP gg, SEXP gyx, SEXP r0, SEXP r1, SEXP least, SEXP sizes,
                         SEXP crit, SEXP rounds) {
  const outlier_sums s = sums_of(gg, gyx, r0, r1, least, sizes);
  SEXP outlying = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)s.p));
  SEXP t = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)s.p)), b = PROTECT(Rf_allocVector(REALSXP, 2));
  size_t taken = 0;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(outliers(&s, glue_real1(crit, "crit"), glue_size1(rounds, "rounds"), LOGICAL(outlying),
                      REAL(t), REAL(b), &taken, glue_arena(outliers_bytes(s.p)), &tick, &err), &err);
  SEXP count = PROTECT(Rf_ScalarInteger((int)taken));
  SEXP out = glue_list(4, "outlying", outlying, "t", t, "b", b, "rounds", count);
  UNPROTECT(4);
  return out;
}

/* control: 1-based. Nagar's numerator and denominator, x'Px, y'Py and L of the other instruments. */
static SEXP ffi_outlier_nagar(SEXP gg, SEXP gyx, SEXP r0, SEXP r1, SEXP least, SEXP sizes,
                              SEXP control) {
  const outlier_sums s = sums_of(gg, gyx, r0, r1, least, sizes);
  const R_xlen_t m = Rf_xlength(control);
  const int *at = glue_positions(control, m, s.p, "control");
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 5));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(outlier_nagar(&s, at, (size_t)m, REAL(out), REAL(out) + 4,
                           glue_arena(controls_bytes((size_t)m, 2)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

/* gx, gy: correlations of every variant with exposure and outcome. Steiger's z of each. */
static SEXP ffi_steiger(SEXP gx, SEXP gy, SEXP rxy, SEXP n3) {
  const R_xlen_t p = Rf_xlength(gx);
  const double *x = glue_real(gx, p, "gx"), *y = glue_real(gy, p, "gy");
  const double r = glue_real1(rxy, "rxy"), n = glue_real1(n3, "n3");
  SEXP z = PROTECT(Rf_allocVector(REALSXP, p));
  for (R_xlen_t j = 0; j < p; j++) REAL(z)[j] = steiger_z(x[j], y[j], r, n);
  UNPROTECT(1);
  return z;
}

/* r0, r1: outcome first. sizes: people, rank of the instruments, rank of C. */
static SEXP ffi_direction(SEXP r0, SEXP r1, SEXP sizes) {
  const double *s = glue_real(sizes, 3, "sizes");
  const direction d = direction_whole(glue_real(r0, 4, "r0"), glue_real(r1, 4, "r1"), s[0], s[1], s[2]);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 4));
  const double values[4] = {d.rsq_x, d.rsq_y, d.se, d.z};
  for (int i = 0; i < 4; i++) REAL(out)[i] = values[i];
  UNPROTECT(1);
  return out;
}

/* Ends of the union of intervals over the box [lo, hi], and where they are. */
static SEXP ffi_exclusion(SEXP b, SEXP t, SEXP a, SEXP v, SEXP lo, SEXP hi) {
  const R_xlen_t L = Rf_xlength(a);
  const exclusion_box box = {
    glue_real1(b, "b"), glue_real1(t, "t"), glue_real(a, L, "a"), glue_real(v, (L + 1) * (L + 1), "v"),
    glue_real(lo, L, "lo"), glue_real(hi, L, "hi"), (size_t)L};
  SEXP ends = PROTECT(Rf_allocVector(REALSXP, 2)), gamma = PROTECT(Rf_allocMatrix(REALSXP, (int)L, 2));
  lmr_error err;
  for (int side = 0; side < 2; side++)
    glue_check(exclusion_end(&box, side ? 1 : -1, REAL(ends) + side, REAL(gamma) + side * L,
                             glue_arena(exclusion_bytes((size_t)L)), &err), &err);
  SEXP out = glue_list(2, "ends", ends, "gamma", gamma);
  UNPROTECT(2);
  return out;
}

/* Estimators on summary data that need a loop. */

static SEXP ffi_weighted_median(SEXP x, SEXP sx, SEXP y, SEXP sy, SEXP w, SEXP draws, SEXP seed) {
  const R_xlen_t m = Rf_xlength(x);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 2));
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  glue_check(weighted_median_bootstrap(glue_real(x, m, "x"), glue_real(sx, m, "sx"), glue_real(y, m, "y"),
                                       glue_real(sy, m, "sy"), glue_real(w, m, "w"), (size_t)m,
                                       glue_size1(draws, "draws"), (uint64_t)glue_int1(seed, "seed"),
                                       REAL(out), REAL(out) + 1,
                                       glue_arena(weighted_median_bootstrap_bytes((size_t)m)), &tick, &err), &err);
  UNPROTECT(1);
  return out;
}

static SEXP ffi_reml(SEXP g, SEXP kept, SEXP lambda, SEXP size, SEXP om, SEXP g0, SEXP lead, SEXP om0, SEXP b0) {
  const R_xlen_t m = glue_ncol(g), m0 = glue_ncol(g0);
  if (TYPEOF(kept) != LGLSXP || Rf_xlength(kept) != m) glue_stop("internal: `kept` must be logical");
  if (glue_size1(lead, "lead") > (size_t)m0) glue_stop("internal: %zu leading of %.0f scores", glue_size1(lead, "lead"), (double)m0);
  reml_fit fits[REML_FITS];
  lmr_error err;
  double *work = glue_alloc((size_t)(5 * m), sizeof *work);
  glue_check(reml(glue_real(g, 2 * m, "g"), LOGICAL(kept), (size_t)m, glue_real(lambda, m, "lambda"),
                  glue_real(size, m, "size"), glue_real(om, 4, "om"), glue_real(g0, 2 * m0, "g0"), (size_t)m0,
                  glue_size1(lead, "lead"), glue_real(om0, 4, "om0"), glue_real1(b0, "b0"), fits,
                  work, &err), &err);
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, REML_FITS, 10));
  for (int i = 0; i < REML_FITS; i++) {
    const reml_fit *f = fits + i;
    const double row[10] = {f->theta, f->se, f->loglik, f->g, f->psi, f->tau2, f->structure_share,
                           f->pleiotropy_share, (double)f->converged, f->weight};
    for (int j = 0; j < 10; j++) REAL(out)[i + j * REML_FITS] = row[j];
  }
  UNPROTECT(1);
  return out;
}

/* ---- rows and effect in one ---- */

/* list(n, mean = size x E, cov = size x (size E)) of the laws, touched (d x E), exposures: how many. */
static joint_shape glue_joint_shape(SEXP laws, SEXP touched, SEXP exposures) {
  const int d = glue_nrow(touched), environments = glue_ncol(touched);
  const size_t q = (size_t)glue_nrow(glue_field(laws, "mean")), k = glue_size1(exposures, "exposures");
  if (!d || q < (size_t)d + k + 1) glue_stop("internal: %zu variables of %d latents, %zu exposures", q, d, k);
  const joint_shape shape = {(size_t)d, q, k, (size_t)environments, glue_field_real(laws, "n", environments),
                             glue_int(touched, (R_xlen_t)d * environments, "touched")};
  return shape;
}

/* start: effects of the exposures. Laws by environment as in `laws`. */
static SEXP ffi_joint(SEXP laws, SEXP touched, SEXP exposures, SEXP start) {
  const joint_shape s = glue_joint_shape(laws, touched, exposures);
  const size_t q = s.size, means = q * s.environments, slopes = q - 1 - s.d;
  const double *mean = glue_field_real(laws, "mean", (R_xlen_t)means);
  const double *cov = glue_field_real(laws, "cov", (R_xlen_t)(means * q));
  const double *b = glue_real(start, (R_xlen_t)s.exposures, "start");
  joint_state at;
  joint_state_over(&s, glue_alloc(joint_state_size(&s), sizeof(double)), &at);
  memset(at.map, 0, q * q * sizeof *at.map);
  for (size_t j = 0; j < q; j++) at.map[j + j * q] = 1;
  for (size_t j = 0; j < s.exposures; j++) at.map[q - 1 - s.exposures + j + (q - 1) * q] = -b[j];
  memcpy(at.sample_mean, mean, means * sizeof *mean);
  memcpy(at.sample_cov, cov, means * q * sizeof *cov);
  SEXP covariance = PROTECT(glue_matrix(slopes, slopes));
  joint_found found = {.covariance = REAL(covariance)};
  memset(found.covariance, 0, slopes * slopes * sizeof *found.covariance);
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(joint_fit(&s, &at, &found, glue_arena(joint_fit_bytes(&s)), &tick, &err), &err);
  SEXP map = PROTECT(glue_matrix(q, q)), m = PROTECT(glue_matrix(q, s.environments));
  SEXP c = PROTECT(glue_matrix(q, means));
  memcpy(REAL(map), at.map, q * q * sizeof *at.map);
  memcpy(REAL(m), at.mean, means * sizeof *at.mean);
  memcpy(REAL(c), at.cov, means * q * sizeof *at.cov);
  SEXP out = glue_list(7, "map", map, "mean", m, "cov", c, "covariance", covariance, "value",
                       PROTECT(Rf_ScalarReal(found.value)), "steps", PROTECT(Rf_ScalarInteger((int)found.steps)),
                       "converged", PROTECT(Rf_ScalarLogical(found.converged)));
  UNPROTECT(7);
  return out;
}

const R_CallMethodDef glue_effect_calls[] = {
  GLUE_CALL(ffi_joint, 4),
  GLUE_CALL(ffi_controls, 4),
  GLUE_CALL(ffi_outliers, 8),
  GLUE_CALL(ffi_outlier_nagar, 7),
  GLUE_CALL(ffi_steiger, 4),
  GLUE_CALL(ffi_direction, 3),
  GLUE_CALL(ffi_exclusion, 6),
  GLUE_CALL(ffi_weighted_median, 7),
  GLUE_CALL(ffi_reml, 9),
  {NULL, NULL, 0}
};
