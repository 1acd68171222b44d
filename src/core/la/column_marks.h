/* What a column of numbers is known by: equal columns have equal marks, and other columns other ones but for chance
 * (2^-53 for two). No measure of anything: the hash is not made against forgery. */
#ifndef LMR_CORE_COLUMN_MARKS_H
#define LMR_CORE_COLUMN_MARKS_H

#include <stddef.h>

/* missing: NaN and R's NA are one. first: the place of the first infinite value, from 1, 0 without one. low, high: of
 * what is not missing, infinite values among them; NaN where all is missing. who, values: hashes of the places that
 * are missing and of the values, whole numbers below 2^53; 0 and -0 are one value. */
typedef struct {
  double missing, infinite, first, low, high, who, values;
} column_marks;

column_marks column_marks_of(const double *x, size_t n);

#endif
