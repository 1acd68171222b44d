#include "core/la/la.h"

#include "core/la/gemm.h"
#include "core/la/triangle.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* R's own declarations of its BLAS and LAPACK, kept in this one file. */
#define USE_FC_LEN_T
#include <Rconfig.h>
#include <R_ext/BLAS.h>
#include <R_ext/Lapack.h>
#ifndef FCONE
#define FCONE
#endif

#define DIM_LIMIT ((size_t)INT_MAX)

static lmr_status bad_dims(lmr_error *err, const char *who) {
  return lmr_fail(err, LMR_EINVAL, "%s: bad or too large dimensions", who);
}

static lmr_status interrupted(lmr_error *err) { return lmr_fail(err, LMR_EINTERRUPT, "interrupted"); }

static int fits(size_t x) { return x <= DIM_LIMIT; }
static size_t at_least_one(size_t x) { return x ? x : 1; }

/* Below this many products packing costs more than the reference BLAS. */
static int worth_packing(size_t m, size_t n, size_t k) {
  return m >= 16 && n >= 8 && (double)m * (double)n * (double)k >= 64e3;
}

lmr_status la_gemm_polled(char ta, char tb, size_t m, size_t n, size_t k, double alpha,
                          const double *a, size_t lda, const double *b, size_t ldb,
                          double beta, double *c, size_t ldc, const lmr_tick *tick, lmr_error *err) {
  const size_t arows = ta == 'N' ? m : k, brows = tb == 'N' ? k : n;
  if (!fits(m) || !fits(n) || !fits(k) || !fits(lda) || !fits(ldb) || !fits(ldc) ||
      lda < at_least_one(arows) || ldb < at_least_one(brows) || ldc < at_least_one(m))
    return bad_dims(err, "gemm");
  if (!m || !n) return LMR_OK;
  if (worth_packing(m, n, k)) {
    const int stopped = gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, 0, lmr_cpu_detect(), tick);
    return stopped ? interrupted(err) : LMR_OK;
  }
  int im = (int)m, in = (int)n, ik = (int)k, ia = (int)lda, ib = (int)ldb, ic = (int)ldc;
  F77_CALL(dgemm)(&ta, &tb, &im, &in, &ik, &alpha, a, &ia, b, &ib, &beta, c, &ic FCONE FCONE);
  return LMR_OK;
}

lmr_status la_gemm(char ta, char tb, size_t m, size_t n, size_t k, double alpha,
                   const double *a, size_t lda, const double *b, size_t ldb,
                   double beta, double *c, size_t ldc, lmr_error *err) {
  return la_gemm_polled(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, NULL, err);
}

lmr_status la_gemm_upper(char ta, char tb, size_t n, size_t k, const double *a, size_t lda, const double *b,
                         size_t ldb, double *c, size_t ldc, const lmr_tick *tick, lmr_error *err) {
  if (!worth_packing(n, n, k)) return la_gemm(ta, tb, n, n, k, 1, a, lda, b, ldb, 0, c, ldc, err);
  const size_t arows = ta == 'N' ? n : k, brows = tb == 'N' ? k : n;
  if (!fits(n) || !fits(k) || lda < arows || ldb < brows || ldc < n) return bad_dims(err, "gemm");
  if (gemm(ta, tb, n, n, k, 1, a, lda, b, ldb, 0, c, ldc, 1, lmr_cpu_detect(), tick)) return interrupted(err);
  la_symmetrize(c, n, ldc);
  return LMR_OK;
}

lmr_status la_syrk_polled(char trans, size_t n, size_t k, double alpha, const double *a,
                          size_t lda, double beta, double *c, size_t ldc, const lmr_tick *tick,
                          lmr_error *err) {
  if (!fits(n) || !fits(k) || !fits(lda) || !fits(ldc) ||
      lda < at_least_one(trans == 'N' ? n : k) || ldc < at_least_one(n))
    return bad_dims(err, "syrk");
  if (!n) return LMR_OK;
  if (worth_packing(n, n, k)) {
    const char other = trans == 'N' ? 'T' : 'N';
    const int stopped = gemm(trans, other, n, n, k, alpha, a, lda, a, lda, beta, c, ldc, 1, lmr_cpu_detect(), tick);
    return stopped ? interrupted(err) : LMR_OK;
  }
  int in = (int)n, ik = (int)k, ia = (int)lda, ic = (int)ldc;
  F77_CALL(dsyrk)("U", &trans, &in, &ik, &alpha, a, &ia, &beta, c, &ic FCONE FCONE);
  return LMR_OK;
}

