#include "core/curve/curve_vector_fit.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

static size_t one_net(const vector_nets *s) { return s->exposures + s->squares + s->units; }

/* Column of all that is column j of net m. */
static size_t place(const vector_nets *s, size_t m, size_t j) {
  return j < s->exposures + s->squares ? j : j + m * s->units;
}

double vector_variance(const vector_moments *m, size_t columns, const double *coef) {
  double ss = m->yy;
  for (size_t j = 0; j < columns; j++) {
    if (coef[j] == 0) continue;
    double v = -2 * m->fy[j];
    for (size_t i = 0; i < columns; i++) v += m->gram[i + j * columns] * coef[i];
    ss += coef[j] * v;
  }
  for (size_t l = 0; l < m->fixed; l++) {
    double left = m->gy[l];
    for (size_t j = 0; j < columns; j++) left -= m->cross[l + j * m->kept] * coef[j];
    ss -= left * left;
  }
  return (ss > 1e-12 * m->yy ? ss : 1e-12 * m->yy) / (double)m->n;
}

typedef struct {
  const vector_nets *s;
  const vector_moments *m;
  const vector_prior *prior;
  double *packed, *normal, *side, *form, *b, *evidence, *quad, *weight, *mean;
} state;

size_t vector_fit_bytes(const vector_nets *s, size_t q) {
  const size_t d = sizeof(double), k = one_net(s), cells = s->members * VECTOR_GRID;
  size_t total = lmr_bytes(q * k, d);
  total = lmr_add_bytes(total, lmr_bytes((s->members + 2) * k * (k + 1), d));
  total = lmr_add_bytes(total, lmr_bytes(cells * (k + 3), d));
  total = lmr_add_bytes(total, lmr_bytes(s->columns * (q + 2), d));
  total = lmr_add_bytes(total, lmr_bytes(k * q, d));
  return lmr_add_bytes(total, 4096);
}

static void pack(const state *t, size_t net) {
  const size_t k = one_net(t->s), q = t->m->q;
  for (size_t j = 0; j < k; j++)
    memcpy(t->packed + j * q, t->m->cross + place(t->s, net, j) * t->m->kept + t->m->fixed, q * sizeof *t->packed);
}

/* The factor of C'C + D^-1 of a cell in t->form, and half the log determinant of its evidence. */
static lmr_status factor(const state *t, size_t net, size_t cell, double *half, lmr_error *err) {
  const size_t k = one_net(t->s), flat = t->s->exposures, tanh = flat + t->s->squares;
  const double k2 = t->prior->k2[cell / VECTOR_LEVELS], kr = t->prior->kr[cell % VECTOR_LEVELS];
  memcpy(t->form, t->normal + net * k * k, k * k * sizeof *t->form);
  double logs = 0;
  for (size_t j = flat; j < k; j++) {
    const double v = j < tanh ? k2 : kr;
    t->form[j + j * k] += 1 / v;
    logs += log(v) / 2;
  }
  lmr_status status = la_chol(t->form, k, k, err);
  if (status == LMR_ESINGULAR) return lmr_fail(err, LMR_ESINGULAR, "the instruments do not tell the exposures apart");
  LMR_TRY(status);
  for (size_t j = 0; j < k; j++) logs += log(t->form[j + j * k]);
  *half = logs;
  return LMR_OK;
}

static lmr_status cells(const state *t, lmr_error *err) {
  const size_t k = one_net(t->s), q = t->m->q;
  const double *g = t->m->gy + t->m->fixed;
  double gg = 0;
  for (size_t l = 0; l < q; l++) gg += g[l] * g[l];
  for (size_t net = 0; net < t->s->members; net++) {
    double *normal = t->normal + net * k * k, *side = t->side + net * k;
    pack(t, net);
    LMR_TRY(la_syrk('T', k, q, 1, t->packed, q, 0, normal, k, err));
    LMR_TRY(la_gemm('T', 'N', k, 1, q, 1, t->packed, q, g, q, 0, side, k, err));
    for (size_t c = 0; c < VECTOR_GRID; c++) {
      const size_t at = net * VECTOR_GRID + c;
      double *b = t->b + at * k, explained = 0;
      LMR_TRY(factor(t, net, c, t->evidence + at, err));
      memcpy(b, side, k * sizeof *b);
      LMR_TRY(la_trsm('L', 'T', k, 1, 1, t->form, k, b, k, err));
      for (size_t j = 0; j < k; j++) explained += b[j] * b[j];
      t->quad[at] = gg - explained;
      LMR_TRY(la_trsm('L', 'N', k, 1, 1, t->form, k, b, k, err));
    }
  }
  return LMR_OK;
}

