/* An R list `rows` as the model that src/core/iv reads. Either columns in memory:
 *   y (double n), x, z, w (double matrices n x k, L, K, or lists of their columns; those
 *   that take part are picked by the 1-based keep_*), root (NULL or the roots of the
 *   weights);
 * or a stream (R/latent_rows.R, src/core/iv/iv_stream.h). */
#ifndef LMR_GLUE_IV_H
#define LMR_GLUE_IV_H

#include "core/iv/iv_data.h"
#include "core/iv/row_meats.h"
#include "glue.h"

/* Every column, before any was dropped; not for streams. */
typedef struct {
  const double **col;
  size_t n, K, L, k;
  const double *root;
} glue_iv_columns;
glue_iv_columns glue_iv_all_columns(SEXP rows);

/* order: 0-based rows sorted by cluster, or NULL; a stream has its own order. */
iv_data glue_iv_model(SEXP rows, SEXP r, const int *order);

row_meats_input glue_row_meats(SEXP rows, SEXP maps, SEXP estimates, SEXP k, SEXP cluster, SEXP clusters);

/* Rising 0-based places below `limit`. */
const int *glue_rising(SEXP x, size_t limit, const char *name);

/* Cluster of each of n rows (0-based) and their number; NULL and 0 without clusters. */
const int *glue_clusters(SEXP cluster, SEXP clusters, size_t n, size_t *count);

#endif
