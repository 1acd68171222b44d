/* Anderson-Rubin confidence set of the effect of one endogenous variable: all b
 * with (y - bx)'P(y - bx) / L <= crit (y - bx)'M_ZW(y - bx) / (n - K - L), a
 * quadratic inequality in b. Valid whatever the strength of the instruments. */
#ifndef LMR_CORE_AR_SET_H
#define LMR_CORE_AR_SET_H

#include "core/iv/kclass.h"

typedef enum {
  AR_EMPTY = 0, /* no b is compatible: the overidentifying restrictions fail */
  AR_INTERVAL,
  AR_RAYS,      /* everything but an interval (one ray when its end is at infinity) */
  AR_LINE       /* every b is compatible: the instruments say nothing */
} ar_type;

typedef struct {
  ar_type type;
  size_t pieces;        /* 0, 1 or 2 */
  double lo[2], up[2];
} ar_set;

/* `crit`: upper quantile of F(L, n - K - L). */
lmr_status ar_confidence_set(const kclass_moments *m, double crit, ar_set *set, lmr_error *err);

/* With several endogenous variables: the projection of the set on the axis of
 * variable j (0-based), every b_j for which some values of the others are not
 * rejected (Dufour and Taamouti 2005). */
size_t ar_projected_bytes(size_t k);
lmr_status ar_projected_set(const kclass_moments *m, double crit, size_t j, ar_set *set,
                            lmr_arena work, lmr_error *err);

/* The F statistic of b[k] (any number of endogenous variables). */
lmr_status ar_statistic(const kclass_moments *m, const double *b, double *f, lmr_error *err);

#endif
