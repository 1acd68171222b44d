#include "core/curve/curve_surface.h"

#include "core/la/la.h"

#include <math.h>
#include <string.h>

/* Evidence along one prior variance. With A = A_0 + kappa R R', A_0 = L'L and
 * R'A_0^-1 R = V diag(d) V': log |A| and all forms in A^-1 are closed in kappa. */
typedef struct {
  size_t q, flat;   /* coordinates, flat columns */
  const double *cross, *g; /* flat columns first */
  double s2, n;
} line;

/* G~'A^-1 G~ of [flat, g] less the flat directions: half log det of A and of the
 * flat form, quadratic form of what is left. `m` is (flat + 1)^2, destroyed. */
static lmr_status restricted(size_t flat, double log_det, double s2, double *m, double *value,
                             lmr_error *err) {
  const size_t k = flat + 1;
  LMR_TRY(la_chol(m, flat, k, err));
  double *h = m + flat * k, quad = m[flat + flat * k], flat_det = 0;
  LMR_TRY(la_trsm('L', 'T', flat, 1, 1, m, k, h, flat, err));
  for (size_t i = 0; i < flat; i++) {
    quad -= h[i] * h[i];
    flat_det += log(m[i + i * k]);
  }
  *value = -.5 * log_det - flat_det - quad / (2 * s2);
  return LMR_OK;
}

static double level_at(size_t i, double n) {
  return i ? pow(10, -1 + .5 * ((double)i - 1)) / n : 0; /* 0, then 10^-1 .. 10^6 over n */
}

static lmr_status prior_factor(const surface_nets *s, size_t q, const double *cross,
                               const double *kappa, size_t without, double *a, lmr_error *err) {
  memset(a, 0, q * q * sizeof *a);
  for (size_t i = 0; i < q; i++) a[i + i * q] = 1;
  for (size_t b = 0; b < SURFACE_BLOCKS; b++) {
    if (b == without || !(kappa[b] > 0)) continue;
    const size_t at = surface_block_start(s, b), m = surface_block_start(s, b + 1) - at;
    LMR_TRY(la_syrk('N', q, m, kappa[b], cross + at * q, q, 1, a, q, err));
  }
  return la_chol(a, q, q, err);
}

