/* The rows of a linear IV model after its factor R is known (core/la/tall_qr.h):
 * columns W (K), Z (L), X (k), y, in this order, all multiplied by the root of
 * the weights when there are weights. Q = (W Z) R^-1 is formed block by block. */
#ifndef LMR_CORE_IV_DATA_H
#define LMR_CORE_IV_DATA_H

#include "core/la/tall.h"

typedef struct {
  tall_source instruments; /* W, Z */
  tall_source response;    /* X, y */
  size_t K, L, k;
  const double *r;         /* (K + L + k + 1) squared, upper triangular */
} iv_data;

static inline size_t iv_columns(const iv_data *d) { return d->K + d->L + d->k + 1; }

/* A block of rows: q = rows of Q (padded columns), xy = X, y as packed, and the
 * parts of X: hat = Q_Z Q_Z'X, left = X - Q Q'X (k columns each). */
typedef struct {
  size_t rows, pq, pxy;
  double *factor, *q, *xy, *hat, *left;
} iv_block;

size_t iv_block_bytes(const iv_data *d);
lmr_status iv_block_make(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err);

/* Loads `count` rows; `coef` of (W, X), K + k, gives the residual y - W g - X b
 * in e[rows] when it is not NULL. */
void iv_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, const double *coef,
                   double *e, lmr_cpu level);

/* e := e / (1 - h)^(power / 2), power 1 or 2; not a number where the leverage h is one. */
void iv_leverage_divide(double *e, const double *h, int power, size_t count);

#endif
