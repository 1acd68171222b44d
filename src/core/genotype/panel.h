/* The genotypes of the people of an analysis in memory, in the order in which they
 * are read: 2 bits each in the codes of a bed file, or numbers that lie elsewhere.
 * Blocks of people are decoded from it as often as a method asks. */
#ifndef LMR_CORE_PANEL_H
#define LMR_CORE_PANEL_H

#include "core/base/status.h"

typedef struct {
  size_t people, variants;
  const uint8_t *codes;  /* variants x bed_stride(people); NULL: */
  const double *numbers; /* column v at numbers + v * ld, NaN where missing */
  size_t ld;
  const int *person;     /* row of each person among the numbers */
} genotype_panel;

/* The codes of person[0..n-1] (0-based positions in `raw`, one variant), packed one
 * after the other with zero padding bits. */
void genotype_panel_pack(const uint8_t *raw, const int *person, size_t n, uint8_t *codes);

/* block[i + rows v] := genotype of person who[i], fill[v] where it is missing, less
 * center[v]; i < count <= rows. */
void genotype_panel_read(const genotype_panel *panel, const int *who, size_t count, const double *fill,
                         const double *center, double *block, size_t rows);

#endif
