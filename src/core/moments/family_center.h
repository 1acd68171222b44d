/* Columns over people, less what their families say of them: what is left of a genotype is
 * chance at meiosis (Mendel), free of whatever parents, mating or ancestry tie to it. */
#ifndef LMR_CORE_FAMILY_CENTER_H
#define LMR_CORE_FAMILY_CENTER_H

#include <stddef.h>

#include "core/base/status.h"

/* x, n x columns by columns, in place: x less the mean of the members of the family who have
 * a value (not NaN). Who has none, or is alone in having one, gets 0.
 * family: 0-based, below `families`. sum, count: `families` doubles of work. */
lmr_status family_center(double *x, size_t n, size_t columns, const int *family, size_t families, double *sum,
                         double *count, lmr_error *err);

/* child, father, mother: n x columns. child := child - (father + mother) / 2, 0 where one of the
 * three is NaN; father := (father + mother) / 2, the mean of its column where that is NaN. */
void parent_center(double *child, double *father, const double *mother, size_t n, size_t columns);

/* Alleles that a child cannot have from these parents: of hard calls, how many of the `known` entries
 * (none of the three NaN) lie outside of what Mendel allows by more than .5. */
void parent_errors(const double *child, const double *father, const double *mother, size_t entries, size_t *errors,
                   size_t *known);

#endif
