/* Instrument scores: exposure and outcome seen through an ordered, orthonormal
 * set of instruments, after a block has been partialled out.
 *   z_j = (residual variants) direction_j, made orthonormal in the order given;
 *   G_j = (z_j'X, z_j'Y);  Om = ([X Y]'M_C[X Y] - sum G_j G_j') / (n - rank C - kept)
 * X is the first and Y the second of the two columns. */
#ifndef LMR_CORE_SCORES_H
#define LMR_CORE_SCORES_H

#include "core/la/la.h"

/* Share of a direction's own size below which what is left of it after
 * partialling out is rounding error. */
#define SCORES_TOLERANCE 1e-11

/* residual: width x width cross product after partialling out; its first p
 * columns are variants. variance[width]: sums of squares of the columns before. x, y: column
 * numbers of exposure and outcome. directions: p x m, in order; NULL stands for
 * the variants themselves (m = p). g: 2 x m (a dropped direction has zeros),
 * kept[m], total: 2 x 2 = [X Y]'M_C[X Y]. A direction that the block explains,
 * or whose share unexplained by the earlier ones is below 1e-8, is dropped. */
size_t scores_bytes(size_t p, size_t m);
lmr_status scores(const double *residual, const double *variance, size_t width, size_t p, size_t x,
                  size_t y, const double *directions, size_t m, double *g, int *kept,
                  size_t *n_kept, double *total, lmr_arena work, lmr_error *err);

/* Om (2 x 2) from g, total and the degrees of freedom n - rank - kept. */
void scores_noise(const double *g, size_t m, const double *total, double df, double *om);

/* Nagar's bias-corrected 2SLS (Nagar 1959, Econometrica 27:575) and its error
 *   b = sum(Gx Gy - Om_xy) / sum(Gx^2 - Om_xx),
 *   se = sqrt(sum(Gx^2) o) / |sum(Gx^2 - Om_xx)|,  o = Om_yy - 2 b Om_xy + b^2 Om_xx. */
void scores_nagar(const double *g, size_t m, size_t n_kept, const double *om, double *b,
                  double *se);

/* Nagar's estimate alone, from m of the variants (0-based, of full rank): the
 * same number as scores_nagar when they span the same instruments, without the
 * ordered basis. df_before: n - rank of C. */
size_t scores_nagar_only_bytes(size_t m);
lmr_status scores_nagar_only(const double *residual, size_t width, const int *variant, size_t m,
                             size_t x, size_t y, double df_before, double *b, lmr_arena work,
                             lmr_error *err);

#endif
