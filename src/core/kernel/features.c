#include "core/kernel/features.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"
#include "core/la/sincos.h"
#include "core/la/tall.h"

enum { CHUNK = 2048 };

static size_t polynomial_width(size_t d, int degree) {
  const size_t two = 1 + d + d * (d + 1) / 2;
  return degree == 2 ? two : two + d * (d + 1) * (d + 2) / 6;
}

size_t feature_width(const lmr_points *p, size_t frequencies, size_t levels) {
  switch (p->kernel.kind) {
    case LMR_RBF: return 2 * frequencies;
    case LMR_POLY:
      return (p->kernel.degree == 2 || p->kernel.degree == 3) && p->kernel.offset == 1
               ? polynomial_width(p->d, p->kernel.degree) : 0;
    case LMR_DELTA: return p->d == 1 ? levels : 0;
    default: return 0;
  }
}

void feature_draw(const lmr_points *p, size_t frequencies, lmr_rng *rng, double *omega) {
  for (size_t m = 0; m < frequencies; m++) {
    const double sd = sqrt(2 * p->kernel.gamma[m % (size_t)p->kernel.scales]);
    for (size_t c = 0; c < p->d; c++) omega[c + m * p->d] = sd * lmr_rng_normal(rng);
  }
}

/* Monomials with the roots of their multinomial coefficients in (1 + x'y)^degree. */
static void polynomial_row(const lmr_points *p, size_t row, double *out, size_t ld) {
  const int cubic = p->kernel.degree == 3;
  const double one = sqrt(cubic ? 3 : 2), square = cubic ? sqrt(3) : 1, cross = cubic ? sqrt(6) : sqrt(2);
  size_t f = 0;
  out[ld * f++] = 1;
  for (size_t a = 0; a < p->d; a++) {
    const double u = p->x[row + a * p->ld];
    out[ld * f++] = one * u;
    for (size_t b = a; b < p->d; b++) {
      const double uv = u * p->x[row + b * p->ld];
      out[ld * f++] = (a == b ? square : cross) * uv;
      if (!cubic) continue;
      for (size_t c = b; c < p->d; c++) {
        const double ways = a == b && b == c ? 1 : a == b || b == c ? 3 : 6;
        out[ld * f++] = sqrt(ways) * uv * p->x[row + c * p->ld];
      }
    }
  }
}

void feature_rows(const feature_map *map, size_t first, size_t count, double *out, size_t ld, double *angle,
                  lmr_cpu level) {
  const lmr_points *p = map->points;
  if (p->kernel.kind == LMR_RBF) {
    const double scale = 1 / sqrt((double)map->frequencies);
    for (size_t m = 0; m < map->frequencies; m++) {
      memset(angle, 0, count * sizeof *angle);
      for (size_t c = 0; c < p->d; c++) {
        const double w = map->omega[c + m * p->d], *col = p->x + c * p->ld;
        if (p->order)
          for (size_t i = 0; i < count; i++) angle[i] += w * col[p->order[first + i]];
        else
          for (size_t i = 0; i < count; i++) angle[i] += w * col[first + i];
      }
      double *even = out + 2 * m * ld, *odd = even + ld;
      vsincos(even, odd, angle, count, level);
      for (size_t i = 0; i < count; i++) even[i] *= scale, odd[i] *= scale;
    }
    return;
  }
  if (p->kernel.kind == LMR_DELTA)
    for (size_t f = 0; f < map->width; f++) memset(out + f * ld, 0, count * sizeof *out);
  for (size_t i = 0; i < count; i++) {
    const size_t row = p->order ? (size_t)p->order[first + i] : first + i;
    if (p->kernel.kind == LMR_DELTA) out[i + (size_t)p->x[row] * ld] = 1;
    else polynomial_row(p, row, out + i, ld);
  }
}

size_t hsic_features_bytes(size_t wx, size_t wy) {
  const size_t w = wx + wy;
  size_t bytes = lmr_add_bytes(lmr_bytes(CHUNK * w, sizeof(double)), lmr_bytes(CHUNK, sizeof(double)));
  bytes = lmr_add_bytes(bytes, 2 * lmr_bytes(w * w, sizeof(double)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, w), tall_crossprod_bytes(w)));
}

