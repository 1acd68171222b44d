/* Numbers written in text, whatever the locale: a sign, decimal digits with or without
 * a point, an exponent. No hexadecimal, no Inf, no NaN, no blanks. */
#ifndef LMR_CORE_TEXT_NUMBER_H
#define LMR_CORE_TEXT_NUMBER_H

#include <stddef.h>

/* Whether the `length` bytes are one finite number, correctly rounded. */
int text_number(const char *start, size_t length, double *value);

#endif
