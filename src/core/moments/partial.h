/* Partialling out a block C from moments.
 * C = [1, e, inner, e x inner, common]: `inner` columns have a slope in every
 * environment, `common` ones a single slope. Both are linear maps of u: width x
 * n_inner and width x n_common matrices whose columns say which combination.
 *   within e:  S_e = A_e - A_e M (M' A_e M)^-1 M' A_e,  M = inner
 *   then       S = sum S_e,  S - S N (N' S N)^-1 N' S,  N = common
 * (Frisch-Waugh-Lovell, by Cholesky of the correlation matrix in the order given;
 * a column whose unexplained share of variance is below PARTIAL_TOLERANCE is
 * dropped and reported). */
#ifndef LMR_CORE_PARTIAL_H
#define LMR_CORE_PARTIAL_H

#include "core/moments/moment_view.h"

#define PARTIAL_TOLERANCE 1e-7

typedef struct {
  const double *inner, *common; /* width x n_inner, width x n_common */
  size_t n_inner, n_common;
} partial_block;

/* The same block as an orthonormal set of columns over people: in environment e those
 * of (u - mean_e)'column[e], inner ones first, besides the intercepts; dropped ones are
 * zero. A column set (u - mean_e)'X is left (u - mean_e)'(X - column[e] explained[e]'X).
 * Per environment width x (n_inner + n_common). */
typedef struct {
  double *const *column, *const *explained;
} partial_maps;

size_t partial_bytes(const partial_block *block);

/* residual: width x n_of pooled residual cross products with the columns `of` (0-based; NULL:
 * with all of them, n_of = width, both triangles). taken (width x (environments n_inner +
 * n_common)): sum cross - residual = taken taken'.
 * inner_kept: n_inner x environments, common_kept: n_common (0/1 flags).
 * rank: columns of C, intercepts included. maps may be NULL. */
lmr_status partial_out(const moment_view *view, const partial_block *block, const int *of, size_t n_of,
                       double *residual, double *taken, int *inner_kept, int *common_kept,
                       size_t *rank, const partial_maps *maps, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
