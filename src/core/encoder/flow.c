#include "core/encoder/flow_split.h"

#include "core/base/rng.h"
#include "core/encoder/stationary.h"
#include "core/la/tall.h"

#include <math.h>
#include <string.h>

static size_t longest(const flow_options *o, size_t d) {
  const flow_shape shape = {d, 1, o->rounds * o->hinges};
  return flow_length(&shape);
}

/* ---- hinges ---- */

typedef struct {
  double score, c[FLOW_MAX_DIM], b;
} candidate;

static size_t candidate_bytes(const flow_options *o, size_t rows, size_t d) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(2, rows * d), lmr_double_bytes(1, rows * d * (d + 1) / 2));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows * (o->hinges + 1)));
  return lmr_add_bytes(bytes, lmr_bytes(o->candidates, sizeof(candidate)));
}

static double correlation(const double *a, const double *b, const double *w, size_t n) {
  double s = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (size_t i = 0; i < n; i++) {
    s += w[i];
    sa += w[i] * a[i];
    sb += w[i] * b[i];
    saa += w[i] * a[i] * a[i];
    sbb += w[i] * b[i] * b[i];
    sab += w[i] * a[i] * b[i];
  }
  const double va = saa * s - sa * sa, vb = sbb * s - sb * sb;
  return va > 0 && vb > 0 ? (sab * s - sa * sb) / sqrt(va * vb) : 1;
}

/* Adds up to `hinges` of them: the candidates whose score in r^2 is most negative for its
 * spread, skipping those that follow one already taken. */
static lmr_status add_hinges(const flow_options *o, const flow_part *train, const flow_laws *laws, const size_t *take,
                             lmr_rng *rng, flow_shape *shape, double *theta, lmr_cpu level, lmr_arena work,
                             lmr_error *err) {
  const size_t d = shape->d;
  size_t n = 0;
  for (size_t e = 0; e < train->rows.environments; e++) n += take[e];
  double *x, *h, *inverse, *weight, *sigma;
  candidate *pool;
  LMR_TAKE(x, &work, n * d, err);
  LMR_TAKE(h, &work, n * d, err);
  LMR_TAKE(inverse, &work, n * d * (d + 1) / 2, err);
  LMR_TAKE(weight, &work, n, err);
  LMR_TAKE(sigma, &work, n * (o->hinges + 1), err);
  LMR_TAKE(pool, &work, o->candidates, err);
  flow_context(shape, theta, &train->rows, laws, take, x, h, inverse, level);
  double mass = 0;
  size_t at = 0;
  for (size_t e = 0; e < train->rows.environments; e++)
    for (size_t i = 0; i < take[e]; i++, at++) mass += weight[at] = train->weight[train->first[e] + i];
  for (size_t k = 0; k < o->candidates; k++) {
    static const double steep[] = {1.5, 3, 6};
    candidate *one = pool + k;
    double norm = 0;
    for (size_t j = 0; j < d; j++) {
      one->c[j] = lmr_rng_normal(rng);
      norm += one->c[j] * one->c[j];
    }
    const double scale = steep[lmr_rng_below(rng, 3)] / sqrt(norm);
    size_t row;
    do row = lmr_rng_below(rng, n);
    while (!(weight[row] > 0)); /* not a padding row */
    one->b = 0;
    for (size_t j = 0; j < d; j++) {
      one->c[j] *= scale;
      one->b -= one->c[j] * x[row + j * n];
    }
    double sum, squares;
    flow_candidate(d, n, x, h, inverse, weight, one->c, one->b, NULL, &sum, &squares, level);
    const double mean = sum / mass, variance = squares / mass - mean * mean;
    one->score = variance > 0 ? mean / sqrt(variance) : 0;
  }
  for (size_t taken = 0; taken < o->hinges;) {
    candidate *best = NULL;
    for (size_t k = 0; k < o->candidates; k++)
      if (pool[k].score < 0 && (!best || pool[k].score < best->score)) best = pool + k;
    if (!best) break;
    best->score = 0;
    double *mine = sigma + taken * n, sum, squares, norm = 0;
    flow_candidate(d, n, x, h, inverse, weight, best->c, best->b, mine, &sum, &squares, level);
    int follows = 0;
    for (size_t k = 0; k < taken && !follows; k++) follows = fabs(correlation(mine, sigma + k * n, weight, n)) >= .8;
    if (follows) continue;
    double *to = theta + flow_length(shape);
    for (size_t j = 0; j < d; j++) norm += best->c[j] * best->c[j];
    to[0] = .3 / sqrt(norm);
    to[1] = best->b;
    memcpy(to + 2, best->c, d * sizeof *to);
    shape->hinges++;
    taken++;
  }
  return LMR_OK;
}

