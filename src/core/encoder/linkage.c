#include "core/encoder/linkage.h"

#include "core/la/la.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 8, MOST_COMPONENTS = 20, MOST_PAIRS = 200000 };
static const double surely_linked = .25;

int ld_is_far(const ld_rule *rule, size_t i, size_t j) {
  if (rule->chromosome && rule->chromosome[i] != rule->chromosome[j]) return 0;
  return !(rule->chromosome && rule->position &&
           fabs(rule->position[i] - rule->position[j]) <= rule->window);
}

double ld_joining_r2(const ld_rule *rule, size_t i, size_t j) {
  if (rule->chromosome && rule->chromosome[i] != rule->chromosome[j]) return INFINITY;
  return ld_is_far(rule, i, j) ? rule->far_r2 : rule->near_r2;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts. */
static double median(double *x, size_t m) {
  qsort(x, m, sizeof *x, ascending);
  return m % 2 ? x[m / 2] : (x[m / 2 - 1] + x[m / 2]) / 2;
}

/* Pairs are visited a stride apart where there are very many. */
static size_t stride_of(size_t p) { return 1 + p * (p - 1) / 2 / MOST_PAIRS; }

static int is_diffuse(const double *r, const unsigned char *linked, size_t p, const double *v,
                      double value, double *size, double *ratio) {
  const size_t stride = stride_of(p);
  size_t at = 0, pairs = 0;
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < j; i++)
      if (at++ % stride == 0 && !linked[i + j * p]) size[pairs++] = fabs(v[i] * v[j]);
  if (!pairs) return 0;
  const double least = median(size, pairs);
  at = pairs = 0;
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < j; i++) {
      const double product = v[i] * v[j];
      if (at++ % stride == 0 && !linked[i + j * p] && fabs(product) >= least && product != 0)
        ratio[pairs++] = r[i + j * p] / product;
    }
  return pairs && median(ratio, pairs) > value / 2;
}

size_t linkage_bytes(size_t p) {
  const size_t pairs = p * p < 2 * MOST_PAIRS ? p * p : 2 * MOST_PAIRS, top = p < MOST_COMPONENTS ? p : MOST_COMPONENTS;
  size_t bytes = lmr_double_bytes(3, p * p);
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, p * top));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, pairs));
  bytes = lmr_add_bytes(bytes, lmr_bytes(p * p, 1));
  return lmr_add_bytes(bytes, la_eigen_top_bytes(p, p));
}

/* The diffuse components of r, linked pairs taken as fit has them; fit := their sum. */
static lmr_status fit_components(const double *r, const unsigned char *linked, size_t p, double n,
                                 double *filled, double *fit, double *vectors, double *values, double *size,
                                 double *ratio, size_t *taken, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t top = p < MOST_COMPONENTS ? p : MOST_COMPONENTS;
  double trace = 0, above = 0;
  for (size_t l = 0; l < p * p; l++) filled[l] = linked[l] ? fit[l] : r[l];
  for (size_t j = 0; j < p; j++) trace += r[j + j * p];
  LMR_TRY(la_eigen_top_polled(filled, p, p, top, values, vectors, p, work, tick, err));
  memset(fit, 0, p * p * sizeof *fit);
  *taken = 0;
  const double side = 1 + sqrt((double)p / n), edge = 1.02 * side * side;
  for (size_t k = 0; k < top; k++) {
    const double value = values[top - 1 - k], *v = vectors + (top - 1 - k) * p;
    above += value;
    if (!(value > edge) || k + 1 == p) break;
    if (!is_diffuse(r, linked, p, v, value, size, ratio)) continue;
    const double excess = value - (trace - above) / (double)(p - k - 1);
    for (size_t j = 0; j < p; j++)
      for (size_t i = 0; i < p; i++) fit[i + j * p] += excess * v[i] * v[j];
    ++*taken;
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* Far pairs of r minus fit, as correlations; near ones as in r. */
static void take_out(const double *r, const double *fit, size_t p, const ld_rule *rule, double *own, double *out) {
  for (size_t j = 0; j < p; j++) {
    const double left = r[j + j * p] - fit[j + j * p];
    own[j] = r[j + j * p] > 0 ? 1 / sqrt(left > .05 ? left : .05) : 0;
  }
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++) {
      const size_t l = i + j * p;
      out[l] = i == j || !ld_is_far(rule, i, j) ? r[l] : (r[l] - fit[l]) * own[i] * own[j];
    }
}

/* 1: it changed. */
static int mark_linked(const double *r, size_t p, const ld_rule *rule, unsigned char *linked) {
  int changed = 0;
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++) {
      const size_t l = i + j * p;
      const unsigned char is = i != j && r[l] * r[l] > ld_joining_r2(rule, i, j);
      changed |= is != linked[l];
      linked[l] = is;
    }
  return changed;
}

