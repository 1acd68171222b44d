/* The rows of a linear IV model whose factor R is known: columns W (K), Z (L), X (k),
 * y, in this order. Either they are columns in memory, all multiplied by the root of the
 * weights when there are weights, R is theirs (core/la/tall_qr.h) and Q = (W Z) R^-1 is
 * formed block by block; or they are a stream (core/iv/iv_stream.h), whose W and Z are
 * Q itself: the blocks (W, W) and (Z, Z) of R are unit matrices. */
#ifndef LMR_CORE_IV_DATA_H
#define LMR_CORE_IV_DATA_H

#include "core/iv/iv_stream.h"
#include "core/la/tall.h"

typedef struct {
  tall_source instruments; /* W, Z; of a stream only n and p count */
  tall_source response;    /* X, y */
  size_t K, L, k;
  const double *r;         /* (K + L + k + 1) squared, upper triangular */
  const iv_stream *stream; /* NULL: columns in memory */
} iv_data;

static inline size_t iv_columns(const iv_data *d) { return d->K + d->L + d->k + 1; }

/* What a block is asked for besides W, X and y. */
enum {
  IV_Q = 1,       /* all of q; without it a stream leaves out the columns of Z */
  IV_LEVERAGE = 2 /* hw and hz */
};

/* A block of rows: q = rows of Q (padded columns), xy = X, y as packed, and the
 * parts of X: hat = Q_Z Q_Z'X, left = X - Q Q'X (k columns each). hw: leverages of W,
 * hz: what Z adds to them. */
typedef struct {
  size_t rows, pq, pxy;
  int want;
  double *factor, *q, *xy, *hat, *left, *hw, *hz;
  /* of a stream */
  double *u;     /* rows x padded width: after loading, the variants after W */
  double *forms; /* rows x padded columns of a map */
  double *basis, *metric;
  double **map;
} iv_block;

size_t iv_block_rows(const iv_data *d);
size_t iv_block_bytes(const iv_data *d, int want);
lmr_status iv_block_make(iv_block *b, const iv_data *d, int want, lmr_arena *work, lmr_error *err);

/* Another block of the same rows, for another thread: buffers of its own, and the packed matrices of `of`. */
size_t iv_block_share_bytes(const iv_data *d);
lmr_status iv_block_share(iv_block *b, const iv_block *of, const iv_data *d, lmr_arena *work, lmr_error *err);

/* Loads `count` rows; `coef` of (W, X), K + k, gives the residual y - W g - X b
 * in e[rows] when it is not NULL. */
void iv_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, const double *coef,
                   double *e, lmr_cpu level);

/* e := e / (1 - h)^(power / 2), power 1 or 2; not a number where the leverage h is one. */
void iv_leverage_divide(double *e, const double *h, int power, size_t count);

#endif
