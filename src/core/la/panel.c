#include "core/la/panel.h"

#define LANES_FILE "core/la/panel_lanes.h"
#include "core/la/double_lanes.h"

void panel_symmetric(const double *a, size_t ld, size_t n, const double *x, double *y, lmr_cpu level) {
  PICK(symmetric, level)(a, ld, n, x, y);
}

void panel_dots(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *dot, lmr_cpu level) {
  PICK(dots, level)(a, ld, rows, columns, x, dot);
}

void panel_take_out(const double *a, size_t ld, size_t rows, size_t columns, const double *by, double *y, lmr_cpu level) {
  PICK(take_out, level)(a, ld, rows, columns, by, y);
}
