/* F2BMLD with exact output layers: random tanh nets on the exposure,
 * an orthonormal instrument basis, evidence-averaged ridge, a few steps of the
 * exact treatment gradient when the instruments are strong. */
#ifndef LMR_CORE_CURVE_CLOSED_H
#define LMR_CORE_CURVE_CLOSED_H

#include "core/curve/curve_basis.h"
#include "core/curve/curve_features.h"

/* Prior of the variances of the square and of the tanh block, in units of s2. */
enum { CURVE_K2 = 5, CURVE_KR = 5, CURVE_GRID = CURVE_K2 * CURVE_KR };
typedef struct {
  double k2[CURVE_K2], k2_weight[CURVE_K2], kr[CURVE_KR], kr_weight[CURVE_KR];
} curve_prior;

typedef struct {
  size_t members, units, instrument_units;
  int polish_steps;    /* 30 */
  double polish_rate;  /* .02 */
  double strong;       /* the strength above which hidden layers are polished */
  /* The estimate and the band have their own priors: an estimate with much mass on
   * the line has a posterior that is too narrow where the truth bends. */
  curve_prior weak, strong_prior, weak_band, strong_band;
  /* Hidden layers learned elsewhere, which stay as they are: centre and scale of the
   * exposure, slopes, shifts (members x units each). NULL: drawn and polished here. */
  const double *frozen;
} curve_closed_options;

typedef struct {
  size_t columns, q; /* q: coordinates beyond [1, w] */
  double strength;   /* share explained of the parabola that is explained least */
  int strong;
  double s2, s2_linear, s2_band; /* residual variances */
  double ratio;                  /* V / D of the difference from the line */
  double gain;                   /* log evidence of the estimate's prior less that of the line */
  double linear, linear_se2;           /* 2SLS slope with all q instruments, its variance */
  double weight_flat;                  /* posterior weight of kr = 0 */
  double kappa2, kappa_r;              /* posterior means */
} curve_closed_summary;

typedef struct {
  double *point; /* [columns] posterior mean under the estimate's prior */
  double *coef;  /* [columns] the same under the band's prior, */
  double *map;   /* columns x q_max that takes g to it at the final weights, */
  double *cov;   /* columns^2 posterior covariance (within and between nets) */
  double *gram;  /* columns^2, sum of f f' over the rows */
  double *slope; /* [columns] mean derivative of each column over the rows */
  double *cross; /* q_max x columns, Q'f beyond [1, w] */
  double *start; /* the same before the hidden layers saw the outcome */
  double *g;     /* [q_max] Q'y */
} curve_closed_result;

size_t curve_closed_bytes(size_t points, size_t cap, const curve_closed_options *o);
/* Basis q (n x size.kept) and support of the same rows; sums: W'Q (points x kept),
 * ysum = W'y, y centred with sum of squares yy. */
lmr_status curve_closed(const curve_support *s, curve_basis_size size, const double *sums, const double *ysum,
                        double yy, const double *gy, const curve_closed_options *o, curve_features *f, lmr_rng *rng,
                        const double *a, curve_closed_result *out, curve_closed_summary *sum, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
