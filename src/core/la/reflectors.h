/* Householder reflectors H_j = 1 - tau_j v_j v_j', v_j zero above entry j + `down`, one
 * there, and the tail below it stored under the diagonal as LAPACK's dgeqrf (down = 0) and a
 * lower dsytrd (down = 1) leave it; products Q = H_1 ... H_k applied by blocks. */
#ifndef LMR_CORE_REFLECTORS_H
#define LMR_CORE_REFLECTORS_H

#include "core/base/arena.h"

/* The reflector that maps x[n] to (beta, 0, ...): x becomes (1, tail of v); returns tau,
 * 0 when there is nothing to do. */
double reflector(double *x, size_t n, double *beta);

/* B := Q B (trans 'N') or Q' B ('T'); B is m x columns, v m x k. */
size_t reflectors_bytes(size_t m, size_t columns);
lmr_status reflectors_apply(char trans, const double *v, size_t ldv, const double *tau, size_t m,
                            size_t k, size_t down, double *b, size_t columns, size_t ldb,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* R and the reflectors of A (m x n, in place, as dgeqrf leaves them), tau[min(m, n)]. */
size_t reflectors_qr_bytes(size_t m, size_t n);
lmr_status reflectors_qr(double *a, size_t m, size_t n, size_t ld, double *tau, lmr_arena work,
                         const lmr_tick *tick, lmr_error *err);

#endif
