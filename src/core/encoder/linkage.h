/* Which variants are linked, judged after structure (Mangin et al. 2012, Heredity
 * 108:285). Ancestry correlates variants all over the genome; taken for linkage it
 * would join them to one block, whose correlation is then not looked at. */
#ifndef LMR_CORE_LINKAGE_H
#define LMR_CORE_LINKAGE_H

#include "core/base/status.h"
#include "core/base/arena.h"

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

/* The r^2 above which i and j are joined; INFINITY: never. */
double ld_joining_r2(const ld_rule *rule, size_t i, size_t j);

/* Is the pair judged by far_r2? Only these can be ancestry taken for linkage. */
int ld_is_far(const ld_rule *rule, size_t i, size_t j);

/* out (p x p, may not be `within`): correlations within environments; those of far
 * pairs after the leading diffuse components are taken out. A component l v v' of the
 * correlations is diffuse when r_ij / (v_i v_j) of the pairs that are not linked has a
 * median above l / 2 (over the half of them with the larger |v_i v_j|): a component of
 * linkage blocks, mixed however, correlates pairs within blocks and leaves the others
 * at 0. Linked pairs are filled in by the components while these are found, and found
 * again, at most eight times. A variant without variance has zeros. n: people.
 * *components: how many were taken out in the end. */
size_t linkage_bytes(size_t p);
lmr_status linkage_correlations(const double *within, size_t p, double n, const ld_rule *rule,
                                double *out, size_t *components, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* Connected components of the joined pairs of such correlations (or of a covariance).
 * block[p]: component number, 0-based, in order of first appearance. A variant without
 * variance stands alone. */
lmr_status linkage_blocks(const double *correlation, size_t p, const ld_rule *rule, int *block, size_t *n_blocks,
                          const lmr_tick *tick, lmr_error *err);

/* Both. */
size_t linkage_find_bytes(size_t p);
lmr_status linkage_find(const double *within, size_t p, double n, const ld_rule *rule, int *block,
                        size_t *n_blocks, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
