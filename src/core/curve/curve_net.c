#include "core/curve/curve_net.h"

#include "core/la/fastmath.h"

#include <math.h>
#include <string.h>

void curve_units(size_t points, const double *x, size_t units, const double *slope, const double *shift, double *t,
                 lmr_cpu level) {
  for (size_t j = 0; j < units; j++) {
    double *tj = t + j * points;
    for (size_t p = 0; p < points; p++) tj[p] = slope[j] * x[p] + shift[j];
    vtanh(tj, tj, points, level);
  }
}

void curve_units_slope(size_t points, const double *weight, size_t units, const double *slope,
                       const double *t, double *d) {
  for (size_t j = 0; j < units; j++) {
    const double *tj = t + j * points;
    double sum = 0;
    for (size_t p = 0; p < points; p++) sum += weight[p] * (1 - tj[p] * tj[p]);
    d[j] = slope[j] * sum;
  }
}

void curve_units_backward(size_t points, const double *x, size_t units, const double *t,
                          const double *up, const double *out, double *dslope, double *dshift) {
  for (size_t j = 0; j < units; j++) {
    const double *tj = t + j * points;
    double s0[4] = {0}, s1[4] = {0}; /* four chains: the sum is latency bound */
    for (size_t p = 0; p < points; p++) {
      const double g = up[p] * (1 - tj[p] * tj[p]);
      s0[p & 3] += g;
      s1[p & 3] += g * x[p];
    }
    dshift[j] = out[j] * (s0[0] + s0[1] + s0[2] + s0[3]);
    dslope[j] = out[j] * (s1[0] + s1[1] + s1[2] + s1[3]);
  }
}

curve_net curve_net_shape(size_t inputs, size_t units, int mean_field) {
  curve_net net = {inputs, units, (units + 15) / 16 * 16, 0, mean_field ? 1 / (double)units : 1};
  net.length = (inputs + 2) * net.stride + 16;
  return net;
}

void curve_net_start(const curve_net *net, lmr_rng *rng, double *theta) {
  const size_t s = net->stride;
  const double in = 1 / sqrt((double)net->inputs), out = 1 / sqrt((double)net->units);
  memset(theta, 0, net->length * sizeof *theta);
  for (size_t k = 0; k < net->inputs + 2; k++) {
    const double bound = k < net->inputs + 1 ? in : out / net->scale;
    for (size_t j = 0; j < net->units; j++)
      theta[k * s + j] = bound * (2 * lmr_rng_uniform(rng) - 1);
  }
  theta[(net->inputs + 2) * s] = out * (2 * lmr_rng_uniform(rng) - 1);
}

void curve_net_forward(const curve_net *net, const double *theta, size_t rows, const double *x,
                       double *hidden, double *out) {
  const size_t s = net->stride, d = net->inputs;
  const double *c = theta + d * s, *v = c + s;
  for (size_t b = 0; b < rows; b++) {
    double sum = 0;
    for (size_t j = 0; j < s; j++) {
      double z = c[j];
      for (size_t k = 0; k < d; k++) z += theta[k * s + j] * x[b * d + k];
      hidden[b * s + j] = tanh(z);
      sum += v[j] * hidden[b * s + j];
    }
    out[b] = net->scale * sum + v[s];
  }
}

void curve_net_backward(const curve_net *net, const double *theta, size_t rows, const double *x,
                        const double *hidden, const double *dout, double *grad) {
  const size_t s = net->stride, d = net->inputs;
  const double *v = theta + (d + 1) * s;
  memset(grad, 0, net->length * sizeof *grad);
  for (size_t b = 0; b < rows; b++) {
    for (size_t j = 0; j < s; j++) {
      const double t = hidden[b * s + j], g = net->scale * dout[b];
      const double gz = g * v[j] * (1 - t * t);
      grad[(d + 1) * s + j] += g * t;
      grad[d * s + j] += gz;
      for (size_t k = 0; k < d; k++) grad[k * s + j] += gz * x[b * d + k];
    }
    grad[(d + 2) * s] += dout[b];
  }
}

void curve_net_slope(const curve_net *net, const double *theta, size_t rows, const double *hidden,
                     double *out) {
  const size_t s = net->stride;
  const double *v = theta + (net->inputs + 1) * s;
  for (size_t b = 0; b < rows; b++) {
    double sum = 0;
    for (size_t j = 0; j < net->units; j++) {
      const double t = hidden[b * s + j];
      sum += v[j] * theta[j] * (1 - t * t);
    }
    out[b] = net->scale * sum;
  }
}
