#' Tests of the overidentifying restrictions
#'
#' Whether the instruments agree on one effect, i.e. a test of their exclusion that
#' needs more instruments than endogenous variables and cannot see a violation that
#' all share.
#'
#' @details
#' With `e` the residuals of the fit, `P` the projection on the instruments after the
#' covariates and `M_ZW` the residual maker of both:
#'
#' * `Sargan`: `n e'Pe / e'e`; `Basmann`: `(n - K - L) e'Pe / e'M_ZW e`; `Basmann F`: the latter
#'   over `L - k` against `F(L - k, n - K - L)`;
#' * `Anderson-Rubin` (LIML only): `n log(kappa)`, the likelihood ratio;
#' * `Hansen J`: the least value of `g'S^-1 g` over the effects, robust to heteroskedasticity
#'   (clusters).
#'
#' @param object A fit of [iv_reg()] or [iv_fit()].
#' @param vcov Covariance behind Hansen's J: `"HC0"` or `"cluster"`; `NULL` is `"cluster"` when
#'   the fit has one.
#' @param ... Not used.
#' @return Data frame with columns `test`, `statistic`, `df1`, `df2`, `p.value`.
#' @section Missing values: Hansen J is `NA` with fewer clusters than instruments.
#' @section Errors: `latentmr_error_argument` for a fit without instruments or without more of them than
#'   endogenous variables.
#' @references Sargan (1958), Econometrica 26:393. Basmann (1960), JASA 55:650. Anderson and Rubin (1950),
#'   Annals of Mathematical Statistics 21:570. Hansen (1982), Econometrica 50:1029.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl + gear, data = mtcars)
#' overid_test(fit)
#' @export
overid_test <- function(object, vcov = NULL, ...) {
  if (!inherits(object, "iv_reg")) abort_argument("object", "a fit of iv_reg() or iv_fit()", describe(object))
  m <- fit_moments(object)
  f <- object$engine$f
  over <- f$L - f$k
  if (over == 0) {
    abort_argument("object", "a fit with more instruments than endogenous variables", sprintf("one with %d of each", f$k))
  }
  if (is.null(vcov)) vcov <- if (is.null(object$cluster)) "HC0" else "cluster"
  check_choice(vcov, "vcov", c("HC0", "cluster"))
  check_iv_vcov(vcov, "2sls", object$cluster)
  est <- if (is.null(object$engine$first)) object$engine$est else object$engine$first
  tests <- kclass_tests(m, est$beta)
  df <- f$n - f$K - f$L
  s <- iv_scores(f, est, robust = TRUE, tests = TRUE, cluster = if (vcov == "cluster") object$cluster)
  rows <- rbind(
    Sargan = tests$sargan, Basmann = tests$basmann,
    "Basmann F" = f_row(tests$basmann[["statistic"]] / over, over, df),
    "Anderson-Rubin" = if (object$estimator == "liml") chisq_row(f$n * log(object$kappa), over),
    "Hansen J" = hansen(f, s)
  )
  data.frame(test = rownames(rows), statistic = rows[, 3], df1 = rows[, 1], df2 = rows[, 2], p.value = rows[, 4], row.names = NULL)
}
