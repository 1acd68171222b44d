/* k-class estimators of y = X b + W g + e with instruments (Z, W) from cross
 * products alone: r0 = [y X]' M_W [y X] and r1 = [y X]' M_ZW [y X], where M_A
 * takes out the columns of A. y first, then the k endogenous columns; both are
 * (1 + k) x (1 + k), full, column-major.
 * With P = M_W - M_ZW the estimator is b = (X'M_W X - kappa X'M_ZW X)^-1
 * (X'M_W y - kappa X'M_ZW y): kappa = 0 OLS, 1 two-stage least squares, the
 * smallest root of |r0 - kappa r1| = 0 LIML. */
#ifndef LMR_CORE_KCLASS_H
#define LMR_CORE_KCLASS_H

#include "core/base/arena.h"

typedef struct {
  const double *r0, *r1;
  size_t k;    /* endogenous variables */
  double n;    /* people */
  double L, K; /* rank of the excluded instruments given W, and rank of W */
} kclass_moments;

size_t kclass_bytes(size_t k);

/* kappa of LIML. LMR_ESINGULAR when y and X are collinear given W, or all of them
 * exact functions of (Z, W). */
lmr_status kclass_liml(const kclass_moments *m, double *kappa, lmr_arena work,
                       lmr_error *err);

/* Estimate b[k], classical covariance s2 (X'M_W X - kappa X'M_ZW X)^-1 with
 * s2 = e'e / (n - K - k), and s2 itself. */
lmr_status kclass_fit(const kclass_moments *m, double kappa, double *b,
                      double *vcov, double *s2, lmr_arena work, lmr_error *err);

/* Covariance of LIML that stays right with many instruments (Bekker 1994, as in
 * Hansen, Hausman and Newey 2008, without the third and fourth moments), at the
 * estimate b of kclass_fit. */
lmr_status kclass_bekker(const kclass_moments *m, const double *b, double *vcov,
                         lmr_arena work, lmr_error *err);

/* Nagar's estimator (Nagar 1959, Econometrica 27:575), the k-class at kappa = 1 + L / (n - K - L):
 * its normal equations h b = g,
 *   h[k x k] = X'PX - L Om_XX, g[k] = X'Py - L Om_Xy, Om = [y X]'M_ZW[y X] / (n - K - L),
 * i.e. two-stage least squares less what L instruments explain by chance. With weak
 * instruments h need not be positive. */
void kclass_nagar(const kclass_moments *m, double *h, double *g);

/* Homoskedastic tests. Degrees of freedom: partial_f (L, n - K - L) for each
 * endogenous variable; wu_hausman F (wu_df1, wu_df2), where wu_df1 = k unless a
 * combination of X is an exact function of (Z, W), and wu_df2 = n - K - k - wu_df1; sargan and basmann
 * chi-squared (L - k) at the estimate b (NaN when L = k); cragg_donald is the
 * smallest root of X'PX against X'M_ZW X / (n - K - L), over L. */
typedef struct {
  double sargan, basmann, wu_hausman, wu_df1, wu_df2, cragg_donald;
} kclass_tests;

lmr_status kclass_test(const kclass_moments *m, const double *b, double *partial_f,
                       kclass_tests *tests, lmr_arena work, lmr_error *err);

#endif
