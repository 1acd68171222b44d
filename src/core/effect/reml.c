#include "core/effect/reml.h"

#include <math.h>
#include <string.h>

/* Symmetric 2 x 2 matrices as (xx, xy, yy). */
static double trace_product(const double *a, const double *b) {
  return a[0] * b[0] + 2 * a[1] * b[1] + a[2] * b[2];
}

static double quadratic(const double *a, const double *u) {
  return a[0] * u[0] * u[0] + 2 * a[1] * u[0] * u[1] + a[2] * u[1] * u[1];
}

static void times(const double *a, const double *u, double *out) {
  out[0] = a[0] * u[0] + a[1] * u[1];
  out[1] = a[1] * u[0] + a[2] * u[1];
}

/* tr(I A I B) for the symmetric 2 x 2 I, A, B. */
static double trace_four(const double *i, const double *a, const double *b) {
  const double ia[4] = {i[0] * a[0] + i[1] * a[1], i[0] * a[1] + i[1] * a[2],
                        i[1] * a[0] + i[2] * a[1], i[1] * a[1] + i[2] * a[2]};
  const double ib[4] = {i[0] * b[0] + i[1] * b[1], i[0] * b[1] + i[1] * b[2],
                        i[1] * b[0] + i[2] * b[1], i[1] * b[1] + i[2] * b[2]};
  return ia[0] * ib[0] + ia[1] * ib[2] + ia[2] * ib[1] + ia[3] * ib[3];
}

static void add_penalty(const reml_problem *problem, double g, double a, double *value,
                        double *gradient, double *hessian) {
  const double c = problem->mean_w * problem->d[0] * problem->d[0], s = g + a * a * c;
  *value += 5 * log(g / s);
  if (gradient) {
    gradient[1] += 5 * a * a * c / s;
    gradient[2] -= 10 * a * c / s;
  }
  if (hessian) {
    hessian[1 + 4 * 1] -= 5 * a * a * c * g / (s * s);
    hessian[1 + 4 * 2] += 10 * a * c * g / (s * s);
    hessian[2 + 4 * 1] += 10 * a * c * g / (s * s);
    hessian[2 + 4 * 2] -= 10 * c * (g - a * a * c) / (s * s);
  }
}

double reml_loglik(const reml_problem *problem, const double *par, double *gradient,
                   double *hessian) {
  const double theta = par[0], strength = exp(par[1]), a = par[2], t = par[3];
  const double *om = problem->om, *d = problem->d;
  const double dd[3] = {d[0] * d[0], d[0] * d[1], d[1] * d[1]};
  double value = 0;
  if (gradient) memset(gradient, 0, REML_PARAMETERS * sizeof *gradient);
  if (hessian) memset(hessian, 0, REML_PARAMETERS * REML_PARAMETERS * sizeof *hessian);
  for (size_t j = 0; j < problem->count; j++) {
    const double w = problem->w[j], g = strength * problem->s[j], *score = problem->g + 2 * j;
    const double v[3] = {g + om[0] + a * a * w * dd[0],
                         g * theta + om[1] + a * a * w * dd[1],
                         g * theta * theta + om[2] + a * a * w * dd[2] + t * t};
    const double det = v[0] * v[2] - v[1] * v[1];
    if (!(det > 0) || !(v[0] > 0)) return -INFINITY;
    const double inv[3] = {v[2] / det, -v[1] / det, v[0] / det};
    double u[2];
    times(inv, score, u);
    value -= .5 * (log(det) + score[0] * u[0] + score[1] * u[1]);
    if (!gradient) continue;
    /* First and second derivatives of the variance. */
    const double v1[REML_PARAMETERS][3] = {{0, g, 2 * g * theta},
                                           {g, g * theta, g * theta * theta},
                                           {2 * a * w * dd[0], 2 * a * w * dd[1], 2 * a * w * dd[2]},
                                           {0, 0, 2 * t}};
    for (int p = 0; p < REML_PARAMETERS; p++)
      gradient[p] += .5 * (quadratic(v1[p], u) - trace_product(inv, v1[p]));
    if (!hessian) continue;
    for (int p = 0; p < REML_PARAMETERS; p++)
      for (int q = 0; q <= p; q++) {
        double vp[2], vq[2], ivq[2];
        times(v1[p], u, vp);
        times(v1[q], u, vq);
        times(inv, vq, ivq);
        double h = .5 * trace_four(inv, v1[p], v1[q]) - (vp[0] * ivq[0] + vp[1] * ivq[1]);
        double v2[3] = {0, 0, 0};
        if (p == 0 && q == 0) v2[2] = 2 * g;
        else if (p == 1) memcpy(v2, v1[q], sizeof v2);
        else if (p == 2 && q == 2) for (int i = 0; i < 3; i++) v2[i] = 2 * w * dd[i];
        else if (p == 3 && q == 3) v2[2] = 2;
        h += .5 * (quadratic(v2, u) - trace_product(inv, v2));
        hessian[p + 4 * q] += h;
        if (p != q) hessian[q + 4 * p] += h;
      }
  }
  add_penalty(problem, strength, a, &value, gradient, hessian);
  return isfinite(value) ? value : -INFINITY;
}

