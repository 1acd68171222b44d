/* Weighted cross products of the instruments over people, sum w_i z_i z_i' and
 * sum w_i q_i z_i' with z = q_Z, q = q_W, from blocks (core/iv/iv_data.h). For a stream
 * the variants after W stand in until all are read: half the work of forming z. */
#ifndef LMR_CORE_IV_GRAM_H
#define LMR_CORE_IV_GRAM_H

#include "core/iv/iv_data.h"

typedef struct {
  size_t rows, m, pm, pk;       /* columns that stand for Z, padded; K padded */
  double *zz, *wz[2], *scaled;
} iv_gram;

/* with_w: the products with W are wanted too. */
size_t iv_gram_bytes(const iv_data *d, int with_w);
lmr_status iv_gram_make(iv_gram *g, const iv_data *d, int with_w, lmr_arena *work, lmr_error *err);

/* Adds a loaded block: `weight` to zz and wz[0], `other` to wz[1] (NULL when made without W). */
void iv_gram_add(iv_gram *g, const iv_data *d, const iv_block *b, const double *weight, const double *other,
                 lmr_cpu level);

/* zz: L x L, both triangles; w1, w2: K x L, or NULL. */
size_t iv_gram_finish_bytes(const iv_data *d);
lmr_status iv_gram_finish(const iv_gram *g, const iv_data *d, double *zz, double *w1, double *w2, lmr_arena work,
                          const lmr_tick *tick, lmr_error *err);

/* The same sums for traces of products, which need no basis: with M the metric of a stream (I
 * otherwise) zz := zz M (m x m), w := wz[0] M, by_w := wz[1] (K x m each, m = iv_gram_columns()). */
size_t iv_gram_columns(const iv_data *d);
lmr_status iv_gram_turn(iv_gram *g, const iv_data *d, double *zz, double *w, double *by_w, const lmr_tick *tick,
                        lmr_error *err);

#endif
