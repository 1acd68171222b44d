#include "core/curve/curve_basis.h"

#include "core/la/la.h"
#include "core/la/fastmath.h"

#include <math.h>
#include <string.h>

double curve_log_uniform(lmr_rng *rng, double lo, double hi) {
  return exp(log(lo) + lmr_rng_uniform(rng) * (log(hi) - log(lo)));
}

enum { POWER_INSTRUMENTS = 5 };
static const double collinear = 1e-7;  /* a column that adds nothing to the ones before it */
static const double negligible = 1e-8; /* a component's share of its units' variance */

size_t curve_components_bytes(size_t units, size_t cap) {
  const size_t d = sizeof(double);
  size_t total = lmr_bytes((cap + units) * units, d);
  total = lmr_add_bytes(total, lmr_bytes(units * units, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(units, d));
  return lmr_add_bytes(lmr_add_bytes(total, 512), la_eigen_bytes(units));
}

lmr_status curve_components(size_t n, double *q, size_t k, size_t cap, double *unit, size_t units, size_t *kept,
                            lmr_cpu level, lmr_arena work, lmr_error *err) {
  double *cross, *gram, *rotation, *value;
  LMR_TAKE(cross, &work, (cap + units) * units, err);
  LMR_TAKE(gram, &work, units * units, err);
  LMR_TAKE(rotation, &work, units * units, err);
  LMR_TAKE(value, &work, units, err);
  double total = 0;
  for (size_t u = 0; u < units; u++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += unit[i + u * n];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) total += (unit[i + u * n] - mean) * (unit[i + u * n] - mean);
  }
  for (int pass = 0; pass < 2; pass++) {
    curve_cross(n, k, q, units, unit, cross, level);
    LMR_TRY(la_gemm('N', 'N', n, units, k, -1, q, n, cross, k, 1, unit, n, err));
  }
  curve_cross(n, units, unit, units, unit, gram, level);
  LMR_TRY(la_eigen(gram, units, units, value, rotation, units, work, err));
  size_t components = 0;
  while (components < units && k + components < cap &&
         value[units - 1 - components] > negligible * total)
    components++;
  for (size_t c = 0; c < components; c++) { /* descending, unit length */
    const double length = sqrt(value[units - 1 - c]);
    for (size_t u = 0; u < units; u++)
      cross[u + c * units] = rotation[u + (units - 1 - c) * units] / length;
  }
  LMR_TRY(la_gemm('N', 'N', n, components, units, 1, unit, n, cross, units, 0, q + k * n, n, err));
  *kept = k + components;
  return LMR_OK;
}

size_t curve_basis_cap(size_t n, size_t nz, size_t nw, size_t units) {
  const size_t base = 1 + nw + nz * (nz <= POWER_INSTRUMENTS ? 3 : 1);
  const size_t most = n / 3 > base ? n / 3 : base;
  return base + units < most ? base + units : most;
}

size_t curve_basis_bytes(size_t n, size_t nz, size_t nw, size_t units) {
  const size_t cap = curve_basis_cap(n, nz, nw, units) + 1, d = sizeof(double);
  size_t total = lmr_bytes(n, units * d);
  total = lmr_add_bytes(total, lmr_bytes(n, d));
  total = lmr_add_bytes(total, lmr_bytes(nz, d));
  total = lmr_add_bytes(total, lmr_bytes(cap, d));
  return lmr_add_bytes(lmr_add_bytes(total, 1024), curve_components_bytes(units, cap));
}

void curve_random_units(size_t n, const double *z, size_t nz, size_t units, lmr_rng *rng, double *direction,
                        double *index, double *out, lmr_cpu level) {
  for (size_t u = 0; u < units; u++) {
    double norm = 0;
    for (size_t k = 0; k < nz; k++) {
      direction[k] = lmr_rng_normal(rng);
      norm += direction[k] * direction[k];
    }
    norm = sqrt(norm);
    const size_t row = (size_t)lmr_rng_below(rng, n);
    const double slope = curve_log_uniform(rng, .3, 4);
    memset(index, 0, n * sizeof *index);
    for (size_t k = 0; k < nz; k++)
      for (size_t i = 0; i < n; i++) index[i] += direction[k] / norm * z[i + k * n];
    double *to = out + u * n;
    const double knot = index[row];
    for (size_t i = 0; i < n; i++) to[i] = slope * (index[i] - knot);
    vtanh(to, to, n, level);
  }
}

lmr_status curve_basis(size_t n, const double *z, size_t nz, const int *distinct, const double *w, size_t nw,
                       size_t units, lmr_rng *rng, double *q, curve_basis_size *size, lmr_cpu level, lmr_arena work,
                       lmr_error *err) {
  const size_t cap = curve_basis_cap(n, nz, nw, units);
  double *unit, *column, *direction, *dots;
  LMR_TAKE(unit, &work, n * units, err);
  LMR_TAKE(column, &work, n, err);
  LMR_TAKE(direction, &work, nz, err);
  LMR_TAKE(dots, &work, cap + 1, err);

  size_t k = 0;
  for (size_t i = 0; i < n; i++) column[i] = 1;
  k += (size_t)curve_append(n, q, k, column, collinear, dots);
  for (size_t j = 0; j < nw; j++) k += (size_t)curve_append(n, q, k, w + j * n, collinear, dots);
  size->fixed = k;
  const int powers = nz <= POWER_INSTRUMENTS ? 3 : 1;
  for (int power = 1; power <= powers; power++) {
    for (size_t j = 0; j < nz; j++) {
      if (power > 1 && distinct[j] <= 4) continue;
      for (size_t i = 0; i < n; i++) column[i] = pow(z[i + j * n], power);
      if (k < cap) k += (size_t)curve_append(n, q, k, column, collinear, dots);
    }
    if (power == 1) size->linear = k;
  }
  size->base = k;
  size->kept = k;
  if (size->base == size->fixed)
    return lmr_fail(err, LMR_ESINGULAR, "the instruments do not vary given the covariates");
  if (k >= cap) return LMR_OK;

  curve_random_units(n, z, nz, units, rng, direction, column, unit, level);
  return curve_components(n, q, k, cap, unit, units, &size->kept, level, work, err);
}
