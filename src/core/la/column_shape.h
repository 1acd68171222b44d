/* What a column of numbers looks like as a whole and in groups of its rows, in one pass and a selection:
 * whether it can hold values far from all others, other units in a group, or a group that it defines is judged from
 * this (R/data_warnings.R). */
#ifndef LMR_CORE_COLUMN_SHAPE_H
#define LMR_CORE_COLUMN_SHAPE_H

#include "core/base/arena.h"
#include "core/base/status.h"

/* Of the finite values: how many, the two smallest and the two largest different ones (NaN where there are fewer) and
 * how many equal the smallest and the largest, mean, and sum of squares about the mean. */
typedef struct {
  double n, low, next_low, low_count, high, next_high, high_count, mean, squares;
} column_shape;

/* group: from 0, of each row. Of each group, among finite values: how many, their mean, and (quarter, 3 x groups)
 * quartiles and median as R's quantile() of type 7 has them, NaN for an empty group. */
size_t column_shape_bytes(size_t n, size_t groups);
lmr_status column_shape_of(const double *x, const int *group, size_t n, size_t groups, column_shape *whole, double *count,
                           double *mean, double *quarter, lmr_arena work, lmr_error *err);

#endif
