/* Outlying variants: those whose association with the outcome is not their
 * association with the exposure times the common effect b.
 *   t_j = g_j'(y - b x) / sqrt(g_j'g_j s_j^2),
 *   s_j^2 = ((y - b x)'(y - b x) - (g_j'(y - b x))^2 / g_j'g_j) / df,
 * everything after the block C, so that t_j is the t of g_j in the regression of
 * y - b x on g_j and C. First b is the weighted median of the ratios, with weights
 * bx^2 / sy^2; then, with the outliers as controls (core/effect/controls.h), Nagar's estimate from
 * the others, until the same variants are outlying. */
#ifndef LMR_CORE_OUTLIERS_H
#define LMR_CORE_OUTLIERS_H

#include "core/effect/controls.h"
#include "core/effect/weighted_median.h"

typedef struct {
  const double *gg;    /* p x p */
  const double *gyx;   /* p x 2: with outcome and exposure */
  const double *r0;    /* 2 x 2: [y x]'M_C[y x] */
  const double *r1;    /* 2 x 2: [y x]'M_ZC[y x] */
  const double *least; /* p: see controls.h; such variants are never outlying */
  size_t p;
  double n, L, K; /* people, rank of the instruments after C and of C */
} outlier_sums;

/* crit: bound of |t|. outlying[p]: flags. t[p]: at the last b, NaN for a variant that C
 * explains. b: the median and the last estimate. rounds: estimates taken, at most max_rounds (a
 * round with fewer than three instruments left, or with an F of them of at most
 * OUTLIER_LEAST_F, is not taken). LMR_EINVAL when no variant has a ratio. */
#define OUTLIER_LEAST_F 2
size_t outliers_bytes(size_t p);
lmr_status outliers(const outlier_sums *s, double crit, size_t max_rounds, int *outlying,
                    double *t, double *b, size_t *rounds, lmr_arena work, const lmr_tick *tick,
                         lmr_error *err);

/* What Nagar's estimate is made of with the variants control[m] as controls: sums[0] and sums[1]
 * its numerator and denominator (kclass_nagar), sums[2] = x'Px, sums[3] = y'Py, with P and L those
 * of the other instruments. */
lmr_status outlier_nagar(const outlier_sums *s, const int *control, size_t m, double *sums,
                         double *L, lmr_arena work, const lmr_tick *tick,
                         lmr_error *err);

#endif
