/* Columns to mean 0 and standard deviation 1 (divisor n). */
#ifndef LMR_CORE_STANDARDISE_H
#define LMR_CORE_STANDARDISE_H

#include "core/base/status.h"

/* NaN entries take the column mean, i.e. 0; a column without variation becomes 0 and
 * its sd[j] is 0. Returns how many columns vary. */
size_t standardise(const double *x, size_t n, size_t d, double *out, double *sd);

#endif
