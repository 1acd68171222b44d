#include "core/la/fastmath.h"

#include <math.h>

/* x = k log 2 + r with |r| <= log(2)/2, the product taken off in two parts (Cody
 * and Waite); exp(r) = 1 + r + r^2 P(r), P the Taylor polynomial to r^13/13!, whose
 * remainder (4e-18 relative) is far below rounding. */
#define LOG2E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42fee00000p-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define MAGIC 0x1.8p52 /* adding it leaves an integer in the low bits */

#define EXP_LOW -746.  /* below: 0 after rounding */
#define EXP_HIGH 710.  /* above: overflow */
#define TANH_HIGH 22.  /* tanh rounds to 1 */

#if LMR_X86
#include <immintrin.h>

/* Written out: at -O2 a loop over a table of constants stays a loop. */
#define HORNER(p, r, fma, set)                                                          \
  p = set(1. / 6227020800);                                                             \
  p = fma(p, r, set(1. / 479001600)), p = fma(p, r, set(1. / 39916800));                \
  p = fma(p, r, set(1. / 3628800)), p = fma(p, r, set(1. / 362880));                    \
  p = fma(p, r, set(1. / 40320)), p = fma(p, r, set(1. / 5040));                        \
  p = fma(p, r, set(1. / 720)), p = fma(p, r, set(1. / 120));                           \
  p = fma(p, r, set(1. / 24)), p = fma(p, r, set(1. / 6)), p = fma(p, r, set(1. / 2))

#define AVX512 LMR_TARGET("avx512f,avx512dq,avx512bw,avx512vl")
#define AVX2 LMR_TARGET("avx2,fma")

/* r^2 P(r) + r, i.e. exp(r) - 1. */
AVX512 static inline __m512d expm1_512(__m512d r) {
  __m512d p;
  HORNER(p, r, _mm512_fmadd_pd, _mm512_set1_pd);
  return _mm512_fmadd_pd(_mm512_mul_pd(r, r), p, r);
}

