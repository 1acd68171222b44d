#include "core/kernel/low_rank.h"

#include <string.h>

#include "core/la/fastmath.h"
#include "core/la/pivoted_cholesky.h"

static size_t row_of(const lmr_points *p, size_t i) { return p->order ? (size_t)p->order[i] : i; }

typedef struct {
  const lmr_points *p;
  double *dist; /* [n] */
  lmr_cpu level;
} gram;

static void kernel_column(void *matrix, size_t pivot, double *out) {
  const gram *m = matrix;
  const lmr_points *p = m->p;
  const lmr_kernel *k = &p->kernel;
  double *dist = m->dist;
  const lmr_cpu level = m->level;
  if (k->kind != LMR_RBF) {
    for (size_t i = 0; i < p->n; i++) out[i] = kernel_value(p, row_of(p, i), row_of(p, pivot));
    return;
  }
  memset(dist, 0, p->n * sizeof *dist);
  for (size_t c = 0; c < p->d; c++) {
    const double *col = p->x + c * p->ld, at = col[row_of(p, pivot)];
    for (size_t i = 0; i < p->n; i++) {
      const double t = col[row_of(p, i)] - at;
      dist[i] += t * t;
    }
  }
  if (k->scales == 1) {
    for (size_t i = 0; i < p->n; i++) out[i] = -k->gamma[0] * dist[i];
    vexp(out, out, p->n, level);
    return;
  }
  memset(out, 0, p->n * sizeof *out);
  double term[GRAM_TILE];
  for (int s = 0; s < k->scales; s++)
    for (size_t i = 0; i < p->n; i += GRAM_TILE) {
      const size_t rows = p->n - i < GRAM_TILE ? p->n - i : GRAM_TILE;
      for (size_t j = 0; j < rows; j++) term[j] = -k->gamma[s] * dist[i + j];
      vexp(term, term, rows, level);
      for (size_t j = 0; j < rows; j++) out[i + j] += term[j] / k->scales;
    }
}

size_t low_rank_bytes(size_t n) { return lmr_add_bytes(2 * lmr_bytes(n, sizeof(double)), pivoted_cholesky_bytes(n)); }

lmr_status low_rank(const lmr_points *p, double tol, size_t max_rank, double *g, size_t *rank,
                    double *rest, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  double *left;
  gram m = {.p = p, .level = level};
  LMR_TAKE(left, &work, p->n, err);
  LMR_TAKE(m.dist, &work, p->n, err);
  for (size_t i = 0; i < p->n; i++) left[i] = kernel_value(p, row_of(p, i), row_of(p, i));
  const pivoted_matrix k = {p->n, max_rank, tol, kernel_column, &m};
  return pivoted_cholesky(&k, left, g, NULL, rank, rest, work, tick, err);
}
