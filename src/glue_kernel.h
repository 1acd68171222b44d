/* Points and rows for the kernel glue. The kernel arrives as the numbers kind,
 * degree, offset, gamma...; rows are 1-based. */
#ifndef LMR_GLUE_KERNEL_H
#define LMR_GLUE_KERNEL_H

#include "core/kernel/kernel.h"
#include "glue.h"

lmr_points glue_points(SEXP x, SEXP kernel);
const int *glue_rows(SEXP rows, size_t limit, size_t *n);

#endif
