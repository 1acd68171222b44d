/* Whether a square matrix can be what it is said to be, in two passes over it. */
#ifndef LMR_CORE_LA_SYMMETRIC_H
#define LMR_CORE_LA_SYMMETRIC_H

#include <stddef.h>

typedef enum {
  SYMMETRIC_OK,
  SYMMETRIC_SIDES,   /* a_ij and a_ji are further apart than 1e-8 of the largest |a| */
  SYMMETRIC_NEGATIVE, /* a diagonal below -1e-9 of it */
  SYMMETRIC_LARGE    /* |a_ij| > sqrt(a_ii a_jj) (1 + 1e-6) + 1e-9 of it: no cross products are that large */
} symmetric_fault;

/* a: n x n, finite, column-major. The last two are looked for where `products` is not 0 and then need `root`, room
 * for n numbers. The first of them in this order that is found. */
symmetric_fault symmetric_check(const double *a, size_t n, int products, double *root);

/* Sum of (a_ij scale_i scale_j)^2 over all i and j of a symmetric n x n matrix. */
double symmetric_squares(const double *a, size_t n, const double *scale);

#endif
