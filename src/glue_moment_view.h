/* An R list of moments by environment as the core's view:
 * list(n = double[E], mean = double[width, E], cross = list of E matrices). */
#ifndef LMR_GLUE_MOMENT_VIEW_H
#define LMR_GLUE_MOMENT_VIEW_H

#include "core/moments/moment_view.h"
#include "glue.h"

moment_view glue_moment_view(SEXP view);

#endif
