#include "core/curve/curve_model.h"

#include "core/la/la.h"
#include "core/la/tall.h"

#include <math.h>
#include <string.h>

size_t curve_model_cap(const curve_rows *r, const curve_closed_options *o) {
  return curve_basis_cap(r->n, r->nz, r->nw, o->instrument_units) + 1;
}

size_t curve_model_bytes(const curve_rows *r, const curve_closed_options *o) {
  const size_t d = sizeof(double), n = r->n, cap = curve_model_cap(r, o);
  const size_t points = n > CURVE_EXACT_ROWS ? 5008 : n;
  size_t total = lmr_bytes(n * (cap + r->nz + r->nw), d);
  total = lmr_add_bytes(total, lmr_bytes(n, 4 * d));
  total = lmr_add_bytes(total, curve_support_bytes(n));
  total = lmr_add_bytes(total, lmr_bytes(points * (cap + 3), d));
  total = lmr_add_bytes(total, lmr_bytes(cap * cap, d));
  total = lmr_add_bytes(total, curve_moved_bytes(n, cap));
  total = lmr_add_bytes(total, curve_basis_bytes(n, r->nz, r->nw, o->instrument_units));
  total = lmr_add_bytes(total, curve_closed_bytes(points, cap, o));
  return lmr_add_bytes(total, 8192);
}

static curve_moments1 standardise(size_t n, const double *x, double *out, double *work) {
  const curve_moments1 m = curve_standard(n, x, work);
  for (size_t i = 0; i < n; i++) out[i] = (x[i] - m.centre) / m.scale;
  return m;
}

/* fitted_i = (W f)_i, the interpolation that the support uses for sums. */
static void spread(const curve_support *s, const double *at_points, double *rows) {
  for (size_t i = 0; i < s->n; i++) {
    const double *w = s->weight + 4 * i, *f = at_points + s->first[i];
    rows[i] = w[0] * f[0];
    if (w[0] != 1) rows[i] += w[1] * f[1] + w[2] * f[2] + w[3] * f[3];
  }
}

/* u = y - fitted with [1, w] projected out, then omega = Q_e' diag(u^2) Q_e. */
static lmr_status outer(size_t n, const double *basis, size_t fixed, size_t q, const double *y,
                        const double *fitted, double *u, double *scratch, double *omega, lmr_cpu level,
                        lmr_arena work, lmr_error *err) {
  for (size_t i = 0; i < n; i++) u[i] = y[i] - fitted[i];
  for (size_t k = 0; k < fixed; k++) {
    const double *b = basis + k * n;
    double s = 0;
    for (size_t i = 0; i < n; i++) s += b[i] * u[i];
    for (size_t i = 0; i < n; i++) u[i] -= s * b[i];
  }
  const double *e = basis + fixed * n;
  for (size_t i = 0; i < n; i++) scratch[i] = u[i] * u[i];
  return tall_crossprod(e, n, q, n, scratch, omega, level, work, NULL, err);
}

lmr_status curve_model(const curve_rows *r, const curve_closed_options *o, uint64_t seed, curve_features *f,
                       curve_closed_result *out, curve_model_rows *by_row, curve_closed_summary *sum,
                       curve_model_summary *model, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                       lmr_error *err) {
  const size_t n = r->n, cap = curve_model_cap(r, o);
  double *y, *a, *z, *w, *q, *sums, *ysum, *gy, *scratch, *at_points;
  int *distinct;
  LMR_TAKE(y, &work, n, err);
  LMR_TAKE(a, &work, n, err);
  LMR_TAKE(z, &work, n * r->nz, err);
  LMR_TAKE(w, &work, n * r->nw, err);
  LMR_TAKE(q, &work, n * cap, err);
  LMR_TAKE(scratch, &work, n, err);
  LMR_TAKE(distinct, &work, r->nz, err);
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 0);
  const curve_moments1 my = curve_standard(n, r->y, scratch);
  for (size_t i = 0; i < n; i++) y[i] = (r->y[i] - my.centre) / my.sd;
  curve_moments1 ma = standardise(n, r->a, a, scratch);
  if (o->frozen) {
    ma.centre = o->frozen[0];
    ma.scale = o->frozen[1];
    for (size_t i = 0; i < n; i++) a[i] = (r->a[i] - ma.centre) / ma.scale;
  }
  for (size_t j = 0; j < r->nz; j++)
    distinct[j] = standardise(n, r->z + j * n, z + j * n, scratch).distinct;
  for (size_t j = 0; j < r->nw; j++) standardise(n, r->w + j * n, w + j * n, scratch);
  model->y_mean = my.centre;
  model->y_sd = my.sd;
  model->a_mean = ma.centre;
  model->a_scale = ma.scale;
  LMR_TRY(curve_basis(n, z, r->nz, distinct, w, r->nw, o->instrument_units, &rng, q, &model->size, level, work, err));
  LMR_TRY(curve_moved(n, a, q, model->size.fixed, model->size.base, model->cut, model->next,
                      model->moved, work, err));
  if (lmr_tick_poll(tick, .2)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");

  const size_t kept = model->size.kept;
  curve_support s;
  LMR_TRY(curve_support_make(n, a, &s, &work, err));
  model->points = s.points;
  LMR_TAKE(sums, &work, s.points * kept, err);
  LMR_TAKE(ysum, &work, s.points, err);
  LMR_TAKE(at_points, &work, s.points, err);
  LMR_TAKE(gy, &work, kept, err);
  curve_support_sum(&s, kept, q, sums);
  curve_support_sum(&s, 1, y, ysum);
  curve_cross(n, kept, q, 1, y, gy, level);
  double yy = 0;
  for (size_t i = 0; i < n; i++) yy += y[i] * y[i];
  LMR_TRY(curve_closed(&s, model->size, sums, ysum, yy, gy, o, f, &rng, a, out, sum, level, work, tick, err));

  double *columns;
  lmr_arena tail = work;
  LMR_TAKE(columns, &tail, s.points * f->columns, err);
  curve_features_at(f, s.points, s.x, 0, columns, level);
  LMR_TRY(la_gemm('N', 'N', s.points, 1, f->columns, 1, columns, s.points, out->coef, f->columns, 0,
                  at_points, s.points, err));
  double aa = 0, ga = 0;
  for (size_t i = 0; i < n; i++) scratch[i] = sum->linear * (a[i] - f->mean[0]);
  double *weighted;
  LMR_TAKE(weighted, &tail, n, err);
  LMR_TRY(outer(n, q, model->size.fixed, sum->q, y, scratch, by_row->residual, weighted, by_row->omega_linear,
                level, tail, err));
  memset(scratch, 0, n * sizeof *scratch);
  LMR_TRY(outer(n, q, model->size.fixed, sum->q, y, scratch, by_row->residual, weighted, by_row->omega_null, level,
                tail, err));
  spread(&s, at_points, by_row->fitted);
  LMR_TRY(outer(n, q, model->size.fixed, sum->q, y, by_row->fitted, by_row->residual, weighted, by_row->omega_fit,
                level, tail, err));
  for (size_t i = 0; i < n; i++) aa += a[i] * a[i];
  for (size_t k = 0; k < model->size.fixed; k++) {
    double s1 = 0;
    for (size_t i = 0; i < n; i++) s1 += q[i + k * n] * a[i];
    aa -= s1 * s1;
  }
  for (size_t k = 0; k < sum->q; k++) ga += out->cross[k] * out->cross[k];
  model->first_stage = ga / aa;
  return LMR_OK;
}
