/* One step of Adam (Kingma and Ba 2015) for parameters in single or double precision:
 *   g = scale grad + 2 penalty theta
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
 *   theta = (1 - rate decay) theta - rate unbias1 m / (sqrt(unbias2 v) + eps)
 * decay: of the weights themselves (AdamW, Loshchilov and Hutter 2019). */
#ifndef LMR_CORE_ADAM_H
#define LMR_CORE_ADAM_H

#include "core/base/cpu.h"

#include <stddef.h>

typedef struct {
  double rate, beta1, beta2, eps;
  double penalty, decay, scale;
  double power1, power2;   /* beta^t */
  double unbias1, unbias2; /* 1 / (1 - beta^t) */
} adam_rule;

/* A rule before its first step: no penalty, no decay, scale 1. */
adam_rule adam_start(double rate, double beta1, double beta2);
/* Before every step: t goes up by one. */
void adam_next(adam_rule *rule);
/* Back to t = 0; the caller sets m and v to zero. */
void adam_restart(adam_rule *rule);

/* grad, m, v, theta [length]; m and v are zero before step 1. */
void adam_step_f32(const adam_rule *rule, size_t length, const float *grad, float *m, float *v, float *theta,
                   lmr_cpu level);
void adam_step_f64(const adam_rule *rule, size_t length, const double *grad, double *m, double *v, double *theta,
                   lmr_cpu level);

#endif
