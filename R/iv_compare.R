#' Several k-class estimators of one model
#'
#' The effects of the endogenous variables by ordinary least squares, two-stage least
#' squares, LIML and Fuller, from one fit: its cross products after the
#' covariates are enough, and the data are not read again.
#'
#' @param object A fit of [iv_reg()] or [iv_fit()] with instruments.
#' @param estimators Some of `"ols"`, `"2sls"`, `"liml"`, `"fuller"`.
#' @param fuller As in [iv_fit()].
#' @param level Confidence level.
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
iv_compare <- function(object, estimators = c("ols", "2sls", "liml", "fuller"), fuller = 1, level = 0.95) {
  if (!inherits(object, "iv_reg")) abort_argument("object", "a fit of iv_reg() or iv_fit()", describe(object))
  check_strings(estimators, "estimators")
  for (estimator in estimators) check_choice(estimator, "estimators", c("ols", "2sls", "liml", "fuller"))
  check_number(fuller, "fuller", min = 0)
  check_number(level, "level", 0, 1, open = TRUE)
  m <- fit_moments(object)
  terms <- endogenous_kept(object)
  do.call(rbind, lapply(estimators, function(estimator) {
    kappa <- iv_kappa(object$engine$f, estimator, list(fuller = fuller))
    fit <- kclass_fit(m, kappa)
    se <- sqrt(diag(fit$vcov))
    t <- fit$coefficients / se
    half <- stats::qt((1 + level) / 2, fit$df) * se
    data.frame(
      estimator = estimator, term = terms, kappa = kappa, estimate = fit$coefficients, std.error = se,
      statistic = t, p.value = 2 * stats::pt(-abs(t), fit$df),
      conf.low = fit$coefficients - half, conf.high = fit$coefficients + half
    )
  }))
}
