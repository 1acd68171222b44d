#include "core/curve/curve_vector_model.h"

#include "core/curve/curve_basis.h"
#include "core/la/tall.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 1024 };
static const double collinear = 1e-7;

static size_t base_columns(const vector_rows *r) { return 1 + r->nw + r->nz + r->nb + r->nb * (r->nb + 1) / 2; }

size_t vector_model_cap(const vector_rows *r, const vector_options *o) {
  const size_t base = base_columns(r), most = r->n / 3 > base ? r->n / 3 : base;
  return (base + o->instrument_units < most ? base + o->instrument_units : most) + 1;
}

size_t vector_model_bytes(const vector_rows *r, const vector_nets *s, const vector_options *o) {
  const size_t d = sizeof(double), n = r->n, cap = vector_model_cap(r, o), columns = s->columns;
  const size_t basis = lmr_add_bytes(lmr_bytes(n, (o->instrument_units + 1) * d),
                                     curve_components_bytes(o->instrument_units, cap));
  size_t chunk = lmr_bytes(CHUNK, (columns + s->exposures + cap) * d);
  chunk = lmr_add_bytes(chunk, lmr_bytes(columns, (columns + cap + 1) * d));
  chunk = lmr_add_bytes(chunk, tall_crossprod_bytes(columns));
  size_t fit = lmr_add_bytes(vector_fit_bytes(s, cap), lmr_bytes(columns, (2 * cap + 2) * d));
  fit = lmr_add_bytes(fit, lmr_bytes((cap + s->exposures) * s->exposures, d));
  size_t most = basis > chunk ? basis : chunk;
  if (fit > most) most = fit;
  size_t total = lmr_bytes(n, (r->nz + r->nw + r->nb + s->exposures + 2 + cap) * d);
  total = lmr_add_bytes(total, lmr_bytes(cap * (columns + 2) + columns, d));
  total = lmr_add_bytes(total, lmr_bytes(columns, (cap + 1) * d));
  return lmr_add_bytes(lmr_add_bytes(total, most), 16384);
}

typedef struct {
  double *y, *a, *z, *w, *b, *q, *scratch;
} standard_rows;

static void standardise(size_t n, size_t columns, const double *from, double *to, double *work) {
  for (size_t j = 0; j < columns; j++) {
    const curve_moments1 m = curve_standard(n, from + j * n, work);
    for (size_t i = 0; i < n; i++) to[i + j * n] = (from[i + j * n] - m.centre) / m.scale;
  }
}

/* [1, w, z, b_i b_j, b^3], orthonormal, then components of tanh units of b. */
static lmr_status basis(const vector_rows *r, const vector_options *o, standard_rows *x, lmr_rng *rng,
                        vector_summary *sum, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t n = r->n, cap = vector_model_cap(r, o) - 1;
  double *unit, *direction, *column, *dots;
  LMR_TAKE(dots, &work, cap + 1, err);
  LMR_TAKE(column, &work, n, err);
  LMR_TAKE(direction, &work, r->nb + 1, err);
  size_t k = 0;
  for (size_t i = 0; i < n; i++) column[i] = 1;
  k += (size_t)curve_append(n, x->q, k, column, collinear, dots);
  for (size_t j = 0; j < r->nw; j++) k += (size_t)curve_append(n, x->q, k, x->w + j * n, collinear, dots);
  sum->fixed = k;
  for (size_t j = 0; j < r->nz && k < cap; j++) k += (size_t)curve_append(n, x->q, k, x->z + j * n, collinear, dots);
  for (size_t i = 0; i < r->nb; i++)
    for (size_t j = i; j <= r->nb && k < cap; j++) { /* j = nb: the cube */
      const double *u = x->b + i * n, *v = x->b + (j < r->nb ? j : i) * n;
      for (size_t l = 0; l < n; l++) column[l] = u[l] * v[l] * (j < r->nb ? 1 : u[l]);
      k += (size_t)curve_append(n, x->q, k, column, collinear, dots);
    }
  sum->base = sum->kept = k;
  if (k == sum->fixed) return lmr_fail(err, LMR_ESINGULAR, "the instruments do not vary given the covariates");
  if (k >= cap) return LMR_OK;
  LMR_TAKE(unit, &work, n * o->instrument_units, err);
  curve_random_units(n, x->b, r->nb, o->instrument_units, rng, direction, column, unit, level);
  return curve_components(n, x->q, k, cap, unit, o->instrument_units, &sum->kept, level, work, err);
}

