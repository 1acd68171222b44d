#include "core/curve/curve_adam.h"

#include "core/curve/curve_batch.h"
#include "core/la/adam.h"

#include <math.h>
#include <string.h>

typedef struct {
  curve_net net;
  float *theta, *m, *v, *grad;
  adam_rule adam;
  double noise;
} player;

static size_t player_bytes(size_t inputs, size_t width) {
  const size_t length = curve_net_shape(inputs, width, 0).length;
  return lmr_add_bytes(4 * lmr_bytes(length, sizeof(float)), lmr_bytes(length, sizeof(double)));
}

size_t adam_bytes(const adam_rows *r, const adam_options *o) {
  const size_t f = sizeof(float), stride = curve_net_shape(1, o->width, 0).stride, b = o->batch;
  size_t total = lmr_add_bytes(player_bytes(r->da, o->width), 2 * player_bytes(r->dz, o->width));
  total = lmr_add_bytes(total, lmr_bytes(r->n, f));
  total = lmr_add_bytes(total, lmr_bytes(r->n * r->da, f));
  total = lmr_add_bytes(total, lmr_bytes(r->n * r->dz, f));
  total = lmr_add_bytes(total, lmr_bytes(2 * b * stride, f));
  total = lmr_add_bytes(total, lmr_bytes(b * r->da, f));
  total = lmr_add_bytes(total, lmr_bytes(2 * b * r->dz, f));
  total = lmr_add_bytes(total, 5 * lmr_bytes(2 * b, f));
  total = lmr_add_bytes(total, lmr_bytes(r->n, f));
  total = lmr_add_bytes(total, lmr_bytes(r->n * r->da, f));
  total = lmr_add_bytes(total, lmr_bytes(b * r->da, f));
  total = lmr_add_bytes(total, 3 * lmr_bytes(b, f));
  total = lmr_add_bytes(total, lmr_bytes(curve_net_shape(r->da, o->width, 0).length, f));
  return lmr_add_bytes(total, 4096);
}

static lmr_status join(player *p, size_t inputs, const adam_options *o, double decay, double noise,
                       lmr_rng *rng, lmr_arena *work, lmr_error *err) {
  p->net = curve_net_shape(inputs, o->width, o->mean_field);
  const size_t length = p->net.length;
  LMR_TAKE(p->theta, work, length, err);
  LMR_TAKE(p->m, work, length, err);
  LMR_TAKE(p->v, work, length, err);
  LMR_TAKE(p->grad, work, length, err);
  memset(p->m, 0, length * sizeof *p->m);
  memset(p->v, 0, length * sizeof *p->v);
  double *start;
  lmr_arena tail = *work;
  LMR_TAKE(start, &tail, length, err);
  curve_net_start(&p->net, rng, start);
  for (size_t j = 0; j < length; j++) p->theta[j] = (float)start[j];
  p->adam = adam_start(o->rate, o->beta1, o->beta2);
  p->adam.penalty = decay;
  p->noise = noise;
  return LMR_OK;
}

static void move(player *p, lmr_rng *rng, lmr_cpu level) {
  adam_next(&p->adam);
  adam_step_f32(&p->adam, p->net.length, p->grad, p->m, p->v, p->theta, level);
  if (!(p->noise > 0)) return;
  const size_t s = p->net.stride; /* the pad stays zero */
  for (size_t k = 0; k < p->net.inputs + 2; k++)
    for (size_t j = 0; j < p->net.units; j++) 
      p->theta[k * s + j] += (float)(p->noise * lmr_rng_normal(rng));
  p->theta[(p->net.inputs + 2) * s] += (float)(p->noise * lmr_rng_normal(rng));
}

static void draw(lmr_rng *rng, size_t count, const int *rows, size_t n, const float *x, size_t d,
                 const float *x2, size_t d2, float *out, float *out2, int *drawn) {
  for (size_t b = 0; b < count; b++) {
    const size_t i = (size_t)rows[lmr_rng_below(rng, n)];
    drawn[b] = (int)i;
    memcpy(out + b * d, x + i * d, d * sizeof *out);
    memcpy(out2 + b * d2, x2 + i * d2, d2 * sizeof *out2);
  }
}

