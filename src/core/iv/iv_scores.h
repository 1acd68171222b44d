/* One pass over the rows of a fitted IV model: residuals, leverages, and the
 * sums of squared scores behind every robust covariance and test. Scores are in
 * the orthonormal coordinates Q, so that no digits are lost:
 *   coef   e_i (q_W, x~)   the coefficients, x~ = Q_Z Q_Z'X + shift * (X - Q Q'X)
 *                          (shift 1 OLS, 0 2SLS, 1 - kappa LIML)
 *   first  v_ij q_Z        first stage of variable j, v_j = X_j - Q Q'X_j
 *   over   e_i q_Z         overidentification (Hansen)
 *   all    e_i (q_W, q_Z)  every moment of the model (GMM)
 *   wu     u_i r_i         residual u of y on (W, X, X^), r the part of X^ that is
 *                          not in (W, X)
 * Each is weighted by 1 / (1 - h)^power with the leverage of its own regression
 * (over, all: never), or summed within clusters first. */
#ifndef LMR_CORE_IV_SCORES_H
#define LMR_CORE_IV_SCORES_H

#include "core/iv/iv_data.h"

typedef struct {
  const double *coef; /* of (W, X) */
  double shift;
  int robust;         /* coef and, when asked for, the tests */
  int tests;          /* over and wu are wanted */
  int first;          /* and first */
  int leverage, trace;
  int all;            /* the sum over every moment is wanted */
  int power;          /* 0 HC0, 1 HC2, 2 HC3 */
  const int *cluster; /* 0-based, or NULL */
  size_t clusters;
  /* k x k: inverses of x~'x~, of X^'X^ (partialled) and of v'v, and O^-1 H with
   * O = X'M_W X, H = X^'X^; k: coefficients of y on X^ and on v. */
  const double *inv_tilde, *inv_hat, *inv_left, *wu_b, *wu_hat, *wu_left;
  const double *combine; /* k x k: `first` is that of the columns of X combine; NULL: of X */
} iv_score_options;

typedef struct {
  double *residuals; /* n, not multiplied by the root of the weights */
  double *leverage;  /* n, of the second stage; when wanted */
  double *leverage1; /* n, of the first stage; when wanted */
  double *coef;      /* (K + k) squared */
  double *first;     /* L x L x k */
  double *over;      /* L x L */
  double *all;       /* (K + L) squared */
  double *wu;        /* k x k */
  double *trace;     /* k: sum of v_ij^2 |q_Z|^2, behind the effective F; when wanted */
} iv_score_sums;

size_t iv_scores_bytes(const iv_data *d, const iv_score_options *o);
lmr_status iv_scores(const iv_data *d, const iv_score_options *o, iv_score_sums *out, lmr_cpu level,
                     lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
