#include "core/curve/kiv.h"

#include "core/curve/curve_rows.h"
#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 91 }; /* penalties 10^-9 .. 10^0 by tenths of a decade */

static double penalty(size_t i) { return pow(10, -9 + .1 * (double)i); }

size_t kiv_bytes(const kiv_rows *r, size_t most) {
  const size_t d = sizeof(double), n = r->n;
  size_t total = lmr_bytes(n * most, 4 * d);
  total = lmr_add_bytes(total, lmr_bytes(n, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(most, sizeof(int)));
  total = lmr_add_bytes(total, lmr_bytes(most * most, 9 * d));
  total = lmr_add_bytes(total, lmr_bytes(most, 6 * d));
  total = lmr_add_bytes(total, pivchol_bytes(n));
  return lmr_add_bytes(lmr_add_bytes(total, 8192), la_eigen_bytes(most));
}

/* Rows first..first+count-1 of f (n x k) as a matrix of its own. */
static void rows_of(const double *f, size_t n, size_t k, size_t first, size_t count, double *out) {
  for (size_t j = 0; j < k; j++) memcpy(out + j * count, f + j * n + first, count * sizeof *out);
}

lmr_status kiv_fit(const kiv_rows *r, size_t most, double tol, int criterion, double *width, int *pivot,
                   double *alpha, kiv_summary *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                   lmr_error *err) {
  const size_t n = r->n, n1 = r->n1, n2 = n - n1;
  double *fx, *fz, *half, *fitted, *scratch;
  int *pivot_z;
  LMR_TAKE(fx, &work, n * most, err);
  LMR_TAKE(fz, &work, n * most, err);
  LMR_TAKE(half, &work, n * most, err);
  LMR_TAKE(fitted, &work, n * most, err);
  LMR_TAKE(scratch, &work, n, err);
  LMR_TAKE(pivot_z, &work, most, err);
  for (size_t c = 0; c < r->dx; c++) width[c] = coordinate_median(n, r->x + c * n, scratch);
  for (size_t c = 0; c < r->dz; c++) width[r->dx + c] = coordinate_median(n, r->z + c * n, scratch);
  size_t px, pz;
  LMR_TRY(pivchol(n, r->dx, r->x, width, most, tol, fx, pivot, &px, level, work, tick, err));
  LMR_TRY(pivchol(n, r->dz, r->z, width + r->dx, most, tol, fz, pivot_z, &pz, level, work, tick, err));
  out->rank_x = px;
  out->rank_z = pz;

  double *u, *d, *c, *b, *e, *cc, *t1, *t2, *gamma;
  LMR_TAKE(u, &work, pz * pz, err);
  LMR_TAKE(d, &work, pz, err);
  LMR_TAKE(c, &work, pz * px, err);
  LMR_TAKE(b, &work, pz * pz, err);
  LMR_TAKE(e, &work, pz * px, err);
  LMR_TAKE(cc, &work, pz * pz, err);
  LMR_TAKE(gamma, &work, pz * px, err);
  const size_t larger = px > pz ? px : pz;
  LMR_TAKE(t1, &work, larger * larger, err);
  LMR_TAKE(t2, &work, larger * larger, err);

  /* stage 1: Gamma = U diag(1 / (d + n1 lambda)) C */
  double *z1 = half, *x1 = half + n1 * pz; /* n1 (px + pz) <= n most when ranks are small */
  if (n1 * (px + pz) > n * most || n2 * (px + pz) > n * most)
    return lmr_fail(err, LMR_ENOMEM, "kiv: work block too small");
  rows_of(fz, n, pz, 0, n1, z1);
  rows_of(fx, n, px, 0, n1, x1);
  curve_cross(n1, pz, z1, pz, z1, t1, level);
  LMR_TRY(la_eigen(t1, pz, pz, d, u, pz, work, err));
  curve_cross(n1, pz, z1, px, x1, t1, level);
  LMR_TRY(la_gemm('T', 'N', pz, px, pz, 1, u, pz, t1, pz, 0, c, pz, err));
  rows_of(fz, n, pz, n1, n2, z1);
  x1 = half + n2 * pz;
  rows_of(fx, n, px, n1, n2, x1);
  curve_cross(n2, pz, z1, pz, z1, t1, level);
  LMR_TRY(la_gemm('N', 'N', pz, pz, pz, 1, t1, pz, u, pz, 0, t2, pz, err));
  LMR_TRY(la_gemm('T', 'N', pz, pz, pz, 1, u, pz, t2, pz, 0, b, pz, err));
  curve_cross(n2, pz, z1, px, x1, t1, level);
  LMR_TRY(la_gemm('T', 'N', pz, px, pz, 1, u, pz, t1, pz, 0, e, pz, err));
  LMR_TRY(la_gemm('N', 'T', pz, pz, px, 1, c, pz, c, pz, 0, cc, pz, err));
  double best = INFINITY;
  for (size_t i = 0; i < LEVELS; i++) {
    const double pen = (double)n1 * penalty(i);
    double value = (double)n2;
    for (size_t k = 0; k < pz; k++) {
      const double wk = 1 / ((d[k] > 0 ? d[k] : 0) + pen);
      double ce = 0, quad = 0;
      for (size_t j = 0; j < px; j++) ce += c[k + j * pz] * e[k + j * pz];
      for (size_t l = 0; l < pz; l++) quad += b[k + l * pz] * cc[k + l * pz] / ((d[l] > 0 ? d[l] : 0) + pen);
      value += wk * (quad - 2 * ce);
    }
    if (value < best) {
      best = value;
      out->lambda = penalty(i);
    }
  }
  out->stage1 = best / (double)n2;
  for (size_t j = 0; j < px; j++)
    for (size_t k = 0; k < pz; k++) c[k + j * pz] /= (d[k] > 0 ? d[k] : 0) + (double)n1 * out->lambda;
  LMR_TRY(la_gemm('N', 'N', pz, px, pz, 1, u, pz, c, pz, 0, gamma, pz, err));
  LMR_TRY(la_gemm('N', 'N', n, px, pz, 1, fz, n, gamma, pz, 0, fitted, n, err));

  /* stage 2: beta = V diag(1 / (s + n2 xi)) V' Phi^'y */
  double *s, *v, *rhs, *beta, *other;
  LMR_TAKE(s, &work, px, err);
  LMR_TAKE(v, &work, px * px, err);
  LMR_TAKE(rhs, &work, px, err);
  LMR_TAKE(beta, &work, px, err);
  LMR_TAKE(other, &work, n, err);
  rows_of(fitted, n, px, n1, n2, half);
  curve_cross(n2, px, half, px, half, t1, level);
  curve_cross(n2, px, half, 1, r->y + n1, t2, level);
  LMR_TRY(la_eigen(t1, px, px, s, v, px, work, err));
  LMR_TRY(la_gemm('T', 'N', px, 1, px, 1, v, px, t2, px, 0, rhs, px, err));
  /* the rows that stage 2 did not see, as polynomials in the spectrum */
  double *unseen = half, *turned = fitted;
  rows_of(criterion == KIV_CAUSAL ? fx : fitted, n, px, 0, n1, unseen);
  curve_cross(n1, px, unseen, px, unseen, t1, level);
  curve_cross(n1, px, unseen, 1, r->y, beta, level);
  LMR_TRY(la_gemm('N', 'N', px, px, px, 1, t1, px, v, px, 0, t2, px, err));
  LMR_TRY(la_gemm('T', 'N', px, px, px, 1, v, px, t2, px, 0, turned, px, err));
  LMR_TRY(la_gemm('T', 'N', px, 1, px, 1, v, px, beta, px, 0, other, px, err));
  double yy = 0;
  for (size_t i = 0; i < n1; i++) yy += r->y[i] * r->y[i];
  best = INFINITY;
  for (size_t i = 0; i < LEVELS; i++) {
    const double pen = (double)n2 * penalty(i);
    double value = yy;
    for (size_t j = 0; j < px; j++) beta[j] = rhs[j] / ((s[j] > 0 ? s[j] : 0) + pen);
    for (size_t j = 0; j < px; j++) {
      double quad = 0;
      for (size_t k = 0; k < px; k++) quad += turned[j + k * px] * beta[k];
      value += beta[j] * (quad - 2 * other[j]);
    }
    if (value < best) {
      best = value;
      out->xi = penalty(i);
    }
  }
  out->stage2 = best / (double)n1;
  for (size_t j = 0; j < px; j++) beta[j] = rhs[j] / ((s[j] > 0 ? s[j] : 0) + (double)n2 * out->xi);
  LMR_TRY(la_gemm('N', 'N', px, 1, px, 1, v, px, beta, px, 0, alpha, px, err));
  /* phi(x) = L^-1 k(pivots, x), L the pivots' rows of the factor: alpha = L^-T beta */
  for (size_t j = 0; j < px; j++)
    for (size_t k = 0; k < px; k++) t1[k + j * px] = k <= j ? fx[(size_t)pivot[j] + k * n] : 0; /* L' */
  return la_trsm('L', 'N', px, 1, 1, t1, px, alpha, px, err);
}
