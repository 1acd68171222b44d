/* Dosages as whole numbers: the expected copies of the effect allele, 0 to 2, on a grid of
 * steps of 1 / scale. What is kept is the numerator less the scale,
 *   k = dosage * scale - scale,  -scale <= k <= scale,
 * so that one copy is 0 and a dosage of 2 fits into 16 bits at every scale up to
 * DOSAGE_SCALE: 8-bit probabilities have 255, PGEN files 16384, three decimals 1000. */
#ifndef LMR_CORE_DOSAGE_H
#define LMR_CORE_DOSAGE_H

#include "core/base/status.h"

#define DOSAGE_MISSING INT16_MIN
#define DOSAGE_SCALE INT16_MAX /* the largest scale */

/* One variant of n people. LMR_EFORMAT, with the 0-based person in *bad, when a numerator is
 * not within the scale; the scale itself is from 1 to DOSAGE_SCALE. */
lmr_status dosage_check(const int16_t *k, size_t n, int32_t scale, size_t *bad, lmr_error *err);

/* The dosages, (k + scale) / scale rounded once, NaN where missing. */
void dosage_values(const int16_t *k, size_t n, int32_t scale, double *to);

/* The 2-bit codes of bed_file.h, bed_stride(n) bytes: for variants of 0, 1, 2 and missing.
 * LMR_EFORMAT and *bad when there is another dosage. */
lmr_status dosage_codes(const int16_t *k, size_t n, int32_t scale, uint8_t *to, size_t *bad, lmr_error *err);

/* The inverse of dosage_values(): numerators of doubles that are such fractions up to
 * rounding, |x scale - whole| <= 1e-6. Returns n, or the index of the first that is not, or that
 * is outside of [0, 2]. */
size_t dosage_encode(const double *x, size_t n, int32_t scale, int16_t *to);

/* Two bytes each, the low one first. */
void dosage_store(const int16_t *k, size_t n, uint8_t *bytes);
void dosage_load(const uint8_t *bytes, size_t n, int16_t *k);

#endif