size_t surface_fit_bytes(size_t q, size_t columns) {
  const size_t d = sizeof(double), k = columns + 1;
  size_t total = lmr_bytes(q * q, d);
  total = lmr_add_bytes(total, lmr_bytes(q * k, d));
  total = lmr_add_bytes(total, lmr_bytes(q * k, d));
  total = lmr_add_bytes(total, lmr_bytes(columns * columns, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(k * k, 4 * d));
  total = lmr_add_bytes(total, lmr_bytes(columns, 2 * d));
  return lmr_add_bytes(lmr_add_bytes(total, 4096), la_eigen_bytes(columns));
}

static lmr_status best_level(const surface_nets *s, const line *l, size_t block, double *kappa, double *value,
                             lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t q = l->q, flat = l->flat, k = flat + 1;
  const size_t at = surface_block_start(s, block), m = surface_block_start(s, block + 1) - at;
  double *a, *white, *head, *gram, *vectors, *values, *base, *turned, *form;
  LMR_TAKE(a, &work, q * q, err);
  LMR_TAKE(white, &work, q * m, err);
  LMR_TAKE(head, &work, q * k, err);
  LMR_TAKE(gram, &work, m * m, err);
  LMR_TAKE(vectors, &work, m * m, err);
  LMR_TAKE(values, &work, m, err);
  LMR_TAKE(base, &work, k * k, err);
  LMR_TAKE(turned, &work, m * k, err);
  LMR_TAKE(form, &work, k * (m > k ? m : k), err);
  LMR_TRY(prior_factor(s, q, l->cross, kappa, block, a, err));
  double log_det = 0;
  for (size_t i = 0; i < q; i++) log_det += 2 * log(a[i + i * q]);
  memcpy(white, l->cross + at * q, q * m * sizeof *white);
  memcpy(head, l->cross, q * flat * sizeof *head);
  memcpy(head + q * flat, l->g, q * sizeof *head);
  LMR_TRY(la_trsm('L', 'T', q, m, 1, a, q, white, q, err));
  LMR_TRY(la_trsm('L', 'T', q, k, 1, a, q, head, q, err));
  curve_cross(q, m, white, m, white, gram, level);
  curve_cross(q, k, head, k, head, base, level);
  curve_cross(q, m, white, k, head, form, level);
  LMR_TRY(la_eigen(gram, m, m, values, vectors, m, work, err));
  LMR_TRY(la_gemm('T', 'N', m, k, m, 1, vectors, m, form, m, 0, turned, m, err));
  double best = -INFINITY, chosen = 0;
  for (size_t i = 0; i < SURFACE_LEVELS; i++) {
    const double kap = level_at(i, l->n);
    double det = log_det;
    memcpy(form, base, k * k * sizeof *form);
    for (size_t r = 0; r < m; r++) {
      if (!(kap > 0) || values[r] <= 0) continue;
      const double shrink = kap / (1 + kap * values[r]);
      det += log1p(kap * values[r]);
      for (size_t c2 = 0; c2 < k; c2++)
        for (size_t c1 = 0; c1 <= c2; c1++)
          form[c1 + c2 * k] -= shrink * turned[r + c1 * m] * turned[r + c2 * m];
    }
    double v;
    LMR_TRY(restricted(flat, det, l->s2, form, &v, err));
    if (v > best) {
      best = v;
      chosen = kap;
    }
  }
  kappa[block] = chosen;
  *value = best;
  return LMR_OK;
}

lmr_status surface_fit(const surface_nets *s, size_t q, const double *g, const double *cross, double n, double s2,
                       surface_evidence *e, double *coef, double *cov, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t columns = surface_columns(s), flat = 1 + s->covariates;
  const line l = {q, flat, cross, g, s2, n};
  double value = 0, additive = 0;
  memset(e->kappa, 0, sizeof e->kappa);
  LMR_TRY(best_level(s, &l, 2, e->kappa, &additive, level, work, err)); /* psi(a) alone */
  memset(e->kappa, 0, sizeof e->kappa);
  for (int sweep = 0; sweep < 4; sweep++) {
    double before[SURFACE_BLOCKS];
    memcpy(before, e->kappa, sizeof before);
    for (size_t b = 0; b < SURFACE_BLOCKS; b++)
      LMR_TRY(best_level(s, &l, b, e->kappa, &value, level, work, err));
    if (!memcmp(before, e->kappa, sizeof before)) break;
  }
  e->gain = value - additive;

  /* posterior of the columns with positive prior variance: (D^-1 + G'G)^-1 */
  double *rhs, *prior;
  size_t used = 0;
  LMR_TAKE(rhs, &work, columns, err);
  LMR_TAKE(prior, &work, columns, err);
  for (size_t j = 0; j < columns; j++) prior[j] = 0;
  for (size_t b = 0; b < SURFACE_BLOCKS; b++)
    for (size_t j = surface_block_start(s, b); j < surface_block_start(s, b + 1); j++)
      prior[j] = e->kappa[b];
  double *packed, *gram;
  LMR_TAKE(packed, &work, q * columns, err);
  for (size_t j = 0; j < columns; j++)
    if (j < flat || prior[j] > 0) memcpy(packed + used++ * q, cross + j * q, q * sizeof *packed);
  LMR_TAKE(gram, &work, used * used, err);
  curve_cross(q, used, packed, used, packed, gram, level);
  curve_cross(q, used, packed, 1, g, rhs, level);
  for (size_t j = 0, k = 0; j < columns; j++) {
    if (j >= flat && !(prior[j] > 0)) continue;
    if (j >= flat) gram[k + k * used] += 1 / prior[j];
    k++;
  }
  LMR_TRY(la_chol(gram, used, used, err));
  LMR_TRY(la_trsm('L', 'T', used, 1, 1, gram, used, rhs, used, err));
  LMR_TRY(la_trsm('L', 'N', used, 1, 1, gram, used, rhs, used, err));
  LMR_TRY(la_chol_inverse(gram, used, used, err));
  memset(coef, 0, columns * sizeof *coef);
  memset(cov, 0, columns * columns * sizeof *cov);
  size_t cj = 0;
  for (size_t j = 0; j < columns; j++) {
    if (j >= flat && !(prior[j] > 0)) continue;
    coef[j] = rhs[cj];
    size_t ci = 0;
    for (size_t i = 0; i < columns; i++) {
      if (i >= flat && !(prior[i] > 0)) continue;
      cov[i + j * columns] = gram[ci++ + cj * used];
    }
    cj++;
  }
  return LMR_OK;
}
