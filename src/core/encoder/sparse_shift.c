#include "core/encoder/sparse_shift.h"

#include "core/base/rng.h"
#include "core/la/inverse.h"
#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { HISTORY = 12, STAGES = 3, MAX_STEPS = 400 };
static const double first_eps = .1;

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

size_t sparse_value_bytes(const sparse_problem *problem) {
  const size_t d = problem->d;
  return lmr_add_bytes(lmr_double_bytes(4, d * d), lmr_double_bytes(problem->pairs, d * d));
}

lmr_status sparse_value(const sparse_problem *problem, double eps, const double *b, double *value,
                        double *gradient, lmr_arena work, lmr_error *err) {
  const size_t d = problem->d, rows = d * problem->pairs;
  const double c = 1 / log(1 / eps);
  double *u, *copy, *inverse, *length, *mu, log_det;
  LMR_TAKE(u, &work, d * d, err);
  LMR_TAKE(copy, &work, d * d, err);
  LMR_TAKE(inverse, &work, d * d, err);
  LMR_TAKE(length, &work, d, err);
  LMR_TAKE(mu, &work, rows * d, err);
  for (size_t j = 0; j < d; j++) {
    length[j] = sqrt(dot(b + j * d, b + j * d, d));
    if (!(length[j] > 0)) return lmr_fail(err, LMR_ESINGULAR, "a direction is zero");
    for (size_t i = 0; i < d; i++) u[i + j * d] = b[i + j * d] / length[j];
  }
  memcpy(copy, u, d * d * sizeof *u);
  if (la_inverse_transposed(copy, d, inverse, &log_det, err) != LMR_OK)
    return lmr_fail(err, LMR_ESINGULAR, "the directions are dependent");
  if (rows) LMR_TRY(la_gemm('T', 'N', rows, d, d, 1, problem->m, d, u, d, 0, mu, rows, err));
  double sum = 0;
  for (size_t j = 0; j < d; j++) {
    const double *uj = u + j * d;
    double *slope = copy + j * d;
    for (size_t i = 0; i < d; i++) slope[i] = -problem->tau * inverse[i + j * d];
    for (size_t p = 0; p < problem->pairs; p++) {
      const double *mj = mu + p * d + j * rows;
      const double q = fmax(dot(uj, mj, d), 0);
      sum += log1p(q / eps);
      const double weight = 2 * c / (q + eps);
      if (gradient)
        for (size_t i = 0; i < d; i++) slope[i] += weight * mj[i];
    }
    if (!gradient) continue;
    const double along = dot(uj, slope, d);
    for (size_t i = 0; i < d; i++) gradient[i + j * d] = (slope[i] - along * uj[i]) / length[j];
  }
  *value = c * sum - problem->tau * log_det;
  return LMR_OK;
}

static void unit_columns(double *b, size_t d) {
  for (size_t j = 0; j < d; j++) {
    const double length = sqrt(dot(b + j * d, b + j * d, d));
    for (size_t i = 0; i < d; i++) b[i + j * d] /= length;
  }
}

/* The last steps s and changes y of the gradient, in a ring. */
typedef struct {
  double *s, *y, rho[HISTORY];
  size_t n, count, next;
} lbfgs_memory;

/* direction = -H gradient (Nocedal 1980, Math Comput 35:773). */
static void lbfgs_direction(const lbfgs_memory *memory, const double *gradient, double *direction) {
  const size_t n = memory->n;
  double alpha[HISTORY];
  for (size_t i = 0; i < n; i++) direction[i] = -gradient[i];
  for (size_t k = 0; k < memory->count; k++) {
    const size_t at = (memory->next + HISTORY - 1 - k) % HISTORY;
    alpha[at] = memory->rho[at] * dot(memory->s + at * n, direction, n);
    for (size_t i = 0; i < n; i++) direction[i] -= alpha[at] * memory->y[at * n + i];
  }
  if (memory->count) {
    const size_t last = (memory->next + HISTORY - 1) % HISTORY;
    const double *y = memory->y + last * n, scale = 1 / (memory->rho[last] * dot(y, y, n));
    for (size_t i = 0; i < n; i++) direction[i] *= scale;
  }
  for (size_t k = memory->count; k-- > 0;) {
    const size_t at = (memory->next + HISTORY - 1 - k) % HISTORY;
    const double beta = memory->rho[at] * dot(memory->y + at * n, direction, n);
    for (size_t i = 0; i < n; i++) direction[i] += (alpha[at] - beta) * memory->s[at * n + i];
  }
}

static void lbfgs_remember(lbfgs_memory *memory, const double *step, const double *change) {
  const size_t n = memory->n;
  const double curvature = dot(step, change, n);
  if (!(curvature > 1e-12 * dot(step, step, n))) return;
  memcpy(memory->s + memory->next * n, step, n * sizeof *step);
  memcpy(memory->y + memory->next * n, change, n * sizeof *change);
  memory->rho[memory->next] = 1 / curvature;
  memory->next = (memory->next + 1) % HISTORY;
  if (memory->count < HISTORY) memory->count++;
}

typedef struct {
  double *gradient, *direction, *point, *slope; /* d x d each */
  lbfgs_memory memory;
} descent;

