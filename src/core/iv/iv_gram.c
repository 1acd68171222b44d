#include "core/iv/iv_gram.h"

#include <string.h>

#include "core/la/la.h"

/* The variants, when Z are a basis of them. */
static int by_variants(const iv_data *d) { return d->stream && d->stream->basis; }
static size_t columns(const iv_data *d) { return by_variants(d) ? d->stream->rows->g.variants : d->L; }

size_t iv_gram_bytes(const iv_data *d, int with_w) {
  const size_t pm = tall_pad(columns(d)), pk = tall_pad(d->K);
  size_t bytes = lmr_add_bytes(lmr_bytes(pm * pm, sizeof(double)), lmr_bytes(iv_block_rows(d) * pm, sizeof(double)));
  return with_w ? lmr_add_bytes(bytes, lmr_double_bytes(2, pk * pm)) : bytes;
}

lmr_status iv_gram_make(iv_gram *g, const iv_data *d, int with_w, lmr_arena *work, lmr_error *err) {
  g->rows = iv_block_rows(d);
  g->m = columns(d);
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

size_t iv_gram_finish_bytes(const iv_data *d) {
  return by_variants(d) ? lmr_bytes(columns(d) * d->L, sizeof(double)) : 0;
}

lmr_status iv_gram_finish(const iv_gram *g, const iv_data *d, double *zz, double *w1, double *w2, lmr_arena work,
                          lmr_error *err) {
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
  LMR_TAKE(half, &work, m * L, err);
  la_symmetrize(g->zz, m, g->pm);
  LMR_TRY(la_gemm('N', 'N', m, L, m, 1, g->zz, g->pm, basis, m, 0, half, m, err));
  LMR_TRY(la_gemm('T', 'N', L, L, m, 1, basis, m, half, m, 0, zz, L, err));
  for (int t = 0; t < 2; t++)
    if (to[t]) LMR_TRY(la_gemm('N', 'N', K, L, m, 1, g->wz[t], g->pk, basis, m, 0, to[t], K, err));
  return LMR_OK;
}
