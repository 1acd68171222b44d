#include "core/la/log_det.h"

#include <math.h>

#include "core/la/la.h"

size_t logdet_loss_bytes(size_t n, size_t d) {
  return lmr_add_bytes(lmr_double_bytes(1, n * d), lmr_add_bytes(lmr_double_bytes(1, d * d), lmr_double_bytes(1, d)));
}

lmr_status logdet_loss(const double *z, size_t n, size_t d, size_t ld, int correlation, double eps,
                       double *value, double *gradient, lmr_arena work, lmr_error *err) {
  double *c, *r, *sd;
  LMR_TAKE(c, &work, n * d, err);
  LMR_TAKE(r, &work, d * d, err);
  LMR_TAKE(sd, &work, d, err);
  const double m = (double)n;
  for (size_t j = 0; j < d; j++) {
    double mean = 0, var = 0;
    for (size_t i = 0; i < n; i++) mean += z[i + j * ld];
    mean /= m;
    for (size_t i = 0; i < n; i++) {
      c[i + j * n] = z[i + j * ld] - mean;
      var += c[i + j * n] * c[i + j * n];
    }
    sd[j] = correlation ? sqrt(var / m) : 1;
    if (!(sd[j] > 0)) return lmr_fail(err, LMR_ESINGULAR, "log-det: column %zu of the code is constant", j + 1);
    for (size_t i = 0; i < n; i++) c[i + j * n] /= sd[j];
  }
  LMR_TRY(la_syrk('T', d, n, 1 / m, c, n, 0, r, d, err));
  la_symmetrize(r, d, d);
  for (size_t j = 0; j < d; j++) r[j * (d + 1)] += eps;
  LMR_TRY(la_chol(r, d, d, err));
  *value = 0;
  for (size_t j = 0; j < d; j++) *value += 2 * log(r[j * (d + 1)]);
  LMR_TRY(la_chol_inverse(r, d, d, err));
  LMR_TRY(la_gemm('N', 'N', n, d, d, 2 / m, c, n, r, d, 0, gradient, n, err));
  /* The rows of c sum to 0, so centring passes the gradient on; dividing by the
   * standard deviation takes off the part along the column itself. */
  if (correlation)
    for (size_t j = 0; j < d; j++) {
      double along = 0;
      for (size_t i = 0; i < n; i++) along += gradient[i + j * n] * c[i + j * n];
      for (size_t i = 0; i < n; i++) gradient[i + j * n] = (gradient[i + j * n] - along / m * c[i + j * n]) / sd[j];
    }
  return LMR_OK;
}
