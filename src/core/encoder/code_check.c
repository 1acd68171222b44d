#include "core/encoder/code_check.h"

#include "core/la/standardise.h"
#include "core/la/tall_moments.h"

#include <string.h>

static size_t monomials(size_t m) { return m + m * (m + 1) / 2; }

size_t code_check_bytes(size_t n, size_t m, size_t k, size_t environments) {
  const size_t q = monomials(m) + monomials(k);
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, n * (m + k)), lmr_double_bytes(1, n * q));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(n, sizeof(int)), lmr_bytes(environments + 1, sizeof(size_t))));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(q, sizeof(double *)), lmr_bytes(q, sizeof(int))));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(4, q * q), lmr_double_bytes(1, q + m + k)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, environments * q));
  return lmr_add_bytes(bytes, tall_moments_bytes(q));
}

/* The monomials of degree 1 and 2 of the columns of x. */
static void expand(const double *x, size_t n, size_t m, double *out) {
  memcpy(out, x, n * m * sizeof *out);
  double *to = out + n * m;
  for (size_t b = 0; b < m; b++)
    for (size_t a = 0; a <= b; a++, to += n)
      for (size_t i = 0; i < n; i++) to[i] = x[i + a * n] * x[i + b * n];
}

/* R of the rank-revealing Cholesky of `cov` (q x q, leading dimension ld), dropped columns unit. */
static lmr_status root_of(const double *cov, size_t q, size_t ld, double *root, int *kept, size_t *rank, lmr_error *err) {
  for (size_t j = 0; j < q; j++) memcpy(root + j * q, cov + j * ld, q * sizeof *root);
  LMR_TRY(la_chol_drop(root, q, q, 1e-9, kept, rank, err));
  for (size_t j = 0; j < q; j++)
    if (!kept[j]) root[j + j * q] = 1;
  return LMR_OK;
}

lmr_status code_check(const double *w, size_t m, const double *v, size_t k, size_t n, const int *environment,
                      size_t environments, code_check_result *result, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t qw = monomials(m), qv = monomials(k), q = qw + qv;
  double *standard, *phi, *cov, *root_w, *root_v, *cross, *sd, *mean;
  const double **col;
  int *order, *kept;
  size_t *first;
  LMR_TAKE(standard, &work, n * (m + k), err);
  LMR_TAKE(phi, &work, n * q, err);
  LMR_TAKE(order, &work, n, err);
  LMR_TAKE(first, &work, environments + 1, err);
  LMR_TAKE(col, &work, q, err);
  LMR_TAKE(kept, &work, q, err);
  LMR_TAKE(cov, &work, q * q, err);
  LMR_TAKE(root_w, &work, q * q, err);
  LMR_TAKE(root_v, &work, q * q, err);
  LMR_TAKE(cross, &work, q * q, err);
  LMR_TAKE(sd, &work, q + m + k, err);
  LMR_TAKE(mean, &work, environments * q, err);
  standardise(w, n, m, standard, sd);
  standardise(v, n, k, standard + n * m, sd + m);
  expand(standard, n, m, phi);
  expand(standard + n * m, n, k, phi + n * qw);
  for (size_t j = 0; j < q; j++) col[j] = phi + j * n;
  size_t at = 0;
  for (size_t e = 0; e < environments; e++) {
    first[e] = at;
    for (size_t i = 0; i < n; i++)
      if (environment[i] == (int)e) order[at++] = (int)i;
  }
  first[environments] = at;
  double within = 0, between = 0;
  result->within = result->between = 0;
  if (!qw) return LMR_OK;
  for (size_t e = 0; e < environments; e++) {
    const size_t people = first[e + 1] - first[e];
    if (people < 2) continue;
    size_t a, b;
    LMR_TRY(tall_moments(col, order + first[e], people, q, mean + e * q, cov, level, work, err));
    if (!qv) continue;
    LMR_TRY(root_of(cov, qw, q, root_w, kept, &a, err));
    for (size_t j = 0; j < qv; j++)
      for (size_t i = 0; i < qw; i++) cross[i + j * qw] = kept[i] ? cov[i + (qw + j) * q] : 0;
    LMR_TRY(la_trsm('L', 'T', qw, qv, 1, root_w, qw, cross, qw, err));
    LMR_TRY(root_of(cov + qw * (q + 1), qv, q, root_v, kept, &b, err));
    for (size_t j = 0; j < qv; j++)
      if (!kept[j]) memset(cross + j * qw, 0, qw * sizeof *cross);
    LMR_TRY(la_trsm('R', 'N', qw, qv, 1, root_v, qv, cross, qw, err));
    double pillai = 0;
    for (size_t j = 0; j < qw * qv; j++) pillai += cross[j] * cross[j];
    const double size = (double)people;
    within += size * (pillai - (double)(a * b) / (size - 1));
  }
  /* Against the environment: between over total. */
  size_t a;
  double *overall = sd; /* q of them */
  LMR_TRY(tall_moments(col, order, n, qw, overall, cov, level, work, err));
  LMR_TRY(root_of(cov, qw, qw, root_w, kept, &a, err));
  for (size_t e = 0; e < environments; e++) {
    const double size = (double)(first[e + 1] - first[e]);
    if (size < 1) continue;
    for (size_t j = 0; j < qw; j++) cross[j] = kept[j] ? mean[e * q + j] - overall[j] : 0;
    LMR_TRY(la_trsm('L', 'T', qw, 1, 1, root_w, qw, cross, qw, err));
    for (size_t j = 0; j < qw; j++) between += size * cross[j] * cross[j];
  }
  between -= (double)n * (double)(a * (environments - 1)) / ((double)n - 1);
  result->within = within / (double)n;
  result->between = between / (double)n;
  return LMR_OK;
}
