#include "core/autoencoder/code_polynomial.h"

#include <string.h>

#include "core/la/la.h"
#include "core/la/monomials.h"

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

/* out (rows of one environment, or of all) := |phi_i - mean|^2, and their sum. */
static double distances(const moments_of *b, size_t first, size_t rows, size_t ld, const double *shift, double *out) {
  memset(out, 0, rows * sizeof *out);
  for (size_t f = 0; f < b->width; f++) {
    const double *y = b->centred + first + f * ld, at = shift ? shift[f] : 0, share = b->table[f].share;
    for (size_t i = 0; i < rows; i++) out[i] += share * (y[i] - at) * (y[i] - at);
  }
  double sum = 0;
  for (size_t i = 0; i < rows; i++) sum += out[i];
  return sum;
}

/* up (rows of one environment, or of all) += share (z - mean of z), z = weight_i (phi_i - mean). */
static void spread_weighted(const moments_of *b, size_t first, size_t rows, size_t ld, const double *shift,
                            const double *weight) {
  for (size_t f = 0; f < b->width; f++) {
    const double *y = b->centred + first + f * ld, at = shift ? shift[f] : 0, share = b->table[f].share;
    double *up = b->up + first + f * ld, mean = 0;
    for (size_t i = 0; i < rows; i++) mean += weight[i] * (y[i] - at);
    mean /= (double)rows;
    for (size_t i = 0; i < rows; i++) up[i] += share * (weight[i] * (y[i] - at) - mean);
  }
}

/* What the unbiased HSIC has beside n / (n - 3) |C|^2, C the cross-covariance: with
 * k_i = |phi_i - mean|^2, l_i likewise,
 *   [sum k sum l / ((n - 1)(n - 2)) - n / (n - 2) sum k l] / (n (n - 3))
 * Its derivatives, times factor, are added. */
static double own_pairs(const moments_of *w, const moments_of *v, size_t first, size_t rows, size_t ld,
                        const double *shift_w, const double *shift_v, double factor, double *k, double *l) {
  const double n = (double)rows;
  const double k_sum = distances(w, first, rows, ld, shift_w, k), l_sum = distances(v, first, rows, ld, shift_v, l);
  const double a = 1 / (n * (n - 1) * (n - 2) * (n - 3)), b = 1 / ((n - 2) * (n - 3));
  double kl = 0;
  for (size_t i = 0; i < rows; i++) {
    kl += k[i] * l[i];
    const double up = 2 * factor * (a * l_sum - b * l[i]);
    l[i] = 2 * factor * (a * k_sum - b * k[i]);
    k[i] = up;
  }
  spread_weighted(w, first, rows, ld, shift_w, k);
  spread_weighted(v, first, rows, ld, shift_v, l);
  return a * k_sum * l_sum - b * kl;
}

size_t code_polynomial_bytes(const code_penalty *p, size_t n) {
  const size_t a = monomial_count(p->invariant, p->degree), b = monomial_count(p->variant, p->degree);
  size_t bytes = lmr_add_bytes(block_bytes(p->invariant, p->degree, n, p->environments),
                               block_bytes(p->variant, p->degree, n, p->environments));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(p->environments, a * b));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, a * b), lmr_double_bytes(2, n)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, a), lmr_double_bytes(1, b)));
}

/* Of |C|^2 in the unbiased HSIC. */
static double own_factor(size_t n) { return (double)n / ((double)n - 3); }

lmr_status code_polynomial(const code_penalty *p, size_t n, const size_t *start, const double *s,
                           code_terms *terms, double *gradient, lmr_arena work, lmr_error *err) {
  const size_t environments = p->environments, m = p->invariant;
  const double all = (double)n, count = (double)environments;
  moments_of w, v;
  LMR_TRY(block_open(&w, m, p->degree, n, environments, start, s, &work, err));
  LMR_TRY(block_open(&v, p->variant, p->degree, n, environments, start, s + m * n, &work, err));
  const size_t a = w.width, b = v.width;
  double *inside, *pooled, *both, *cw, *cv, *k_own, *l_own;
  LMR_TAKE(inside, &work, environments * a * b, err);
  LMR_TAKE(pooled, &work, a * b, err);
  LMR_TAKE(both, &work, a * b, err);
  LMR_TAKE(cw, &work, a, err);
  LMR_TAKE(cv, &work, b, err);
  LMR_TAKE(k_own, &work, n, err);
  LMR_TAKE(l_own, &work, n, err);
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
        terms->hsic_within += w.table[f].share * v.table[g].share * c[k] * c[k] * own_factor(rows) / count;
      }
  }
  const int independent = p->hsic > 0 && b > 0;
  if (independent)
    for (size_t g = 0; g < b; g++)
      for (size_t f = 0; f < a; f++)
        terms->hsic_pooled += w.table[f].share * v.table[g].share * pooled[f + g * a] * pooled[f + g * a] * own_factor(n);
  if (independent) terms->hsic_pooled += own_pairs(&w, &v, 0, n, n, NULL, NULL, p->hsic / 2, k_own, l_own);
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    const double *dw = w.shift + e * a, *dv = v.shift + e * b, *c = inside + e * a * b;
    for (size_t f = 0; f < a; f++) cw[f] = 2 * p->mmd * w.table[f].share * dw[f] / all;
    const double unit = (1 - (double)rows / all) / (all * ((double)rows - 1)); /* p_e (1 - p_e) / (n_e (n_e - 1)) */
    terms->mmd -= unit * distances(&w, start[e], rows, n, dw, k_own);
    for (size_t i = 0; i < rows; i++) k_own[i] = -2 * p->mmd * unit;
    spread_weighted(&w, start[e], rows, n, dw, k_own);
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
        const double own = t * c[k] * own_factor(rows) / (count * (double)rows);
        both[k] = own + t * pooled[k] * own_factor(n) / all;
        cw[f] -= own * dv[g];
        cv[g] -= own * dw[f];
      }
    terms->hsic_within += own_pairs(&w, &v, start[e], rows, n, dw, dv, p->hsic / (2 * count), k_own, l_own) / count;
    LMR_TRY(spread(1, a, b, rows, v.centred + start[e], both, cw, w.up + start[e], n, err));
    LMR_TRY(spread(0, a, b, rows, w.centred + start[e], both, cv, v.up + start[e], n, err));
  }
  monomial_chain(w.table, a, n, s, w.value, w.up, gradient);
  if (independent) monomial_chain(v.table, b, n, s + m * n, v.value, v.up, gradient + m * n);
  return LMR_OK;
}
