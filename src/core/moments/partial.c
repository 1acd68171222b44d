#include "core/moments/partial.h"

#include <math.h>
#include <string.h>

#include "core/la/turn.h"

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

size_t partial_bytes(const partial_block *block) {
  const size_t k = max_size(block->n_inner, block->n_common);
  const size_t bytes = lmr_bytes(max_size(k * k, 1), sizeof(double));
  return lmr_add_bytes(bytes, lmr_bytes(2 * max_size(k, 1), sizeof(double)));
}

/* out (w x k) += a map. Columns that pick need no product. */
static lmr_status add_products(const double *a, size_t w, const double *map, size_t k, double *out, const lmr_tick *tick,
                               lmr_error *err) {
  size_t entries = 0;
  for (size_t i = 0; i < w * k; i++) entries += map[i] != 0;
  if (entries > k) return la_gemm_polled('N', 'N', w, k, w, 1, a, w, map, w, 1, out, w, tick, err);
  for (size_t j = 0; j < k; j++)
    for (size_t c = 0; c < w; c++) {
      const double by = map[c + j * w], *from = a + c * w;
      if (by == 0) continue;
      for (size_t i = 0; i < w; i++) out[i + j * w] += by * from[i];
    }
  return LMR_OK;
}

/* explained (w x k), a m on entry: explained explained' = a m (m'am)^-1 m'a. `reference`
 * [k]: variance of each column before anything was partialled out, against
 * which "nothing is left" is judged; NULL where nothing was. */
static lmr_status explain(size_t w, const double *map, size_t k, const double *reference, int *kept, size_t *rank,
                          double *explained, double *mam, double *scale, const lmr_tick *tick, lmr_error *err) {
  LMR_TRY(la_gemm_polled('T', 'N', k, k, w, 1, map, w, explained, w, 0, mam, k, tick, err));
  for (size_t j = 0; j < k; j++) {
    const double v = mam[j + j * k];
    scale[j] = v > 0 && (!reference || v > PARTIAL_TOLERANCE * reference[j]) ? 1 / sqrt(v) : 0;
  }
  LMR_TRY(la_unit_factor(mam, k, scale, PARTIAL_TOLERANCE, kept, rank, tick, err));
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < w; i++) explained[i + j * w] *= kept[j] ? scale[j] : 0;
  return la_trsm_polled('R', 'N', w, k, 1, mam, k, explained, w, tick, err);
}

/* out[j] += variance of column j of the map. */
static void map_variance(const double *a, size_t w, const double *map, size_t k, double *out) {
  for (size_t j = 0; j < k; j++) {
    const double *m = map + j * w;
    double v = 0;
    for (size_t c = 0; c < w; c++) {
      if (m[c] == 0) continue;
      double s = 0;
      for (size_t r = 0; r < w; r++) s += a[r + c * w] * m[r];
      v += s * m[c];
    }
    out[j] += v;
  }
}

/* to := map scale R^-1, the orthonormal columns whose products with the data are `explained`. */
static lmr_status own_columns(const double *map, size_t w, size_t k, const int *kept, const double *scale,
                              const double *mam, double *to, lmr_error *err) {
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < w; i++) to[i + j * w] = kept[j] ? scale[j] * map[i + j * w] : 0;
  return la_trsm('R', 'N', w, k, 1, mam, k, to, w, err);
}

/* The common columns less what the inner ones of an environment explain of them. */
static lmr_status common_columns(const partial_maps *maps, size_t e, const double *map, size_t w, size_t ki, size_t kc,
                                 const int *kept, const double *scale, const double *mam, const double *explained,
                                 lmr_error *err) {
  double *to = maps->column[e] + w * ki, *known = maps->explained[e] + w * ki;
  LMR_TRY(own_columns(map, w, kc, kept, scale, mam, to, err));
  /* known holds what the inner ones explain, before its own numbers: ki x kc */
  LMR_TRY(la_gemm('T', 'N', ki, kc, w, 1, maps->explained[e], w, to, w, 0, known, ki ? ki : 1, err));
  LMR_TRY(la_gemm('N', 'N', w, kc, ki, -1, maps->column[e], w, known, ki ? ki : 1, 1, to, w, err));
  memcpy(known, explained, w * kc * sizeof *known);
  return LMR_OK;
}

