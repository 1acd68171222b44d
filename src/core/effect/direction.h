/* Which of two traits stands nearer to the instruments (Steiger's direction), in
 * one sample, where the two correlations share people and are themselves correlated. */
#ifndef LMR_CORE_DIRECTION_H
#define LMR_CORE_DIRECTION_H

#include "core/base/status.h"

/* Steiger (1980), Psychological Bulletin 87:245, eq. 14: z of two dependent correlations
 * rx = cor(g, x) and ry = cor(g, y) in absolute value, given rxy = cor(x, y); with
 * m = (|rx| + |ry|) / 2, r = rxy sign(rx ry) and
 *   s = (r (1 - 2 m^2) - m^2 (1 - 2 m^2 - r^2) / 2) / (1 - m^2)^2,
 *   z = (atanh |rx| - atanh |ry|) sqrt(n3 / (2 - 2 s)).
 * n3: people minus 3 (minus the columns partialled out). */
double steiger_z(double rx, double ry, double rxy, double n3);

/* Shares of the variance of x and y that L instruments explain, after C of rank K.
 * From r0 = [y x]'M_C[y x] and r1 = [y x]'M_ZC[y x] (2 x 2): with Om = r1 / (n - K - L),
 * S = (r0 - r1 - L Om) / n,
 *   R2_x = 1 - Om_xx / (r0_xx / (n - K))     (adjusted, at least 0),
 * and for the variance of R2_x - R2_y by the delta method, instruments held fixed, normal errors,
 *   Cov(S_xx, S_yy) = 4 S_xy Om_xy / n + 2 L Om_xy^2 / n^2, Cov(Om_xx, Om_yy) = 2 Om_xy^2 / (n - K - L),
 *   dR2/dS = Om / (S + Om)^2, dR2/dOm = -S / (S + Om)^2. */
typedef struct {
  double rsq_x, rsq_y, se, z;
} direction;

direction direction_whole(const double *r0, const double *r1, double n, double L, double K);

#endif
