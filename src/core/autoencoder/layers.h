/* The building blocks of a small net, forward beside backward, in single (_f32) and
 * double (_f64) precision and for every instruction set (layers_lanes.h). All
 * matrices are row-major; widths and leading dimensions of what is written are
 * multiples of LAYER_PAD, and the pad of a matrix is zero.
 *   product   C = A B or C += A B, C m x n, B k x n; element (i, l) of A is at
 *             a[i * row + l * step], so that A may be a transpose
 *   norm      out = max(0, gain x + shift), x = (y + bias - mean) / sd over the
 *             units of a row (layer norm of Ba, Kiros and Hinton 2016, eps 1e-5; ReLU) */
#ifndef LMR_CORE_LAYERS_H
#define LMR_CORE_LAYERS_H

#include "core/base/cpu.h"

#include <stddef.h>

enum { LAYER_PAD = 16, LAYER_MAX_WIDTH = 512 }; /* units of a normalised layer */

#define LAYERS_DECLARE(real, suffix)                                                                      \
  typedef struct {                                                                                \
    void (*product)(size_t m, size_t n, size_t k, const real *a, size_t row, size_t step,         \
                    const real *b, size_t ldb, real *c, size_t ldc, int add);                     \
    /* y (rows x width): in, the products; out, x. inverse[rows] = 1 / sd. */                     \
    void (*norm)(size_t rows, size_t width, const real *bias, const real *gain, const real *shift, \
                 real *y, real *inverse, real *out);                                              \
    /* up: in, d loss / d out; out, d loss / d y. The three gradients are added to. */            \
    void (*norm_back)(size_t rows, size_t width, const real *gain, const real *x,                 \
                      const real *inverse, const real *out, real *up, real *g_bias, real *g_gain, \
                      real *g_shift);                                                             \
  } layers##suffix;                                                                               \
  const layers##suffix *layers##suffix##_at(lmr_cpu level);

LAYERS_DECLARE(float, _f32)
LAYERS_DECLARE(double, _f64)

#endif