/* Log evidence at s2: of the prior's average, or of the first cell of every net. */
static double log_evidence(const state *t, double s2, int first) {
  const size_t count = t->s->members * VECTOR_GRID;
  double top = -INFINITY, total = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t c = 0; c < count; c++) {
      const size_t i = c % VECTOR_GRID;
      const double p = first ? i == 0 : t->prior->k2_weight[i / VECTOR_LEVELS] * t->prior->kr_weight[i % VECTOR_LEVELS];
      if (!(p > 0)) continue;
      const double v = log(p) - t->evidence[c] - t->quad[c] / (2 * s2);
      if (pass) total += exp(v - top); else if (v > top) top = v;
    }
  return top + log(total);
}

/* Posterior weights at s2, and the average coefficients. */
static void weigh(const state *t, double s2, double *coef) {
  const size_t k = one_net(t->s), count = t->s->members * VECTOR_GRID;
  double top = -INFINITY, total = 0;
  for (size_t c = 0; c < count; c++) {
    const size_t i = c % VECTOR_GRID;
    const double p = t->prior->k2_weight[i / VECTOR_LEVELS] * t->prior->kr_weight[i % VECTOR_LEVELS];
    t->weight[c] = p > 0 ? log(p) - t->evidence[c] - t->quad[c] / (2 * s2) : -INFINITY;
    if (t->weight[c] > top) top = t->weight[c];
  }
  for (size_t c = 0; c < count; c++) total += t->weight[c] = exp(t->weight[c] - top);
  memset(coef, 0, t->s->columns * sizeof *coef);
  for (size_t c = 0; c < count; c++) {
    t->weight[c] /= total;
    for (size_t j = 0; j < k; j++) coef[place(t->s, c / VECTOR_GRID, j)] += t->weight[c] * t->b[c * k + j];
  }
}

/* Map and covariance of the average. */
static lmr_status posterior(const state *t, double s2, const double *coef, double *map, double *cov, lmr_error *err) {
  const size_t k = one_net(t->s), q = t->m->q, columns = t->s->columns;
  if (map) memset(map, 0, columns * q * sizeof *map);
  if (cov) memset(cov, 0, columns * columns * sizeof *cov);
  for (size_t net = 0; net < t->s->members; net++) {
    memset(t->mean, 0, k * k * sizeof *t->mean);
    for (size_t c = net * VECTOR_GRID; c < (net + 1) * VECTOR_GRID; c++) {
      const double w = t->weight[c], *b = t->b + c * k;
      double half;
      if (w < 1e-8) continue;
      LMR_TRY(factor(t, net, c % VECTOR_GRID, &half, err));
      LMR_TRY(la_chol_inverse(t->form, k, k, err));
      for (size_t j = 0; j < k * k; j++) t->mean[j] += w * t->form[j];
      for (size_t j = 0; cov && j < k; j++)
        for (size_t i = 0; i < k; i++) cov[place(t->s, net, i) + place(t->s, net, j) * columns] += w * b[i] * b[j];
    }
    for (size_t j = 0; cov && j < k; j++)
      for (size_t i = 0; i < k; i++)
        cov[place(t->s, net, i) + place(t->s, net, j) * columns] += s2 * t->mean[i + j * k];
    if (!map) continue;
    double *part = t->mean + k * k; /* k x q */
    pack(t, net);
    LMR_TRY(la_gemm('N', 'T', k, q, k, 1, t->mean, k, t->packed, q, 0, part, k, err));
    for (size_t l = 0; l < q; l++)
      for (size_t j = 0; j < k; j++) map[place(t->s, net, j) + l * columns] += part[j + l * k];
  }
  for (size_t j = 0; cov && j < columns; j++)
    for (size_t i = 0; i < columns; i++) cov[i + j * columns] -= coef[i] * coef[j];
  return LMR_OK;
}

