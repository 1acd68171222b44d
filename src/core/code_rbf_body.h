/* The RBF penalties in one precision: REAL, BITS, MANTISSA and NAME(x) are set. */

/* Columns of What and Vhat, environments padded to multiples of RBF_ROWS rows. */
typedef struct {
  size_t dw, dv, ld;
  const REAL *w, *v;
  REAL gamma_w, gamma_v;
} NAME(pair);

typedef struct {
  REAL w_slope, w_constant, v_slope, v_constant;
  const REAL *w_at, *v_at; /* [ld] */
} NAME(weights);

#if LMR_X86
#define LANES_TARGET LMR_TARGET("avx512f,avx512dq,avx512bw,avx512vl")
#define LANES_NAME(x) NAME(x##_512)
#define LANES_BYTES 64
#include "core/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#define LANES_TARGET LMR_TARGET("avx2,fma")
#define LANES_NAME(x) NAME(x##_256)
#define LANES_BYTES 32
#include "core/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#endif
#define LANES_TARGET
#define LANES_NAME(x) NAME(x##_any)
#define LANES_BYTES 16
#include "core/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES

static size_t NAME(rbf_bytes)(const code_penalty *p, size_t n) {
  const size_t ld = n + p->environments * RBF_ROWS, d = p->invariant + p->variant;
  size_t bytes = lmr_add_bytes(2 * lmr_bytes(ld * d, sizeof(REAL)), 2 * lmr_bytes(ld, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(4, n));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(4, p->environments));
  return lmr_add_bytes(bytes, lmr_bytes(p->environments + 1, sizeof(size_t)));
}

