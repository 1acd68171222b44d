/* The RBF penalties in one precision: REAL, BITS, MANTISSA and NAME(x) are set. */
#if !defined(REAL) || !defined(BITS) || !defined(MANTISSA) || !defined(NAME)
#error "a piece of code_rbf.c: REAL, BITS, MANTISSA and NAME(x) are set there"
#endif

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

/* A batch as the passes take it: columns of environments padded to multiples of RBF_ROWS, what
 * the first pass finds, the kernels of the machine. */
typedef struct {
  const code_penalty *p;
  const size_t *start; /* rows of the caller */
  size_t n, environments, ld, *first;
  REAL *x, *g;
  REAL *k_in, *l_in, *k_out, *l_out; /* row sums over the own environment, and over the others */
  REAL *w_at, *v_at, *lanes;
  double *k_total, *l_total, k_sum, l_sum; /* without the pairs of a row with itself */
  int independent;
  NAME(pair) pair;
  double (*sums)(const NAME(pair) *, const NAME(range) *, REAL *, REAL *);
  void (*slopes)(const NAME(pair) *, const NAME(range) *, const NAME(weights) *, REAL *, REAL *);
} NAME(batch);

static size_t NAME(count)(const NAME(batch) *b, size_t e) { return b->start[e + 1] - b->start[e]; }

static NAME(range) NAME(range_of)(const NAME(batch) *b, size_t e, size_t f) {
  return (NAME(range)){b->first[e], b->first[e + 1], b->first[f], b->first[f] + NAME(count)(b, f), e == f};
}

static lmr_status NAME(batch_take)(NAME(batch) *b, const double *s, lmr_cpu level, lmr_arena *work, lmr_error *err) {
  const code_penalty *p = b->p;
  const size_t d = p->invariant + p->variant, ld = b->ld;
  b->sums = NAME(sums_any), b->slopes = NAME(slopes_any);
#if LMR_X86
  if (level >= LMR_CPU_AVX512) b->sums = NAME(sums_512), b->slopes = NAME(slopes_512);
  else if (level >= LMR_CPU_AVX2) b->sums = NAME(sums_256), b->slopes = NAME(slopes_256);
#else
  (void)level;
#endif
  LMR_TAKE(b->x, work, ld * d, err);
  LMR_TAKE(b->g, work, ld * d, err);
  REAL **const line[] = {&b->w_at, &b->v_at, &b->k_in, &b->l_in, &b->k_out, &b->l_out};
  for (size_t a = 0; a < 6; a++) {
    LMR_TAKE(*line[a], work, ld, err);
    memset(*line[a], 0, ld * sizeof(REAL));
  }
  LMR_TAKE(b->lanes, work, d * (RBF_COLUMNS + 1) * RBF_ROWS, err);
  LMR_TAKE(b->k_total, work, b->environments, err);
  LMR_TAKE(b->l_total, work, b->environments, err);
  LMR_TAKE(b->first, work, b->environments + 1, err);
  memset(b->g, 0, ld * d * sizeof *b->g);
  b->first[0] = 0;
  for (size_t e = 0; e < b->environments; e++) {
    const size_t rows = NAME(count)(b, e);
    b->first[e + 1] = b->first[e] + (rows + RBF_ROWS - 1) / RBF_ROWS * RBF_ROWS;
    for (size_t j = 0; j < d; j++) {
      REAL *to = b->x + b->first[e] + j * ld;
      for (size_t i = 0; i < rows; i++) to[i] = (REAL)s[b->start[e] + i + j * b->n];
      /* Rows of padding lie where the kernel of nobody reaches. */
      for (size_t i = rows; i < b->first[e + 1] - b->first[e]; i++) to[i] = (REAL)1e15;
    }
  }
  const double log2e = 1.4426950408889634;
  b->independent = p->hsic > 0 && p->variant > 0;
  b->pair = (NAME(pair)){p->invariant, b->independent ? p->variant : 0, ld, b->x, b->x + p->invariant * ld,
                         (REAL)(log2e * p->gamma_invariant), (REAL)(log2e * p->gamma_variant)};
  return LMR_OK;
}

