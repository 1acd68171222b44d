/* Monomials of d columns up to a degree (1 to 3), without the constant: degree by
 * degree, each an earlier one times a column no earlier than its last. Column by
 * column, forward beside backward. */
#ifndef LMR_CORE_MONOMIALS_H
#define LMR_CORE_MONOMIALS_H

#include <stddef.h>

/* f-th monomial = (parent < 0 ? 1 : parent-th) * column; `share` is its weight in
 * (x'y + 1)^degree = 1 + sum_f share_f m_f(x) m_f(y). */
typedef struct {
  int parent, column;
  double share;
} monomial;

size_t monomial_count(size_t d, int degree);
void monomial_table(size_t d, int degree, monomial *table);

/* x: n rows, column j at x + j * n; out, up: n x count likewise. */
void monomial_values(const monomial *table, size_t count, size_t n, const double *x, double *out);
/* gradient (n x d) += derivatives in x, given those in the monomials in `up`, which
 * are overwritten; out as monomial_values() left it. */
void monomial_chain(const monomial *table, size_t count, size_t n, const double *x, const double *out,
                    double *up, double *gradient);

#endif
