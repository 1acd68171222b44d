/* Solving with the diagonal block of a triangular factor, for what core/la/la.h cuts into
 * panels: the rows of the unknown are packed into a block that stays in the first-level
 * cache and go through the row kernels of core/la/tall.h. */
#ifndef LMR_CORE_TRIANGLE_H
#define LMR_CORE_TRIANGLE_H

#include <stddef.h>

#include "core/base/cpu.h"

enum { TRIANGLE_MOST = 64 }; /* order of R */

/* op(R) X = B (side 'L') or X op(R) = B (side 'R') in place; R upper triangular, trans 'N' or
 * 'T'; B has `order` rows ('L') or columns ('R') and `count` of the other. Where the diagonal
 * of R is zero the unknown is zero. */
void triangle_solve(char side, char trans, size_t order, const double *r, size_t ldr, double *b, size_t ldb,
                    size_t count, lmr_cpu level);

#endif
