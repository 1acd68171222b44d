/* Template of the tile kernel, included once per instruction set with
 *   DOSAGE_NAME(x)  the function's name      DOSAGE_ATTR   its target attribute
 *   V, V_LANES      vector type and its 16-bit lanes      V_LOAD(p)   aligned load
 *   V_MADD(a, b)    products of 16-bit lanes, neighbours added in 32 bits
 *   V_ADD, V_HIGH   32-bit lanes: sum (wraps), arithmetic shift by 16 to the right
 *   V_ZERO, V_STORE(p, v)
 *   NI, NJ          register block where 32 bits hold a whole segment, MI, MJ where not.
 *
 * Where they do not, `steps` products are summed in 32 bits, a; of these sums, two totals are
 * kept in 32-bit lanes: L = sum a modulo 2^32 and H = sum floor(a / 2^16). With G sums,
 *   0 <= sum a - 2^16 H = sum (a mod 2^16) < 2^16 G,
 * and G <= DOSAGE_SEGMENT < 2^16, so that this rest is (L - 2^16 H) mod 2^32, and sum a exact.
 * |H| <= 2^15 G < 2^31. Rows past the end repeat the last one; what they sum is not stored. */

#define EACH(i, n) _Pragma("GCC unroll 8") for (size_t i = 0; i < (n); i++)

#define DOSAGE_BLOCKS(NI_, NJ_)                                              \
  for (size_t j0 = 0; j0 < nj; j0 += NJ_)                                    \
    for (size_t i0 = 0; i0 < ni; i0 += NI_) {                                \
      const int16_t *pi[NI_], *pj[NJ_];                                      \
      EACH(i, NI_) pi[i] = row_i[i0 + i < ni ? i0 + i : ni - 1];             \
      EACH(j, NJ_) pj[j] = row_j[j0 + j < nj ? j0 + j : nj - 1];

#define DOSAGE_STORE(NI_, NJ_, total)                                        \
      EACH(i, NI_) EACH(j, NJ_)                                              \
        if (i0 + i < ni && j0 + j < nj) out[i0 + i + DOSAGE_TILE * (j0 + j)] += (total); \
    }

/* acc[i][j] += products at w of the rows. */
#define DOSAGE_STEP(NI_, NJ_)                                                \
  {                                                                          \
    V a[NI_];                                                                \
    EACH(i, NI_) a[i] = V_LOAD(pi[i] + w);                                   \
    EACH(j, NJ_) {                                                           \
      const V b = V_LOAD(pj[j] + w);                                         \
      EACH(i, NI_) acc[i][j] = V_ADD(acc[i][j], V_MADD(a[i], b));            \
    }                                                                        \
  }

DOSAGE_ATTR static inline int64_t DOSAGE_NAME(sum)(V v) {
  int32_t lane[V_LANES / 2];
  int64_t sum = 0;
  V_STORE(lane, v);
  for (size_t k = 0; k < V_LANES / 2; k++) sum += lane[k];
  return sum;
}

DOSAGE_ATTR static inline int64_t DOSAGE_NAME(joined)(V low, V high) {
  int32_t l[V_LANES / 2], h[V_LANES / 2];
  int64_t sum = 0;
  V_STORE(l, low);
  V_STORE(h, high);
  for (size_t k = 0; k < V_LANES / 2; k++)
    sum += (int64_t)h[k] * 65536 + (int64_t)(uint32_t)((uint32_t)l[k] - ((uint32_t)h[k] << 16));
  return sum;
}

DOSAGE_ATTR static void DOSAGE_NAME(whole)(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j,
                                           size_t nj, size_t length, int64_t *out) {
  DOSAGE_BLOCKS(NI, NJ)
  V acc[NI][NJ];
  EACH(i, NI) EACH(j, NJ) acc[i][j] = V_ZERO;
  for (size_t w = 0; w < length; w += V_LANES) DOSAGE_STEP(NI, NJ)
  DOSAGE_STORE(NI, NJ, DOSAGE_NAME(sum)(acc[i][j]))
}

DOSAGE_ATTR static inline void DOSAGE_NAME(parts)(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j,
                                                  size_t nj, size_t length, size_t steps, int64_t *out) {
  DOSAGE_BLOCKS(MI, MJ)
  V acc[MI][MJ], low[MI][MJ], high[MI][MJ];
  EACH(i, MI) EACH(j, MJ) low[i][j] = high[i][j] = V_ZERO;
  size_t w = 0;
  for (size_t left = length / V_LANES, now; left; left -= now) {
    now = left < steps ? left : steps;
    EACH(i, MI) EACH(j, MJ) acc[i][j] = V_ZERO;
    if (now == steps) {
      _Pragma("GCC unroll 4") for (size_t s = 0; s < steps; s++, w += V_LANES) DOSAGE_STEP(MI, MJ)
    } else {
      for (size_t s = 0; s < now; s++, w += V_LANES) DOSAGE_STEP(MI, MJ)
    }
    EACH(i, MI) EACH(j, MJ) {
      low[i][j] = V_ADD(low[i][j], acc[i][j]);
      high[i][j] = V_ADD(high[i][j], V_HIGH(acc[i][j]));
    }
  }
  DOSAGE_STORE(MI, MJ, DOSAGE_NAME(joined)(low[i][j], high[i][j]))
}
