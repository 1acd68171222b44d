/* Directions whose law changes between few pairs of environments (sparse mechanism
 * shifts; the idea: Lachapelle et al. 2024, arXiv 2401.04890; this linear form is ours).
 * With x whitened, m_e and S_e its means and covariances, the pair p = (e, f) has
 *   M_p = (m_e - m_f)(m_e - m_f)' + (S_e - S_f)^2 / 2,
 * and b'M_p b = 0 if and only if b'x has the same mean, variance and covariances with all
 * of x in e and in f. Directions b_1 .. b_d of length one minimise
 *   f = sum_j sum_p c log(1 + b_j'M_p b_j / eps) - tau log |det (b_1 .. b_d)|,
 *   c = 1 / log(1 / eps),
 * for eps from .1 down to the last one in three steps of one ratio, from normal starts. f does not see length, sign or order. */
#ifndef LMR_CORE_SPARSE_SHIFT_H
#define LMR_CORE_SPARSE_SHIFT_H

#include "core/base/arena.h"

#include <stdint.h>

typedef struct {
  size_t d, pairs;
  const double *m; /* d x d x pairs, symmetric */
  double tau, last; /* the last eps, at most .1 */
} sparse_problem;

/* f and, unless gradient is NULL, df/db (d x d) at b (d x d, columns of any length).
 * LMR_ESINGULAR when the columns are dependent. */
size_t sparse_value_bytes(const sparse_problem *problem);
lmr_status sparse_value(const sparse_problem *problem, double eps, const double *b, double *value,
                        double *gradient, lmr_arena work, lmr_error *err);

/* b: d x d, columns of length one, of the start with the smallest f at the last eps (the first of
 * those within 1e-5 of it); values[starts]: f of each, infinite where it failed. */
size_t sparse_rows_bytes(const sparse_problem *problem);
lmr_status sparse_rows(const sparse_problem *problem, size_t starts, uint64_t seed, double *b,
                       double *values, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The largest set of environments in which every pair agrees (t[e + f E] < limit), of those
 * of one size the one with the smallest sum of t; of sets that hold `reference` when that is
 * not negative. Beyond SPARSE_ENUMERATED environments the one with most disagreements (of
 * those with as many: the largest sum of t) is taken out until all agree, which need not
 * find the largest set. t: E x E, symmetric. keep[E]: 0/1. */
#define SPARSE_ENUMERATED 16
void sparse_agreement(const double *t, size_t environments, double limit, int reference, int *keep);

#endif
