#include "core/iv/kclass.h"

#include <math.h>

#include "core/la/la.h"

#define AT(a, q, i, j) ((a)[(i) + (j) * (q)])
#define DEPENDENT 1e-11 /* squared relative norm of a column that depends on others */

static size_t square(size_t q) { return lmr_bytes(q * q, sizeof(double)); }

size_t kclass_bytes(size_t k) {
  const size_t q = k + 1;
  size_t bytes = 0;
  for (int i = 0; i < 4; i++) bytes = lmr_add_bytes(bytes, square(q));
  for (int i = 0; i < 2; i++) bytes = lmr_add_bytes(bytes, lmr_bytes(2 * q, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(q, sizeof(int)));
  return lmr_add_bytes(bytes, la_eigen_bytes(q));
}

static lmr_status check(const kclass_moments *m, lmr_error *err) {
  const size_t q = m->k + 1;
  if (!m->k) return lmr_fail(err, LMR_EINVAL, "k-class: no endogenous variable");
  if (!(m->n - m->K - m->L > 0) || !(m->n - m->K - (double)m->k > 0))
    return lmr_fail(err, LMR_ESINGULAR,
                    "%.0f people are too few for %.0f instruments and %.0f other columns", m->n,
                    m->L, m->K);
  if (m->L < (double)m->k)
    return lmr_fail(err, LMR_ESINGULAR,
                    "%.0f instruments cannot identify the effects of %zu variables", m->L, m->k);
  for (size_t i = 0; i < q * q; i++)
    if (!isfinite(m->r0[i]) || !isfinite(m->r1[i]))
      return lmr_fail(err, LMR_ENONFINITE, "k-class: a cross product is not finite");
  for (size_t j = 0; j < q; j++)
    if (!(AT(m->r0, q, j, j) > 0))
      return lmr_fail(err, LMR_ESINGULAR, j ? "endogenous variable %zu does not vary given the covariates"
                                            : "the outcome does not vary given the covariates (%zu)", j);
  return LMR_OK;
}

/* Unit variances given W: cross products of badly scaled columns factor well. */
static void scales(const kclass_moments *m, double *d) {
  const size_t q = m->k + 1;
  for (size_t j = 0; j < q; j++) d[j] = sqrt(AT(m->r0, q, j, j));
}

/* Largest eigenvalue of R^-T A R^-1, R'R = B (a, b destroyed). B is the larger
 * matrix in the order of both callers, so A may be singular. */
static lmr_status largest_root(double *a, double *b, size_t q, double *root, double *values,
                               lmr_arena work, lmr_error *err) {
  LMR_TRY(la_chol(b, q, q, err));
  for (size_t j = 0; j < q; j++)
    if (AT(b, q, j, j) < 1e-9) return LMR_ESINGULAR;
  LMR_TRY(la_trsm('R', 'N', q, q, 1, b, q, a, q, err));
  LMR_TRY(la_trsm('L', 'T', q, q, 1, b, q, a, q, err));
  LMR_TRY(la_eigen(a, q, q, values, NULL, 1, work, err));
  *root = values[q - 1];
  return LMR_OK;
}

lmr_status kclass_liml(const kclass_moments *m, double *kappa, lmr_arena work,
                       lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t q = m->k + 1;
  double *p, *r, *d, *values;
  LMR_TAKE(p, &work, q * q, err);
  LMR_TAKE(r, &work, q * q, err);
  LMR_TAKE(d, &work, 2 * q, err);
  values = d + q;
  scales(m, d);
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++) {
      const double s = 1 / (d[i] * d[j]);
      AT(p, q, i, j) = AT(m->r0, q, i, j) * s;
      AT(r, q, i, j) = AT(m->r1, q, i, j) * s;
    }
  double root;
  if (largest_root(r, p, q, &root, values, work, err) != LMR_OK)
    return lmr_fail(err, LMR_ESINGULAR, "LIML: outcome and endogenous variables are collinear given the covariates");
  if (!(root > 1e-12))
    return lmr_fail(err, LMR_ESINGULAR,
                    "LIML: outcome and endogenous variables are exact functions of the instruments");
  /* r0 - r1 is positive semidefinite: a root above one is rounding. */
  *kappa = root < 1 ? 1 / root : 1;
  return LMR_OK;
}

