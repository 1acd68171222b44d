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
                           lmr_arena work, lmr_error *err);

/* Where the variants are, for the blocks. chromosome, position: [p] or NULL (not
 * known); a NaN position is near to nothing. Pairs on different chromosomes are
 * never joined; pairs at most `window` apart are joined when r^2 > near_r2, others
 * when r^2 > far_r2. Near pairs are linked however weakly, and in a large cohort weak
 * linkage outweighs real structure; far pairs correlate through structure, and would
 * hide it if joined. */
typedef struct {
  const int *chromosome;
  const double *position;
  double window, near_r2, far_r2;
} ld_rule;

/* Connected components of the pairs joined by within-environment r^2. block[p]:
 * component number, 0-based, in order of first appearance. A variant without
 * variance stands alone. */
void structure_ld_blocks(const double *within, size_t p, const ld_rule *rule, int *block,
                         size_t *n_blocks);

/* whitening: p x p, its first *columns columns filled; column_block[p]. An
 * eigenvalue of a block's correlation matrix below 1e-3 is dropped. */
size_t structure_whiten_bytes(size_t p);
lmr_status structure_whiten(const double *within, size_t p, const int *block,
                            size_t n_blocks, double *whitening, int *column_block,
                            size_t *columns, lmr_arena work, lmr_error *err);

/* Eigenvalues of M, descending (values[columns]), and directions T U (p x columns). */
size_t structure_directions_bytes(size_t p);
lmr_status structure_directions(const double *between, const double *within, size_t p,
                                const double *whitening, const int *column_block,
                                size_t columns, double *values, double *directions,
                                lmr_arena work, lmr_error *err);

#endif
