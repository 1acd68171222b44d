/* The functions of layers.h for one precision and one instruction set. Set before:
 * REAL, LANES_NAME(x), LANES_TARGET (attribute or nothing), LANES_BYTES of a
 * vector, and TILE_V, the vectors of a row of the tile of sums that stays in
 * registers (TILE_R x TILE_V). */
#define LANES ((size_t)LANES_BYTES / sizeof(REAL))
#define VEC LANES_NAME(vec)
typedef REAL VEC __attribute__((vector_size(LANES_BYTES), may_alias, aligned(sizeof(REAL))));
#define MASK __typeof__((VEC){0} > (VEC){0})

/* Sums over k of R rows by V vectors. Loops of fixed length are unrolled at any -O level. */
#define TILE(name, R, V)                                                                       \
  LANES_TARGET static void LANES_NAME(name)(size_t k, const REAL *a, size_t row, size_t step,  \
                                            const REAL *b, size_t ldb, REAL *c, size_t ldc,    \
                                            int add) {                                         \
    VEC s[R][V];                                                                               \
    UNROLL for (int i = 0; i < R; i++) UNROLL for (int v = 0; v < V; v++) s[i][v] = (VEC){0};  \
    for (size_t l = 0; l < k; l++, a += step, b += ldb) {                                      \
      VEC x[V];                                                                                \
      UNROLL for (int v = 0; v < V; v++) x[v] = *(const VEC *)(b + (size_t)v * LANES);         \
      UNROLL for (int i = 0; i < R; i++) {                                                     \
        const REAL t = a[(size_t)i * row];                                                     \
        UNROLL for (int v = 0; v < V; v++) s[i][v] += t * x[v];                                \
      }                                                                                        \
    }                                                                                          \
    UNROLL for (int i = 0; i < R; i++) UNROLL for (int v = 0; v < V; v++) {                    \
      VEC *to = (VEC *)(c + (size_t)i * ldc + (size_t)v * LANES);                              \
      if (add) *to += s[i][v];                                                                 \
      else *to = s[i][v];                                                                      \
    }                                                                                          \
  }

TILE(tile_6v, 6, TILE_V)
TILE(tile_1v, 1, TILE_V)
TILE(tile_8, 8, 1)
TILE(tile_1, 1, 1)

LANES_TARGET static void LANES_NAME(product)(size_t m, size_t n, size_t k, const REAL *a, size_t row,
                                             size_t step, const REAL *b, size_t ldb, REAL *c, size_t ldc,
                                             int add) {
  size_t j = 0;
  for (; j + TILE_V * LANES <= n; j += TILE_V * LANES) {
    size_t i = 0;
    for (; i + 6 <= m; i += 6) LANES_NAME(tile_6v)(k, a + i * row, row, step, b + j, ldb, c + i * ldc + j, ldc, add);
    for (; i < m; i++) LANES_NAME(tile_1v)(k, a + i * row, row, step, b + j, ldb, c + i * ldc + j, ldc, add);
  }
  for (; j < n; j += LANES) {
    size_t i = 0;
    for (; i + 8 <= m; i += 8) LANES_NAME(tile_8)(k, a + i * row, row, step, b + j, ldb, c + i * ldc + j, ldc, add);
    for (; i < m; i++) LANES_NAME(tile_1)(k, a + i * row, row, step, b + j, ldb, c + i * ldc + j, ldc, add);
  }
}

/* Sums of the lanes, by halves. */
LANES_TARGET static inline REAL LANES_NAME(total)(VEC x) {
  REAL s[LANES];
  *(VEC *)s = x;
  UNROLL for (size_t half = LANES / 2; half; half /= 2) UNROLL for (size_t l = 0; l < half; l++) s[l] += s[l + half];
  return s[0];
}