/* Solve (lift I - H) step = gradient by Cholesky; 0 when not positive definite. */
static int newton_step(const double *hessian, const double *gradient, double lift, double *step) {
  double l[16];
  for (int j = 0; j < 4; j++)
    for (int i = j; i < 4; i++) {
      double s = -hessian[i + 4 * j] + (i == j ? lift : 0);
      for (int k = 0; k < j; k++) s -= l[i + 4 * k] * l[j + 4 * k];
      if (i == j) {
        if (!(s > 0)) return 0;
        l[i + 4 * j] = sqrt(s);
      } else {
        l[i + 4 * j] = s / l[j + 4 * j];
      }
    }
  for (int i = 0; i < 4; i++) {
    double s = gradient[i];
    for (int k = 0; k < i; k++) s -= l[i + 4 * k] * step[k];
    step[i] = s / l[i + 4 * i];
  }
  for (int i = 3; i >= 0; i--) {
    double s = step[i];
    for (int k = i + 1; k < 4; k++) s -= l[k + 4 * i] * step[k];
    step[i] = s / l[i + 4 * i];
  }
  return 1;
}

static double norm_inf(const double *x) {
  double m = 0;
  for (int i = 0; i < 4; i++) m = fmax(m, fabs(x[i]));
  return m;
}

/* Full steps from near the top, where the value does not tell points apart any more and the
 * gradient does: rounding of the scores then moves the estimate as little as it should. */
static void polish(const reml_problem *problem, double *par) {
  double gradient[4], hessian[16], step[4], next[4];
  reml_loglik(problem, par, gradient, hessian);
  for (int i = 0; i < 4; i++) {
    const double before = norm_inf(gradient);
    if (!newton_step(hessian, gradient, 0, step) || !(norm_inf(step) < 1e-3)) return;
    for (int j = 0; j < 4; j++) next[j] = par[j] + step[j];
    reml_loglik(problem, next, gradient, hessian);
    if (!(norm_inf(gradient) < before)) return;
    memcpy(par, next, sizeof next);
  }
}

double reml_climb(const reml_problem *problem, double *par, int *converged) {
  double gradient[4], hessian[16], lift = 1e-3;
  double value = reml_loglik(problem, par, gradient, hessian);
  *converged = 0;
  for (int iteration = 0; iteration < 500 && isfinite(value); iteration++) {
    if (norm_inf(gradient) < 1e-7 * (1 + fabs(value))) {
      *converged = 1;
      break;
    }
    double step[4], next[4];
    if (newton_step(hessian, gradient, lift, step)) {
      for (int i = 0; i < 4; i++) next[i] = par[i] + step[i];
      /* Beyond e^+-30 the strength is zero or infinite to double precision. */
      next[1] = fmin(30, fmax(-30, next[1]));
      const double candidate = reml_loglik(problem, next, NULL, NULL);
      if (candidate >= value) {
        const double gain = candidate - value;
        memcpy(par, next, sizeof next);
        value = reml_loglik(problem, par, gradient, hessian);
        lift = fmax(lift / 5, 1e-12);
        if (gain < 1e-12 * (1 + fabs(value)) && norm_inf(step) < 1e-8) {
          *converged = 1;
          break;
        }
        continue;
      }
    }
    lift *= 4;
    if (lift > 1e15) { /* no ascent left at this precision */
      *converged = norm_inf(gradient) < 1e-4 * (1 + fabs(value));
      break;
    }
  }
  if (*converged) polish(problem, par);
  return value;
}

