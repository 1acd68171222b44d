/* A linear IV model whose columns are linear in the rows behind the moments
 * (core/moments/moment_rows.h), in orthonormal coordinates: W and Z are known as maps
 * from those rows, computed from moments, so that their factor has unit blocks and no
 * column of them is held over people. Z is a basis of the variants after W; or it is
 * given as columns over people (the instrument of UJIVE). */
#ifndef LMR_CORE_IV_STREAM_H
#define LMR_CORE_IV_STREAM_H

#include "core/moments/moment_rows.h"

/* What people of one cell have in common. */
typedef struct {
  size_t columns;          /* of W, besides the intercept of the cell */
  const int *place;        /* columns + 1: where they stand among the K, the intercept first */
  double intercept;        /* 1 / sqrt(people of the cell), 0: no intercept of its own */
  const double *map;       /* width x (columns + 2 k): W, X after W, X after (W, Z) */
  const double *explained; /* columns x variants: what W knows of the variants */
  const double *fill, *center; /* variants, width */
} iv_cell;

/* hat[at[i], at[j]] + lift_i'lift_j is the projection between two of n people (core/iv/iv_hat.h). */
typedef struct {
  const double *hat;  /* people x people */
  size_t people;
  const int *at;      /* n, rising */
  const double *lift; /* m x n */
  size_t m;
} iv_stream_hat;

typedef struct {
  const moment_rows *rows;
  const int *who; /* positions in the panel */
  size_t n;
  const iv_cell *cell; /* indexed by moment_rows.cell */
  size_t cells;
  const int *x;   /* k numeric columns, 0-based */
  int y;
  const double *basis; /* variants x L; NULL where nothing asks for the columns of Z themselves */
  const double *metric; /* basis basis' (variants x variants), or NULL: */
  const iv_stream_hat *hat; /* the projection on (W, Z), or NULL: */
  const double *given; /* n x L, in the order of `who`, with */
  /* n x iv_stream_forms(): the forms of people by the maps of their cells (W, X after W, X after
   * (W, Z)), written by the passes when `keep` is there, read instead of the genotypes when `forms` is:
   * for passes that need no Z but given ones. */
  double *keep;
  const double *forms;
  const double *given_w, *given_r; /* K x L: Q_W'given, and the factor (L x L) of what W leaves */
} iv_stream;

#endif
