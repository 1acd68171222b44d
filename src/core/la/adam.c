#include "core/la/adam.h"

#include <math.h>

#define LANES_FILE "core/la/adam_lanes.h"
#include "core/la/double_lanes.h"

adam_rule adam_start(double rate, double beta1, double beta2) {
  return (adam_rule){.rate = rate, .beta1 = beta1, .beta2 = beta2, .eps = 1e-8, .scale = 1, .power1 = 1, .power2 = 1};
}

void adam_next(adam_rule *rule) {
  rule->power1 *= rule->beta1;
  rule->power2 *= rule->beta2;
  rule->unbias1 = 1 / (1 - rule->power1);
  rule->unbias2 = 1 / (1 - rule->power2);
}

void adam_restart(adam_rule *rule) { rule->power1 = rule->power2 = 1; }

void adam_step_f32(const adam_rule *rule, size_t length, const float *grad, float *m, float *v, float *theta,
                   lmr_cpu level) {
  PICK(step_f32, level)(rule, length, grad, m, v, theta);
}

void adam_step_f64(const adam_rule *rule, size_t length, const double *grad, double *m, double *v, double *theta,
                   lmr_cpu level) {
  PICK(step_f64, level)(rule, length, grad, m, v, theta);
}
