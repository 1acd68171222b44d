# Tests of some of the moments, the others taken for granted: suspected instruments, and
# regressors that may be exogenous after all.

#' Test of endogeneity of some regressors
#'
#' Whether endogenous regressors could have been taken for exogenous: the Durbin-Wu-Hausman test for all or some of
#' them. It takes the instruments, and the endogeneity of the regressors that are not named, for granted.
#'
#' @details
#' Two-stage least squares (whatever the estimator of the fit) with the regressors named among the instruments has
#' residuals `c` and instruments `Z+`, without them `Z`; `Q(Z) = min (y - Xb)'P_Z(y - Xb)`, `p` of them are tested:
#'
#' * `Durbin`: `D = n (Q(Z+) - Q(Z)) / c'c`, chi-squared(`p`);
#' * `Wu-Hausman`: `(D / p) / ((n - D) / (n - K - k - p))`, `F(p, n - K - k - p)`;
#' * `C (robust)`: the difference of two `min g'S^-1 g`, `S` the covariance of the moments at `c`, robust to
#'   heteroskedasticity (clusters), chi-squared(`p`): the `endog()` of Stata's ivreg2.
#'
#' The first two are those of Stata's `estat endogenous`; of all endogenous regressors at once, Wu-Hausman is the row of
#' `summary()`.
#'
#' @param fit A fit of [iv_reg()] or [iv_fit()].
#' @param terms Names of endogenous regressors; `NULL` is all of them.
#' @param vcov Covariance behind the robust test: `"HC0"`, `"cluster"` or a formula of clusters; `NULL` is `"cluster"`
#'   when the fit has one.
#' @param cluster Clusters, as in [iv_reg()], where not those of the fit.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame with columns `test`, `statistic`, `df1`, `df2`, `p.value`, a row for each test.
#' @section Missing values: The robust test is `NA` with fewer clusters than excluded instruments and regressors named.
#' @section Errors: `latentmr_error_argument` for a fit without instruments and for names that are not of its
#'   endogenous regressors.
#' @references Durbin (1954), Review of the International Statistical Institute 22:23. Wu (1973), Econometrica 41:733.
#'   Hausman (1978), Econometrica 46:1251. Hayashi (2000), Econometrics, Princeton, p. 218. Baum, Schaffer and Stillman
#'   (2003), Stata Journal 3:1.
#' @seealso [overid_test()] for suspected instruments.
#' @examples
#' fit <- iv_reg(mpg ~ 1 | wt + hp | disp + cyl + gear, data = mtcars)
#' endogeneity_test(fit)
#' endogeneity_test(fit, "hp")
#' @export
endogeneity_test <- function(fit, terms = NULL, vcov = NULL, cluster = NULL, ...) {
  check_dots(...)
  check_given("fit")
  if (!inherits(fit, "iv_reg")) abort_argument("fit", "a fit of iv_reg() or iv_fit()", describe(fit))
  check_made(fit)
  fit_moments(fit)
  all <- endogenous_kept(fit)
  if (is.null(terms)) terms <- all
  if (!is.character(terms) || !length(terms) || anyDuplicated(terms) || !all(terms %in% all)) {
    abort_argument("terms", sprintf("NULL or some of the endogenous regressors, %s", quote_all(all)), describe(terms))
  }
  asked <- test_vcov(fit, vcov, cluster, c("HC0", "cluster"), if (is.null(fit$cluster)) "HC0" else "cluster")
  f <- taken_exogenous(fit$engine$f, terms)
  est <- iv_estimate(f, 1)
  suspects <- match(terms, f$rows$names$w[f$rows$keep_w])
  tests <- c_tests(f, est, suspects, if (asked$type == "cluster") asked$cluster)
  p <- length(terms)
  durbin <- tests[["C (Sargan)"]]
  df <- f$n - f$K - f$k - p
  wu <- durbin[["statistic"]] / p * df / (f$n - durbin[["statistic"]])
  out <- overid_table(Durbin = durbin, "Wu-Hausman" = f_row(wu, p, df), "C (robust)" = tests[["C (Hansen)"]])
  class(out) <- "data.frame"
  out
}