lmr_status la_syrk(char trans, size_t n, size_t k, double alpha, const double *a,
                   size_t lda, double beta, double *c, size_t ldc, lmr_error *err) {
  return la_syrk_polled(trans, n, k, alpha, a, lda, beta, c, ldc, NULL, err);
}

/* By squares that fit the first cache: a column is read in order, its row is not. */
void la_symmetrize(double *a, size_t n, size_t ld) {
  enum { SIDE = 32 };
  for (size_t column = 0; column < n; column += SIDE)
    for (size_t row = 0; row <= column; row += SIDE)
      for (size_t i = row; i < row + SIDE; i++)
        for (size_t j = i < column ? column : i + 1; j < column + SIDE && j < n; j++) a[j + i * ld] = a[i + j * ld];
}

/* Cholesky by panels of this many rows, within panels of so many, for which what is above is packed once. */
enum { CHOL_PANEL = TRIANGLE_MOST, CHOL_WIDE = 4 * CHOL_PANEL };

/* The rows first .. first + count - 1 of the factor, from their diagonal block on: what the
 * rows `from` .. first - 1 explain is taken out. */
static lmr_status chol_take_out(double *a, size_t from, size_t first, size_t count, size_t n, size_t ld, const lmr_tick *tick,
                                lmr_error *err) {
  const size_t next = first + count, k = first - from;
  double *above = a + from + first * ld, *right = a + from + next * ld;
  if (!k) return LMR_OK;
  LMR_TRY(la_syrk('T', count, k, -1, above, ld, 1, a + first * (ld + 1), ld, err));
  return la_gemm_polled('T', 'N', count, n - next, k, -1, above, ld, right, ld, 1, right + k, ld, tick, err);
}

/* The rest of these rows, once the diagonal block is factored. A zero on its diagonal is a
 * dropped column: its row is zero. */
static lmr_status chol_solve(double *a, size_t first, size_t count, size_t n, size_t ld, const lmr_tick *tick,
                             lmr_error *err) {
  const size_t next = first + count;
  triangle_solve('L', 'T', count, a + first * (ld + 1), ld, a + first + next * ld, ld, n - next, lmr_cpu_detect());
  return lmr_tick_poll(tick, 0) ? interrupted(err) : LMR_OK;
}

lmr_status la_chol_polled(double *a, size_t n, size_t ld, const lmr_tick *tick, lmr_error *err) {
  if (!fits(n) || !fits(ld) || ld < at_least_one(n)) return bad_dims(err, "chol");
  for (size_t first = 0; first < n; first += CHOL_PANEL) {
    const size_t left = n - first, wide = first - first % CHOL_WIDE, count = left < CHOL_PANEL ? left : CHOL_PANEL;
    if (wide == first) LMR_TRY(chol_take_out(a, 0, first, left < CHOL_WIDE ? left : CHOL_WIDE, n, ld, tick, err));
    LMR_TRY(chol_take_out(a, wide, first, count, n, ld, tick, err));
    int in = (int)count, il = (int)ld, info = 0;
    F77_CALL(dpotrf)("U", &in, a + first * (ld + 1), &il, &info FCONE);
    if (info)
      return lmr_fail(err, LMR_ESINGULAR, "leading minor of order %d is not positive", info + (int)first);
    LMR_TRY(chol_solve(a, first, count, n, ld, tick, err));
  }
  return LMR_OK;
}

lmr_status la_chol(double *a, size_t n, size_t ld, lmr_error *err) { return la_chol_polled(a, n, ld, NULL, err); }

/* The diagonal block of a panel; whole[count] are its diagonal entries before
 * anything was taken out. */
static lmr_status chol_drop_block(double *a, size_t first, size_t count, size_t ld, double tol,
                                  const double *whole, int *kept, size_t *rank, lmr_error *err) {
  double *block = a + first * (ld + 1);
  for (size_t j = 0; j < count; j++) {
    double *col = block + j * ld;
    for (size_t i = 0; i < j; i++) {
      if (!kept[i]) {
        col[i] = 0;
        continue;
      }
      const double *ci = block + i * ld;
      double s = col[i];
      for (size_t l = 0; l < i; l++) s -= ci[l] * col[l];
      col[i] = s / ci[i];
    }
    double d = col[j];
    for (size_t l = 0; l < j; l++) d -= col[l] * col[l];
    if (!isfinite(d))
      return lmr_fail(err, LMR_ENONFINITE, "chol_drop: column %zu is not finite", first + j + 1);
    kept[j] = d > 0 && d >= tol * whole[j];
    col[j] = kept[j] ? sqrt(d) : 0;
    *rank += (size_t)kept[j];
  }
  return LMR_OK;
}

