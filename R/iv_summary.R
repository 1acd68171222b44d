#' Summary of an IV fit
#'
#' Coefficients with t tests, the diagnostic tests in ivreg's layout, and the fit.
#'
#' @param object An `iv_reg` object.
#' @param vcov,vcov. Covariance (two spellings): `NULL` is that of the fit; else a type (the tests follow
#'   it), a one-sided formula of clusters, a matrix, or a function of the fit (tests as in the fit).
#' @param cluster Clusters, as in [iv_reg()]; given alone it means `vcov = "cluster"`.
#' @param df Degrees of freedom of the t tests instead of those of the covariance; `Inf` for the normal distribution.
#' @param diagnostics Whether the tests are shown.
#' @param ... For the function `vcov`; else an error.
#' @return A list of class `summary.iv_reg` with `coefficients` (columns
#'   `Estimate`, `Std. Error`, `t value`, `Pr(>|t|)`), `diagnostics` (rows `Weak instruments` per endogenous
#'   variable, `Wu-Hausman`, `Sargan`, with a robust covariance `Hansen J`;
#'   columns `df1`, `df2`, `statistic`, `p-value`), `strength`, `sigma`, `r.squared`, `adj.r.squared`,
#'   `waldtest`, `df`, `vcov`.
#'
#'   Weak instruments: F test that the excluded instruments have no effect on the
#'   endogenous variable. Wu-Hausman: F test that ordinary least squares
#'   estimates the same. Sargan: chi-squared test of the overidentifying
#'   restrictions (`n e'Pe / e'e`); Hansen J: the same robust to heteroskedasticity (clusters). With a
#'   robust covariance the first two are robust Wald tests.
#' @section Missing values: A test that cannot be computed (just identified,
#'   fewer clusters than restrictions) is `NA`.
#' @section Errors: `latentmr_error_argument` for a `vcov` that does not go with
#'   the estimator.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' summary(fit, vcov = "HC1")
#' @export
summary.iv_reg <- function(object, vcov = NULL, diagnostics = TRUE, cluster = NULL, df = NULL, vcov. = NULL, ...) {
  if (!is.function(one_spelling(vcov, vcov.))) check_dots(...)
  check_made(object)
  check_flag(diagnostics, "diagnostics")
  chosen <- chosen_vcov(object, vcov, cluster, vcov., df, ...)
  object <- chosen$object
  est <- coef(object, complete = FALSE)
  se <- sqrt(diag(chosen$v))[names(est)]
  t <- est / se
  each <- degrees_of(chosen$df_each, names(est))
  table <- cbind(
    Estimate = est, "Std. Error" = se, "t value" = t,
    "Pr(>|t|)" = 2 * stats::pt(-abs(t), each)
  )
  aliased <- is.na(object$coefficients)
  fit <- fit_measures(object)
  structure(class = "summary.iv_reg", list(
    call = object$call, estimator = object$estimator, vcov_type = chosen$type,
    clusters = if (is.null(object$cluster$ways)) object$cluster$count else object$cluster$counts,
    df_terms = if (chosen$type == "CR2") each, coefficients = table, aliased = aliased,
    residuals = object$residuals, weights = object$weights, sigma = object$sigma,
    df = c(object$rank, chosen$df, object$rank), df.residual = object$df.residual,
    r.squared = fit$r.squared, adj.r.squared = fit$adj.r.squared,
    waldtest = wald_all(object, chosen), vcov = chosen$v,
    diagnostics = if (diagnostics) object$diagnostics, strength = object$strength, kappa = object$kappa,
    nobs = object$nobs, na.action = object$na.action, aliased_instruments = object$aliased_instruments
  ))
}

has_intercept <- function(object) {
  if (!is.null(object$terms)) {
    attr(object$terms$regressors, "intercept") == 1
  } else {
    "(Intercept)" %in% names(object$coefficients)
  }
}

fit_measures <- function(object) {
  y <- object$engine$f$rows$y
  if (!is.null(object$offset)) y <- y + object$offset
  w <- if (is.null(object$weights)) rep(1, length(y)) else object$weights
  one <- has_intercept(object)
  centre <- if (one) sum(w * y) / sum(w) else 0
  r2 <- 1 - object$rss / sum(w * (y - centre)^2)
  list(r.squared = r2, adj.r.squared = 1 - (1 - r2) * ((object$nobs - one) / object$df.residual))
}

# All coefficients but the intercept are zero: F, p, df1, df2.
wald_all <- function(object, chosen) {
  est <- coef(object, complete = FALSE)
  if (has_intercept(object)) est <- est[names(est) != "(Intercept)"]
  if (!length(est)) return(c(NA_real_, NA_real_, 0, chosen$df))
  f <- quadratic(chosen$v[names(est), names(est), drop = FALSE], est) / length(est)
  c(f, pf(f, length(est), chosen$df, lower.tail = FALSE), length(est), chosen$df)
}

