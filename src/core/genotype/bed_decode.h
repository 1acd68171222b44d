/* 2-bit codes of a bed file to numbers and back. Four genotypes sit in a byte,
 * so a table of 256 x 4 numbers decodes a byte with one copy. What each code
 * means is the caller's choice (value[4], indexed by code): counts of A1 are
 * {2, missing, 1, 0}. */
#ifndef LMR_CORE_BED_DECODE_H
#define LMR_CORE_BED_DECODE_H

#include "core/base/status.h"

typedef struct {
  double value[256][4];
} bed_table_double;

typedef struct {
  int32_t value[256][4];
} bed_table_int;

void bed_table_double_fill(bed_table_double *table, const double value[4]);
void bed_table_int_fill(bed_table_int *table, const int32_t value[4]);

/* One variant: the first n genotypes of `codes` (ceil(n / 4) bytes). */
void bed_decode_double(double *out, const bed_table_double *table, const uint8_t *codes, size_t n);
void bed_decode_int(int32_t *out, const bed_table_int *table, const uint8_t *codes, size_t n);

/* One variant: the genotypes of the samples rows[0..n-1] (0-based, any order). */
void bed_decode_rows_double(double *out, const double value[4], const uint8_t *codes,
                            const int32_t *rows, size_t n);
void bed_decode_rows_int(int32_t *out, const int32_t value[4], const uint8_t *codes,
                         const int32_t *rows, size_t n);

/* The inverse, one variant: counts 0, 1, 2 of A1, or `missing` (compared as
 * bits are for int; any NaN for double), packed with zero padding bits. Returns
 * n, or the index of the first value that is none of these. */
size_t bed_encode_double(uint8_t *codes, const double *x, size_t n);
size_t bed_encode_int(uint8_t *codes, const int32_t *x, int32_t missing, size_t n);

#endif
