#include "core/base/rng.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x) {
  uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void lmr_rng_seed(lmr_rng *rng, uint64_t seed, uint64_t stream) {
  uint64_t x = seed;
  x = splitmix64(&x) + stream * UINT64_C(0xd1342543de82ef95);
  for (int i = 0; i < 4; i++) rng->s[i] = splitmix64(&x);
  rng->spare = 0;
  rng->has_spare = 0;
}

static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t lmr_rng_next(lmr_rng *rng) {
  uint64_t *s = rng->s;
  const uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotl(s[3], 45);
  return result;
}

double lmr_rng_uniform(lmr_rng *rng) {
  return ((double)(lmr_rng_next(rng) >> 11) + .5) * 0x1p-53;
}

uint64_t lmr_rng_below(lmr_rng *rng, uint64_t n) {
  /* Reject the incomplete last cycle, so that every value is equally likely. */
  const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  uint64_t x;
  do x = lmr_rng_next(rng);
  while (x >= limit);
  return x % n;
}

double lmr_rng_normal(lmr_rng *rng) {
  if (rng->has_spare) {
    rng->has_spare = 0;
    return rng->spare;
  }
  double u, v, r;
  do {
    u = 2 * lmr_rng_uniform(rng) - 1;
    v = 2 * lmr_rng_uniform(rng) - 1;
    r = u * u + v * v;
  } while (r >= 1 || r == 0);
  const double f = sqrt(-2 * log(r) / r);
  rng->spare = v * f;
  rng->has_spare = 1;
  return u * f;
}

/* Marsaglia and Tsang 2000 (ACM TOMS 26:363); shapes below 1 by the power boost. */
double lmr_rng_gamma(lmr_rng *rng, double shape) {
  if (!(shape > 0 && isfinite(shape))) return NAN; /* no draw would be accepted */
  if (shape < 1) {
    const double u = lmr_rng_uniform(rng);
    return lmr_rng_gamma(rng, shape + 1) * pow(u, 1 / shape);
  }
  const double d = shape - 1. / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    double x, v;
    do {
      x = lmr_rng_normal(rng);
      v = 1 + c * x;
    } while (v <= 0);
    v = v * v * v;
    const double u = lmr_rng_uniform(rng);
    if (log(u) < .5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}

double lmr_rng_chisq(lmr_rng *rng, double df) {
  return 2 * lmr_rng_gamma(rng, df / 2);
}

void lmr_rng_shuffle(lmr_rng *rng, int *index, size_t n) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)lmr_rng_below(rng, i);
    const int t = index[i - 1];
    index[i - 1] = index[j];
    index[j] = t;
  }
}