/* explained := products of the common columns with what the inner ones, taken, leave. space: ki x kc. */
static lmr_status left_products(const moment_view *view, const partial_block *block, const double *taken,
                                double *explained, double *space, const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width, ki = block->n_inner, kc = block->n_common;
  memset(explained, 0, w * kc * sizeof *explained);
  for (size_t e = 0; e < view->environments; e++) {
    const double *own = taken + e * w * ki;
    LMR_TRY(add_products(view->cross[e], w, block->common, kc, explained, tick, err));
    if (!ki) continue;
    LMR_TRY(la_gemm('T', 'N', ki, kc, w, 1, own, w, block->common, w, 0, space, ki, err));
    LMR_TRY(la_gemm('N', 'N', w, kc, ki, -1, own, w, space, ki, 1, explained, w, err));
  }
  return LMR_OK;
}

/* What is left with the columns `of`, or with all. */
static lmr_status residuals(const moment_view *view, const int *of, size_t n_of, const double *taken, size_t k,
                            double *residual, const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width;
  if (!of && view->environments) {
    LMR_TRY(matrix_sum(view->cross, view->environments, w * w, residual, tick, err));
    if (!k) return LMR_OK;
    LMR_TRY(la_syrk_polled('N', w, k, -1, taken, w, 1, residual, w, tick, err));
    la_symmetrize(residual, w, w); /* syrk kept the upper triangle only */
    return LMR_OK;
  }
  memset(residual, 0, w * n_of * sizeof *residual);
  for (size_t j = 0; j < n_of && of; j++) {
    const size_t c = (size_t)of[j];
    double *to = residual + j * w;
    for (size_t e = 0; e < view->environments; e++)
      for (size_t i = 0; i < w; i++) to[i] += view->cross[e][i + c * w];
    for (size_t l = 0; l < k; l++)
      for (size_t i = 0; i < w; i++) to[i] -= taken[c + l * w] * taken[i + l * w];
  }
  return LMR_OK;
}

lmr_status partial_out(const moment_view *view, const partial_block *block, const int *of, size_t n_of,
                       double *residual, double *taken, int *inner_kept, int *common_kept,
                       size_t *rank, const partial_maps *maps, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t w = view->width, ki = block->n_inner, kc = block->n_common, inner = view->environments * ki;
  const size_t k = max_size(max_size(ki, kc), 1);
  double *mam, *reference, *scale;
  size_t r = 0;
  LMR_TAKE(mam, &work, k * k, err);
  LMR_TAKE(reference, &work, 2 * k, err);
  scale = reference + k;
  *rank = view->environments;
  memset(taken, 0, w * (inner + kc) * sizeof *taken);
  for (size_t e = 0; ki && e < view->environments; e++) {
    double *explained = taken + e * w * ki;
    LMR_TRY(add_products(view->cross[e], w, block->inner, ki, explained, tick, err));
    LMR_TRY(explain(w, block->inner, ki, NULL, inner_kept + e * ki, &r, explained, mam, scale, tick, err));
    *rank += r;
    if (!maps) continue;
    LMR_TRY(own_columns(block->inner, w, ki, inner_kept + e * ki, scale, mam, maps->column[e], err));
    memcpy(maps->explained[e], explained, w * ki * sizeof *explained);
  }
  if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  if (kc) {
    double *explained = taken + w * inner;
    LMR_TRY(left_products(view, block, taken, explained, mam, tick, err));
    memset(reference, 0, k * sizeof *reference);
    for (size_t e = 0; e < view->environments; e++)
      map_variance(view->cross[e], w, block->common, kc, reference);
    LMR_TRY(explain(w, block->common, kc, reference, common_kept, &r, explained, mam, scale, tick, err));
    *rank += r;
    for (size_t e = 0; maps && e < view->environments; e++)
      LMR_TRY(common_columns(maps, e, block->common, w, ki, kc, common_kept, scale, mam, explained, err));
  }
  return residuals(view, of, n_of, taken, inner + kc, residual, tick, err);
}
