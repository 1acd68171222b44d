#include "core/moments/moment_rows.h"

void moment_rows_read(const moment_rows *m, const int *who, size_t count, const double *fill, const double *center,
                      double *block, size_t rows) {
  const size_t p = m->g.variants;
  genotype_panel_read(&m->g, who, count, fill, center, block, rows);
  for (size_t c = 0; c < m->q; c++) {
    const double *from = m->column[c], shift = center[p + c];
    double *to = block + (p + c) * rows;
    for (size_t i = 0; i < count; i++) to[i] = from[m->person[who[i]]] - shift;
  }
}

size_t moment_rows_run(const moment_rows *m, const int *who, size_t first, size_t end) {
  size_t last = first;
  while (last < end && m->cell[who[last]] == m->cell[who[first]]) last++;
  return last - first;
}