/* ---- natural gradient ---- */

typedef struct {
  const flow_options *options;
  const flow_part *train;
  const size_t *take; /* rows of F by environment */
  lmr_cpu level;
  flow_laws laws, next_laws;
  double *next, *gradient, *step, *scores, *root, *fisher, *damped;
  lmr_arena work; /* shared by the calls below */
} descent;

static size_t align_bytes(size_t rows, size_t d, size_t environments);

static size_t descent_bytes(const flow_options *o, size_t train_rows, size_t fisher_rows, size_t d,
                            size_t environments) {
  const size_t length = longest(o, d);
  const flow_shape shape = {d, 1, o->rounds * o->hinges};
  size_t bytes = lmr_add_bytes(lmr_double_bytes(3, length), lmr_double_bytes(2, length * length));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, fisher_rows * length), lmr_double_bytes(1, fisher_rows)));
  const size_t inner[] = {flow_loss_bytes(&shape, train_rows), flow_gradient_bytes(&shape), tall_crossprod_bytes(length),
                          candidate_bytes(o, fisher_rows, d), align_bytes(train_rows, d, environments)};
  size_t most = 0;
  for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
    if (inner[i] > most) most = inner[i];
  return lmr_add_bytes(bytes, most);
}

/* At most `steps` trial steps from theta, whose loss comes in and goes out. */
static lmr_status descend(descent *o, const flow_shape *shape, double *theta, size_t steps, double *loss,
                          size_t *done, const lmr_tick *tick, lmr_error *err) {
  const size_t length = flow_length(shape), environments = o->train->rows.environments;
  double lambda = 1e-2;
  int fresh = 1, small = 0;
  size_t n = 0;
  for (size_t e = 0; e < environments; e++) n += o->take[e];
  LMR_TRY(flow_loss(shape, theta, &o->train->rows, &o->laws, 0, loss, o->level, o->work, err));
  for (*done = 0; *done < steps && small < 3; ++*done) {
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    if (fresh) {
      LMR_TRY(flow_gradient(shape, theta, &o->train->rows, &o->laws, o->gradient, o->level, o->work, err));
      LMR_TRY(flow_scores(shape, theta, &o->train->rows, &o->laws, o->take, o->scores, o->level, err));
      LMR_TRY(tall_crossprod(o->scores, n, length, n, o->root, o->fisher, o->level, o->work, tick, err));
    }
    memcpy(o->damped, o->fisher, length * length * sizeof *o->damped);
    for (size_t j = 0; j < length; j++) o->damped[j + j * length] += lambda * o->fisher[j + j * length] + 1e-7;
    memcpy(o->step, o->gradient, length * sizeof *o->step);
    double now = INFINITY;
    lmr_error ignored; /* a step into a singular covariance is a bad step */
    if (la_chol(o->damped, length, length, &ignored) == LMR_OK) {
      LMR_TRY(la_trsm('L', 'T', length, 1, 1, o->damped, length, o->step, length, err));
      LMR_TRY(la_trsm('L', 'N', length, 1, 1, o->damped, length, o->step, length, err));
      for (size_t j = 0; j < length; j++) o->next[j] = theta[j] - o->step[j];
      if (flow_loss(shape, o->next, &o->train->rows, &o->next_laws, 0, &now, o->level, o->work, &ignored) != LMR_OK)
        now = INFINITY;
    }
    fresh = now < *loss;
    lambda = fresh ? lambda / 3 : lambda * 4;
    if (!fresh) continue;
    small = *loss - now < 2e-5 ? small + 1 : 0;
    *loss = now;
    memcpy(theta, o->next, length * sizeof *theta);
    const flow_laws swap = o->laws;
    o->laws = o->next_laws;
    o->next_laws = swap;
  }
  return LMR_OK;
}

