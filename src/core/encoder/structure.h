/* The genotype encoder: structure against independent blocks
 * (directions of the panel that move with the environment, or that vary together
 * across blocks which should be independent within environments).
 *   B = between, N = within covariance of the panel given [environment, S]
 *   T = block-diagonal N^-1/2,  A = T'NT with its blocks set to 0, A+ = its positive part
 *   M = T'BT + A+^2 / 2
 * Large eigenvalues of M are the variant block. */
#ifndef LMR_CORE_STRUCTURE_H
#define LMR_CORE_STRUCTURE_H

#include "core/moments/moment_view.h"

/* Share of a variant's variance below which what is left within environments,
 * given S, is rounding error and counts as none. */
#define STRUCTURE_TOLERANCE 1e-11

/* between, within: p x p covariances of the first p columns (divisor n) given
 * [environment dummies, S]; S are the n_s columns of the view from first_s on.
 * rank_w: environments - 1 + rank of S. */
size_t structure_split_bytes(size_t width, size_t n_s);
lmr_status structure_split(const moment_view *view, size_t p, size_t first_s, size_t n_s,
                           double *between, double *within, size_t *rank_w,
                           lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* whitening: p x p, its first *columns columns filled; column_block[p]. An
 * eigenvalue of a block's correlation matrix below 1e-3 is dropped. */
size_t structure_whiten_bytes(size_t p);
lmr_status structure_whiten(const double *within, size_t p, const int *block,
                            size_t n_blocks, double *whitening, int *column_block,
                            size_t *columns, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* Eigenvalues of M, descending (values[columns]), and directions T U (p x columns). */
size_t structure_directions_bytes(size_t p);
lmr_status structure_directions(const double *between, const double *within, size_t p,
                                const double *whitening, const int *column_block,
                                size_t columns, double *values, double *directions,
                                lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
