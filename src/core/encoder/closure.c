#include "core/encoder/closure.h"

#include "core/encoder/closure_products.h"

#include <math.h>
#include <string.h>

static double binomial(size_t n, size_t k) {
  double out = 1;
  for (size_t i = 1; i <= k; i++) out = out * (double)(n - k + i) / (double)i;
  return floor(out + .5);
}

/* Monomials of degree 1..k in d variables. */
static double monomials(size_t d, size_t k) { return binomial(d + k, k) - 1; }

/* Largest d with C(d + 2, 2) - 1 <= r, at most CLOSURE_MAX_LATENTS. */
static size_t max_latents(size_t r) {
  size_t d = 0;
  while (d < CLOSURE_MAX_LATENTS && monomials(d + 1, 2) <= (double)r) d++;
  return d;
}

static size_t leading(size_t p) { return p < CLOSURE_MAX_COLUMNS ? p : CLOSURE_MAX_COLUMNS; }
static size_t pairs_of(size_t r) { return r * (r + 1) / 2; }
static int tabled(size_t r) { return r <= CLOSURE_TABLE_MAX; }

/* Rows taken of n (evenly spaced) for p instruments. */
static size_t search_rows(size_t n, size_t p) {
  /* Some rows a regressor, so that the residual of noise is noise. */
  const size_t want = 8 * pairs_of(leading(p)), least = 5000;
  const size_t rows = !tabled(leading(p)) || want < least ? least : want;
  return rows < n ? rows : n;
}

/* ---- whitening ---- */

static size_t whiten_bytes(size_t p) {
  return lmr_add_bytes(lmr_add_bytes(lmr_double_bytes(2, p * p), lmr_double_bytes(2, p)), la_eigen_bytes(p));
}

/* x (rows x *r), map p x *r, center[p]: leading components first, X'X = rows I to rounding. */
static lmr_status whiten(const double *z, size_t n, size_t p, size_t rows, double *x, double *center,
                         double *map, size_t *r, double *standard, lmr_arena work, lmr_error *err) {
  double *cov, *vectors, *scale, *values;
  LMR_TAKE(cov, &work, p * p, err);
  LMR_TAKE(vectors, &work, p * p, err);
  LMR_TAKE(scale, &work, p, err);
  LMR_TAKE(values, &work, p, err);
  const double size = (double)rows;
  for (size_t j = 0; j < p; j++) {
    double *to = standard + j * rows, mean = 0, ss = 0;
    for (size_t i = 0; i < rows; i++) {
      to[i] = z[(size_t)((double)i * (double)n / size) + j * n];
      mean += to[i] / size;
    }
    for (size_t i = 0; i < rows; i++) {
      to[i] -= mean;
      ss += to[i] * to[i] / size;
    }
    center[j] = mean;
    scale[j] = sqrt(ss) > 1e-10 * fabs(mean) ? 1 / sqrt(ss) : 0;
    for (size_t i = 0; i < rows; i++) to[i] *= scale[j];
  }
  LMR_TRY(la_syrk('T', p, rows, 1 / size, standard, rows, 0, cov, p, err));
  la_symmetrize(cov, p, p);
  LMR_TRY(la_eigen(cov, p, p, values, vectors, p, work, err));
  /* Columns scaled by their size on the rows: the eigenvalues of monomials about a
   * distant mean lie below the rounding errors of the largest. */
  size_t q = 0;
  double largest = 0;
  for (size_t l = p; l-- > 0 && q < CLOSURE_MAX_COLUMNS;) {
    double *to = x + q * rows, mean = 0, ss = 0;
    LMR_TRY(la_gemm('N', 'N', rows, 1, p, 1, standard, rows, vectors + l * p, p, 0, to, rows, err));
    for (size_t i = 0; i < rows; i++) mean += to[i] / size;
    for (size_t i = 0; i < rows; i++) ss += (to[i] - mean) * (to[i] - mean) / size;
    if (!q) largest = ss;
    if (!(ss > 1e-20 * largest) || !(ss > 0)) continue;
    for (size_t i = 0; i < p; i++) map[i + q * p] = vectors[i + l * p] / sqrt(ss);
    for (size_t i = 0; i < rows; i++) to[i] = (to[i] - mean) / sqrt(ss);
    q++;
  }
  *r = q;
  if (!q) return LMR_OK;
  /* Orthonormal to rounding, in two passes; the leading k columns keep their span. */
  for (int pass = 0; pass < 2; pass++) {
    LMR_TRY(la_syrk('T', q, rows, 1 / size, x, rows, 0, cov, q, err));
    LMR_TRY(la_chol(cov, q, q, err));
    LMR_TRY(la_trsm('R', 'N', rows, q, 1, cov, q, x, rows, err));
    LMR_TRY(la_trsm('R', 'N', p, q, 1, cov, q, map, p, err));
    for (size_t j = 0; j < q; j++) {
      double mean = 0;
      for (size_t i = 0; i < rows; i++) mean += x[i + j * rows] / size;
      for (size_t i = 0; i < rows; i++) x[i + j * rows] -= mean;
    }
  }
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < p; i++) map[i + j * p] *= scale[i];
  return LMR_OK;
}