/* ---- realignment ---- */

static size_t align_bytes(size_t rows, size_t d, size_t environments) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, rows * d), lmr_double_bytes(1, rows));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, environments * d), lmr_double_bytes(1, environments)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, environments * d * d), lmr_bytes(environments, sizeof(double *))));
  return lmr_add_bytes(bytes, stationary_bytes(d, d));
}

/* Turns A so that the invariant block is the stationary subspace of what the flow gives
 * now, when that lowers the loss: a direction that fell into the wrong block does not
 * come back by small steps. */
static lmr_status align(descent *o, const flow_shape *shape, double *theta, double *loss, lmr_error *err) {
  const size_t d = shape->d, n = o->train->rows.n, environments = o->train->rows.environments;
  const size_t *first = o->train->rows.first;
  lmr_arena work = o->work;
  double *y, *logdet, *mean, *people, *cross, values[FLOW_MAX_DIM], turn[FLOW_MAX_DIM * FLOW_MAX_DIM], now;
  const double **crosses;
  LMR_TAKE(y, &work, n * d, err);
  LMR_TAKE(logdet, &work, n, err);
  LMR_TAKE(mean, &work, environments * d, err);
  LMR_TAKE(people, &work, environments, err);
  LMR_TAKE(cross, &work, environments * d * d, err);
  LMR_TAKE(crosses, &work, environments, err);
  flow_forward(shape, theta, n, o->train->rows.x, y, logdet, o->level);
  for (size_t e = 0; e < environments; e++) {
    double *c = cross + e * d * d, *mu = mean + e * d;
    people[e] = o->train->share[e];
    crosses[e] = c;
    flow_moments(y, n, 0, d, first[e], first[e + 1], o->train->weight, people[e], mu, c);
    for (size_t j = 0; j < d * d; j++) c[j] *= people[e];
  }
  const moment_view view = {environments, d, people, mean, crosses};
  size_t columns;
  LMR_TRY(stationary_directions(&view, d, values, turn, &columns, work, NULL, err));
  if (columns < d) return LMR_OK;
  const size_t length = flow_length(shape);
  memcpy(o->next, theta, length * sizeof *theta);
  LMR_TRY(la_gemm('T', 'N', d, d, d, 1, turn, d, theta, d, 0, o->next, d, err));
  LMR_TRY(flow_loss(shape, o->next, &o->train->rows, &o->next_laws, 0, &now, o->level, o->work, err));
  if (!(now < *loss)) return LMR_OK;
  *loss = now;
  memcpy(theta, o->next, length * sizeof *theta);
  const flow_laws swap = o->laws;
  o->laws = o->next_laws;
  o->next_laws = swap;
  return LMR_OK;
}

/* ---- one start ---- */

static size_t fisher_rows(const flow_options *o, size_t environments) { return o->fisher + FLOW_LANES * environments; }

size_t flow_bytes(const flow_options *o, size_t n, size_t d, size_t environments) {
  const size_t train = flow_part_rows(o->train, n, environments), held = flow_part_rows(o->held, n, environments);
  size_t bytes = lmr_add_bytes(flow_part_bytes(train, d, environments), flow_part_bytes(held, d, environments));
  bytes = lmr_add_bytes(bytes, lmr_bytes(n, sizeof(int)));
  bytes = lmr_add_bytes(bytes, 6 * lmr_bytes(environments, sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, environments * d));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, environments * d * d));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, environments));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, longest(o, d)));
  return lmr_add_bytes(bytes, descent_bytes(o, train > held ? train : held, fisher_rows(o, environments), d, environments));
}

/* dn->root: weights of the rows of the Fisher information, shares of the environments as in
 * the loss. */