static lmr_status narrow(size_t count, const double *from, float **to, lmr_arena *work,
                         lmr_error *err) {
  LMR_TAKE(*to, work, count, err);
  for (size_t i = 0; i < count; i++) (*to)[i] = (float)from[i];
  return LMR_OK;
}

/* The treatment net on a minibatch, with the second row of adam_rows where there is one. */
typedef struct {
  const float *all, *mask; /* NULL: none */
  float *a, *m, *value, *up, *grad;
  int *drawn;
} second_row;

static lmr_status second_take(const adam_rows *r, size_t batch, size_t length, second_row *s, lmr_arena *work,
                              lmr_error *err) {
  float *all = NULL, *mask = NULL;
  LMR_TAKE(s->drawn, work, batch, err);
  if (r->next) {
    LMR_TRY(narrow(r->n * r->da, r->next, &all, work, err));
    LMR_TRY(narrow(r->n, r->mask, &mask, work, err));
    LMR_TAKE(s->a, work, batch * r->da, err);
    LMR_TAKE(s->m, work, batch, err);
    LMR_TAKE(s->value, work, batch, err);
    LMR_TAKE(s->up, work, batch, err);
    LMR_TAKE(s->grad, work, length, err);
  }
  s->all = all;
  s->mask = mask;
  return LMR_OK;
}

/* target := h(a) - mask h(next); hidden: 2 batch rows, those of the second row after the first ones. */
static void treatment_forward(const player *p, size_t batch, const float *a, const second_row *s, float *hidden,
                              float *target, lmr_cpu level) {
  const size_t d = p->net.inputs;
  curve_batch_forward(&p->net, p->theta, batch, a, hidden, target, level);
  if (!s->all) return;
  for (size_t i = 0; i < batch; i++) {
    memcpy(s->a + i * d, s->all + (size_t)s->drawn[i] * d, d * sizeof *s->a);
    s->m[i] = s->mask[s->drawn[i]];
  }
  curve_batch_forward(&p->net, p->theta, batch, s->a, hidden + batch * p->net.stride, s->value, level);
  for (size_t i = 0; i < batch; i++) target[i] -= s->m[i] * s->value[i];
}

/* From what the forward pass left in hidden. */
static void treatment_backward(const player *p, size_t batch, const float *a, const second_row *s, const float *hidden,
                               const float *up, lmr_cpu level) {
  curve_batch_backward(&p->net, p->theta, batch, a, hidden, up, p->grad, level);
  if (!s->all) return;
  for (size_t i = 0; i < batch; i++) s->up[i] = -s->m[i] * up[i];
  curve_batch_backward(&p->net, p->theta, batch, s->a, hidden + batch * p->net.stride, s->up, s->grad, level);
  for (size_t j = 0; j < p->net.length; j++) p->grad[j] += s->grad[j];
}

