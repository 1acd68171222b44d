#include "core/moments/moments_check.h"

#include <limits.h>
#include <math.h>

/* Of the size that the terms of a sum have. */
static const double slack = 1e-9;

typedef struct {
  const moments_view *m;
  moments_kind kind;
  size_t block;
  double n, room; /* room: rounding of sums of copies, which may cancel to 0 */
  const double *sg, *sm, *sx;
  const int *flag;                 /* row of a variant's missing flag, or -1 */
  double *spread_g, *spread_m, *spread_x; /* root of n sum u^2 - (sum u)^2 */
  double *size_g, *size_m, *size_x;       /* root of n sum u^2 */
  moments_fault *fault;
} checked;

static inline size_t triangle(size_t p) { return p * (p + 1) / 2; }
static inline size_t packed(size_t i, size_t j) { return i <= j ? triangle(j) + i : triangle(i) + j; }

/* R's missing integer is the least one. */
static inline double count_of(stored_counts s, size_t k) {
  return s.i ? s.i[k] == INT_MIN ? NAN : (double)s.i[k] : s.d[k];
}

static int bad(const checked *c, moments_part part, size_t row, size_t column, double value, double least,
               double most, int whole) {
  const double room = whole ? 0 : slack * fmax(isfinite(least) ? fabs(least) : 0, isfinite(most) ? fabs(most) : 0) + c->room;
  if (isfinite(value) && value >= least - room && value <= most + room && (!whole || value == floor(value))) return 0;
  *c->fault = (moments_fault){1, part, row, column, c->block, value, least, most, whole};
  return 1;
}

/* The range that Cauchy and Schwarz leave to a sum of products. */
static int apart(const checked *c, moments_part part, size_t row, size_t column, double value, double sum_u,
                 double sum_v, double spread, double size) {
  const double middle = sum_u * sum_v / c->n, reach = (spread + slack * size) / c->n;
  return bad(c, part, row, column, value, middle - reach, middle + reach, 0);
}

static double missing_of(const checked *c, size_t v) { return c->flag[v] < 0 ? 0 : c->sm[c->flag[v]]; }

/* Root of n sum u^2 - (sum u)^2 and of n sum u^2. */
static void spread_of(double n, double sum, double square, double *spread, double *size) {
  *size = sqrt(fmax(n * square, 0));
  *spread = sqrt(fmax(n * square - sum * sum, 0));
}

static int check_flags(const checked *c) {
  const size_t pm = c->m->pm, at = triangle(pm) * c->block;
  for (size_t k = 0; k < pm; k++)
    if (bad(c, MOMENTS_SM, k, 0, c->sm[k], 0, c->n, 1)) return 1;
  for (size_t k = 0; k < pm; k++) {
    for (size_t l = 0; l <= k; l++) {
      const double least = k == l ? c->sm[k] : fmax(0, c->sm[k] + c->sm[l] - c->n);
      if (bad(c, MOMENTS_MM, l, k, count_of(c->m->mm, at + triangle(k) + l), least, fmin(c->sm[k], c->sm[l]), 1)) return 1;
    }
    spread_of(c->n, c->sm[k], c->sm[k], c->spread_m + k, c->size_m + k);
  }
  return 0;
}

/* Sums and squares of the variants. */
static int check_variants(const checked *c) {
  const size_t p = c->m->p, at = triangle(p) * c->block;
  const int whole = c->kind == MOMENTS_GENOTYPE;
  for (size_t v = 0; v < p; v++) {
    const double called = c->n - missing_of(c, v), sum = c->sg[v];
    const double square = count_of(c->m->gg, at + triangle(v) + v);
    if (c->kind == MOMENTS_CONTINUOUS) {
      if (bad(c, MOMENTS_SG, v, 0, sum, -HUGE_VAL, HUGE_VAL, 0)) return 1;
      const double least = called > 0 ? sum * sum / called : 0;
      if (bad(c, MOMENTS_GG, v, v, square, least * (1 - slack), called > 0 ? HUGE_VAL : 0, 0)) return 1;
    } else {
      if (bad(c, MOMENTS_SG, v, 0, sum, 0, 2 * called, whole)) return 1;
      /* n2 = (square - sum) / 2 and n1 = 2 sum - square are not negative, n1 + n2 <= called. */
      const double least = whole ? fmax(sum, 3 * sum - 2 * called) : called > 0 ? sum * sum / called : 0;
      if (bad(c, MOMENTS_GG, v, v, square, least, 2 * sum, whole)) return 1;
      if (whole && fmod(square - sum, 2) != 0) {
        *c->fault = (moments_fault){1, MOMENTS_GG, v, v, c->block, square, sum, 2 * sum, 2};
        return 1;
      }
    }
    spread_of(c->n, sum, square, c->spread_g + v, c->size_g + v);
  }
  return 0;
}

