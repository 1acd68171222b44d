#include "core/iv/iv_cr2.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"

#define IDENTIFIED 1e-10 /* 1 - eigenvalue under which a cluster alone identifies a direction */

/* m = K + k columns of the basis. */
typedef struct {
  iv_block b;
  size_t m;
  double *basis;            /* rows x k: x~ inv_half */
  double *e;                /* rows */
  double *gram, *score;     /* of the cluster being summed: m squared, m */
  double *vector, *value;   /* its eigenvectors and eigenvalues */
  double *turned, *u;       /* m each */
  double *trace, *squares;  /* contrasts each: sum of v_g'v_g, of a'a (a'a - 2 b'b) */
  double *outer;            /* m squared x contrasts: sum of b_g b_g' */
} space;

size_t iv_cr2_bytes(const iv_data *d, const iv_cr2_options *o) {
  const size_t m = d->K + d->k, rows = iv_block_rows(d);
  size_t bytes = lmr_add_bytes(iv_block_bytes(d, IV_Q), lmr_double_bytes(1, rows * (d->k + 1)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, m * m));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(4, m));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, o->contrasts + 1));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, m * m * o->contrasts + 1));
  return lmr_add_bytes(bytes, la_eigen_bytes(m));
}

static lmr_status make(space *s, const iv_data *d, const iv_cr2_options *o, lmr_arena *work, lmr_error *err) {
  const size_t m = s->m = d->K + d->k, c = o->contrasts;
  LMR_TRY(iv_block_make(&s->b, d, IV_Q, work, err));
  LMR_TAKE(s->basis, work, s->b.rows * (d->k + 1), err);
  LMR_TAKE(s->e, work, s->b.rows, err);
  LMR_TAKE(s->gram, work, m * m, err);
  LMR_TAKE(s->vector, work, m * m, err);
  LMR_TAKE(s->score, work, m, err);
  LMR_TAKE(s->value, work, m, err);
  LMR_TAKE(s->turned, work, m, err);
  LMR_TAKE(s->u, work, m, err);
  LMR_TAKE(s->trace, work, c + 1, err);
  LMR_TAKE(s->squares, work, c + 1, err);
  LMR_TAKE(s->outer, work, m * m * c + 1, err);
  memset(s->trace, 0, (c + 1) * sizeof *s->trace);
  memset(s->squares, 0, (c + 1) * sizeof *s->squares);
  memset(s->outer, 0, (m * m * c + 1) * sizeof *s->outer);
  memset(s->gram, 0, m * m * sizeof *s->gram);
  memset(s->score, 0, m * sizeof *s->score);
  return LMR_OK;
}

static void load(space *s, const iv_data *d, const iv_cr2_options *o, size_t first, size_t count, lmr_cpu level) {
  const size_t rows = s->b.rows, k = d->k;
  iv_block_load(&s->b, d, first, count, o->coef, s->e, level);
  memset(s->basis, 0, rows * k * sizeof *s->basis);
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l <= j; l++) {
      const double f = o->inv_half[l + j * k];
      const double *hat = s->b.hat + l * rows, *left = s->b.left + l * rows;
      for (size_t i = 0; i < count; i++) s->basis[i + j * rows] += f * (hat[i] + o->shift * left[i]);
    }
}

static const double *basis_column(const space *s, const iv_data *d, size_t j) {
  return j < d->K ? s->b.q + j * s->b.rows : s->basis + (j - d->K) * s->b.rows;
}

/* Rows from..to-1 of the block: upper triangle of the Gram matrix, and the scores. */
static void add_rows(space *s, const iv_data *d, size_t from, size_t to) {
  for (size_t j = 0; j < s->m; j++) {
    const double *a = basis_column(s, d, j);
    for (size_t i = from; i < to; i++) s->score[j] += a[i] * s->e[i];
    for (size_t l = 0; l <= j; l++) {
      const double *b = basis_column(s, d, l);
      double sum = 0;
      for (size_t i = from; i < to; i++) sum += a[i] * b[i];
      s->gram[l + j * s->m] += sum;
    }
  }
}

/* out := V'x, or V x. */
static void turn(const space *s, const double *x, int back, double *out) {
  const size_t m = s->m;
  for (size_t i = 0; i < m; i++) {
    out[i] = 0;
    for (size_t l = 0; l < m; l++) out[i] += s->vector[back ? i + l * m : l + i * m] * x[l];
  }
}

static void add_outer(double *to, const double *x, size_t m) {
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < m; i++) to[i + j * m] += x[i] * x[j];
}

/* The cluster is complete: its adjusted score, and its part in the degrees of freedom. */
static lmr_status close_cluster(space *s, const iv_cr2_options *o, double *middle, lmr_arena work, lmr_error *err) {
  const size_t m = s->m;
  LMR_TRY(la_eigen(s->gram, m, m, s->value, s->vector, m, work, err));
  turn(s, s->score, 0, s->turned);
  for (size_t i = 0; i < m; i++) {
    const double left = 1 - s->value[i];
    s->turned[i] = left > IDENTIFIED ? s->turned[i] / sqrt(left) : 0;
  }
  turn(s, s->turned, 1, s->u);
  add_outer(middle, s->u, m);
  for (size_t c = 0; c < o->contrasts; c++) {
    double aa = 0, bb = 0;
    turn(s, o->contrast + c * m, 0, s->turned);
    for (size_t i = 0; i < m; i++) {
      const double left = 1 - s->value[i], h = left > IDENTIFIED && s->value[i] > 0 ? s->value[i] : 0;
      aa += h > 0 ? h / left * s->turned[i] * s->turned[i] : 0;
      s->turned[i] *= h > 0 ? h / sqrt(left) : 0;
      bb += s->turned[i] * s->turned[i];
    }
    turn(s, s->turned, 1, s->u);
    s->trace[c] += aa - bb;
    s->squares[c] += aa * (aa - 2 * bb);
    add_outer(s->outer + c * m * m, s->u, m);
  }
  memset(s->gram, 0, m * m * sizeof *s->gram);
  memset(s->score, 0, m * sizeof *s->score);
  return LMR_OK;
}

lmr_status iv_cr2(const iv_data *d, const iv_cr2_options *o, double *middle, double *df, lmr_cpu level,
                  lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  space s;
  LMR_TRY(make(&s, d, o, &work, err));
  const size_t n = d->instruments.n, m = s.m, rows = s.b.rows;
  memset(middle, 0, m * m * sizeof *middle);
  size_t group = 0;
  for (size_t first = 0; first < n; first += rows) {
    const size_t count = n - first < rows ? n - first : rows;
    load(&s, d, o, first, count, level);
    for (size_t at = 0; at < count;) {
      const size_t end = (size_t)o->start[group + 1] - first;
      const size_t to = end < count ? end : count;
      add_rows(&s, d, at, to);
      at = to;
      if (to == end) {
        LMR_TRY(close_cluster(&s, o, middle, work, err));
        group++;
      }
    }
    if (lmr_tick_poll(tick, (double)first / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t c = 0; c < o->contrasts; c++) {
    double sum = s.squares[c];
    for (size_t i = 0; i < m * m; i++) sum += s.outer[c * m * m + i] * s.outer[c * m * m + i];
    df[c] = s.trace[c] * s.trace[c] / sum;
  }
  return LMR_OK;
}
