/* Exactly collinear variants: those that earlier variants determine. */
#ifndef LMR_CORE_VARIANT_RANK_H
#define LMR_CORE_VARIANT_RANK_H

#include "core/base/arena.h"

size_t variant_rank_bytes(size_t n, size_t p);

/* kept[p]: 0 where the share of the variance of variant j not explained by the
 * kept variants before it is below tol (or the variant is constant). x, rows,
 * env as in variant_scan.h; fill (p x E) is put in place of missing calls.
 * Cross products of columns standardised over all n people, chunk by chunk. */
lmr_status variant_rank(const double *x, size_t n_all, size_t p, const int *rows,
                        const int *env, size_t n, const double *fill, double tol,
                        int *kept, size_t *rank, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err);

#endif
