/* How many coordinates of the instruments the closed-form curve uses: curve_closed_state.h. */
#include "core/curve/curve_closed_state.h"

#include <math.h>

void closed_choose_size(closed_state *t, size_t base) {
  const size_t columns = t->f->columns, points = t->s->points, full = t->kept;
  const double n = (double)t->s->n;
  const size_t least = base + 12 < full ? base + 12 : full;
  double rss = 0;
  for (size_t j = 2; j < columns; j++) {
    const double *c = t->columns + j * points;
    for (size_t p = 0; p < points; p++) rss += t->s->mass[p] * c[p] * c[p];
  }
  double best = INFINITY;
  size_t chosen = full;
  for (size_t k = 0; k < full; k++) {
    for (size_t j = 2; j < columns; j++) rss -= t->cross[k + j * full] * t->cross[k + j * full];
    const double left = 1 - (double)(k + 1) / n, score = rss / (left * left);
    if (k + 1 >= least && score < best) {
      best = score;
      chosen = k + 1;
    }
  }
  t->q = chosen - t->fixed;
}

/* The share that the instruments explain of the parabola (given [1, w]) of which they explain
 * least: the smallest root of |C - rho G|, C explained and G all sums of squares of line and
 * square, without what q noise coordinates explain. */
double closed_strength(const closed_state *t) {
  const size_t points = t->s->points, columns = 2;
  double g[3] = {0, 0, 0}, c[3] = {0, 0, 0}; /* (1,1), (1,2), (2,2) */
  for (size_t i = 0; i < columns; i++)
    for (size_t j = i; j < columns; j++) {
      const double *x = t->columns + i * points, *y = t->columns + j * points;
      const double *fx = t->cross + i * t->kept, *fy = t->cross + j * t->kept;
      for (size_t p = 0; p < points; p++) g[i + j] += t->s->mass[p] * x[p] * y[p];
      for (size_t k = 0; k < t->fixed; k++) g[i + j] -= fx[k] * fy[k];
      for (size_t k = t->fixed; k < t->fixed + t->q; k++) c[i + j] += fx[k] * fy[k];
    }
  const double det = g[0] * g[2] - g[1] * g[1];
  double share;
  if (det > 1e-8 * g[0] * g[2]) {
    const double sum = (g[2] * c[0] - 2 * g[1] * c[1] + g[0] * c[2]) / det;
    const double product = (c[0] * c[2] - c[1] * c[1]) / det, under = sum * sum / 4 - product;
    share = sum / 2 - sqrt(under > 0 ? under : 0);
  } else {
    share = g[0] > 0 ? c[0] / g[0] : 0; /* the exposure has two values */
  }
  const double noise = (double)t->q / ((double)t->s->n - (double)t->fixed);
  return (share - noise) / (1 - noise);
}

/* The number k of leading coordinates, of {those of z, with powers, all}, that the coefficient
 * of column j (0: the line, 1: the square beside it) is fitted with: the first, unless
 * a larger one halves the approximate mean squared error (k cov(u, v) / G)^2 + var(u) / G, G
 * the column's information without what k noise coordinates add (Donald and Newey
 * 2001, Econometrica 69:1161), and G is two standard errors above nothing. */
static size_t fewest(const closed_state *t, size_t j, const size_t *choice, size_t choices) {
  const double *c = t->cross + t->fixed + j * t->kept, *g0 = t->cross + t->fixed, *g = t->gy + t->fixed;
  const size_t points = t->s->points, middle = choice[choices > 1 ? choices - 2 : 0];
  const double n = (double)t->s->n, *x = t->columns + j * points, *a = t->columns;
  double slope = 0, size = 0; /* of linear 2SLS */
  for (size_t l = 0; l < middle; l++) {
    slope += g0[l] * g[l];
    size += g0[l] * g0[l];
  }
  slope = size > 0 ? slope / size : 0;
  double uu = t->yy, uv = 0, vv = 0;
  for (size_t p = 0; p < points; p++) {
    uu += slope * a[p] * (slope * t->s->mass[p] * a[p] - 2 * t->ysum[p]);
    uv += x[p] * (t->ysum[p] - slope * t->s->mass[p] * a[p]);
    vv += t->s->mass[p] * x[p] * x[p];
  }
  for (size_t k = 0; k < t->fixed; k++) {
    const double u = t->gy[k] - slope * t->cross[k], v = t->cross[k + j * t->kept];
    uu -= u * u;
    uv -= u * v;
    vv -= v * v;
  }
  for (size_t l = 0; l < t->q; l++) {
    uv -= (g[l] - slope * g0[l]) * c[l];
    vv -= c[l] * c[l];
  }
  const size_t least_size = j > 0 ? 2 : 1;
  size_t best = choice[0] < least_size ? choice[choices - 1] : choice[0];
  double least = INFINITY;
  for (size_t i = 0; i < choices; i++) {
    double cc = 0, c0 = 0, aa = 0;
    for (size_t l = 0; l < choice[i]; l++) {
      cc += c[l] * c[l];
      c0 += c[l] * g0[l];
      aa += g0[l] * g0[l];
    }
    if (j > 0 && aa > 0) cc -= c0 * c0 / aa;
    const double k = (double)choice[i], information = cc - k * vv / n;
    if (choice[i] < least_size || !(information > (i ? 2 * sqrt(2 * k) * vv / n : 0))) continue;
    const double bias = k * uv / n / information, mse = bias * bias + uu / n / information;
    if (mse < (i ? .5 : 1) * least) {
      least = mse;
      best = choice[i];
    }
  }
  return best;
}

void closed_choose_fewer(closed_state *t, curve_basis_size size) {
  const size_t choice[] = {size.linear - size.fixed, size.base - size.fixed, t->q};
  t->q_line = fewest(t, 0, choice, 3);
  t->q_square = fewest(t, 1, choice + 1, 2);
}
