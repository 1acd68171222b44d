#include "core/kernel_loss.h"

#include <math.h>
#include <string.h>

#include "core/la.h"

enum { T = GRAM_TILE, T2 = GRAM_TILE * GRAM_TILE };

static size_t tile_count(size_t n, size_t first) { return n - first < T ? n - first : T; }

/* dk/du over a tile: u the squared distance (RBF) or the inner product (poly). */
static void slopes(const lmr_kernel *k, const double *a, const double *b, size_t d, size_t rows, size_t cols,
                   const double *tile, double *slope, double *spare, lmr_cpu level) {
  lmr_kernel part = *k;
  if (k->kind == LMR_POLY) {
    part.degree = k->degree - 1;
    gram_tile(&part, a, b, d, rows, cols, slope, spare, level);
    for (size_t e = 0; e < T2; e++) slope[e] = k->degree == 1 ? 1 : k->degree * slope[e];
    return;
  }
  if (k->scales == 1) {
    for (size_t e = 0; e < T2; e++) slope[e] = -k->gamma[0] * tile[e];
    return;
  }
  part.scales = 1;
  memset(slope, 0, T2 * sizeof *slope);
  for (int s = 0; s < k->scales; s++) {
    part.gamma[0] = k->gamma[s];
    gram_tile(&part, a, b, d, rows, cols, spare, NULL, level);
    for (size_t e = 0; e < T2; e++) slope[e] -= k->gamma[s] / k->scales * spare[e];
  }
}

/* gradient of row i += factor * sum_j p_ij (b_j - shift * a_i), for a tile of one
 * column; and the same for the rows of b through the transposed tile. */
static void add_plain(const double *p, size_t cols, const double *a, const double *b, double shift,
                      double *ga, double *gb) {
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < T; i++) {
      ga[i] += p[i + j * T] * (b[j] - shift * a[i]);
      gb[j] += p[i + j * T] * (a[i] - shift * b[j]);
    }
}

