/* Potential flow: an injective map whose inner part is the gradient of a convex function,
 *   f(x) = A u,  u = x + sum_h r_h^2 c_h softplus(c_h'x + b_h),
 * with inner Jacobian J = I + sum_h r_h^2 sigma_h c_h c_h', symmetric and positive definite
 * (sigma_h the logistic function of c_h'x + b_h). With y = f(x) = (w, v) the loss is
 *   1/2 log det Cov(w) + sum_e p_e 1/2 log det Cov_e(v) - mean log det J - log |det A|,
 * the Gaussian likelihood with one law for w, one per environment for v, both independent
 * within environments (up to a constant): invariance, independence and no collapse at once.
 * Score of a row, with G = Sigma^-1 (y - mean) by block, h = A'G, q_h = c_h'J^-1 c_h,
 * t = c_h'x + b_h, s = sigma(t):
 *   dA: G u' - A^-T      dr: 2 r [(c'h) softplus(t) - s q]
 *   db: r^2 [(c'h) s - s (1 - s) q]      dc: db x + r^2 [softplus(t) h - 2 s J^-1 c];
 * the gradient of the loss is the weighted mean of the scores.
 * theta: A (d x d by columns), then for every hinge r, b, c[d]. */
#ifndef LMR_CORE_FLOW_MODEL_H
#define LMR_CORE_FLOW_MODEL_H

#include "core/base/cpu.h"
#include "core/la/la.h"

enum { FLOW_MAX_DIM = 16, FLOW_MAX_HINGES = 48, FLOW_LANES = 8 };

/* Rows by environment; every environment is padded with rows of weight 0 to a multiple
 * of FLOW_LANES, so that first[] are multiples. Weights sum to 1, to p_e inside e. */
typedef struct {
  size_t n, d, environments;
  const double *x;      /* n x d */
  const double *weight; /* n */
  const double *share;  /* environments: p_e */
  const size_t *first;  /* environments + 1 */
} flow_rows;

typedef struct {
  size_t d, w, hinges; /* the first w outputs are the invariant block */
} flow_shape;

size_t flow_length(const flow_shape *shape);

/* The Gaussian laws of (w, v): environment by environment mean[d] and block-diagonal
 * precision[d x d]; half[e] = 1/2 log det of both blocks of e. */
typedef struct {
  double *mean, *precision, *half;
} flow_laws;

/* y (n x d) and log det J of every row; n a multiple of FLOW_LANES. */
void flow_forward(const flow_shape *shape, const double *theta, size_t n, const double *x, double *y,
                  double *logdet, lmr_cpu level);

/* Weighted mean[k] and covariance (k x k) of the columns from.. of y (n rows) over rows
 * first..last-1, whose weights sum to `mass`. */
void flow_moments(const double *y, size_t n, size_t from, size_t k, size_t first, size_t last,
                  const double *weight, double mass, double *mean, double *cov);

/* The loss at theta with the laws fitted to these rows (written to `laws`), or, when
 * `fixed` is set, the likelihood of these rows under the laws given (the held-out
 * loss). LMR_ESINGULAR when a covariance or A is singular, LMR_ENONFINITE. */
size_t flow_loss_bytes(const flow_shape *shape, size_t n);
lmr_status flow_loss(const flow_shape *shape, const double *theta, const flow_rows *rows, flow_laws *laws,
                     int fixed, double *loss, lmr_cpu level, lmr_arena work, lmr_error *err);

/* gradient[flow_length]. */
size_t flow_gradient_bytes(const flow_shape *shape);
lmr_status flow_gradient(const flow_shape *shape, const double *theta, const flow_rows *rows, const flow_laws *laws,
                         double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err);

/* scores: the first `take[e]` rows (multiples of FLOW_LANES) of every environment below one
 * another, sum(take) x flow_length. */
lmr_status flow_scores(const flow_shape *shape, const double *theta, const flow_rows *rows, const flow_laws *laws,
                       const size_t *take, double *scores, lmr_cpu level, lmr_error *err);

/* For new hinges: h (n x d) and J^-1 (n x d(d+1)/2, upper triangle by columns) of rows. */
void flow_context(const flow_shape *shape, const double *theta, const flow_rows *rows, const flow_laws *laws,
                  const size_t *take, double *x, double *h, double *inverse, lmr_cpu level);
/* Score in r^2 at 0 of a hinge (c, b), (c'h) softplus(t) - s q: weighted sum and sum of
 * squares over n rows; sigma[n] may be NULL. */
void flow_candidate(size_t d, size_t n, const double *x, const double *h, const double *inverse,
                    const double *weight, const double *c, double b, double *sigma, double *sum, double *squares,
                    lmr_cpu level);

#endif
