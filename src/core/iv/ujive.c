#include "core/iv/ujive.h"

#include <math.h>
#include <string.h>

#include "core/iv/ujive_single.h"
#include "core/la/la.h"

#define SINGULAR UJIVE_SINGULAR

/* A block holds whole groups, or a piece of one group that is larger than it. */
typedef struct {
  iv_block b;
  size_t n, p1;   /* people; columns of Q */
  double *e;      /* rows */
  double *partial;/* rows x k: M_W X */
  double *one;    /* rows x k: what (I - B_ZW)^-1 is applied to */
  double *two;    /* rows x k: what (I - B_W)^-1 is applied to */
  double *small;  /* rows^2: I - B of one group */
  int *skip;      /* rows */
  double *big, *sums;              /* pq^2; pq x (3k + 2): groups larger than a block */
  double *s, *t, *cross;           /* pairs: groups of a block x pq, k of them for t */
} space;

static size_t width(const iv_data *d) { return d->k > 1 ? d->k : 1; }

size_t ujive_bytes(const iv_data *d, const ujive_groups *g, const lmr_tick *tick) {
  if (!g->start) return ujive_single_bytes(d, tick);
  const size_t p1 = d->K + d->L, pq = tall_pad(p1), rows = iv_block_rows(d), k = width(d);
  size_t bytes = iv_block_bytes(d, IV_Q);
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * (1 + 3 * k), sizeof(double)) + 5 * 64);
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * rows, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows, sizeof(int)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(pq * pq, sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(pq * (3 * k + 2), sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(rows * pq * (1 + k), sizeof(double)) + 2 * 64);
  return lmr_add_bytes(bytes, lmr_bytes(pq * pq * k, sizeof(double)));
}

static lmr_status make(space *s, const iv_data *d, lmr_arena *work, lmr_error *err) {
  LMR_TRY(iv_block_make(&s->b, d, IV_Q, work, err));
  const size_t rows = s->b.rows, pq = s->b.pq, k = width(d);
  s->n = d->instruments.n;
  s->p1 = d->K + d->L;
  LMR_TAKE(s->e, work, rows, err);
  LMR_TAKE(s->partial, work, rows * k, err);
  LMR_TAKE(s->one, work, rows * k, err);
  LMR_TAKE(s->two, work, rows * k, err);
  LMR_TAKE(s->small, work, rows * rows, err);
  LMR_TAKE(s->skip, work, rows, err);
  LMR_TAKE(s->big, work, pq * pq, err);
  LMR_TAKE(s->sums, work, pq * (3 * k + 2), err);
  LMR_TAKE(s->s, work, rows * pq, err);
  LMR_TAKE(s->t, work, rows * pq * k, err);
  LMR_TAKE(s->cross, work, pq * pq * k, err);
  return LMR_OK;
}

static void load(space *s, const iv_data *d, size_t first, size_t count, const double *coef,
                 lmr_cpu level) {
  iv_block_load(&s->b, d, first, count, coef, s->e, level);
  for (size_t j = 0; j < d->k * s->b.rows; j++) s->partial[j] = s->b.hat[j] + s->b.left[j];
}

static size_t group_start(const ujive_groups *g, size_t i) { return (size_t)g->start[i]; }

/* Groups from `group` on that fit a block together: their number (0 when the
 * first one alone is too large) and their rows. */
static size_t fit(const ujive_groups *g, size_t group, size_t rows, size_t *count) {
  size_t many = 0;
  *count = 0;
  while (group + many < g->groups) {
    const size_t next = group_start(g, group + many + 1) - group_start(g, group);
    if (next > rows) break;
    *count = next;
    many++;
  }
  return many;
}

/* x := (I - Q_g Q_g')^-1 x for c columns of x, Q_g the first `columns` of q over
 * rows from..from+size-1; 0 when singular. */
