#include "core/encoder/flow_model.h"

#include <math.h>
#include <string.h>

#define LANES_FILE "core/encoder/flow_lanes.h"
#include "core/la/double_lanes.h"

size_t flow_length(const flow_shape *s) { return s->d * s->d + s->hinges * (s->d + 2); }

void flow_forward(const flow_shape *s, const double *theta, size_t n, const double *x, double *y, double *logdet,
                  lmr_cpu level) {
  PICK(forward, level)(s->d, s->hinges, theta, n, x, y, logdet);
  for (size_t i = 0; i < n; i++) logdet[i] = log(logdet[i]);
}

/* Inverse of A by Gauss-Jordan with pivoting, and log |det A|. */
static int invert(const double *a, size_t d, double *inverse, double *log_det) {
  double m[FLOW_MAX_DIM * FLOW_MAX_DIM];
  memcpy(m, a, d * d * sizeof *m);
  memset(inverse, 0, d * d * sizeof *inverse);
  for (size_t i = 0; i < d; i++) inverse[i + i * d] = 1;
  *log_det = 0;
  for (size_t k = 0; k < d; k++) {
    size_t best = k;
    for (size_t i = k + 1; i < d; i++)
      if (fabs(m[i + k * d]) > fabs(m[best + k * d])) best = i;
    const double pivot = m[best + k * d];
    if (!(fabs(pivot) > 1e-12) || !isfinite(pivot)) return 0;
    for (size_t j = 0; j < d; j++) {
      double swap = m[k + j * d];
      m[k + j * d] = m[best + j * d] / pivot;
      if (best != k) m[best + j * d] = swap;
      swap = inverse[k + j * d];
      inverse[k + j * d] = inverse[best + j * d] / pivot;
      if (best != k) inverse[best + j * d] = swap;
    }
    for (size_t i = 0; i < d; i++) {
      const double f = m[i + k * d];
      if (i == k || f == 0) continue;
      for (size_t j = 0; j < d; j++) {
        m[i + j * d] -= f * m[k + j * d];
        inverse[i + j * d] -= f * inverse[k + j * d];
      }
    }
    *log_det += log(fabs(pivot));
  }
  return 1;
}

/* Inverse and half the log determinant of a block of cov (k x k, full), into
 * precision at (from, from). */
static lmr_status block_law(double *cov, size_t k, size_t from, size_t d, double *precision, double *half,
                            lmr_error *err) {
  if (!k) return LMR_OK;
  LMR_TRY(la_chol(cov, k, k, err));
  for (size_t j = 0; j < k; j++) *half += log(cov[j + j * k]);
  LMR_TRY(la_chol_inverse(cov, k, k, err));
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++) precision[from + i + (from + j) * d] = cov[i + j * k];
  return LMR_OK;
}

void flow_moments(const double *y, size_t n, size_t from, size_t k, size_t first, size_t last,
                  const double *weight, double mass, double *mean, double *cov) {
  for (size_t j = 0; j < k; j++) {
    const double *yj = y + (from + j) * n;
    double s = 0;
    for (size_t i = first; i < last; i++) s += weight[i] * yj[i];
    mean[j] = s / mass;
  }
  for (size_t j = 0; j < k; j++)
    for (size_t a = 0; a <= j; a++) {
      const double *ya = y + (from + a) * n, *yj = y + (from + j) * n;
      double s[2] = {0};
      for (size_t i = first; i < last; i++) s[i & 1] += weight[i] * (ya[i] - mean[a]) * (yj[i] - mean[j]);
      cov[a + j * k] = cov[j + a * k] = (s[0] + s[1]) / mass;
    }
}

static lmr_status fit_laws(const flow_shape *s, const flow_rows *rows, const double *y, flow_laws *laws,
                           lmr_error *err) {
  const size_t d = s->d, w = s->w, v = d - w;
  double cov[FLOW_MAX_DIM * FLOW_MAX_DIM], mean[FLOW_MAX_DIM], shared[FLOW_MAX_DIM * FLOW_MAX_DIM], half = 0;
  memset(shared, 0, sizeof shared);
  flow_moments(y, rows->n, 0, w, 0, rows->n, rows->weight, 1, mean, cov);
  LMR_TRY(block_law(cov, w, 0, d, shared, &half, err));
  for (size_t e = 0; e < rows->environments; e++) {
    double *precision = laws->precision + e * d * d, *mu = laws->mean + e * d;
    memcpy(precision, shared, d * d * sizeof *precision);
    memcpy(mu, mean, w * sizeof *mu);
    laws->half[e] = half;
    flow_moments(y, rows->n, w, v, rows->first[e], rows->first[e + 1], rows->weight, rows->share[e], mu + w, cov);
    LMR_TRY(block_law(cov, v, w, d, precision, laws->half + e, err));
  }
  return LMR_OK;
}

size_t flow_loss_bytes(const flow_shape *s, size_t n) {
  return lmr_add_bytes(lmr_double_bytes(1, n * s->d), lmr_double_bytes(1, n));
}

