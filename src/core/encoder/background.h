/* Principal components of a panel of variants, the first p of which (the
 * instruments) are all kept however linked: those are whitened within their linkage
 * blocks first, since a block of linked variants otherwise makes a component of its
 * own that says nothing of ancestry. The other variants are expected pruned. */
#ifndef LMR_CORE_BACKGROUND_H
#define LMR_CORE_BACKGROUND_H

#include "core/encoder/linkage.h"
#include "core/encoder/structure.h"

/* Number of leading components above the 99 % point of the Tracy-Widom law (Johnstone
 * 2001, Ann. Stat. 29:295; one after another as Patterson et al. 2006, PLoS Genet 2:e190).
 * values[top]: leading eigenvalues, descending, of a columns x columns correlation matrix
 * of n people whose squared entries sum to `squares`: linkage left among the variants
 * makes the effective number of people smaller. */
size_t background_count(const double *values, size_t top, size_t columns, double squares,
                        double n);

/* The first m columns of the view are the panel. block[p]: linkage block of each of the
 * first p, 0-based, of n_blocks; NULL: by `rule` from the correlation within environments.
 * values[top]: leading eigenvalues of the correlation matrix, descending, 0 beyond its
 * order; loadings (m x top): (x - pooled mean) loadings are the components, with variance
 * equal to the eigenvalue (0 for a column that does not vary); *count: background_count. */
size_t background_bytes(size_t width, size_t m, size_t p, size_t top);
lmr_status background_components(const moment_view *view, size_t m, size_t p, const int *block,
                                 size_t n_blocks, const ld_rule *rule, size_t top,
                                 double *values, double *loadings, size_t *count,
                                 lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
