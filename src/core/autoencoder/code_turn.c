#include "core/autoencoder/code_turn.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"

enum { TURN_MEMORY = 8, TURN_STEPS = 100, TURN_HALVINGS = 20 };

typedef struct {
  const code_penalty *p;
  size_t n, d, angles;
  const size_t *start;
  double *x, *s, *gradient; /* n x d */
  double *up, *by;          /* d x d */
  lmr_cpu level;
  const lmr_tick *tick;
} turn_work;

/* Gram-Schmidt, twice for orthogonality to rounding. */
static lmr_status orthonormal(size_t d, double *m, lmr_error *err) {
  for (size_t j = 0; j < d; j++) {
    double *c = m + j * d;
    for (int twice = 0; twice < 2; twice++) {
      for (size_t k = 0; k < j; k++) {
        double dot = 0;
        for (size_t i = 0; i < d; i++) dot += c[i] * m[i + k * d];
        for (size_t i = 0; i < d; i++) c[i] -= dot * m[i + k * d];
      }
      double norm = 0;
      for (size_t i = 0; i < d; i++) norm += c[i] * c[i];
      norm = sqrt(norm);
      if (!(norm > 1e-12)) return lmr_fail(err, LMR_ESINGULAR, "column %zu of a rotation is dependent", j + 1);
      for (size_t i = 0; i < d; i++) c[i] /= norm;
    }
  }
  return LMR_OK;
}

/* The loss at x m; slope[angles]: derivatives in the rotations of column b of Vhat
 * against column j of What, at slope[j * variant + b]. */
static lmr_status turn_loss(const turn_work *t, const double *m, double *value, double *slope, lmr_arena work,
                            lmr_error *err) {
  const size_t n = t->n, d = t->d, w = t->p->invariant;
  if (lmr_tick_poll(t->tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  code_terms terms;
  LMR_TRY(la_gemm('N', 'N', n, d, d, 1, t->x, n, m, d, 0, t->s, n, err));
  LMR_TRY(code_loss(t->p, n, t->start, t->s, &terms, t->gradient, t->level, work, err));
  *value = t->p->mmd * terms.mmd + t->p->hsic / 2 * (terms.hsic_within + terms.hsic_pooled);
  if (!isfinite(*value)) return lmr_fail(err, LMR_ENONFINITE, "the penalties of the code are not finite");
  LMR_TRY(la_gemm('T', 'N', d, d, n, 1, t->x, n, t->gradient, n, 0, t->up, d, err));
  LMR_TRY(la_gemm('T', 'N', d, d, d, 1, m, d, t->up, d, 0, t->by, d, err));
  for (size_t j = 0; j < w; j++)
    for (size_t b = w; b < d; b++) slope[j * (d - w) + b - w] = t->by[b + j * d] - t->by[j + b * d];
  return LMR_OK;
}

/* to := m rotated by `angle`, to first order, and made orthonormal. */
static lmr_status rotate(const turn_work *t, const double *m, const double *angle, double step, double *to,
                         lmr_error *err) {
  const size_t d = t->d, w = t->p->invariant;
  memcpy(to, m, d * d * sizeof *to);
  for (size_t j = 0; j < w; j++)
    for (size_t b = w; b < d; b++) {
      const double a = step * angle[j * (d - w) + b - w];
      for (size_t i = 0; i < d; i++) {
        to[i + j * d] += a * m[i + b * d];
        to[i + b * d] -= a * m[i + j * d];
      }
    }
  return orthonormal(d, to, err);
}

typedef struct {
  double *change, *fall, *weight; /* TURN_MEMORY x angles twice, and TURN_MEMORY */
  size_t kept;
} memory;

static double inner(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* direction := minus the inverse Hessian of the memory times slope (two loops). */
static void descend(const memory *h, size_t n, const double *slope, double *direction) {
  double alpha[TURN_MEMORY];
  const size_t from = h->kept > TURN_MEMORY ? h->kept - TURN_MEMORY : 0;
  for (size_t i = 0; i < n; i++) direction[i] = -slope[i];
  for (size_t k = h->kept; k-- > from;) {
    const double *s = h->change + k % TURN_MEMORY * n, *y = h->fall + k % TURN_MEMORY * n;
    alpha[k % TURN_MEMORY] = h->weight[k % TURN_MEMORY] * inner(n, s, direction);
    for (size_t i = 0; i < n; i++) direction[i] -= alpha[k % TURN_MEMORY] * y[i];
  }
  if (h->kept) {
    const double *s = h->change + (h->kept - 1) % TURN_MEMORY * n, *y = h->fall + (h->kept - 1) % TURN_MEMORY * n;
    const double unit = inner(n, s, y) / inner(n, y, y);
    for (size_t i = 0; i < n; i++) direction[i] *= unit;
  }
  for (size_t k = from; k < h->kept; k++) {
    const double *s = h->change + k % TURN_MEMORY * n, *y = h->fall + k % TURN_MEMORY * n;
    const double beta = h->weight[k % TURN_MEMORY] * inner(n, y, direction);
    for (size_t i = 0; i < n; i++) direction[i] += (alpha[k % TURN_MEMORY] - beta) * s[i];
  }
}

size_t code_turn_bytes(const code_penalty *p, size_t n) {
  code_penalty q = *p;
  if (!q.degree) q.degree = 2;
  const size_t d = p->invariant + p->variant, angles = p->invariant * p->variant;
  size_t bytes = lmr_add_bytes(lmr_double_bytes(3, n * d), lmr_double_bytes(5, d * d));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(d, sizeof(int)), lmr_double_bytes(3, angles)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, TURN_MEMORY * angles));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, TURN_MEMORY));
  return lmr_add_bytes(bytes, code_loss_bytes(&q, n));
}

