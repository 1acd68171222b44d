/* Dense products for matrices that fit no cache: packed panels and a tile of
 * 16 x 8 in registers. R's reference BLAS runs these at a tenth of what one core
 * can do. Numbers depend on the level only. Called through la.h. */
#ifndef LMR_CORE_GEMM_H
#define LMR_CORE_GEMM_H

#include "core/base/cpu.h"
#include "core/base/status.h"

/* C := alpha op(A) op(B) + beta C, all column-major; op(A) is m x k, op(B) k x n,
 * ta, tb 'N' or 'T'. upper: only entries on and above the diagonal of C are
 * computed or touched. `tick` is polled between panels; returns whether it asked to stop. */
int gemm(char ta, char tb, size_t m, size_t n, size_t k, double alpha, const double *a,
         size_t lda, const double *b, size_t ldb, double beta, double *c, size_t ldc, int upper,
         lmr_cpu level, const lmr_tick *tick);

#endif
