#include "core/autoencoder/code_loss.h"

#include <math.h>
#include <string.h>

#include "core/autoencoder/code_polynomial.h"
#include "core/autoencoder/code_rbf.h"
#include "core/la/la.h"
#include "core/la/log_det.h"

double code_gamma(size_t d) {
  const double k = (double)d, t = 1 - 2 / (9 * k);
  return 1 / (4 * k * t * t * t); /* |x - y|^2 is 2 chi-square with d df */
}

lmr_status code_standardise(size_t n, size_t d, const double *u, double *s, double *mean, double *inverse,
                            lmr_error *err) {
  for (size_t j = 0; j < d; j++) {
    const double *from = u + j * n;
    double *to = s + j * n, m = 0, v = 0;
    for (size_t i = 0; i < n; i++) m += from[i];
    m /= (double)n;
    for (size_t i = 0; i < n; i++) v += (from[i] - m) * (from[i] - m);
    v /= (double)n;
    if (!(v > 0) || !isfinite(v)) return lmr_fail(err, isfinite(v) ? LMR_ESINGULAR : LMR_ENONFINITE, "column %zu of the code is %s", j + 1, isfinite(v) ? "constant" : "not finite");
    mean[j] = m;
    inverse[j] = 1 / sqrt(v);
    for (size_t i = 0; i < n; i++) to[i] = (from[i] - m) * inverse[j];
  }
  return LMR_OK;
}

void code_standardise_back(size_t n, size_t d, const double *s, const double *inverse, double *gradient) {
  for (size_t j = 0; j < d; j++) {
    const double *x = s + j * n;
    double *g = gradient + j * n, mean = 0, along = 0;
    for (size_t i = 0; i < n; i++) mean += g[i], along += g[i] * x[i];
    mean /= (double)n, along /= (double)n;
    for (size_t i = 0; i < n; i++) g[i] = inverse[j] * (g[i] - mean - along * x[i]);
  }
}

static void add_rows(size_t n, size_t d, double factor, const double *from, size_t ld_from, double *to, size_t ld) {
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < n; i++) to[i + j * ld] += factor * from[i + j * ld_from];
}

size_t code_loss_bytes(const code_penalty *p, size_t n) {
  const size_t d = p->invariant + p->variant;
  size_t bytes = p->degree ? code_polynomial_bytes(p, n) : code_rbf_bytes(p, n);
  const size_t entropy = lmr_add_bytes(lmr_double_bytes(1, n * d), logdet_loss_bytes(n, d));
  return bytes > entropy ? bytes : entropy; /* one after the other */
}

lmr_status code_loss(const code_penalty *p, size_t n, const size_t *start, const double *s,
                     code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t d = p->invariant + p->variant;
  *terms = (code_terms){0, 0, 0, 0};
  memset(gradient, 0, n * d * sizeof *gradient);
  if (p->degree) LMR_TRY(code_polynomial(p, n, start, s, terms, gradient, work, err));
  else LMR_TRY(code_rbf(p, n, start, s, terms, gradient, level, work, err));
  if (!(p->entropy > 0)) return LMR_OK;
  double *g;
  LMR_TAKE(g, &work, n * d, err);
  for (size_t e = 0; e < p->environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    const double share = 1 / (double)p->environments;
    double value;
    LMR_TRY(logdet_loss(s + start[e], rows, d, n, 1, 1e-6, &value, g, work, err));
    terms->logdet += share * value;
    add_rows(rows, d, -p->entropy * share, g, rows, gradient + start[e], n);
  }
  return LMR_OK;
}
