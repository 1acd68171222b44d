#include "core/la/inverse.h"

#include <math.h>
#include <string.h>

lmr_status la_inverse_transposed(double *a, size_t d, double *out, double *log_det, lmr_error *err) {
  *log_det = 0;
  memset(out, 0, d * d * sizeof *out);
  for (size_t i = 0; i < d; i++) out[i + i * d] = 1;
  for (size_t k = 0; k < d; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < d; i++)
      if (fabs(a[i + k * d]) > fabs(a[pivot + k * d])) pivot = i;
    const double p = a[pivot + k * d];
    if (!(fabs(p) > 1e-12)) return lmr_fail(err, LMR_ESINGULAR, "a matrix has no inverse");
    *log_det += log(fabs(p));
    /* Row operations on a are row operations on the inverse: columns of its transpose. */
    for (size_t j = 0; j < d; j++) {
      const double t = a[k + j * d];
      a[k + j * d] = a[pivot + j * d] / p;
      if (pivot != k) a[pivot + j * d] = t;
      const double u = out[j + k * d];
      out[j + k * d] = out[j + pivot * d] / p;
      if (pivot != k) out[j + pivot * d] = u;
    }
    for (size_t i = 0; i < d; i++) {
      const double by = a[i + k * d];
      if (i == k || by == 0) continue;
      for (size_t j = 0; j < d; j++) {
        a[i + j * d] -= by * a[k + j * d];
        out[j + i * d] -= by * out[j + k * d];
      }
    }
  }
  return LMR_OK;
}