lmr_status la_chol_drop_polled(double *a, size_t n, size_t ld, double tol, int *kept,
                               size_t *rank, const lmr_tick *tick, lmr_error *err) {
  if (ld < at_least_one(n)) return bad_dims(err, "chol_drop");
  *rank = 0;
  for (size_t first = 0; first < n; first += CHOL_PANEL) {
    const size_t count = n - first < CHOL_PANEL ? n - first : CHOL_PANEL;
    double whole[CHOL_PANEL];
    for (size_t j = 0; j < count; j++) whole[j] = a[(first + j) * (ld + 1)];
    LMR_TRY(chol_take_out(a, 0, first, count, n, ld, tick, err));
    LMR_TRY(chol_drop_block(a, first, count, ld, tol, whole, kept + first, rank, err));
    LMR_TRY(chol_solve(a, first, count, n, ld, tick, err));
  }
  return LMR_OK;
}

lmr_status la_chol_drop(double *a, size_t n, size_t ld, double tol, int *kept,
                        size_t *rank, lmr_error *err) {
  return la_chol_drop_polled(a, n, ld, tol, kept, rank, NULL, err);
}

/* A panel of R; few columns (rows) are not worth packing. */
static void trsm(char side, char trans, size_t m, size_t n, const double *r, size_t ldr, double *b, size_t ldb) {
  const size_t order = side == 'L' ? m : n, count = side == 'L' ? n : m;
  if (count >= 16) {
    triangle_solve(side, trans, order, r, ldr, b, ldb, count, lmr_cpu_detect());
    return;
  }
  int im = (int)m, in = (int)n, ir = (int)ldr, ib = (int)ldb;
  double one = 1;
  F77_CALL(dtrsm)(&side, "U", &trans, "N", &im, &in, &one, r, &ir, b, &ib
                  FCONE FCONE FCONE FCONE);
}

/* By panels of R, first to last or last to first, wide ones by narrower ones: what is solved is taken out of the
 * panel by our own product. */
static lmr_status trsm_by(size_t panel, char side, char trans, size_t m, size_t n, const double *r, size_t ldr, double *b,
                          size_t ldb, const lmr_tick *tick, lmr_error *err) {
  const int left = side == 'L', forward = left == (trans == 'T');
  const size_t order = left ? m : n;
  for (size_t done = 0; done < order; done += panel) {
    const size_t count = order - done < panel ? order - done : panel;
    const size_t at = forward ? done : order - done - count, solved = forward ? 0 : at + count;
    const double *own = r + at * (ldr + 1);
    /* the part of R between what is solved and the panel */
    const double *between = trans == (left ? 'T' : 'N') ? r + solved + at * ldr : r + at + solved * ldr;
    double *to = b + at * (left ? 1 : ldb);
    if (done && left)
      LMR_TRY(la_gemm_polled(trans, 'N', count, n, done, -1, between, ldr, b + solved, ldb, 1, to, ldb, tick, err));
    else if (done)
      LMR_TRY(la_gemm_polled('N', trans, m, count, done, -1, b + solved * ldb, ldb, between, ldr, 1, to, ldb, tick, err));
    if (count <= CHOL_PANEL) trsm(side, trans, left ? count : m, left ? n : count, own, ldr, to, ldb);
    else LMR_TRY(trsm_by(CHOL_PANEL, side, trans, left ? count : m, left ? n : count, own, ldr, to, ldb, tick, err));
    if (lmr_tick_poll(tick, 0)) return interrupted(err);
  }
  return LMR_OK;
}

lmr_status la_trsm_polled(char side, char trans, size_t m, size_t n, double alpha,
                          const double *r, size_t ldr, double *b, size_t ldb,
                          const lmr_tick *tick, lmr_error *err) {
  const size_t order = side == 'L' ? m : n;
  if (!fits(m) || !fits(n) || !fits(ldr) || !fits(ldb) ||
      ldr < at_least_one(order) || ldb < at_least_one(m))
    return bad_dims(err, "trsm");
  if (!m || !n) return LMR_OK;
  for (size_t j = 0; j < n && alpha != 1; j++)
    for (size_t i = 0; i < m; i++) b[i + j * ldb] *= alpha;
  return trsm_by(CHOL_WIDE, side, trans, m, n, r, ldr, b, ldb, tick, err);
}

lmr_status la_trsm(char side, char trans, size_t m, size_t n, double alpha,
                   const double *r, size_t ldr, double *b, size_t ldb, lmr_error *err) {
  return la_trsm_polled(side, trans, m, n, alpha, r, ldr, b, ldb, NULL, err);
}