static lmr_status NAME(rbf_loss)(const code_penalty *p, size_t n, const size_t *start, const double *s,
                                 code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work,
                                 lmr_error *err) {
  const size_t environments = p->environments, d = p->invariant + p->variant, ld = n + environments * RBF_ROWS;
  void (*sums)(const NAME(pair) *, size_t, size_t, size_t, REAL *) = NAME(sums_any);
  void (*slopes)(const NAME(pair) *, size_t, size_t, size_t, const NAME(weights) *, REAL *) = NAME(slopes_any);
#if LMR_X86
  if (level >= LMR_CPU_AVX512) sums = NAME(sums_512), slopes = NAME(slopes_512);
  else if (level >= LMR_CPU_AVX2) sums = NAME(sums_256), slopes = NAME(slopes_256);
#else
  (void)level;
#endif
  REAL *x, *g, *w_at, *v_at;
  double *k_in, *l_in, *k_all, *l_all, *both, *k_total, *l_total, *k_cross;
  size_t *first;
  LMR_TAKE(x, &work, ld * d, err);
  LMR_TAKE(g, &work, ld * d, err);
  LMR_TAKE(w_at, &work, ld, err);
  LMR_TAKE(v_at, &work, ld, err);
  LMR_TAKE(k_in, &work, n, err); /* row sums over the own environment */
  LMR_TAKE(l_in, &work, n, err);
  LMR_TAKE(k_all, &work, n, err);
  LMR_TAKE(l_all, &work, n, err);
  LMR_TAKE(both, &work, environments, err);    /* of the own environment */
  LMR_TAKE(k_total, &work, environments, err);
  LMR_TAKE(l_total, &work, environments, err);
  LMR_TAKE(k_cross, &work, environments, err); /* row sums multiplied */
  LMR_TAKE(first, &work, environments + 1, err);
  memset(x, 0, ld * d * sizeof *x);
  memset(g, 0, ld * d * sizeof *g);
  memset(w_at, 0, ld * sizeof *w_at);
  memset(v_at, 0, ld * sizeof *v_at);
  memset(k_all, 0, n * sizeof *k_all);
  memset(l_all, 0, n * sizeof *l_all);
  first[0] = 0;
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    first[e + 1] = first[e] + (rows + RBF_ROWS - 1) / RBF_ROWS * RBF_ROWS;
    for (size_t j = 0; j < d; j++)
      for (size_t i = 0; i < rows; i++) x[first[e] + i + j * ld] = (REAL)s[start[e] + i + j * n];
  }
  const int independent = p->hsic > 0 && p->variant > 0;
  const NAME(pair) pair = {p->invariant, independent ? p->variant : 0, ld, x, x + p->invariant * ld,
                           (REAL)p->gamma_invariant, (REAL)p->gamma_variant};
  const double all = (double)n, count = (double)environments;
  double k_sum = 0, l_sum = 0, kl_sum = 0, kl_rows = 0;
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    both[e] = k_total[e] = l_total[e] = k_cross[e] = 0;
    for (size_t i = 0; i < rows; i += RBF_ROWS)
      for (size_t f = 0; f < environments; f++) {
        REAL here[3 * RBF_ROWS];
        sums(&pair, first[e] + i, first[f], first[f] + start[f + 1] - start[f], here);
        for (size_t r = 0; r < RBF_ROWS && i + r < rows; r++) {
          const size_t at = start[e] + i + r;
          const double k = (double)here[r], l = (double)here[RBF_ROWS + r], kl = (double)here[2 * RBF_ROWS + r];
          k_all[at] += k, l_all[at] += l, kl_sum += kl;
          if (e != f) continue;
          k_in[at] = k, l_in[at] = l;
          k_total[e] += k, l_total[e] += l, both[e] += kl, k_cross[e] += k * l;
        }
      }
  }
  for (size_t i = 0; i < n; i++) k_sum += k_all[i], l_sum += l_all[i], kl_rows += k_all[i] * l_all[i];
  terms->mmd = -k_sum / (all * all);
  for (size_t e = 0; e < environments; e++) {
    const double m = (double)(start[e + 1] - start[e]);
    terms->mmd += k_total[e] / (all * m);
    if (independent)
      terms->hsic_within += (both[e] - 2 * k_cross[e] / m + k_total[e] * l_total[e] / (m * m)) / (m * m * count);
  }
  if (independent) terms->hsic_pooled = (kl_sum - 2 * kl_rows / all + k_sum * l_sum / (all * all)) / (all * all);
  const double half = independent ? p->hsic / 2 : 0, over = half / (all * all);
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    const double m = (double)rows, inside = half / (count * m * m);
    for (size_t f = 0; f < environments; f++) {
      const int own = e == f;
      const double slope = over + (own ? inside : 0);
      const double k_mean = over * k_sum / (all * all) + (own ? inside * k_total[e] / (m * m) : 0);
      const double l_mean = over * l_sum / (all * all) + (own ? inside * l_total[e] / (m * m) : 0);
      const NAME(weights) c = {
        (REAL)slope, (REAL)(l_mean + p->mmd * ((own ? 1 / (all * m) : 0) - 1 / (all * all))), (REAL)slope, (REAL)k_mean, w_at, v_at
      };
      for (size_t b = 0; b < 2; b++) { /* the environments of rows i and of rows j */
        const size_t env = b ? f : e;
        if (b && own) break;
        for (size_t i = start[env]; i < start[env + 1]; i++) {
          w_at[first[env] + i - start[env]] = (REAL)(over * l_all[i] / all + (own ? inside * l_in[i] / m : 0));
          v_at[first[env] + i - start[env]] = (REAL)(over * k_all[i] / all + (own ? inside * k_in[i] / m : 0));
        }
      }
      for (size_t i = 0; i < rows; i += RBF_ROWS)
        slopes(&pair, first[e] + i, first[f], first[f] + start[f + 1] - start[f], &c, g);
    }
  }
  for (size_t j = 0; j < p->invariant + (independent ? p->variant : 0); j++) {
    const double factor = -4 * (j < p->invariant ? p->gamma_invariant : p->gamma_variant);
    for (size_t e = 0; e < environments; e++)
      for (size_t i = start[e]; i < start[e + 1]; i++)
        gradient[i + j * n] += factor * (double)g[first[e] + i - start[e] + j * ld];
  }
  return LMR_OK;
}
