/* What the largest eigenvalue of the genotype encoder's M is when there is no
 * structure at all: n people, p independent whitened variants, q contrasts.
 *   m (q x p) ~ N(0, I/n),  N ~ Wishart(n - q)/n scaled to unit diagonal,
 *   A = N - I,  M = m'm + A+^2 / 2
 * Up to STRUCTURE_NULL_EXACT variants the matrices are drawn. Above, the
 * eigenvalues of a Wishart matrix are drawn through its bidiagonal form
 * (Silverstein 1985, Ann. Probab. 13:1364; O(p^2) a draw) and, A being invariant
 * to rotation, the largest eigenvalue of diag + m'm is the root of a q x q
 * secular equation. Within 3 % of the drawn quantile for p > 64, on the large side. */
#ifndef LMR_CORE_STRUCTURE_NULL_H
#define LMR_CORE_STRUCTURE_NULL_H

#include "core/la/la.h"

#define STRUCTURE_NULL_EXACT 64

/* largest[draws]; draw i uses stream i of `seed`. exact: 1 draw matrices, 0 the
 * secular form, -1 choose by p. Needs n - q > p for the secular form; a smaller n
 * draws matrices. */
size_t structure_null_bytes(size_t p, size_t q);
lmr_status structure_null(size_t n, size_t p, size_t q, size_t draws, uint64_t seed, int exact, double *largest,
                          lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The same where the variants are taken as independent, so that A = 0: the largest eigenvalue of
 * m m' (q x q), 0 for q = 0. O(p q^2) a draw, and no matrix of p x p. */
size_t structure_null_unlinked_bytes(size_t q);
lmr_status structure_null_unlinked(double n, size_t p, size_t q, size_t draws, uint64_t seed, double *largest,
                                   lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
