#include "core/effect/exclusion.h"

#include <math.h>

typedef struct {
  const exclusion_box *box;
  double sign, linear, q;
  double *gamma, *slope; /* slope = V_zz gamma - V_zy, half the gradient of v */
} corner;

static double value(const corner *c, double linear, double q) {
  return c->sign * linear + c->box->t * sqrt(fmax(q, 0));
}

static void place(corner *c) {
  const exclusion_box *box = c->box;
  const size_t L = box->L, ld = L + 1;
  c->linear = box->b;
  c->q = box->v[0];
  for (size_t j = 0; j < L; j++) {
    double s = -box->v[(j + 1) * ld];
    for (size_t i = 0; i < L; i++) s += box->v[(i + 1) + (j + 1) * ld] * c->gamma[i];
    c->slope[j] = s;
    c->linear -= box->a[j] * c->gamma[j];
    c->q += c->gamma[j] * (s - box->v[(j + 1) * ld]);
  }
}

/* The step of instrument j to its other bound, and what it makes of the two terms. */
static double step(const corner *c, size_t j, double *linear, double *q) {
  const exclusion_box *box = c->box;
  const double d = box->lo[j] + box->hi[j] - 2 * c->gamma[j];
  *linear = c->linear - box->a[j] * d;
  *q = c->q + 2 * d * c->slope[j] + d * d * box->v[(j + 1) * (box->L + 2)];
  return d;
}

static void take(corner *c, size_t j, double d, double linear, double q) {
  const size_t ld = c->box->L + 1;
  for (size_t i = 0; i < c->box->L; i++) c->slope[i] += d * c->box->v[(i + 1) + (j + 1) * ld];
  c->gamma[j] += d;
  c->linear = linear;
  c->q = q;
}

size_t exclusion_bytes(size_t L) {
  return lmr_add_bytes(lmr_double_bytes(2, L), lmr_bytes(L, sizeof(size_t)));
}

lmr_status exclusion_end(const exclusion_box *box, int sign, double *end, double *gamma,
                         lmr_arena work, lmr_error *err) {
  const size_t L = box->L;
  corner c = {.box = box, .sign = sign};
  size_t *room, free = 0;
  LMR_TAKE(c.gamma, &work, L, err);
  LMR_TAKE(c.slope, &work, L, err);
  LMR_TAKE(room, &work, L, err);
  for (size_t j = 0; j < L; j++) {
    if (!(box->lo[j] <= box->hi[j])) return lmr_fail(err, LMR_EINVAL, "bounds of instrument %zu", j + 1);
    if (box->lo[j] < box->hi[j]) room[free++] = j;
    c.gamma[j] = sign * box->a[j] < 0 ? box->hi[j] : box->lo[j];
  }
  place(&c);
  double best = value(&c, c.linear, c.q);
  for (size_t j = 0; j < L; j++) gamma[j] = c.gamma[j];
  double linear, q;
  if (free <= EXCLUSION_ALL) {
    /* Gray code: corner k + 1 differs from corner k in the lowest set bit of k + 1. */
    for (size_t k = 1; k < (size_t)1 << free; k++) {
      size_t bit = 0;
      while (!(k >> bit & 1)) bit++;
      const size_t j = room[bit];
      const double d = step(&c, j, &linear, &q);
      take(&c, j, d, linear, q);
      const double here = value(&c, linear, q);
      if (here > best) {
        best = here;
        for (size_t i = 0; i < L; i++) gamma[i] = c.gamma[i];
      }
    }
  } else {
    for (int moved = 1, pass = 0; moved && pass < 100; pass++) {
      moved = 0;
      for (size_t k = 0; k < free; k++) {
        const double d = step(&c, room[k], &linear, &q);
        const double here = value(&c, linear, q);
        if (!(here > best + 1e-14 * fabs(best))) continue;
        best = here;
        moved = 1;
        take(&c, room[k], d, linear, q);
      }
    }
    for (size_t j = 0; j < L; j++) gamma[j] = c.gamma[j];
  }
  /* Steps of doubles drift: the end is that of the corner itself. */
  for (size_t j = 0; j < L; j++) {
    gamma[j] = gamma[j] > (box->lo[j] + box->hi[j]) / 2 ? box->hi[j] : box->lo[j];
    c.gamma[j] = gamma[j];
  }
  place(&c);
  *end = sign * value(&c, c.linear, c.q);
  return LMR_OK;
}
