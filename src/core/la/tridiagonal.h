/* Eigenvalues and vectors of symmetric tridiagonal matrices by pieces that poll.
 * d[n]: the diagonal, on return the eigenvalues, ascending; off[n - 1]: beside it, destroyed. */
#ifndef LMR_CORE_TRIDIAGONAL_H
#define LMR_CORE_TRIDIAGONAL_H

#include "core/base/arena.h"

/* Values alone: implicit QL or QR without square roots (Pal, Walker, Kahan; Parlett, The
 * Symmetric Eigenvalue Problem, 8.15). LMR_ENOCONV after 30 steps for one of them. */
lmr_status tridiagonal_values(double *d, double *off, size_t n, const lmr_tick *tick, lmr_error *err);

/* Values and vectors (columns of z, n x n): divide and conquer (Cuppen 1981), roots of the
 * secular equation by LAPACK's dlaed4, vectors that are orthogonal whatever is close (Gu and
 * Eisenstat 1995). */
size_t tridiagonal_vectors_bytes(size_t n);
lmr_status tridiagonal_vectors(double *d, double *off, size_t n, double *z, size_t ldz, lmr_arena work,
                               const lmr_tick *tick, lmr_error *err);

#endif
