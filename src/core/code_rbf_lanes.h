/* Sums over pairs of rows under two RBF kernels, for one precision and one
 * instruction set; lanes run over rows i, so that nothing is reduced and no Gram
 * matrix is stored. Set before: REAL, BITS (the integer of its size), MANTISSA,
 * LANES_NAME(x), LANES_TARGET, LANES_BYTES. */
#define VEC LANES_NAME(vec)
#define INT LANES_NAME(bits)
#define LANES ((size_t)LANES_BYTES / sizeof(REAL))
typedef REAL VEC __attribute__((vector_size(LANES_BYTES), may_alias, aligned(sizeof(REAL))));
typedef BITS INT __attribute__((vector_size(LANES_BYTES), may_alias));

/* exp of numbers <= 0: x = k log 2 + r, Taylor to the last term that counts, 2^k
 * by its bits; underflow stops at the smallest normal numbers. */
LANES_TARGET static inline VEC LANES_NAME(exp_negative)(VEC x) {
  const REAL lowest = MANTISSA == 23 ? (REAL)-87 : (REAL)-708, magic = (REAL)1.5 * (REAL)((BITS)1 << MANTISSA);
  const VEC floor = {0};
  const INT small = x < floor + lowest;
  x = (VEC)(((INT)x & ~small) | ((INT)(floor + lowest) & small));
  const VEC t = x * (REAL)0x1.71547652b82fep+0 + magic;
  const VEC k = t - magic;
  /* log 2 in two parts, the first short enough for k times it to be exact. */
  const REAL high = MANTISSA == 23 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fee00000p-1;
  const REAL low = MANTISSA == 23 ? (REAL)0x1.7f7d1cf79abcap-20 : (REAL)0x1.a39ef35793c76p-33;
  const VEC r = (x - k * high) - k * low;
  VEC p = floor + (REAL)(MANTISSA == 23 ? 1. / 5040 : 1. / 6227020800);
  if (MANTISSA != 23) {
    p = p * r + (REAL)(1. / 479001600), p = p * r + (REAL)(1. / 39916800), p = p * r + (REAL)(1. / 3628800);
    p = p * r + (REAL)(1. / 362880), p = p * r + (REAL)(1. / 40320), p = p * r + (REAL)(1. / 5040);
  }
  p = p * r + (REAL)(1. / 720), p = p * r + (REAL)(1. / 120), p = p * r + (REAL)(1. / 24);
  p = p * r + (REAL)(1. / 6), p = p * r + (REAL)(1. / 2), p = p * r + (REAL)1, p = p * r + (REAL)1;
  const INT scale = ((INT)t - (INT)(floor + magic) + (MANTISSA == 23 ? 127 : 1023)) << MANTISSA;
  return p * (VEC)scale;
}

/* x: columns of leading dimension ld; the kernel of rows i (lanes) with row j. */
LANES_TARGET static inline VEC LANES_NAME(kernel)(size_t d, const REAL *x, size_t ld, size_t i, size_t j, REAL gamma) {
  VEC u = {0};
  for (size_t c = 0; c < d; c++) {
    const VEC t = *(const VEC *)(x + c * ld + i) - x[c * ld + j];
    u += t * t;
  }
  return LANES_NAME(exp_negative)(-gamma * u);
}

/* sums (rows i .. i + 15 of three columns): sum over j of K, L and K L. */
LANES_TARGET static void LANES_NAME(sums)(const NAME(pair) * p, size_t i0, size_t j0, size_t j1, REAL *sums) {
  for (size_t i = i0; i < i0 + RBF_ROWS; i += LANES) {
    VEC k = {0}, l = {0}, both = {0};
    for (size_t j = j0; j < j1; j++) {
      const VEC a = LANES_NAME(kernel)(p->dw, p->w, p->ld, i, j, p->gamma_w);
      k += a;
      if (!p->dv) continue;
      const VEC b = LANES_NAME(kernel)(p->dv, p->v, p->ld, i, j, p->gamma_v);
      l += b;
      both += a * b;
    }
    *(VEC *)(sums + i - i0) = k;
    *(VEC *)(sums + RBF_ROWS + i - i0) = l;
    *(VEC *)(sums + 2 * RBF_ROWS + i - i0) = both;
  }
}

/* gradient (columns of leading dimension ld, w then v) of rows i += sum over j of
 * C K (x_i - x_j), C = slope L - (at_i + at_j) + constant for What, likewise for Vhat. */
LANES_TARGET static void LANES_NAME(slopes)(const NAME(pair) * p, size_t i0, size_t j0, size_t j1,
                                            const NAME(weights) * c, REAL *gradient) {
  for (size_t i = i0; i < i0 + RBF_ROWS; i += LANES) {
    const VEC wi = c->w_constant - *(const VEC *)(c->w_at + i), vi = c->v_constant - *(const VEC *)(c->v_at + i);
    for (size_t j = j0; j < j1; j++) {
      const VEC k = LANES_NAME(kernel)(p->dw, p->w, p->ld, i, j, p->gamma_w);
      VEC l = {0};
      if (p->dv) {
        l = LANES_NAME(kernel)(p->dv, p->v, p->ld, i, j, p->gamma_v);
        const VEC down = (c->v_slope * k + (vi - c->v_at[j])) * l;
        for (size_t a = 0; a < p->dv; a++) {
          const REAL *x = p->v + a * p->ld;
          *(VEC *)(gradient + (p->dw + a) * p->ld + i) += down * (*(const VEC *)(x + i) - x[j]);
        }
      }
      const VEC up = (c->w_slope * l + (wi - c->w_at[j])) * k;
      for (size_t a = 0; a < p->dw; a++) {
        const REAL *x = p->w + a * p->ld;
        *(VEC *)(gradient + a * p->ld + i) += up * (*(const VEC *)(x + i) - x[j]);
      }
    }
  }
}

#undef VEC
#undef INT
#undef LANES
