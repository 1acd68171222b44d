#include "core/effect/direction.h"

#include <math.h>

double steiger_z(double rx, double ry, double rxy, double n3) {
  const double a = fabs(rx), b = fabs(ry), m = (a + b) / 2, m2 = m * m;
  const double r = rx * ry < 0 ? -rxy : rxy;
  const double s = (r * (1 - 2 * m2) - m2 * (1 - 2 * m2 - r * r) / 2) / ((1 - m2) * (1 - m2));
  return (atanh(a) - atanh(b)) * sqrt(n3 / (2 - 2 * s));
}

direction direction_whole(const double *r0, const double *r1, double n, double L, double K) {
  const double df = n - K - L;
  double om[3], s[3]; /* xx, xy, yy */
  const int at[3] = {3, 1, 0};
  for (int i = 0; i < 3; i++) {
    om[i] = r1[at[i]] / df;
    s[i] = (r0[at[i]] - r1[at[i]] - L * om[i]) / n;
  }
  direction d;
  d.rsq_x = fmax(0, 1 - om[0] / (r0[3] / (n - K)));
  d.rsq_y = fmax(0, 1 - om[2] / (r0[0] / (n - K)));
  const double sx = fmax(s[0], 0), sy = fmax(s[2], 0);
  const double tx = (sx + om[0]) * (sx + om[0]), ty = (sy + om[2]) * (sy + om[2]);
  /* Gradients of R2_x - R2_y in S_xx, S_yy, Om_xx, Om_yy. */
  const double gx = om[0] / tx, gy = -om[2] / ty, hx = -sx / tx, hy = sy / ty;
  const double vx = 4 * sx * om[0] / n + 2 * L * om[0] * om[0] / (n * n);
  const double vy = 4 * sy * om[2] / n + 2 * L * om[2] * om[2] / (n * n);
  const double vxy = 4 * s[1] * om[1] / n + 2 * L * om[1] * om[1] / (n * n);
  const double noise = hx * hx * om[0] * om[0] + hy * hy * om[2] * om[2] + 2 * hx * hy * om[1] * om[1];
  d.se = sqrt(fmax(0, gx * gx * vx + gy * gy * vy + 2 * gx * gy * vxy + 2 * noise / df));
  d.z = (d.rsq_x - d.rsq_y) / d.se;
  return d;
}
