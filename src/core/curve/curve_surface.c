#include "core/curve/curve_surface.h"

#include "core/la/fastmath.h"

#include <math.h>
#include <string.h>

/* weights of a member: xi: directions (covariates x xi), shifts; psi: slopes, shifts;
 * joint: directions ((1 + covariates) x joint), shifts. */
size_t surface_weights(const surface_nets *s) {
  return s->xi * (s->covariates + 1) + s->psi * 2 + s->joint * (s->covariates + 2);
}

size_t surface_columns(const surface_nets *s) { return surface_block_start(s, SURFACE_BLOCKS); }

size_t surface_block_start(const surface_nets *s, size_t block) {
  const size_t flat = 1 + s->covariates, sizes[] = {s->xi, s->covariates + s->xi, s->psi, s->joint};
  size_t at = flat;
  for (size_t b = 0; b < block; b++) at += sizes[b];
  return at;
}

/* count directions of d inputs with knots at rows of v (n x d) and slopes
 * .3 + .7 |N(0, 1)|; v1 (n) is an input before v when not NULL. */
static void draw_units(lmr_rng *rng, size_t count, size_t n, const double *v1, const double *v,
                       size_t d, double *direction, double *shift) {
  const size_t inputs = d + (v1 != NULL);
  for (size_t u = 0; u < count; u++) {
    double *w = direction + u * inputs, norm = 0, knot = 0;
    for (size_t k = 0; k < inputs; k++) {
      w[k] = lmr_rng_normal(rng);
      norm += w[k] * w[k];
    }
    const double slope = (.3 + .7 * fabs(lmr_rng_normal(rng))) / sqrt(norm);
    const size_t row = (size_t)lmr_rng_below(rng, n);
    for (size_t k = 0; k < inputs; k++) {
      w[k] *= slope;
      const double at = v1 ? (k ? v[row + (k - 1) * n] : v1[row]) : v[row + k * n];
      knot += w[k] * at;
    }
    shift[u] = -knot;
  }
}

static void run_units(size_t count, size_t rows, const double *v1, const double *v, size_t d,
                      const double *direction, const double *shift, double *out, lmr_cpu level) {
  const size_t inputs = d + (v1 != NULL);
  for (size_t u = 0; u < count; u++) {
    double *to = out + u * rows;
    const double *w = direction + u * inputs;
    for (size_t i = 0; i < rows; i++) to[i] = shift[u];
    for (size_t k = 0; k < inputs; k++) {
      const double *from = v1 ? (k ? v + (k - 1) * rows : v1) : v + k * rows;
      for (size_t i = 0; i < rows; i++) to[i] += w[k] * from[i];
    }
    vtanh(to, to, rows, level);
  }
}

typedef struct {
  double *xi, *xi_shift, *psi, *psi_shift, *joint, *joint_shift;
} parts;

static parts split(const surface_nets *s, size_t member) {
  parts p;
  p.xi = s->weight + member * surface_weights(s);
  p.xi_shift = p.xi + s->xi * s->covariates;
  p.psi = p.xi_shift + s->xi;
  p.psi_shift = p.psi + s->psi;
  p.joint = p.psi_shift + s->psi;
  p.joint_shift = p.joint + s->joint * (1 + s->covariates);
  return p;
}

void surface_start(const surface_nets *s, size_t n, const double *a, const double *x,
                   lmr_rng *rng, size_t member) {
  const parts p = split(s, member);
  draw_units(rng, s->xi, n, NULL, x, s->covariates, p.xi, p.xi_shift);
  draw_units(rng, s->psi, n, NULL, a, 1, p.psi, p.psi_shift);
  draw_units(rng, s->joint, n, a, x, s->covariates, p.joint, p.joint_shift);
}

