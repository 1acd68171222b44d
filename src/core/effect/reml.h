/* Spectral restricted maximum likelihood of the causal effect.
 * The scores G_j = (z_j'X, z_j'(Y - b0 X)), ordered by how much structure their
 * direction carries (l_j = eigenvalue / null quantile), follow
 *   G_j ~ N(0, g s_j a a' + Om + psi w_j d d' + tau2 e2 e2'),  a = (1, theta), |d| = 1:
 * g instrument strength, in proportion to the variance s_j of the variants along the direction (effects of
 * variants that are alike make it so: with many variants for the people the sample's eigenvalues, and with
 * them strength, differ widely, and what g alone leaves would pass for structure), psi leftover structure (hits exposure and outcome along
 * d), tau2 balanced pleiotropy (hits the outcome). Both rows are scaled by
 * 1/sqrt(diag Om). Four fits: weights l^2 or .2/(1.2 - min(1, sqrt l)), direction
 * d the leading one of structure ("top") or of the noise. The penalised
 * log-likelihood adds 5 log(g / (g + psi mean(w) d_x^2)): without it a second
 * mode exists where all strength is called structure. The fits are averaged with
 * weights 2/3 : 1/3 (l^2 : edge) times 3/4 : 1/4 (top : noise) times the square
 * root of their likelihood: where individual confounding runs against structure,
 * the noise direction is the wrong one and its likelihood says so. */
#ifndef LMR_CORE_REML_H
#define LMR_CORE_REML_H

#include "core/base/status.h"

enum { REML_PARAMETERS = 4, REML_FITS = 4 };

/* Parameters: theta, log g, sqrt psi, sqrt tau2. */
typedef struct {
  const double *g; /* 2 x count, scaled */
  const double *w; /* count weights */
  const double *s; /* count relative variances, of mean one */
  size_t count;
  double om[3]; /* scaled: xx, xy, yy */
  double d[2];  /* unit direction of leftover structure */
  double mean_w;
} reml_problem;

/* Penalised log-likelihood; gradient[4] and hessian[16] when not NULL.
 * -INFINITY when a variance is not positive definite. */
double reml_loglik(const reml_problem *problem, const double *par, double *gradient,
                   double *hessian);

/* Damped Newton from par (overwritten) to a top, the last steps by the gradient alone; returns the
 * value. *converged: 0 where no top was reached. */
double reml_climb(const reml_problem *problem, double *par, int *converged);

typedef struct {
  double theta, se;       /* effect relative to b0 and its error, in the data's units */
  double loglik;          /* penalised, at the maximum */
  double weight;          /* in the average over the fits, adds up to one */
  double g, psi, tau2;    /* scaled units */
  double par[REML_PARAMETERS];
  double d[2], mean_w;    /* unit direction of leftover structure, mean weight */
  double structure_share, pleiotropy_share; /* of the variance of a score of Y - b X */
  int converged;
} reml_fit;

/* g: 2 x m scores (dropped directions zero), kept[m]; lambda[m]: eigenvalue over
 * the null quantile, in the order of the scores; size[m]: variance of the variants along them, in any unit
 * (those with lambda < 1e-6, whose basis is arbitrary, count with their mean); om: 2 x 2; g0, om0: scores and noise with only
 * [1, e, covariates] partialled out, m0 columns, its first `lead` span "top";
 * b0: the pilot estimate. Y is replaced by Y - b0 X here. fits in the order
 * (sq, top), (sq, noise), (edge, top), (edge, noise). work: 5 m doubles.
 * LMR_ENOCONV when no start of a fit converges. */
lmr_status reml(const double *g, const int *kept, size_t m, const double *lambda,
                const double *size, const double *om, const double *g0, size_t m0, size_t lead,
                const double *om0, double b0, reml_fit *fits, double *work, lmr_error *err);

#endif
