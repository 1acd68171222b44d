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
#' `instruments` names instruments (or exogenous regressors) that are suspected, and adds tests of theirs alone, which
#' take the exogeneity of the others for granted: the difference of the statistics with and without their moments,
#' both with the covariance of the moments from the residuals of the fit (so that it is not negative), chi-squared with
#' a degree of freedom each (difference-in-Sargan and C statistic; Eichenbaum, Hansen and Singleton 1988; Hayashi 2000,
#' p. 218; the `orthog()` of Stata's ivreg2):
#'
#' * `C (Sargan)`: `n (Q(Z) - Q(Z less the suspects)) / e'e`, `Q(Z) = min (y - Xb)'P_Z(y - Xb)`;
#' * `C (Hansen)`: the difference of two `min g'S^-1 g`, `S` that of Hansen's J.
#'
#' The others must identify the effects. A suspected exogenous regressor stays in the equation as an endogenous one.
#' [endogeneity_test()] asks the same of endogenous regressors.
#'
#' For fits of [latent_mr()] all of these (but for `instruments`) after the latent block, at two-stage least squares, from the cross
#' products of the fit; Hansen's J is that of its print (`NA` without rows). With continuous instruments the test is
#' Sargan's with the learning of the directions counted (see [weakiv_test()]; `J / df` is its F): taken as known, it
#' rejected a true model in 13 to 65 of a hundred draws.
#'
#' @param fit A fit of [iv_reg()], [iv_fit()] or [latent_mr()].
#' @param instruments Names of suspected instruments or exogenous regressors, as `fit$instruments` and `fit$exogenous`
#'   have them.
#' @param vcov Covariance behind Hansen's J: `"HC0"`, `"cluster"` or a formula of clusters; `NULL` is `"cluster"` when
#'   the fit has one.
#' @param cluster Clusters, as in [iv_reg()], where not those of the fit.
#' @param ... Nothing: an argument without a use is an error.
#' @return Data frame of class `overid_test` with columns `test`, `statistic`, `df1`, `df2`, `p.value`. `print()`
#'   says it in words too.
#' @section Missing values: Hansen J is `NA` with fewer clusters than instruments.
#' @section Errors: `latentmr_error_argument` for a fit without instruments or without more of them than
#'   endogenous variables, and for `instruments` without which the effects are not identified.
#' @references Sargan (1958), Econometrica 26:393. Basmann (1960), JASA 55:650. Anderson and Rubin (1950),
#'   Annals of Mathematical Statistics 21:570. Hansen (1982), Econometrica 50:1029. Eichenbaum, Hansen and Singleton
#'   (1988), Quarterly Journal of Economics 103:51. Hayashi (2000), Econometrics, Princeton.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl + gear, data = mtcars)
#' overid_test(fit)
#' overid_test(fit, instruments = "gear")
#' @export
overid_test <- function(fit, ...) {
  check_given("fit")
  UseMethod("overid_test")
}

#' @export
overid_test.default <- function(fit, ...) {
  abort_argument("fit", "a fit of iv_reg(), iv_fit() or latent_mr()", describe(fit))
}

#' @rdname overid_test
#' @export
overid_test.latent_mr <- function(fit, ...) {
  check_dots(...)
  check_made(fit)
  m <- head_kclass(fit)
  over <- m$L - m$k
  if (over <= 0) abort_argument("fit", "a fit with more instruments than exposures", sprintf("one with %.0f", m$L))
  if (!is.null(head_learned(fit))) {
    j <- fit$diagnostics$sargan
    return(overid_table(Sargan = c(j$df, NA, j$statistic, j$pval)))
  }
  tests <- kclass_tests(m, kclass_fit(m, 1)$coefficients)
  own <- leading_diagnostics(fit)
  hansen <- (if (is.null(own)) fit$diagnostics else own)$hansen
  overid_table(
    Sargan = tests$sargan, Basmann = tests$basmann,
    "Basmann F" = f_row(tests$basmann[["statistic"]] / over, over, m$df),
    "Anderson-Rubin" = chisq_row(m$n * log(kclass_liml(m)), over),
    "Hansen J" = c(hansen$df, NA, hansen$statistic, hansen$pval)
  )
}


overid_table <- function(...) {
  rows <- rbind(...)
  out <- data.frame(
    test = rownames(rows), statistic = rows[, 3], df1 = rows[, 1], df2 = rows[, 2], p.value = rows[, 4],
    row.names = NULL
  )
  structure(out, class = c("overid_test", "data.frame"))
}

#' @export
print.overid_test <- function(x, ...) {
  check_dots(...)
  check_printed(x, "overid_test")
  if (!all(c("test", "p.value") %in% names(x)) || !any(x$test %in% c("Sargan", "Hansen J"))) return(NextMethod())
  cat_page(overid_words(x), exdent = 2)
  cat("\n")
  pointed(print(as.data.frame(unclass(x)), digits = 4, row.names = FALSE))
  invisible(x)
}

# Robust where there is a robust one.
overid_words <- function(x) {
  p <- x$p.value[match(c("Hansen J", "Sargan"), x$test)]
  at <- which(is.finite(p))[1]
  if (is.na(at)) return("The overidentifying restrictions could not be tested.")
  name <- c("Hansen's J", "Sargan's J")[at]
  if (p[at] < .05) {
    sprintf(
      "The instruments disagree by more than chance (%s %s): some of them reach the outcome on other ways, or their effects differ.",
      name, p_is(p[at])
    )
  } else {
    sprintf(
      "The instruments agree on one effect as far as chance goes (%s %s). A bias that all of them share is not seen.",
      name, p_is(p[at])
    )
  }
}

#' @rdname overid_test
#' @export
overid_test.iv_reg <- function(fit, vcov = NULL, cluster = NULL, instruments = NULL, ...) {
  check_dots(...)
  check_made(fit)
  m <- fit_moments(fit)
  f <- fit$engine$f
  over <- f$L - f$k
  if (over == 0) {
    abort_argument("fit", "a fit with more instruments than endogenous variables", sprintf("one with %d of each", f$k))
  }
  suspects <- if (!is.null(instruments)) check_suspects(f, instruments)
  asked <- test_vcov(fit, vcov, cluster, c("HC0", "cluster"), if (is.null(fit$cluster)) "HC0" else "cluster")
  by <- if (asked$type == "cluster") asked$cluster
  est <- if (is.null(fit$engine$first)) fit$engine$est else fit$engine$first
  tests <- kclass_tests(m, est$beta)
  df <- f$n - f$K - f$L
  s <- iv_scores(f, est, robust = TRUE, tests = TRUE, cluster = by)
  lr <- if (fit$estimator == "liml") list("Anderson-Rubin" = chisq_row(f$n * log(fit$kappa), over))
  rows <- c(
    list(
      Sargan = tests$sargan, Basmann = tests$basmann, "Basmann F" = f_row(tests$basmann[["statistic"]] / over, over, df)
    ),
    lr, list("Hansen J" = hansen(f, s)), if (!is.null(suspects)) c_tests(f, est, suspects, by)
  )
  do.call(overid_table, rows)
}
