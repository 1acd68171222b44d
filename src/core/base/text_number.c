#include "core/base/text_number.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 320 };

/* What was read: (-1)^negative * digits * 10^exponent; `exact` when no digit is lost. */
typedef struct {
  uint64_t digits;
  int exponent, negative, exact;
} decimal;

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static void add_digit(decimal *number, char c, int after_point) {
  if (number->digits < UINT64_MAX / 10 - 1) {
    number->digits = 10 * number->digits + (uint64_t)(c - '0');
    number->exponent -= after_point;
  } else {
    if (c != '0') number->exact = 0;
    number->exponent += !after_point;
  }
}

static int parse(const char *c, const char *stop, decimal *number) {
  *number = (decimal){0, 0, 0, 1};
  if (c < stop && (*c == '-' || *c == '+')) number->negative = *c++ == '-';
  int seen = 0;
  for (; c < stop && is_digit(*c); c++, seen = 1) add_digit(number, *c, 0);
  if (c < stop && *c == '.')
    for (c++; c < stop && is_digit(*c); c++, seen = 1) add_digit(number, *c, 1);
  if (!seen) return 0;
  if (c < stop && (*c == 'e' || *c == 'E')) {
    c++;
    int negative = 0, power = 0;
    if (c < stop && (*c == '-' || *c == '+')) negative = *c++ == '-';
    if (c == stop) return 0;
    for (; c < stop && is_digit(*c); c++)
      if (power < 100000) power = 10 * power + (*c - '0');
    number->exponent += negative ? -power : power;
  }
  return c == stop;
}

/* strtod() wants the decimal point of the locale. */
static int by_library(const char *start, size_t length, double *value) {
  char copy[LONGEST + 8];
  const char *point = localeconv()->decimal_point;
  const size_t wide = strlen(point);
  if (length > LONGEST || wide > 4) return 0;
  size_t to = 0;
  for (size_t i = 0; i < length; i++) {
    if (start[i] == '.') {
      memcpy(copy + to, point, wide);
      to += wide;
    } else {
      copy[to++] = start[i];
    }
  }
  copy[to] = '\0';
  char *end;
  *value = strtod(copy, &end);
  return end == copy + to && isfinite(*value);
}

int text_number(const char *start, size_t length, double *value) {
  static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  decimal number;
  if (!length || !parse(start, start + length, &number)) return 0;
  /* Two exact doubles, one rounding (Clinger 1990). */
  if (number.exact && number.digits <= UINT64_C(1) << 53 && number.exponent >= -22 && number.exponent <= 22) {
    double x = (double)number.digits;
    x = number.exponent < 0 ? x / ten[-number.exponent] : x * ten[number.exponent];
    *value = number.negative ? -x : x;
    return 1;
  }
  return by_library(start, length, value);
}
