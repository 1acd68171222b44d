/* adam.h for one instruction set: see double_lanes.h. The loops are the compiler's to
 * vectorise. */
#define STEP(name, real, root)                                                                              \
  LANES_ATTRIBUTE static void LANES_NAME(name)(const adam_rule *rule, size_t length, const real *grad,      \
                                               real *m, real *v, real *theta) {                            \
    const real b1 = (real)rule->beta1, b2 = (real)rule->beta2, scale = (real)rule->scale;                   \
    const real rate = (real)(rule->rate * rule->unbias1), keep = (real)(1 - rule->rate * rule->decay);      \
    const real unbias2 = (real)rule->unbias2, eps = (real)rule->eps, penalty = (real)(2 * rule->penalty);   \
    for (size_t j = 0; j < length; j++) {                                                                   \
      const real g = scale * grad[j] + penalty * theta[j];                                                  \
      m[j] = b1 * m[j] + (1 - b1) * g;                                                                      \
      v[j] = b2 * v[j] + (1 - b2) * g * g;                                                                  \
      theta[j] = keep * theta[j] - rate * m[j] / (root(v[j] * unbias2) + eps);                              \
    }                                                                                                       \
  }
STEP(step_f32, float, sqrtf)
STEP(step_f64, double, sqrt)
#undef STEP
