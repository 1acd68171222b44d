#include "core/curve/curve_features.h"

#include "core/curve/curve_basis.h"

#include <math.h>

size_t curve_features_bytes(size_t members, size_t units) {
  const size_t d = sizeof(double);
  size_t total = lmr_add_bytes(lmr_bytes(members * units, d), lmr_bytes(members * units, d));
  total = lmr_add_bytes(total, lmr_bytes(members, d));
  return lmr_add_bytes(total, lmr_bytes(2 + members * units, d));
}

lmr_status curve_features_take(size_t members, size_t units, curve_features *f, lmr_arena *keep,
                               lmr_error *err) {
  f->members = members;
  f->units = units;
  f->columns = 2 + members * units;
  LMR_TAKE(f->slope, keep, members * units, err);
  LMR_TAKE(f->shift, keep, members * units, err);
  LMR_TAKE(f->block, keep, members, err);
  LMR_TAKE(f->mean, keep, f->columns, err);
  return LMR_OK;
}

void curve_features_start(curve_features *f, size_t n, const double *a, lmr_rng *rng) {
  for (size_t m = 0; m < f->members; m++)
    for (size_t j = 0; j < f->units; j++) {
      const double slope = m % 2 ? curve_log_uniform(rng, 1.5, 4) : curve_log_uniform(rng, .7, 2);
      f->slope[m * f->units + j] = slope;
      f->shift[m * f->units + j] = -slope * a[lmr_rng_below(rng, n)];
    }
}

int curve_features_square(curve_features *f, const curve_support *s, double *out) {
  const double n = (double)s->n;
  double m1 = 0, m2 = 0, s11 = 0, s12 = 0, s22 = 0;
  for (size_t p = 0; p < s->points; p++) m1 += s->mass[p] * s->x[p];
  m1 /= n;
  for (size_t p = 0; p < s->points; p++) m2 += s->mass[p] * s->x[p] * s->x[p];
  m2 /= n;
  for (size_t p = 0; p < s->points; p++) {
    const double u = s->x[p] - m1, v = s->x[p] * s->x[p] - m2;
    s11 += s->mass[p] * u * u;
    s12 += s->mass[p] * u * v;
    s22 += s->mass[p] * v * v;
  }
  const double slope = s12 / s11, left = (s22 - s12 * slope) / n;
  const int varies = left > 1e-10 * s22 / n && left > 0;
  f->square[0] = m2 - slope * m1;
  f->square[1] = slope;
  f->square[2] = varies ? sqrt(left) : 1;
  f->mean[0] = m1;
  f->mean[1] = 0;
  for (size_t p = 0; p < s->points; p++) {
    const double x = s->x[p];
    out[p] = x - m1;
    out[p + s->points] = varies ? (x * x - f->square[0] - f->square[1] * x) / f->square[2] : 0;
  }
  return varies;
}

void curve_features_block(curve_features *f, const curve_support *s, size_t m, double *out, lmr_cpu level) {
  const size_t u = f->units, first = 2 + m * u;
  curve_units(s->points, s->x, u, f->slope + m * u, f->shift + m * u, out, level);
  double variance = 0;
  for (size_t j = 0; j < u; j++) {
    double *t = out + j * s->points, mean = 0, ss = 0;
    for (size_t p = 0; p < s->points; p++) mean += s->mass[p] * t[p];
    mean /= (double)s->n;
    for (size_t p = 0; p < s->points; p++) {
      t[p] -= mean;
      ss += s->mass[p] * t[p] * t[p];
    }
    f->mean[first + j] = mean;
    variance += ss / (double)s->n;
  }
  f->block[m] = variance > 0 ? 1 / sqrt(variance) : 1;
  for (size_t i = 0; i < u * s->points; i++) out[i] *= f->block[m];
  for (size_t j = 0; j < u; j++) f->mean[first + j] *= f->block[m];
}

void curve_features_at(const curve_features *f, size_t count, const double *x, int derivative, double *out,
                       lmr_cpu level) {
  for (size_t p = 0; p < count; p++) {
    out[p] = derivative ? 1 : x[p] - f->mean[0];
    out[p + count] = derivative ? (2 * x[p] - f->square[1]) / f->square[2]
                                : (x[p] * x[p] - f->square[0] - f->square[1] * x[p]) / f->square[2];
  }
  for (size_t m = 0; m < f->members; m++) {
    const size_t at = m * f->units;
    double *t = out + (2 + at) * count;
    curve_units(count, x, f->units, f->slope + at, f->shift + at, t, level);
    for (size_t j = 0; j < f->units; j++)
      for (size_t p = 0; p < count; p++) {
        double *v = t + j * count + p;
        *v = derivative ? f->block[m] * f->slope[at + j] * (1 - *v * *v)
                        : f->block[m] * *v - f->mean[2 + at + j];
      }
  }
}
