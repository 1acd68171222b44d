#include "core/curve/curve_closed_state.h"

#include "core/curve/curve_evidence.h"
#include "core/la/adam.h"
#include "core/la/la.h"
#include "core/la/tall.h"

#include <math.h>
#include <string.h>

static curve_problem problem(const closed_state *t, size_t m, double *packed) {
  /* coordinates beyond [1, w], made contiguous: g0, g2, r */
  const size_t q = t->q, u = t->f->units;
  for (size_t j = 0; j < 2 + u; j++) {
    const size_t column = j < 2 ? j : 2 + m * u + j - 2;
    memcpy(packed + j * q, t->cross + column * t->kept + t->fixed, q * sizeof *packed);
  }
  curve_problem p = {q, u, t->gy + t->fixed, packed, packed + q, packed + 2 * q, t->rr + m * q * q};
  return p;
}

/* Lines and parabolas have few coefficients: they are fitted with as few instruments
 * as serve them, because every further one pulls 2SLS towards the regression. */
static curve_problem fewer(const closed_state *t, curve_problem p, double k2, double kr) {
  if (!(kr > 0)) p.q = k2 > 0 ? t->q_square : t->q_line;
  return p;
}

/* Mean squared residual of y - f'coef with [1, w] projected out. */
static lmr_status residual_variance(closed_state *t, const double *coef, double *s2, lmr_error *err) {
  const size_t points = t->s->points;
  LMR_TRY(la_gemm('N', 'N', points, 1, t->f->columns, 1, t->columns, points, coef, t->f->columns,
                  0, t->fitted, points, err));
  double ss = t->yy;
  for (size_t p = 0; p < points; p++)
    ss += t->fitted[p] * (t->s->mass[p] * t->fitted[p] - 2 * t->ysum[p]);
  for (size_t k = 0; k < t->fixed; k++) {
    double fk = 0;
    for (size_t p = 0; p < points; p++) fk += t->sums[p + k * points] * t->fitted[p];
    ss -= t->gy[k] * t->gy[k] + fk * fk - 2 * t->gy[k] * fk;
  }
  *s2 = ss / (double)t->s->n;
  if (!(*s2 > 1e-12 * t->yy / (double)t->s->n)) *s2 = 1e-12 * t->yy / (double)t->s->n;
  return LMR_OK;
}

/* Share of the posterior on lines and parabolas. */
static double flat_share(const closed_state *t) {
  double share = 0;
  for (size_t c = 0; c < t->f->members * N_GRID; c++)
    if (!(t->prior->kr[c % N_KR] > 0)) share += t->cells[c].weight;
  return share;
}

static void normalise(closed_state *t, double s2) {
  double top = -INFINITY, total = 0;
  const size_t cells = t->f->members * N_GRID;
  for (size_t c = 0; c < cells; c++) {
    const size_t i = c % N_GRID;
    const double prior = t->prior->k2_weight[i / N_KR] * t->prior->kr_weight[i % N_KR];
    closed_cell *e = t->cells + c;
    e->weight = prior > 0 ? log(prior) - e->half_log_det - e->quad / (2 * s2) : -INFINITY;
    if (e->weight > top) top = e->weight;
  }
  for (size_t c = 0; c < cells; c++) total += t->cells[c].weight = exp(t->cells[c].weight - top);
  for (size_t c = 0; c < cells; c++) t->cells[c].weight /= total;
}

