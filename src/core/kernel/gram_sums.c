#include "core/kernel/gram_sums.h"

#include <string.h>

enum { T = GRAM_TILE, T2 = GRAM_TILE * GRAM_TILE };

static size_t tile_count(size_t n, size_t first) { return n - first < T ? n - first : T; }

size_t gram_sums_bytes(size_t dx, size_t dy) {
  size_t bytes = 2 * lmr_add_bytes(lmr_bytes(T * dx, sizeof(double)), lmr_bytes(T * dy, sizeof(double)));
  return lmr_add_bytes(bytes, 3 * lmr_bytes(T2, sizeof(double)));
}

/* Sums of one tile: products, and rows of both matrices; columns too, which are
 * the rows of the mirrored tile. */
typedef struct {
  double kl, kk, ll, k_row[T], l_row[T], k_col[T], l_col[T];
} tile_sums;

static void sums_plain(const double *k, const double *l, size_t cols, tile_sums *s) {
  memset(s, 0, sizeof *s);
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < T; i++) {
      const double u = k[i + j * T], v = l[i + j * T];
      s->kl += u * v, s->kk += u * u, s->ll += v * v;
      s->k_row[i] += u, s->l_row[i] += v;
      s->k_col[j] += u, s->l_col[j] += v;
    }
}

#if LMR_X86
#define SUMS(name, target, lanes)                                                            \
  typedef double name##_v __attribute__((vector_size(8 * lanes), may_alias));                \
  LMR_TARGET(target)                                                                         \
  static void name(const double *k, const double *l, size_t cols, tile_sums *s) {            \
    enum { R = T / lanes };                                                                  \
    name##_v kr[R] = {{0}}, lr[R] = {{0}}, kl = {0}, kk = {0}, ll = {0};                     \
    for (size_t j = 0; j < cols; j++) {                                                      \
      name##_v kc = {0}, lc = {0};                                                           \
      for (size_t r = 0; r < R; r++) {                                                       \
        const name##_v u = *(const name##_v *)(k + j * T + r * lanes);                       \
        const name##_v v = *(const name##_v *)(l + j * T + r * lanes);                       \
        kr[r] += u, lr[r] += v, kc += u, lc += v;                                            \
        kl += u * v, kk += u * u, ll += v * v;                                               \
      }                                                                                      \
      s->k_col[j] = s->l_col[j] = 0;                                                         \
      for (size_t i = 0; i < lanes; i++) s->k_col[j] += kc[i], s->l_col[j] += lc[i];         \
    }                                                                                        \
    s->kl = s->kk = s->ll = 0;                                                               \
    for (size_t i = 0; i < lanes; i++) s->kl += kl[i], s->kk += kk[i], s->ll += ll[i];       \
    for (size_t r = 0; r < R; r++)                                                           \
      for (size_t i = 0; i < lanes; i++)                                                     \
        s->k_row[r * lanes + i] = kr[r][i], s->l_row[r * lanes + i] = lr[r][i];              \
  }

SUMS(sums_512, "avx512f,avx512dq,avx512bw,avx512vl", 8)
SUMS(sums_256, "avx2,fma", 4)
#endif

static void sums_tile(const double *k, const double *l, size_t cols, tile_sums *s, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) {
    sums_512(k, l, cols, s);
    return;
  }
  if (level >= LMR_CPU_AVX2) {
    sums_256(k, l, cols, s);
    return;
  }
#endif
  (void)level;
  sums_plain(k, l, cols, s);
}

/* sum of (k - a_i - b_j)^2 (l - c_i - d_j)^2 over a full tile. */
static double squares_plain(const double *k, const double *l, const double *a, const double *b,
                            const double *c, const double *d) {
  double sum = 0;
  for (size_t j = 0; j < T; j++)
    for (size_t i = 0; i < T; i++) {
      const double u = (k[i + j * T] - a[i] - b[j]) * (l[i + j * T] - c[i] - d[j]);
      sum += u * u;
    }
  return sum;
}

#if LMR_X86
#define SQUARES(name, target, lanes)                                                         \
  typedef double name##_v __attribute__((vector_size(8 * lanes), aligned(8), may_alias));    \
  LMR_TARGET(target)                                                                         \
  static double name(const double *k, const double *l, const double *a, const double *b,     \
                     const double *c, const double *d) {                                     \
    name##_v sum = {0};                                                                      \
    for (size_t j = 0; j < T; j++)                                                           \
      for (size_t i = 0; i < T; i += lanes) {                                                \
        const name##_v u = *(const name##_v *)(k + i + j * T) - *(const name##_v *)(a + i) - b[j]; \
        const name##_v v = *(const name##_v *)(l + i + j * T) - *(const name##_v *)(c + i) - d[j]; \
        sum += u * v * (u * v);                                                              \
      }                                                                                      \
    double total = 0;                                                                        \
    for (size_t i = 0; i < lanes; i++) total += sum[i];                                      \
    return total;                                                                            \
  }

