#include "core/curve_adam.h"

#include <math.h>
#include <string.h>

typedef struct {
  curve_net net;
  double *theta, *m, *v, *grad;
  uint64_t step;
  curve_adam adam;
  double decay, noise;
} player;

static size_t player_doubles(size_t inputs, size_t width) {
  return 4 * curve_net_shape(inputs, width, 0).length;
}

size_t adam_bytes(const adam_rows *r, const adam_options *o) {
  const size_t d = sizeof(double), stride = (o->width + 7) / 8 * 8, b = o->batch;
  size_t total = lmr_bytes(player_doubles(r->da, o->width) + 2 * player_doubles(r->dz, o->width), d);
  total = lmr_add_bytes(total, lmr_bytes(2 * b * (stride + r->da + r->dz + 4), d));
  total = lmr_add_bytes(total, lmr_bytes(curve_net_shape(r->da, o->width, 0).length, d));
  return lmr_add_bytes(total, 4096);
}

static lmr_status join(player *p, size_t inputs, const adam_options *o, double decay, double noise,
                       lmr_rng *rng, lmr_arena *work, lmr_error *err) {
  p->net = curve_net_shape(inputs, o->width, o->mean_field);
  LMR_TAKE(p->theta, work, p->net.length, err);
  LMR_TAKE(p->m, work, p->net.length, err);
  LMR_TAKE(p->v, work, p->net.length, err);
  LMR_TAKE(p->grad, work, p->net.length, err);
  memset(p->m, 0, p->net.length * sizeof *p->m);
  memset(p->v, 0, p->net.length * sizeof *p->v);
  curve_net_start(&p->net, rng, p->theta);
  p->step = 0;
  const curve_adam adam = {o->rate, o->beta1, o->beta2, 1e-8};
  p->adam = adam;
  p->decay = decay;
  p->noise = noise;
  return LMR_OK;
}

static void move(lmr_cpu level, player *p, lmr_rng *rng) {
  curve_adam_step(level, &p->adam, p->net.length, ++p->step, p->decay, p->grad, p->m, p->v, p->theta);
  if (!(p->noise > 0)) return;
  const size_t s = p->net.stride; /* the pad stays zero */
  for (size_t k = 0; k < p->net.inputs + 2; k++)
    for (size_t j = 0; j < p->net.units; j++) p->theta[k * s + j] += p->noise * lmr_rng_normal(rng);
  p->theta[(p->net.inputs + 2) * s] += p->noise * lmr_rng_normal(rng);
}

static void draw(lmr_rng *rng, size_t count, const int *rows, size_t n, const double *x, size_t d,
                 const double *x2, size_t d2, double *out, double *out2) {
  for (size_t b = 0; b < count; b++) {
    const size_t i = (size_t)rows[lmr_rng_below(rng, n)];
    memcpy(out + b * d, x + i * d, d * sizeof *out);
    memcpy(out2 + b * d2, x2 + i * d2, d2 * sizeof *out2);
  }
}

lmr_status adam_fit(lmr_cpu level, const adam_rows *r, const adam_options *o, uint64_t seed,
                    double *theta, double *history, const lmr_tick *tick, lmr_arena work,
                    lmr_error *err) {
  const size_t b = o->batch;
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 2);
  player ha, ht, hw;
  const double noise = o->langevin;
  LMR_TRY(join(&ha, r->da, o, o->r2, noise, &rng, &work, err));
  LMR_TRY(join(&ht, r->dz, o, o->r1, noise, &rng, &work, err));
  LMR_TRY(join(&hw, r->dz, o, o->lambda * o->r1, noise * sqrt(o->lambda), &rng, &work, err));
  double *hidden, *a, *z, *y, *target, *out, *up, *other;
  LMR_TAKE(hidden, &work, 2 * b * ha.net.stride, err);
  LMR_TAKE(a, &work, b * r->da, err);
  LMR_TAKE(z, &work, 2 * b * r->dz, err); /* B2 first, then B1 */
  LMR_TAKE(y, &work, b, err);
  LMR_TAKE(target, &work, b, err);
  LMR_TAKE(out, &work, 2 * b, err);
  LMR_TAKE(up, &work, 2 * b, err);
  LMR_TAKE(other, &work, b, err);
  memset(theta, 0, ha.net.length * sizeof *theta);
  const double scale = 2 / (double)b;
  double *z1 = z + b * r->dz, lagrangian = 0, gap = 0;
  size_t since = 0, line = 0, averaged = 0;
  for (size_t step = 0; step < o->steps; step++) {
    draw(&rng, b, r->first, r->n1, r->a, r->da, r->z, r->dz, a, z1);
    draw(&rng, b, r->second, r->n2, r->y, 1, r->z, r->dz, y, z);
    curve_net_forward(level, &ha.net, ha.theta, b, a, hidden, target);
    for (size_t k = 0; k < o->inner; k++) {
      curve_net_forward(level, &ht.net, ht.theta, b, z1, hidden, out);
      for (size_t i = 0; i < b; i++) up[i] = scale * (out[i] - target[i]);
      curve_net_backward(level, &ht.net, ht.theta, b, z1, hidden, up, ht.grad);
      move(level, &ht, &rng);
    }
    for (size_t k = 0; k < o->inner; k++) {
      curve_net_forward(level, &hw.net, hw.theta, 2 * b, z, hidden, out);
      for (size_t i = 0; i < b; i++) {
        up[i] = scale * (out[i] - y[i]);
        up[b + i] = o->lambda * scale * (out[b + i] - target[i]);
      }
      curve_net_backward(level, &hw.net, hw.theta, 2 * b, z, hidden, up, hw.grad);
      move(level, &hw, &rng);
    }
    for (size_t i = 0; i < b; i++) lagrangian += (out[i] - y[i]) * (out[i] - y[i]) / (2 * (double)b);
    draw(&rng, b, r->first, r->n1, r->a, r->da, r->z, r->dz, a, z1);
    curve_net_forward(level, &ht.net, ht.theta, b, z1, hidden, out);
    curve_net_forward(level, &hw.net, hw.theta, b, z1, hidden, other);
    curve_net_forward(level, &ha.net, ha.theta, b, a, hidden, target);
    for (size_t i = 0; i < b; i++) {
      const double d = out[i] - other[i];
      up[i] = o->lambda * scale * d;
      gap += d * d / (double)b;
      const double w = target[i] - other[i], t = target[i] - out[i];
      lagrangian += o->lambda * (w * w - t * t) / (2 * (double)b);
    }
    curve_net_backward(level, &ha.net, ha.theta, b, a, hidden, up, ha.grad);
    move(level, &ha, &rng);
    if (2 * step >= o->steps) {
      averaged++;
      for (size_t j = 0; j < ha.net.length; j++) theta[j] += (ha.theta[j] - theta[j]) / (double)averaged;
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