/* ---- one d ---- */

enum { SWEEPS = 15, LM_STEPS = 60 };

static size_t degree_of(size_t d, size_t r) {
  size_t q = 1;
  while (monomials(d, q + 1) <= (double)r) q++;
  return q;
}

/* Work of one d with p columns. */
static size_t search_bytes(size_t p, size_t d, size_t q, const closure_products *pr) {
  const size_t h = (p - d) * d, rest = p - d;
  size_t bytes = lmr_double_bytes(q, p * p); /* bases of every degree, and Q */
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p * p * d * d));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(4, p * p));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rest * rest));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p * d));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, h * h), lmr_double_bytes(3, h)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p));
  size_t inner = la_eigen_bytes(p);
  const size_t others[] = {closure_q_bytes(pr, p), closure_s_bytes(pr, d),
                           lmr_add_bytes(la_qr_bytes(p, d), la_qr_apply_bytes(p, d, rest))};
  for (size_t i = 0; i < 3; i++)
    if (others[i] > inner) inner = others[i];
  return lmr_add_bytes(bytes, inner);
}

/* The `m` smallest eigenvectors of Q_G, G: p x g. */
static lmr_status smallest(const closure_products *pr, const double *basis, size_t g, size_t m, double *out,
                           double *q, double *vectors, double *values, lmr_arena work, lmr_error *err) {
  const size_t p = pr->p;
  LMR_TRY(closure_q(pr, basis, g, q, work, err));
  LMR_TRY(la_eigen(q, p, p, values, vectors, p, work, err));
  memcpy(out, vectors, p * m * sizeof *out);
  return LMR_OK;
}

/* F(U) and S; total = sum_b S[, , b, b]. */
static lmr_status evaluate(const closure_products *pr, const double *u, size_t d, double *s, double *total,
                           double *f, lmr_arena work, lmr_error *err) {
  const size_t p = pr->p, pp = p * p;
  LMR_TRY(closure_s(pr, u, d, s, work, err));
  memset(total, 0, pp * sizeof *total);
  for (size_t b = 0; b < d; b++)
    for (size_t i = 0; i < pp; i++) total[i] += s[i + pp * (b + b * d)];
  double sum = 0;
  for (size_t k = 0; k < d; k++)
    for (size_t y = 0; y < p; y++)
      for (size_t x = 0; x < p; x++) sum += u[x + k * p] * total[x + y * p] * u[y + k * p];
  *f = sum;
  return LMR_OK;
}

/* Orthonormal complement of U (p x d): p x (p - d). */
static lmr_status complement(const double *u, size_t p, size_t d, double *copy, double *tau, double *perp,
                             lmr_arena work, lmr_error *err) {
  memcpy(copy, u, p * d * sizeof *copy);
  LMR_TRY(la_qr(copy, p, d, p, tau, work, err));
  memset(perp, 0, p * (p - d) * sizeof *perp);
  for (size_t j = 0; j < p - d; j++) perp[d + j + j * p] = 1;
  return la_qr_apply('N', copy, p, d, p, tau, perp, p - d, p, work, err);
}

