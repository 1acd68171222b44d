/* Eigenvalues of eight symmetric tridiagonal matrices of one order at a time: the chain of
 * divisions of one (core/la/tridiagonal.h) leaves most of a core idle. */
#ifndef LMR_CORE_TRIDIAGONAL_MANY_H
#define LMR_CORE_TRIDIAGONAL_MANY_H

#include "core/base/cpu.h"
#include "core/base/status.h"

enum { TRIDIAGONAL_MANY = 8 };

/* Entry i of matrix k is d[i * 8 + k] and off[i * 8 + k], n and n - 1 of them, positive definite;
 * values ascending in the places of d, off destroyed. LMR_ENOCONV after 30 steps for each value
 * of one of them. Numbers depend on the level by rounding only. */
lmr_status tridiagonal_values_many(double *d, double *off, size_t n, lmr_cpu level, const lmr_tick *tick, lmr_error *err);

#endif
