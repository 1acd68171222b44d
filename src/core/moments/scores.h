/* Instrument scores: the traits (outcome, then exposures) seen through an ordered,
 * orthonormal set of instruments, after a block has been partialled out.
 *   z_j = (residual variants) direction_j, made orthonormal in the order given;
 *   G_j = z_j'[Y X], so that [Y X]'M_ZC[Y X] = [Y X]'M_C[Y X] - sum G_j'G_j. */
#ifndef LMR_CORE_SCORES_H
#define LMR_CORE_SCORES_H

#include "core/la/la.h"

/* Share of a direction's own size below which what is left of it after
 * partialling out is rounding error. */
#define SCORES_TOLERANCE 1e-11

/* residual: width x width cross product after partialling out; its first p
 * columns are variants. variance[width]: sums of squares of the columns before. trait[q]:
 * columns of the traits. directions: p x m, in order; NULL stands for
 * the variants themselves (m = p). g: q x m (a dropped direction has zeros),
 * kept[m]; slopes: p x q coefficients of the variants in the prediction of the traits, or NULL. A direction that the block explains,
 * or whose share unexplained by the earlier ones is below 1e-8, is dropped. */
size_t scores_bytes(size_t p, size_t m, size_t q);
lmr_status scores(const double *residual, const double *variance, size_t width, size_t p,
                  const int *trait, size_t q, const double *directions, size_t m, double *g,
                  double *slopes, int *kept, size_t *n_kept, lmr_arena work, const lmr_tick *tick,
                  lmr_error *err);

/* The orthonormal set itself: z_j of a person is (residual variants)'basis_j.
 * basis: p x m, its first *n_kept columns those of the kept directions, in their order. */
size_t scores_basis_bytes(size_t p, size_t m);
lmr_status scores_basis(const double *residual, const double *variance, size_t width, size_t p,
                        const double *directions, size_t m, double *basis, int *kept, size_t *n_kept,
                        lmr_arena work, const lmr_tick *tick,
                  lmr_error *err);

#endif
