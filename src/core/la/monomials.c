#include "core/la/monomials.h"

#include <string.h>

size_t monomial_count(size_t d, int degree) {
  size_t count = d;
  if (degree > 1) count += d * (d + 1) / 2;
  if (degree > 2) count += d * (d + 1) * (d + 2) / 6;
  return count;
}

/* q! / (k_0! k_1! ...): the share of a product of `size` columns, `same` of which
 * coincide in runs. */
static double multinomial(int degree, const int *column, int size) {
  static const double factorial[] = {1, 1, 2, 6};
  double share = factorial[degree] / factorial[degree - size];
  for (int i = 0, run = 1; i < size; i++, run++) {
    if (i + 1 < size && column[i + 1] == column[i]) continue;
    share /= factorial[run];
    run = 0;
  }
  return share;
}

void monomial_table(size_t d, int degree, monomial *table) {
  size_t from = 0, to = 0;
  for (size_t j = 0; j < d; j++) table[to++] = (monomial){-1, (int)j, 0};
  for (int k = 2; k <= degree; k++) {
    const size_t end = to;
    for (size_t f = from; f < end; f++)
      for (int j = table[f].column; j < (int)d; j++) table[to++] = (monomial){(int)f, j, 0};
    from = end;
  }
  for (size_t f = 0; f < to; f++) {
    int column[3], size = 0;
    for (int g = (int)f; g >= 0; g = table[g].parent) column[size++] = table[g].column;
    table[f].share = multinomial(degree, column, size);
  }
}

void monomial_values(const monomial *table, size_t count, size_t n, const double *x, double *out) {
  for (size_t f = 0; f < count; f++) {
    const double *c = x + (size_t)table[f].column * n;
    double *to = out + f * n;
    if (table[f].parent < 0) {
      memcpy(to, c, n * sizeof *to);
      continue;
    }
    const double *p = out + (size_t)table[f].parent * n;
    for (size_t i = 0; i < n; i++) to[i] = p[i] * c[i];
  }
}

void monomial_chain(const monomial *table, size_t count, size_t n, const double *x, const double *out,
                    double *up, double *gradient) {
  for (size_t f = count; f-- > 0;) {
    const double *u = up + f * n;
    double *g = gradient + (size_t)table[f].column * n;
    if (table[f].parent < 0) {
      for (size_t i = 0; i < n; i++) g[i] += u[i];
      continue;
    }
    const double *c = x + (size_t)table[f].column * n, *p = out + (size_t)table[f].parent * n;
    double *to = up + (size_t)table[f].parent * n;
    for (size_t i = 0; i < n; i++) {
      g[i] += u[i] * p[i];
      to[i] += u[i] * c[i];
    }
  }
}
