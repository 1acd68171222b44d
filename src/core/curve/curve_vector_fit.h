/* The closed form of a curve of several exposures from its moments: in coordinates of the instrument basis
 * beyond [1, w], g = G0 b0 + G2 b2 + R b + noise, noise ~ N(0, s2 I), b0 flat, b2 ~ N(0, k2 s2 I),
 * b ~ N(0, kr s2 I), averaged over nets and a grid of k2, kr by evidence. */
#ifndef LMR_CORE_CURVE_VECTOR_FIT_H
#define LMR_CORE_CURVE_VECTOR_FIT_H

#include "core/curve/curve_vector.h"

enum { VECTOR_LEVELS = 5, VECTOR_GRID = VECTOR_LEVELS * VECTOR_LEVELS };
typedef struct {
  double k2[VECTOR_LEVELS], k2_weight[VECTOR_LEVELS], kr[VECTOR_LEVELS], kr_weight[VECTOR_LEVELS];
} vector_prior;

typedef struct {
  size_t n, fixed, kept, q; /* q: coordinates beyond the fixed ones */
  double *cross; /* kept x columns, Q'F */
  double *gram;  /* columns^2, F'F */
  double *fy;    /* [columns] F'y */
  double *gy;    /* [kept] Q'y */
  double yy;
} vector_moments;

/* Residual variance of y on F coef, the fixed coordinates projected out. */
double vector_variance(const vector_moments *m, size_t columns, const double *coef);

typedef struct {
  double s2;   /* residual variance */
  double gain; /* log evidence of the average against the smallest k2 with the smallest kr */
} vector_average;

size_t vector_fit_bytes(const vector_nets *s, size_t q);
/* coef[columns]; map (columns x q) takes g to coef at the final weights; cov (columns^2) the posterior
 * covariance within and between nets and priors. map, cov: NULL for none. s2 on entry: where to start. */
lmr_status vector_fit(const vector_nets *s, const vector_moments *m, const vector_prior *prior, double *coef,
                      double *map, double *cov, vector_average *out, lmr_arena work, lmr_error *err);

/* Two-stage least squares of the plane with all q coordinates: plane[exposures], its map (exposures x q). */
lmr_status vector_plane(const vector_nets *s, const vector_moments *m, double *plane, double *map, lmr_arena work,
                        lmr_error *err);
/* V / D: mean squared difference of the fit from the plane over the rows, what noise alone gives over
 * what there is. */
lmr_status vector_ratio(const vector_nets *s, const vector_moments *m, double s2, const double *coef, const double *map,
                        const double *plane, const double *plane_map, double *ratio, lmr_arena work, lmr_error *err);

#endif