AVX512 static inline __m512d reduce_512(__m512d x, __m512d *k) {
  *k = _mm512_roundscale_pd(_mm512_mul_pd(x, _mm512_set1_pd(LOG2E)),
                            _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512d r = _mm512_fnmadd_pd(*k, _mm512_set1_pd(LN2_HI), x);
  return _mm512_fnmadd_pd(*k, _mm512_set1_pd(LN2_LO), r);
}

AVX512 static inline __m512d exp_512(__m512d x) {
  /* The limit first: min and max hand on the second operand when one is NaN. */
  x = _mm512_max_pd(_mm512_set1_pd(EXP_LOW), _mm512_min_pd(_mm512_set1_pd(EXP_HIGH), x));
  __m512d k;
  const __m512d r = reduce_512(x, &k);
  return _mm512_scalef_pd(_mm512_add_pd(expm1_512(r), _mm512_set1_pd(1)), k);
}

/* With t = exp(2|x|) - 1 = 2^k (e^r - 1) + (2^k - 1): tanh|x| = t / (t + 2). */
AVX512 static inline __m512d tanh_512(__m512d x) {
  const __m512d sign = _mm512_and_pd(x, _mm512_set1_pd(-0.));
  __m512d a = _mm512_andnot_pd(_mm512_set1_pd(-0.), x);
  a = _mm512_min_pd(_mm512_set1_pd(TANH_HIGH), a);
  __m512d k;
  const __m512d r = reduce_512(_mm512_add_pd(a, a), &k);
  const __m512d s = _mm512_scalef_pd(_mm512_set1_pd(1), k);
  const __m512d t = _mm512_fmadd_pd(s, expm1_512(r), _mm512_sub_pd(s, _mm512_set1_pd(1)));
  return _mm512_or_pd(_mm512_div_pd(t, _mm512_add_pd(t, _mm512_set1_pd(2))), sign);
}

AVX2 static inline __m256d expm1_256(__m256d r) {
  __m256d p;
  HORNER(p, r, _mm256_fmadd_pd, _mm256_set1_pd);
  return _mm256_fmadd_pd(_mm256_mul_pd(r, r), p, r);
}

AVX2 static inline __m256d reduce_256(__m256d x, __m256d *k) {
  *k = _mm256_round_pd(_mm256_mul_pd(x, _mm256_set1_pd(LOG2E)),
                       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256d r = _mm256_fnmadd_pd(*k, _mm256_set1_pd(LN2_HI), x);
  return _mm256_fnmadd_pd(*k, _mm256_set1_pd(LN2_LO), r);
}

/* 2^k for whole k in -1022..1023. */
AVX2 static inline __m256d power_256(__m256d k) {
  const __m256i bits = _mm256_castpd_si256(_mm256_add_pd(k, _mm256_set1_pd(MAGIC + 1023)));
  return _mm256_castsi256_pd(_mm256_slli_epi64(bits, 52));
}

AVX2 static inline __m256d exp_256(__m256d x) {
  x = _mm256_max_pd(_mm256_set1_pd(EXP_LOW), _mm256_min_pd(_mm256_set1_pd(EXP_HIGH), x));
  __m256d k;
  const __m256d r = reduce_256(x, &k);
  /* In two steps, so that subnormal results and 2^1024 come out right. */
  const __m256d half = _mm256_round_pd(_mm256_mul_pd(k, _mm256_set1_pd(.5)),
                                       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256d p = _mm256_add_pd(expm1_256(r), _mm256_set1_pd(1));
  return _mm256_mul_pd(_mm256_mul_pd(p, power_256(half)), power_256(_mm256_sub_pd(k, half)));
}

AVX2 static inline __m256d tanh_256(__m256d x) {
  const __m256d sign = _mm256_and_pd(x, _mm256_set1_pd(-0.));
  __m256d a = _mm256_andnot_pd(_mm256_set1_pd(-0.), x);
  a = _mm256_min_pd(_mm256_set1_pd(TANH_HIGH), a);
  __m256d k;
  const __m256d r = reduce_256(_mm256_add_pd(a, a), &k);
  const __m256d s = power_256(k);
  const __m256d t = _mm256_fmadd_pd(s, expm1_256(r), _mm256_sub_pd(s, _mm256_set1_pd(1)));
  return _mm256_or_pd(_mm256_div_pd(t, _mm256_add_pd(t, _mm256_set1_pd(2))), sign);
}

#define MAP_512(name, f)                                                    \
  AVX512 static void name(double *out, const double *in, size_t n) {        \
    size_t i = 0;                                                           \
    for (; i + 8 <= n; i += 8) _mm512_storeu_pd(out + i, f(_mm512_loadu_pd(in + i))); \
    if (i < n) {                                                            \
      const __mmask8 m = (__mmask8)((1u << (n - i)) - 1);                   \
      _mm512_mask_storeu_pd(out + i, m, f(_mm512_maskz_loadu_pd(m, in + i))); \
    }                                                                       \
  }

#define MAP_256(name, f)                                                    \
  AVX2 static void name(double *out, const double *in, size_t n) {          \
    size_t i = 0;                                                           \
    for (; i + 4 <= n; i += 4) _mm256_storeu_pd(out + i, f(_mm256_loadu_pd(in + i))); \
    if (i < n) {                                                            \
      double rest[4] = {0, 0, 0, 0};                                        \
      for (size_t j = i; j < n; j++) rest[j - i] = in[j];                   \
      _mm256_storeu_pd(rest, f(_mm256_loadu_pd(rest)));                     \
      for (size_t j = i; j < n; j++) out[j] = rest[j - i];                  \
    }                                                                       \
  }

MAP_512(vexp_512, exp_512)
MAP_512(vtanh_512, tanh_512)
MAP_256(vexp_256, exp_256)
MAP_256(vtanh_256, tanh_256)
#endif

void vexp(double *out, const double *in, size_t n, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) {
    vexp_512(out, in, n);
    return;
  }
  if (level >= LMR_CPU_AVX2) {
    vexp_256(out, in, n);
    return;
  }
#endif
  (void)level;
  for (size_t i = 0; i < n; i++) out[i] = exp(in[i]);
}

void vtanh(double *out, const double *in, size_t n, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) {
    vtanh_512(out, in, n);
    return;
  }
  if (level >= LMR_CPU_AVX2) {
    vtanh_256(out, in, n);
    return;
  }
#endif
  (void)level;
  for (size_t i = 0; i < n; i++) out[i] = tanh(in[i]);
}
