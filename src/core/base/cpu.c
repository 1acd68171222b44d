#include "core/base/cpu.h"

lmr_cpu lmr_cpu_detect(void) {
#if LMR_X86
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("popcnt")) return LMR_CPU_PLAIN;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return LMR_CPU_POPCNT;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return LMR_CPU_AVX2;
  if (!__builtin_cpu_supports("avx512vpopcntdq")) return LMR_CPU_AVX512;
  return LMR_CPU_AVX512POP;
#else
  return LMR_CPU_PLAIN;
#endif
}
