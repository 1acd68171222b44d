#include "core/ar_set.h"

#include <math.h>

static lmr_status check(const kclass_moments *m, lmr_error *err) {
  if (!(m->n - m->K - m->L > 0) || !(m->L > 0))
    return lmr_fail(err, LMR_ESINGULAR,
                    "%.0f people are too few for %.0f instruments and %.0f other columns", m->n,
                    m->L, m->K);
  const size_t q = m->k + 1;
  for (size_t i = 0; i < q * q; i++)
    if (!isfinite(m->r0[i]) || !isfinite(m->r1[i]))
      return lmr_fail(err, LMR_ENONFINITE, "Anderson-Rubin: a cross product is not finite");
  return LMR_OK;
}

static void piece(ar_set *set, double lo, double up) {
  set->lo[set->pieces] = lo;
  set->up[set->pieces++] = up;
}

lmr_status ar_confidence_set(const kclass_moments *m, double crit, ar_set *set, lmr_error *err) {
  LMR_TRY(check(m, err));
  if (m->k != 1) return lmr_fail(err, LMR_EINVAL, "Anderson-Rubin set: one endogenous variable only");
  const double c = 1 + crit * m->L / (m->n - m->K - m->L);
  /* a b^2 - 2 h b + f <= 0, in unit variances of y and x */
  const double sy = sqrt(m->r0[0]), sx = sqrt(m->r0[3]);
  if (!(sx > 0)) return lmr_fail(err, LMR_ESINGULAR, "the endogenous variable does not vary given the covariates");
  const double unit = sy > 0 ? sy : 1;
  const double a = (m->r0[3] - c * m->r1[3]) / (sx * sx);
  const double h = (m->r0[1] - c * m->r1[1]) / (sx * unit);
  const double f = (m->r0[0] - c * m->r1[0]) / (unit * unit);
  const double disc = h * h - a * f, scale = unit / sx;
  set->pieces = 0;
  if (disc < 0) {
    set->type = a > 0 ? AR_EMPTY : AR_LINE;
    if (a <= 0) piece(set, -INFINITY, INFINITY);
    return LMR_OK;
  }
  const double s = h + (h < 0 ? -sqrt(disc) : sqrt(disc));
  if (a == 0) {
    if (h == 0) {
      set->type = f <= 0 ? AR_LINE : AR_EMPTY;
      if (f <= 0) piece(set, -INFINITY, INFINITY);
    } else {
      const double end = f / (2 * h) * scale;
      set->type = AR_RAYS;
      if (h > 0) piece(set, end, INFINITY);
      else piece(set, -INFINITY, end);
    }
    return LMR_OK;
  }
  const double b1 = s / a * scale, b2 = (s == 0 ? 0 : f / s) * scale;
  const double lo = fmin(b1, b2), up = fmax(b1, b2);
  if (a > 0) {
    set->type = AR_INTERVAL;
    piece(set, lo, up);
  } else if (lo == up) {
    set->type = AR_LINE;
    piece(set, -INFINITY, INFINITY);
  } else {
    set->type = AR_RAYS;
    piece(set, -INFINITY, lo);
    piece(set, up, INFINITY);
  }
  return LMR_OK;
}

lmr_status ar_statistic(const kclass_moments *m, const double *b, double *f, lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t q = m->k + 1;
  double s0 = 0, s1 = 0;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++) {
      const double w = (i ? -b[i - 1] : 1) * (j ? -b[j - 1] : 1);
      s0 += w * m->r0[i + j * q];
      s1 += w * m->r1[i + j * q];
    }
  *f = (s0 - s1) / m->L / (s1 / (m->n - m->K - m->L));
  return LMR_OK;
}
