/* Instruction sets. Kernels take the level as an argument and must give the
 * same integers at every level; the plain level is the twin in the tests. */
#ifndef LMR_CORE_CPU_H
#define LMR_CORE_CPU_H

typedef enum {
  LMR_CPU_PLAIN = 0,
  LMR_CPU_POPCNT,    /* 64-bit population count */
  LMR_CPU_AVX2,      /* AVX2, FMA and POPCNT */
  LMR_CPU_AVX512,    /* AVX-512 F, BW, DQ, VL */
  LMR_CPU_AVX512POP  /* the same with VPOPCNTDQ */
} lmr_cpu;

/* The highest level that this machine and this build can run. */
lmr_cpu lmr_cpu_detect(void);

/* x86-64 with gcc or clang: functions carry their own target. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(LMR_NO_SIMD)
#define LMR_X86 1
#define LMR_TARGET(features) __attribute__((target(features)))
#else
#define LMR_X86 0
#endif

#endif
