/* layers.h for one precision: REAL, SQRT and LAYERS_NAME(x) are set before. */
#if !defined(REAL) || !defined(SQRT) || !defined(LAYERS_NAME) || !defined(LAYERS_NAME2)
#error "a piece of layers_f32.c and layers_f64.c: REAL, SQRT, LAYERS_NAME(x) and LAYERS_NAME2(x, y) are set there"
#endif
#define UNROLL _Pragma("GCC unroll 8")
#define UNROLL12 _Pragma("GCC unroll 12")

#if LMR_X86
#define LANES_TARGET LMR_TARGET("avx512f,avx512dq,avx512bw,avx512vl")
#define LANES_NAME(x) x##_512
#define LANES_BYTES 64
#define TILE_V 4
#include "core/autoencoder/layers_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#undef TILE_V

#define LANES_TARGET LMR_TARGET("avx2,fma")
#define LANES_NAME(x) x##_256
#define LANES_BYTES 32
#define TILE_V 2
#include "core/autoencoder/layers_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#undef TILE_V
#endif

#define LANES_TARGET
#define LANES_NAME(x) x##_any
#define LANES_BYTES 16
#define TILE_V 2
#include "core/autoencoder/layers_lanes.h"

const LAYERS_NAME(layers) *LAYERS_NAME2(layers, _at)(lmr_cpu level) {
  static const LAYERS_NAME(layers) any = {product_any, norm_any, norm_back_any};
#if LMR_X86
  static const LAYERS_NAME(layers) avx512 = {product_512, norm_512, norm_back_512};
  static const LAYERS_NAME(layers) avx2 = {product_256, norm_256, norm_back_256};
  if (level >= LMR_CPU_AVX512) return &avx512;
  if (level >= LMR_CPU_AVX2) return &avx2;
#endif
  (void)level;
  return &any;
}
