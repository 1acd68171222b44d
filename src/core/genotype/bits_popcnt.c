/* Tiles with the 64-bit population count instruction. */
#include "core/genotype/bits.h"

#if LMR_X86
#define BITS_NAME(x) popcnt_##x
#define BITS_ATTR LMR_TARGET("popcnt")
#define V uint64_t
#define V_WORDS 1
#define V_LOAD(p) (*(p))
#define V_AND(a, b) ((a) & (b))
#define V_XOR(a, b) ((a) ^ (b))
#define V_ADD(a, b) ((a) + (b))
#define V_ZERO 0
#define V_SUM(v) (v)
#define V_COUNT(x) ((uint64_t)__builtin_popcountll(x))
#define V_COUNT2(x, y) ((uint64_t)__builtin_popcountll(x) + (uint64_t)__builtin_popcountll(y))
enum { NI = 2, NJ = 2 };
#include "core/genotype/bits_tile.h"

const bits_tiles bits_tiles_popcnt = {popcnt_gg, popcnt_gm, popcnt_mm};
#endif

typedef int bits_popcnt_not_empty;
