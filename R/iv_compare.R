#' Several k-class estimators of one model
#'
#' The effects of the endogenous variables by ordinary least squares, two-stage least
#' squares, LIML and Fuller, from one fit: its cross products after the
#' covariates are enough, and the data are not read again.
#'
#' @param fit A fit of [iv_reg()] or [iv_fit()] with instruments.
#' @param estimators Some of `"ols"`, `"2sls"`, `"liml"`, `"fuller"`.
#' @param fuller As in [iv_fit()].
#' @param level Confidence level.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame with one row per estimator and endogenous variable: `estimator`, `term`, `kappa`,
#'   `estimate`, `std.error` (classical, `n - K - k` degrees of freedom; for `vcov` others fit
#'   the estimator itself), `statistic`, `p.value`, `conf.low`, `conf.high`.
#' @section Errors: `latentmr_error_argument` for a fit without instruments or an unknown
#'   estimator.
#' @seealso [weakiv_set()] for intervals that hold with weak instruments.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' iv_compare(fit)
#' @export
iv_compare <- function(fit, estimators = c("ols", "2sls", "liml", "fuller"), fuller = 1, level = 0.95, ...) {
  check_dots(...)
  check_given()
  if (!inherits(fit, "iv_reg")) abort_argument("fit", "a fit of iv_reg() or iv_fit()", describe(fit))
  check_made(fit)
  check_strings(estimators, "estimators")
  for (estimator in estimators) check_choice(estimator, "estimators", c("ols", "2sls", "liml", "fuller"))
  check_number(fuller, "fuller", min = 0)
  check_idle("fuller", !"fuller" %in% estimators, "\"fuller\" among the `estimators`")
  check_number(level, "level", 0, 1, open = TRUE)
  m <- fit_moments(fit)
  terms <- endogenous_kept(fit)
  do.call(rbind, lapply(estimators, function(estimator) {
    kappa <- iv_kappa(fit$engine$f, estimator, list(fuller = fuller))
    found <- kclass_fit(m, kappa)
    se <- sqrt(diag(found$vcov))
    t <- found$coefficients / se
    half <- stats::qt((1 + level) / 2, found$df) * se
    data.frame(
      estimator = estimator, term = terms, kappa = kappa, estimate = found$coefficients, std.error = se,
      statistic = t, p.value = 2 * stats::pt(-abs(t), found$df),
      conf.low = found$coefficients - half, conf.high = found$coefficients + half
    )
  }))
}