/* h := chol(X'M_W X - kappa X'M_ZW X) in unit scale, g := the right-hand side. */
static lmr_status factor(const kclass_moments *m, double kappa, const double *d, double *h,
                         double *g, lmr_error *err) {
  const size_t q = m->k + 1, k = m->k;
  for (size_t j = 0; j < k; j++) {
    g[j] = (AT(m->r0, q, j + 1, 0) - kappa * AT(m->r1, q, j + 1, 0)) / (d[j + 1] * d[0]);
    for (size_t i = 0; i < k; i++)
      AT(h, k, i, j) = (AT(m->r0, q, i + 1, j + 1) - kappa * AT(m->r1, q, i + 1, j + 1)) /
                       (d[i + 1] * d[j + 1]);
  }
  const char *why = "the instruments do not identify the effects: their first stages are zero or collinear";
  if (la_chol(h, k, k, err) != LMR_OK) return lmr_fail(err, LMR_ESINGULAR, "%s", why);
  for (size_t j = 0; j < k; j++)
    if (AT(h, k, j, j) < 1e-9) return lmr_fail(err, LMR_ESINGULAR, "%s", why);
  return LMR_OK;
}

/* v'A v with v = (1, -b). */
static double form(const double *a, size_t k, const double *b) {
  const size_t q = k + 1;
  double s = 0;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++)
      s += AT(a, q, i, j) * (i ? -b[i - 1] : 1) * (j ? -b[j - 1] : 1);
  return s;
}

lmr_status kclass_fit(const kclass_moments *m, double kappa, double *b,
                      double *vcov, double *s2, lmr_arena work, lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t k = m->k;
  double *h, *g, *d;
  LMR_TAKE(h, &work, k * k, err);
  LMR_TAKE(g, &work, 2 * k, err);
  LMR_TAKE(d, &work, k + 1, err);
  scales(m, d);
  LMR_TRY(factor(m, kappa, d, h, g, err));
  LMR_TRY(la_trsm('L', 'T', k, 1, 1, h, k, g, k, err));
  LMR_TRY(la_trsm('L', 'N', k, 1, 1, h, k, g, k, err));
  for (size_t j = 0; j < k; j++) b[j] = g[j] * d[0] / d[j + 1];
  *s2 = form(m->r0, k, b) / (m->n - m->K - (double)k);
  LMR_TRY(la_chol_inverse(h, k, k, err));
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++)
      AT(vcov, k, i, j) = *s2 * AT(h, k, i, j) / (d[i + 1] * d[j + 1]);
  return LMR_OK;
}

void kclass_nagar(const kclass_moments *m, double *h, double *g) {
  const size_t q = m->k + 1, k = m->k;
  const double chance = m->L / (m->n - m->K - m->L);
  for (size_t j = 0; j < q; j++)
    for (size_t i = 1; i < q; i++) {
      const double net = AT(m->r0, q, i, j) - AT(m->r1, q, i, j) - chance * AT(m->r1, q, i, j);
      if (j) AT(h, k, i - 1, j - 1) = net;
      else g[i - 1] = net;
    }
}

/* Lambda = H^-1 S H^-1 with a = e'Pe / e'e, H = X'PX - a X'X, and
 * S = s2 [(1 - a)^2 T'PT + a^2 T'(I - P)T], T = X - e (e'X) / e'e;
 * everything after M_W. */
lmr_status kclass_bekker(const kclass_moments *m, const double *b, double *vcov,
                         lmr_arena work, lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t k = m->k, q = k + 1;
  double *h, *s, *d, *c;
  LMR_TAKE(h, &work, k * k, err);
  LMR_TAKE(s, &work, k * k, err);
  LMR_TAKE(d, &work, q, err);
  LMR_TAKE(c, &work, 2 * k, err);
  scales(m, d);
  const double ee = form(m->r0, k, b), eme = form(m->r1, k, b);
  const double a = 1 - eme / ee, s2 = ee / (m->n - m->K - (double)k);
  double *c0 = c, *c1 = c + k; /* e'X and e'M_ZW X */
  for (size_t j = 0; j < k; j++) {
    c0[j] = AT(m->r0, q, 0, j + 1);
    c1[j] = AT(m->r1, q, 0, j + 1);
    for (size_t i = 0; i < k; i++) {
      c0[j] -= b[i] * AT(m->r0, q, i + 1, j + 1);
      c1[j] -= b[i] * AT(m->r1, q, i + 1, j + 1);
    }
  }
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++) {
      const double x0 = AT(m->r0, q, i + 1, j + 1), x1 = AT(m->r1, q, i + 1, j + 1);
      const double t0 = x0 - c0[i] * c0[j] / ee;
      const double t1 = x1 - (c1[i] * c0[j] + c0[i] * c1[j]) / ee + eme * c0[i] * c0[j] / (ee * ee);
      const double u = 1 / (d[i + 1] * d[j + 1]);
      AT(h, k, i, j) = (x0 - x1 - a * x0) * u;
      AT(s, k, i, j) = s2 * ((1 - a) * (1 - a) * (t0 - t1) + a * a * t1) * u;
    }
  if (la_chol(h, k, k, err) != LMR_OK)
    return lmr_fail(err, LMR_ESINGULAR, "Bekker's error needs first stages that are not zero or collinear");
  LMR_TRY(la_trsm('L', 'T', k, k, 1, h, k, s, k, err));
  LMR_TRY(la_trsm('L', 'N', k, k, 1, h, k, s, k, err));
  LMR_TRY(la_trsm('R', 'N', k, k, 1, h, k, s, k, err));
  LMR_TRY(la_trsm('R', 'T', k, k, 1, h, k, s, k, err));
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++)
      AT(vcov, k, i, j) = (AT(s, k, i, j) + AT(s, k, j, i)) / (2 * d[i + 1] * d[j + 1]);
  return LMR_OK;
}