/* Eigenvalues and vectors of a symmetric 4 x 4 matrix by Jacobi rotations. */
static void jacobi(double *a, int n, double *vectors) {
  for (int i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0;
  for (int pass = 0; pass < 60; pass++) {
    double off = 0;
    for (int i = 0; i < n; i++)
      for (int j = 0; j < i; j++) off += a[i + n * j] * a[i + n * j];
    if (off < 1e-300) return;
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) {
        if (a[p + n * q] == 0) continue;
        const double h = (a[q + n * q] - a[p + n * p]) / (2 * a[p + n * q]);
        const double t = (h >= 0 ? 1 : -1) / (fabs(h) + sqrt(h * h + 1));
        const double c = 1 / sqrt(t * t + 1), s = t * c;
        for (int i = 0; i < n; i++) {
          const double x = a[i + n * p], y = a[i + n * q];
          a[i + n * p] = c * x - s * y;
          a[i + n * q] = s * x + c * y;
        }
        for (int i = 0; i < n; i++) {
          const double x = a[p + n * i], y = a[q + n * i];
          a[p + n * i] = c * x - s * y;
          a[q + n * i] = s * x + c * y;
        }
        for (int i = 0; i < n; i++) {
          const double x = vectors[i + n * p], y = vectors[i + n * q];
          vectors[i + n * p] = c * x - s * y;
          vectors[i + n * q] = s * x + c * y;
        }
      }
  }
}

/* (theta, theta) entry of the inverse of -H, its eigenvalues floored at 1e-6. */
static double theta_variance(const double *hessian) {
  double a[16], vectors[16], v = 0;
  for (int i = 0; i < 16; i++) a[i] = -hessian[i];
  jacobi(a, 4, vectors);
  for (int l = 0; l < 4; l++) v += vectors[4 * l] * vectors[4 * l] / fmax(a[l + 4 * l], 1e-6);
  return v;
}

/* Leading unit eigenvector of (xx, xy, yy). */
static void leading(const double *a, double *d) {
  double m[4] = {a[0], a[1], a[1], a[2]}, vectors[4];
  jacobi(m, 2, vectors);
  const int top = m[3] > m[0];
  d[0] = vectors[2 * top];
  d[1] = vectors[2 * top + 1];
}

/* Om of (X, Y - b0 X), then both rows scaled by f. */
static void turn_noise(const double *om, double b0, const double *f, double *out) {
  out[0] = om[0] * f[0] * f[0];
  out[1] = (om[1] - b0 * om[0]) * f[0] * f[1];
  out[2] = (om[3] - 2 * b0 * om[1] + b0 * b0 * om[0]) * f[1] * f[1];
}

static lmr_status fit_one(const reml_problem *problem, double unit, reml_fit *fit, lmr_error *err) {
  static const double starts[3][2] = {{.3, .3}, {1, .05}, {.05, 1}};
  double xx = 0, xy = 0, best = -INFINITY;
  for (size_t j = 0; j < problem->count; j++) {
    xx += problem->g[2 * j] * problem->g[2 * j];
    xy += problem->g[2 * j] * problem->g[2 * j + 1];
  }
  xx = fmax(xx / (double)problem->count - problem->om[0], .02);
  xy = xy / (double)problem->count - problem->om[1];
  for (int s = 0; s < 3; s++) {
    double par[4] = {xy / xx, log(xx), starts[s][0], starts[s][1]};
    int converged;
    const double value = reml_climb(problem, par, &converged);
    if (!(value > best)) continue;
    best = value;
    memcpy(fit->par, par, sizeof par);
    fit->converged = converged;
  }
  if (!isfinite(best)) return lmr_fail(err, LMR_ENOCONV, "no start of the REML fit has a finite likelihood");
  double gradient[4], hessian[16];
  fit->loglik = reml_loglik(problem, fit->par, gradient, hessian);
  fit->theta = fit->par[0] * unit;
  fit->se = sqrt(theta_variance(hessian)) * unit;
  fit->g = exp(fit->par[1]);
  fit->psi = fit->par[2] * fit->par[2];
  fit->tau2 = fit->par[3] * fit->par[3];
  return LMR_OK;
}

