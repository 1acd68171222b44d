#include "core/iv/iv_gram.h"

#include <string.h>

#include "core/la/la.h"

/* The variants, when Z are a basis of them. */
static int by_variants(const iv_data *d) { return d->stream && d->stream->metric; }
size_t iv_gram_columns(const iv_data *d) { return by_variants(d) ? d->stream->rows->g.variants : d->L; }

size_t iv_gram_bytes(const iv_data *d, int with_w) {
  const size_t pm = tall_pad(iv_gram_columns(d)), pk = tall_pad(d->K);
  size_t bytes = lmr_add_bytes(lmr_bytes(pm * pm, sizeof(double)), lmr_bytes(iv_block_rows(d) * pm, sizeof(double)));
  return with_w ? lmr_add_bytes(bytes, lmr_double_bytes(2, pk * pm)) : bytes;
}

lmr_status iv_gram_make(iv_gram *g, const iv_data *d, int with_w, lmr_arena *work, lmr_error *err) {
  g->rows = iv_block_rows(d);
  g->m = iv_gram_columns(d);
  g->pm = tall_pad(g->m);
  g->pk = tall_pad(d->K);
  g->wz[0] = g->wz[1] = NULL;
  LMR_TAKE(g->zz, work, g->pm * g->pm, err);
  LMR_TAKE(g->scaled, work, g->rows * g->pm, err);
  memset(g->zz, 0, g->pm * g->pm * sizeof *g->zz);
  memset(g->scaled, 0, g->rows * g->pm * sizeof *g->scaled);
  for (int i = 0; i < 2 && with_w; i++) {
    LMR_TAKE(g->wz[i], work, g->pk * g->pm, err);
    memset(g->wz[i], 0, g->pk * g->pm * sizeof *g->wz[i]);
  }
  return LMR_OK;
}

void iv_gram_add(iv_gram *g, const iv_data *d, const iv_block *b, const double *weight, const double *other,
                 lmr_cpu level) {
  const double *z = by_variants(d) ? b->u : b->q + d->K * b->rows;
  if (other) {
    tall_block_scale(g->scaled, z, other, g->m, g->rows, level);
    tall_block_cross(b->q, g->pk, g->scaled, g->pm, g->rows, 0, g->wz[1], g->pk, level);
  }
  tall_block_scale(g->scaled, z, weight, g->m, g->rows, level);
  if (g->wz[0]) tall_block_cross(b->q, g->pk, g->scaled, g->pm, g->rows, 0, g->wz[0], g->pk, level);
  /* Beyond the last column z is read as it comes; those sums are left behind. */
  tall_block_cross(z, g->pm, g->scaled, g->pm, g->rows, 1, g->zz, g->pm, level);
}

/* to (K x L) := wz map, map m x L. Few rows: the transpose of map'wz', so that the side along
 * which the kernels go is the long one. space: L x K. */
static lmr_status times_map(const iv_gram *g, int which, const double *map, size_t m, size_t L, size_t K, double *space,
                            double *to, const lmr_tick *tick, lmr_error *err) {
  LMR_TRY(la_gemm_polled('T', 'T', L, K, m, 1, map, m, g->wz[which], g->pk, 0, space, L ? L : 1, tick, err));
  for (size_t j = 0; j < L; j++)
    for (size_t i = 0; i < K; i++) to[i + j * K] = space[j + i * L];
  return LMR_OK;
}

size_t iv_gram_finish_bytes(const iv_data *d) {
  const size_t rows = iv_gram_columns(d) > d->K ? iv_gram_columns(d) : d->K;
  return by_variants(d) ? lmr_bytes(rows * d->L, sizeof(double)) : 0;
}

lmr_status iv_gram_finish(const iv_gram *g, const iv_data *d, double *zz, double *w1, double *w2, lmr_arena work,
                          const lmr_tick *tick, lmr_error *err) {
  const size_t m = g->m, L = d->L, K = d->K;
  double *const to[2] = {w1, w2};
  if (!by_variants(d)) {
    for (size_t j = 0; j < L; j++)
      for (size_t i = 0; i <= j; i++) zz[i + j * L] = zz[j + i * L] = g->zz[i + j * g->pm];
    for (int t = 0; t < 2; t++)
      for (size_t j = 0; j < L && to[t]; j++) memcpy(to[t] + j * K, g->wz[t] + j * g->pk, K * sizeof *w1);
    return LMR_OK;
  }
  const double *basis = d->stream->basis;
  double *half;
  if (!basis) return lmr_fail(err, LMR_EINVAL, "instruments of a stream without their basis");
  LMR_TAKE(half, &work, (m > K ? m : K) * L, err);
  la_symmetrize(g->zz, m, g->pm);
  LMR_TRY(la_gemm_polled('N', 'N', m, L, m, 1, g->zz, g->pm, basis, m, 0, half, m, tick, err));
  LMR_TRY(la_gemm_polled('T', 'N', L, L, m, 1, basis, m, half, m, 0, zz, L, tick, err));
  for (int t = 0; t < 2; t++)
    if (to[t]) LMR_TRY(times_map(g, t, basis, m, L, K, half, to[t], tick, err));
  return LMR_OK;
}

static void copy(const double *from, size_t ld, size_t rows, size_t columns, double *to) {
  for (size_t j = 0; j < columns; j++) memcpy(to + j * rows, from + j * ld, rows * sizeof *to);
}

lmr_status iv_gram_turn(iv_gram *g, const iv_data *d, double *zz, double *w, double *by_w, const lmr_tick *tick,
                        lmr_error *err) {
  const size_t m = g->m, K = d->K;
  la_symmetrize(g->zz, m, g->pm);
  copy(g->wz[1], g->pk, K, m, by_w);
  if (!by_variants(d)) {
    copy(g->zz, g->pm, m, m, zz);
    copy(g->wz[0], g->pk, K, m, w);
    return LMR_OK;
  }
  const double *metric = d->stream->metric;
  LMR_TRY(la_gemm_polled('N', 'N', m, m, m, 1, g->zz, g->pm, metric, m, 0, zz, m, tick, err));
  if (K > m) return la_gemm_polled('N', 'N', K, m, m, 1, g->wz[0], g->pk, metric, m, 0, w, K, tick, err);
  return times_map(g, 0, metric, m, m, K, g->zz, w, tick, err); /* g->zz has been read */
}
