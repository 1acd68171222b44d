/* The rows behind the moments: people whose columns are u = (G, numeric columns), in
 * the order of a view (core/moments/moment_view.h). They are read in blocks, about the
 * mean of their cell: of the environment, or of environment and fold. */
#ifndef LMR_CORE_MOMENT_ROWS_H
#define LMR_CORE_MOMENT_ROWS_H

#include "core/genotype/panel.h"

typedef struct {
  genotype_panel g;
  const double *const *column; /* q numeric columns */
  size_t q;
  const int *person;           /* row of each person of the panel in the numeric columns */
  const int *cell;             /* of each person of the panel */
} moment_rows;

static inline size_t moment_rows_width(const moment_rows *m) { return m->g.variants + m->q; }

/* block[i + rows c] := column c of person who[i] less center[c], width columns;
 * fill[v] for missing genotypes. who: positions in the panel, ascending. */
void moment_rows_read(const moment_rows *m, const int *who, size_t count, const double *fill, const double *center,
                      double *block, size_t rows);

/* People of `who` from `first` on, below `end`, who share a cell. */
size_t moment_rows_run(const moment_rows *m, const int *who, size_t first, size_t end);

#endif
