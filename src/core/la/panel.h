/* Products of a matrix and a vector, every column read once, for matrices that fit no cache. */
#ifndef LMR_CORE_PANEL_H
#define LMR_CORE_PANEL_H

#include "core/base/cpu.h"

#include <stddef.h>

/* y[n] := A x, the upper triangle of A alone read. */
void panel_symmetric(const double *a, size_t ld, size_t n, const double *x, double *y, lmr_cpu level);
/* dot[columns] := A'x. */
void panel_dots(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *dot, lmr_cpu level);
/* y[rows] -= A by. */
void panel_take_out(const double *a, size_t ld, size_t rows, size_t columns, const double *by, double *y, lmr_cpu level);

#endif
