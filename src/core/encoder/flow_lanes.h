/* The row kernels of flow_model.c for one instruction set: lanes run over rows.
 * Included by core/la/double_lanes.h; LANES divides FLOW_LANES. */

typedef double LANES_NAME(vd) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t LANES_NAME(vi) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define LANES_INLINE LANES_ATTRIBUTE __attribute__((always_inline)) static inline

/* softplus(t) = max(t, 0) + log(1 + e) and the logistic function, e = exp(-|t|):
 * exp by Cody-Waite reduction and the Taylor polynomial of degree 12, log(1 + e) =
 * 2 atanh(e / (2 + e)) by its series up to the power 33. */
LANES_INLINE void LANES_NAME(softplus)(LANES_NAME(vd) t, LANES_NAME(vd) *soft, LANES_NAME(vd) *sigma) {
  typedef LANES_NAME(vd) vd;
  typedef LANES_NAME(vi) vi;
  const vi negative = t < 0.0;
  vd a = (vd)((vi)t | ((vi){0} + INT64_MIN)); /* -|t| */
  const vi far = a < -80.0;
  a = (vd)(((vi)a & ~far) | ((vi)((vd){0} - 80.0) & far));
  const vd magic = (vd){0} + 6755399441055744.0;
  const vd shifted = a * 1.4426950408889634074 + magic;
  const vd k = shifted - magic;
  vd r = a - k * 6.93147180369123816490e-01;
  r = r - k * 1.90821492927058770002e-10;
  const vd r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const vd p01 = r + 1.0, p23 = r * (1.0 / 6) + .5, p45 = r * (1.0 / 120) + 1.0 / 24;
  const vd p67 = r * (1.0 / 5040) + 1.0 / 720, p89 = r * (1.0 / 362880) + 1.0 / 40320;
  const vd pab = r * (1.0 / 39916800) + 1.0 / 3628800;
  const vd p03 = p23 * r2 + p01, p47 = p67 * r2 + p45, p8b = pab * r2 + p89;
  const vd p = (p8b + r4 * (1.0 / 479001600)) * r8 + (p47 * r4 + p03);
  const vd e = (vd)((vi)p + (((vi)shifted - (vi)magic) << 52));
  const vd z = e / (2.0 + e), z2 = z * z;
  vd series = z2 * (1.0 / 33) + 1.0 / 31;
  for (int odd = 29; odd >= 1; odd -= 2) series = series * z2 + 1.0 / odd;
  const vd positive = (vd)((vi)t & ~negative);
  *soft = positive + 2.0 * z * series;
  const vd small = e / (1.0 + e), large = 1.0 / (1.0 + e);
  *sigma = (vd)(((vi)small & negative) | ((vi)large & ~negative));
}

/* u and the upper triangle (by columns) of J. */
LANES_INLINE void LANES_NAME(inner)(const double *hinge, size_t hinges, const LANES_NAME(vd) *x,
                                    LANES_NAME(vd) *u, LANES_NAME(vd) *j, LANES_NAME(vd) *soft,
                                    LANES_NAME(vd) *sigma, const size_t d) {
  typedef LANES_NAME(vd) vd;
  size_t at = 0;
  for (size_t b = 0; b < d; b++) {
    u[b] = x[b];
    for (size_t a = 0; a <= b; a++) j[at++] = (vd){0} + (a == b ? 1.0 : 0.0);
  }
  for (size_t h = 0; h < hinges; h++, hinge += d + 2) {
    const double r2 = hinge[0] * hinge[0], *c = hinge + 2;
    vd t = (vd){0} + hinge[1];
    for (size_t a = 0; a < d; a++) t += x[a] * c[a];
    LANES_NAME(softplus)(t, soft + h, sigma + h);
    const vd g = sigma[h] * r2, s = soft[h] * r2;
    at = 0;
    for (size_t b = 0; b < d; b++) {
      u[b] += s * c[b];
      for (size_t a = 0; a <= b; a++) j[at++] += g * (c[a] * c[b]);
    }
  }
}

/* J = U'D U in place, U unit upper triangular; the diagonal holds 1 / D. Returns det J. */
LANES_INLINE LANES_NAME(vd) LANES_NAME(factor)(LANES_NAME(vd) *j, const size_t d) {
  typedef LANES_NAME(vd) vd;
  vd det = (vd){0} + 1.0;
  for (size_t b = 0; b < d; b++) {
    vd *cb = j + b * (b + 1) / 2, pivot = cb[b];
    for (size_t a = 0; a < b; a++) {
      const vd *ca = j + a * (a + 1) / 2;
      for (size_t k = 0; k < a; k++) cb[a] -= ca[k] * cb[k];
    }
    for (size_t a = 0; a < b; a++) {
      const vd scaled = cb[a] * j[a * (a + 1) / 2 + a];
      pivot -= cb[a] * scaled;
      cb[a] = scaled;
    }
    det *= pivot;
    cb[b] = 1.0 / pivot;
  }
  return det;
}