lmr_status adam_fit(const adam_rows *r, const adam_options *o, uint64_t seed, double *theta, double *history,
                    lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t b = o->batch;
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 2);
  player ha, ht, hw;
  const double noise = o->langevin;
  LMR_TRY(join(&ha, r->da, o, o->r2, noise, &rng, &work, err));
  LMR_TRY(join(&ht, r->dz, o, o->r1, noise, &rng, &work, err));
  LMR_TRY(join(&hw, r->dz, o, o->lambda * o->r1, noise * sqrt(o->lambda), &rng, &work, err));
  float *all_a, *all_z, *all_y, *hidden, *a, *z, *y, *target, *out, *up, *other;
  LMR_TRY(narrow(r->n * r->da, r->a, &all_a, &work, err));
  LMR_TRY(narrow(r->n * r->dz, r->z, &all_z, &work, err));
  LMR_TRY(narrow(r->n, r->y, &all_y, &work, err));
  LMR_TAKE(hidden, &work, 2 * b * ha.net.stride, err);
  LMR_TAKE(a, &work, b * r->da, err);
  LMR_TAKE(z, &work, 2 * b * r->dz, err); /* B2 first, then B1 */
  LMR_TAKE(y, &work, b, err);
  LMR_TAKE(target, &work, b, err);
  LMR_TAKE(out, &work, 2 * b, err);
  LMR_TAKE(up, &work, 2 * b, err);
  LMR_TAKE(other, &work, b, err);
  second_row next;
  LMR_TRY(second_take(r, b, ha.net.length, &next, &work, err));
  memset(theta, 0, ha.net.length * sizeof *theta);
  const float scale = 2 / (float)b, lambda = (float)o->lambda;
  float *z1 = z + b * r->dz;
  double lagrangian = 0, gap = 0; /* sums over the steps of a line of history */
  size_t since = 0, line = 0, averaged = 0;
  for (size_t step = 0; step < o->steps; step++) {
    draw(&rng, b, r->first, r->n1, all_a, r->da, all_z, r->dz, a, z1, next.drawn);
    treatment_forward(&ha, b, a, &next, hidden, target, level);
    draw(&rng, b, r->second, r->n2, all_y, 1, all_z, r->dz, y, z, next.drawn);
    for (size_t k = 0; k < o->inner; k++) {
      curve_batch_forward(&ht.net, ht.theta, b, z1, hidden, out, level);
      for (size_t i = 0; i < b; i++) up[i] = scale * (out[i] - target[i]);
      curve_batch_backward(&ht.net, ht.theta, b, z1, hidden, up, ht.grad, level);
      move(&ht, &rng, level);
    }
    for (size_t k = 0; k < o->inner; k++) {
      curve_batch_forward(&hw.net, hw.theta, 2 * b, z, hidden, out, level);
      for (size_t i = 0; i < b; i++) {
        up[i] = scale * (out[i] - y[i]);
        up[b + i] = lambda * scale * (out[b + i] - target[i]);
      }
      curve_batch_backward(&hw.net, hw.theta, 2 * b, z, hidden, up, hw.grad, level);
      move(&hw, &rng, level);
    }
    float loss = 0;
    for (size_t i = 0; i < b; i++) loss += (out[i] - y[i]) * (out[i] - y[i]);
    draw(&rng, b, r->first, r->n1, all_a, r->da, all_z, r->dz, a, z1, next.drawn);
    curve_batch_forward(&ht.net, ht.theta, b, z1, hidden, out, level);
    curve_batch_forward(&hw.net, hw.theta, b, z1, hidden, other, level);
    treatment_forward(&ha, b, a, &next, hidden, target, level);
    float distance = 0;
    for (size_t i = 0; i < b; i++) {
      const float d = out[i] - other[i], w = target[i] - other[i], t = target[i] - out[i];
      up[i] = lambda * scale * d;
      distance += d * d;
      loss += lambda * (w * w - t * t);
    }
    gap += distance / (double)b;
    lagrangian += loss / (2 * (double)b);
    treatment_backward(&ha, b, a, &next, hidden, up, level);
    move(&ha, &rng, level);
    if (2 * step >= o->steps) {
      averaged++;
      for (size_t j = 0; j < ha.net.length; j++) theta[j] += ((double)ha.theta[j] - theta[j]) / (double)averaged;
    }
    since++;
    if ((step + 1) * ADAM_HISTORY / o->steps > line) {
      history[line] = (double)(step + 1);
      history[line + ADAM_HISTORY] = lagrangian / (double)since;
      history[line + 2 * ADAM_HISTORY] = gap / (double)since;
      if (!isfinite(history[line + ADAM_HISTORY]))
        return lmr_fail(err, LMR_ENONFINITE, "the loss is not finite after %.0f steps", (double)(step + 1));
      line++;
      since = 0;
      lagrangian = gap = 0;
    }
    if (step % 64 == 0 && lmr_tick_poll(tick, (double)step / (double)o->steps))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}
