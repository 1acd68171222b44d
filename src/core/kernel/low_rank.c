#include "core/kernel/low_rank.h"

#include <math.h>
#include <string.h>

#include "core/la/fastmath.h"
#include "core/la/la.h"

static size_t row_of(const lmr_points *p, size_t i) { return p->order ? (size_t)p->order[i] : i; }

/* Column `pivot` of K. */
static void kernel_column(const lmr_points *p, size_t pivot, double *out, double *dist, lmr_cpu level) {
  const lmr_kernel *k = &p->kernel;
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
      const size_t m = p->n - i < GRAM_TILE ? p->n - i : GRAM_TILE;
      for (size_t j = 0; j < m; j++) term[j] = -k->gamma[s] * dist[i + j];
      vexp(term, term, m, level);
      for (size_t j = 0; j < m; j++) out[i + j] += term[j] / k->scales;
    }
}

size_t low_rank_bytes(size_t n) { return 3 * lmr_bytes(n, sizeof(double)); }

lmr_status low_rank(const lmr_points *p, double tol, size_t max_rank, double *g, size_t *rank,
                    double *rest, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t n = p->n;
  double *left, *dist, *row;
  LMR_TAKE(left, &work, n, err);
  LMR_TAKE(dist, &work, n, err);
  LMR_TAKE(row, &work, n, err);
  double whole = 0, remaining = 0;
  for (size_t i = 0; i < n; i++) whole += left[i] = kernel_value(p, row_of(p, i), row_of(p, i));
  if (!isfinite(whole)) return lmr_fail(err, LMR_ENONFINITE, "a diagonal entry of the Gram matrix is not finite");
  remaining = whole;
  size_t r = 0;
  for (; r < max_rank && r < n && remaining > tol * whole; r++) {
    size_t pivot = 0;
    for (size_t i = 1; i < n; i++)
      if (left[i] > left[pivot]) pivot = i;
    if (!(left[pivot] > 0)) break;
    double *col = g + r * n;
    const double root = sqrt(left[pivot]);
    kernel_column(p, pivot, col, dist, level);
    for (size_t c = 0; c < r; c++) row[c] = g[pivot + c * n];
    if (r) LMR_TRY(la_gemm('N', 'N', n, 1, r, -1, g, n, row, r, 1, col, n, err));
    remaining = 0;
    for (size_t i = 0; i < n; i++) {
      col[i] /= root;
      left[i] = i == pivot ? 0 : fmax(left[i] - col[i] * col[i], 0);
      remaining += left[i];
    }
    if (lmr_tick_poll(tick, (double)r / (double)max_rank)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  *rank = r;
  *rest = whole > 0 ? remaining / whole : 0;
  return LMR_OK;
}