/* `t`: `vectors` vectors, in registers where their number is a small constant. */
LANES_TARGET __attribute__((always_inline)) static inline REAL LANES_NAME(norm_row)(
    const size_t vectors, const REAL *bias, const REAL *gain, const REAL *shift, REAL *y, REAL *out, VEC *t) {
  const REAL share = 1 / (REAL)(vectors * LANES);
  VEC sum = {0}, squares = {0};
  UNROLL for (size_t v = 0; v < vectors; v++) {
    t[v] = *(const VEC *)(y + v * LANES) + *(const VEC *)(bias + v * LANES);
    sum += t[v];
  }
  const REAL mean = share * LANES_NAME(total)(sum);
  UNROLL for (size_t v = 0; v < vectors; v++) {
    t[v] -= mean;
    squares += t[v] * t[v];
  }
  const REAL inv = 1 / SQRT(share * LANES_NAME(total)(squares) + (REAL)1e-5);
  const VEC zero = {0};
  UNROLL for (size_t v = 0; v < vectors; v++) {
    const VEC x = t[v] * inv;
    const VEC z = *(const VEC *)(gain + v * LANES) * x + *(const VEC *)(shift + v * LANES);
    *(VEC *)(y + v * LANES) = x;
    *(VEC *)(out + v * LANES) = (VEC)((MASK)z & (z > zero));
  }
  return inv;
}

LANES_TARGET static void LANES_NAME(norm)(size_t rows, size_t width, const REAL *bias, const REAL *gain,
                                          const REAL *shift, REAL *y, REAL *inverse, REAL *out) {
  const size_t vectors = width / LANES;
  if (vectors == 4) {
    for (size_t i = 0; i < rows; i++) {
      VEC t[4];
      inverse[i] = LANES_NAME(norm_row)(4, bias, gain, shift, y + i * width, out + i * width, t);
    }
    return;
  }
  VEC t[LAYER_MAX_WIDTH / LANES];
  for (size_t i = 0; i < rows; i++)
    inverse[i] = LANES_NAME(norm_row)(vectors, bias, gain, shift, y + i * width, out + i * width, t);
}

/* `sums`: 3 x vectors, in registers where `vectors` is a small constant. */
LANES_TARGET __attribute__((always_inline)) static inline void LANES_NAME(norm_back_row)(
    const size_t vectors, const REAL *gain, const REAL *x, REAL inv, const REAL *out, REAL *up, VEC *sums) {
  const size_t width = vectors * LANES;
  const REAL share = 1 / (REAL)width;
  const VEC zero = {0};
  VEC sum = {0}, along = {0};
  UNROLL for (size_t v = 0; v < vectors; v++) {
    const size_t j = v * LANES;
    const VEC xj = *(const VEC *)(x + j), u = *(const VEC *)(up + j);
    const VEC g = (VEC)((MASK)u & (*(const VEC *)(out + j) > zero));
    sums[3 * v] += g * xj;
    sums[3 * v + 1] += g;
    const VEC t = g * *(const VEC *)(gain + j);
    *(VEC *)(up + j) = t;
    sum += t;
    along += t * xj;
  }
  const REAL mean = share * LANES_NAME(total)(sum), slope = share * LANES_NAME(total)(along);
  UNROLL for (size_t v = 0; v < vectors; v++) {
    const size_t j = v * LANES;
    const VEC t = inv * (*(const VEC *)(up + j) - mean - slope * *(const VEC *)(x + j));
    *(VEC *)(up + j) = t;
    sums[3 * v + 2] += t;
  }
}

LANES_TARGET static void LANES_NAME(norm_back)(size_t rows, size_t width, const REAL *gain, const REAL *x,
                                               const REAL *inverse, const REAL *out, REAL *up, REAL *g_bias,
                                               REAL *g_gain, REAL *g_shift) {
  enum { CHUNK = LAYER_MAX_WIDTH / LANES };
  VEC sums[3 * CHUNK];
  const size_t vectors = width / LANES;
  for (size_t v = 0; v < 3 * vectors; v++) sums[v] = (VEC){0};
  if (vectors == 4) {
    VEC four[12];
    UNROLL12 for (int v = 0; v < 12; v++) four[v] = (VEC){0};
    for (size_t i = 0; i < rows; i++)
      LANES_NAME(norm_back_row)(4, gain, x + i * width, inverse[i], out + i * width, up + i * width, four);
    UNROLL12 for (int v = 0; v < 12; v++) sums[v] = four[v];
  } else {
    for (size_t i = 0; i < rows; i++)
      LANES_NAME(norm_back_row)(vectors, gain, x + i * width, inverse[i], out + i * width, up + i * width, sums);
  }
  for (size_t v = 0; v < vectors; v++) {
    *(VEC *)(g_gain + v * LANES) += sums[3 * v];
    *(VEC *)(g_shift + v * LANES) += sums[3 * v + 1];
    *(VEC *)(g_bias + v * LANES) += sums[3 * v + 2];
  }
}

#undef TILE
#undef VEC
#undef MASK
#undef LANES
