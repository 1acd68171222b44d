/* Curves that depend on covariates: blocks of treatment features
 *   flat [a, x] | xi(x) | a (x) [x, xi(x)] | psi(a) | psi(a, x),
 * each but the first with a prior variance of its own, maximised by evidence one
 * after the other; the mean of several nets. Everything in standard units. */
#ifndef LMR_CORE_CURVE_SURFACE_H
#define LMR_CORE_CURVE_SURFACE_H

#include "core/curve/curve_basis.h"
#include "core/base/rng.h"

enum { SURFACE_BLOCKS = 4, SURFACE_LEVELS = 16 };

typedef struct {
  size_t covariates, members;
  size_t xi, psi, joint; /* units: 50, 50, 100 */
  double *weight;        /* surface_weights() per member */
  double *block;         /* [members x SURFACE_BLOCKS] scales */
  double *mean;          /* [members x columns] of the scaled columns */
} surface_nets;

size_t surface_weights(const surface_nets *s);         /* doubles of one member */
size_t surface_columns(const surface_nets *s);         /* features of one member */
size_t surface_block_start(const surface_nets *s, size_t block); /* block = 4: the end */
void surface_start(const surface_nets *s, size_t n, const double *a, const double *x,
                   lmr_rng *rng, size_t member);
/* Columns of one member at count rows (out count x columns), centred and scaled by the
 * stored numbers unless raw. derivative: with respect to a. */
void surface_at(const surface_nets *s, size_t member, size_t count, const double *a, const double *x,
                int derivative, int raw, double *out, lmr_cpu level);

/* Orthonormal instrument basis [1, x, z], then principal components of
 * xi(x), z (x) [x, xi(x)], phi(z), phi(z, x). */
size_t surface_basis_cap(size_t n, size_t nz, size_t nx, const surface_nets *s);
size_t surface_basis_bytes(size_t n, size_t nz, size_t nx, const surface_nets *s);
lmr_status surface_basis(size_t n, const double *z, size_t nz, const double *x, size_t nx, const surface_nets *s,
                         lmr_rng *rng, double *q, size_t *base, size_t *kept, lmr_cpu level, lmr_arena work,
                         lmr_error *err);

typedef struct {
  double kappa[SURFACE_BLOCKS]; /* prior variances in units of s2 */
  double gain;                  /* log evidence against covariates that enter linearly */
} surface_evidence;

/* One member: coordinate-wise maximum of the evidence, its coefficients (columns) and
 * posterior covariance / s2 (columns^2). g (q), cross (q x columns). */
size_t surface_fit_bytes(size_t q, size_t columns);
lmr_status surface_fit(const surface_nets *s, size_t q, const double *g, const double *cross, double n, double s2,
                       surface_evidence *e, double *coef, double *cov, lmr_cpu level, lmr_arena work, lmr_error *err);

#endif