lmr_status la_unit_factor(double *a, size_t n, const double *scale, double tol, int *kept, size_t *rank,
                          const lmr_tick *tick, lmr_error *err) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) a[i + j * n] *= scale[i] * scale[j];
  LMR_TRY(la_chol_drop_polled(a, n, n, tol, kept, rank, tick, err));
  for (size_t j = 0; j < n; j++) {
    if (kept[j]) continue;
    for (size_t i = 0; i < n; i++) a[i + j * n] = a[j + i * n] = 0;
    a[j + j * n] = 1;
  }
  return LMR_OK;
}

lmr_status la_chol_inverse(double *r, size_t n, size_t ld, lmr_error *err) {
  if (!fits(n) || !fits(ld) || ld < at_least_one(n)) return bad_dims(err, "chol_inverse");
  if (!n) return LMR_OK;
  int in = (int)n, il = (int)ld, info = 0;
  F77_CALL(dpotri)("U", &in, r, &il, &info FCONE);
  if (info)
    return lmr_fail(err, LMR_ESINGULAR, "diagonal element %d of the factor is zero", info);
  la_symmetrize(r, n, ld);
  return LMR_OK;
}

/* LAPACK's minimum is 26 n; 40 n covers its usual block size of 32. */
static size_t eigen_lwork(size_t n) { return 40 * at_least_one(n); }
static size_t eigen_liwork(size_t n) { return 10 * at_least_one(n); }

size_t la_eigen_driver_bytes(size_t n) {
  size_t bytes = lmr_bytes(eigen_lwork(n), sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_bytes(eigen_liwork(n), sizeof(int)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(2 * at_least_one(n), sizeof(int)));
  return lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, n * n), lmr_double_bytes(1, n)));
}

/* The `top` largest of a by dsyevr: 1 when it found them. */
static int driver(double *a, size_t n, size_t ld, size_t top, double *w, double *z, size_t ldz, double *dwork,
                  int *iwork, int *isuppz, int *info) {
  int in = (int)n, il = (int)ld, iz = (int)(z ? ldz : 1), found = 0, from = (int)(n - top + 1), to = in;
  int lwork = (int)eigen_lwork(n), liwork = (int)eigen_liwork(n);
  double zero = 0, unused = 0;
  F77_CALL(dsyevr)(z ? "V" : "N", top == n ? "A" : "I", "U", &in, a, &il, &zero, &zero, &from, &to, &zero, &found, w,
                   z ? z : &unused, &iz, isuppz, dwork, &lwork, iwork, &liwork, info FCONE FCONE FCONE);
  return !*info && (size_t)found == top;
}

/* A range of equal eigenvalues makes dsyevr's bisection (dstebz) find too few, or its inverse iteration (dstein)
 * not converge; all of them come by another way (dstemr), which does not. So a copy is kept for it. */
lmr_status la_eigen_driver(double *a, size_t n, size_t ld, size_t top, double *w, double *z,
                           size_t ldz, lmr_arena work, lmr_error *err) {
  if (!fits(40 * n) || !fits(ld) || !fits(ldz) || ld < at_least_one(n) || top > n ||
      (z && ldz < at_least_one(n)))
    return bad_dims(err, "eigen");
  if (!n || !top) return LMR_OK;
  double *dwork, *kept = NULL, *values = w, *vectors = z;
  int *iwork, *isuppz, info = 0;
  LMR_TAKE(dwork, &work, eigen_lwork(n), err);
  LMR_TAKE(iwork, &work, eigen_liwork(n), err);
  LMR_TAKE(isuppz, &work, 2 * n, err);
  if (top < n) {
    LMR_TAKE(kept, &work, n * n, err);
    LMR_TAKE(values, &work, n, err);
    if (z) LMR_TAKE(vectors, &work, n * n, err);
    for (size_t j = 0; j < n; j++) memcpy(kept + j * n, a + j * ld, n * sizeof *kept);
  }
  if (driver(a, n, ld, top, w, z, ldz, dwork, iwork, isuppz, &info)) return LMR_OK;
  if (top == n || !driver(kept, n, n, n, values, vectors, n, dwork, iwork, isuppz, &info))
    return lmr_fail(err, LMR_ENOCONV, "eigendecomposition failed (info %d)", info);
  memcpy(w, values + n - top, top * sizeof *w);
  for (size_t j = 0; z && j < top; j++) memcpy(z + j * ldz, vectors + (n - top + j) * n, n * sizeof *z);
  return LMR_OK;
}

