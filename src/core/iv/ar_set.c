#include "core/iv/ar_set.h"

#include <math.h>

#include "core/la/la.h"

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

/* All b with a b^2 - 2 h b + f <= 0, times `scale`. */
static void solve_quadratic(double a, double h, double f, double scale, ar_set *set) {
  const double disc = h * h - a * f;
  set->pieces = 0;
  if (disc < 0) {
    set->type = a > 0 ? AR_EMPTY : AR_LINE;
    if (a <= 0) piece(set, -INFINITY, INFINITY);
    return;
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
    return;
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
}

static double factor_of(const kclass_moments *m, double crit) {
  return 1 + crit * m->L / (m->n - m->K - m->L);
}

/* Units of y and of the endogenous variables: standard deviations given W. */
static lmr_status unit(const kclass_moments *m, size_t j, double *d, lmr_error *err) {
  const double v = m->r0[j + j * (m->k + 1)];
  *d = v > 0 ? sqrt(v) : 1;
  return j && !(v > 0) ? lmr_fail(err, LMR_ESINGULAR, "the endogenous variable does not vary given the covariates")
                       : LMR_OK;
}

lmr_status ar_confidence_set(const kclass_moments *m, double crit, ar_set *set, lmr_error *err) {
  LMR_TRY(check(m, err));
  if (m->k != 1) return lmr_fail(err, LMR_EINVAL, "Anderson-Rubin set: one endogenous variable only");
  const double c = factor_of(m, crit);
  double sy, sx;
  LMR_TRY(unit(m, 0, &sy, err));
  LMR_TRY(unit(m, 1, &sx, err));
  solve_quadratic((m->r0[3] - c * m->r1[3]) / (sx * sx), (m->r0[1] - c * m->r1[1]) / (sx * sy),
                  (m->r0[0] - c * m->r1[0]) / (sy * sy), sy / sx, set);
  return LMR_OK;
}

size_t ar_projected_bytes(size_t k) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, k * k), lmr_double_bytes(1, 2 * k));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, k + 1));
}

/* The form (1, -b)'A(1, -b), A = R0 - c R1, is least over the other effects at its
 * Schur complement when their block of A is positive; else it has no bound. */
lmr_status ar_projected_set(const kclass_moments *m, double crit, size_t j, ar_set *set,
                            lmr_arena work, lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t k = m->k, q = k + 1, others = k - 1;
  if (j >= k) return lmr_fail(err, LMR_EINVAL, "Anderson-Rubin set: no variable %zu", j);
  const double c = factor_of(m, crit);
  double *block, *side, *d;
  LMR_TAKE(block, &work, k * k, err);
  LMR_TAKE(side, &work, 2 * k, err);
  LMR_TAKE(d, &work, q, err);
  for (size_t i = 0; i < q; i++) LMR_TRY(unit(m, i, d + i, err));
  const size_t pair[2] = {0, j + 1};
  double s[3] = {0}; /* f, h, a */
  for (size_t i = 0, at = 0; i < 2; i++)
    for (size_t l = 0; l <= i; l++, at++) {
      const size_t r = pair[l], col = pair[i];
      s[at] = (m->r0[r + col * q] - c * m->r1[r + col * q]) / (d[r] * d[col]);
    }
  for (size_t b = 0, col = 0; col < others; b++) {
    if (b == j) continue;
    for (size_t a = 0, row = 0; row < others; a++) {
      if (a == j) continue;
      block[row + col * others] = (m->r0[a + 1 + (b + 1) * q] - c * m->r1[a + 1 + (b + 1) * q]) / (d[a + 1] * d[b + 1]);
      row++;
    }
    for (size_t i = 0; i < 2; i++) {
      const size_t p = b + 1 + pair[i] * q;
      side[col + i * others] = (m->r0[p] - c * m->r1[p]) / (d[b + 1] * d[pair[i]]);
    }
    col++;
  }
  int bounded = !others || la_chol(block, others, others, NULL) == LMR_OK;
  for (size_t i = 0; i < others && bounded; i++) bounded = block[i + i * others] > 1e-9;
  if (!bounded) {
    set->pieces = 0;
    set->type = AR_LINE;
    piece(set, -INFINITY, INFINITY);
    return LMR_OK;
  }
  if (others) LMR_TRY(la_trsm('L', 'T', others, 2, 1, block, others, side, others, err));
  for (size_t i = 0; i < others; i++) {
    const double u = side[i], v = side[i + others];
    s[0] -= u * u;
    s[1] -= u * v;
    s[2] -= v * v;
  }
  solve_quadratic(s[2], s[1], s[0], d[0] / d[j + 1], set);
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
