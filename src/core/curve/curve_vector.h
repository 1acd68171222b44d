/* Curves of several exposures h(a_1 .. a_k): treatment features
 *   flat [a] | second degree a_i a_j (i <= j), less [1, a], variance 1 | M blocks of tanh(w'a + c),
 * each block centred and scaled to total variance 1. Everything in standard units. */
#ifndef LMR_CORE_CURVE_VECTOR_H
#define LMR_CORE_CURVE_VECTOR_H

#include "core/base/arena.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"

typedef struct {
  size_t exposures, squares, members, units, columns;
  double *weight;  /* exposures x units x members */
  double *shift;   /* units x members */
  double *product; /* (2 + exposures) x squares: constant, slopes, length of what is taken off a product */
  double *block;   /* [members] */
  double *mean;    /* [columns] of the scaled columns */
} vector_nets;

/* The sizes alone. */
vector_nets vector_shape(size_t exposures, size_t members, size_t units);
/* Knots at rows of a (n x exposures), directions uniform, slopes log-uniform on (.7, 2) for
 * even members and (.4, 1.2) for odd ones. */
void vector_start(vector_nets *s, size_t n, const double *a, lmr_rng *rng);
/* Products less their regression on [1, a]; those that are linear in a (of an exposure of two values)
 * become 0. LMR_ESINGULAR where the exposures are collinear. a has mean 0. */
lmr_status vector_products(vector_nets *s, size_t n, const double *a, lmr_error *err);

enum { VECTOR_VALUE = -1 };
/* All columns at count rows (a: count x exposures, out: count x columns). by = VECTOR_VALUE, or the exposure of the
 * derivative. raw: neither centred nor block-scaled. */
void vector_at(const vector_nets *s, size_t count, const double *a, int by, int raw, double *out, lmr_cpu level);

#endif
