/* Where the instruments move the exposure. A curve enters the moments only through
 * its derivative: E[h(X) Q] = integral of h'(x) cov(1{X > x}, Q) dx (the weights of Angrist
 * and Imbens 1995, JASA 90:431). Where P(X > x) does not depend on the instruments, the
 * data say nothing about h'(x). */
#ifndef LMR_CORE_CURVE_MOVED_H
#define LMR_CORE_CURVE_MOVED_H

#include "core/base/arena.h"

enum { MOVED_CUTS = 99 }; /* the percentiles of the exposure */

size_t curve_moved_bytes(size_t n, size_t count);
/* q: n x count orthonormal, the first `fixed` span what is partialled out. For every
 * percentile cut[j] of x: statistic[j] = -(n - (count + fixed + 2) / 2) log(1 - R2), R2 the share
 * that the other count - fixed columns explain of 1{x > cut[j]} given the fixed
 * ones: chi-square with count - fixed degrees of freedom when they do not move x across the cut.
 * NaN where nobody, or everybody, is above. next[j]: the smallest exposure above the cut. */
lmr_status curve_moved(size_t n, const double *x, const double *q, size_t fixed, size_t count,
                       double *cut, double *next, double *statistic, lmr_arena work, lmr_error *err);

#endif
