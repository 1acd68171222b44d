#include "core/encoder/stationary.h"

#include "core/base/rng.h"

#include <math.h>
#include <string.h>

size_t stationary_bytes(size_t width, size_t p) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(2, width * width), lmr_double_bytes(1, width));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(4, p * p), lmr_double_bytes(2, p)));
  return lmr_add_bytes(bytes, la_eigen_bytes(p));
}

lmr_status stationary_directions(const moment_view *view, size_t p, double *values,
                                 double *directions, size_t *columns, lmr_arena work,
                                 const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width;
  const double n = moment_people(view);
  double *within, *total, *mean, *cov, *vectors, *whiten, *m, *row, *spectrum;
  LMR_TAKE(within, &work, w * w, err);
  LMR_TAKE(total, &work, w * w, err);
  LMR_TAKE(mean, &work, w, err);
  LMR_TAKE(cov, &work, p * p, err);
  LMR_TAKE(vectors, &work, p * p, err);
  LMR_TAKE(whiten, &work, p * p, err);
  LMR_TAKE(m, &work, p * p, err);
  LMR_TAKE(row, &work, p, err);
  LMR_TAKE(spectrum, &work, p, err);
  moment_pooled_mean(view, mean);
  LMR_TRY(moment_within_total(view, mean, within, total, tick, err));
  /* Scale to unit variance before factorising, so that units do not decide
   * which direction counts as degenerate. */
  for (size_t j = 0; j < p; j++) {
    const double v = total[j + j * w] / n;
    row[j] = v > 0 ? 1 / sqrt(v) : 0;
  }
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++) cov[i + j * p] = total[i + j * w] / n * row[i] * row[j];
  LMR_TRY(la_eigen_polled(cov, p, p, spectrum, vectors, p, work, tick, err));
  size_t q = 0;
  for (size_t l = p; l-- > 0;) {
    if (!(spectrum[l] > 1e-8 * spectrum[p - 1])) continue;
    for (size_t i = 0; i < p; i++)
      whiten[i + q * p] = vectors[i + l * p] * row[i] / sqrt(spectrum[l]);
    q++;
  }
  *columns = q;
  if (!q) return LMR_OK;
  memset(m, 0, p * p * sizeof *m);
  for (size_t e = 0; e < view->environments; e++) {
    const double share = view->n[e] / n, *me = view->mean + e * w;
    LMR_TRY(la_gemm_polled('N', 'N', p, q, p, 1 / view->n[e], view->cross[e], w, whiten, p, 0,
                    vectors, p, tick, err));
    LMR_TRY(la_gemm_polled('T', 'N', q, q, p, 1, whiten, p, vectors, p, 0, cov, q, tick, err));
    for (size_t j = 0; j < q; j++) cov[j + j * q] -= 1;
    LMR_TRY(la_syrk_polled('N', q, q, share / 2, cov, q, 1, m, q, tick, err));
    for (size_t j = 0; j < q; j++) {
      row[j] = 0;
      for (size_t i = 0; i < p; i++) row[j] += whiten[i + j * p] * (me[i] - mean[i]);
    }
    LMR_TRY(la_syrk_polled('N', q, 1, share, row, q, 1, m, q, tick, err));
  }
  LMR_TRY(la_eigen_polled(m, q, q, values, vectors, q, work, tick, err));
  return la_gemm_polled('N', 'N', p, q, q, 1, whiten, p, vectors, q, 0, directions, p, tick, err);
}

size_t stationary_null_bytes(size_t m, size_t environments) {
  size_t bytes = lmr_add_bytes(lmr_double_bytes(3, m * m), lmr_double_bytes(2, m));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * m * environments));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * environments));
  return lmr_add_bytes(bytes, la_eigen_bytes(m));
}

/* Means (m x E) and covariances (m x m x E) of n_e standard Gaussian people. */
static lmr_status draw_environments(lmr_rng *rng, const double *n, size_t environments,
                                    size_t m, double *factor, double *means, double *covs,
                                    lmr_error *err) {
  for (size_t e = 0; e < environments; e++) {
    const double unit = 1 / sqrt(n[e]);
    memset(factor, 0, m * m * sizeof *factor);
    for (size_t j = 0; j < m; j++) {
      const double df = n[e] - 1 - (double)j;
      factor[j + j * m] = df > 0 ? unit * sqrt(lmr_rng_chisq(rng, df)) : 0;
      for (size_t r = j + 1; r < m; r++) factor[r + j * m] = unit * lmr_rng_normal(rng);
      means[j + e * m] = unit * lmr_rng_normal(rng);
    }
    LMR_TRY(la_syrk('N', m, m, 1, factor, m, 0, covs + e * m * m, m, err));
    la_symmetrize(covs + e * m * m, m, m);
  }
  return LMR_OK;
}

lmr_status stationary_null(const double *n, size_t environments, size_t m, size_t draws, uint64_t seed,
                           double *largest, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *factor, *pooled, *sum, *values, *means, *covs, *centre, total = 0;
  LMR_TAKE(factor, &work, m * m, err);
  LMR_TAKE(pooled, &work, m * m, err);
  LMR_TAKE(sum, &work, m * m, err);
  LMR_TAKE(values, &work, m, err);
  LMR_TAKE(covs, &work, m * m * environments, err);
  LMR_TAKE(means, &work, m * environments, err);
  LMR_TAKE(centre, &work, m, err);
  for (size_t e = 0; e < environments; e++) total += n[e];
  for (size_t i = 0; i < draws; i++) {
    if (lmr_tick_poll(tick, (double)i / (double)draws))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    lmr_rng rng;
    lmr_rng_seed(&rng, seed, i);
    LMR_TRY(draw_environments(&rng, n, environments, m, factor, means, covs, err));
    /* The pooled law is taken as the standard one, as the encoder does. */
    memset(centre, 0, m * sizeof *centre);
    for (size_t e = 0; e < environments; e++)
      for (size_t j = 0; j < m; j++) centre[j] += n[e] / total * means[j + e * m];
    memset(pooled, 0, m * m * sizeof *pooled);
    for (size_t e = 0; e < environments; e++) {
      double *mean = means + e * m, *s = covs + e * m * m;
      for (size_t j = 0; j < m; j++) mean[j] -= centre[j];
      for (size_t j = 0; j < m * m; j++) pooled[j] += n[e] / total * s[j];
      LMR_TRY(la_syrk('N', m, 1, n[e] / total, mean, m, 1, pooled, m, err));
    }
    LMR_TRY(la_chol(pooled, m, m, err));
    memset(sum, 0, m * m * sizeof *sum);
    for (size_t e = 0; e < environments; e++) {
      const double share = n[e] / total;
      double *mean = means + e * m, *s = covs + e * m * m;
      LMR_TRY(la_trsm('L', 'T', m, m, 1, pooled, m, s, m, err));
      LMR_TRY(la_trsm('R', 'N', m, m, 1, pooled, m, s, m, err));
      LMR_TRY(la_trsm('L', 'T', m, 1, 1, pooled, m, mean, m, err));
      for (size_t j = 0; j < m; j++) s[j + j * m] -= 1;
      LMR_TRY(la_syrk('N', m, m, share / 2, s, m, 1, sum, m, err));
      LMR_TRY(la_syrk('N', m, 1, share, mean, m, 1, sum, m, err));
    }
    LMR_TRY(la_eigen(sum, m, m, values, NULL, m, work, err));
    largest[i] = values[m - 1];
  }
  return LMR_OK;
}
