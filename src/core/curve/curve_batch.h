/* Kernels of the three-net loop, in single precision: a whole net over a
 * minibatch. Same nets and same formulas as
 * curve_net_forward() and curve_net_backward(), which are their twins in double.
 * theta, grad: net->length floats; x: rows x inputs, by row; hidden: rows x
 * net->stride, written by the forward pass and read by the backward pass. */
#ifndef LMR_CORE_CURVE_BATCH_H
#define LMR_CORE_CURVE_BATCH_H

#include "core/curve/curve_net.h"

void curve_batch_forward(const curve_net *net, const float *theta, size_t rows, const float *x, float *hidden,
                         float *out, lmr_cpu level);
/* grad := d sum_b dout_b h(x_b) / d theta. */
void curve_batch_backward(const curve_net *net, const float *theta, size_t rows, const float *x,
                          const float *hidden, const float *dout, float *grad, lmr_cpu level);

#endif