lmr_status vector_fit(const vector_nets *s, const vector_moments *m, const vector_prior *prior, double *coef,
                      double *map, double *cov, vector_average *out, lmr_arena work, lmr_error *err) {
  const size_t k = one_net(s), count = s->members * VECTOR_GRID;
  state t = {.s = s, .m = m, .prior = prior};
  LMR_TAKE(t.packed, &work, m->q * k, err);
  LMR_TAKE(t.normal, &work, s->members * k * k, err);
  LMR_TAKE(t.side, &work, s->members * k, err);
  LMR_TAKE(t.form, &work, k * k, err);
  LMR_TAKE(t.mean, &work, k * (k + m->q), err);
  LMR_TAKE(t.b, &work, count * k, err);
  LMR_TAKE(t.evidence, &work, count, err);
  LMR_TAKE(t.quad, &work, count, err);
  LMR_TAKE(t.weight, &work, count, err);
  LMR_TRY(cells(&t, err));
  for (int pass = 0; pass < 3; pass++) {
    weigh(&t, out->s2, coef);
    const double before = out->s2;
    out->s2 = vector_variance(m, s->columns, coef);
    if (fabs(out->s2 / before - 1) < 1e-3) break;
  }
  out->gain = log_evidence(&t, out->s2, 0) - log_evidence(&t, out->s2, 1);
  return posterior(&t, out->s2, coef, map, cov, err);
}

lmr_status vector_plane(const vector_nets *s, const vector_moments *m, double *plane, double *map, lmr_arena work,
                        lmr_error *err) {
  const size_t k = s->exposures, q = m->q;
  double *form;
  LMR_TAKE(form, &work, k * k, err);
  const double *c = m->cross + m->fixed;
  LMR_TRY(la_syrk('T', k, q, 1, c, m->kept, 0, form, k, err));
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l < q; l++) map[j + l * k] = c[l + j * m->kept];
  lmr_status status = la_chol(form, k, k, err);
  if (status == LMR_ESINGULAR) return lmr_fail(err, LMR_ESINGULAR, "the instruments do not tell the exposures apart");
  LMR_TRY(status);
  LMR_TRY(la_trsm('L', 'T', k, q, 1, form, k, map, k, err));
  LMR_TRY(la_trsm('L', 'N', k, q, 1, form, k, map, k, err));
  return la_gemm('N', 'N', k, 1, q, 1, map, k, m->gy + m->fixed, q, 0, plane, k, err);
}

lmr_status vector_ratio(const vector_nets *s, const vector_moments *m, double s2, const double *coef, const double *map,
                        const double *plane, const double *plane_map, double *ratio, lmr_arena work, lmr_error *err) {
  const size_t columns = s->columns, q = m->q, k = s->exposures;
  double *left, *times;
  LMR_TAKE(left, &work, columns * (q + 1), err);
  LMR_TAKE(times, &work, columns * (q + 1), err);
  memcpy(left, map, columns * q * sizeof *left);
  memcpy(left + columns * q, coef, columns * sizeof *left);
  for (size_t l = 0; l <= q; l++)
    for (size_t j = 0; j < k; j++) left[j + l * columns] -= l < q ? plane_map[j + l * k] : plane[j];
  LMR_TRY(la_gemm('N', 'N', columns, q + 1, columns, 1, m->gram, columns, left, columns, 0, times, columns, err));
  double noise = 0, there = 0;
  for (size_t l = 0; l <= q; l++) {
    double v = 0;
    for (size_t j = 0; j < columns; j++) v += left[j + l * columns] * times[j + l * columns];
    if (l < q) noise += s2 * v; else there = v;
  }
  *ratio = there > 0 ? noise / there : INFINITY;
  return LMR_OK;
}
