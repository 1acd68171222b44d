#include "core/la/turn.h"

#include <math.h>
#include <string.h>

#include "core/la/la.h"
#include "core/la/pivoted_cholesky.h"

#define ROUNDING 1e-14 /* of the largest diagonal */

/* What the factor costs is made up for by then. */
static int by_factor(const turn_matrix *a) { return a->rank < a->p / 2; }

size_t turn_factor_bytes(size_t p) {
  const size_t own = lmr_add_bytes(lmr_double_bytes(1, p * p + 1), lmr_bytes(p + 1, sizeof(int)));
  return lmr_add_bytes(own, pivoted_factor_bytes(p));
}

size_t turn_bytes(const turn_matrix *a, size_t m) {
  if (!by_factor(a)) return lmr_double_bytes(1, a->p * m + 1);
  return lmr_add_bytes(lmr_double_bytes(2, a->p * (a->p > m ? a->p : m) + 1), turn_factor_bytes(a->p));
}

lmr_status turn_factor(const turn_matrix *a, double *f, size_t *found, lmr_arena work, const lmr_tick *tick,
                       lmr_error *err) {
  const size_t p = a->p;
  double *copy, most = 0;
  int *pivot;
  LMR_TAKE(copy, &work, p * p + 1, err);
  LMR_TAKE(pivot, &work, p + 1, err);
  for (size_t j = 0; j < p; j++) {
    memcpy(copy + j * p, a->a + j * a->ld, (j + 1) * sizeof *copy);
    most = fmax(most, copy[j + j * p]);
  }
  return pivoted_factor(copy, p, ROUNDING * most, f, pivot, found, work, tick, err);
}

lmr_status matrix_sum(const double *const *from, size_t count, size_t size, double *out, const lmr_tick *tick,
                      lmr_error *err) {
  enum { PIECE = 2048, PIECES = 64 }; /* of `out` in the first cache; before the user is asked */
  for (size_t first = 0; first < size; first += PIECE) {
    if (first % (PIECE * PIECES) == 0 && lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    const size_t some = size - first < PIECE ? size - first : PIECE;
    double *to = out + first;
    memcpy(to, from[0] + first, some * sizeof *to);
    for (size_t l = 1; l < count; l++)
      for (size_t i = 0; i < some; i++) to[i] += from[l][first + i];
  }
  return LMR_OK;
}

lmr_status matrix_pick(const double *a, size_t w, const int *at, size_t m, double *out, const lmr_tick *tick,
                       lmr_error *err) {
  size_t run = 0; /* of the first columns, as they stand */
  while (run < m && (size_t)at[run] == run) run++;
  for (size_t j = 0; j < m; j++) {
    const double *from = a + w * (size_t)at[j];
    double *to = out + m * j;
    memcpy(to, from, run * sizeof *to);
    for (size_t i = run; i < m; i++) to[i] = from[at[i]];
    if (lmr_tick_poll(tick, 0)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  return LMR_OK;
}

lmr_status turn(const turn_matrix *a, const double *map, size_t m, double *out, lmr_arena work, const lmr_tick *tick,
                lmr_error *err) {
  const size_t p = a->p;
  double *half;
  if (!p || !m) {
    memset(out, 0, m * m * sizeof *out);
    return LMR_OK;
  }
  if (!by_factor(a)) {
    LMR_TAKE(half, &work, p * m, err);
    LMR_TRY(la_gemm_polled('N', 'N', p, m, p, 1, a->a, a->ld, map, p, 0, half, p, tick, err));
    return la_gemm_upper('T', 'N', m, p, map, p, half, p, out, m, tick, err);
  }
  double *f;
  size_t rank;
  LMR_TAKE(f, &work, p * p, err);
  LMR_TAKE(half, &work, p * m, err);
  LMR_TRY(turn_factor(a, f, &rank, work, tick, err));
  memset(out, 0, m * m * sizeof *out);
  if (!rank) return LMR_OK;
  LMR_TRY(la_gemm_polled('T', 'N', rank, m, p, 1, f, p, map, p, 0, half, rank, tick, err));
  LMR_TRY(la_syrk_polled('T', m, rank, 1, half, rank, 0, out, m, tick, err));
  la_symmetrize(out, m, m);
  return LMR_OK;
}