static lmr_status search(const closure_products *pr, size_t d, size_t q, closure_trial *trial, double *u,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t p = pr->p, pp = p * p, rest = p - d, h = rest * d;
  double *basis, *s, *s_new, *total, *perp, *copy, *tau, *next, *block, *left, *hessian, *damped, *grad,
      *step, *values;
  LMR_TAKE(basis, &work, q * pp, err);
  LMR_TAKE(s, &work, pp * d * d, err);
  LMR_TAKE(s_new, &work, pp * d * d, err);
  LMR_TAKE(total, &work, pp, err);
  LMR_TAKE(perp, &work, pp, err);
  LMR_TAKE(left, &work, pp, err);
  LMR_TAKE(values, &work, p, err);
  LMR_TAKE(tau, &work, p, err);
  LMR_TAKE(block, &work, rest * rest, err);
  LMR_TAKE(copy, &work, p * d, err);
  LMR_TAKE(next, &work, p * d, err);
  LMR_TAKE(hessian, &work, h * h, err);
  LMR_TAKE(damped, &work, h * h, err);
  LMR_TAKE(grad, &work, h, err);
  LMR_TAKE(step, &work, h, err);
  /* The start: degrees k and q - k hold one another's products. */
  double *matrix = basis + (q - 1) * pp;
  memset(left, 0, pp * sizeof *left);
  for (size_t i = 0; i < p; i++) left[i + i * p] = 1;
  LMR_TRY(smallest(pr, left, p, p, perp, matrix, total, values, work, err));
  for (size_t k = 1; k < q; k++) memcpy(basis + (k - 1) * pp, perp, pp * sizeof *perp);
  for (size_t sweep = 0; sweep < SWEEPS; sweep++)
    for (size_t k = q - 1; k >= 1; k--) {
      if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
      LMR_TRY(smallest(pr, basis + (q - k - 1) * pp, (size_t)monomials(d, q - k), (size_t)monomials(d, k),
                       basis + (k - 1) * pp, matrix, left, values, work, err));
    }
  memcpy(u, basis, p * d * sizeof *u);
  const double scale = (double)(d * d);
  double f, lambda = 1e-3;
  LMR_TRY(evaluate(pr, u, d, s, total, &f, work, err));
  trial->steps = 0;
  /* p = d leaves nothing to turn. */
  while (rest && trial->steps < LM_STEPS && f / scale >= 1e-18) {
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(complement(u, p, d, copy, tau, perp, work, err));
    /* grad[m, i] = 2 sum_b <f_i f_b, g_m f_b>,
     * H[(m, i), (m', k)] = 2 { [i = k] sum_b <g_m f_b, g_m' f_b> + <g_m f_k, g_m' f_i> }. */
    LMR_TRY(la_gemm('N', 'N', p, d, p, 1, total, p, u, p, 0, copy, p, err));
    LMR_TRY(la_gemm('T', 'N', rest, d, p, 2, perp, p, copy, p, 0, grad, rest, err));
    LMR_TRY(la_gemm('N', 'N', p, rest, p, 1, total, p, perp, p, 0, left, p, err));
    LMR_TRY(la_gemm('T', 'N', rest, rest, p, 2, perp, p, left, p, 0, block, rest, err));
    for (size_t k = 0; k < d; k++)
      for (size_t i = 0; i < d; i++) {
        double *at = hessian + i * rest + k * rest * h;
        LMR_TRY(la_gemm('N', 'N', p, rest, p, 1, s + pp * (k + i * d), p, perp, p, 0, left, p, err));
        LMR_TRY(la_gemm('T', 'N', rest, rest, p, 2, perp, p, left, p, 0, at, h, err));
        if (i == k)
          for (size_t y = 0; y < rest; y++)
            for (size_t x = 0; x < rest; x++) at[x + y * h] += block[x + y * rest];
      }
    double before = f, now = f;
    int moved = 0;
    for (int attempt = 0; attempt < 12 && !moved; attempt++) {
      memcpy(damped, hessian, h * h * sizeof *damped);
      for (size_t j = 0; j < h; j++) damped[j + j * h] += lambda * hessian[j + j * h] + 1e-300;
      memcpy(step, grad, h * sizeof *step);
      if (la_chol(damped, h, h, err) == LMR_OK) {
        LMR_TRY(la_trsm('L', 'T', h, 1, 1, damped, h, step, h, err));
        LMR_TRY(la_trsm('L', 'N', h, 1, 1, damped, h, step, h, err));
        memcpy(next, u, p * d * sizeof *next);
        LMR_TRY(la_gemm('N', 'N', p, d, rest, -1, perp, p, step, rest, 1, next, p, err));
        LMR_TRY(la_syrk('T', d, p, 1, next, p, 0, copy, d, err));
        LMR_TRY(la_chol(copy, d, d, err));
        LMR_TRY(la_trsm('R', 'N', p, d, 1, copy, d, next, p, err));
        LMR_TRY(evaluate(pr, next, d, s_new, left, &now, work, err));
        moved = now < before;
      }
      lambda = moved ? lambda / 6 : lambda * 6;
    }
    if (!moved) break;
    trial->steps++;
    f = now;
    memcpy(u, next, p * d * sizeof *u);
    memcpy(total, left, pp * sizeof *total);
    double *swap = s;
    s = s_new;
    s_new = swap;
    /* Far above any limit the last digits do not matter. */
    if (before - f < (f > .05 * scale ? 1e-3 : 1e-6) * before) break;
  }
  trial->c = f / scale;
  return LMR_OK;
}

