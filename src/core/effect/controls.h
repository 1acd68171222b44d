/* Instruments turned into controls, from cross products that are left after a
 * block C was partialled out. A variant that is allowed an effect of its own on
 * the outcome joins C: with V the variants concerned, all of them among the instruments Z,
 *   [y X]'M_CV[y X] = [y X]'M_C[y X] - [y X]'V (V'V)^-1 V'[y X],
 * while [y X]'M_ZC[y X] stays as it is. No person is needed again. */
#ifndef LMR_CORE_CONTROLS_H
#define LMR_CORE_CONTROLS_H

#include "core/la/la.h"

/* gg: p x p and gt: p x q cross products of the variants with one another and with q
 * traits. control[m]: 0-based variants. least[p]: a variant whose sum of squares is
 * not above it is explained by C already and is passed over, as is one whose share unexplained by
 * those before it is below 1e-8. explained: q x q, full. rank: variants that joined C. */
size_t controls_bytes(size_t m, size_t q);
lmr_status controls_explained(const double *gg, size_t p, const double *gt, size_t q,
                              const int *control, size_t m, const double *least, double *explained,
                              size_t *rank, lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