static lmr_status descent_take(descent *dn, size_t length, lmr_arena *work, lmr_error *err) {
  const flow_part *train = dn->train;
  const size_t d = train->rows.d, environments = train->rows.environments;
  flow_laws *const both[] = {&dn->laws, &dn->next_laws};
  for (size_t i = 0; i < 2; i++) {
    LMR_TAKE(both[i]->mean, work, environments * d, err);
    LMR_TAKE(both[i]->precision, work, environments * d * d, err);
    LMR_TAKE(both[i]->half, work, environments, err);
  }
  size_t rows = 0, at = 0;
  for (size_t e = 0; e < environments; e++) rows += dn->take[e];
  LMR_TAKE(dn->next, work, length, err);
  LMR_TAKE(dn->gradient, work, length, err);
  LMR_TAKE(dn->step, work, length, err);
  LMR_TAKE(dn->fisher, work, length * length, err);
  LMR_TAKE(dn->damped, work, length * length, err);
  LMR_TAKE(dn->scores, work, rows * length, err);
  LMR_TAKE(dn->root, work, rows, err);
  for (size_t e = 0; e < environments; e++) {
    double mass = 0;
    for (size_t i = 0; i < dn->take[e]; i++) mass += train->weight[train->first[e] + i];
    for (size_t i = 0; i < dn->take[e]; i++, at++)
      dn->root[at] = train->weight[train->first[e] + i] * train->share[e] / mass;
  }
  dn->work = *work;
  return LMR_OK;
}

lmr_status flow_fit(const double *x, size_t n, size_t d, const int *environment, size_t environments, size_t w,
                    const flow_options *o, uint64_t seed, uint64_t start, double *theta, flow_result *result,
                    lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (d < 2 || d > FLOW_MAX_DIM || w >= d || o->rounds > FLOW_MAX_ROUNDS ||
      o->rounds * o->hinges > FLOW_MAX_HINGES)
    return lmr_fail(err, LMR_EINVAL, "flow: dimensions out of range");
  const size_t length = longest(o, d);
  flow_part train, held;
  size_t *use;
  double *best;
  LMR_TRY(flow_part_take(&train, flow_part_rows(o->train, n, environments), d, environments, &work, err));
  LMR_TRY(flow_part_take(&held, flow_part_rows(o->held, n, environments), d, environments, &work, err));
  LMR_TAKE(use, &work, environments, err);
  LMR_TAKE(best, &work, length, err);
  LMR_TRY(flow_split(x, n, environment, o, seed, &train, &held, use, work, err));
  descent dn = {.options = o, .train = &train, .take = use, .level = level};
  LMR_TRY(descent_take(&dn, length, &work, err));

  lmr_rng rng;
  lmr_rng_seed(&rng, seed, start + 1);
  flow_shape shape = {d, w, 0};
  memset(theta, 0, length * sizeof *theta);
  for (size_t j = 0; j < d; j++) theta[j + j * d] = 1;
  double loss, now;
  size_t steps;
  LMR_TRY(descend(&dn, &shape, theta, o->steps, &loss, &steps, tick, err));
  LMR_TRY(flow_loss(&shape, theta, &held.rows, &dn.laws, 1, &now, level, dn.work, err));
  *result = (flow_result){.shape = shape, .linear = now, .held = now, .train = loss};
  memcpy(best, theta, length * sizeof *best);
  for (size_t round = 0; round < o->rounds; round++) {
    LMR_TRY(align(&dn, &shape, theta, &loss, err));
    LMR_TRY(add_hinges(o, &train, &dn.laws, use, &rng, &shape, theta, level, dn.work, err));
    LMR_TRY(descend(&dn, &shape, theta, round + 1 < o->rounds ? o->steps : o->last, &loss, &steps, tick, err));
    LMR_TRY(flow_loss(&shape, theta, &held.rows, &dn.laws, 1, &now, level, dn.work, err));
    result->round_held[round] = now;
    result->round_train[round] = loss;
    result->round_steps[round] = steps;
    result->rounds = round + 1;
    if (now < result->held) {
      result->held = now;
      result->train = loss;
      result->shape = shape;
      memcpy(best, theta, length * sizeof *best);
    }
    if (!round && result->linear - result->held < o->least) break;
  }
  memcpy(theta, best, length * sizeof *theta);
  return LMR_OK;
}
