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

/* What stands for directions'residual directions where it is at hand: with T_t the
 * products directions'A directions of cross products A (q x q, of which the rows and
 * columns from `from` on belong to the directions given), sum_t sign_t T_t less what the
 * block explains, taken taken' (width x n_taken, core/moments/partial.h). */
typedef struct {
  const double *const *cross;
  const double *sign;
  size_t terms, q, from;
  const double *taken;
  size_t n_taken;
} scores_turned;

/* residual: width x width cross product after partialling out; its first p
 * columns are variants. variance[width]: sums of squares of the columns before. trait[q]:
 * columns of the traits. directions: p x m, in order; NULL stands for the first m
 * variants themselves; turned may be NULL. A direction that the block explains, or whose
 * share unexplained by the earlier ones is below 1e-8, is dropped. */
typedef struct {
  const double *residual, *variance, *directions;
  const scores_turned *turned;
  size_t width, p, m;
  const int *trait;
  size_t q;
} scores_input;

/* factor: m x m, upper: R of R'R = directions'residual directions scaled by scale[m] from
 * both sides, unit rows and columns where a direction is dropped. size[m]: sum of squares of
 * z_j'(residual directions), 0 for a dropped one: how much of the variants' variance lies along z_j. */
typedef struct {
  double *factor, *scale, *size;
  int *kept;
  size_t n_kept;
} scores_factor;

/* g: q x m (a dropped direction has zeros); slopes: p x q coefficients of the variants in
 * the prediction of the traits, or NULL. */
size_t scores_bytes(const scores_input *in);
lmr_status scores(const scores_input *in, scores_factor *f, double *g, double *slopes, lmr_arena work,
                  const lmr_tick *tick, lmr_error *err);

/* The orthonormal set itself: z_j of a person is (residual variants)'basis_j.
 * basis: p x m, its first n_kept columns those of the kept directions, in their order. */
lmr_status scores_basis(const double *directions, size_t p, size_t m, const scores_factor *f, double *basis,
                        const lmr_tick *tick, lmr_error *err);

/* out (p x p): basis basis'. work: p m + 1 numbers. */
lmr_status scores_metric(const double *directions, size_t p, size_t m, const scores_factor *f, double *out,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* out (m x m, both triangles): directions'residual directions, as the factor has it before
 * scaling. */
lmr_status scores_products(const scores_input *in, double *out, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
