/* Copies of an allele as given: are they what their kind can be? */
#ifndef LMR_CORE_COPIES_H
#define LMR_CORE_COPIES_H

#include <stddef.h>

/* Position of the first of the n numbers that is not missing and below lo, above hi or, when
 * `whole`, not a whole number; n when there is none. */
size_t copies_outside(const double *x, size_t n, double lo, double hi, int whole);

#endif
