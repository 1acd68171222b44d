/* Template of the three tile kernels, included once per instruction set with
 *   BITS_NAME(x)   the function's name        BITS_ATTR     its target attribute
 *   V, V_WORDS     vector type, 64-bit words  V_LOAD(p)     aligned load
 *   V_AND, V_XOR, V_ADD (64-bit lanes), V_ZERO, V_SUM(v)    sum of lanes
 *   V_COUNT(x), V_COUNT2(x, y)  population counts by lane, of one and of two vectors
 *   NI, NJ         register block, both divide BITS_TILE.
 * Rows past the end repeat the last one; what they count is not stored. */

/* The accumulators live in registers only when the small loops are unrolled,
 * which -O2 does not do by itself. */
#define EACH(k, n) _Pragma("GCC unroll 8") for (size_t k = 0; k < (n); k++)

/* Opens the loop over register blocks: rows pi[NI], pj[NJ], accumulators acc. */
#define BITS_BLOCKS                                                          \
  for (size_t j0 = 0; j0 < nj; j0 += NJ)                                     \
    for (size_t i0 = 0; i0 < ni; i0 += NI) {                                 \
      const uint64_t *pi[NI], *pj[NJ];                                       \
      EACH(i, NI) pi[i] = row_i[i0 + i < ni ? i0 + i : ni - 1];              \
      EACH(j, NJ) pj[j] = row_j[j0 + j < nj ? j0 + j : nj - 1];              \
      V acc[NI][NJ];                                                         \
      EACH(i, NI) EACH(j, NJ) acc[i][j] = V_ZERO;

#define BITS_STORE(result)                                                   \
      EACH(i, NI) EACH(j, NJ)                                                \
        if (i0 + i < ni && j0 + j < nj)                                      \
          out[i0 + i + BITS_TILE * (j0 + j)] = (uint32_t)(result);           \
    }

BITS_ATTR static void BITS_NAME(gg)(const uint64_t *const *row_i, size_t ni,
                                    const uint64_t *const *row_j, size_t nj, size_t d_offset,
                                    size_t words, uint32_t *out) {
  BITS_BLOCKS
  V both[NI][NJ];
  EACH(i, NI) EACH(j, NJ) both[i][j] = V_ZERO;
  for (size_t w = 0; w < words; w += V_WORDS) {
    V hi[NI], di[NI];
    EACH(i, NI) {
      hi[i] = V_LOAD(pi[i] + w);
      di[i] = V_LOAD(pi[i] + d_offset + w);
    }
    EACH(j, NJ) {
      const V hj = V_LOAD(pj[j] + w), dj = V_LOAD(pj[j] + d_offset + w);
      EACH(i, NI) {
        const V a = V_AND(hi[i], hj), t = V_AND(a, V_XOR(di[i], dj));
        acc[i][j] = V_ADD(acc[i][j], V_COUNT2(a, t));
        both[i][j] = V_ADD(both[i][j], V_COUNT(V_AND(di[i], dj)));
      }
    }
  }
  BITS_STORE(V_SUM(V_ADD(acc[i][j], V_ADD(both[i][j], V_ADD(both[i][j], both[i][j])))))
}

BITS_ATTR static void BITS_NAME(gm)(const uint64_t *const *row_i, size_t ni,
                                    const uint64_t *const *row_j, size_t nj, size_t d_offset,
                                    size_t words, uint32_t *out) {
  BITS_BLOCKS
  for (size_t w = 0; w < words; w += V_WORDS) {
    V hi[NI], di[NI];
    EACH(i, NI) {
      hi[i] = V_LOAD(pi[i] + w);
      di[i] = V_LOAD(pi[i] + d_offset + w);
    }
    EACH(j, NJ) {
      const V m = V_LOAD(pj[j] + w);
      EACH(i, NI) acc[i][j] = V_ADD(acc[i][j], V_COUNT2(V_AND(hi[i], m), V_AND(di[i], m)));
    }
  }
  BITS_STORE(V_SUM(acc[i][j]))
}

BITS_ATTR static void BITS_NAME(mm)(const uint64_t *const *row_i, size_t ni,
                                    const uint64_t *const *row_j, size_t nj, size_t d_offset,
                                    size_t words, uint32_t *out) {
  (void)d_offset;
  BITS_BLOCKS
  for (size_t w = 0; w < words; w += V_WORDS) {
    V mi[NI];
    EACH(i, NI) mi[i] = V_LOAD(pi[i] + w);
    EACH(j, NJ) {
      const V m = V_LOAD(pj[j] + w);
      EACH(i, NI) acc[i][j] = V_ADD(acc[i][j], V_COUNT(V_AND(mi[i], m)));
    }
  }
  BITS_STORE(V_SUM(acc[i][j]))
}
