/* Feature maps with k(a, b) = phi(a)'phi(b), so that MMD and HSIC cost O(n F^2) and
 * O(F^2) memory: random Fourier features for RBF (Rahimi and Recht 2007; pairs of
 * cos and sin, w ~ N(0, 2 gamma I)), exact maps for polynomials of degree 2 and 3
 * with offset 1, indicators for delta on labels 0..levels-1 in one column. */
#ifndef LMR_CORE_FEATURES_H
#define LMR_CORE_FEATURES_H

#include "core/kernel/hsic.h"
#include "core/kernel/kernel.h"
#include "core/kernel/mmd.h"
#include "core/base/rng.h"

typedef struct {
  const lmr_points *points;
  size_t width;          /* number of features */
  size_t frequencies;    /* RBF */
  const double *omega;   /* d x frequencies */
} feature_map;

/* Features of `p`: `frequencies` pairs for RBF (spread evenly over the scales),
 * `levels` for delta. 0 when the kernel has no map. */
size_t feature_width(const lmr_points *p, size_t frequencies, size_t levels);
/* Draws omega (d x frequencies) for RBF. */
void feature_draw(const lmr_points *p, size_t frequencies, lmr_rng *rng, double *omega);
/* Rows first..first+count-1: out[count x width], leading dimension ld; angle[count]. */
void feature_rows(const feature_map *map, size_t first, size_t count, double *out, size_t ld, double *angle,
                  lmr_cpu level);

/* HSIC of two maps; `unbiased` is NaN, the null law has its third cumulant. */
size_t hsic_features_bytes(size_t wx, size_t wy);
lmr_status hsic_features(const feature_map *x, const feature_map *y, hsic_result *out, lmr_cpu level,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* MMD over groups; pair_biased [groups x groups] as mmd_exact; `unbiased` is NaN. */
size_t mmd_features_bytes(size_t width, size_t groups);
lmr_status mmd_features(const feature_map *x, const int *label, size_t groups, double *pair_biased,
                        mmd_result *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err);

#endif