# The factor of the model in which the regressors named are exogenous.
taken_exogenous <- function(f, terms) {
  rows <- f$rows
  columns <- function(part, keep) column_list(rows[[part]])[keep]
  names <- rows$names$x[rows$keep_x]
  x <- columns("x", rows$keep_x)
  moved <- names %in% terms
  new <- list(
    y = rows$y, x = if (!all(moved)) x[!moved], z = columns("z", rows$keep_z),
    w = c(columns("w", rows$keep_w), x[moved]), root = NULL,
    names = list(
      x = names[!moved], z = rows$names$z[rows$keep_z], w = c(rows$names$w[rows$keep_w], names[moved])
    )
  )
  new["root"] <- list(rows$root)
  iv_factor(new, forced = 1L + sum(!moved), f$tol)
}

column_list <- function(m) {
  if (is.null(m) || is.list(m)) return(m)
  lapply(seq_len(ncol(m)), function(j) m[, j])
}

# Positions among (w, z) of the names of suspects.
check_suspects <- function(f, instruments) {
  names <- c(f$rows$names$w[f$rows$keep_w], f$rows$names$z[f$rows$keep_z])
  known <- c(names[f$K + seq_len(f$L)], setdiff(names[seq_len(f$K)], "(Intercept)"))
  if (!is.character(instruments) || !length(instruments) || anyDuplicated(instruments) ||
    !all(instruments %in% known)) {
    abort_argument("instruments", sprintf("NULL or some of %s", quote_all(known)), describe(instruments))
  }
  at <- match(instruments, names)
  if (length(at) == f$K + f$L || !identified_without(f, at)) {
    abort_argument(
      "instruments", "few enough that the others identify the effects", describe(instruments),
      hint = "The test takes the others for granted: they must be as many as the endogenous regressors, and move them."
    )
  }
  at
}

# The columns of w before the first of those `at` have moments that their own coefficients set
# to zero, whatever the others: they are left out. `g`: what is left of the moments of regressors and outcome;
# `keep`: orthonormal basis of the moments that stay without those `at`; `rows` their places in c(W, Z).
moments_without <- function(f, at) {
  lead <- seq_len(min(at - 1, f$K))
  wz <- c(f$W, f$Z)
  rows <- setdiff(seq_along(wz), lead)
  keep <- qr.Q(qr(f$r[wz[rows], wz[setdiff(rows, at)], drop = FALSE]))
  list(rows = rows, keep = keep, g = f$r[wz[rows], c(setdiff(f$W, f$W[lead]), f$X, f$Y), drop = FALSE])
}

# In units of each regressor's own moments.
identified_without <- function(f, at) {
  m <- moments_without(f, at)
  x <- m$g[, -ncol(m$g), drop = FALSE]
  left <- crossprod(m$keep, x) %*% diag(1 / sqrt(colSums(x^2)), ncol(x))
  nrow(left) >= ncol(left) && min(svd(left, 0, 0)$d) > f$tol
}

# C statistics of the moments of the columns `at` of (w, z), with the residuals of `est`.
c_tests <- function(f, est, at, cluster) {
  m <- moments_without(f, at)
  c_row <- function(s) {
    c <- least_moments(s, m$g) - least_moments(crossprod(m$keep, s %*% m$keep), crossprod(m$keep, m$g))
    chisq_row(max(0, c), length(at))
  }
  s <- iv_scores(f, est, all = TRUE, cluster = cluster)$all[m$rows, m$rows, drop = FALSE]
  list("C (Sargan)" = c_row(diag(est$rss / f$n, length(m$rows))), "C (Hansen)" = c_row(s))
}