static int leave_out(space *s, size_t from, size_t size, size_t columns, double *x, size_t c) {
  const size_t rows = s->b.rows;
  const double *q = s->b.q + from;
  if (size == 1) {
    double left = 1;
    for (size_t j = 0; j < columns; j++) left -= q[j * rows] * q[j * rows];
    if (left < SINGULAR) return 0;
    for (size_t j = 0; j < c; j++) x[from + j * rows] /= left;
    return 1;
  }
  double *a = s->small;
  memset(a, 0, size * size * sizeof *a);
  for (size_t j = 0; j < columns; j++)
    for (size_t m = 0; m < size; m++) {
      const double f = q[m + j * rows];
      for (size_t i = 0; i <= m; i++) a[i + m * size] -= f * q[i + j * rows];
    }
  for (size_t i = 0; i < size; i++) a[i + i * size] += 1;
  if (la_chol(a, size, size, NULL) != LMR_OK) return 0;
  for (size_t i = 0; i < size; i++)
    if (a[i + i * size] * a[i + i * size] < SINGULAR) return 0;
  return la_trsm('L', 'T', size, c, 1, a, size, x + from, rows, NULL) == LMR_OK &&
         la_trsm('L', 'N', size, c, 1, a, size, x + from, rows, NULL) == LMR_OK;
}

/* Applies (I - B_ZW)^-1 to s->one and (I - B_W)^-1 to s->two, group by group;
 * both become zero where a group cannot be left out. */
static void leave_groups_out(space *s, const iv_data *d, const ujive_groups *g, size_t group,
                             size_t many, size_t c) {
  const size_t rows = s->b.rows, base = group_start(g, group);
  memset(s->skip, 0, rows * sizeof *s->skip);
  for (size_t i = 0; i < many; i++) {
    const size_t from = group_start(g, group + i) - base;
    const size_t size = group_start(g, group + i + 1) - base - from;
    if (!size) continue;
    if (leave_out(s, from, size, d->K, s->two, c) && leave_out(s, from, size, s->p1, s->one, c)) continue;
    for (size_t r = from; r < from + size; r++) {
      s->skip[r] = 1;
      for (size_t j = 0; j < c; j++) s->one[r + j * rows] = s->two[r + j * rows] = 0;
    }
  }
}

/* A group larger than a block: big := chol(I - Q_g'Q_g), its leading K x K part
 * that of W alone; sums := Q_g' times X_left, M_W X, e. *skip when singular. */
