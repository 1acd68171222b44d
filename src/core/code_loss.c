#include "core/code_loss.h"

#include <math.h>
#include <string.h>

#include "core/code_rbf.h"
#include "core/la.h"
#include "core/log_det.h"
#include "core/monomials.h"

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

/* c (wx x wy) := X'Y / n; four sums hide the latency of an addition. */
static lmr_status cross(size_t wx, size_t wy, size_t n, const double *x, const double *y, size_t ld, double *c,
                        lmr_error *err) {
  if (wx >= 16 && wy >= 8) return la_gemm('T', 'N', wx, wy, n, 1 / (double)n, x, ld, y, ld, 0, c, wx, err);
  for (size_t g = 0; g < wy; g++)
    for (size_t f = 0; f < wx; f++) {
      const double *a = x + f * ld, *b = y + g * ld;
      double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      size_t i = 0;
      for (; i + 4 <= n; i += 4)
        s0 += a[i] * b[i], s1 += a[i + 1] * b[i + 1], s2 += a[i + 2] * b[i + 2], s3 += a[i + 3] * b[i + 3];
      for (; i < n; i++) s0 += a[i] * b[i];
      c[f + g * wx] = (s0 + s1 + s2 + s3) / (double)n;
    }
  return LMR_OK;
}

/* One block of the code with its monomials, centred over everybody. */
typedef struct {
  size_t width;
  monomial *table;
  double *value, *centred, *up, *shift; /* shift: environment mean, width x environments */
} moments_of;

static size_t block_bytes(size_t d, int degree, size_t n, size_t environments) {
  const size_t w = monomial_count(d, degree);
  size_t bytes = lmr_add_bytes(lmr_bytes(w, sizeof(monomial)), lmr_double_bytes(3, n * w));
  return lmr_add_bytes(bytes, lmr_double_bytes(1, w * environments));
}

static lmr_status block_open(moments_of *b, size_t d, int degree, size_t n, size_t environments,
                             const size_t *start, const double *s, lmr_arena *work, lmr_error *err) {
  const size_t w = b->width = monomial_count(d, degree);
  LMR_TAKE(b->table, work, w, err);
  LMR_TAKE(b->value, work, n * w, err);
  LMR_TAKE(b->centred, work, n * w, err);
  LMR_TAKE(b->up, work, n * w, err);
  LMR_TAKE(b->shift, work, w * environments, err);
  monomial_table(d, degree, b->table);
  monomial_values(b->table, w, n, s, b->value);
  for (size_t f = 0; f < w; f++) {
    const double *v = b->value + f * n;
    double all = 0;
    for (size_t e = 0; e < environments; e++) {
      double sum = 0;
      for (size_t i = start[e]; i < start[e + 1]; i++) sum += v[i];
      all += sum;
      b->shift[f + e * w] = sum / (double)(start[e + 1] - start[e]);
    }
    all /= (double)n;
    for (size_t i = 0; i < n; i++) b->centred[i + f * n] = v[i] - all;
    for (size_t e = 0; e < environments; e++) b->shift[f + e * w] -= all;
  }
  memset(b->up, 0, n * w * sizeof *b->up);
  return LMR_OK;
}

/* up (rows of one environment) += y C' or y C, a constant row added. c: wx x wy. */
static lmr_status spread(int transposed, size_t wx, size_t wy, size_t n, const double *y, const double *c,
                         const double *constant, double *up, size_t ld, lmr_error *err) {
  const size_t to = transposed ? wx : wy, from = transposed ? wy : wx;
  for (size_t f = 0; f < to; f++)
    for (size_t i = 0; i < n; i++) up[i + f * ld] += constant[f];
  if (to >= 8 && from >= 8)
    return la_gemm('N', transposed ? 'T' : 'N', n, to, from, 1, y, ld, c, wx, 1, up, ld, err);
  for (size_t f = 0; f < to; f++)
    for (size_t g = 0; g < from; g++) {
      const double t = transposed ? c[f + g * wx] : c[g + f * wx], *col = y + g * ld;
      double *u = up + f * ld;
      for (size_t i = 0; i < n; i++) u[i] += t * col[i];
    }
  return LMR_OK;
}

static size_t polynomial_bytes(const code_penalty *p, size_t n) {
  const size_t a = monomial_count(p->invariant, p->degree), b = monomial_count(p->variant, p->degree);
  size_t bytes = lmr_add_bytes(block_bytes(p->invariant, p->degree, n, p->environments),
                               block_bytes(p->variant, p->degree, n, p->environments));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(p->environments + 2, a * b));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, a), lmr_double_bytes(1, b)));
}