#if LMR_X86
#define ADD(name, target, lanes)                                                              \
  typedef double name##_v __attribute__((vector_size(8 * lanes), may_alias));                 \
  LMR_TARGET(target)                                                                          \
  static void name(const double *p, size_t cols, const double *a, const double *b,            \
                   double shift, double *ga, double *gb) {                                    \
    enum { R = T / lanes };                                                                   \
    name##_v at[R], sum[R] = {{0}}, row[R] = {{0}};                                           \
    for (size_t r = 0; r < R; r++) at[r] = *(const name##_v *)(a + r * lanes);                \
    for (size_t j = 0; j < cols; j++) {                                                       \
      name##_v col = {0};                                                                     \
      for (size_t r = 0; r < R; r++) {                                                        \
        const name##_v w = *(const name##_v *)(p + j * T + r * lanes);                        \
        sum[r] += w * b[j], row[r] += w, col += w * (at[r] - shift * b[j]);                   \
      }                                                                                       \
      for (size_t i = 0; i < lanes; i++) gb[j] += col[i];                                     \
    }                                                                                         \
    for (size_t r = 0; r < R; r++) *(name##_v *)(ga + r * lanes) += sum[r] - shift * row[r] * at[r]; \
  }

ADD(add_512, "avx512f,avx512dq,avx512bw,avx512vl", 8)
ADD(add_256, "avx2,fma", 4)
#endif

static void add_tile(const double *p, size_t cols, const double *a, const double *b, double shift,
                     double *ga, double *gb, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) {
    add_512(p, cols, a, b, shift, ga, gb);
    return;
  }
  if (level >= LMR_CPU_AVX2) {
    add_256(p, cols, a, b, shift, ga, gb);
    return;
  }
#endif
  (void)level;
  add_plain(p, cols, a, b, shift, ga, gb);
}

size_t gram_weighted_bytes(size_t d) {
  return lmr_add_bytes(4 * lmr_bytes(T * d, sizeof(double)), 4 * lmr_bytes(T2, sizeof(double)));
}

lmr_status gram_weighted(const lmr_points *z, gram_weights *weights, void *context, double *value,
                         double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  if (z->kernel.kind != LMR_RBF && z->kernel.kind != LMR_POLY)
    return lmr_fail(err, LMR_EINVAL, "this kernel has no gradient");
  const size_t n = z->n, d = z->d;
  double *a, *b, *ga, *gb, *k, *c, *slope, *spare;
  LMR_TAKE(a, &work, T * d, err);
  LMR_TAKE(b, &work, T * d, err);
  LMR_TAKE(ga, &work, T * d, err);
  LMR_TAKE(gb, &work, T * d, err);
  LMR_TAKE(k, &work, T2, err);
  LMR_TAKE(c, &work, T2, err);
  LMR_TAKE(slope, &work, T2, err);
  LMR_TAKE(spare, &work, T2, err);
  /* d/dz_i of u is 2 (z_i - z_j) or z_j, and C is symmetric. */
  const int rbf = z->kernel.kind == LMR_RBF;
  const double factor = rbf ? -4 : 2, shift = rbf ? 1 : 0;
  *value = 0;
  memset(gradient, 0, n * d * sizeof *gradient);
  for (size_t j0 = 0; j0 < n; j0 += T) {
    const size_t nj = tile_count(n, j0);
    gram_pack(z, j0, nj, b);
    memset(gb, 0, T * d * sizeof *gb);
    for (size_t i0 = 0; i0 <= j0; i0 += T) {
      const size_t ni = tile_count(n, i0);
      gram_pack(z, i0, ni, a);
      gram_tile(&z->kernel, a, b, d, ni, nj, k, spare, level);
      weights(context, i0, ni, j0, nj, k, c);
      slopes(&z->kernel, a, b, d, ni, nj, k, slope, spare, level);
      const double twice = i0 == j0 ? 1 : 2;
      double sum = 0;
      for (size_t j = 0; j < nj; j++)
        for (size_t i = 0; i < T; i++) {
          if (i >= ni) c[i + j * T] = 0;
          sum += c[i + j * T] * k[i + j * T];
          /* The diagonal tile is met once, with both of its halves. */
          slope[i + j * T] *= c[i + j * T] * (i0 == j0 ? .5 : 1);
        }
      *value += twice * sum;
      memset(ga, 0, T * d * sizeof *ga);
      for (size_t e = 0; e < d; e++) {
        add_tile(slope, nj, a + e * T, b + e * T, shift, ga + e * T, gb + e * T, level);
        for (size_t i = 0; i < ni; i++) gradient[i0 + i + e * n] += factor * ga[i + e * T];
      }
    }
    for (size_t e = 0; e < d; e++)
      for (size_t j = 0; j < nj; j++) gradient[j0 + j + e * n] += factor * gb[j + e * T];
  }
  return LMR_OK;
}

typedef struct {
  const int *label;
  double *inside; /* 1 / (N n_e) */
  double everywhere;
} mmd_weights_context;

static void mmd_weights(void *context, size_t i0, size_t ni, size_t j0, size_t nj, const double *k, double *c) {
  const mmd_weights_context *m = context;
  (void)k;
  for (size_t j = 0; j < nj; j++) {
    const int e = m->label[j0 + j];
    for (size_t i = 0; i < ni; i++) c[i + j * T] = (m->label[i0 + i] == e ? m->inside[e] : 0) - m->everywhere;
  }
}

size_t mmd_loss_bytes(size_t d, size_t groups) {
  return lmr_add_bytes(gram_weighted_bytes(d), lmr_bytes(groups, sizeof(double)));
}

lmr_status mmd_loss(const lmr_points *z, const int *label, size_t groups, double *value, double *gradient,
                    lmr_cpu level, lmr_arena work, lmr_error *err) {
  const double n = (double)z->n;
  mmd_weights_context m = {label, NULL, 1 / (n * n)};
  LMR_TAKE(m.inside, &work, groups, err);
  memset(m.inside, 0, groups * sizeof *m.inside);
  for (size_t i = 0; i < z->n; i++) m.inside[label[i]]++;
  for (size_t e = 0; e < groups; e++) m.inside[e] = m.inside[e] > 0 ? 1 / (n * m.inside[e]) : 0;
  return gram_weighted(z, mmd_weights, &m, value, gradient, level, work, err);
}

typedef struct {
  const lmr_points *other;
  hsic_form form;
  double n;
  const double *row, *own_row; /* row sums of L and of K (unbiased: without diagonal) */
  double all, own_all;
  double along, across;        /* normalised: weights of Lc and Kc */
  double *a, *b, *l, *spare;
  lmr_cpu level;
} hsic_weights_context;

static void hsic_weights(void *context, size_t i0, size_t ni, size_t j0, size_t nj, const double *k, double *c) {
  hsic_weights_context *h = context;
  const double n = h->n, mean = h->all / (n * n), own_mean = h->own_all / (n * n);
  gram_pack(h->other, i0, ni, h->a);
  gram_pack(h->other, j0, nj, h->b);
  gram_tile(&h->other->kernel, h->a, h->b, h->other->d, ni, nj, h->l, h->spare, h->level);
  for (size_t j = 0; j < nj; j++)
    for (size_t i = 0; i < ni; i++) {
      const double l = h->l[i + j * T], ri = h->row[i0 + i], rj = h->row[j0 + j];
      double w;
      if (h->form == HSIC_UNBIASED) {
        w = i0 + i == j0 + j ? 0
            : (l + h->all / ((n - 1) * (n - 2)) - (ri + rj) / (n - 2)) / (n * (n - 3));
      } else {
        w = h->along * (l - (ri + rj) / n + mean);
        if (h->across != 0)
          w -= h->across * (k[i + j * T] - (h->own_row[i0 + i] + h->own_row[j0 + j]) / n + own_mean);
      }
      c[i + j * T] = w;
    }
}

size_t hsic_loss_bytes(size_t n, size_t dx, size_t dy) {
  const size_t d = dx > dy ? dx : dy;
  size_t bytes = lmr_add_bytes(gram_sums_bytes(dx, dy), 4 * lmr_bytes(n, sizeof(double)));
  bytes = lmr_add_bytes(bytes, gram_weighted_bytes(d));
  return lmr_add_bytes(bytes, lmr_add_bytes(2 * lmr_bytes(T * d, sizeof(double)), 2 * lmr_bytes(T2, sizeof(double))));
}

lmr_status hsic_loss(const lmr_points *x, const lmr_points *y, hsic_form form, double *value,
                     double *gx, double *gy, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t rows = x->n, d = x->d > y->d ? x->d : y->d;
  if (rows < 4) return lmr_fail(err, LMR_EINVAL, "hsic: %zu rows, 4 are needed", rows);
  const double n = (double)rows;
  gram_pair_sums s;
  hsic_weights_context h = {.form = form, .n = n, .level = level};
  LMR_TAKE(s.k_row, &work, rows, err);
  LMR_TAKE(s.l_row, &work, rows, err);
  LMR_TAKE(s.k_diag, &work, rows, err);
  LMR_TAKE(s.l_diag, &work, rows, err);
  LMR_TRY(gram_sums(x, y, &s, level, work, NULL, err));
  LMR_TAKE(h.a, &work, T * d, err);
  LMR_TAKE(h.b, &work, T * d, err);
  LMR_TAKE(h.l, &work, T2, err);
  LMR_TAKE(h.spare, &work, T2, err);
  double kl = s.kl - s.k * s.l / (n * n), kk = s.kk - s.k * s.k / (n * n), ll = s.ll - s.l * s.l / (n * n);
  for (size_t i = 0; i < rows; i++) {
    const double a = s.k_row[i] - s.k / n, b = s.l_row[i] - s.l / n;
    kl -= 2 * a * b / n, kk -= 2 * a * a / n, ll -= 2 * b * b / n;
  }
  if (form == HSIC_UNBIASED)
    for (size_t i = 0; i < rows; i++) {
      s.k_row[i] -= s.k_diag[i], s.l_row[i] -= s.l_diag[i];
      s.k -= s.k_diag[i], s.l -= s.l_diag[i];
    }
  if (form == HSIC_NORMALISED && !(kk > 0 && ll > 0))
    return lmr_fail(err, LMR_ESINGULAR, "normalised HSIC of a constant block");
  h.along = form == HSIC_NORMALISED ? 1 / sqrt(kk * ll) : 1 / (n * n);
  *value = h.along * kl;
  double sum;
  if (gx) {
    h.other = y, h.row = s.l_row, h.all = s.l, h.own_row = s.k_row, h.own_all = s.k;
    h.across = form == HSIC_NORMALISED ? kl / (kk * sqrt(kk * ll)) : 0;
    LMR_TRY(gram_weighted(x, hsic_weights, &h, &sum, gx, level, work, err));
    if (form == HSIC_UNBIASED) *value = sum;
  }
  if (gy) {
    h.other = x, h.row = s.k_row, h.all = s.k, h.own_row = s.l_row, h.own_all = s.l;
    h.across = form == HSIC_NORMALISED ? kl / (ll * sqrt(kk * ll)) : 0;
    LMR_TRY(gram_weighted(y, hsic_weights, &h, &sum, gy, level, work, err));
    if (form == HSIC_UNBIASED) *value = sum;
  }
  return LMR_OK;
}

size_t logdet_loss_bytes(size_t n, size_t d) {
  return lmr_add_bytes(lmr_double_bytes(1, n * d), lmr_add_bytes(lmr_double_bytes(1, d * d), lmr_double_bytes(1, d)));
}

lmr_status logdet_loss(const double *z, size_t n, size_t d, size_t ld, int correlation, double eps,
                       double *value, double *gradient, lmr_arena work, lmr_error *err) {
  double *c, *r, *sd;
  LMR_TAKE(c, &work, n * d, err);
  LMR_TAKE(r, &work, d * d, err);
  LMR_TAKE(sd, &work, d, err);
  const double m = (double)n;
  for (size_t j = 0; j < d; j++) {
    double mean = 0, var = 0;
    for (size_t i = 0; i < n; i++) mean += z[i + j * ld];
    mean /= m;
    for (size_t i = 0; i < n; i++) {
      c[i + j * n] = z[i + j * ld] - mean;
      var += c[i + j * n] * c[i + j * n];
    }
    sd[j] = correlation ? sqrt(var / m) : 1;
    if (!(sd[j] > 0)) return lmr_fail(err, LMR_ESINGULAR, "log-det: column %zu of the code is constant", j + 1);
    for (size_t i = 0; i < n; i++) c[i + j * n] /= sd[j];
  }
  LMR_TRY(la_syrk('T', d, n, 1 / m, c, n, 0, r, d, err));
  la_symmetrize(r, d, d);
  for (size_t j = 0; j < d; j++) r[j * (d + 1)] += eps;
  LMR_TRY(la_chol(r, d, d, err));
  *value = 0;
  for (size_t j = 0; j < d; j++) *value += 2 * log(r[j * (d + 1)]);
  LMR_TRY(la_chol_inverse(r, d, d, err));
  LMR_TRY(la_gemm('N', 'N', n, d, d, 2 / m, c, n, r, d, 0, gradient, n, err));
  /* The rows of c sum to 0, so centring passes the gradient on; dividing by the
   * standard deviation takes off the part along the column itself. */
  if (correlation)
    for (size_t j = 0; j < d; j++) {
      double along = 0;
      for (size_t i = 0; i < n; i++) along += gradient[i + j * n] * c[i + j * n];
      for (size_t i = 0; i < n; i++) gradient[i + j * n] = (gradient[i + j * n] - along / m * c[i + j * n]) / sd[j];
    }
  return LMR_OK;
}
