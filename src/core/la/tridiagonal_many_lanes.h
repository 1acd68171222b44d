/* One QL step of LANES matrices for one instruction set, each from its last row up to its own
 * row at[k] (n: none); the steps of core/la/tridiagonal.c without its splits, which positive
 * definite matrices do without. Included by core/la/double_lanes.h. */

typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef long long LANES_NAME(vl) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define AT(x, row) (*(vd *)((x) + (row) * TRIDIAGONAL_MANY))
#define CHOOSE(which, yes, no) ((vd)(((which) & (vl)(yes)) | (~(which) & (vl)(no))))

LANES_ATTRIBUTE static void LANES_NAME(steps)(double *d, double *off, size_t n, size_t least, const long long *at,
                                              const double *shift) {
  typedef LANES_NAME(vd) vd;
  typedef LANES_NAME(vl) vl;
  const vd sigma = *(const vd *)shift, zero = {0};
  const vl from = *(const vl *)at;
  vd c = zero + 1, s = zero, gamma = AT(d, n - 1) - sigma, p = gamma * gamma;
  for (size_t i = n - 1; i-- > least;) {
    const vl now = from <= (vl){0} + (long long)i;
    const vd square = AT(off, i), here = AT(d, i), r = p + square;
    if (i + 2 < n) AT(off, i + 1) = CHOOSE(now, s * r, AT(off, i + 1));
    const vd c_new = p / r, s_new = square / r, gamma_new = c_new * (here - sigma) - s_new * gamma;
    AT(d, i + 1) = CHOOSE(now, gamma + (here - gamma_new), AT(d, i + 1));
    const vd p_new = CHOOSE((vl)(c_new != zero), gamma_new * gamma_new / c_new, c * square);
    p = CHOOSE(now, p_new, p);
    c = CHOOSE(now, c_new, c);
    s = CHOOSE(now, s_new, s);
    gamma = CHOOSE(now, gamma_new, gamma);
  }
  for (int k = 0; k < LANES; k++) {
    const size_t row = (size_t)at[k];
    if (row >= n) continue;
    off[row * TRIDIAGONAL_MANY + (size_t)k] = s[k] * p[k];
    d[row * TRIDIAGONAL_MANY + (size_t)k] = sigma[k] + gamma[k];
  }
}

#undef AT
#undef CHOOSE
