/* Sums over pairs of rows under two RBF kernels, for one precision and one
 * instruction set. A pair is visited once: lanes run over rows i, and what row j gets
 * from them is kept lane by lane until its columns are done, so that nothing is
 * reduced in the loop and no Gram matrix is stored. Set before: REAL, BITS (the integer
 * of its size), MANTISSA, LANES_NAME(x), LANES_TARGET, LANES_BYTES. */
/* Inlined whatever their size: with two columns in each block the loops over them unroll. */
#define LANES_INLINE static inline __attribute__((always_inline))
#define VEC LANES_NAME(vec)
#define INT LANES_NAME(bits)
#define LANES ((size_t)LANES_BYTES / sizeof(REAL))
typedef REAL VEC __attribute__((vector_size(LANES_BYTES), may_alias, aligned(sizeof(REAL))));
typedef BITS INT __attribute__((vector_size(LANES_BYTES), may_alias));

/* 2^x of numbers <= 0: x = k + r, Taylor in r log 2 to the last term that counts, 2^k
 * by its bits; underflow stops at the smallest normal numbers. */
LANES_TARGET LANES_INLINE VEC LANES_NAME(power)(VEC x) {
  const REAL lowest = MANTISSA == 23 ? (REAL)-126 : (REAL)-1022, magic = (REAL)1.5 * (REAL)((BITS)1 << MANTISSA);
  const VEC zero = {0};
  const INT small = x < zero + lowest;
  x = (VEC)(((INT)x & ~small) | ((INT)(zero + lowest) & small));
  const VEC t = x + magic, r = x - (t - magic);
  VEC p;
  if (MANTISSA == 23) {
    p = zero + (REAL)0x1.42a7e8p-13; /* (log 2)^6 / 6!, trimmed for |r| <= 1/2 */
  } else {
    p = zero + (REAL)1.3691488853904129e-12;
    p = p * r + (REAL)2.5678435993488206e-11, p = p * r + (REAL)4.4455382718708116e-10;
    p = p * r + (REAL)7.0549116208011233e-9, p = p * r + (REAL)1.0178086009239700e-7;
    p = p * r + (REAL)1.3215486790144309e-6, p = p * r + (REAL)1.5252733804059841e-5;
    p = p * r + (REAL)1.5403530393381610e-4;
  }
  p = p * r + (REAL)1.3333558146428443e-3, p = p * r + (REAL)9.6181291076284772e-3;
  p = p * r + (REAL)5.5504108664821580e-2, p = p * r + (REAL)2.4022650695910072e-1;
  p = p * r + (REAL)6.9314718055994531e-1, p = p * r + (REAL)1;
  const INT scale = ((INT)t - (INT)(zero + magic) + (MANTISSA == 23 ? 127 : 1023)) << MANTISSA;
  return p * (VEC)scale;
}

/* x: columns of leading dimension ld; the kernel of rows i (lanes) with row j. */
LANES_TARGET LANES_INLINE VEC LANES_NAME(kernel)(size_t d, const REAL *x, size_t ld, size_t i, size_t j, REAL rate) {
  VEC u = {0};
#pragma GCC unroll 2
  for (size_t c = 0; c < d; c++) {
    const VEC t = *(const VEC *)(x + c * ld + i) - x[c * ld + j];
    u += t * t;
  }
  return LANES_NAME(power)(-rate * u);
}