/* Evidence of all cells, then weights, fit and residual variance iterated together. */
static lmr_status average(closed_state *t, double *s2, double *packed, double *map,
                          double *residual, lmr_error *err) {
  const size_t q = t->q, u = t->f->units, columns = t->f->columns;
  const double *kr = t->prior->kr;
  /* contribution of every cell to the coefficients, kept in map: (2 + u) per cell */
  for (size_t m = 0; m < t->f->members; m++) {
    double *rr = t->rr + m * q * q;
    const curve_problem p = problem(t, m, packed);
    LMR_TRY(la_syrk('N', q, u, 1, p.r, q, 0, rr, q, err));
    for (size_t i = 0; i < N_GRID; i++) {
      closed_cell *e = t->cells + m * N_GRID + i;
      curve_evidence v;
      const double k2 = t->prior->k2[i / N_KR], k = kr[i % N_KR];
      LMR_TRY(curve_evidence_at(&p, k2, k, residual, &v, t->work, err));
      e->half_log_det = v.half_log_det;
      e->quad = v.quad;
      const curve_problem few = fewer(t, p, k2, k);
      if (few.q < q) {
        LMR_TRY(curve_evidence_at(&few, k2, k, residual, &v, t->work, err));
        memset(residual + few.q, 0, (q - few.q) * sizeof *residual);
      }
      double *b = map + (m * N_GRID + i) * (2 + u);
      b[0] = v.b0;
      for (size_t j = 0; j <= u; j++) {
        double s = 0;
        for (size_t l = 0; l < q; l++) s += packed[(1 + j) * q + l] * residual[l];
        b[1 + j] = (j ? k : k2) * s;
      }
    }
  }
  for (int pass = 0; pass < 3; pass++) {
    normalise(t, *s2);
    memset(t->coef, 0, columns * sizeof *t->coef);
    for (size_t c = 0; c < t->f->members * N_GRID; c++) {
      const double *b = map + c * (2 + u), w = t->cells[c].weight;
      double *to = t->coef + 2 + c / N_GRID * u;
      t->coef[0] += w * b[0];
      t->coef[1] += w * b[1];
      for (size_t j = 0; j < u; j++) to[j] += w * b[2 + j];
    }
    const double before = *s2;
    LMR_TRY(residual_variance(t, t->coef, s2, err));
    if (fabs(*s2 / before - 1) < 1e-3) break;
  }
  return LMR_OK;
}

/* The exact treatment gradient of F2BMLD on the hidden layer of net m, output
 * layers solved anew at every step (variable projection: no derivative passes
 * through them). */
static lmr_status polish(closed_state *t, size_t m, double *packed, double *residual,
                         double *raw, double *up, double *moment, lmr_error *err) {
  const size_t points = t->s->points, q = t->q, u = t->f->units;
  const double *kr = t->prior->kr;
  double k2 = 0, k = 0, total = 0;
  for (size_t i = 0; i < N_GRID; i++) {
    const double w = t->cells[m * N_GRID + i].weight;
    k2 += w * t->prior->k2[i / N_KR];
    k += w * kr[i % N_KR];
    total += w;
  }
  if (!(total > 1e-6)) return LMR_OK; /* a net without posterior weight */
  k2 /= total;
  k /= total;
  adam_rule adam = adam_start(t->o->polish_rate, .9, .999);
  double *slope = t->f->slope + m * u, *shift = t->f->shift + m * u;
  double *theta = moment, *grad = theta + 2 * u, *m1 = grad + 2 * u, *m2 = m1 + 2 * u, *b = m2 + 2 * u;
  memset(m1, 0, 4 * u * sizeof *m1);
  memcpy(theta, slope, u * sizeof *theta);
  memcpy(theta + u, shift, u * sizeof *theta);
  curve_problem p = problem(t, m, packed);
  for (int step = 1; step <= t->o->polish_steps; step++) {
    curve_units(points, t->s->x, u, theta, theta + u, raw, t->level);
    curve_cross(points, q, t->sums + t->fixed * points, u, raw, packed + 2 * q, t->level);
    for (size_t i = 0; i < q * u; i++) packed[2 * q + i] *= t->f->block[m];
    LMR_TRY(la_syrk('N', q, u, 1, p.r, q, 0, t->rr + m * q * q, q, err));
    curve_evidence v;
    LMR_TRY(curve_evidence_at(&p, k2, k, residual, &v, t->work, err));
    for (size_t j = 0; j < u; j++) {
      double s = 0;
      for (size_t l = 0; l < q; l++) s += p.r[j * q + l] * residual[l];
      b[j] = -2 * k * s * t->f->block[m];
    }
    LMR_TRY(la_gemm('N', 'N', points, 1, q, 1, t->sums + t->fixed * points, points, residual, q, 0,
                    up, points, err));
    curve_units_backward(points, t->s->x, u, raw, up, b, grad, grad + u);
    adam_next(&adam);
    adam_step_f64(&adam, 2 * u, grad, m1, m2, theta, t->level);
  }
  memcpy(slope, theta, u * sizeof *theta);
  memcpy(shift, theta + u, u * sizeof *theta);
  return LMR_OK;
}

static void all_columns(closed_state *t) {
  const size_t points = t->s->points;
  for (size_t m = 0; m < t->f->members; m++)
    curve_features_block(t->f, t->s, m, t->columns + (2 + m * t->f->units) * points, t->level);
  curve_cross(points, t->kept, t->sums, t->f->columns, t->columns, t->cross, t->level);
}

