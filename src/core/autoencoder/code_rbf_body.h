/* The RBF penalties in one precision: REAL, BITS, MANTISSA and NAME(x) are set. */

/* Columns of What and Vhat, environments padded to multiples of RBF_ROWS rows; rate:
 * gamma / log 2. */
typedef struct {
  size_t dw, dv, ld;
  const REAL *w, *v;
  REAL rate_w, rate_v;
} NAME(pair);

/* Pairs of rows i0 .. i1 - 1 (i1: with the padding) and j0 .. j1 - 1; own: i0 = j0, the rows of one environment with
 * themselves. */
typedef struct {
  size_t i0, i1, j0, j1;
  int own;
} NAME(range);

typedef struct {
  REAL slope, w_constant, v_constant;
  const REAL *w_at, *v_at; /* [ld] */
} NAME(weights);

#if LMR_X86
#define LANES_TARGET LMR_TARGET("avx512f,avx512dq,avx512bw,avx512vl")
#define LANES_NAME(x) NAME(x##_512)
#define LANES_BYTES 64
#include "core/autoencoder/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#define LANES_TARGET LMR_TARGET("avx2,fma")
#define LANES_NAME(x) NAME(x##_256)
#define LANES_BYTES 32
#include "core/autoencoder/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES
#endif
#define LANES_TARGET
#define LANES_NAME(x) NAME(x##_any)
#define LANES_BYTES 16
#include "core/autoencoder/code_rbf_lanes.h"
#undef LANES_TARGET
#undef LANES_NAME
#undef LANES_BYTES

/* Length of a column, a multiple of RBF_ROWS. */
static size_t NAME(columns)(size_t n, size_t environments) { return (n / RBF_ROWS + 1 + environments) * RBF_ROWS; }

