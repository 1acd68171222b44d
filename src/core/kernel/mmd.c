#include "core/kernel/mmd.h"

#include "core/kernel/hsic.h"

#include <math.h>
#include <string.h>

size_t mmd_bytes(size_t n, size_t d, size_t groups) {
  size_t bytes = lmr_add_bytes(gram_groups_bytes(d), lmr_bytes(n, sizeof(double)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(groups * groups, sizeof(double)),
                                            2 * lmr_bytes(groups, sizeof(double))));
}

/* Pair tables from the sums of K over pairs of groups. */
static void pair_tables(const double *block, const double *diag, const double *size, size_t groups,
                        double *biased, double *unbiased) {
  for (size_t e = 0; e < groups; e++)
    for (size_t f = 0; f < groups; f++) {
      const double ne = size[e], nf = size[f];
      const double ee = block[e * (groups + 1)], ff = block[f * (groups + 1)];
      const double cross = block[e + f * groups] / (ne * nf);
      biased[e + f * groups] = e == f ? 0 : ee / (ne * ne) + ff / (nf * nf) - 2 * cross;
      unbiased[e + f * groups] =
        e == f ? 0
        : ne > 1 && nf > 1 ? (ee - diag[e]) / (ne * (ne - 1)) + (ff - diag[f]) / (nf * (nf - 1)) - 2 * cross
                           : NAN;
    }
}

static double pooled(const double *pair, const double *size, size_t groups) {
  double n = 0, sum = 0;
  for (size_t e = 0; e < groups; e++) n += size[e];
  for (size_t e = 0; e < groups; e++)
    for (size_t f = 0; f < e; f++) sum += size[e] / n * (size[f] / n) * pair[e + f * groups];
  return sum;
}

void mmd_from_centred(double n, double groups, double biased, double kk, double trace, mmd_result *out) {
  out->n = n;
  out->biased = biased;
  out->unbiased = NAN;
  out->normalised = kk > 0 && groups > 1 ? biased * n / sqrt(kk * (groups - 1)) : 0;
  out->null_mean = trace * (groups - 1) / n;
  out->null_var = 2 * kk * (groups - 1) / (n * n);
  out->exact_mean = out->exact_var = out->null_third = NAN;
}

lmr_status mmd_exact(const lmr_points *x, const int *label, size_t groups, double *pair_biased,
                     double *pair_unbiased, mmd_result *out, lmr_cpu level, lmr_arena work,
                     const lmr_tick *tick, lmr_error *err) {
  const double n = (double)x->n;
  double *row, *block, *diag, *size, kk;
  LMR_TAKE(row, &work, x->n, err);
  LMR_TAKE(block, &work, groups * groups, err);
  LMR_TAKE(diag, &work, groups, err);
  LMR_TAKE(size, &work, groups, err);
  LMR_TRY(gram_groups(x, label, groups, block, diag, size, row, &kk, level, work, tick, err));
  for (size_t e = 0; e < groups; e++)
    if (size[e] == 0) return lmr_fail(err, LMR_EINVAL, "mmd: group %zu is empty", e + 1);
  pair_tables(block, diag, size, groups, pair_biased, pair_unbiased);
  double all = 0, trace = 0, rr = 0;
  for (size_t e = 0; e < groups; e++) trace += diag[e];
  for (size_t i = 0; i < x->n; i++) all += row[i];
  for (size_t i = 0; i < x->n; i++) rr += (row[i] - all / n) * (row[i] - all / n);
  const double centred = fmax(kk - 2 * rr / n - all / n * (all / n), 0);
  mmd_from_centred(n, (double)groups, pooled(pair_biased, size, groups), centred, trace - all / n, out);
  out->unbiased = pooled(pair_unbiased, size, groups);
  centred_sums k = {trace - all / n, centred, 0}, l = {n * ((double)groups - 1), n * n * ((double)groups - 1), 0};
  for (size_t i = 0; i < x->n; i++) {
    const size_t at = x->order ? (size_t)x->order[i] : i;
    const double d = kernel_value(x, at, at) - (2 * row[i] - all / n) / n;
    k.diagonal += d * d;
  }
  for (size_t e = 0; e < groups; e++) l.diagonal += size[e] * (n / size[e] - 1) * (n / size[e] - 1);
  if (x->n >= 4) {
    permutation_moments(n, &k, &l, &out->exact_mean, &out->exact_var);
    out->exact_mean /= n, out->exact_var /= n * n;
  }
  return LMR_OK;
}

size_t mmd_blocks_bytes(size_t block, size_t d, size_t groups) {
  size_t bytes = lmr_add_bytes(mmd_bytes(block * groups, d, groups), 2 * lmr_bytes(block * groups, sizeof(int)));
  return lmr_add_bytes(bytes, lmr_bytes(groups * groups, sizeof(double)) * 2);
}

lmr_status mmd_blocks(const lmr_points *x, const int *order, const size_t *start, size_t groups,
                      size_t block, int linear, double *mean, double *sd, size_t *count, lmr_cpu level,
                      lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (linear) block = 2;
  if (block < 2) return lmr_fail(err, LMR_EINVAL, "mmd: blocks of %zu rows, 2 are needed", block);
  const size_t rows = block * groups;
  int *who, *label;
  double *biased, *unbiased, *sums, *diag, *size, *row, kk;
  LMR_TAKE(who, &work, rows, err);
  LMR_TAKE(label, &work, rows, err);
  LMR_TAKE(biased, &work, groups * groups, err);
  LMR_TAKE(unbiased, &work, groups * groups, err);
  LMR_TAKE(sums, &work, groups * groups, err);
  LMR_TAKE(diag, &work, groups, err);
  LMR_TAKE(size, &work, groups, err);
  LMR_TAKE(row, &work, rows, err);
  *count = SIZE_MAX;
  for (size_t e = 0; e < groups; e++) {
    const size_t k = (start[e + 1] - start[e]) / block;
    if (k < *count) *count = k;
  }
  lmr_points p = *x;
  p.order = who;
  double total = 0, squares = 0;
  const double all = (double)start[groups];
  for (size_t b = 0; b < *count; b++) {
    double value = 0;
    for (size_t e = 0; e < groups; e++)
      for (size_t i = 0; i < block; i++) {
        who[e * block + i] = order[start[e] + b * block + i];
        label[e * block + i] = (int)e;
      }
    if (!linear) {
      p.n = rows;
      LMR_TRY(gram_groups(&p, label, groups, sums, diag, size, row, &kk, level, work, NULL, err));
      pair_tables(sums, diag, size, groups, biased, unbiased);
    }
    for (size_t e = 0; e < groups; e++)
      for (size_t f = 0; f < e; f++) {
        double h;
        if (!linear) {
          h = unbiased[e + f * groups];
        } else {
          const size_t a = (size_t)who[2 * e], a2 = (size_t)who[2 * e + 1];
          const size_t c = (size_t)who[2 * f], c2 = (size_t)who[2 * f + 1];
          h = kernel_value(x, a, a2) + kernel_value(x, c, c2) - kernel_value(x, a, c2) - kernel_value(x, a2, c);
        }
        value += (double)(start[e + 1] - start[e]) / all * ((double)(start[f + 1] - start[f]) / all) * h;
      }
    const double change = value - total / (double)(b ? b : 1);
    if (b) squares += change * change * (double)b / (double)(b + 1);
    total += value;
    if (lmr_tick_poll(tick, (double)b / (double)*count)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  *mean = *count ? total / (double)*count : NAN;
  *sd = *count > 1 ? sqrt(squares / (double)(*count - 1)) : NAN;
  return LMR_OK;
}