SQUARES(squares_512, "avx512f,avx512dq,avx512bw,avx512vl", 8)
SQUARES(squares_256, "avx2,fma", 4)
#endif

static double squares_tile(const double *k, const double *l, const double *a, const double *b,
                           const double *c, const double *d, lmr_cpu level) {
#if LMR_X86
  if (level >= LMR_CPU_AVX512) return squares_512(k, l, a, b, c, d);
  if (level >= LMR_CPU_AVX2) return squares_256(k, l, a, b, c, d);
#endif
  (void)level;
  return squares_plain(k, l, a, b, c, d);
}

typedef struct {
  double *xa, *xb, *ya, *yb, *k, *l, *spare;
} pair_work;

static lmr_status take_pair(pair_work *w, lmr_arena *work, size_t dx, size_t dy, lmr_error *err) {
  LMR_TAKE(w->xa, work, T * dx, err);
  LMR_TAKE(w->xb, work, T * dx, err);
  LMR_TAKE(w->ya, work, T * dy, err);
  LMR_TAKE(w->yb, work, T * dy, err);
  LMR_TAKE(w->k, work, T2, err);
  LMR_TAKE(w->l, work, T2, err);
  LMR_TAKE(w->spare, work, T2, err);
  return LMR_OK;
}

static lmr_status poll(const lmr_tick *tick, size_t done, size_t all, lmr_error *err) {
  const double share = (double)done / (double)all;
  if (lmr_tick_poll(tick, share * share)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  return LMR_OK;
}

/* Visits the tiles (i0, j0), i0 <= j0, of both Gram matrices: ni x nj entries of
 * K in w->k and of L in w->l, zeros beyond. */
typedef void (*pair_visit)(void *state, const pair_work *w, size_t i0, size_t j0, size_t ni, size_t nj);

static lmr_status walk_pairs(const lmr_points *x, const lmr_points *y, pair_visit visit, void *state,
                             lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = x->n;
  pair_work w;
  LMR_TRY(take_pair(&w, &work, x->d, y->d, err));
  for (size_t j0 = 0; j0 < n; j0 += T) {
    const size_t nj = tile_count(n, j0);
    gram_pack(x, j0, nj, w.xb);
    gram_pack(y, j0, nj, w.yb);
    for (size_t i0 = 0; i0 <= j0; i0 += T) {
      const size_t ni = tile_count(n, i0);
      gram_pack(x, i0, ni, w.xa);
      gram_pack(y, i0, ni, w.ya);
      gram_tile(&x->kernel, w.xa, w.xb, x->d, ni, nj, w.k, w.spare, level);
      gram_tile(&y->kernel, w.ya, w.yb, y->d, ni, nj, w.l, w.spare, level);
      visit(state, &w, i0, j0, ni, nj);
    }
    LMR_TRY(poll(tick, j0, n, err));
  }
  return LMR_OK;
}

typedef struct {
  gram_pair_sums *sums;
  lmr_cpu level;
} sums_state;

static void add_sums(void *state, const pair_work *w, size_t i0, size_t j0, size_t ni, size_t nj) {
  const sums_state *at = state;
  gram_pair_sums *s = at->sums;
  tile_sums t;
  sums_tile(w->k, w->l, nj, &t, at->level);
  const double twice = i0 == j0 ? 1 : 2;
  s->kl += twice * t.kl, s->kk += twice * t.kk, s->ll += twice * t.ll;
  for (size_t i = 0; i < ni; i++) s->k_row[i0 + i] += t.k_row[i], s->l_row[i0 + i] += t.l_row[i];
  if (i0 == j0)
    for (size_t i = 0; i < ni; i++) s->k_diag[i0 + i] = w->k[i * (T + 1)], s->l_diag[i0 + i] = w->l[i * (T + 1)];
  else
    for (size_t j = 0; j < nj; j++) s->k_row[j0 + j] += t.k_col[j], s->l_row[j0 + j] += t.l_col[j];
}

lmr_status gram_sums(const lmr_points *x, const lmr_points *y, gram_pair_sums *s, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = x->n;
  if (y->n != n) return lmr_fail(err, LMR_EINVAL, "gram_sums: %zu and %zu rows", n, y->n);
  s->k = s->l = s->kl = s->kk = s->ll = 0;
  memset(s->k_row, 0, n * sizeof *s->k_row);
  memset(s->l_row, 0, n * sizeof *s->l_row);
  sums_state state = {s, level};
  LMR_TRY(walk_pairs(x, y, add_sums, &state, level, work, tick, err));
  for (size_t i = 0; i < n; i++) s->k += s->k_row[i], s->l += s->l_row[i];
  return LMR_OK;
}

typedef struct {
  const gram_pair_sums *sums;
  double m, k_mean, l_mean, total;
  lmr_cpu level;
} squares_state;

static void add_squares(void *state, const pair_work *w, size_t i0, size_t j0, size_t ni, size_t nj) {
  squares_state *at = state;
  const gram_pair_sums *s = at->sums;
  double sum = 0, ka[T], kb[T], la[T], lb[T];
  for (size_t i = 0; i < ni; i++) ka[i] = s->k_row[i0 + i] / at->m, la[i] = s->l_row[i0 + i] / at->m;
  for (size_t j = 0; j < nj; j++)
    kb[j] = s->k_row[j0 + j] / at->m - at->k_mean, lb[j] = s->l_row[j0 + j] / at->m - at->l_mean;
  if (i0 < j0 && nj == T) {
    sum = squares_tile(w->k, w->l, ka, kb, la, lb, at->level);
  } else {
    for (size_t j = 0; j < nj; j++)
      for (size_t i = 0; i < (i0 == j0 ? j : ni); i++) {
        const double u = (w->k[i + j * T] - ka[i] - kb[j]) * (w->l[i + j * T] - la[i] - lb[j]);
        sum += u * u;
      }
  }
  at->total += 2 * sum;
}

lmr_status gram_centred_squares(const lmr_points *x, const lmr_points *y, const gram_pair_sums *s,
                                double *total, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                                lmr_error *err) {
  const double m = (double)x->n;
  squares_state state = {s, m, s->k / (m * m), s->l / (m * m), 0, level};
  LMR_TRY(walk_pairs(x, y, add_squares, &state, level, work, tick, err));
  *total = state.total;
  return LMR_OK;
}

size_t gram_groups_bytes(size_t d) {
  return lmr_add_bytes(2 * lmr_bytes(T * d, sizeof(double)), 2 * lmr_bytes(T2, sizeof(double)));
}

lmr_status gram_groups(const lmr_points *x, const int *label, size_t groups, double *block, double *diag,
                       double *size, double *k_row, double *kk, lmr_cpu level, lmr_arena work,
                       const lmr_tick *tick, lmr_error *err) {
  const size_t n = x->n;
  double *a, *b, *tile, *spare;
  LMR_TAKE(a, &work, T * x->d, err);
  LMR_TAKE(b, &work, T * x->d, err);
  LMR_TAKE(tile, &work, T2, err);
  LMR_TAKE(spare, &work, T2, err);
  memset(block, 0, groups * groups * sizeof *block);
  memset(diag, 0, groups * sizeof *diag);
  memset(size, 0, groups * sizeof *size);
  memset(k_row, 0, n * sizeof *k_row);
  *kk = 0;
  for (size_t i = 0; i < n; i++) size[label[i]]++;
  tile_sums t;
  for (size_t j0 = 0; j0 < n; j0 += T) {
    const size_t nj = tile_count(n, j0);
    gram_pack(x, j0, nj, b);
    for (size_t i0 = 0; i0 <= j0; i0 += T) {
      const size_t ni = tile_count(n, i0);
      gram_pack(x, i0, ni, a);
      gram_tile(&x->kernel, a, b, x->d, ni, nj, tile, spare, level);
      sums_tile(tile, tile, nj, &t, level);
      const int same = i0 == j0;
      *kk += (same ? 1 : 2) * t.kk;
      for (size_t i = 0; i < ni; i++) k_row[i0 + i] += t.k_row[i];
      if (!same)
        for (size_t j = 0; j < nj; j++) k_row[j0 + j] += t.k_col[j];
      int one = 1;
      for (size_t i = 1; i < ni; i++) one &= label[i0 + i] == label[i0];
      if (one) {
        double *g = block + (size_t)label[i0] * groups;
        for (size_t j = 0; j < nj; j++) {
          const size_t e = (size_t)label[j0 + j];
          g[e] += t.k_col[j];
          if (!same) block[(size_t)label[i0] + e * groups] += t.k_col[j];
        }
      } else {
        for (size_t j = 0; j < nj; j++) {
          const size_t e = (size_t)label[j0 + j];
          for (size_t i = 0; i < ni; i++) {
            const size_t f = (size_t)label[i0 + i];
            block[e + f * groups] += tile[i + j * T];
            if (!same) block[f + e * groups] += tile[i + j * T];
          }
        }
      }
      if (same)
        for (size_t i = 0; i < ni; i++) diag[label[i0 + i]] += tile[i * (T + 1)];
    }
    LMR_TRY(poll(tick, j0, n, err));
  }
  return LMR_OK;
}
