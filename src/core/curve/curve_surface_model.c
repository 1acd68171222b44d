#include "core/curve/curve_surface_model.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

size_t surface_model_bytes(const surface_rows *r, const surface_nets *s) {
  const size_t d = sizeof(double), n = r->n, cap = surface_basis_cap(n, r->nz, r->nx, s);
  const size_t columns = surface_columns(s);
  size_t total = lmr_bytes(n * (r->nz + r->nx + 4 + cap + 1), d);
  total = lmr_add_bytes(total, lmr_bytes(n * columns, d));
  total = lmr_add_bytes(total, lmr_bytes(cap * (columns * (s->members + 1) + 1), d));
  const size_t basis = surface_basis_bytes(n, r->nz, r->nx, s), fit = surface_fit_bytes(cap, columns);
  return lmr_add_bytes(lmr_add_bytes(total, 8192), basis > fit ? basis : fit);
}

static void by_sd(size_t n, const double *v, double *out, double *mean, double *sd) {
  double m = 0, ss = 0;
  for (size_t i = 0; i < n; i++) m += v[i];
  m /= (double)n;
  for (size_t i = 0; i < n; i++) ss += (v[i] - m) * (v[i] - m);
  *mean = m;
  *sd = sqrt(ss / (double)(n - 1));
  for (size_t i = 0; i < n; i++) out[i] = (v[i] - m) / *sd;
}

/* Means and block scales of the columns (raw on entry, centred and scaled on return). */
static void scale_columns(const surface_nets *s, size_t member, size_t n, double *f) {
  const size_t columns = surface_columns(s), flat = 1 + s->covariates;
  double *mean = s->mean + member * columns;
  double variance[SURFACE_BLOCKS] = {0};
  size_t block = 0;
  for (size_t j = 0; j < columns; j++) {
    double m = 0, ss = 0, *c = f + j * n;
    for (size_t i = 0; i < n; i++) m += c[i];
    m /= (double)n;
    for (size_t i = 0; i < n; i++) {
      c[i] -= m;
      ss += c[i] * c[i];
    }
    mean[j] = m;
    if (j < flat) continue;
    while (j >= surface_block_start(s, block + 1)) block++;
    variance[block] += ss / (double)n;
  }
  for (size_t b = 0; b < SURFACE_BLOCKS; b++) {
    const double scale = variance[b] > 0 ? 1 / sqrt(variance[b]) : 1;
    s->block[member * SURFACE_BLOCKS + b] = scale;
    for (size_t j = surface_block_start(s, b); j < surface_block_start(s, b + 1); j++) {
      mean[j] *= scale;
      for (size_t i = 0; i < n; i++) f[j * n + i] *= scale;
    }
  }
}

static double residual_variance(size_t n, const double *y, const double *fitted) {
  double ss = 0, yy = 0;
  for (size_t i = 0; i < n; i++) {
    ss += (y[i] - fitted[i]) * (y[i] - fitted[i]);
    yy += y[i] * y[i];
  }
  return (ss > 1e-12 * yy ? ss : 1e-12 * yy) / (double)n;
}

