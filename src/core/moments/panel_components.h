/* Leading principal components of the standardised instruments, over people of all
 * environments of a view. */
#ifndef LMR_CORE_PANEL_COMPONENTS_H
#define LMR_CORE_PANEL_COMPONENTS_H

#include "core/moments/moment_view.h"

#define PANEL_COMPONENTS 10

/* instrument[m]: columns of the view (0-based); scale[width]: variance of every column over
 * everybody. direction (m x PANEL_COMPONENTS): coefficients of the instruments, zero where one
 * does not vary. *found: how many, min(PANEL_COMPONENTS, half of the instruments that vary).
 * Of few people the components are those of a factor of their cross product. */
size_t panel_components_bytes(size_t m);
lmr_status panel_components(const moment_view *view, const int *instrument, size_t m, const double *scale,
                            double *direction, size_t *found, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
