/* Weighted median of ratio estimates (Bowden et al. 2016, Genet Epidemiol 40:304):
 * with the ratios in order and s_j = (w_1 + .. + w_j - w_j / 2) / sum(w), the
 * value at s = 1/2 by linear interpolation of (s_j, ratio_j); beyond the first or
 * last s_j the first or last ratio. */
#ifndef LMR_CORE_WEIGHTED_MEDIAN_H
#define LMR_CORE_WEIGHTED_MEDIAN_H

#include "core/base/arena.h"
#include "core/base/rng.h"

typedef struct {
  double value, weight;
} weighted_value;

/* Sorts `a` (finite values, weights >= 0 with a positive sum); NaN when m is 0. */
double weighted_median(weighted_value *a, size_t m);

/* Median of the ratios y_j / x_j, and the standard deviation of `draws` medians
 * of (y_j + sy_j N(0, 1)) / (x_j + sx_j N(0, 1)), weights held fixed. No x_j may be 0.
 * Draw i uses stream i of `seed`. */
size_t weighted_median_bootstrap_bytes(size_t m);
lmr_status weighted_median_bootstrap(const double *x, const double *sx, const double *y,
                                     const double *sy, const double *w, size_t m, size_t draws,
                                     uint64_t seed, double *b, double *se, lmr_arena work,
                                     const lmr_tick *tick, lmr_error *err);

#endif
