/* Products of columns: what of x_a x_b the span of (1, X) does not hold.
 * X (n x r) is whitened (columns of mean 0, X'X = n I), components in descending
 * order of variance; res() is the residual on (1, x_1..x_p) and <u, v> = u'v / n.
 *   Q_G[a, b]     = sum_g <res(x_a g), res(x_b g)>        (G: p x m, orthonormal)
 *   S[a, b, i, k] = <res(x_a f_i), res(x_b f_k)>          (f = X U, U: p x d)
 * Two providers of the same numbers: a table of all inner products (p^4 doubles,
 * fast up to some tens of columns), or the rows and their third moments. */
#ifndef LMR_CORE_CLOSURE_PRODUCTS_H
#define LMR_CORE_CLOSURE_PRODUCTS_H

#include "core/base/cpu.h"
#include "core/la/la.h"

enum { CLOSURE_TABLE_MAX = 60 }; /* columns up to which the table is used */

typedef struct {
  const double *x; /* n x r, whitened */
  size_t n, r;
  double *slope;      /* r x r(r+1)/2: X'(x_a x_b) / n; pair (a <= b) is a + b (b + 1) / 2 */
  double *covariance; /* pairs x pairs: <res, res> on all r components; NULL without the table */
  lmr_cpu level;
} closure_pairs;

/* Fills `slope` and, unless NULL, `covariance`. */
size_t closure_pairs_bytes(size_t r);
lmr_status closure_pairs_fill(closure_pairs *pairs, lmr_arena work, const lmr_tick *tick, lmr_error *err);

/* The leading p components. table: p^4 doubles owned by the caller, or NULL. */
typedef struct {
  const closure_pairs *pairs;
  size_t p;
  double *table;
} closure_products;
void closure_products_fill(closure_products *products);

/* q: p x p, both triangles. */
size_t closure_q_bytes(const closure_products *products, size_t m);
lmr_status closure_q(const closure_products *products, const double *g, size_t m, double *q,
                     lmr_arena work, lmr_error *err);

/* s: p x p x d x d. */
size_t closure_s_bytes(const closure_products *products, size_t d);
lmr_status closure_s(const closure_products *products, const double *u, size_t d, double *s,
                     lmr_arena work, lmr_error *err);

#endif