static int check_pairs(const checked *c) {
  const size_t p = c->m->p, at = triangle(p) * c->block;
  const int copies = c->kind != MOMENTS_CONTINUOUS, whole = c->kind == MOMENTS_GENOTYPE;
  for (size_t v = 1; v < p; v++)
    for (size_t u = 0; u < v; u++) {
      const double value = count_of(c->m->gg, at + triangle(v) + u);
      if (copies && bad(c, MOMENTS_GG, u, v, value, 0, 2 * fmin(c->sg[u], c->sg[v]), whole)) return 1;
      if (apart(c, MOMENTS_GG, u, v, value, c->sg[u], c->sg[v], c->spread_g[u] * c->spread_g[v],
                c->size_g[u] * c->size_g[v]))
        return 1;
    }
  return 0;
}

static int check_called_pairs(const checked *c) {
  const size_t p = c->m->p, pm = c->m->pm, at = p * pm * c->block, at_mm = triangle(pm) * c->block;
  const int copies = c->kind != MOMENTS_CONTINUOUS, whole = c->kind == MOMENTS_GENOTYPE;
  for (size_t k = 0; k < pm; k++)
    for (size_t v = 0; v < p; v++) {
      const double value = count_of(c->m->gm, at + p * k + v);
      const double both = c->flag[v] < 0 ? 0 : count_of(c->m->mm, at_mm + packed((size_t)c->flag[v], k));
      const double people = c->sm[k] - both; /* with the flag and a call of v */
      if (people == 0 || copies) {
        const double most = people == 0 ? 0 : fmin(c->sg[v], 2 * people);
        if (bad(c, MOMENTS_GM, v, k, value, 0, most, whole)) return 1;
      }
      if (apart(c, MOMENTS_GM, v, k, value, c->sg[v], c->sm[k], c->spread_g[v] * c->spread_m[k],
                c->size_g[v] * c->size_m[k]))
        return 1;
    }
  return 0;
}

static int check_numeric(const checked *c) {
  const size_t q = c->m->q, p = c->m->p, pm = c->m->pm;
  const double *xx = c->m->xx + triangle(q) * c->block, *gx = c->m->gx + p * q * c->block;
  const double *mx = c->m->mx + pm * q * c->block;
  for (size_t k = 0; k < q; k++) {
    if (bad(c, MOMENTS_SX, k, 0, c->sx[k], -HUGE_VAL, HUGE_VAL, 0)) return 1;
    const double square = xx[triangle(k) + k];
    if (bad(c, MOMENTS_XX, k, k, square, c->sx[k] * c->sx[k] / c->n * (1 - slack), HUGE_VAL, 0)) return 1;
    spread_of(c->n, c->sx[k], square, c->spread_x + k, c->size_x + k);
  }
  for (size_t k = 0; k < q; k++) {
    for (size_t l = 0; l < k; l++)
      if (apart(c, MOMENTS_XX, l, k, xx[triangle(k) + l], c->sx[l], c->sx[k], c->spread_x[l] * c->spread_x[k],
                c->size_x[l] * c->size_x[k]))
        return 1;
    for (size_t v = 0; v < p; v++)
      if (apart(c, MOMENTS_GX, v, k, gx[v + p * k], c->sg[v], c->sx[k], c->spread_g[v] * c->spread_x[k],
                c->size_g[v] * c->size_x[k]))
        return 1;
    for (size_t f = 0; f < pm; f++)
      if (apart(c, MOMENTS_MX, f, k, mx[f + pm * k], c->sm[f], c->sx[k], c->spread_m[f] * c->spread_x[k],
                c->size_m[f] * c->size_x[k]))
        return 1;
  }
  return 0;
}

size_t moments_check_bytes(const moments_view *m) {
  const size_t columns = lmr_add_bytes(lmr_double_bytes(2, m->p), lmr_double_bytes(2, m->pm));
  return lmr_add_bytes(lmr_add_bytes(columns, lmr_double_bytes(2, m->q)), lmr_bytes(m->p, sizeof(int)));
}

lmr_status moments_check(const moments_view *m, const double *n, moments_kind kind, moments_fault *fault,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  checked c = {.m = m, .kind = kind, .fault = fault};
  int *flag;
  LMR_TAKE(flag, &work, m->p, err);
  LMR_TAKE(c.spread_g, &work, m->p, err);
  LMR_TAKE(c.size_g, &work, m->p, err);
  LMR_TAKE(c.spread_m, &work, m->pm, err);
  LMR_TAKE(c.size_m, &work, m->pm, err);
  LMR_TAKE(c.spread_x, &work, m->q, err);
  LMR_TAKE(c.size_x, &work, m->q, err);
  for (size_t v = 0; v < m->p; v++) flag[v] = -1;
  for (size_t k = 0; k < m->pm; k++) flag[m->missing[k] - 1] = (int)k;
  c.flag = flag;
  fault->found = 0;
  for (size_t b = 0; b < m->blocks; b++) {
    if (lmr_tick_poll(tick, (double)b / (double)m->blocks)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    c.block = b;
    c.n = n[b];
    c.room = kind == MOMENTS_DOSAGE ? 1e-12 * c.n : 0;
    c.sg = m->sg + m->p * b;
    c.sm = m->sm + m->pm * b;
    c.sx = m->sx + m->q * b;
    if (check_flags(&c) || check_variants(&c) || check_pairs(&c) || check_called_pairs(&c) || check_numeric(&c)) break;
  }
  return LMR_OK;
}
