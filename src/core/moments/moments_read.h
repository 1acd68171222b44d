/* From stored block moments to centred cross products, with the missing rule.
 *
 * Stored, per block: g = 0 (minus gpilot where observed) and m = 1 where there is
 * no call. Read: x = g + mu m with mu the mean of the observed in the person's
 * environment. Where a variant has no call or a single value in an environment,
 * mu is its mean over all environments (0 when it has no call anywhere). */
#ifndef LMR_CORE_MOMENTS_READ_H
#define LMR_CORE_MOMENTS_READ_H

#include "core/base/arena.h"

/* The stored matrices of all blocks (columns); counts are in one of the two. */
typedef struct {
  const int *i;
  const double *d;
} stored_counts;

typedef struct {
  size_t p, q, pm, blocks;
  const int *missing; /* 1-based */
  const double *gpilot, *pilot;
  stored_counts gg, gm, mm;
  const double *sg, *sm, *gx, *mx, *sx, *xx;
} moments_view;

/* What one environment says of a variant. */
enum { MOMENTS_MEAN_OWN = 0, MOMENTS_NO_CALL = 1, MOMENTS_MONOMORPHIC = 2 };

/* mu[p * environments] (about gpilot) and state[p * environments] (the enum);
 * n[b] people and environment[b] (0-based) of each block. */
size_t moments_means_bytes(const moments_view *m);
lmr_status moments_means(const moments_view *m, const int *n, const int *environment,
                         size_t environments, double *mu, int *state, lmr_arena work,
                         lmr_error *err);

/* Sum over the listed blocks (0-based) of x - centre and its cross product,
 * columns (G, numeric), cross both triangles (p + q)^2. mu[p] imputes. With
 * `centre` NULL the mean of these people is taken, and left in mean[p + q]
 * (sum is then zero); otherwise centre[p + q] is on the scale of the data. */
size_t moments_collect_bytes(const moments_view *m);
lmr_status moments_collect(const moments_view *m, const int *block, size_t n_blocks, double people,
                           const double *mu, const double *centre, double *mean, double *sum,
                           double *cross, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
