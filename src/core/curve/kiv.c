#include "core/curve/kiv.h"

#include "core/curve/curve_rows.h"
#include "core/kernel/product_kernel.h"
#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 91 }; /* penalties 10^-9 .. 10^0 by tenths of a decade */

static double penalty(size_t i) { return pow(10, -9 + .1 * (double)i); }

/* Features of all rows (n x px, n x pz), their factors' pivots, and work for both stages. */
typedef struct {
  const kiv_rows *r;
  size_t n, n1, n2, px, pz;
  double *fx, *fz, *fitted, *half; /* n x most */
  double *t1, *t2;                 /* squares of the larger rank */
  lmr_cpu level;
} kiv_state;

size_t kiv_bytes(const kiv_rows *r, size_t most) {
  const size_t d = sizeof(double), n = r->n;
  size_t total = lmr_bytes(n * most, 4 * d);
  total = lmr_add_bytes(total, lmr_bytes(n, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(most, sizeof(int)));
  total = lmr_add_bytes(total, lmr_bytes(most * most, 9 * d)); /* two, and the larger stage's */
  total = lmr_add_bytes(total, lmr_bytes(most, 6 * d));
  total = lmr_add_bytes(total, product_kernel_factor_bytes(n));
  return lmr_add_bytes(lmr_add_bytes(total, 8192), la_eigen_bytes(most));
}

/* Rows first..first+count-1 of f (n x k) as a matrix of its own. */
static void rows_of(const double *f, size_t n, size_t k, size_t first, size_t count, double *out) {
  for (size_t j = 0; j < k; j++) memcpy(out + j * count, f + j * n + first, count * sizeof *out);
}

static double at_least_zero(double x) { return x > 0 ? x : 0; }

static lmr_status features(kiv_state *t, size_t most, double tol, double *width, int *pivot, lmr_arena *work,
                           const lmr_tick *tick, lmr_error *err) {
  const kiv_rows *r = t->r;
  double *scratch;
  int *pivot_z;
  LMR_TAKE(t->fx, work, t->n * most, err);
  LMR_TAKE(t->fz, work, t->n * most, err);
  LMR_TAKE(t->half, work, t->n * most, err);
  LMR_TAKE(t->fitted, work, t->n * most, err);
  LMR_TAKE(scratch, work, t->n, err);
  LMR_TAKE(pivot_z, work, most, err);
  for (size_t c = 0; c < r->dx; c++) width[c] = coordinate_median(t->n, r->x + c * t->n, scratch);
  for (size_t c = 0; c < r->dz; c++) width[r->dx + c] = coordinate_median(t->n, r->z + c * t->n, scratch);
  const product_kernel kx = {t->n, r->dx, r->x, width}, kz = {t->n, r->dz, r->z, width + r->dx};
  LMR_TRY(product_kernel_factor(&kx, most, tol, t->fx, pivot, &t->px, t->level, *work, tick, err));
  LMR_TRY(product_kernel_factor(&kz, most, tol, t->fz, pivot_z, &t->pz, t->level, *work, tick, err));
  /* Rows of both features of one half lie in `half` when ranks are small. */
  if (t->n1 * (t->px + t->pz) > t->n * most || t->n2 * (t->px + t->pz) > t->n * most)
    return lmr_fail(err, LMR_ENOMEM, "kiv: work block too small");
  const size_t larger = t->px > t->pz ? t->px : t->pz;
  LMR_TAKE(t->t1, work, larger * larger, err);
  LMR_TAKE(t->t2, work, larger * larger, err);
  return LMR_OK;
}

/* cross := U'Z'X over rows first .. first + count - 1. */
static lmr_status project(kiv_state *t, size_t first, size_t count, const double *u, double *cross, lmr_error *err) {
  double *z = t->half, *x = t->half + count * t->pz;
  rows_of(t->fx, t->n, t->px, first, count, x);
  rows_of(t->fz, t->n, t->pz, first, count, z);
  curve_cross(count, t->pz, z, t->px, x, t->t1, t->level);
  return la_gemm('T', 'N', t->pz, t->px, t->pz, 1, u, t->pz, t->t1, t->pz, 0, cross, t->pz, err);
}

/* t1 := Z'Z over such rows. */
static void own_cross(kiv_state *t, size_t first, size_t count) {
  rows_of(t->fz, t->n, t->pz, first, count, t->half);
  curve_cross(count, t->pz, t->half, t->pz, t->half, t->t1, t->level);
}

/* The penalty of stage 1 with the smallest error of X on the rows of stage 2. */
static double stage1_penalty(const kiv_state *t, const double *d, const double *c, const double *b, const double *e,
                             const double *cc, double *lambda) {
  const size_t px = t->px, pz = t->pz;
  double best = INFINITY;
  for (size_t i = 0; i < LEVELS; i++) {
    const double pen = (double)t->n1 * penalty(i);
    double value = (double)t->n2;
    for (size_t k = 0; k < pz; k++) {
      double ce = 0, quad = 0;
      for (size_t j = 0; j < px; j++) ce += c[k + j * pz] * e[k + j * pz];
      for (size_t l = 0; l < pz; l++) quad += b[k + l * pz] * cc[k + l * pz] / (at_least_zero(d[l]) + pen);
      value += (quad - 2 * ce) / (at_least_zero(d[k]) + pen);
    }
    if (value < best) {
      best = value;
      *lambda = penalty(i);
    }
  }
  return best / (double)t->n2;
}

/* Stage 1: fitted := F_z Gamma, Gamma = U diag(1 / (d + n1 lambda)) C; U, d of Z'Z and C =
 * U'Z'X over the rows of stage 1. */
static lmr_status stage1(kiv_state *t, kiv_summary *out, lmr_arena work, lmr_error *err) {
  const size_t px = t->px, pz = t->pz, n1 = t->n1, n2 = t->n2;
  double *u, *d, *c, *b, *e, *cc, *gamma;
  LMR_TAKE(u, &work, pz * pz, err);
  LMR_TAKE(d, &work, pz, err);
  LMR_TAKE(c, &work, pz * px, err);
  LMR_TAKE(b, &work, pz * pz, err);
  LMR_TAKE(e, &work, pz * px, err);
  LMR_TAKE(cc, &work, pz * pz, err);
  LMR_TAKE(gamma, &work, pz * px, err);
  own_cross(t, 0, n1);
  LMR_TRY(la_eigen(t->t1, pz, pz, d, u, pz, work, err));
  LMR_TRY(project(t, 0, n1, u, c, err));
  own_cross(t, n1, n2);
  LMR_TRY(la_gemm('N', 'N', pz, pz, pz, 1, t->t1, pz, u, pz, 0, t->t2, pz, err));
  LMR_TRY(la_gemm('T', 'N', pz, pz, pz, 1, u, pz, t->t2, pz, 0, b, pz, err));
  LMR_TRY(project(t, n1, n2, u, e, err));
  LMR_TRY(la_gemm('N', 'T', pz, pz, px, 1, c, pz, c, pz, 0, cc, pz, err));
  out->stage1 = stage1_penalty(t, d, c, b, e, cc, &out->lambda);
  for (size_t j = 0; j < px; j++)
    for (size_t k = 0; k < pz; k++) c[k + j * pz] /= at_least_zero(d[k]) + (double)n1 * out->lambda;
  LMR_TRY(la_gemm('N', 'N', pz, px, pz, 1, u, pz, c, pz, 0, gamma, pz, err));
  return la_gemm('N', 'N', t->n, px, pz, 1, t->fz, t->n, gamma, pz, 0, t->fitted, t->n, err);
}

/* beta := (S + pen)^-1 rhs in the eigenvectors' coordinates. */
static void ridge(size_t p, const double *s, const double *rhs, double pen, double *beta) {
  for (size_t j = 0; j < p; j++) beta[j] = rhs[j] / (at_least_zero(s[j]) + pen);
}

/* The penalty of stage 2 with the smallest error on the rows it did not see: y'y over them,
 * `turned` and `other` their cross products of features, and of these with y. */
static double stage2_penalty(const kiv_state *t, const double *s, const double *rhs, const double *turned,
                             const double *other, double *beta, double *xi) {
  const size_t px = t->px;
  double yy = 0, best = INFINITY;
  for (size_t i = 0; i < t->n1; i++) yy += t->r->y[i] * t->r->y[i];
  for (size_t i = 0; i < LEVELS; i++) {
    double value = yy;
    ridge(px, s, rhs, (double)t->n2 * penalty(i), beta);
    for (size_t j = 0; j < px; j++) {
      double quad = 0;
      for (size_t k = 0; k < px; k++) quad += turned[j + k * px] * beta[k];
      value += beta[j] * (quad - 2 * other[j]);
    }
    if (value < best) {
      best = value;
      *xi = penalty(i);
    }
  }
  return best / (double)t->n1;
}

/* Stage 2: alpha := V diag(1 / (s + n2 xi)) V' Phi^'y, coefficients of the features. */
static lmr_status stage2(kiv_state *t, int criterion, double *alpha, kiv_summary *out, lmr_arena work,
                         lmr_error *err) {
  const size_t px = t->px, n = t->n, n1 = t->n1, n2 = t->n2;
  double *s, *v, *rhs, *beta, *other, *turned;
  LMR_TAKE(s, &work, px, err);
  LMR_TAKE(v, &work, px * px, err);
  LMR_TAKE(rhs, &work, px, err);
  LMR_TAKE(beta, &work, px, err);
  LMR_TAKE(other, &work, px, err);
  LMR_TAKE(turned, &work, px * px, err);
  rows_of(t->fitted, n, px, n1, n2, t->half);
  curve_cross(n2, px, t->half, px, t->half, t->t1, t->level);
  curve_cross(n2, px, t->half, 1, t->r->y + n1, t->t2, t->level);
  LMR_TRY(la_eigen(t->t1, px, px, s, v, px, work, err));
  LMR_TRY(la_gemm('T', 'N', px, 1, px, 1, v, px, t->t2, px, 0, rhs, px, err));
  /* the rows that stage 2 did not see, as polynomials in the spectrum */
  rows_of(criterion == KIV_CAUSAL ? t->fx : t->fitted, n, px, 0, n1, t->half);
  curve_cross(n1, px, t->half, px, t->half, t->t1, t->level);
  curve_cross(n1, px, t->half, 1, t->r->y, beta, t->level);
  LMR_TRY(la_gemm('N', 'N', px, px, px, 1, t->t1, px, v, px, 0, t->t2, px, err));
  LMR_TRY(la_gemm('T', 'N', px, px, px, 1, v, px, t->t2, px, 0, turned, px, err));
  LMR_TRY(la_gemm('T', 'N', px, 1, px, 1, v, px, beta, px, 0, other, px, err));
  out->stage2 = stage2_penalty(t, s, rhs, turned, other, beta, &out->xi);
  ridge(px, s, rhs, (double)n2 * out->xi, beta);
  return la_gemm('N', 'N', px, 1, px, 1, v, px, beta, px, 0, alpha, px, err);
}

lmr_status kiv_fit(const kiv_rows *r, size_t most, double tol, int criterion, double *width, int *pivot,
                   double *alpha, kiv_summary *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                   lmr_error *err) {
  kiv_state t = {.r = r, .n = r->n, .n1 = r->n1, .n2 = r->n - r->n1, .level = level};
  LMR_TRY(features(&t, most, tol, width, pivot, &work, tick, err));
  out->rank_x = t.px;
  out->rank_z = t.pz;
  LMR_TRY(stage1(&t, out, work, err));
  LMR_TRY(stage2(&t, criterion, alpha, out, work, err));
  /* phi(x) = L^-1 k(pivots, x), L the pivots' rows of the factor: alpha = L^-T beta */
  const size_t px = t.px;
  for (size_t j = 0; j < px; j++)
    for (size_t k = 0; k < px; k++) t.t1[k + j * px] = k <= j ? t.fx[(size_t)pivot[j] + k * t.n] : 0; /* L' */
  return la_trsm('L', 'N', px, 1, 1, t.t1, px, alpha, px, err);
}
