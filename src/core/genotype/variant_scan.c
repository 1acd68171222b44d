#include "core/genotype/variant_scan.h"

#include <math.h>
#include <string.h>

#include "core/genotype/variant_hash.h"

static uint64_t mix(uint64_t h, double value) {
  uint64_t key = UINT64_C(0x7ff80000deadbeef); /* one key for every missing value */
  if (value == value) {
    value += 0.; /* -0 and 0 are the same call */
    memcpy(&key, &value, sizeof key);
  }
  return mix_bits(h, key);
}

lmr_status variant_scan_dense(const double *x, size_t n_all, size_t p, const int *rows,
                              const int *env, size_t n, size_t n_env, variant_scan *out,
                              const lmr_tick *tick, lmr_error *err) {
  out->inf_row = out->inf_col = -1;
  for (size_t j = 0; j < p; j++) {
    if (lmr_tick_poll(tick, (double)j / (double)p))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    const double *g = x + j * n_all;
    for (size_t e = 0; e < n_env; e++) {
      const size_t at = j + e * p;
      out->called[at] = out->n0[at] = out->n1[at] = out->n2[at] = 0;
      out->mean[at] = out->ss[at] = 0.;
    }
    double lo = INFINITY, hi = -INFINITY, odd_value = NAN;
    int odd = 0, same = 1;
    uint64_t h = 1, m = 1;
    for (size_t i = 0; i < n; i++) {
      const double v = g[rows[i]];
      h = mix(h, v);
      m = mix(m, 2. - v);
      if (v != v) continue;
      if (isinf(v) && out->inf_col < 0) {
        out->inf_row = (int64_t)i;
        out->inf_col = (int64_t)j;
      }
      const size_t at = j + (size_t)env[i] * p;
      out->called[at]++;
      out->mean[at] += v;
      if (v == 0.) {
        out->n0[at]++;
      } else if (v == 1.) {
        out->n1[at]++;
      } else if (v == 2.) {
        out->n2[at]++;
      } else {
        if (!odd++) odd_value = v;
        same = same && v == odd_value;
      }
      if (v < lo) lo = v;
      if (v > hi) hi = v;
    }
    for (size_t e = 0; e < n_env; e++) {
      const size_t at = j + e * p;
      if (out->called[at]) out->mean[at] /= (double)out->called[at];
    }
    for (size_t i = 0; i < n; i++) {
      const double v = g[rows[i]];
      if (v != v) continue;
      const size_t at = j + (size_t)env[i] * p;
      const double d = v - out->mean[at];
      out->ss[at] += d * d;
    }
    out->lo[j] = lo;
    out->hi[j] = hi;
    out->odd[j] = odd;
    out->odd_same[j] = same;
    out->odd_value[j] = odd_value;
    out->hash[j] = hash_value(h);
    out->mirror[j] = hash_value(m);
  }
  return LMR_OK;
}
