/* The leading rows and columns of a symmetric matrix seen through a map. */
#ifndef LMR_CORE_TURN_H
#define LMR_CORE_TURN_H

#include "core/base/arena.h"

/* A (p x p, leading part of an array of leading dimension ld, upper triangle read, positive
 * semidefinite) is known to have at most this rank: fewer people than variants. */
typedef struct {
  const double *a;
  size_t p, ld, rank;
} turn_matrix;

/* out (m x m, both triangles) := map' A map for map p x m: where the rank is small, from a
 * factor A = F F' (pivoted_cholesky.h), which stops at rounding. */
size_t turn_bytes(const turn_matrix *a, size_t m);
lmr_status turn(const turn_matrix *a, const double *map, size_t m, double *out, lmr_arena work, const lmr_tick *tick,
                lmr_error *err);

/* out[size] := sum of `count` arrays. */
lmr_status matrix_sum(const double *const *from, size_t count, size_t size, double *out, const lmr_tick *tick,
                      lmr_error *err);

/* out (m x m) := the rows and columns `at` of a (w x w). */
lmr_status matrix_pick(const double *a, size_t w, const int *at, size_t m, double *out, const lmr_tick *tick,
                       lmr_error *err);

/* f (p x p of space) := F, p x *found; the copy of A that it takes is in `work`. */
size_t turn_factor_bytes(size_t p);
lmr_status turn_factor(const turn_matrix *a, double *f, size_t *found, lmr_arena work, const lmr_tick *tick,
                       lmr_error *err);

#endif