void surface_at(const surface_nets *s, size_t member, size_t count, const double *a, const double *x,
                int derivative, int raw, double *out, lmr_cpu level) {
  const parts p = split(s, member);
  const size_t c = s->covariates, columns = surface_columns(s);
  for (size_t i = 0; i < count; i++) out[i] = derivative ? 1 : a[i];
  for (size_t i = 0; i < count * c; i++) out[count + i] = derivative ? 0 : x[i];
  double *xi = out + surface_block_start(s, 0) * count;
  double *product = out + surface_block_start(s, 1) * count;
  double *psi = out + surface_block_start(s, 2) * count;
  double *joint = out + surface_block_start(s, 3) * count;
  run_units(s->xi, count, NULL, x, c, p.xi, p.xi_shift, xi, level);
  for (size_t k = 0; k < c + s->xi; k++) {
    const double *v = k < c ? x + k * count : xi + (k - c) * count;
    for (size_t i = 0; i < count; i++) product[k * count + i] = (derivative ? 1 : a[i]) * v[i];
  }
  run_units(s->psi, count, NULL, a, 1, p.psi, p.psi_shift, psi, level);
  run_units(s->joint, count, a, x, c, p.joint, p.joint_shift, joint, level);
  if (derivative) {
    memset(xi, 0, s->xi * count * sizeof *xi);
    for (size_t u = 0; u < s->psi; u++)
      for (size_t i = 0; i < count; i++) {
        double *t = psi + u * count + i;
        *t = p.psi[u] * (1 - *t * *t);
      }
    for (size_t u = 0; u < s->joint; u++)
      for (size_t i = 0; i < count; i++) {
        double *t = joint + u * count + i;
        *t = p.joint[u * (1 + c)] * (1 - *t * *t);
      }
  }
  if (raw) return;
  size_t block = 0;
  for (size_t j = 0; j < columns; j++) {
    while (block < SURFACE_BLOCKS && j >= surface_block_start(s, block + 1)) block++;
    const double scale = j < 1 + c ? 1 : s->block[member * SURFACE_BLOCKS + block];
    const double mean = derivative ? 0 : s->mean[member * columns + j];
    for (size_t i = 0; i < count; i++) out[j * count + i] = scale * out[j * count + i] - mean;
  }
}

static size_t pooled(size_t nz, size_t nx, const surface_nets *s) {
  return s->xi + nz * (nx + s->xi) + s->psi + s->joint;
}

size_t surface_basis_cap(size_t n, size_t nz, size_t nx, const surface_nets *s) {
  const size_t base = 1 + nz + nx, all = base + pooled(nz, nx, s);
  const size_t most = n / 3 > base ? n / 3 : base;
  return all < most ? all : most;
}

size_t surface_basis_bytes(size_t n, size_t nz, size_t nx, const surface_nets *s) {
  const size_t m = pooled(nz, nx, s), d = sizeof(double);
  const size_t inputs = nz + nx + 1;
  size_t total = lmr_bytes(n * m, d);
  total = lmr_add_bytes(total, lmr_bytes(n * (nz + nx), d));
  total = lmr_add_bytes(total, lmr_bytes(n, d));
  total = lmr_add_bytes(total, lmr_bytes((m + 1) * inputs, 2 * d));
  total = lmr_add_bytes(total, lmr_bytes(1 + nz + nx, d));
  return lmr_add_bytes(lmr_add_bytes(total, 1024), curve_components_bytes(m, surface_basis_cap(n, nz, nx, s)));
}

lmr_status surface_basis(size_t n, const double *z, size_t nz, const double *x, size_t nx, const surface_nets *s,
                         lmr_rng *rng, double *q, size_t *base, size_t *kept, lmr_cpu level, lmr_arena work,
                         lmr_error *err) {
  const size_t m = pooled(nz, nx, s), cap = surface_basis_cap(n, nz, nx, s);
  double *unit, *both, *one, *direction, *shift, *dots;
  LMR_TAKE(unit, &work, n * m, err);
  LMR_TAKE(both, &work, n * (nz + nx), err);
  LMR_TAKE(one, &work, n, err);
  LMR_TAKE(direction, &work, (m + 1) * (nz + nx + 1), err);
  LMR_TAKE(shift, &work, m + 1, err);
  LMR_TAKE(dots, &work, 1 + nz + nx, err);
  memcpy(both, z, n * nz * sizeof *both);
  memcpy(both + n * nz, x, n * nx * sizeof *both);
  size_t k = 0;
  for (size_t i = 0; i < n; i++) one[i] = 1;
  k += (size_t)curve_append(n, q, k, one, 1e-7, dots);
  for (size_t j = 0; j < nx; j++) k += (size_t)curve_append(n, q, k, x + j * n, 1e-7, dots);
  for (size_t j = 0; j < nz; j++) k += (size_t)curve_append(n, q, k, z + j * n, 1e-7, dots);
  *base = k;
  double *xi = unit;
  draw_units(rng, s->xi, n, NULL, x, nx, direction, shift);
  run_units(s->xi, n, NULL, x, nx, direction, shift, xi, level);
  double *to = unit + s->xi * n;
  for (size_t j = 0; j < nz; j++)
    for (size_t v = 0; v < nx + s->xi; v++, to += n) {
      const double *with = v < nx ? x + v * n : xi + (v - nx) * n;
      for (size_t i = 0; i < n; i++) to[i] = z[i + j * n] * with[i];
    }
  draw_units(rng, s->psi, n, NULL, z, nz, direction, shift);
  run_units(s->psi, n, NULL, z, nz, direction, shift, to, level);
  to += s->psi * n;
  draw_units(rng, s->joint, n, NULL, both, nz + nx, direction, shift);
  run_units(s->joint, n, NULL, both, nz + nx, direction, shift, to, level);
  return curve_components(n, q, k, cap, unit, m, kept, level, work, err);
}
