/* Kernels on doubles for every instruction set: includes LANES_FILE, set before, once
 * for each, with LANES (doubles in a vector: 2, 4, 8), LANES_ATTRIBUTE (the target) and
 * LANES_NAME(x) (x_plain, x_avx2, x_avx512) set. PICK(x, level) is the function to call. */
#include "core/base/cpu.h"

#define LANES 2
#define LANES_ATTRIBUTE
#define LANES_NAME(x) x##_plain
#include LANES_FILE
#undef LANES
#undef LANES_ATTRIBUTE
#undef LANES_NAME

#if LMR_X86
#define LANES 4
#define LANES_ATTRIBUTE LMR_TARGET("avx2,fma")
#define LANES_NAME(x) x##_avx2
#include LANES_FILE
#undef LANES
#undef LANES_ATTRIBUTE
#undef LANES_NAME

#define LANES 8
#define LANES_ATTRIBUTE LMR_TARGET("avx512f,avx512dq")
#define LANES_NAME(x) x##_avx512
#include LANES_FILE
#undef LANES
#undef LANES_ATTRIBUTE
#undef LANES_NAME

#define PICK(name, level) \
  ((level) >= LMR_CPU_AVX512 ? name##_avx512 : (level) >= LMR_CPU_AVX2 ? name##_avx2 : name##_plain)
#define LANES_AT(level) ((size_t)((level) >= LMR_CPU_AVX512 ? 8 : (level) >= LMR_CPU_AVX2 ? 4 : 2))
#else
#define PICK(name, level) ((void)(level), name##_plain)
#define LANES_AT(level) ((void)(level), (size_t)2)
#endif
