/* The log-determinant of a code's covariance, whose negative is the loss of the
 * entropy surrogate. */
#ifndef LMR_CORE_LOG_DET_H
#define LMR_CORE_LOG_DET_H

#include "core/base/arena.h"

/* log det of the correlation matrix (`correlation` != 0) or of the covariance
 * (divisor n) of z, plus eps on the diagonal, and its gradient (n x d). The
 * correlation form does not see scale. LMR_ESINGULAR for a constant column. */
size_t logdet_loss_bytes(size_t n, size_t d);
lmr_status logdet_loss(const double *z, size_t n, size_t d, size_t ld, int correlation, double eps,
                       double *value, double *gradient, lmr_arena work, lmr_error *err);

#endif
