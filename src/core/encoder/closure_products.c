#include "core/encoder/closure_products.h"

#include "core/la/tall.h"

#include <string.h>

enum { TILE = 256 };

static size_t pair_count(size_t r) { return r * (r + 1) / 2; }
static size_t pair_of(size_t a, size_t b) { return a <= b ? a + b * (b + 1) / 2 : b + a * (a + 1) / 2; }

size_t closure_pairs_bytes(size_t r) {
  const size_t pairs = pair_count(r);
  return lmr_add_bytes(lmr_double_bytes(1, TILE * pairs), lmr_double_bytes(1, pairs));
}

static void products(const closure_pairs *c, size_t first, size_t rows, double *out) {
  for (size_t b = 0; b < c->r; b++)
    for (size_t a = 0; a <= b; a++) {
      const double *xa = c->x + first + a * c->n, *xb = c->x + first + b * c->n;
      double *to = out + pair_of(a, b) * TILE;
      for (size_t i = 0; i < rows; i++) to[i] = xa[i] * xb[i];
    }
}

lmr_status closure_pairs_fill(closure_pairs *c, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t pairs = pair_count(c->r);
  const double n = (double)c->n;
  double *tile, *mean;
  LMR_TAKE(tile, &work, TILE * pairs, err);
  LMR_TAKE(mean, &work, pairs, err);
  memset(mean, 0, pairs * sizeof *mean);
  memset(c->slope, 0, c->r * pairs * sizeof *c->slope);
  if (c->covariance) memset(c->covariance, 0, pairs * pairs * sizeof *c->covariance);
  /* (1, X) is orthonormal, so that its slopes are plain inner products. */
  for (int pass = 0; pass < (c->covariance ? 2 : 1); pass++)
    for (size_t first = 0; first < c->n; first += TILE) {
      if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
      const size_t rows = c->n - first < TILE ? c->n - first : TILE;
      const double *x = c->x + first;
      products(c, first, rows, tile);
      if (!pass) {
        for (size_t j = 0; j < pairs; j++)
          for (size_t i = 0; i < rows; i++) mean[j] += tile[i + j * TILE] / n;
        LMR_TRY(la_gemm('T', 'N', c->r, pairs, rows, 1 / n, x, c->n, tile, TILE, 1, c->slope, c->r, err));
      } else {
        for (size_t j = 0; j < pairs; j++)
          for (size_t i = 0; i < rows; i++) tile[i + j * TILE] -= mean[j];
        LMR_TRY(la_gemm('N', 'N', rows, pairs, c->r, -1, x, c->n, c->slope, c->r, 1, tile, TILE, err));
        LMR_TRY(la_syrk('T', pairs, rows, 1 / n, tile, TILE, 1, c->covariance, pairs, err));
      }
    }
  if (c->covariance) la_symmetrize(c->covariance, pairs, pairs);
  return LMR_OK;
}

void closure_products_fill(closure_products *pr) {
  const closure_pairs *c = pr->pairs;
  const size_t p = pr->p, r = c->r, pairs = pair_count(r);
  if (!pr->table) return;
  /* table[a, b, j, l] = <res(x_a x_j), res(x_b x_l)>; leaving components out of the
   * regression gives back what they explained. */
  for (size_t l = 0; l < p; l++)
    for (size_t j = 0; j < p; j++)
      for (size_t b = 0; b < p; b++) {
        const size_t bl = pair_of(b, l);
        double *out = pr->table + p * (b + p * (j + p * l));
        for (size_t a = 0; a < p; a++) {
          const size_t aj = pair_of(a, j);
          double v = c->covariance[aj + bl * pairs];
          for (size_t k = p; k < r; k++) v += c->slope[k + aj * r] * c->slope[k + bl * r];
          out[a] = v;
        }
      }
}

/* b[a, k, i] = <x_a f_i, x_k> for f = X U. */
static lmr_status third_moments(const closure_products *pr, const double *u, size_t m, double *full,
                                double *b, lmr_error *err) {
  const size_t p = pr->p, r = pr->pairs->r;
  for (size_t j = 0; j < p; j++)
    for (size_t k = 0; k < p; k++)
      for (size_t a = 0; a < p; a++) full[a + p * (k + p * j)] = pr->pairs->slope[k + pair_of(a, j) * r];
  return la_gemm('N', 'N', p * p, m, p, 1, full, p * p, u, p, 0, b, p * p, err);
}