size_t curve_closed_bytes(size_t points, size_t cap, const curve_closed_options *o) {
  const size_t d = sizeof(double), u = o->units, columns = 2 + o->members * u;
  size_t total = lmr_bytes(points * columns, d);
  total = lmr_add_bytes(total, lmr_bytes(cap * columns, d));
  total = lmr_add_bytes(total, lmr_bytes(o->members * cap * cap, d));
  total = lmr_add_bytes(total, lmr_bytes(o->members * N_GRID, sizeof(closed_cell)));
  total = lmr_add_bytes(total, lmr_bytes(cap * (2 * cap + u + 8) + u + 1, d));
  total = lmr_add_bytes(total, lmr_bytes(columns, d));
  total = lmr_add_bytes(total, lmr_bytes(points, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(cap * (u + 3), d));
  total = lmr_add_bytes(total, lmr_bytes(o->members * N_GRID * (2 + u), d));
  total = lmr_add_bytes(total, lmr_bytes(points * u, d));
  total = lmr_add_bytes(total, lmr_bytes(9 * u + columns, d));
  total = lmr_add_bytes(total, lmr_bytes((2 + u) * (2 + u + cap), d));
  total = lmr_add_bytes(total, tall_crossprod_bytes(columns));
  return lmr_add_bytes(total, 4096);
}

/* Adds weight * the sub-matrix of net m (order 2 + u, columns k) to a full matrix. */
static void scatter(size_t u, size_t m, size_t columns, double weight, const double *from,
                    double *to) {
  for (size_t j = 0; j < 2 + u; j++)
    for (size_t i = 0; i < 2 + u; i++)
      to[(i < 2 ? i : i + m * u) + (j < 2 ? j : j + m * u) * columns] += weight * from[i + j * (2 + u)];
}

/* Posterior of the average over nets and priors: the map from g, and (cov not NULL)
 * the covariance within and between. */
static lmr_status posterior(closed_state *t, double s2, double *packed, const double *cell_coef,
                            double *small, double *map, double *cov, lmr_error *err) {
  const size_t q = t->q, u = t->f->units, columns = t->f->columns;
  double *one = small, *block = small + (2 + u) * q;
  memset(map, 0, columns * q * sizeof *map);
  if (cov) memset(cov, 0, columns * columns * sizeof *cov);
  for (size_t m = 0; m < t->f->members; m++) {
    const curve_problem p = problem(t, m, packed);
    for (size_t i = 0; i < N_GRID; i++) {
      const double w = t->cells[m * N_GRID + i].weight;
      if (w < 1e-8) continue;
      const double k2 = t->prior->k2[i / N_KR], kr = t->prior->kr[i % N_KR];
      const curve_problem few = fewer(t, p, k2, kr);
      LMR_TRY(curve_evidence_map(&few, k2, kr, one, block, t->work, err));
      for (size_t l = 0; l < few.q; l++)
        for (size_t j = 0; j < 2 + u; j++)
          map[(j < 2 ? j : j + m * u) + l * columns] += w * one[j + l * (2 + u)];
      if (!cov) continue;
      scatter(u, m, columns, w * s2, block, cov);
      /* between nets: b b' here, the mean's own square is taken off below */
      const double *b = cell_coef + (m * N_GRID + i) * (2 + u);
      for (size_t l = 0; l < 2 + u; l++)
        for (size_t j = 0; j < 2 + u; j++) block[j + l * (2 + u)] = b[j] * b[l];
      scatter(u, m, columns, w, block, cov);
    }
  }
  for (size_t j = 0; cov && j < columns; j++)
    for (size_t i = 0; i < columns; i++) cov[i + j * columns] -= t->coef[i] * t->coef[j];
  return LMR_OK;
}

static void weights_summary(const closed_state *t, curve_closed_summary *sum) {
  sum->kappa2 = sum->kappa_r = 0;
  sum->weight_flat = flat_share(t);
  for (size_t c = 0; c < t->f->members * N_GRID; c++) {
    const size_t i = c % N_GRID;
    sum->kappa2 += t->cells[c].weight * t->prior->k2[i / N_KR];
    sum->kappa_r += t->cells[c].weight * t->prior->kr[i % N_KR];
  }
}

/* V / D: D = mean squared difference of the fit from linear 2SLS, V = the part of it
 * that noise alone gives. */
static lmr_status noise_share(closed_state *t, const curve_closed_result *out, double *row,
                              curve_closed_summary *sum, lmr_error *err) {
  const size_t columns = t->f->columns, q = t->q;
  const double n = (double)t->s->n;
  double gg = 0;
  for (size_t k = 0; k < t->q_line; k++) gg += out->cross[k] * out->cross[k];
  double d = 0, v = 0;
  for (size_t l = 0; l <= q; l++) { /* l < q: column l of S in feature coordinates; l = q: Delta */
    double *b = t->coef;
    memcpy(b, l < q ? out->map + l * columns : out->point, columns * sizeof *b);
    if (l < t->q_line) b[0] -= out->cross[l] / gg;
    if (l == q) b[0] -= sum->linear;
    LMR_TRY(la_gemm('N', 'N', columns, 1, columns, 1, out->gram, columns, b, columns, 0, row,
                    columns, err));
    double s = 0;
    for (size_t j = 0; j < columns; j++) s += b[j] * row[j];
    if (l < q) v += s; else d = s / n;
  }
  v *= sum->s2 / n;
  sum->ratio = d > 0 ? v / d : INFINITY;
  return LMR_OK;
}

/* With one coordinate nothing is seen of a square: a flat prior would stay what it was. */
static const curve_prior *seen(const curve_prior *prior, size_t q, curve_prior *narrow) {
  if (q > 1) return prior;
  *narrow = *prior;
  for (size_t i = 0; i < CURVE_K2; i++)
    if (narrow->k2[i] > 1) narrow->k2[i] = 1;
  return narrow;
}

/* Scratch of a fit. */
typedef struct {
  double *packed, *cell_coef, *raw, *moment, *small, *residual, *up;
} scratch;

static lmr_status closed_take(closed_state *t, scratch *w, lmr_arena *work, lmr_error *err) {
  const size_t points = t->s->points, columns = t->f->columns, u = t->f->units, cap = t->kept, members = t->f->members;
  LMR_TAKE(t->columns, work, points * columns, err);
  LMR_TAKE(t->cross, work, cap * columns, err);
  LMR_TAKE(t->rr, work, members * cap * cap, err);
  LMR_TAKE(t->cells, work, members * N_GRID, err);
  LMR_TAKE(t->work, work, cap * (2 * cap + u + 6) + u + 1, err);
  LMR_TAKE(t->coef, work, columns, err);
  LMR_TAKE(t->fitted, work, points, err);
  LMR_TAKE(w->packed, work, cap * (u + 2), err);
  LMR_TAKE(w->cell_coef, work, members * N_GRID * (2 + u), err);
  LMR_TAKE(w->raw, work, points * u, err);
  LMR_TAKE(w->moment, work, 9 * u + columns, err);
  LMR_TAKE(w->small, work, (2 + u) * (2 + u + cap), err);
  LMR_TAKE(w->residual, work, cap, err);
  LMR_TAKE(w->up, work, points, err);
  return LMR_OK;
}

/* Columns of the features and the basis' size; the features' cross products, [q x columns]. */
static void start(closed_state *t, size_t base, const double *a, lmr_rng *rng, double *out) {
  curve_features *f = t->f;
  const size_t hidden = f->members * f->units;
  if (t->o->frozen) {
    memcpy(f->slope, t->o->frozen + 2, hidden * sizeof *f->slope);
    memcpy(f->shift, t->o->frozen + 2 + hidden, hidden * sizeof *f->shift);
  } else {
    curve_features_start(f, t->s->n, a, rng);
  }
  curve_features_square(f, t->s, t->columns);
  all_columns(t);
  closed_choose_size(t, base);
  for (size_t j = 0; j < f->columns; j++)
    memcpy(out + j * t->q, t->cross + t->fixed + j * t->kept, t->q * sizeof *out);
}

/* Linear 2SLS: where the average starts. */
static lmr_status linear_fit(closed_state *t, double *s2, curve_closed_summary *sum, lmr_error *err) {
  double g0g = 0, g0g0 = 0;
  for (size_t k = t->fixed; k < t->fixed + t->q_line; k++) {
    g0g += t->cross[k] * t->gy[k];
    g0g0 += t->cross[k] * t->cross[k];
  }
  if (!(g0g0 > 0)) return lmr_fail(err, LMR_ESINGULAR, "the instruments explain nothing of the exposure");
  sum->linear = g0g / g0g0;
  memset(t->coef, 0, t->f->columns * sizeof *t->coef);
  t->coef[0] = sum->linear;
  LMR_TRY(residual_variance(t, t->coef, s2, err));
  sum->s2_linear = *s2;
  sum->linear_se2 = *s2 / g0g0;
  return LMR_OK;
}

/* The average over nets and priors, the hidden layers polished where instruments are strong. */
static lmr_status point_fit(closed_state *t, const scratch *w, double *s2, int strong, const lmr_tick *tick,
                            lmr_error *err) {
  LMR_TRY(average(t, s2, w->packed, w->cell_coef, w->residual, err));
  if (!strong || t->o->polish_steps <= 0 || t->o->frozen) return LMR_OK;
  for (size_t m = 0; m < t->f->members; m++) {
    LMR_TRY(polish(t, m, w->packed, w->residual, w->raw, w->up, w->moment, err));
    if (lmr_tick_poll(tick, (double)(m + 1) / (double)t->f->members))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  all_columns(t);
  return average(t, s2, w->packed, w->cell_coef, w->residual, err);
}

/* Mean derivatives of the features, from raw units. */
static void mean_slopes(const closed_state *t, double *raw, double *slope) {
  const curve_features *f = t->f;
  const size_t u = f->units;
  slope[0] = 1;
  slope[1] = (2 * f->mean[0] - f->square[1]) / f->square[2];
  for (size_t m = 0; m < f->members; m++) {
    curve_units(t->s->points, t->s->x, u, f->slope + m * u, f->shift + m * u, raw, t->level);
    curve_units_slope(t->s->points, t->s->mass, u, f->slope + m * u, raw, slope + 2 + m * u);
    for (size_t j = 0; j < u; j++) slope[2 + m * u + j] *= f->block[m] / (double)t->s->n;
  }
}

lmr_status curve_closed(const curve_support *s, curve_basis_size size, const double *sums, const double *ysum,
                        double yy, const double *gy, const curve_closed_options *o, curve_features *f, lmr_rng *rng,
                        const double *a, curve_closed_result *out, curve_closed_summary *sum, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t points = s->points, columns = f->columns;
  closed_state t = {.level = level, .s = s, .f = f, .o = o, .sums = sums, .ysum = ysum, .gy = gy,
                    .yy = yy, .fixed = size.fixed, .kept = size.kept};
  scratch w;
  LMR_TRY(closed_take(&t, &w, &work, err));
  start(&t, size.base, a, rng, out->start);
  sum->q = t.q;
  sum->columns = columns;
  sum->strength = closed_strength(&t);
  sum->strong = sum->strength > o->strong;
  curve_prior narrow;
  t.prior = seen(sum->strong ? &o->strong_prior : &o->weak, t.q, &narrow);
  closed_choose_fewer(&t, size);

  double s2;
  LMR_TRY(linear_fit(&t, &s2, sum, err));
  LMR_TRY(point_fit(&t, &w, &s2, sum->strong, tick, err));
  sum->s2 = s2;
  LMR_TRY(tall_crossprod(t.columns, points, columns, points, s->mass, out->gram, level, work, tick, err));
  for (size_t j = 0; j < columns; j++)
    memcpy(out->cross + j * t.q, t.cross + t.fixed + j * t.kept, t.q * sizeof *out->cross);
  memcpy(out->g, gy + t.fixed, t.q * sizeof *out->g);
  memcpy(out->point, t.coef, columns * sizeof *out->point);
  weights_summary(&t, sum);
  const curve_problem first = problem(&t, 0, w.packed);
  LMR_TRY(closed_gain(&t, &first, s2, w.residual, &sum->gain, err));
  LMR_TRY(posterior(&t, s2, w.packed, w.cell_coef, w.small, out->map, NULL, err));
  LMR_TRY(noise_share(&t, out, w.moment, sum, err));

  t.prior = seen(sum->strong ? &o->strong_band : &o->weak_band, t.q, &narrow);
  LMR_TRY(average(&t, &s2, w.packed, w.cell_coef, w.residual, err));
  sum->s2_band = s2;
  memcpy(out->coef, t.coef, columns * sizeof *out->coef);
  LMR_TRY(posterior(&t, s2, w.packed, w.cell_coef, w.small, out->map, out->cov, err));
  mean_slopes(&t, w.raw, out->slope);
  return LMR_OK;
}
