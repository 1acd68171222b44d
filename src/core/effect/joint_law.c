#include "core/effect/joint_law.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

joint_role joint_role_of(const joint_shape *s, size_t e, size_t i, size_t j) {
  const int *on = s->touched + e * s->d;
  const size_t u = s->size - 1;
  if (i < s->d) return on[i] && on[j] ? JOINT_OWN : JOINT_SHARED;
  if (i < u || j >= u - s->exposures) return JOINT_OWN;
  return j < s->d && on[j] ? JOINT_OWN : JOINT_ZERO;
}

size_t joint_mixes(const joint_shape *s) { return s->d * s->d + s->size - 1 - s->d; }

size_t joint_pairs(const joint_shape *s) { return s->d * (s->d + 1) / 2; }

size_t joint_shared(const joint_shape *s) { return joint_mixes(s) + joint_pairs(s) + s->d; }

size_t joint_rows(const joint_shape *s) { return s->size + s->size * (s->size + 1) / 2; }

size_t joint_own(const joint_shape *s, size_t e) {
  size_t count = s->size - s->d;
  for (size_t j = 0; j < s->d; j++) count += s->touched[j + e * s->d] != 0;
  for (size_t j = 0; j < s->size; j++)
    for (size_t i = j; i < s->size; i++) count += joint_role_of(s, e, i, j) == JOINT_OWN;
  return count;
}

size_t joint_value_bytes(const joint_shape *s) { return lmr_double_bytes(2, s->size * (s->size + 1)); }

/* Upper factor of a (n x n), zeros below. */
static lmr_status factor(const double *a, size_t n, double *root, lmr_error *err) {
  memcpy(root, a, n * n * sizeof *root);
  LMR_TRY(la_chol(root, n, n, err));
  for (size_t j = 0; j < n; j++) memset(root + j * n + j + 1, 0, (n - j - 1) * sizeof *root);
  return LMR_OK;
}

lmr_status joint_value(const joint_shape *s, const joint_state *at, double *value, lmr_arena work, lmr_error *err) {
  const size_t q = s->size;
  double *root, *left;
  LMR_TAKE(root, &work, q * q, err);
  LMR_TAKE(left, &work, q * (q + 1), err);
  *value = 0;
  for (size_t e = 0; e < s->environments; e++) {
    lmr_status status = factor(at->sample_cov + e * q * q, q, root, err);
    double sum = -(double)q;
    if (status == LMR_OK) {
      for (size_t j = 0; j < q; j++) {
        sum -= 2 * log(root[j + j * q]);
        for (size_t i = 0; i < q; i++) left[i + j * q] = root[j + i * q];
        left[j + q * q] = at->sample_mean[j + e * q] - at->mean[j + e * q];
      }
      status = factor(at->cov + e * q * q, q, root, err);
    }
    if (status == LMR_ESINGULAR) {
      *value = INFINITY;
      return LMR_OK;
    }
    LMR_TRY(status);
    LMR_TRY(la_trsm('L', 'T', q, q + 1, 1, root, q, left, q, err));
    for (size_t j = 0; j < q; j++) sum += 2 * log(root[j + j * q]);
    for (size_t i = 0; i < q * (q + 1); i++) sum += left[i] * left[i];
    *value += s->n[e] * sum;
  }
  return LMR_OK;
}

size_t joint_design_bytes(const joint_shape *s) { return lmr_double_bytes(4, s->size * s->size); }

/* The lower triangle of by (u v' + v u'). */
static void both(const double *u, const double *v, size_t q, double by, double *out) {
  for (size_t j = 0; j < q; j++) {
    *out++ = by * sqrt(2) * u[j] * v[j];
    for (size_t i = j + 1; i < q; i++) *out++ = by * (u[i] * v[j] + u[j] * v[i]);
  }
}

lmr_status joint_design(const joint_shape *s, const joint_state *at, size_t e, double *out, lmr_arena work, lmr_error *err) {
  const size_t q = s->size, d = s->d, u = q - 1, rows = joint_rows(s), own = joint_own(s, e);
  const double *mean = at->mean + e * q, *cov = at->cov + e * q * q;
  const int *on = s->touched + e * d;
  double *root, *w, *above, *half;
  LMR_TAKE(root, &work, q * q, err);
  LMR_TAKE(w, &work, q * q, err);
  LMR_TAKE(above, &work, q * q, err);
  LMR_TAKE(half, &work, q * q, err);
  LMR_TRY(factor(cov, q, root, err));
  memset(w, 0, q * q * sizeof *w);
  for (size_t j = 0; j < q; j++) w[j + j * q] = 1;
  LMR_TRY(la_trsm('L', 'T', q, q, 1, root, q, w, q, err));
  memset(out, 0, rows * (own + joint_shared(s) + 1) * sizeof *out);
  double *mine = out, *mixed = out + rows * own, *pair = mixed + rows * joint_mixes(s);
  for (size_t j = 0; j < q; j++)
    for (size_t i = j; i < q; i++) {
      const joint_role role = joint_role_of(s, e, i, j);
      double **to = role == JOINT_OWN ? &mine : &pair;
      if (role != JOINT_ZERO) both(w + i * q, w + j * q, q, i == j ? .5 : 1, *to + q);
      if (role == JOINT_OWN) mine += rows;
      if (i < d) pair += rows;
    }
  for (size_t j = 0; j < q; j++) { /* pair: now the means that are shared */
    double *to = j < d && !on[j] ? pair + j * rows : mine;
    memcpy(to, w + j * q, q * sizeof *w);
    if (to == mine) mine += rows;
  }
  for (size_t k = 0; k < joint_mixes(s); k++, mixed += rows) {
    const size_t a = k < d * d ? k % d : u, b = k < d * d ? k / d : k - d * d + d;
    for (size_t i = 0; i < q; i++) mixed[i] = w[i + a * q] * mean[b];
    both(w + a * q, root + b * q, q, 1, mixed + q);
  }
  double *last = out + rows * (own + joint_shared(s));
  const double *sample = at->sample_mean + e * q;
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++)
      above[i + j * q] = at->sample_cov[i + j * q + e * q * q] - cov[i + j * q] + (sample[i] - mean[i]) * (sample[j] - mean[j]);
  LMR_TRY(la_gemm('N', 'N', q, q, q, 1, w, q, above, q, 0, half, q, err));
  LMR_TRY(la_gemm('N', 'T', q, q, q, 1, half, q, w, q, 0, above, q, err));
  for (size_t j = 0; j < q; j++)
    for (size_t i = 0; i < q; i++) last[i] += w[i + j * q] * (sample[j] - mean[j]);
  last += q;
  for (size_t j = 0; j < q; j++)
    for (size_t i = j; i < q; i++) *last++ = above[i + j * q] * (i == j ? sqrt(.5) : 1);
  return LMR_OK;
}