/* Row sums of both kernels, and from them the statistics. */
static void NAME(first_pass)(NAME(batch) *b, code_terms *terms) {
  const double all = (double)b->n, count = (double)b->environments;
  double kl_sum = 0, kl_rows = 0, mmd = 0, within = 0, across = 0;
  for (size_t e = 0; e < b->environments; e++)
    for (size_t f = e; f < b->environments; f++) {
      const NAME(range) range = NAME(range_of)(b, e, f);
      double kl = b->sums(&b->pair, &range, e == f ? b->k_in : b->k_out, e == f ? b->l_in : b->l_out);
      if (e != f) {
        kl_sum += kl;
        continue;
      }
      const size_t rows = NAME(count)(b, e);
      const double m = (double)rows;
      kl -= m;
      kl_sum += kl;
      double k_all = 0, l_all = 0, both = 0;
      for (size_t i = b->first[e]; i < b->first[e] + rows; i++) {
        const double k = (double)(b->k_in[i] -= 1), l = (double)(b->l_in[i] -= 1);
        k_all += k, l_all += l, both += k * l;
      }
      b->k_total[e] = k_all, b->l_total[e] = l_all;
      mmd += (all - m) / (all * all * (m - 1)) * k_all;
      within += NAME(unbiased)(m, kl, k_all, l_all, both) / count;
    }
  for (size_t e = 0; e < b->environments; e++)
    for (size_t i = b->first[e]; i < b->first[e] + NAME(count)(b, e); i++) {
      const double k = (double)b->k_in[i] + (double)b->k_out[i], l = (double)b->l_in[i] + (double)b->l_out[i];
      across += (double)b->k_out[i], b->k_sum += k, b->l_sum += l, kl_rows += k * l;
    }
  terms->mmd = mmd - across / (all * all);
  if (!b->independent) return;
  terms->hsic_within = within;
  terms->hsic_pooled = NAME(unbiased)(all, kl_sum, b->k_sum, b->l_sum, kl_rows);
}

/* The slopes of the pairs of environments e and f, added to b->g. */
static void NAME(second_pass)(NAME(batch) *b, size_t e, size_t f) {
  const code_penalty *p = b->p;
  const double all = (double)b->n, count = (double)b->environments, m = (double)NAME(count)(b, e);
  const double half = b->independent ? p->hsic / 2 : 0, over = half / (all * (all - 3));
  const int own = e == f;
  const double inside = own ? half / (count * m * (m - 3)) : 0;
  const double pooled = over / ((all - 1) * (all - 2)), single = inside / ((m - 1) * (m - 2));
  const NAME(weights) c = {
    (REAL)(over + inside),
    (REAL)(pooled * b->l_sum + single * b->l_total[e] + p->mmd * (own ? (all - m) / (all * all * (m - 1)) : -1 / (all * all))),
    (REAL)(pooled * b->k_sum + single * b->k_total[e]), b->w_at, b->v_at
  };
  const size_t pick[2] = {e, f}; /* the environments of rows i and of rows j */
  for (size_t a = own; a < 2; a++)
    for (size_t i = b->first[pick[a]]; i < b->first[pick[a]] + NAME(count)(b, pick[a]); i++) {
      const double k = (double)b->k_in[i], l = (double)b->l_in[i];
      b->w_at[i] = (REAL)(over * (l + (double)b->l_out[i]) / (all - 2) + inside * l / (m - 2));
      b->v_at[i] = (REAL)(over * (k + (double)b->k_out[i]) / (all - 2) + inside * k / (m - 2));
    }
  const NAME(range) range = NAME(range_of)(b, e, f);
  b->slopes(&b->pair, &range, &c, b->lanes, b->g);
}

static lmr_status NAME(rbf_loss)(const code_penalty *p, size_t n, const size_t *start, const double *s,
                                 code_terms *terms, double *gradient, lmr_cpu level, lmr_arena work,
                                 lmr_error *err) {
  NAME(batch) b = {.p = p, .start = start, .n = n, .environments = p->environments, .ld = NAME(columns)(n, p->environments)};
  LMR_TRY(NAME(batch_take)(&b, s, level, &work, err));
  NAME(first_pass)(&b, terms);
  for (size_t e = 0; e < b.environments; e++)
    for (size_t f = e; f < b.environments; f++) NAME(second_pass)(&b, e, f);
  for (size_t j = 0; j < p->invariant + (b.independent ? p->variant : 0); j++) {
    const double factor = -4 * (j < p->invariant ? p->gamma_invariant : p->gamma_variant);
    for (size_t e = 0; e < b.environments; e++)
      for (size_t i = start[e]; i < start[e + 1]; i++)
        gradient[i + j * n] += factor * (double)b.g[b.first[e] + i - start[e] + j * b.ld];
  }
  return LMR_OK;
}
