/* Dense linear algebra: the only door to BLAS and LAPACK.
 * All matrices are column-major with a leading dimension (ld >= rows). Sizes
 * are checked here, before the library is called, because an illegal argument
 * makes R's BLAS raise an R error, i.e. jump out of the core. Dimensions above
 * INT_MAX are LMR_EINVAL. `work` arenas need the bytes of the *_bytes() twin. */
#ifndef LMR_CORE_LA_H
#define LMR_CORE_LA_H

#include "core/base/arena.h"

/* Work that may take longer than some tenths of a second polls `tick` (reporting nothing:
 * the share done is 0) and returns LMR_EINTERRUPT when asked to stop; the short names, for
 * sizes that do not grow with people and variants, never stop. */

/* C := alpha op(A) op(B) + beta C; op(A) is m x k, op(B) k x n; ta, tb 'N' or 'T'. */
lmr_status la_gemm_polled(char ta, char tb, size_t m, size_t n, size_t k, double alpha,
                          const double *a, size_t lda, const double *b, size_t ldb,
                          double beta, double *c, size_t ldc, const lmr_tick *tick, lmr_error *err);
lmr_status la_gemm(char ta, char tb, size_t m, size_t n, size_t k, double alpha,
                   const double *a, size_t lda, const double *b, size_t ldb,
                   double beta, double *c, size_t ldc, lmr_error *err);

/* C := op(A) op(B), n x n and known to be symmetric: half of it is computed. */
lmr_status la_gemm_upper(char ta, char tb, size_t n, size_t k, const double *a, size_t lda, const double *b,
                         size_t ldb, double *c, size_t ldc, const lmr_tick *tick, lmr_error *err);

/* Upper triangle of C := alpha A'A + beta C (trans 'T': A is k x n) or
 * alpha AA' + beta C (trans 'N': A is n x k). */
lmr_status la_syrk_polled(char trans, size_t n, size_t k, double alpha, const double *a,
                          size_t lda, double beta, double *c, size_t ldc, const lmr_tick *tick,
                          lmr_error *err);
lmr_status la_syrk(char trans, size_t n, size_t k, double alpha, const double *a,
                   size_t lda, double beta, double *c, size_t ldc, lmr_error *err);

/* Copies the upper triangle to the lower one. */
void la_symmetrize(double *a, size_t n, size_t ld);

/* Upper Cholesky factor in place (A = R'R); the strict lower triangle is left
 * alone. LMR_ESINGULAR names the order of the failing minor. */
lmr_status la_chol_polled(double *a, size_t n, size_t ld, const lmr_tick *tick, lmr_error *err);
lmr_status la_chol(double *a, size_t n, size_t ld, lmr_error *err);

/* Pivot-free Cholesky that drops dependent columns: in order j = 0..n-1, a
 * column whose remaining diagonal is < tol times its original one gets kept[j] = 0
 * and a zero row in R; *rank counts the kept. Order matters and is kept. */
lmr_status la_chol_drop_polled(double *a, size_t n, size_t ld, double tol, int *kept,
                               size_t *rank, const lmr_tick *tick, lmr_error *err);
lmr_status la_chol_drop(double *a, size_t n, size_t ld, double tol, int *kept,
                        size_t *rank, lmr_error *err);

/* Solve op(R) X = alpha B in place (side 'L') or X op(R) = alpha B (side 'R');
 * R upper triangular (order m for 'L', n for 'R'); B is m x n. */
lmr_status la_trsm_polled(char side, char trans, size_t m, size_t n, double alpha,
                          const double *r, size_t ldr, double *b, size_t ldb,
                          const lmr_tick *tick, lmr_error *err);
lmr_status la_trsm(char side, char trans, size_t m, size_t n, double alpha,
                   const double *r, size_t ldr, double *b, size_t ldb,
                   lmr_error *err);

/* a (n x n, symmetric) := the factor R of diag(scale) a diag(scale) by la_chol_drop; a dropped
 * column is a unit row and column, so that it can be solved with. */
lmr_status la_unit_factor(double *a, size_t n, const double *scale, double tol, int *kept, size_t *rank,
                          const lmr_tick *tick, lmr_error *err);

/* Inverse of a symmetric positive definite matrix from its Cholesky factor R,
 * in place, both triangles filled. */
lmr_status la_chol_inverse(double *r, size_t n, size_t ld, lmr_error *err);

/* Eigenvalues (ascending, w[n]) and, when z is not NULL, orthonormal
 * eigenvectors (columns of z, n x n) of the symmetric A (upper triangle used,
 * all of it destroyed): eigen.c. */
size_t la_eigen_bytes(size_t n);
size_t la_eigen_values_bytes(size_t n); /* enough where z is NULL */
lmr_status la_eigen_polled(double *a, size_t n, size_t ld, double *w, double *z, size_t ldz,
                           lmr_arena work, const lmr_tick *tick, lmr_error *err);
lmr_status la_eigen(double *a, size_t n, size_t ld, double *w, double *z,
                    size_t ldz, lmr_arena work, lmr_error *err);

/* The `top` largest eigenvalues, ascending in w[n], and their vectors (columns
 * of z, n x top). Same fate of A as in la_eigen. */
size_t la_eigen_top_bytes(size_t n, size_t top);
lmr_status la_eigen_top_polled(double *a, size_t n, size_t ld, size_t top, double *w, double *z,
                               size_t ldz, lmr_arena work, const lmr_tick *tick, lmr_error *err);
lmr_status la_eigen_top(double *a, size_t n, size_t ld, size_t top, double *w, double *z,
                        size_t ldz, lmr_arena work, lmr_error *err);

/* LAPACK's own drivers, in one piece, for what la_eigen is made of.
 * dsyevr: all of A (top = n) or the largest; work of la_driver_bytes(n). */
size_t la_eigen_driver_bytes(size_t n);
lmr_status la_eigen_driver(double *a, size_t n, size_t ld, size_t top, double *w, double *z,
                           size_t ldz, lmr_arena work, lmr_error *err);
/* dsteqr: symmetric tridiagonal, d[n] and off[n - 1] (destroyed), vectors into z; work[2 n]. */
lmr_status la_tridiagonal_leaf(double *d, double *off, size_t n, double *z, size_t ldz,
                               double *work, lmr_error *err);
/* dstegr: the `top` largest values (w[n]) and vectors of such a matrix; off[n]. */
lmr_status la_tridiagonal_top(double *d, double *off, size_t n, size_t top, double *w, double *z,
                              size_t ldz, lmr_arena work, lmr_error *err);
/* dlaed4: root i of 1 + rho sum_j weight_j^2 / (pole_j - root), poles rising, rho > 0;
 * apart[k] := pole - root (for k <= 2 the vector diag(pole) + rho weight weight' has). */
lmr_status la_secular_root(const double *pole, const double *weight, size_t k, size_t i, double rho,
                           double *apart, double *root, lmr_error *err);

/* QR of A (m x n, in place as dgeqrf leaves it, no pivoting), tau[min(m, n)];
 * for large ones reflectors.h. */
size_t la_qr_bytes(size_t m, size_t n);
lmr_status la_qr(double *a, size_t m, size_t n, size_t ld, double *tau,
                 lmr_arena work, lmr_error *err);
/* B := Q B or Q' B, B m x nrhs, Q of k reflectors held in a (m x k). */
size_t la_qr_apply_bytes(size_t m, size_t k, size_t nrhs);
lmr_status la_qr_apply(char trans, const double *a, size_t m, size_t k, size_t ld,
                       const double *tau, double *b, size_t nrhs, size_t ldb,
                       lmr_arena work, lmr_error *err);

#endif
