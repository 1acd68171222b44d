#include "core/curve/curve_vector.h"

#include "core/curve/curve_basis.h"
#include "core/la/fastmath.h"
#include "core/la/la.h"

#include <math.h>
#include <string.h>

vector_nets vector_shape(size_t exposures, size_t members, size_t units) {
  vector_nets s = {.exposures = exposures, .squares = exposures * (exposures + 1) / 2, .members = members, .units = units};
  s.columns = exposures + s.squares + members * units;
  return s;
}

void vector_start(vector_nets *s, size_t n, const double *a, lmr_rng *rng) {
  const size_t k = s->exposures;
  for (size_t u = 0; u < s->members * s->units; u++) {
    double *w = s->weight + u * k, norm = 0, knot = 0;
    for (size_t j = 0; j < k; j++) {
      w[j] = lmr_rng_normal(rng);
      norm += w[j] * w[j];
    }
    const int odd = (int)(u / s->units % 2);
    const double slope = (odd ? curve_log_uniform(rng, .4, 1.2) : curve_log_uniform(rng, .7, 2)) / sqrt(norm);
    const size_t row = (size_t)lmr_rng_below(rng, n);
    for (size_t j = 0; j < k; j++) {
      w[j] *= slope;
      knot += w[j] * a[row + j * n];
    }
    s->shift[u] = -knot;
  }
}

lmr_status vector_products(vector_nets *s, size_t n, const double *a, lmr_error *err) {
  enum { MOST = 8 };
  const size_t k = s->exposures;
  double form[MOST * MOST], side[MOST];
  if (k > MOST) return lmr_fail(err, LMR_EINVAL, "%zu exposures", k);
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i <= j; i++) {
      double v = 0;
      for (size_t r = 0; r < n; r++) v += a[r + i * n] * a[r + j * n];
      form[i + j * k] = v;
    }
  for (size_t j = 0; j < k; j++) {
    const double before = form[j + j * k];
    double left = before;
    /* by hand, because what is left of an exposure is judged against its own length */
    for (size_t i = 0; i < j; i++) {
      double v = form[i + j * k];
      for (size_t l = 0; l < i; l++) v -= form[l + i * k] * form[l + j * k];
      form[i + j * k] = v / form[i + i * k];
      left -= form[i + j * k] * form[i + j * k];
    }
    if (!(left > 1e-10 * before)) return lmr_fail(err, LMR_ESINGULAR, "the exposures are collinear");
    form[j + j * k] = sqrt(left);
  }
  for (size_t i = 0, p = 0; i < k; i++)
    for (size_t j = i; j < k; j++, p++) {
      const double *x = a + i * n, *y = a + j * n;
      double *to = s->product + p * (2 + k), mean = 0, ss = 0;
      for (size_t r = 0; r < n; r++) mean += x[r] * y[r];
      mean /= (double)n;
      for (size_t l = 0; l < k; l++) side[l] = 0;
      for (size_t r = 0; r < n; r++) {
        const double v = x[r] * y[r] - mean;
        ss += v * v;
        for (size_t l = 0; l < k; l++) side[l] += a[r + l * n] * v;
      }
      double left = ss;
      LMR_TRY(la_trsm('L', 'T', k, 1, 1, form, k, side, k, err));
      for (size_t l = 0; l < k; l++) left -= side[l] * side[l];
      LMR_TRY(la_trsm('L', 'N', k, 1, 1, form, k, side, k, err));
      to[0] = mean;
      memcpy(to + 1, side, k * sizeof *to);
      to[1 + k] = left > 1e-10 * ss && left > 0 ? sqrt(left / (double)n) : INFINITY;
    }
  return LMR_OK;
}

/* Products of count rows, or their derivatives. */
static void products_at(const vector_nets *s, size_t count, const double *a, int by, double *out) {
  const size_t k = s->exposures;
  for (size_t i = 0, p = 0; i < k; i++)
    for (size_t j = i; j < k; j++, p++) {
      const double *c = s->product + p * (2 + k), *x = a + i * count, *y = a + j * count;
      double *to = out + p * count;
      for (size_t r = 0; r < count; r++) {
        double v;
        if (by == VECTOR_VALUE) {
          v = x[r] * y[r] - c[0];
          for (size_t l = 0; l < k; l++) v -= c[1 + l] * a[r + l * count];
        } else {
          v = ((int)i == by ? y[r] : 0) + ((int)j == by ? x[r] : 0) - c[1 + by];
        }
        to[r] = v / c[1 + k];
      }
    }
}

void vector_at(const vector_nets *s, size_t count, const double *a, int by, int raw, double *out, lmr_cpu level) {
  const size_t k = s->exposures, first = k + s->squares;
  for (size_t j = 0; j < k; j++)
    for (size_t r = 0; r < count; r++)
      out[r + j * count] = by == VECTOR_VALUE ? a[r + j * count] : (int)j == by;
  products_at(s, count, a, by, out + k * count);
  for (size_t u = 0; u < s->members * s->units; u++) {
    double *to = out + (first + u) * count;
    const double *w = s->weight + u * k;
    for (size_t r = 0; r < count; r++) to[r] = s->shift[u];
    for (size_t j = 0; j < k; j++)
      for (size_t r = 0; r < count; r++) to[r] += w[j] * a[r + j * count];
    vtanh(to, to, count, level);
    if (by != VECTOR_VALUE)
      for (size_t r = 0; r < count; r++) to[r] = w[by] * (1 - to[r] * to[r]);
  }
  if (raw) return;
  for (size_t j = 0; j < s->columns; j++) {
    const double scale = j < first ? 1 : s->block[(j - first) / s->units];
    const double mean = by == VECTOR_VALUE ? s->mean[j] : 0;
    for (size_t r = 0; r < count; r++) out[r + j * count] = scale * out[r + j * count] - mean;
  }
}
