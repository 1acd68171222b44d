/* Second moments by environment, as everything linear reads them.
 * Columns u = (G, C, S, D, Y): variants, covariates, structure, exposure,
 * outcome; `width` of them. The arrays belong to the caller. */
#ifndef LMR_CORE_MOMENT_VIEW_H
#define LMR_CORE_MOMENT_VIEW_H

#include "core/la/la.h"

typedef struct {
  size_t environments, width;
  const double *n;            /* [environments] people */
  const double *mean;         /* width x environments */
  const double *const *cross; /* per environment: width x width, full, about that mean */
} moment_view;

double moment_people(const moment_view *view);

/* Pooled mean (length width). */
void moment_pooled_mean(const moment_view *view, double *mean);

/* Sum over environments of the crosses about their own mean (within, width x
 * width) and, when `total` is not NULL, about the pooled mean. */
lmr_status moment_within_total(const moment_view *view, const double *pooled_mean, double *within, double *total,
                               const lmr_tick *tick, lmr_error *err);

/* Takes a block of people (n, sum and cross about the environment's mean) out of
 * an environment's moments: mean and cross (about the new mean) are overwritten.
 * LMR_EINVAL when nobody is left. `work`: la-free, needs width doubles. */
lmr_status moment_delete(double *n, double *mean, double *cross, size_t width,
                         double block_n, const double *block_sum,
                         const double *block_cross, double *work, lmr_error *err);

#endif
