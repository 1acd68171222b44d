/* Evidence of one treatment net at fixed prior variances, and its closed-form
 * fit. In coordinates of the instrument basis, g = g0 b0 + g2 b2 + R b + noise,
 * noise ~ N(0, s2 I), b0 flat, b2 ~ N(0, k2 s2), b ~ N(0, kr s2 I) (help page of iv_curve()). */
#ifndef LMR_CORE_CURVE_EVIDENCE_H
#define LMR_CORE_CURVE_EVIDENCE_H

#include "core/base/arena.h"

typedef struct {
  size_t q, units;
  const double *g, *g0, *g2; /* [q] */
  const double *r;           /* q x units */
  const double *rr;          /* q x q, r r': upper triangle, not read where kr = 0 */
} curve_problem;

/* A = I + k2 g2 g2' + kr r r'. */
typedef struct {
  double half_log_det; /* (log |A| + log g0' A^-1 g0) / 2 */
  double quad;         /* min over b0 of (g - g0 b0)' A^-1 (g - g0 b0) */
  double precision;    /* g0' A^-1 g0 */
  double b0;
} curve_evidence;

/* residual[q] = A^-1 (g - g0 b0). work: q x (q + 2). */
lmr_status curve_evidence_at(const curve_problem *p, double k2, double kr, double *residual,
                             curve_evidence *out, double *work, lmr_error *err);

/* map ((2 + units) x q) takes g to the posterior mean of (b0, b2, b), and cov
 * ((2 + units)^2) is its posterior covariance divided by s2. work: q (2 q + units + 4). */
lmr_status curve_evidence_map(const curve_problem *p, double k2, double kr, double *map,
                              double *cov, double *work, lmr_error *err);

#endif
