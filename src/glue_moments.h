/* What the glue files of the moments share. */
#ifndef LMR_GLUE_MOMENTS_H
#define LMR_GLUE_MOMENTS_H

#include "core/moments/moment_view.h"
#include "core/moments/moments.h"
#include "glue.h"

/* A double matrix of 0, 1, 2 and NA, or the description of bed files. */
genotype_source glue_genotype_source(SEXP source);

/* The description of BGEN files (glue_genotype_bgen.c), which has a field `bgen`. */
genotype_source glue_bgen_source(SEXP source);

/* A zeroed rows x columns matrix, integer or double. */
SEXP glue_zeros(SEXPTYPE type, size_t rows, size_t columns);

enum { GG, GM, MM, SG, SM, GX, MX, SX, XX, PARTS }; /* places in it: */
/* The list of zeroed matrices (gg, gm, mm of `type`, the others double) of all blocks. */
SEXP glue_moments_parts(size_t p, size_t pm, size_t q, size_t blocks, SEXPTYPE type);

static inline size_t triangle(size_t p) { return p * (p + 1) / 2; }

/* An R list of moments by environment as the core's view:
 * list(n = double[E], mean = double[width, E], cross = list of E matrices). */
moment_view glue_moment_view(SEXP view);

#endif
