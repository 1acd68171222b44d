#include "core/genotype/dosage.h"

#include <math.h>
#include <string.h>

lmr_status dosage_check(const int16_t *k, size_t n, int32_t scale, size_t *bad, lmr_error *err) {
  if (scale < 1 || scale > DOSAGE_SCALE) return lmr_fail(err, LMR_EFORMAT, "a scale of dosages is %d", (int)scale);
  int outside = 0; /* without a branch: nearly always there is none */
  for (size_t i = 0; i < n; i++)
    outside |= ((uint32_t)(k[i] + scale) > 2 * (uint32_t)scale) & (k[i] != DOSAGE_MISSING);
  for (size_t i = 0; outside && i < n; i++)
    if (k[i] != DOSAGE_MISSING && (k[i] > scale || k[i] < -scale)) {
      *bad = i;
      return lmr_fail(err, LMR_EFORMAT, "a dosage is %d / %d, not between 0 and 2", (int)(k[i] + scale), (int)scale);
    }
  return LMR_OK;
}

void dosage_values(const int16_t *k, size_t n, int32_t scale, double *to) {
  const double s = scale;
  for (size_t i = 0; i < n; i++) to[i] = k[i] == DOSAGE_MISSING ? NAN : (double)(k[i] + scale) / s;
}

lmr_status dosage_codes(const int16_t *k, size_t n, int32_t scale, uint8_t *to, size_t *bad, lmr_error *err) {
  for (size_t i = 0; i < n; i += 4) {
    unsigned byte = 0;
    for (size_t j = i; j < i + 4 && j < n; j++) {
      const int32_t x = k[j];
      const unsigned code = x == -scale ? 3 : x == 0 ? 2 : x == scale ? 0 : 1;
      if (code == 1 && x != DOSAGE_MISSING) {
        *bad = j;
        return lmr_fail(err, LMR_EFORMAT, "a genotype is %g, not 0, 1, 2 or NA", (double)(x + scale) / scale);
      }
      byte |= code << 2 * (j - i);
    }
    to[i / 4] = (uint8_t)byte;
  }
  return LMR_OK;
}

size_t dosage_encode(const double *x, size_t n, int32_t scale, int16_t *to) {
  for (size_t i = 0; i < n; i++) {
    if (isnan(x[i])) {
      to[i] = DOSAGE_MISSING;
      continue;
    }
    const double numerator = x[i] * scale, whole = nearbyint(numerator);
    if (!(fabs(numerator - whole) <= 1e-6) || whole < 0 || whole > 2. * scale) return i;
    to[i] = (int16_t)(whole - scale);
  }
  return n;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
void dosage_store(const int16_t *k, size_t n, uint8_t *bytes) { memcpy(bytes, k, 2 * n); }

void dosage_load(const uint8_t *bytes, size_t n, int16_t *k) { memcpy(k, bytes, 2 * n); }
#else
void dosage_store(const int16_t *k, size_t n, uint8_t *bytes) {
  for (size_t i = 0; i < n; i++) {
    const uint16_t word = (uint16_t)k[i];
    bytes[2 * i] = (uint8_t)(word & 255u);
    bytes[2 * i + 1] = (uint8_t)(word >> 8);
  }
}

void dosage_load(const uint8_t *bytes, size_t n, int16_t *k) {
  for (size_t i = 0; i < n; i++) k[i] = (int16_t)(uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
}
#endif
