/* tanh over one vector of LANES doubles, as an inline function for
 * the instruction set LANES_TARGET. Included once per instruction set by the files
 * whose kernels need it; LANES_NAME(x) must give the set's own name for x,
 * LANES_INVERSE(x) the reciprocal of numbers in [1, 2].
 * tanh |x| = (1 - e) / (1 + e), e = exp(-2 |x|) by Cody-Waite reduction and the
 * Taylor polynomial of degree 12 on |r| <= log(2)/2. */
typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t LANES_NAME(vi) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

__attribute__((target(LANES_TARGET), always_inline)) static inline LANES_NAME(vd)
    LANES_NAME(tanh_lanes)(LANES_NAME(vd) x) {
  typedef LANES_NAME(vd) vd;
  typedef LANES_NAME(vi) vi;
  const vi sign = (vi)x & ((vi){0} + INT64_MIN);
  vd t = (vd)((vi)x ^ sign) * -2.0;
  const vi small = t < -80.0; /* tanh is 1 in double from |x| = 19 on */
  t = (vd)(((vi)t & ~small) | ((vi)((vd){0} - 80.0) & small));
  const vd magic = (vd){0} + 6755399441055744.0; /* 1.5 * 2^52: adds round to integer */
  const vd shifted = t * 1.4426950408889634074 + magic;
  const vd k = shifted - magic;
  vd r = t - k * 6.93147180369123816490e-01;
  r = r - k * 1.90821492927058770002e-10;
  /* Estrin's order: short chains, because the loops around are bound by latency */
  const vd r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const vd p01 = r + 1.0, p23 = r * (1.0 / 6) + .5, p45 = r * (1.0 / 120) + 1.0 / 24;
  const vd p67 = r * (1.0 / 5040) + 1.0 / 720, p89 = r * (1.0 / 362880) + 1.0 / 40320;
  const vd pab = r * (1.0 / 39916800) + 1.0 / 3628800;
  const vd p03 = p23 * r2 + p01, p47 = p67 * r2 + p45, p8b = pab * r2 + p89;
  const vd p = (p8b + r4 * (1.0 / 479001600)) * r8 + (p47 * r4 + p03);
  const vi exponent = ((vi)shifted - (vi)magic) << 52;
  const vd e = (vd)((vi)p + exponent);
  const vd y = (1.0 - e) * LANES_INVERSE(1.0 + e);
  return (vd)((vi)y | sign);
}