/* Down from b at one eps; value: f there. */
static lmr_status descend(const sparse_problem *problem, double eps, descent *at, double *b, double *value,
                          double done, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = problem->d * problem->d;
  unit_columns(b, problem->d);
  LMR_TRY(sparse_value(problem, eps, b, value, at->gradient, work, err));
  at->memory.count = at->memory.next = 0;
  size_t still = 0;
  for (size_t step = 0; step < MAX_STEPS && still < 3; step++) {
    if (lmr_tick_poll(tick, done)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    lbfgs_direction(&at->memory, at->gradient, at->direction);
    double down = dot(at->gradient, at->direction, n);
    if (!(down < 0)) { /* the memory misleads: steepest descent */
      at->memory.count = at->memory.next = 0;
      lbfgs_direction(&at->memory, at->gradient, at->direction);
      down = dot(at->gradient, at->direction, n);
    }
    if (!(down < -1e-14)) break;
    double length = at->memory.count ? 1 : fmin(1, .5 / sqrt(-down)), next = INFINITY;
    lmr_status status = LMR_OK;
    size_t halvings = 0;
    for (; halvings < 30; halvings++, length /= 2) {
      for (size_t i = 0; i < n; i++) at->point[i] = b[i] + length * at->direction[i];
      status = sparse_value(problem, eps, at->point, &next, at->slope, work, err);
      if (status == LMR_OK && next <= *value + 1e-4 * length * down) break;
    }
    if (halvings == 30) break;
    still = *value - next < 1e-9 * (1 + fabs(next)) ? still + 1 : 0;
    for (size_t i = 0; i < n; i++) {
      at->direction[i] = at->point[i] - b[i];
      b[i] = at->point[i];
      const double change = at->slope[i] - at->gradient[i];
      at->gradient[i] = at->slope[i];
      at->slope[i] = change;
    }
    *value = next;
    lbfgs_remember(&at->memory, at->direction, at->slope);
  }
  unit_columns(b, problem->d);
  return LMR_OK;
}

size_t sparse_rows_bytes(const sparse_problem *problem) {
  return lmr_add_bytes(sparse_value_bytes(problem), lmr_double_bytes(5 + 2 * HISTORY, problem->d * problem->d));
}

lmr_status sparse_rows(const sparse_problem *problem, size_t starts, uint64_t seed, double *b,
                       double *values, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = problem->d * problem->d;
  descent at = {.memory = {.n = n}};
  double *trial, best = INFINITY;
  LMR_TAKE(trial, &work, n, err);
  LMR_TAKE(at.gradient, &work, n, err);
  LMR_TAKE(at.direction, &work, n, err);
  LMR_TAKE(at.point, &work, n, err);
  LMR_TAKE(at.slope, &work, n, err);
  LMR_TAKE(at.memory.s, &work, HISTORY * n, err);
  LMR_TAKE(at.memory.y, &work, HISTORY * n, err);
  for (size_t start = 0; start < starts; start++) {
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, start);
    for (size_t i = 0; i < n; i++) trial[i] = lmr_rng_normal(&rng);
    values[start] = INFINITY;
    lmr_status status = LMR_OK;
    double value = INFINITY;
    for (size_t stage = 0; stage < STAGES && status == LMR_OK; stage++)
      status = descend(problem, first_eps * pow(problem->last / first_eps, (double)stage / (STAGES - 1.)), &at, trial, &value, (double)start / (double)starts, work, tick, err);
    if (status == LMR_ESINGULAR) continue;
    if (status != LMR_OK) return status;
    values[start] = value;
    if (value < best - 1e-5 * (1 + fabs(value))) { /* rounding does not choose among equals */
      best = value;
      memcpy(b, trial, n * sizeof *b);
    }
  }
  if (!(best < INFINITY)) return lmr_fail(err, LMR_ESINGULAR, "no start gave independent directions");
  return LMR_OK;
}

/* ---- agreement ---- */

static size_t count_bits(unsigned set) {
  size_t n = 0;
  for (; set; set &= set - 1) n++;
  return n;
}

static void largest_clique(const double *t, size_t n, double limit, int reference, int *keep) {
  unsigned agrees[SPARSE_ENUMERATED], best = 0;
  for (size_t e = 0; e < n; e++) {
    agrees[e] = 1u << e;
    for (size_t f = 0; f < n; f++)
      if (f != e && t[e + f * n] < limit) agrees[e] |= 1u << f;
  }
  size_t most = 0;
  double least = INFINITY;
  for (unsigned set = 1; set < 1u << n; set++) {
    if (reference >= 0 && !(set >> reference & 1)) continue;
    const size_t size = count_bits(set);
    if (size < most) continue;
    int good = 1;
    for (size_t e = 0; e < n && good; e++)
      if (set >> e & 1) good = !(set & ~agrees[e]);
    if (!good) continue;
    double sum = 0;
    for (size_t e = 0; e < n; e++)
      for (size_t f = 0; f < e; f++)
        if (set >> e & set >> f & 1) sum += t[e + f * n];
    if (size > most || sum < least) {
      most = size;
      least = sum;
      best = set;
    }
  }
  for (size_t e = 0; e < n; e++) keep[e] = (int)(best >> e & 1);
}

static void greedy_clique(const double *t, size_t n, double limit, int reference, int *keep) {
  for (size_t e = 0; e < n; e++) keep[e] = 1;
  for (;;) {
    size_t worst = n, most = 0;
    double largest = 0;
    for (size_t e = 0; e < n; e++) {
      if (!keep[e] || (int)e == reference) continue;
      size_t count = 0;
      double sum = 0;
      for (size_t f = 0; f < n; f++) {
        if (f == e || !keep[f]) continue;
        count += !(t[e + f * n] < limit);
        sum += t[e + f * n];
      }
      if (count && (count > most || (count == most && sum > largest))) {
        worst = e;
        most = count;
        largest = sum;
      }
    }
    if (worst == n) return;
    keep[worst] = 0;
  }
}

void sparse_agreement(const double *t, size_t environments, double limit, int reference, int *keep) {
  if (environments <= SPARSE_ENUMERATED) largest_clique(t, environments, limit, reference, keep);
  else greedy_clique(t, environments, limit, reference, keep);
}