static lmr_status large_sums(space *s, const iv_data *d, size_t first, size_t size, const double *coef, int *skip,
                             lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const size_t rows = s->b.rows, pq = s->b.pq, k = d->k, p1 = s->p1;
  memset(s->big, 0, pq * pq * sizeof *s->big);
  memset(s->sums, 0, pq * (3 * width(d) + 2) * sizeof *s->sums);
  for (size_t done = 0; done < size; done += rows) {
    const size_t count = size - done < rows ? size - done : rows;
    load(s, d, first + done, count, coef, level);
    tall_block_cross(s->b.q, pq, s->b.q, pq, rows, 1, s->big, pq, level);
    if (lmr_tick_poll(tick, (double)first / (double)s->n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    for (size_t c = 0; c < 2 * k + (coef != NULL); c++) {
      const double *x = c < k ? s->b.left + c * rows : c < 2 * k ? s->partial + (c - k) * rows : s->e;
      for (size_t j = 0; j < p1; j++)
        for (size_t i = 0; i < rows; i++) s->sums[j + c * pq] += s->b.q[i + j * rows] * x[i];
    }
  }
  for (size_t j = 0; j < p1; j++)
    for (size_t i = 0; i <= j; i++) s->big[i + j * pq] = (i == j) - s->big[i + j * pq];
  const lmr_status factored = la_chol_polled(s->big, p1, pq, tick, err);
  if (factored == LMR_EINTERRUPT) return factored;
  *skip = factored != LMR_OK;
  for (size_t j = 0; j < p1 && !*skip; j++) *skip = s->big[j + j * pq] * s->big[j + j * pq] < SINGULAR;
  return LMR_OK;
}

static lmr_status large_solve(space *s, size_t columns, double *x, size_t c, lmr_error *err) {
  LMR_TRY(la_trsm('L', 'T', columns, c, 1, s->big, s->b.pq, x, s->b.pq, err));
  return la_trsm('L', 'N', columns, c, 1, s->big, s->b.pq, x, s->b.pq, err);
}

/* P = (I - B_W)^-1 M_W X - (I - B_ZW)^-1 M_ZW X; JIVE1: X in place of the first. */
static void store(const space *s, const iv_data *d, size_t first, size_t count, const double *one,
                  const double *two, const int *skip, double *p, int *skipped) {
  const int *order = d->response.order;
  const double *root = d->response.root;
  for (size_t i = 0; i < count; i++) {
    const size_t row = order ? (size_t)order[first + i] : first + i;
    skipped[row] = skip ? skip[i] : 0;
    for (size_t j = 0; j < d->k; j++) {
      const double v = two[i + j * s->b.rows] - one[i + j * s->b.rows];
      p[row + j * s->n] = !root ? v : root[row] > 0 ? v / root[row] : 0;
    }
  }
}

static lmr_status large_instrument(space *s, const iv_data *d, size_t first, size_t size, int jive1,
                                   double *p, int *skipped, lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const size_t rows = s->b.rows, pq = s->b.pq, k = d->k;
  int skip;
  LMR_TRY(large_sums(s, d, first, size, NULL, &skip, level, tick, err));
  if (!skip) {
    LMR_TRY(large_solve(s, s->p1, s->sums, k, err));
    LMR_TRY(large_solve(s, d->K, s->sums + k * pq, k, err));
  }
  for (size_t done = 0; done < size; done += rows) {
    const size_t count = size - done < rows ? size - done : rows;
    load(s, d, first + done, count, NULL, level);
    for (size_t i = 0; i < rows; i++) s->skip[i] = skip;
    for (size_t c = 0; c < k; c++) {
      double *one = s->one + c * rows, *two = s->two + c * rows;
      for (size_t i = 0; i < rows; i++) {
        one[i] = skip ? 0 : s->b.left[i + c * rows];
        two[i] = skip ? 0 : s->partial[i + c * rows];
      }
      for (size_t j = 0; j < s->p1 && !skip; j++)
        for (size_t i = 0; i < rows; i++) {
          one[i] += s->sums[j + c * pq] * s->b.q[i + j * rows];
          if (j < d->K) two[i] += s->sums[j + (k + c) * pq] * s->b.q[i + j * rows];
        }
    }
    store(s, d, first + done, count, s->one, jive1 ? s->b.xy : s->two, s->skip, p, skipped);
  }
  return LMR_OK;
}

lmr_status ujive_instrument(const iv_data *d, const ujive_groups *g, double *p, int *skipped,
                            lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!g->start) return ujive_single_instrument(d, g->jive1, p, skipped, g->leverage, level, work, tick, err);
  space s;
  LMR_TRY(make(&s, d, &work, err));
  const size_t rows = s.b.rows;
  for (size_t group = 0, block = 0; group < g->groups; block++) {
    size_t count;
    const size_t many = fit(g, group, rows, &count), first = group_start(g, group);
    if (!many) {
      LMR_TRY(large_instrument(&s, d, first, group_start(g, group + 1) - first, g->jive1, p,
                               skipped, level, tick, err));
      group++;
    } else {
      load(&s, d, first, count, NULL, level);
      memcpy(s.one, s.b.left, rows * d->k * sizeof *s.one);
      memcpy(s.two, s.partial, rows * d->k * sizeof *s.two);
      leave_groups_out(&s, d, g, group, many, d->k);
      store(&s, d, first, count, s.one, g->jive1 ? s.b.xy : s.two, s.skip, p, skipped);
      group += many;
    }
    if (block % 64 == 63 && lmr_tick_poll(tick, (double)first / (double)s.n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

/* With s_c = Q_c'A_c e_c - Q_Wc'A_Wc e_c and t_c = Q_c'M_W x_c, the pair sum is
 * tr(T_a T_b) - sum_c (s_c't_ca)(s_c't_cb), T_a = sum_c s_c t_ca'. */
static void add_pairs(space *s, size_t groups, size_t k, double *out, lmr_cpu level) {
  const size_t rows = s->b.rows, pq = s->b.pq;
  for (size_t a = 0; a < k; a++)
    tall_block_cross(s->s, pq, s->t + a * rows * pq, pq, rows, 0, s->cross + a * pq * pq, pq, level);
  double *own = s->one; /* rows x k, free by now */
  memset(own, 0, rows * k * sizeof *own);
  for (size_t a = 0; a < k; a++)
    for (size_t j = 0; j < pq; j++)
      for (size_t i = 0; i < rows; i++)
        own[i + a * rows] += s->s[i + j * rows] * s->t[i + j * rows + a * rows * pq];
  for (size_t a = 0; a < k; a++)
    for (size_t b = 0; b < k; b++)
      for (size_t i = 0; i < groups; i++) out[a + b * k] -= own[i + a * rows] * own[i + b * rows];
}

lmr_status ujive_pairs(const iv_data *d, const ujive_groups *g, const double *coef, double *out,
                       lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (!g->start) return ujive_single_pairs(d, g->leverage, coef, out, level, work, tick, err);
  space s;
  LMR_TRY(make(&s, d, &work, err));
  const size_t rows = s.b.rows, pq = s.b.pq, k = d->k;
  memset(out, 0, k * k * sizeof *out);
  memset(s.cross, 0, pq * pq * width(d) * sizeof *s.cross);
  for (size_t group = 0, block = 0; group < g->groups; block++) {
    size_t count, many = fit(g, group, rows, &count);
    const size_t first = group_start(g, group);
    memset(s.s, 0, rows * pq * sizeof *s.s);
    memset(s.t, 0, rows * pq * k * sizeof *s.t);
    if (!many) {
      int skip;
      LMR_TRY(large_sums(&s, d, first, group_start(g, group + 1) - first, coef, &skip, level, tick, err));
      many = 1;
      if (!skip) {
        double *e1 = s.sums + 2 * k * pq, *e2 = e1 + pq;
        memcpy(e2, e1, pq * sizeof *e2);
        LMR_TRY(large_solve(&s, s.p1, e1, 1, err));
        LMR_TRY(large_solve(&s, d->K, e2, 1, err));
        for (size_t j = 0; j < s.p1; j++) {
          s.s[j * rows] = e1[j] - (j < d->K ? e2[j] : 0);
          for (size_t a = 0; a < k; a++) s.t[(j + a * pq) * rows] = s.sums[j + (k + a) * pq];
        }
      }
    } else {
      load(&s, d, first, count, coef, level);
      memcpy(s.one, s.e, rows * sizeof *s.one);
      memcpy(s.two, s.e, rows * sizeof *s.two);
      leave_groups_out(&s, d, g, group, many, 1);
      for (size_t c = 0; c < many; c++) {
        const size_t from = group_start(g, group + c) - first, to = group_start(g, group + c + 1) - first;
        for (size_t i = from; i < to; i++) s.skip[i] = (int)c;
      }
      for (size_t j = 0; j < s.p1; j++) {
        const double *q = s.b.q + j * rows;
        double *sj = s.s + j * rows;
        for (size_t i = 0; i < count; i++)
          sj[s.skip[i]] += q[i] * (j < d->K ? s.one[i] - s.two[i] : s.one[i]);
        for (size_t a = 0; a < k; a++) {
          double *tj = s.t + (j + a * pq) * rows;
          for (size_t i = 0; i < count; i++) tj[s.skip[i]] += q[i] * s.partial[i + a * rows];
        }
      }
    }
    add_pairs(&s, many, k, out, level);
    group += many;
    if (block % 64 == 63 && lmr_tick_poll(tick, (double)first / (double)s.n))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  for (size_t a = 0; a < k; a++)
    for (size_t b = 0; b < k; b++)
      for (size_t j = 0; j < pq; j++)
        for (size_t i = 0; i < pq; i++)
          out[a + b * k] += s.cross[i + j * pq + a * pq * pq] * s.cross[j + i * pq + b * pq * pq];
  return LMR_OK;
}