lmr_status surface_model(const surface_rows *r, surface_nets *s, uint64_t seed, surface_result *out,
                         surface_summary *sum, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = r->n, columns = surface_columns(s), flat = 1 + s->covariates;
  const size_t cap = surface_basis_cap(n, r->nz, r->nx, s);
  double *y, *a, *z, *x, *q, *f, *fitted, *cross, *packed, *gy;
  LMR_TAKE(y, &work, n, err);
  LMR_TAKE(a, &work, n, err);
  LMR_TAKE(z, &work, n * r->nz, err);
  LMR_TAKE(x, &work, n * r->nx, err);
  LMR_TAKE(q, &work, n * (cap + 1), err);
  LMR_TAKE(f, &work, n * columns, err);
  LMR_TAKE(fitted, &work, n, err);
  LMR_TAKE(cross, &work, cap * columns * s->members, err);
  LMR_TAKE(packed, &work, cap * columns, err);
  LMR_TAKE(gy, &work, cap, err);
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 1);
  double mean, sd;
  by_sd(n, r->y, y, &sum->y_mean, &sum->y_sd);
  by_sd(n, r->a, a, &sum->a_mean, &sum->a_sd);
  for (size_t j = 0; j < r->nz; j++) by_sd(n, r->z + j * n, z + j * n, &mean, &sd);
  for (size_t j = 0; j < r->nx; j++) by_sd(n, r->x + j * n, x + j * n, out->x_mean + j, out->x_sd + j);
  size_t base, kept;
  LMR_TRY(surface_basis(n, z, r->nz, x, r->nx, s, &rng, q, &base, &kept, level, work, err));
  curve_cross(n, kept, q, 1, y, gy, level);

  double rss = 0, *drop = fitted; /* fitted is free until the fits: kept <= n / 3 or base */
  memset(drop, 0, kept * sizeof *drop);
  for (size_t m = 0; m < s->members; m++) {
    if (lmr_tick_poll(tick, .1 + .2 * (double)m / (double)s->members))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    double *c = cross + m * cap * columns;
    surface_start(s, n, a, x, &rng, m);
    surface_at(s, m, n, a, x, 0, 1, f, level);
    scale_columns(s, m, n, f);
    curve_cross(n, kept, q, columns, f, c, level);
    for (size_t j = flat; j < columns; j++) {
      for (size_t i = 0; i < n; i++) rss += f[j * n + i] * f[j * n + i];
      for (size_t k = 0; k < kept; k++) drop[k] += c[k + j * kept] * c[k + j * kept];
    }
  }
  const size_t least = base + 12 < kept ? base + 12 : kept;
  double best = INFINITY;
  size_t chosen = kept;
  for (size_t k = 0; k < kept; k++) {
    rss -= drop[k];
    const double left = 1 - (double)(k + 1) / (double)n, score = rss / (left * left);
    if (k + 1 >= least && score < best) {
      best = score;
      chosen = k + 1;
    }
  }
  const size_t e = chosen - 1; /* coordinates beyond the constant */
  sum->q = e;

  /* residual variance of linear 2SLS to start from */
  surface_evidence *ev = out->evidence;
  double *form, *rhs;
  lmr_arena tail = work;
  LMR_TAKE(form, &tail, flat * flat, err);
  LMR_TAKE(rhs, &tail, flat, err);
  for (size_t j = 0; j < flat; j++) memcpy(packed + j * e, cross + 1 + j * kept, e * sizeof *packed);
  curve_cross(e, flat, packed, flat, packed, form, level);
  curve_cross(e, flat, packed, 1, gy + 1, rhs, level);
  LMR_TRY(la_chol(form, flat, flat, err));
  LMR_TRY(la_trsm('L', 'T', flat, 1, 1, form, flat, rhs, flat, err));
  LMR_TRY(la_trsm('L', 'N', flat, 1, 1, form, flat, rhs, flat, err));
  memset(fitted, 0, n * sizeof *fitted);
  for (size_t j = 0; j < flat; j++)
    for (size_t i = 0; i < n; i++) fitted[i] += rhs[j] * (j ? x[i + (j - 1) * n] : a[i]);
  sum->s2 = residual_variance(n, y, fitted);

  for (int pass = 0; pass < 3; pass++) {
    memset(fitted, 0, n * sizeof *fitted);
    sum->gain = 0;
    for (size_t m = 0; m < s->members; m++) {
      if (lmr_tick_poll(tick, .3 + .2 * pass)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
      double *c = cross + m * cap * columns, *coef = out->coef + m * columns;
      for (size_t j = 0; j < columns; j++) memcpy(packed + j * e, c + 1 + j * kept, e * sizeof *packed);
      LMR_TRY(surface_fit(s, e, gy + 1, packed, (double)n, sum->s2, ev + m, coef, out->cov + m * columns * columns,
                          level, work, err));
      sum->gain += ev[m].gain / (double)s->members;
      surface_at(s, m, n, a, x, 0, 0, f, level);
      for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < n && coef[j] != 0; i++) /* blocks at kappa = 0 have no part */
          fitted[i] += coef[j] * f[j * n + i] / (double)s->members;
    }
    const double before = sum->s2;
    sum->s2 = residual_variance(n, y, fitted);
    if (fabs(sum->s2 / before - 1) < .01) break;
  }
  for (size_t i = 0; i < s->members * columns * columns; i++) out->cov[i] *= sum->s2;
  return LMR_OK;
}
