/* The minibatch kernels of curve_net.c for one instruction set: lanes run over
 * the hidden units, so that nothing is reduced but the output. Included with
 * the macros of tanh_lanes.h set; the stride is a multiple of the lanes. */
#include "core/tanh_lanes.h"

__attribute__((target(LANES_TARGET), always_inline)) static inline void LANES_NAME(forward_of)(
    const curve_net *net, const double *theta, size_t rows, const double *x, double *hidden,
    double *out, const size_t d) {
  typedef LANES_NAME(vd) vd;
  const size_t s = net->stride;
  const double *c = theta + d * s, *v = c + s;
  for (size_t b = 0; b < rows; b++) {
    const double *xb = x + b * d;
    double *h = hidden + b * s;
    vd sum = {0};
    for (size_t j = 0; j < s; j += LANES) {
      vd z = *(const vd *)(c + j);
      for (size_t k = 0; k < d; k++) z += *(const vd *)(theta + k * s + j) * xb[k];
      const vd t = LANES_NAME(tanh_lanes)(z);
      *(vd *)(h + j) = t;
      sum += t * *(const vd *)(v + j);
    }
    double total = 0;
    for (int l = 0; l < LANES; l++) total += sum[l];
    out[b] = net->scale * total + v[s];
  }
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(forward)(
    const curve_net *net, const double *theta, size_t rows, const double *x, double *hidden,
    double *out) {
  switch (net->inputs) {
    case 1: LANES_NAME(forward_of)(net, theta, rows, x, hidden, out, 1); break;
    case 2: LANES_NAME(forward_of)(net, theta, rows, x, hidden, out, 2); break;
    case 3: LANES_NAME(forward_of)(net, theta, rows, x, hidden, out, 3); break;
    case 4: LANES_NAME(forward_of)(net, theta, rows, x, hidden, out, 4); break;
    default: LANES_NAME(forward_of)(net, theta, rows, x, hidden, out, net->inputs);
  }
}

/* One pass over the rows per vector of units; `d` is a constant where this is
 * inlined, so that the sums stay in registers. */
__attribute__((target(LANES_TARGET), always_inline)) static inline void LANES_NAME(backward_of)(
    const curve_net *net, const double *theta, size_t rows, const double *x,
    const double *hidden, const double *dout, double *grad, const size_t d) {
  typedef LANES_NAME(vd) vd;
  const size_t s = net->stride;
  const double *v = theta + (d + 1) * s;
  double *gc = grad + d * s, *gv = gc + s;
  for (size_t j = 0; j < s; j += LANES) {
    const vd vj = *(const vd *)(v + j) * net->scale;
    vd sv = {0}, sc = {0}, sw[LANES_INPUTS];
    for (size_t k = 0; k < d; k++) sw[k] = (vd){0};
    for (size_t b = 0; b < rows; b++) {
      const vd t = *(const vd *)(hidden + b * s + j);
      const vd g = (1.0 - t * t) * dout[b];
      sv += t * dout[b];
      sc += g;
      for (size_t k = 0; k < d; k++) sw[k] += g * x[b * d + k];
    }
    *(vd *)(gv + j) = sv * net->scale;
    *(vd *)(gc + j) = sc * vj;
    for (size_t k = 0; k < d; k++) *(vd *)(grad + k * s + j) = sw[k] * vj;
  }
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(backward)(
    const curve_net *net, const double *theta, size_t rows, const double *x,
    const double *hidden, const double *dout, double *grad) {
  switch (net->inputs) {
    case 1: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 1); break;
    case 2: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 2); break;
    case 3: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 3); break;
    case 4: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 4); break;
    default: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, net->inputs);
  }
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(adam)(
    const curve_adam *a, size_t length, double rate, double unbias2, double decay,
    const double *grad, double *m, double *v, double *theta) {
  typedef LANES_NAME(vd) vd;
  for (size_t j = 0; j < length; j += LANES) {
    vd th = *(const vd *)(theta + j);
    const vd g = *(const vd *)(grad + j) + th * (2 * decay);
    const vd mj = *(const vd *)(m + j) * a->beta1 + g * (1 - a->beta1);
    const vd vj = *(const vd *)(v + j) * a->beta2 + g * g * (1 - a->beta2);
    *(vd *)(m + j) = mj;
    *(vd *)(v + j) = vj;
    const vd root = LANES_SQRT(vj * unbias2);
    *(vd *)(theta + j) = th - mj * rate / (root + a->eps);
  }
}