lmr_status flow_loss(const flow_shape *s, const double *theta, const flow_rows *rows, flow_laws *laws, int fixed,
                     double *loss, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t d = s->d, n = rows->n;
  double *y, *logdet, inverse[FLOW_MAX_DIM * FLOW_MAX_DIM], log_a, sum = 0;
  LMR_TAKE(y, &work, n * d, err);
  LMR_TAKE(logdet, &work, n, err);
  if (!invert(theta, d, inverse, &log_a)) return lmr_fail(err, LMR_ESINGULAR, "flow: A is singular");
  flow_forward(s, theta, n, rows->x, y, logdet, level);
  if (!fixed) LMR_TRY(fit_laws(s, rows, y, laws, err));
  for (size_t e = 0; e < rows->environments; e++) {
    const double *mu = laws->mean + e * d, *precision = laws->precision + e * d * d;
    sum += rows->share[e] * laws->half[e];
    if (!fixed) continue;
    /* Under laws fitted elsewhere the quadratic form is not d on average. */
    for (size_t i = rows->first[e]; i < rows->first[e + 1]; i++) {
      double form = 0;
      for (size_t b = 0; b < d; b++)
        for (size_t a = 0; a < d; a++) form += (y[i + a * n] - mu[a]) * precision[a + b * d] * (y[i + b * n] - mu[b]);
      sum += rows->weight[i] * .5 * (form - (double)d);
    }
  }
  for (size_t i = 0; i < n; i++) sum -= rows->weight[i] * logdet[i];
  *loss = sum - log_a;
  return isfinite(*loss) ? LMR_OK : lmr_fail(err, LMR_ENONFINITE, "flow: the loss is not finite");
}

size_t flow_gradient_bytes(const flow_shape *s) { return lmr_double_bytes(1, flow_length(s) * FLOW_LANES); }

lmr_status flow_gradient(const flow_shape *s, const double *theta, const flow_rows *rows, const flow_laws *laws,
                         double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t length = flow_length(s), d = s->d, lanes = LANES_AT(level);
  double *sum, inverse[FLOW_MAX_DIM * FLOW_MAX_DIM], log_a;
  LMR_TAKE(sum, &work, length * FLOW_LANES, err);
  memset(sum, 0, length * FLOW_LANES * sizeof *sum);
  if (!invert(theta, d, inverse, &log_a)) return lmr_fail(err, LMR_ESINGULAR, "flow: A is singular");
  for (size_t e = 0; e < rows->environments; e++)
    PICK(scores, level)(d, s->hinges, theta, inverse, laws->mean + e * d, laws->precision + e * d * d, rows->n,
                        rows->first[e], rows->first[e + 1], rows->x, rows->weight, sum, NULL, 0);
  for (size_t j = 0; j < length; j++) {
    gradient[j] = 0;
    for (size_t l = 0; l < lanes; l++) gradient[j] += sum[j * lanes + l];
  }
  return LMR_OK;
}

static size_t taken(const flow_rows *rows, const size_t *take) {
  size_t n = 0;
  for (size_t e = 0; e < rows->environments; e++) n += take[e];
  return n;
}

lmr_status flow_scores(const flow_shape *s, const double *theta, const flow_rows *rows, const flow_laws *laws,
                       const size_t *take, double *scores, lmr_cpu level, lmr_error *err) {
  const size_t d = s->d, ld = taken(rows, take);
  double inverse[FLOW_MAX_DIM * FLOW_MAX_DIM], log_a;
  if (!invert(theta, d, inverse, &log_a)) return lmr_fail(err, LMR_ESINGULAR, "flow: A is singular");
  size_t at = 0;
  for (size_t e = 0; e < rows->environments; e++) {
    PICK(scores, level)(d, s->hinges, theta, inverse, laws->mean + e * d, laws->precision + e * d * d, rows->n,
                        rows->first[e], rows->first[e] + take[e], rows->x, rows->weight, NULL, scores + at, ld);
    at += take[e];
  }
  return LMR_OK;
}

void flow_context(const flow_shape *s, const double *theta, const flow_rows *rows, const flow_laws *laws,
                  const size_t *take, double *x, double *h, double *inverse, lmr_cpu level) {
  const size_t d = s->d, ld = taken(rows, take);
  size_t at = 0;
  for (size_t e = 0; e < rows->environments; e++) {
    for (size_t j = 0; j < d; j++)
      memcpy(x + at + j * ld, rows->x + rows->first[e] + j * rows->n, take[e] * sizeof *x);
    PICK(context, level)(d, s->hinges, theta, laws->mean + e * d, laws->precision + e * d * d, rows->n,
                         rows->first[e], rows->first[e] + take[e], rows->x, h + at, inverse + at, ld);
    at += take[e];
  }
}

void flow_candidate(size_t d, size_t n, const double *x, const double *h, const double *inverse,
                    const double *weight, const double *c, double b, double *sigma, double *sum, double *squares,
                    lmr_cpu level) {
  PICK(candidate, level)(d, n, x, h, inverse, weight, c, b, sigma, sum, squares);
}
