/* Sines and cosines of arrays, with AVX-512 or AVX2 about ten times faster than
 * libm, which is the plain level and does the arguments of |x| >= SINCOS_LIMIT.
 * Absolute error at most 2.5e-16 (tested); NaN and infinities give NaN.
 *   x = k pi/2 + r, |r| <= pi/4, pi/2 taken off in three parts (Cody and Waite),
 *   sin r and cos r by their Taylor polynomials to r^15 and r^16. */
#ifndef LMR_CORE_SINCOS_H
#define LMR_CORE_SINCOS_H

#include "core/base/cpu.h"
#include "core/base/status.h"

#define SINCOS_LIMIT 1e5 /* k pi/2's first part is exact up to 2^20 turns */

/* cosine[i], sine[i] = cos and sin of in[i]; no overlap. */
void vsincos(double *cosine, double *sine, const double *in, size_t n, lmr_cpu level);

#endif
