/* The minibatch kernels of curve_batch.c for one instruction set: lanes run over
 * the hidden units, so that nothing is reduced but the output. Included with
 * LANES (floats in a vector), LANES_TARGET, LANES_NAME(x), LANES_SUM(x),
 * LANES_CLAMP(x, low, high) and LANES_INVERSE(x) (reciprocal of positive numbers) set. */
typedef float LANES_NAME(vf) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* x P(x^2) / Q(x^2), minimax in relative error (2e-8) on |x| <= 9, where float's tanh is 1. */
__attribute__((target(LANES_TARGET), always_inline)) static inline LANES_NAME(vf)
    LANES_NAME(tanh_float)(LANES_NAME(vf) x) {
  typedef LANES_NAME(vf) vf;
  x = LANES_CLAMP(x, -9, 9);
  const vf u = x * x;
  vf p = u * TANH_P4 + TANH_P3, q = u * TANH_Q4 + TANH_Q3;
  p = p * u + TANH_P2;
  q = q * u + TANH_Q2;
  p = p * u + TANH_P1;
  q = q * u + TANH_Q1;
  p = p * u + 1.0f;
  q = q * u + TANH_Q0;
  return x * p * LANES_INVERSE(q);
}

__attribute__((target(LANES_TARGET), always_inline)) static inline void LANES_NAME(forward_of)(
    const curve_net *net, const float *theta, size_t rows, const float *x, float *hidden,
    float *out, const size_t d) {
  typedef LANES_NAME(vf) vf;
  const size_t s = net->stride;
  const float *c = theta + d * s, *v = c + s, scale = (float)net->scale;
  for (size_t b = 0; b < rows; b++) {
    const float *xb = x + b * d;
    float *h = hidden + b * s;
    vf sum = {0};
    for (size_t j = 0; j < s; j += LANES) {
      vf z = *(const vf *)(c + j);
#pragma GCC unroll 4
      for (size_t k = 0; k < d; k++) z += *(const vf *)(theta + k * s + j) * xb[k];
      const vf t = LANES_NAME(tanh_float)(z);
      *(vf *)(h + j) = t;
      sum += t * *(const vf *)(v + j);
    }
    out[b] = scale * LANES_SUM(sum) + v[s];
  }
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(forward)(
    const curve_net *net, const float *theta, size_t rows, const float *x, float *hidden,
    float *out) {
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
    const curve_net *net, const float *theta, size_t rows, const float *x,
    const float *hidden, const float *dout, float *grad, const size_t d) {
  typedef LANES_NAME(vf) vf;
  const size_t s = net->stride;
  const float *v = theta + (d + 1) * s, scale = (float)net->scale;
  float *gc = grad + d * s, *gv = gc + s;
  for (size_t j = 0; j < s; j += LANES) {
    const vf vj = *(const vf *)(v + j) * scale;
    vf sv = {0}, sc = {0}, sw[LANES_INPUTS];
#pragma GCC unroll 4
    for (size_t k = 0; k < d; k++) sw[k] = (vf){0};
    for (size_t b = 0; b < rows; b++) {
      const vf t = *(const vf *)(hidden + b * s + j), up = (vf){0} + dout[b];
      const vf ut = t * up, g = up - ut * t;
      sv += ut;
      sc += g;
#pragma GCC unroll 4
      for (size_t k = 0; k < d; k++) sw[k] += g * x[b * d + k];
    }
    *(vf *)(gv + j) = sv * scale;
    *(vf *)(gc + j) = sc * vj;
#pragma GCC unroll 4
    for (size_t k = 0; k < d; k++) *(vf *)(grad + k * s + j) = sw[k] * vj;
  }
}

__attribute__((target(LANES_TARGET))) static void LANES_NAME(backward)(
    const curve_net *net, const float *theta, size_t rows, const float *x,
    const float *hidden, const float *dout, float *grad) {
  switch (net->inputs) {
    case 1: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 1); break;
    case 2: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 2); break;
    case 3: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 3); break;
    case 4: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, 4); break;
    default: LANES_NAME(backward_of)(net, theta, rows, x, hidden, dout, grad, net->inputs);
  }
}