/* out = J^-1 c, returns c'J^-1 c. */
LANES_INLINE LANES_NAME(vd) LANES_NAME(solve)(const LANES_NAME(vd) *j, const double *c, LANES_NAME(vd) *out,
                                              const size_t d) {
  typedef LANES_NAME(vd) vd;
  vd q = {0};
  for (size_t b = 0; b < d; b++) {
    const vd *cb = j + b * (b + 1) / 2;
    out[b] = (vd){0} + c[b];
    for (size_t k = 0; k < b; k++) out[b] -= cb[k] * out[k];
  }
  for (size_t b = 0; b < d; b++) {
    const vd scaled = out[b] * j[b * (b + 1) / 2 + b];
    q += out[b] * scaled;
    out[b] = scaled;
  }
  for (size_t b = d; b-- > 0;) {
    const vd *cb = j + b * (b + 1) / 2;
    for (size_t k = 0; k < b; k++) out[k] -= cb[k] * out[b];
  }
  return q;
}

LANES_INLINE void LANES_NAME(forward_of)(size_t hinges, const double *theta, size_t n, const double *x,
                                         double *y, double *det, const size_t d) {
  typedef LANES_NAME(vd) vd;
  for (size_t i = 0; i < n; i += LANES) {
    vd xv[FLOW_MAX_DIM], u[FLOW_MAX_DIM], j[FLOW_MAX_DIM * (FLOW_MAX_DIM + 1) / 2];
    vd soft[FLOW_MAX_HINGES], sigma[FLOW_MAX_HINGES];
    for (size_t a = 0; a < d; a++) xv[a] = *(const vd *)(x + i + a * n);
    LANES_NAME(inner)(theta + d * d, hinges, xv, u, j, soft, sigma, d);
    *(vd *)(det + i) = LANES_NAME(factor)(j, d);
    for (size_t a = 0; a < d; a++) {
      vd s = {0};
      for (size_t b = 0; b < d; b++) s += u[b] * theta[a + b * d];
      *(vd *)(y + i + a * n) = s;
    }
  }
}

/* G, h and the factor of J of a block of rows. */
LANES_INLINE void LANES_NAME(backed)(size_t hinges, const double *theta, const double *mean,
                                     const double *precision, const LANES_NAME(vd) *x, LANES_NAME(vd) *u,
                                     LANES_NAME(vd) *j, LANES_NAME(vd) *soft, LANES_NAME(vd) *sigma,
                                     LANES_NAME(vd) *g, LANES_NAME(vd) *h, const size_t d) {
  typedef LANES_NAME(vd) vd;
  vd y[FLOW_MAX_DIM];
  LANES_NAME(inner)(theta + d * d, hinges, x, u, j, soft, sigma, d);
  LANES_NAME(factor)(j, d);
  for (size_t a = 0; a < d; a++) {
    y[a] = (vd){0} - mean[a];
    for (size_t b = 0; b < d; b++) y[a] += u[b] * theta[a + b * d];
  }
  for (size_t a = 0; a < d; a++) {
    g[a] = (vd){0};
    for (size_t b = 0; b < d; b++) g[a] += y[b] * precision[a + b * d];
  }
  for (size_t b = 0; b < d; b++) {
    h[b] = (vd){0};
    for (size_t a = 0; a < d; a++) h[b] += g[a] * theta[a + b * d];
  }
}

/* Either sums weight * score into sum[parameter * LANES ..] or writes the scores of the
 * rows to scores + row + parameter * ld. */
LANES_INLINE void LANES_NAME(scores_of)(size_t hinges, const double *theta, const double *inverse,
                                        const double *mean, const double *precision, size_t n, size_t from,
                                        size_t to, const double *x, const double *weight, double *sum,
                                        double *scores, size_t ld, const size_t d) {
  typedef LANES_NAME(vd) vd;
#define EMIT(parameter, value)                                              \
  do {                                                                      \
    if (scores) *(vd *)(scores + (i - from) + (parameter) * ld) = (value);  \
    else *(vd *)(sum + (parameter) * LANES) += w * (value);                 \
  } while (0)
  for (size_t i = from; i < to; i += LANES) {
    vd xv[FLOW_MAX_DIM], u[FLOW_MAX_DIM], j[FLOW_MAX_DIM * (FLOW_MAX_DIM + 1) / 2];
    vd soft[FLOW_MAX_HINGES], sigma[FLOW_MAX_HINGES], g[FLOW_MAX_DIM], h[FLOW_MAX_DIM], jc[FLOW_MAX_DIM];
    const vd w = *(const vd *)(weight + i);
    for (size_t a = 0; a < d; a++) xv[a] = *(const vd *)(x + i + a * n);
    LANES_NAME(backed)(hinges, theta, mean, precision, xv, u, j, soft, sigma, g, h, d);
    for (size_t b = 0; b < d; b++)
      for (size_t a = 0; a < d; a++) EMIT(a + b * d, g[a] * u[b] - inverse[b + a * d]);
    const double *hinge = theta + d * d;
    for (size_t k = 0; k < hinges; k++, hinge += d + 2) {
      const double r = hinge[0], r2 = r * r, *c = hinge + 2;
      const size_t at = d * d + k * (d + 2);
      const vd q = LANES_NAME(solve)(j, c, jc, d), s = sigma[k];
      vd ch = {0};
      for (size_t a = 0; a < d; a++) ch += h[a] * c[a];
      const vd db = r2 * (ch * s - s * (1.0 - s) * q);
      EMIT(at, (2 * r) * (ch * soft[k] - s * q));
      EMIT(at + 1, db);
      for (size_t a = 0; a < d; a++) EMIT(at + 2 + a, db * xv[a] + r2 * (soft[k] * h[a] - 2.0 * s * jc[a]));
    }
  }
#undef EMIT
}

