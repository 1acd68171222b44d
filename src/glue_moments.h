/* What the glue files of the moments share. */
#ifndef LMR_GLUE_MOMENTS_H
#define LMR_GLUE_MOMENTS_H

#include "core/moments/moment_view.h"
#include "core/moments/moments.h"
#include "glue.h"

/* A double matrix of 0, 1, 2 and NA, or the description of bed files. */
moments_source glue_genotype_source(SEXP source);

/* A zeroed rows x columns matrix, integer or double. */
SEXP glue_zeros(SEXPTYPE type, size_t rows, size_t columns);

/* The list of zeroed matrices (gg, gm, mm of `type`, the others double) of all blocks. */
SEXP glue_moments_parts(size_t p, size_t pm, size_t q, size_t blocks, SEXPTYPE type);

static inline size_t triangle(size_t p) { return p * (p + 1) / 2; }

/* Interrupts and progress over the parts of a long piece of work. Progress is
 * reported by a plain call, not under R_ToplevelExec, because progressr's
 * handlers would not be seen there: nothing but R's memory may be held while
 * the tick is polled. */
typedef struct {
  glue_tick_state state;
  lmr_tick interrupt;
  SEXP report;        /* function of the share done, or NULL */
  double from, share; /* the part under way, of the whole */
} moments_tick;
lmr_tick glue_moments_tick(moments_tick *tick, SEXP report);

/* An R list of moments by environment as the core's view:
 * list(n = double[E], mean = double[width, E], cross = list of E matrices). */
moment_view glue_moment_view(SEXP view);

#endif