static double sum_of(const double *x, size_t n) {
  double s[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t l = 0; l < 4; l++) s[l] += x[i + l];
  for (; i < n; i++) s[0] += x[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

/* sums (w x groups) += a chunk's, a run of rows of one group at a time. label NULL: one group. */
static void add_sums(const double *chunk, size_t w, const int *label, size_t count, double *sums) {
  for (size_t from = 0, to; from < count; from = to) {
    for (to = label ? from + 1 : count; to < count && label[to] == label[from]; to++) {}
    double *sum = sums + (label ? (size_t)label[from] * w : 0);
    for (size_t f = 0; f < w; f++) sum[f] += sum_of(chunk + from + f * CHUNK, to - from);
  }
}

/* Covariance (divisor n) of the features of x and y beside each other, and their sums (w x groups). */
static lmr_status covariance(const feature_map *x, const feature_map *y, const int *label, size_t groups, double *sums,
                             double *cov, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t wx = x->width, w = wx + (y ? y->width : 0), n = x->points->n;
  double *chunk, *angle, *part, *mean;
  LMR_TAKE(chunk, &work, CHUNK * w, err);
  LMR_TAKE(angle, &work, CHUNK, err);
  LMR_TAKE(part, &work, w * w, err);
  LMR_TAKE(mean, &work, w, err);
  memset(cov, 0, w * w * sizeof *cov);
  memset(sums, 0, w * groups * sizeof *sums);
  for (size_t first = 0; first < n; first += CHUNK) {
    const size_t count = n - first < CHUNK ? n - first : CHUNK;
    feature_rows(x, first, count, chunk, CHUNK, angle, level);
    if (y) feature_rows(y, first, count, chunk + wx * CHUNK, CHUNK, angle, level);
    add_sums(chunk, w, label ? label + first : NULL, count, sums);
    LMR_TRY(tall_crossprod(chunk, count, w, CHUNK, NULL, part, level, work, NULL, err));
    for (size_t e = 0; e < w * w; e++) cov[e] += part[e];
    if (lmr_tick_poll(tick, (double)first / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t f = 0; f < w; f++) {
    mean[f] = 0;
    for (size_t e = 0; e < groups; e++) mean[f] += sums[f + e * w];
    mean[f] /= (double)n;
  }
  for (size_t f = 0; f < w; f++)
    for (size_t g = 0; g < w; g++) cov[g + f * w] = cov[g + f * w] / (double)n - mean[f] * mean[g];
  return LMR_OK;
}

static double block_squares(const double *a, size_t ld, size_t r0, size_t r1, size_t c0, size_t c1) {
  double s = 0;
  for (size_t c = c0; c < c1; c++)
    for (size_t r = r0; r < r1; r++) s += a[r + c * ld] * a[r + c * ld];
  return s;
}

/* tr A^3 of a symmetric block of `cov`: the sum of its cubed eigenvalues. square [width^2]. */
static lmr_status block_cubes(const double *a, size_t ld, size_t from, size_t width, double *square, double *cubes,
                              lmr_error *err) {
  const double *block = a + from * (ld + 1);
  LMR_TRY(la_gemm('N', 'N', width, width, width, 1, block, ld, block, ld, 0, square, width, err));
  *cubes = 0;
  for (size_t c = 0; c < width; c++)
    for (size_t r = 0; r < width; r++) *cubes += square[r + c * width] * block[r + c * ld];
  return LMR_OK;
}

lmr_status hsic_features(const feature_map *x, const feature_map *y, hsic_result *out, lmr_cpu level,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t wx = x->width, w = wx + y->width;
  const double n = (double)x->points->n;
  double *cov, *sums;
  LMR_TAKE(cov, &work, w * w, err);
  LMR_TAKE(sums, &work, w, err);
  LMR_TRY(covariance(x, y, NULL, 1, sums, cov, level, work, tick, err));
  double *square, ck, cl, tk = 0, tl = 0;
  LMR_TAKE(square, &work, wx > y->width ? wx * wx : y->width * y->width, err);
  LMR_TRY(block_cubes(cov, w, 0, wx, square, &ck, err));
  LMR_TRY(block_cubes(cov, w, wx, y->width, square, &cl, err));
  for (size_t f = 0; f < wx; f++) tk += cov[f * (w + 1)];
  for (size_t f = wx; f < w; f++) tl += cov[f * (w + 1)];
  const double n2 = n * n;
  hsic_from_centred(n, n2 * block_squares(cov, w, 0, wx, wx, w), n2 * block_squares(cov, w, 0, wx, 0, wx),
                    n2 * block_squares(cov, w, wx, w, wx, w), n * tk, n * tl, out);
  out->trace_third = 8 * ck * cl; /* n HSIC is a sum of a_i b_j chi-squares, a and b the eigenvalues */
  return LMR_OK;
}

size_t mmd_features_bytes(size_t width, size_t groups) {
  size_t bytes = lmr_add_bytes(hsic_features_bytes(width, 0), lmr_bytes(width * groups, sizeof(double)));
  return lmr_add_bytes(bytes, 2 * lmr_bytes(groups, sizeof(double)));
}

lmr_status mmd_features(const feature_map *x, const int *label, size_t groups, double *pair_biased,
                        mmd_result *out, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                        lmr_error *err) {
  const size_t w = x->width, rows = x->points->n;
  const double n = (double)rows;
  double *cov, *mean, *size;
  LMR_TAKE(cov, &work, w * w, err);
  LMR_TAKE(mean, &work, w * groups, err);
  LMR_TAKE(size, &work, groups, err);
  memset(size, 0, groups * sizeof *size);
  for (size_t i = 0; i < rows; i++) size[label[i]]++;
  LMR_TRY(covariance(x, NULL, label, groups, mean, cov, level, work, tick, err));
  for (size_t e = 0; e < groups; e++)
    for (size_t f = 0; f < w && size[e] > 0; f++) mean[f + e * w] /= size[e];
  double biased = 0, trace = 0;
  for (size_t e = 0; e < groups; e++) {
    if (size[e] == 0) return lmr_fail(err, LMR_EINVAL, "mmd: group %zu is empty", e + 1);
    pair_biased[e * (groups + 1)] = 0;
    for (size_t f = 0; f < e; f++) {
      double s = 0;
      for (size_t c = 0; c < w; c++) {
        const double t = mean[c + e * w] - mean[c + f * w];
        s += t * t;
      }
      pair_biased[e + f * groups] = pair_biased[f + e * groups] = s;
      biased += size[e] / n * (size[f] / n) * s;
    }
  }
  for (size_t f = 0; f < w; f++) trace += cov[f * (w + 1)];
  mmd_from_centred(n, (double)groups, biased, n * n * block_squares(cov, w, 0, w, 0, w), n * trace, out);
  double *square, cubes;
  LMR_TAKE(square, &work, w * w, err);
  LMR_TRY(block_cubes(cov, w, 0, w, square, &cubes, err));
  out->null_third = 8 * cubes * ((double)groups - 1);
  return LMR_OK;
}