LANES_ATTRIBUTE static void LANES_NAME(forward)(size_t d, size_t hinges, const double *theta, size_t n,
                                                const double *x, double *y, double *det) {
  switch (d) {
    case 2: LANES_NAME(forward_of)(hinges, theta, n, x, y, det, 2); break;
    case 3: LANES_NAME(forward_of)(hinges, theta, n, x, y, det, 3); break;
    case 4: LANES_NAME(forward_of)(hinges, theta, n, x, y, det, 4); break;
    case 5: LANES_NAME(forward_of)(hinges, theta, n, x, y, det, 5); break;
    default: LANES_NAME(forward_of)(hinges, theta, n, x, y, det, d);
  }
}

LANES_ATTRIBUTE static void LANES_NAME(scores)(size_t d, size_t hinges, const double *theta, const double *inverse,
                                               const double *mean, const double *precision, size_t n, size_t from,
                                               size_t to, const double *x, const double *weight, double *sum,
                                               double *scores, size_t ld) {
#define WITH(dim) \
  LANES_NAME(scores_of)(hinges, theta, inverse, mean, precision, n, from, to, x, weight, sum, scores, ld, dim)
  switch (d) {
    case 2: WITH(2); break;
    case 3: WITH(3); break;
    case 4: WITH(4); break;
    case 5: WITH(5); break;
    default: WITH(d);
  }
#undef WITH
}

LANES_ATTRIBUTE static void LANES_NAME(context)(size_t d, size_t hinges, const double *theta, const double *mean,
                                                const double *precision, size_t n, size_t from, size_t to,
                                                const double *x, double *h_out, double *inverse, size_t ld) {
  typedef LANES_NAME(vd) vd;
  for (size_t i = from; i < to; i += LANES) {
    vd xv[FLOW_MAX_DIM], u[FLOW_MAX_DIM], j[FLOW_MAX_DIM * (FLOW_MAX_DIM + 1) / 2];
    vd soft[FLOW_MAX_HINGES], sigma[FLOW_MAX_HINGES], g[FLOW_MAX_DIM], h[FLOW_MAX_DIM], column[FLOW_MAX_DIM];
    double unit[FLOW_MAX_DIM] = {0};
    for (size_t a = 0; a < d; a++) xv[a] = *(const vd *)(x + i + a * n);
    LANES_NAME(backed)(hinges, theta, mean, precision, xv, u, j, soft, sigma, g, h, d);
    size_t at = 0;
    for (size_t b = 0; b < d; b++) {
      *(vd *)(h_out + (i - from) + b * ld) = h[b];
      unit[b] = 1;
      LANES_NAME(solve)(j, unit, column, d);
      unit[b] = 0;
      for (size_t a = 0; a <= b; a++) *(vd *)(inverse + (i - from) + at++ * ld) = column[a];
    }
  }
}

LANES_ATTRIBUTE static void LANES_NAME(candidate)(size_t d, size_t n, const double *x, const double *h,
                                                  const double *inverse, const double *weight, const double *c,
                                                  double b, double *sigma_out, double *sum, double *squares) {
  typedef LANES_NAME(vd) vd;
  vd total = {0}, square = {0};
  for (size_t i = 0; i < n; i += LANES) {
    vd t = (vd){0} + b, ch = {0}, q = {0}, soft, sigma;
    size_t at = 0;
    for (size_t k = 0; k < d; k++) {
      t += *(const vd *)(x + i + k * n) * c[k];
      ch += *(const vd *)(h + i + k * n) * c[k];
      for (size_t a = 0; a <= k; a++)
        q += *(const vd *)(inverse + i + at++ * n) * ((a == k ? 1 : 2) * c[a] * c[k]);
    }
    LANES_NAME(softplus)(t, &soft, &sigma);
    const vd value = ch * soft - sigma * q, w = *(const vd *)(weight + i);
    total += w * value;
    square += w * value * value;
    if (sigma_out) *(vd *)(sigma_out + i) = sigma;
  }
  *sum = *squares = 0;
  for (int l = 0; l < LANES; l++) {
    *sum += total[l];
    *squares += square[l];
  }
}

#undef LANES_INLINE