/* F'F, F'y and Q'F of the raw features, chunk by chunk of rows. */
static lmr_status raw_moments(const vector_nets *s, const standard_rows *x, vector_moments *m, double *total,
                              lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = m->n, columns = s->columns, k = s->exposures;
  double *f, *a, *q, *form, *side;
  LMR_TAKE(f, &work, CHUNK * columns, err);
  LMR_TAKE(a, &work, CHUNK * k, err);
  LMR_TAKE(q, &work, CHUNK * m->kept, err);
  LMR_TAKE(form, &work, columns * columns, err);
  LMR_TAKE(side, &work, columns * (m->kept + 1), err);
  memset(m->gram, 0, columns * columns * sizeof *m->gram);
  memset(m->cross, 0, columns * m->kept * sizeof *m->cross);
  memset(m->fy, 0, columns * sizeof *m->fy);
  memset(total, 0, columns * sizeof *total);
  for (size_t first = 0; first < n; first += CHUNK) {
    const size_t rows = n - first < CHUNK ? n - first : CHUNK;
    if (lmr_tick_poll(tick, .2 + .5 * (double)first / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    for (size_t j = 0; j < k; j++) memcpy(a + j * rows, x->a + first + j * n, rows * sizeof *a);
    for (size_t j = 0; j < m->kept; j++) memcpy(q + j * rows, x->q + first + j * n, rows * sizeof *q);
    vector_at(s, rows, a, VECTOR_VALUE, 1, f, level);
    LMR_TRY(tall_crossprod(f, rows, columns, rows, NULL, form, level, work, NULL, err));
    for (size_t j = 0; j < columns * columns; j++) m->gram[j] += form[j];
    curve_cross(rows, m->kept, q, columns, f, side, level);
    for (size_t j = 0; j < columns * m->kept; j++) m->cross[j] += side[j];
    curve_cross(rows, columns, f, 1, x->y + first, side, level);
    for (size_t j = 0; j < columns; j++) {
      m->fy[j] += side[j];
      for (size_t i = 0; i < rows; i++) total[j] += f[i + j * rows];
    }
  }
  return LMR_OK;
}

/* Features centred, blocks scaled to variance 1: the moments follow. */
static void scale_moments(vector_nets *s, vector_moments *m, const double *total) {
  const size_t columns = s->columns, first = s->exposures + s->squares;
  const double n = (double)m->n;
  for (size_t j = 0; j < columns; j++) {
    s->mean[j] = total[j] / n;
    m->cross[j * m->kept] = 0; /* the first coordinate is the constant */
  }
  for (size_t j = 0; j < columns; j++)
    for (size_t i = 0; i < columns; i++) m->gram[i + j * columns] -= n * s->mean[i] * s->mean[j];
  for (size_t b = 0; b < s->members; b++) {
    double variance = 0;
    for (size_t j = first + b * s->units; j < first + (b + 1) * s->units; j++) variance += m->gram[j + j * columns] / n;
    s->block[b] = variance > 0 ? 1 / sqrt(variance) : 1;
  }
  for (size_t j = 0; j < columns; j++) {
    const double by = j < first ? 1 : s->block[(j - first) / s->units];
    s->mean[j] *= by;
    m->fy[j] *= by;
    for (size_t l = 0; l < m->kept; l++) m->cross[l + j * m->kept] *= by;
    for (size_t i = 0; i < columns; i++) {
      m->gram[i + j * columns] *= by;
      m->gram[j + i * columns] *= by;
    }
  }
}

/* The leading coordinates of the basis by generalised cross-validation over all tanh features. */
static void choose_size(const vector_nets *s, vector_moments *m, size_t base) {
  const size_t first = s->exposures + s->squares, least = base + 12 < m->kept ? base + 12 : m->kept;
  double rss = 0, best = INFINITY;
  for (size_t j = first; j < s->columns; j++) rss += m->gram[j + j * s->columns];
  size_t chosen = m->kept;
  for (size_t l = 0; l < m->kept; l++) {
    for (size_t j = first; j < s->columns; j++) {
      const double v = m->cross[l + j * m->kept];
      rss -= v * v;
    }
    const double left = 1 - (double)(l + 1) / (double)m->n, score = rss / (left * left);
    if (l + 1 >= least && score < best) {
      best = score;
      chosen = l + 1;
    }
  }
  m->q = chosen - m->fixed;
}

static lmr_status closed_form(const vector_nets *s, const vector_moments *m, const vector_options *o, vector_result *out,
                              vector_summary *sum, lmr_arena work, lmr_error *err) {
  double *map, *plane_map;
  LMR_TAKE(map, &work, s->columns * m->q, err);
  LMR_TAKE(plane_map, &work, s->exposures * m->q, err);
  LMR_TRY(vector_plane(s, m, out->plane, plane_map, work, err));
  memset(out->coef, 0, s->columns * sizeof *out->coef);
  memcpy(out->coef, out->plane, s->exposures * sizeof *out->coef);
  sum->estimate.s2 = vector_variance(m, s->columns, out->coef);
  LMR_TRY(vector_fit(s, m, &o->estimate, out->point, map, NULL, &sum->estimate, work, err));
  LMR_TRY(vector_ratio(s, m, sum->estimate.s2, out->point, map, out->plane, plane_map, &sum->ratio, work, err));
  sum->band.s2 = sum->estimate.s2;
  return vector_fit(s, m, &o->band, out->coef, NULL, out->cov, &sum->band, work, err);
}

lmr_status vector_model(const vector_rows *r, vector_nets *s, const vector_options *o, uint64_t seed, vector_result *out,
                        vector_summary *sum, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = r->n, cap = vector_model_cap(r, o), columns = s->columns;
  standard_rows x;
  vector_moments m = {.n = n, .gram = out->gram};
  double *total;
  LMR_TAKE(x.y, &work, n, err);
  LMR_TAKE(x.scratch, &work, n, err);
  LMR_TAKE(x.a, &work, n * s->exposures, err);
  LMR_TAKE(x.z, &work, n * r->nz, err);
  LMR_TAKE(x.w, &work, n * r->nw, err);
  LMR_TAKE(x.b, &work, n * r->nb, err);
  LMR_TAKE(x.q, &work, n * cap, err);
  LMR_TAKE(m.cross, &work, cap * columns, err);
  LMR_TAKE(m.gy, &work, cap, err);
  LMR_TAKE(m.fy, &work, columns, err);
  LMR_TAKE(total, &work, columns, err);
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 3);
  const curve_moments1 my = curve_standard(n, r->y, x.scratch);
  for (size_t i = 0; i < n; i++) x.y[i] = (r->y[i] - my.centre) / my.sd;
  sum->y_mean = my.centre;
  sum->y_sd = my.sd;
  for (size_t j = 0; j < s->exposures; j++) {
    const curve_moments1 ma = curve_standard(n, r->a + j * n, x.scratch);
    out->centre[j] = ma.centre;
    out->scale[j] = ma.scale;
    for (size_t i = 0; i < n; i++) x.a[i + j * n] = (r->a[i + j * n] - ma.centre) / ma.scale;
  }
  standardise(n, r->nz, r->z, x.z, x.scratch);
  standardise(n, r->nw, r->w, x.w, x.scratch);
  standardise(n, r->nb, r->b, x.b, x.scratch);
  LMR_TRY(vector_products(s, n, x.a, err));
  LMR_TRY(basis(r, o, &x, &rng, sum, level, work, err));
  vector_start(s, n, x.a, &rng);
  m.fixed = sum->fixed;
  m.kept = sum->kept;
  LMR_TRY(raw_moments(s, &x, &m, total, level, work, tick, err));
  scale_moments(s, &m, total);
  curve_cross(n, m.kept, x.q, 1, x.y, m.gy, level);
  for (size_t i = 0; i < n; i++) m.yy += x.y[i] * x.y[i];
  choose_size(s, &m, sum->base);
  sum->q = m.q;
  for (size_t j = 0; j < columns; j++)
    memcpy(out->cross + j * m.q, m.cross + j * m.kept + m.fixed, m.q * sizeof *out->cross);
  memcpy(out->g, m.gy + m.fixed, m.q * sizeof *out->g);
  return closed_form(s, &m, o, out, sum, work, err);
}