/* ---- what the latents explain ---- */

static size_t share_bytes(size_t rows, size_t p, size_t m) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, rows * m), lmr_double_bytes(1, m * m));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * p));
  return lmr_add_bytes(bytes, lmr_bytes(2 * m, sizeof(size_t)) + lmr_bytes(m, sizeof(int)));
}

/* Share of the variance of `standard` (rows x p) that polynomials of degree <= q in the
 * d columns of f explain; m monomials. */
static lmr_status explained(const double *f, size_t rows, size_t d, size_t q, size_t m, const double *standard,
                            size_t p, double *share, lmr_arena work, lmr_error *err) {
  double *mono, *gram, *cross;
  size_t *last;
  int *kept;
  LMR_TAKE(mono, &work, rows * m, err);
  LMR_TAKE(gram, &work, m * m, err);
  LMR_TAKE(cross, &work, m * p, err);
  LMR_TAKE(last, &work, 2 * m, err);
  LMR_TAKE(kept, &work, m, err);
  size_t from = 0, count = 0;
  for (size_t j = 0; j < d; j++, count++) {
    memcpy(mono + count * rows, f + j * rows, rows * sizeof *mono);
    last[count] = j;
  }
  for (size_t k = 2; k <= q; k++) {
    const size_t to = count;
    for (size_t a = from; a < to; a++)
      for (size_t j = last[a]; j < d; j++, count++) {
        for (size_t i = 0; i < rows; i++) mono[i + count * rows] = mono[i + a * rows] * f[i + j * rows];
        last[count] = j;
      }
    from = to;
  }
  for (size_t j = 0; j < m; j++) {
    double mean = 0, ss = 0, *to = mono + j * rows;
    for (size_t i = 0; i < rows; i++) mean += to[i] / (double)rows;
    for (size_t i = 0; i < rows; i++) {
      to[i] -= mean;
      ss += to[i] * to[i];
    }
    for (size_t i = 0; i < rows; i++) to[i] /= ss > 0 ? sqrt(ss) : 1;
  }
  size_t rank;
  LMR_TRY(la_syrk('T', m, rows, 1, mono, rows, 0, gram, m, err));
  LMR_TRY(la_gemm('T', 'N', m, p, rows, 1, mono, rows, standard, rows, 0, cross, m, err));
  LMR_TRY(la_chol_drop(gram, m, m, 1e-10, kept, &rank, err));
  for (size_t j = 0; j < m; j++)
    if (!kept[j]) {
      gram[j + j * m] = 1;
      for (size_t c = 0; c < p; c++) cross[j + c * m] = 0;
    }
  LMR_TRY(la_trsm('L', 'T', m, p, 1, gram, m, cross, m, err));
  double inside = 0, whole = 0;
  for (size_t c = 0; c < p; c++) {
    for (size_t j = 0; j < m; j++)
      if (kept[j]) inside += cross[j + c * m] * cross[j + c * m];
    for (size_t i = 0; i < rows; i++) whole += standard[i + c * rows] * standard[i + c * rows];
  }
  *share = whole > 0 ? inside / whole : 0;
  return LMR_OK;
}

