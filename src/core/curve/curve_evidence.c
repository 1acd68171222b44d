#include "core/curve/curve_evidence.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

static lmr_status factor(const curve_problem *p, double k2, double kr, double *a, lmr_error *err) {
  const size_t q = p->q;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i <= j; i++)
      a[i + j * q] = (i == j) + k2 * p->g2[i] * p->g2[j];
  /* 0 * rr is not 0 where nobody has written: problems of fewer coordinates than rr has
   * (kr = 0) do not own it, and its lower triangle is never filled */
  if (kr > 0)
    for (size_t j = 0; j < q; j++)
      for (size_t i = 0; i <= j; i++) a[i + j * q] += kr * p->rr[i + j * q];
  return la_chol(a, q, q, err);
}

static double dot(size_t n, const double *a, const double *b) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

lmr_status curve_evidence_at(const curve_problem *p, double k2, double kr, double *residual,
                             curve_evidence *out, double *work, lmr_error *err) {
  const size_t q = p->q;
  double *a = work, *both = work + q * q;
  LMR_TRY(factor(p, k2, kr, a, err));
  memcpy(both, p->g0, q * sizeof *both);
  memcpy(both + q, p->g, q * sizeof *both);
  LMR_TRY(la_trsm('L', 'T', q, 2, 1, a, q, both, q, err));
  double log_det = 0;
  for (size_t i = 0; i < q; i++) log_det += log(a[i + i * q]);
  out->precision = dot(q, both, both);
  out->b0 = dot(q, both, both + q) / out->precision;
  out->half_log_det = log_det + .5 * log(out->precision);
  out->quad = dot(q, both + q, both + q) - out->b0 * out->b0 * out->precision;
  for (size_t i = 0; i < q; i++) residual[i] = both[q + i] - out->b0 * both[i];
  return la_trsm('L', 'N', q, 1, 1, a, q, residual, q, err);
}

lmr_status curve_evidence_map(const curve_problem *p, double k2, double kr, double *map,
                              double *cov, double *work, lmr_error *err) {
  const size_t q = p->q, u = p->units, k = 2 + u;
  double *inverse = work, *scaled = inverse + q * q, *h = scaled + q * (u + 1), *side = h + q;
  LMR_TRY(factor(p, k2, kr, inverse, err));
  LMR_TRY(la_chol_inverse(inverse, q, q, err));
  LMR_TRY(la_gemm('N', 'N', q, 1, q, 1, inverse, q, p->g0, q, 0, h, q, err));
  const double precision = dot(q, p->g0, h);
  for (size_t j = 0; j < q; j++) /* A^-1 without the flat direction */
    for (size_t i = 0; i < q; i++) inverse[i + j * q] -= h[i] * h[j] / precision;
  for (size_t i = 0; i < q; i++) scaled[i] = k2 * p->g2[i];
  for (size_t i = 0; i < q * u; i++) scaled[q + i] = kr * p->r[i];
  for (size_t j = 0; j < q; j++) map[j * k] = h[j] / precision;
  LMR_TRY(la_gemm('T', 'N', u + 1, q, q, 1, scaled, q, inverse, q, 0, map + 1, k, err));
  cov[0] = 1 / precision;
  LMR_TRY(la_gemm('T', 'N', u + 1, 1, q, -1 / precision, scaled, q, h, q, 0, side, u + 1, err));
  LMR_TRY(la_gemm('N', 'N', u + 1, u + 1, q, -1, map + 1, k, scaled, q, 0, cov + 1 + k, k, err));
  for (size_t j = 0; j <= u; j++) {
    cov[1 + j + (1 + j) * k] += j ? kr : k2;
    cov[1 + j] = cov[(1 + j) * k] = side[j];
  }
  return LMR_OK;
}
