#include "core/genotype/variant_scan.h"

#include <math.h>
#include <string.h>

#include "core/base/hash.h"

static uint64_t mix(uint64_t h, double value) {
  uint64_t key = UINT64_C(0x7ff80000deadbeef); /* one key for every missing value */
  if (value == value) {
    value += 0.; /* -0 and 0 are the same call */
    memcpy(&key, &value, sizeof key);
  }
  return mix_bits(h, key);
}

/* One variant: the values of everybody. */
static void scan_values(const double *g, size_t j, size_t p, const int *rows, const int *env, size_t n, size_t n_env,
                        variant_scan *out) {
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

static lmr_status scan_all(genotype_source *source, const int *rows, const int *env, size_t n, size_t n_env,
                           variant_scan *out, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t p = source->variants;
  double *g;
  if (!source->values) return variant_scan_codes(source, rows, env, n, n_env, out, work, tick, err);
  LMR_TAKE(g, &work, source->people, err);
  for (size_t j = 0; j < p; j++) {
    if (lmr_tick_poll(tick, (double)j / (double)p)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(source->values(source, j, 1, g, err));
    scan_values(g, j, p, rows, env, n, n_env, out);
  }
  return LMR_OK;
}

size_t variant_scan_bytes(const genotype_source *source, size_t n_env) {
  return source->values ? lmr_bytes(source->people, sizeof(double)) : variant_scan_codes_bytes(source->people, n_env);
}

lmr_status variant_scan_source(genotype_source *source, const int *rows, const int *env, size_t n, size_t n_env,
                               variant_scan *out, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  out->inf_row = out->inf_col = -1;
  lmr_status status = source->open(source, err);
  if (status == LMR_OK) status = scan_all(source, rows, env, n, n_env, out, work, tick, err);
  source->close(source);
  return status;
}