static size_t rows_bytes(const closure_products *pr, size_t m) {
  const size_t p = pr->p, n = pr->pairs->n;
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, p * p * p), lmr_double_bytes(1, p * p * m));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(1, n * m), lmr_double_bytes(1, n)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, p * p));
  return lmr_add_bytes(bytes, tall_crossprod_bytes(p));
}

size_t closure_q_bytes(const closure_products *pr, size_t m) {
  return pr->table ? lmr_double_bytes(1, pr->p * pr->p) : rows_bytes(pr, m);
}

lmr_status closure_q(const closure_products *pr, const double *g, size_t m, double *q, lmr_arena work,
                     lmr_error *err) {
  const size_t p = pr->p;
  if (pr->table) {
    double *gg;
    LMR_TAKE(gg, &work, p * p, err);
    LMR_TRY(la_gemm('N', 'T', p, p, m, 1, g, p, g, p, 0, gg, p, err));
    return la_gemm('N', 'N', p * p, 1, p * p, 1, pr->table, p * p, gg, p * p, 0, q, p * p, err);
  }
  const closure_pairs *c = pr->pairs;
  const size_t n = c->n;
  double *full, *b, *f, *w;
  LMR_TAKE(full, &work, p * p * p, err);
  LMR_TAKE(b, &work, p * p * m, err);
  LMR_TAKE(f, &work, n * m, err);
  LMR_TAKE(w, &work, n, err);
  LMR_TRY(la_gemm('N', 'N', n, m, p, 1, c->x, n, g, p, 0, f, n, err));
  memset(w, 0, n * sizeof *w);
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < n; i++) w[i] += f[i + j * n] * f[i + j * n] / (double)n;
  LMR_TRY(tall_crossprod(c->x, n, p, n, w, q, c->level, work, NULL, err));
  LMR_TRY(third_moments(pr, g, m, full, b, err));
  LMR_TRY(la_syrk('N', p, p * m, -1, b, p, 1, q, p, err));
  LMR_TRY(la_syrk('N', p, m, -1, g, p, 1, q, p, err));
  la_symmetrize(q, p, p);
  return LMR_OK;
}

size_t closure_s_bytes(const closure_products *pr, size_t d) {
  return pr->table ? lmr_double_bytes(1, pr->p * pr->p * pr->p * d) : rows_bytes(pr, d);
}

lmr_status closure_s(const closure_products *pr, const double *u, size_t d, double *s, lmr_arena work,
                     lmr_error *err) {
  const size_t p = pr->p, pp = p * p;
  if (pr->table) {
    double *half; /* [a, b, j, k] */
    LMR_TAKE(half, &work, pp * p * d, err);
    LMR_TRY(la_gemm('N', 'N', pp * p, d, p, 1, pr->table, pp * p, u, p, 0, half, pp * p, err));
    for (size_t k = 0; k < d; k++)
      LMR_TRY(la_gemm('N', 'N', pp, d, p, 1, half + k * pp * p, pp, u, p, 0, s + k * pp * d, pp, err));
    return LMR_OK;
  }
  const closure_pairs *c = pr->pairs;
  const size_t n = c->n;
  double *full, *b, *f, *w, *one;
  LMR_TAKE(full, &work, pp * p, err);
  LMR_TAKE(b, &work, pp * d, err);
  LMR_TAKE(f, &work, n * d, err);
  LMR_TAKE(w, &work, n, err);
  LMR_TAKE(one, &work, pp, err);
  LMR_TRY(la_gemm('N', 'N', n, d, p, 1, c->x, n, u, p, 0, f, n, err));
  LMR_TRY(third_moments(pr, u, d, full, b, err));
  for (size_t k = 0; k < d; k++)
    for (size_t i = 0; i <= k; i++) {
      for (size_t h = 0; h < n; h++) w[h] = f[h + i * n] * f[h + k * n] / (double)n;
      LMR_TRY(tall_crossprod(c->x, n, p, n, w, one, c->level, work, NULL, err));
      /* The crossproduct is symmetric in a and b, what is taken out is not. */
      double *ik = s + pp * (i + k * d), *ki = s + pp * (k + i * d);
      memcpy(ik, one, pp * sizeof *one);
      LMR_TRY(la_gemm('N', 'T', p, p, p, -1, b + i * pp, p, b + k * pp, p, 1, ik, p, err));
      for (size_t y = 0; y < p; y++)
        for (size_t x = 0; x < p; x++) ik[x + y * p] -= u[x + i * p] * u[y + k * p];
      if (i < k)
        for (size_t y = 0; y < p; y++)
          for (size_t x = 0; x < p; x++) ki[x + y * p] = ik[y + x * p];
    }
  return LMR_OK;
}