estimator_name <- function(id) {
  c(
    ols = "OLS", "2sls" = "2SLS", b2sls = "bias-adjusted 2SLS", liml = "LIML", fuller = "Fuller", kclass = "k-class",
    jive1 = "JIVE1", ujive = "UJIVE", gmm = "two-step GMM"
  )[[id]]
}

#' @rdname iv_methods
#' @export
print.iv_reg <- function(x, digits = max(3, getOption("digits") - 3), ...) {
  check_dots(...)
  check_made(x)
  cat("\nCall:\n", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(sprintf("Coefficients (%s):\n", estimator_name(x$estimator)))
  pointed(print.default(format(coef(x), digits = digits), print.gap = 2, quote = FALSE))
  cat("\n")
  invisible(x)
}

#' @rdname iv_methods
#' @export
print.summary.iv_reg <- function(x, digits = max(3, getOption("digits") - 3),
                                 signif.stars = getOption("show.signif.stars"), ...) {
  check_dots(...)
  check_printed(x, "summary.iv_reg")
  cat("\nCall:\n", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  weighted <- !is.null(x$weights) && diff(range(x$weights)) > 0
  cat(if (weighted) "Weighted ", "Residuals:\n", sep = "")
  e <- if (weighted) sqrt(x$weights) * x$residuals else x$residuals
  if (length(e) > 5) e <- setNames(stats::quantile(e), c("Min", "1Q", "Median", "3Q", "Max"))
  pointed(print(e, digits = digits))
  errors <- x$vcov_type
  if (errors %in% c("cluster", "CR2")) {
    errors <- sprintf("%s (%s clusters)", errors, paste(x$clusters, collapse = " and "))
  }
  gone <- names(x$aliased)[x$aliased]
  cat(sprintf("\nCoefficients (%s, standard errors: %s):\n", estimator_name(x$estimator), errors))
  cat_page(sprintf("(%s)", error_in_words(x$vcov_type)), exdent = 1)
  table <- x$coefficients
  if (length(gone)) {
    full <- matrix(NA_real_, length(x$aliased), 4, dimnames = list(names(x$aliased), colnames(table)))
    full[rownames(table), ] <- table
    table <- full
  }
  pointed(
    stats::printCoefmat(
      table, digits = digits, signif.stars = signif.stars, signif.legend = signif.stars && is.null(x$diagnostics),
      na.print = "NA"
    )
  )
  if (!is.null(x$df_terms)) {
    cat("Satterthwaite degrees of freedom:", paste(format(x$df_terms, digits = digits), collapse = " "), "\n")
  }
  if (length(gone)) {
    cat("Not identified, a linear function of the others: ", paste(gone, collapse = ", "), "\n", sep = "")
  }
  if (length(x$aliased_instruments)) {
    cat("Dependent instruments left out: ", paste(x$aliased_instruments, collapse = ", "), "\n", sep = "")
  }
  if (!is.null(x$diagnostics)) print_diagnostics(x, digits, signif.stars)
  cat("\nResidual standard error:", format(signif(x$sigma, digits)), "on", x$df.residual, "degrees of freedom\n")
  if (length(x$na.action)) cat("  ", deleted_words(x$na.action), "\n", sep = "")
  cat(
    "Multiple R-Squared:", formatC(x$r.squared, digits = digits), ",\tAdjusted R-squared:",
    formatC(x$adj.r.squared, digits = digits), "\nWald test:", formatC(x$waldtest[1], digits = digits),
    "on", x$waldtest[3], "and", x$waldtest[4], "DF,  p-value:", pointed(format.pval(x$waldtest[2], digits = digits)),
    "\n\n"
  )
  invisible(x)
}

print_diagnostics <- function(x, digits, signif.stars) {
  cat("\nDiagnostic tests:\n")
  pointed(
    stats::printCoefmat(
      x$diagnostics, cs.ind = 1:2, tst.ind = 3, has.Pvalue = TRUE, P.values = TRUE, digits = digits,
      signif.stars = signif.stars, na.print = "NA"
    )
  )
  if (!is.na(x$strength$effective_f)) {
    cat("Effective F of the first stage:", format(x$strength$effective_f, digits = digits), "\n")
  }
  if (x$estimator %in% c("b2sls", "liml", "fuller", "kclass")) {
    cat(estimator_name(x$estimator), "kappa:", format(x$kappa, digits = digits + 3), "\n")
  }
}