static lmr_status polynomial_loss(const code_penalty *p, size_t n, const size_t *start, const double *s,
                                  code_terms *terms, double *gradient, lmr_arena work, lmr_error *err) {
  const size_t environments = p->environments, m = p->invariant;
  const double all = (double)n, count = (double)environments;
  moments_of w, v;
  LMR_TRY(block_open(&w, m, p->degree, n, environments, start, s, &work, err));
  LMR_TRY(block_open(&v, p->variant, p->degree, n, environments, start, s + m * n, &work, err));
  const size_t a = w.width, b = v.width;
  double *inside, *pooled, *both, *cw, *cv;
  LMR_TAKE(inside, &work, environments * a * b, err);
  LMR_TAKE(pooled, &work, a * b, err);
  LMR_TAKE(both, &work, a * b, err);
  LMR_TAKE(cw, &work, a, err);
  LMR_TAKE(cv, &work, b, err);
  memset(pooled, 0, a * b * sizeof *pooled);
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    const double share = (double)rows / all, *dw = w.shift + e * a, *dv = v.shift + e * b;
    double *c = inside + e * a * b;
    for (size_t f = 0; f < a; f++) terms->mmd += share * w.table[f].share * dw[f] * dw[f];
    if (!(p->hsic > 0) || !b) continue;
    LMR_TRY(cross(a, b, rows, w.centred + start[e], v.centred + start[e], n, c, err));
    for (size_t g = 0; g < b; g++)
      for (size_t f = 0; f < a; f++) {
        const size_t k = f + g * a;
        pooled[k] += share * c[k];
        c[k] -= dw[f] * dv[g];
        terms->hsic_within += w.table[f].share * v.table[g].share * c[k] * c[k] / count;
      }
  }
  const int independent = p->hsic > 0 && b > 0;
  if (independent)
    for (size_t g = 0; g < b; g++)
      for (size_t f = 0; f < a; f++)
        terms->hsic_pooled += w.table[f].share * v.table[g].share * pooled[f + g * a] * pooled[f + g * a];
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    const double *dw = w.shift + e * a, *dv = v.shift + e * b, *c = inside + e * a * b;
    for (size_t f = 0; f < a; f++) cw[f] = 2 * p->mmd * w.table[f].share * dw[f] / all;
    memset(cv, 0, b * sizeof *cv);
    if (!independent) {
      for (size_t f = 0; f < a; f++)
        for (size_t i = start[e]; i < start[e + 1]; i++) w.up[i + f * n] += cw[f];
      continue;
    }
    for (size_t g = 0; g < b; g++)
      for (size_t f = 0; f < a; f++) {
        const size_t k = f + g * a;
        const double t = p->hsic * w.table[f].share * v.table[g].share;
        const double own = t * c[k] / (count * (double)rows);
        both[k] = own + t * pooled[k] / all;
        cw[f] -= own * dv[g];
        cv[g] -= own * dw[f];
      }
    LMR_TRY(spread(1, a, b, rows, v.centred + start[e], both, cw, w.up + start[e], n, err));
    LMR_TRY(spread(0, a, b, rows, w.centred + start[e], both, cv, v.up + start[e], n, err));
  }
  monomial_chain(w.table, a, n, s, w.value, w.up, gradient);
  if (independent) monomial_chain(v.table, b, n, s + m * n, v.value, v.up, gradient + m * n);
  return LMR_OK;
}

static void add_rows(size_t n, size_t d, double factor, const double *from, size_t ld_from, double *to, size_t ld) {
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < n; i++) to[i + j * ld] += factor * from[i + j * ld_from];
}

size_t code_loss_bytes(const code_penalty *p, size_t n) {
  const size_t d = p->invariant + p->variant;
  size_t bytes = p->degree ? polynomial_bytes(p, n) : code_rbf_bytes(p, n);
  const size_t entropy = lmr_add_bytes(lmr_double_bytes(1, n * d), logdet_loss_bytes(n, d));
  return bytes > entropy ? bytes : entropy; /* one after the other */
}

lmr_status code_loss(const code_penalty *p, size_t n, const size_t *start, const double *s,
                     code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t d = p->invariant + p->variant;
  *terms = (code_terms){0, 0, 0, 0};
  memset(gradient, 0, n * d * sizeof *gradient);
  if (p->degree) LMR_TRY(polynomial_loss(p, n, start, s, terms, gradient, work, err));
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