/* Four sums, so that additions do not wait for each other. */
LANES_TARGET LANES_INLINE REAL LANES_NAME(across)(const VEC *v) {
  const REAL *x = (const REAL *)v;
  if (LANES < 4) return x[0] + x[1];
  REAL s[4] = {x[0], x[1], x[2], x[3]};
  for (size_t l = 4; l < LANES; l += 4)
    for (size_t c = 0; c < 4; c++) s[c] += x[l + c];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

/* One group of rows with `width` rows from j on: row sums of K and L are added to k and l, those of the columns (unless
 * NULL) to k_column and l_column; the sum of K L. */
LANES_TARGET LANES_INLINE REAL LANES_NAME(sums_group)(const NAME(pair) * p, size_t dw, size_t dv, size_t i, size_t j,
                                                       size_t width, REAL *k, REAL *l, VEC *k_column, VEC *l_column) {
  VEC ki = {0}, li = {0}, both = {0};
  for (size_t c = 0; c < width; c++) {
    const VEC a = LANES_NAME(kernel)(dw, p->w, p->ld, i, j + c, p->rate_w);
    ki += a;
    if (k_column) k_column[c] += a;
    if (!dv) continue;
    const VEC b = LANES_NAME(kernel)(dv, p->v, p->ld, i, j + c, p->rate_v);
    li += b;
    if (l_column) l_column[c] += b;
    both += a * b;
  }
  *(VEC *)(k + i) += ki;
  *(VEC *)(l + i) += li;
  return LANES_NAME(across)(&both);
}

LANES_TARGET LANES_INLINE double LANES_NAME(sums_of)(const NAME(pair) * p, size_t dw, size_t dv, const NAME(range) * r,
                                                      REAL *k, REAL *l) {
  VEC k_column[RBF_COLUMNS] __attribute__((aligned(LANES_BYTES)));
  VEC l_column[RBF_COLUMNS] __attribute__((aligned(LANES_BYTES)));
  double total = 0;
  for (size_t j = r->j0; j < r->j1; j += RBF_COLUMNS) {
    const size_t width = r->j1 - j < RBF_COLUMNS ? r->j1 - j : RBF_COLUMNS;
    memset(k_column, 0, sizeof k_column);
    memset(l_column, 0, sizeof l_column);
    const size_t before = r->own ? j : r->i1;
    REAL twice = 0;
    for (size_t i = r->i0; i < before; i += LANES)
      twice += LANES_NAME(sums_group)(p, dw, dv, i, j, width, k, l, k_column, l_column);
    for (size_t c = 0; c < width && before > r->i0; c++) {
      k[j + c] += LANES_NAME(across)(k_column + c);
      if (dv) l[j + c] += LANES_NAME(across)(l_column + c);
    }
    total += 2 * (double)twice;
    for (size_t i = before; r->own && i < r->i1 && i < j + RBF_COLUMNS; i += LANES)
      total += (double)LANES_NAME(sums_group)(p, dw, dv, i, j, width, k, l, NULL, NULL);
  }
  return total;
}

/* The sum of K L over the ordered pairs of a range; row sums of K and L are added to k
 * and l [ld] of all its rows. */
LANES_TARGET static double LANES_NAME(sums)(const NAME(pair) * p, const NAME(range) * r, REAL *k, REAL *l) {
  return p->dw == 2 && p->dv == 2 ? LANES_NAME(sums_of)(p, 2, 2, r, k, l) : LANES_NAME(sums_of)(p, p->dw, p->dv, r, k, l);
}

/* row and column (unless NULL; RBF_COLUMNS of them for each dimension): what the
 * group's rows get, and its columns get the negative of. */
LANES_TARGET LANES_INLINE void LANES_NAME(slopes_group)(const NAME(pair) * p, size_t dw, size_t dv, size_t i, size_t j,
                                                         size_t width, const NAME(weights) * c, VEC *row, VEC *column) {
  const VEC wi = c->w_constant - *(const VEC *)(c->w_at + i), vi = c->v_constant - *(const VEC *)(c->v_at + i);
  for (size_t b = 0; b < width; b++) {
    const VEC k = LANES_NAME(kernel)(dw, p->w, p->ld, i, j + b, p->rate_w);
    VEC l = {0};
    if (dv) {
      l = LANES_NAME(kernel)(dv, p->v, p->ld, i, j + b, p->rate_v);
      const VEC down = (c->slope * k + (vi - c->v_at[j + b])) * l;
#pragma GCC unroll 2
      for (size_t a = 0; a < dv; a++) {
        const REAL *x = p->v + a * p->ld;
        const VEC t = down * (*(const VEC *)(x + i) - x[j + b]);
        row[dw + a] += t;
        if (column) column[(dw + a) * RBF_COLUMNS + b] += t;
      }
    }
    const VEC up = (c->slope * l + (wi - c->w_at[j + b])) * k;
#pragma GCC unroll 2
    for (size_t a = 0; a < dw; a++) {
      const REAL *x = p->w + a * p->ld;
      const VEC t = up * (*(const VEC *)(x + i) - x[j + b]);
      row[a] += t;
      if (column) column[a * RBF_COLUMNS + b] += t;
    }
  }
}

LANES_TARGET LANES_INLINE void LANES_NAME(slopes_of)(const NAME(pair) * p, size_t dw, size_t dv, const NAME(range) * r,
                                                      const NAME(weights) * c, VEC *row, VEC *column, REAL *gradient) {
  const size_t d = dw + dv;
  for (size_t j = r->j0; j < r->j1; j += RBF_COLUMNS) {
    const size_t width = r->j1 - j < RBF_COLUMNS ? r->j1 - j : RBF_COLUMNS;
    const size_t before = r->own ? j : r->i1, last = !r->own ? before : j + RBF_COLUMNS < r->i1 ? j + RBF_COLUMNS : r->i1;
    memset(column, 0, d * RBF_COLUMNS * sizeof *column);
    for (size_t i = r->i0; i < last; i += LANES) {
      memset(row, 0, d * sizeof *row);
      if (i < before) LANES_NAME(slopes_group)(p, dw, dv, i, j, width, c, row, column);
      else LANES_NAME(slopes_group)(p, dw, dv, i, j, width, c, row, NULL);
      for (size_t a = 0; a < d; a++) *(VEC *)(gradient + a * p->ld + i) += row[a];
    }
    for (size_t a = 0; a < d && before > r->i0; a++)
      for (size_t b = 0; b < width; b++) gradient[a * p->ld + j + b] -= LANES_NAME(across)(column + a * RBF_COLUMNS + b);
  }
}

/* gradient (columns of leading dimension ld, w then v) of all rows of a range += sum over
 * their pairs of C K (x_i - x_j), C = slope L - (at_i + at_j) + constant for What,
 * likewise for Vhat. work: (dw + dv) (RBF_COLUMNS + 1) vectors of RBF_ROWS numbers. */
LANES_TARGET static void LANES_NAME(slopes)(const NAME(pair) * p, const NAME(range) * r, const NAME(weights) * c,
                                            REAL *work, REAL *gradient) {
  if (p->dw == 2 && p->dv == 2) {
    VEC row[4], column[4 * RBF_COLUMNS] __attribute__((aligned(LANES_BYTES)));
    LANES_NAME(slopes_of)(p, 2, 2, r, c, row, column, gradient);
  } else {
    LANES_NAME(slopes_of)(p, p->dw, p->dv, r, c, (VEC *)work, (VEC *)work + p->dw + p->dv, gradient);
  }
}

#undef LANES_INLINE
#undef VEC
#undef INT
#undef LANES