lmr_status code_turn(const code_penalty *p, size_t n, const size_t *start, const double *u, size_t tries,
                     lmr_rng *rng, double *mean, double *map, double *back, double *value, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t d = p->invariant + p->variant, angles = p->invariant * p->variant;
  code_penalty penalty = *p;
  if (!penalty.degree) penalty.degree = 2;
  penalty.entropy = 0; /* the blocks stay white */
  turn_work t = {.p = &penalty, .n = n, .d = d, .angles = angles, .start = start, .level = level, .tick = tick};
  memory h = {0};
  int *kept;
  double *root, *m, *next, *slope, *slope_next, *direction;
  LMR_TAKE(t.x, &work, n * d, err);
  LMR_TAKE(t.s, &work, n * d, err);
  LMR_TAKE(t.gradient, &work, n * d, err);
  LMR_TAKE(t.up, &work, d * d, err);
  LMR_TAKE(t.by, &work, d * d, err);
  LMR_TAKE(root, &work, d * d, err);
  LMR_TAKE(kept, &work, d, err);
  LMR_TAKE(m, &work, d * d, err);
  LMR_TAKE(next, &work, d * d, err);
  LMR_TAKE(slope, &work, angles, err);
  LMR_TAKE(slope_next, &work, angles, err);
  LMR_TAKE(direction, &work, angles, err);
  LMR_TAKE(h.change, &work, TURN_MEMORY * angles, err);
  LMR_TAKE(h.fall, &work, TURN_MEMORY * angles, err);
  LMR_TAKE(h.weight, &work, TURN_MEMORY, err);
  for (size_t j = 0; j < d; j++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += u[i + j * n];
    mean[j] = sum / (double)n;
    for (size_t i = 0; i < n; i++) t.s[i + j * n] = u[i + j * n] - mean[j];
  }
  LMR_TRY(la_gemm('T', 'N', d, d, n, 1 / (double)n, t.s, n, t.s, n, 0, root, d, err));
  size_t rank;
  LMR_TRY(la_chol_drop(root, d, d, 1e-10, kept, &rank, err));
  if (rank < d) return lmr_fail(err, LMR_ESINGULAR, "the code has %zu independent columns, not %zu", rank, d);
  for (size_t j = 0; j < d; j++)
    for (size_t i = j + 1; i < d; i++) root[i + j * d] = 0;
  memcpy(t.x, t.s, n * d * sizeof *t.x);
  LMR_TRY(la_trsm('R', 'N', n, d, 1, root, d, t.x, n, err));
  *value = INFINITY;
  for (size_t k = 0; k < tries; k++) {
    double now;
    for (size_t i = 0; i < d * d; i++) m[i] = lmr_rng_normal(rng);
    LMR_TRY(orthonormal(d, m, err));
    LMR_TRY(turn_loss(&t, m, &now, slope, work, err));
    h.kept = 0;
    for (size_t at = 0; at < TURN_STEPS; at++) {
      descend(&h, angles, slope, direction);
      double along = inner(angles, slope, direction), far = 0, step = 1, then = 0;
      if (!(along < 0)) break;
      for (size_t i = 0; i < angles; i++) far = fmax(far, fabs(direction[i]));
      if (far > .5) step = .5 / far;
      size_t halved = 0;
      for (; halved < TURN_HALVINGS; halved++, step /= 2) {
        LMR_TRY(rotate(&t, m, direction, step, next, err));
        LMR_TRY(turn_loss(&t, next, &then, slope_next, work, err));
        if (then <= now + 1e-4 * step * along) break;
      }
      if (halved == TURN_HALVINGS) break;
      double *s = h.change + h.kept % TURN_MEMORY * angles, *y = h.fall + h.kept % TURN_MEMORY * angles;
      for (size_t i = 0; i < angles; i++) s[i] = step * direction[i], y[i] = slope_next[i] - slope[i];
      const double curve = inner(angles, s, y);
      if (curve > 0) h.weight[h.kept++ % TURN_MEMORY] = 1 / curve;
      else h.kept = 0;
      memcpy(m, next, d * d * sizeof *m);
      memcpy(slope, slope_next, angles * sizeof *slope);
      const int done = now - then < 1e-8 * (fabs(now) + 1e-3);
      now = then;
      if (done) break;
    }
    if (now >= *value) continue;
    *value = now;
    memcpy(map, m, d * d * sizeof *map);
    LMR_TRY(la_trsm('L', 'N', d, d, 1, root, d, map, d, err));
    LMR_TRY(la_gemm('T', 'N', d, d, d, 1, m, d, root, d, 0, back, d, err));
  }
  return LMR_OK;
}
