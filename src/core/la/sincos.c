#include "core/la/sincos.h"

#include <math.h>
#include <stdint.h>

#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define HALF_PI_1 0x1.921fb54400000p+0  /* 33 bits */
#define HALF_PI_2 0x1.0b4611a600000p-34 /* the next 33 */
#define HALF_PI_3 0x1.3198a2e037073p-69
#define MAGIC 0x1.8p52 /* adding it leaves an integer in the low bits */

static void sincos_plain(double *cosine, double *sine, const double *in, size_t n) {
  for (size_t i = 0; i < n; i++) cosine[i] = cos(in[i]), sine[i] = sin(in[i]);
}

#if LMR_X86
/* One register at a time; returns how many were done. In quadrant k mod 4 sine and
 * cosine change places when k is odd; the sign of sine is bit 1 of k, that of
 * cosine bit 1 of k + 1. */
#define SINCOS(name, target, lanes)                                                              \
  typedef double name##_v __attribute__((vector_size(8 * lanes)));                               \
  typedef double name##_u __attribute__((vector_size(8 * lanes), aligned(8), may_alias));        \
  typedef uint64_t name##_i __attribute__((vector_size(8 * lanes)));                              \
  LMR_TARGET(target)                                                                             \
  static size_t name(double *cosine, double *sine, const double *in, size_t n) {                 \
    size_t i = 0;                                                                                \
    for (; i + lanes <= n; i += lanes) {                                                         \
      const name##_v x = *(const name##_u *)(in + i);                                            \
      const name##_v turned = x * TWO_OVER_PI + MAGIC, k = turned - MAGIC;                       \
      const name##_v r = ((x - k * HALF_PI_1) - k * HALF_PI_2) - k * HALF_PI_3, z = r * r;       \
      name##_v s = z * (-1. / 1307674368000) + 1. / 6227020800;                                  \
      s = s * z - 1. / 39916800, s = s * z + 1. / 362880, s = s * z - 1. / 5040;                 \
      s = s * z + 1. / 120, s = s * z - 1. / 6, s = s * z * r + r;                               \
      name##_v c = z * (1. / 20922789888000) - 1. / 87178291200;                                 \
      c = c * z + 1. / 479001600, c = c * z - 1. / 3628800, c = c * z + 1. / 40320;              \
      c = c * z - 1. / 720, c = c * z + 1. / 24, c = c * z - .5, c = c * z + 1;                  \
      const name##_i q = (name##_i)turned, odd = -(q & 1);                                       \
      const name##_i si = (name##_i)s, ci = (name##_i)c, swap = (si ^ ci) & odd;                 \
      *(name##_u *)(sine + i) = (name##_v)(si ^ swap ^ ((q & 2) << 62));                         \
      *(name##_u *)(cosine + i) = (name##_v)(ci ^ swap ^ (((q + 1) & 2) << 62));                 \
    }                                                                                            \
    return i;                                                                                    \
  }

SINCOS(sincos_512, "avx512f,avx512dq,avx512bw,avx512vl", 8)
SINCOS(sincos_256, "avx2,fma", 4)
#endif

void vsincos(double *cosine, double *sine, const double *in, size_t n, lmr_cpu level) {
  size_t done = 0;
#if LMR_X86
  if (level >= LMR_CPU_AVX512) done = sincos_512(cosine, sine, in, n);
  else if (level >= LMR_CPU_AVX2) done = sincos_256(cosine, sine, in, n);
  for (size_t i = 0; i < done; i++)
    if (!(fabs(in[i]) < SINCOS_LIMIT)) sincos_plain(cosine + i, sine + i, in + i, 1);
#endif
  (void)level;
  sincos_plain(cosine + done, sine + done, in + done, n - done);
}