lmr_status la_tridiagonal_leaf(double *d, double *off, size_t n, double *z, size_t ldz,
                               double *work, lmr_error *err) {
  if (!fits(n) || !fits(ldz) || ldz < at_least_one(n)) return bad_dims(err, "tridiagonal_leaf");
  int in = (int)n, iz = (int)ldz, info = 0;
  F77_CALL(dsteqr)("I", &in, d, off, z, &iz, work, &info FCONE);
  if (info) return lmr_fail(err, LMR_ENOCONV, "%d tridiagonal eigenvalues did not converge", info);
  return LMR_OK;
}

lmr_status la_tridiagonal_top(double *d, double *off, size_t n, size_t top, double *w, double *z,
                              size_t ldz, lmr_arena work, lmr_error *err) {
  if (!fits(18 * n) || !fits(ldz) || ldz < at_least_one(n) || top > n) return bad_dims(err, "tridiagonal_top");
  if (!top) return LMR_OK;
  double *dwork;
  int *iwork, *isuppz;
  LMR_TAKE(dwork, &work, 18 * n, err);
  LMR_TAKE(iwork, &work, 10 * n, err);
  LMR_TAKE(isuppz, &work, 2 * n, err);
  int in = (int)n, iz = (int)ldz, from = (int)(n - top + 1), found = 0, info = 0;
  int lwork = (int)(18 * n), liwork = (int)(10 * n);
  double zero = 0;
  F77_CALL(dstegr)("V", "I", &in, d, off, &zero, &zero, &from, &in, &zero, &found, w, z, &iz, isuppz,
                   dwork, &lwork, iwork, &liwork, &info FCONE FCONE);
  if (info || (size_t)found != top)
    return lmr_fail(err, LMR_ENOCONV, "tridiagonal eigendecomposition failed (info %d)", info);
  return LMR_OK;
}

lmr_status la_secular_root(const double *pole, const double *weight, size_t k, size_t i, double rho,
                           double *apart, double *root, lmr_error *err) {
  if (!fits(k) || i >= k) return bad_dims(err, "secular_root");
  int ik = (int)k, ii = (int)i + 1, info = 0;
  F77_CALL(dlaed4)(&ik, &ii, pole, weight, apart, &rho, root, &info);
  if (info) return lmr_fail(err, LMR_ENOCONV, "root %zu of a secular equation did not converge", i + 1);
  return LMR_OK;
}

size_t la_qr_bytes(size_t m, size_t n) {
  (void)m;
  return lmr_double_bytes(1, 2 * n + 34 * (n + 1));
}

lmr_status la_qr(double *a, size_t m, size_t n, size_t ld, double *tau,
                 lmr_arena work, lmr_error *err) {
  if (!fits(m) || !fits(36 * n + 34) || !fits(ld) || ld < at_least_one(m)) return bad_dims(err, "qr");
  if (!m || !n) return LMR_OK;
  double *dwork;
  const size_t want = 2 * n + 34 * (n + 1);
  LMR_TAKE(dwork, &work, want, err);
  int im = (int)m, in = (int)n, il = (int)ld, lwork = (int)want, info = 0;
  F77_CALL(dgeqrf)(&im, &in, a, &il, tau, dwork, &lwork, &info);
  if (info) return lmr_fail(err, LMR_EINVAL, "qr: argument %d is illegal", -info);
  return LMR_OK;
}

size_t la_qr_apply_bytes(size_t m, size_t k, size_t nrhs) {
  (void)m;
  (void)k;
  /* dormqr keeps a triangular factor of 65 x 64 besides its 64-column panel. */
  return lmr_bytes(64 * at_least_one(nrhs) + 65 * 64, sizeof(double));
}

lmr_status la_qr_apply(char trans, const double *a, size_t m, size_t k, size_t ld,
                       const double *tau, double *b, size_t nrhs, size_t ldb,
                       lmr_arena work, lmr_error *err) {
  if (!fits(m) || k > m || !fits(64 * nrhs + 65 * 64) || !fits(ld) || !fits(ldb) ||
      ld < at_least_one(m) || ldb < at_least_one(m))
    return bad_dims(err, "qr_apply");
  if (!m || !nrhs || !k) return LMR_OK;
  double *dwork;
  const size_t want = 64 * nrhs + 65 * 64;
  LMR_TAKE(dwork, &work, want, err);
  int im = (int)m, in = (int)nrhs, ik = (int)k, il = (int)ld, ib = (int)ldb;
  int lwork = (int)want, info = 0;
  F77_CALL(dormqr)("L", &trans, &im, &in, &ik, a, &il, tau, b, &ib, dwork, &lwork,
                   &info FCONE FCONE);
  if (info) return lmr_fail(err, LMR_EINVAL, "qr_apply: argument %d is illegal", -info);
  return LMR_OK;
}
