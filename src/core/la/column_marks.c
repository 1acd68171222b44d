#include "core/la/column_marks.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/hash.h"

static uint64_t bits_of(double v) {
  uint64_t bits;
  v += 0.; /* -0 is 0 */
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

column_marks column_marks_of(const double *x, size_t n) {
  column_marks out = {0, 0, 0, INFINITY, -INFINITY, 0, 0};
  uint64_t who = 0, values = n;
  for (size_t i = 0; i < n; i++) {
    const double v = x[i];
    if (v != v) {
      out.missing++;
      who = mix_bits(who, i + 1);
      continue;
    }
    if (v < out.low) out.low = v;
    if (v > out.high) out.high = v;
    if (isinf(v) && !out.infinite++) out.first = (double)(i + 1);
    values = mix_bits(values, bits_of(v));
  }
  if (out.missing == (double)n) out.low = out.high = NAN;
  out.who = hash_value(who);
  out.values = hash_value(mix_bits(values, who));
  return out;
}