/* Weights of the fits: prior times the square root of the penalised likelihood. */
static void weigh(reml_fit *fits) {
  double best = -INFINITY, total = 0;
  for (int f = 0; f < REML_FITS; f++) best = fmax(best, fits[f].loglik);
  for (int f = 0; f < REML_FITS; f++) {
    const double prior = (f / 2 == 0 ? 2. / 3 : 1. / 3) * (f % 2 == 0 ? .75 : .25);
    fits[f].weight = prior * exp((fits[f].loglik - best) / 2);
    total += fits[f].weight;
  }
  for (int f = 0; f < REML_FITS; f++) fits[f].weight /= total;
}

/* Sizes to mean one. Directions without structure (weight l^2) are exchangeable, any turn of them as good: they
 * share their mean. */
static void relative_sizes(double *size, const double *weight, size_t count) {
  double whole = 0, rest = 0, left = 0;
  for (size_t i = 0; i < count; i++) {
    const int none = weight[i] < 1e-12;
    whole += size[i];
    rest += none;
    left += none ? size[i] : 0;
  }
  for (size_t i = 0; i < count; i++) size[i] = (weight[i] < 1e-12 ? left / rest : size[i]) * (double)count / whole;
}

lmr_status reml(const double *g, const int *kept, size_t m, const double *lambda,
                const double *size, const double *om, const double *g0, size_t m0, size_t lead,
                const double *om0, double b0, reml_fit *fits, double *work, lmr_error *err) {
  double *scaled = work, *weights[2] = {work + 2 * m, work + 3 * m}, *relative = work + 4 * m;
  const double identity[2] = {1, 1};
  double plain[3], f[2], top[3] = {0, 0, 0}, mean_theta = 0;
  turn_noise(om, b0, identity, plain);
  if (!(plain[0] > 0) || !(plain[2] > 0))
    return lmr_fail(err, LMR_ESINGULAR, "the exposure or the outcome has no noise left after partialling out");
  f[0] = 1 / sqrt(plain[0]);
  f[1] = 1 / sqrt(plain[2]);
  reml_problem problem = {scaled, NULL, relative, 0, {0, 0, 0}, {0, 0}, 0};
  turn_noise(om, b0, f, problem.om);
  for (size_t j = 0; j < m; j++) {
    if (!kept[j]) continue;
    const size_t i = problem.count++;
    const double l = fmax(lambda[j], 0);
    scaled[2 * i] = g[2 * j] * f[0];
    scaled[2 * i + 1] = (g[2 * j + 1] - b0 * g[2 * j]) * f[1];
    weights[0][i] = l * l;
    relative[i] = size[j];
    weights[1][i] = .2 / (1.2 - fmin(1, sqrt(l)));
  }
  if (!problem.count) return lmr_fail(err, LMR_EINVAL, "reml: no scores");
  relative_sizes(relative, weights[0], problem.count);
  double noise0[3];
  turn_noise(om0, b0, f, noise0);
  if (lead > m0) lead = m0;
  for (size_t j = 0; j < lead; j++) {
    const double x = g0[2 * j] * f[0], y = (g0[2 * j + 1] - b0 * g0[2 * j]) * f[1];
    top[0] += x * x - noise0[0];
    top[1] += x * y - noise0[1];
    top[2] += y * y - noise0[2];
  }
  for (int which = 0; which < REML_FITS; which++) {
    problem.w = weights[which / 2];
    leading(which % 2 == 0 ? top : problem.om, problem.d);
    problem.mean_w = 0;
    for (size_t j = 0; j < problem.count; j++) problem.mean_w += problem.w[j] / (double)problem.count;
    LMR_TRY(fit_one(&problem, f[0] / f[1], fits + which, err));
    memcpy(fits[which].d, problem.d, sizeof problem.d);
    fits[which].mean_w = problem.mean_w;
  }
  weigh(fits);
  for (int which = 0; which < REML_FITS; which++) mean_theta += fits[which].weight * fits[which].par[0];
  /* Shares of the variance of a score of Y - b X at the averaged effect. */
  const double noise = problem.om[2] - 2 * mean_theta * problem.om[1] + mean_theta * mean_theta * problem.om[0];
  for (int which = 0; which < REML_FITS; which++) {
    reml_fit *fit = fits + which;
    const double dr = fit->d[1] - mean_theta * fit->d[0];
    const double structure = fit->psi * fit->mean_w * dr * dr, whole = noise + structure + fit->tau2;
    fit->structure_share = structure / whole;
    fit->pleiotropy_share = fit->tau2 / whole;
  }
  return LMR_OK;
}