lmr_status linkage_correlations(const double *within, size_t p, double n, const ld_rule *rule,
                                double *out, size_t *components, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t pairs = p * p < 2 * MOST_PAIRS ? p * p : 2 * MOST_PAIRS, top = p < MOST_COMPONENTS ? p : MOST_COMPONENTS;
  double *r, *filled, *fit, *vectors, *values, *own, *size, *ratio;
  unsigned char *linked;
  LMR_TAKE(r, &work, p * p, err);
  LMR_TAKE(filled, &work, p * p, err);
  LMR_TAKE(fit, &work, p * p, err);
  LMR_TAKE(vectors, &work, p * top, err);
  LMR_TAKE(values, &work, p, err);
  LMR_TAKE(own, &work, p, err);
  LMR_TAKE(size, &work, pairs, err);
  LMR_TAKE(ratio, &work, pairs, err);
  LMR_TAKE(linked, &work, p * p, err);
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < p; i++) {
      const double v = within[i + i * p] * within[j + j * p];
      r[i + j * p] = v > 0 ? (i == j ? 1 : within[i + j * p] / sqrt(v)) : 0;
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  memcpy(out, r, p * p * sizeof *r);
  memset(fit, 0, p * p * sizeof *fit);
  memset(linked, 0, p * p);
  *components = 0;
  /* Without far pairs that would be joined there is nothing to judge. */
  int doubtful = 0;
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < j; i++) {
      const double c = r[i + j * p] * r[i + j * p];
      if (!ld_is_far(rule, i, j)) linked[i + j * p] = linked[j + i * p] = c > rule->near_r2;
      else if (c > rule->far_r2) doubtful = 1, linked[i + j * p] = linked[j + i * p] = c > surely_linked;
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (int round = 0; doubtful && round < ROUNDS; round++) {
    LMR_TRY(fit_components(r, linked, p, n, filled, fit, vectors, values, size, ratio, components, work, tick, err));
    take_out(r, fit, p, rule, own, out);
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    if (!mark_linked(out, p, rule, linked)) break;
  }
  return LMR_OK;
}

static size_t root(int *parent, size_t i) {
  while ((size_t)parent[i] != i) i = (size_t)(parent[i] = parent[parent[i]]);
  return i;
}

lmr_status linkage_blocks(const double *correlation, size_t p, const ld_rule *rule, int *block, size_t *n_blocks,
                          const lmr_tick *tick, lmr_error *err) {
  for (size_t i = 0; i < p; i++) block[i] = (int)i;
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < j; i++) {
      const double c = correlation[i + j * p], v = correlation[i + i * p] * correlation[j + j * p];
      const double limit = ld_joining_r2(rule, i, j);
      if (limit == INFINITY || !(c * c > limit * v)) continue;
      const size_t a = root(block, i), b = root(block, j);
      /* The smaller index stays the root: it is the first of its component. */
      if (a < b) block[b] = (int)a;
      else block[a] = (int)b;
    }
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t i = 0; i < p; i++) block[i] = (int)root(block, i);
  /* Number the roots in order; a root is never after its members. */
  size_t count = 0;
  for (size_t i = 0; i < p; i++)
    block[i] = (size_t)block[i] == i ? -(int)(++count) : block[i];
  for (size_t i = 0; i < p; i++) {
    if (block[i] >= 0) block[i] = block[block[i]];
  }
  for (size_t i = 0; i < p; i++) block[i] = -block[i] - 1;
  *n_blocks = count;
  return LMR_OK;
}

size_t linkage_find_bytes(size_t p) { return lmr_add_bytes(lmr_double_bytes(1, p * p), linkage_bytes(p)); }

lmr_status linkage_find(const double *within, size_t p, double n, const ld_rule *rule, int *block,
                        size_t *n_blocks, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *correlation;
  size_t components;
  LMR_TAKE(correlation, &work, p * p, err);
  LMR_TRY(linkage_correlations(within, p, n, rule, correlation, &components, work, tick, err));
  return linkage_blocks(correlation, p, rule, block, n_blocks, tick, err);
}