/* ---- all d ---- */

static size_t pairs_bytes(size_t r, size_t rows, size_t p) {
  size_t bytes = lmr_double_bytes(1, r * pairs_of(r));
  if (tabled(r)) {
    bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, pairs_of(r) * pairs_of(r)));
    bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, r * r * r * r));
  }
  const closure_pairs pairs = {NULL, rows, r, NULL, NULL, LMR_CPU_PLAIN};
  size_t inner = closure_pairs_bytes(r);
  double table = 0;
  const closure_products pr = {&pairs, r, tabled(r) ? &table : NULL};
  for (size_t d = 2; d <= max_latents(r); d++) {
    const size_t one = search_bytes(r, d, degree_of(d, r), &pr);
    if (one > inner) inner = one;
  }
  const size_t share = share_bytes(rows, p, r);
  if (share > inner) inner = share;
  return lmr_add_bytes(bytes, inner);
}

size_t closure_bytes(size_t n, size_t p) {
  const size_t rows = search_rows(n, p), r = leading(p);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, rows * p), lmr_double_bytes(1, rows * r));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, p * r), lmr_double_bytes(1, rows * CLOSURE_MAX_LATENTS)));
  /* Collinear instruments can bring the rank down to where the table is used. */
  const size_t a = whiten_bytes(p), b = pairs_bytes(r, rows, p);
  const size_t c = pairs_bytes(r < CLOSURE_TABLE_MAX ? r : CLOSURE_TABLE_MAX, rows, p);
  return lmr_add_bytes(bytes, a > b ? (a > c ? a : c) : (b > c ? b : c));
}

lmr_status closure(const double *z, size_t n, size_t p, size_t given, double limit, closure_fit *fit,
                   double *center, double *map, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t rows = search_rows(n, p);
  double *standard, *x, *white, *u, *latents;
  LMR_TAKE(standard, &work, rows * p, err);
  LMR_TAKE(x, &work, rows * leading(p), err);
  LMR_TAKE(white, &work, p * leading(p), err);
  LMR_TAKE(u, &work, p * leading(p), err);
  LMR_TAKE(latents, &work, rows * CLOSURE_MAX_LATENTS, err);
  size_t r = 0;
  LMR_TRY(whiten(z, n, p, rows, x, center, white, &r, standard, work, err));
  fit->rows = rows;
  fit->rank = r;
  fit->n_trials = 0;
  fit->d = 0;
  const size_t most = max_latents(r);
  if (most < 2 || rows < 2 * r || (given && (given > most || given < 2))) return LMR_OK;
  closure_pairs pairs = {x, rows, r, NULL, NULL, level};
  double *table = NULL;
  LMR_TAKE(pairs.slope, &work, r * pairs_of(r), err);
  if (tabled(r)) {
    LMR_TAKE(pairs.covariance, &work, pairs_of(r) * pairs_of(r), err);
    LMR_TAKE(table, &work, r * r * r * r, err);
  }
  LMR_TRY(closure_pairs_fill(&pairs, work, tick, err));
  double above = 0;
  for (size_t d = given ? given : most; d >= 2; d--) {
    closure_trial *trial = fit->trial + fit->n_trials++;
    trial->d = d;
    trial->degree = degree_of(d, r);
    trial->columns = (size_t)monomials(d, trial->degree);
    closure_products products = {&pairs, trial->columns, table};
    closure_products_fill(&products);
    LMR_TRY(search(&products, d, trial->degree, trial, u, work, tick, err));
    trial->share = 0;
    const int cliff = given || d == most || above > 10 * trial->c;
    if (trial->c < limit && cliff) {
      /* A closed subspace that says nothing about the instruments is no code of them. */
      LMR_TRY(la_gemm('N', 'N', rows, d, trial->columns, 1, x, rows, u, trial->columns, 0, latents, rows, err));
      LMR_TRY(explained(latents, rows, d, trial->degree, trial->columns, standard, p, &trial->share, work, err));
    }
    if (trial->share > CLOSURE_SHARE) {
      fit->d = d;
      return la_gemm('N', 'N', p, d, trial->columns, 1, white, p, u, trial->columns, 0, map, p, err);
    }
    above = trial->c;
    if (given) break;
  }
  return LMR_OK;
}