/* y'A (A'A)^- A'y from a = A'A and c = A'y (both destroyed), and the rank of A. */
static lmr_status explained(double *a, double *c, size_t k, int *kept, double *ss, size_t *rank,
                            lmr_error *err) {
  LMR_TRY(la_chol_drop(a, k, k, DEPENDENT, kept, rank, err));
  *ss = 0;
  for (size_t j = 0; j < k; j++) {
    if (!kept[j]) continue;
    for (size_t i = 0; i < j; i++) c[j] -= AT(a, k, i, j) * c[i];
    c[j] /= AT(a, k, j, j);
    *ss += c[j] * c[j];
  }
  return LMR_OK;
}

lmr_status kclass_test(const kclass_moments *m, const double *b, double *partial_f,
                       kclass_tests *tests, lmr_arena work, lmr_error *err) {
  LMR_TRY(check(m, err));
  const size_t k = m->k, q = k + 1;
  const double df = m->n - m->K - m->L, kk = (double)k;
  double *p, *r, *o, *d, *c;
  int *kept;
  LMR_TAKE(p, &work, k * k, err);
  LMR_TAKE(r, &work, k * k, err);
  LMR_TAKE(o, &work, k * k, err);
  LMR_TAKE(d, &work, q, err);
  LMR_TAKE(c, &work, 2 * q, err);
  LMR_TAKE(kept, &work, q, err);
  scales(m, d);
  /* of y on X, on its projection PX, on what is left of X; the last may lose rank
   * when a combination of X is exogenous */
  double ss[3];
  size_t rank[3];
  for (int part = 0; part < 3; part++) {
    double *a = part == 0 ? o : part == 1 ? p : r;
    for (size_t j = 0; j < k; j++)
      for (size_t i = 0; i < q; i++) {
        const double x0 = AT(m->r0, q, i, j + 1), x1 = AT(m->r1, q, i, j + 1);
        const double x = (part == 0 ? x0 : part == 1 ? x0 - x1 : x1) / (d[i] * d[j + 1]);
        if (i == 0) c[j] = x;
        else AT(a, k, i - 1, j) = x;
      }
    LMR_TRY(explained(a, c, k, kept, ss + part, rank + part, err));
    if (part < 2 && rank[part] < k)
      return lmr_fail(err, LMR_ESINGULAR, part == 1
                      ? "the instruments do not identify the effects: their first stages are zero or collinear"
                      : "the endogenous variables are collinear given the covariates");
  }
  const double rss_ols = 1 - ss[0], rss_both = 1 - ss[1] - ss[2];
  tests->wu_df1 = (double)rank[2];
  tests->wu_df2 = m->n - m->K - kk - tests->wu_df1;
  tests->wu_hausman = rank[2] && tests->wu_df2 > 0
                        ? (rss_ols - rss_both) / tests->wu_df1 / (rss_both / tests->wu_df2) : NAN;

  for (size_t j = 0; j < k; j++) {
    const double x0 = AT(m->r0, q, j + 1, j + 1), x1 = AT(m->r1, q, j + 1, j + 1);
    partial_f[j] = (x0 - x1) / m->L / (x1 / df);
  }
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++) {
      const double x0 = AT(m->r0, q, i + 1, j + 1), x1 = AT(m->r1, q, i + 1, j + 1);
      AT(p, k, i, j) = (x0 - x1) / (d[i + 1] * d[j + 1]);
      AT(r, k, i, j) = x1 / (d[i + 1] * d[j + 1]);
    }
  double root;
  LMR_TRY(largest_root(r, p, k, &root, c, work, err));
  tests->cragg_donald = root > 0 ? df / m->L / root : INFINITY;

  const double ee = form(m->r0, k, b), eme = form(m->r1, k, b);
  tests->sargan = m->L > kk ? m->n * (ee - eme) / ee : NAN;
  tests->basmann = m->L > kk ? df * (ee - eme) / eme : NAN;
  return LMR_OK;
}
