#include "core/autoencoder/code_rbf.h"

#include <string.h>

enum { RBF_ROWS = 16, RBF_COLUMNS = 32 };

#define REAL float
#define BITS int32_t
#define MANTISSA 23
#define NAME(x) x##_f32
#include "core/autoencoder/code_rbf.inc.c"
#undef REAL
#undef BITS
#undef MANTISSA
#undef NAME

#define REAL double
#define BITS int64_t
#define MANTISSA 52
#define NAME(x) x##_f64
#include "core/autoencoder/code_rbf.inc.c"

size_t code_rbf_bytes(const code_penalty *p, size_t n) { return p->single ? rbf_bytes_f32(p, n) : rbf_bytes_f64(p, n); }

lmr_status code_rbf(const code_penalty *p, size_t n, const size_t *start, const double *s, code_terms *terms,
                    double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  return (p->single ? rbf_loss_f32 : rbf_loss_f64)(p, n, start, s, terms, gradient, level, work, err);
}
