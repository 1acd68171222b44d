/* Two-layer tanh nets: values, derivatives, gradients. Two views of the same
 * unit tanh(w'x + c):
 *  - a block of units over all support points, one exposure (closed solver);
 *  - a whole net over rows, many inputs (three-net loop; the loop itself runs the
 *    single-precision kernels of curve_batch.h). */
#ifndef LMR_CORE_CURVE_NET_H
#define LMR_CORE_CURVE_NET_H

#include "core/base/cpu.h"
#include "core/base/rng.h"

/* ---- a block of units in one exposure ------------------------------------ */
/* t (points x units) = tanh(slope_j x + shift_j). */
void curve_units(size_t points, const double *x, size_t units, const double *slope, const double *shift, double *t,
                 lmr_cpu level);
/* d[j] = sum_p weight_p * d t_pj / dx, from the values t. */
void curve_units_slope(size_t points, const double *weight, size_t units, const double *slope,
                       const double *t, double *d);
/* Gradient of sum_pj up_p out_j t_pj with respect to slope and shift. */
void curve_units_backward(size_t points, const double *x, size_t units, const double *t,
                          const double *up, const double *out, double *dslope, double *dshift);

/* ---- a net over rows ------------------------------------------------------- */
/* h(x) = scale * sum_j v_j tanh(sum_k w_kj x_k + c_j) + d. One block of
 * numbers: rows w_1..w_inputs, c, v of `stride` (units rounded up to 16, the pad is
 * and stays zero), then d and fifteen zeros. scale = 1, or 1/units (mean field). */
typedef struct {
  size_t inputs, units, stride, length;
  double scale;
} curve_net;
curve_net curve_net_shape(size_t inputs, size_t units, int mean_field);
/* The start of torch's Linear layers, U(-1/sqrt(fan in), 1/sqrt(fan in)); output
 * weights times 1/scale under mean-field scaling. */
void curve_net_start(const curve_net *net, lmr_rng *rng, double *theta);
/* out[b], hidden (rows x stride) kept for the backward pass; x: rows x inputs, by row. */
void curve_net_forward(const curve_net *net, const double *theta, size_t rows,
                       const double *x, double *hidden, double *out);
/* d h / d x_1 at rows, from what the forward pass left in hidden. */
void curve_net_slope(const curve_net *net, const double *theta, size_t rows, const double *hidden,
                     double *out);
/* grad (length) := d sum_b dout_b h(x_b) / d theta. */
void curve_net_backward(const curve_net *net, const double *theta, size_t rows, const double *x,
                        const double *hidden, const double *dout, double *grad);

#endif