static size_t NAME(rbf_bytes)(const code_penalty *p, size_t n) {
  const size_t ld = NAME(columns)(n, p->environments), d = p->invariant + p->variant;
  size_t bytes = lmr_add_bytes(2 * lmr_bytes(ld * d, sizeof(REAL)), 6 * lmr_bytes(ld, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(d * (RBF_COLUMNS + 1) * RBF_ROWS, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, p->environments));
  return lmr_add_bytes(bytes, lmr_bytes(p->environments + 1, sizeof(size_t)));
}

/* The unbiased HSIC of m rows: sums over ordered pairs of K L, K and L, and over rows of
 * their row sums multiplied, each without the pairs of a row with itself. */
static double NAME(unbiased)(double m, double kl, double k, double l, double rows) {
  return (kl + k * l / ((m - 1) * (m - 2)) - 2 * rows / (m - 2)) / (m * (m - 3));
}

static lmr_status NAME(rbf_loss)(const code_penalty *p, size_t n, const size_t *start, const double *s,
                                 code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work,
                                 lmr_error *err) {
  const size_t environments = p->environments, d = p->invariant + p->variant, ld = NAME(columns)(n, environments);
  double (*sums)(const NAME(pair) *, const NAME(range) *, REAL *, REAL *) = NAME(sums_any);
  void (*slopes)(const NAME(pair) *, const NAME(range) *, const NAME(weights) *, REAL *, REAL *) = NAME(slopes_any);
#if LMR_X86
  if (level >= LMR_CPU_AVX512) sums = NAME(sums_512), slopes = NAME(slopes_512);
  else if (level >= LMR_CPU_AVX2) sums = NAME(sums_256), slopes = NAME(slopes_256);
#else
  (void)level;
#endif
  REAL *x, *g, *w_at, *v_at, *k_in, *l_in, *k_out, *l_out, *lanes;
  double *k_total, *l_total;
  size_t *first;
  LMR_TAKE(x, &work, ld * d, err);
  LMR_TAKE(g, &work, ld * d, err);
  LMR_TAKE(w_at, &work, ld, err);
  LMR_TAKE(v_at, &work, ld, err);
  LMR_TAKE(k_in, &work, ld, err); /* row sums over the own environment, and over the others */
  LMR_TAKE(l_in, &work, ld, err);
  LMR_TAKE(k_out, &work, ld, err);
  LMR_TAKE(l_out, &work, ld, err);
  LMR_TAKE(lanes, &work, d * (RBF_COLUMNS + 1) * RBF_ROWS, err);
  LMR_TAKE(k_total, &work, environments, err);
  LMR_TAKE(l_total, &work, environments, err);
  LMR_TAKE(first, &work, environments + 1, err);
  REAL *const zero[] = {w_at, v_at, k_in, l_in, k_out, l_out};
  for (size_t a = 0; a < 6; a++) memset(zero[a], 0, ld * sizeof *zero[a]);
  memset(g, 0, ld * d * sizeof *g);
  first[0] = 0;
  for (size_t e = 0; e < environments; e++) {
    const size_t rows = start[e + 1] - start[e];
    first[e + 1] = first[e] + (rows + RBF_ROWS - 1) / RBF_ROWS * RBF_ROWS;
    for (size_t j = 0; j < d; j++) {
      REAL *to = x + first[e] + j * ld;
      for (size_t i = 0; i < rows; i++) to[i] = (REAL)s[start[e] + i + j * n];
      /* Rows of padding lie where the kernel of nobody reaches. */
      for (size_t i = rows; i < first[e + 1] - first[e]; i++) to[i] = (REAL)1e15;
    }
  }
  const int independent = p->hsic > 0 && p->variant > 0;
  const double log2e = 1.4426950408889634;
  const NAME(pair) pair = {p->invariant, independent ? p->variant : 0, ld, x, x + p->invariant * ld,
                           (REAL)(log2e * p->gamma_invariant), (REAL)(log2e * p->gamma_variant)};
  const double all = (double)n, count = (double)environments;
  double k_sum = 0, l_sum = 0, kl_sum = 0, kl_rows = 0, mmd = 0, within = 0;
  for (size_t e = 0; e < environments; e++)
    for (size_t f = e; f < environments; f++) {
      const NAME(range) range = {first[e], first[e + 1], first[f], first[f] + start[f + 1] - start[f], e == f};
      double kl = sums(&pair, &range, e == f ? k_in : k_out, e == f ? l_in : l_out);
      if (e != f) {
        kl_sum += kl;
        continue;
      }
      const size_t rows = start[e + 1] - start[e];
      const double m = (double)rows;
      kl -= m;
      kl_sum += kl;
      double k_all = 0, l_all = 0, both = 0;
      for (size_t i = first[e]; i < first[e] + rows; i++) {
        const double k = (double)(k_in[i] -= 1), l = (double)(l_in[i] -= 1);
        k_all += k, l_all += l, both += k * l;
      }
      k_total[e] = k_all, l_total[e] = l_all;
      mmd += (all - m) / (all * all * (m - 1)) * k_all;
      within += NAME(unbiased)(m, kl, k_all, l_all, both) / count;
    }
  double across = 0;
  for (size_t e = 0; e < environments; e++)
    for (size_t i = first[e]; i < first[e] + start[e + 1] - start[e]; i++) {
      const double k = (double)k_in[i] + (double)k_out[i], l = (double)l_in[i] + (double)l_out[i];
      across += (double)k_out[i], k_sum += k, l_sum += l, kl_rows += k * l;
    }
  terms->mmd = mmd - across / (all * all);
  if (independent) {
    terms->hsic_within = within;
    terms->hsic_pooled = NAME(unbiased)(all, kl_sum, k_sum, l_sum, kl_rows);
  }
  const double half = independent ? p->hsic / 2 : 0, over = half / (all * (all - 3));
  for (size_t e = 0; e < environments; e++)
    for (size_t f = e; f < environments; f++) {
      const int own = e == f;
      const double m = (double)(start[e + 1] - start[e]), inside = own ? half / (count * m * (m - 3)) : 0;
      const double pooled = over / ((all - 1) * (all - 2)), single = inside / ((m - 1) * (m - 2));
      const NAME(weights) c = {
        (REAL)(over + inside),
        (REAL)(pooled * l_sum + single * l_total[e] + p->mmd * (own ? (all - m) / (all * all * (m - 1)) : -1 / (all * all))),
        (REAL)(pooled * k_sum + single * k_total[e]), w_at, v_at
      };
      const size_t pick[2] = {e, f}; /* the environments of rows i and of rows j */
      for (size_t b = own; b < 2; b++)
        for (size_t i = first[pick[b]]; i < first[pick[b]] + start[pick[b] + 1] - start[pick[b]]; i++) {
          const double k = (double)k_in[i], l = (double)l_in[i];
          w_at[i] = (REAL)(over * (l + (double)l_out[i]) / (all - 2) + inside * l / (m - 2));
          v_at[i] = (REAL)(over * (k + (double)k_out[i]) / (all - 2) + inside * k / (m - 2));
        }
      const NAME(range) range = {first[e], first[e + 1], first[f], first[f] + start[f + 1] - start[f], own};
      slopes(&pair, &range, &c, lanes, g);
    }
  for (size_t j = 0; j < p->invariant + (independent ? p->variant : 0); j++) {
    const double factor = -4 * (j < p->invariant ? p->gamma_invariant : p->gamma_variant);
    for (size_t e = 0; e < environments; e++)
      for (size_t i = start[e]; i < start[e + 1]; i++)
        gradient[i + j * n] += factor * (double)g[first[e] + i - start[e] + j * ld];
  }
  return LMR_OK;
}
