/* The wild cluster bootstrap of one effect of one regressor x (Davidson and MacKinnon 2010, JBES
 * 28:128; Roodman, MacKinnon, Nielsen and Webb 2019, Stata Journal 19:4): two-stage least squares
 * with the null imposed on both equations; least squares where x is its own instrument.
 *
 * After the covariates W, with Q_Z the instruments' coordinates and the effect b imposed:
 *   u = y - b x,  x^ = Q_Z pi,  w = x - x^,   a draw: x* = x^ + v_g w,  y* = b x* + v_g u,
 * both residuals of cluster g times the same v_g. Nothing but sums by cluster is needed:
 *   a = pi + sum_g v_g B2_g,  d = sum_g v_g B1_g,   b* - b = a'd / a'a,
 *   s_g = a'[v_g B1_g - H_g C1 - (b* - b) (D_g + v_g B2_g - H_g C2)],
 *   t* = (b* - b) a'a / sqrt(sum_g s_g^2)
 * with S_g = Q_Zg'Q_Zg, H_g = Q_Zg'Q_Wg, B1_g = Q_Zg'u_g, B2_g = Q_Zg'x_g - S_g pi, D_g = S_g pi,
 * C1 = sum_g v_g Q_Wg'u_g, C2 = sum_g v_g (Q_Wg'x_g - H_g'pi). With all v_g = 1 it is the data's own t. */
#ifndef LMR_CORE_IV_WILD_H
#define LMR_CORE_IV_WILD_H

#include "core/base/rng.h"
#include "core/iv/iv_data.h"

/* Doubles of the sums of one cluster: (L + K) rows, K + 2 + L columns, column-major: rows Z then W;
 * columns x, y, W, Z (the part (W; W, Z) stays zero). */
static inline size_t iv_wild_width(size_t K, size_t L) { return (L + K) * (L + K + 2); }

/* sums: clusters x width. cluster: n, 0-based. d->k is 1. */
size_t iv_wild_sums_bytes(const iv_data *d);
lmr_status iv_wild_sums(const iv_data *d, const int *cluster, size_t clusters, double *sums, lmr_cpu level,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err);

typedef enum { WILD_RADEMACHER = 0, WILD_WEBB, WILD_MAMMEN, WILD_ALL } iv_wild_weights;

/* v[clusters] of draw `at`: its own stream of the seed. WILD_ALL: signs are the bits of `at`. */
void iv_wild_draw(iv_wild_weights kind, uint64_t seed, uint64_t at, double *v, size_t clusters);

typedef struct {
  const double *sums;
  size_t clusters, K, L;
  const double *effect; /* effects */
  const double *pi;     /* L x effects */
  size_t effects;
  iv_wild_weights kind;
  uint64_t seed, draws; /* WILD_ALL: 2^clusters of them */
} iv_wild_input;

/* t: effects, without small-sample factor; beyond: effects, the draws whose |t*| is no less than |t|;
 * drawn: NULL, or draws x effects, every t*.
 * LMR_ESINGULAR when the scores of all clusters are zero. */
size_t iv_wild_bytes(const iv_wild_input *in);
lmr_status iv_wild(const iv_wild_input *in, double *t, double *beyond, double *drawn, lmr_arena work,
                   const lmr_tick *tick, lmr_error *err);

#endif
