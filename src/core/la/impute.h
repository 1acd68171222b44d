/* Columns with their gaps filled. */
#ifndef LMR_CORE_IMPUTE_H
#define LMR_CORE_IMPUTE_H

#include <stddef.h>

/* out := x (n x p) with values[j + p group[i]] where x[i, j] is NaN, less center[j] (NULL: 0). */
void impute(const double *x, size_t n, size_t p, const int *group, const double *values, const double *center,
            double *out);

#endif
