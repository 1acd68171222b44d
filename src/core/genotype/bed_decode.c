#include "core/genotype/bed_decode.h"

#include <string.h>

void bed_table_double_fill(bed_table_double *table, const double value[4]) {
  for (unsigned byte = 0; byte < 256; byte++)
    for (unsigned k = 0; k < 4; k++) table->value[byte][k] = value[byte >> 2 * k & 3];
}

void bed_table_int_fill(bed_table_int *table, const int32_t value[4]) {
  for (unsigned byte = 0; byte < 256; byte++)
    for (unsigned k = 0; k < 4; k++) table->value[byte][k] = value[byte >> 2 * k & 3];
}

void bed_decode_double(double *out, const bed_table_double *table, const uint8_t *codes, size_t n) {
  const size_t whole = n / 4, rest = n % 4;
  for (size_t i = 0; i < whole; i++) memcpy(out + 4 * i, table->value[codes[i]], sizeof table->value[0]);
  if (rest) memcpy(out + 4 * whole, table->value[codes[whole]], rest * sizeof *out);
}

void bed_decode_int(int32_t *out, const bed_table_int *table, const uint8_t *codes, size_t n) {
  const size_t whole = n / 4, rest = n % 4;
  for (size_t i = 0; i < whole; i++) memcpy(out + 4 * i, table->value[codes[i]], sizeof table->value[0]);
  if (rest) memcpy(out + 4 * whole, table->value[codes[whole]], rest * sizeof *out);
}

static inline unsigned code_at(const uint8_t *codes, int32_t row) {
  return codes[row >> 2] >> 2 * (row & 3) & 3;
}

void bed_decode_rows_double(double *out, const double value[4], const uint8_t *codes,
                            const int32_t *rows, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = value[code_at(codes, rows[i])];
}

void bed_decode_rows_int(int32_t *out, const int32_t value[4], const uint8_t *codes,
                         const int32_t *rows, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = value[code_at(codes, rows[i])];
}

/* Codes of 0, 1, 2 copies of A1, and of a missing call. */
static const uint8_t code_of_count[3] = {3, 2, 0};
enum { CODE_MISSING = 1, CODE_BAD = 4 };

static unsigned encode_double(double x) {
  if (x != x) return CODE_MISSING;
  const double count[3] = {0, 1, 2};
  for (unsigned c = 0; c < 3; c++)
    if (!(x < count[c]) && !(x > count[c])) return code_of_count[c];
  return CODE_BAD;
}

size_t bed_encode_double(uint8_t *codes, const double *x, size_t n) {
  memset(codes, 0, n / 4 + (n % 4 != 0));
  for (size_t i = 0; i < n; i++) {
    const unsigned code = encode_double(x[i]);
    if (code == CODE_BAD) return i;
    codes[i / 4] |= (uint8_t)(code << 2 * (i % 4));
  }
  return n;
}

size_t bed_encode_int(uint8_t *codes, const int32_t *x, int32_t missing, size_t n) {
  memset(codes, 0, n / 4 + (n % 4 != 0));
  for (size_t i = 0; i < n; i++) {
    const unsigned code = x[i] == missing ? CODE_MISSING
                          : x[i] >= 0 && x[i] <= 2 ? code_of_count[x[i]] : CODE_BAD;
    if (code == CODE_BAD) return i;
    codes[i / 4] |= (uint8_t)(code << 2 * (i % 4));
  }
  return n;
}
