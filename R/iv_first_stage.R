#' Strength of the instruments
#'
#' First-stage statistics of an IV fit with their critical values.
#'
#' @details
#' * `partial_f`: F test that the excluded instruments have no effect on the
#'   variable; `robust_f`: the same as a robust Wald test over L, its p-value from `F(L, n - K - L)`, with
#'   clusters `F(L, G - 1)`.
#' * `effective_f` (Montiel Olea and Pflueger 2013; one endogenous variable):
#'   `x'Px / tr(S)`, `S` the covariance of the first-stage scores, robust
#'   (clustered where the covariance is), with its small-sample factor: with one instrument it is `robust_f`.
#' * `conditional_f` (Sanderson and Windmeijer 2016): the F of what the other endogenous
#'   variables, instrumented, leave of this one; `F(L - (k - 1), n - K - L)`, as Stata
#'   (`OneSampleMR::fsw()`: the same F with `k` degrees of freedom in its p-value).
#' * Cragg-Donald: smallest root of `X'PX` against `X'M_ZW X / (n - K - L)`, over L, for equal
#'   variances. Kleibergen-Paap (2006): rank test that the first stages are collinear, a Wald test
#'   with the robust covariance, chi-squared(`L - k + 1`); `f` is the Wald statistic over L.
#' * Critical values, at 5 %, for the hypothesis that the instruments are weak. Stock and Yogo (2005), equal
#'   variances; one endogenous variable and 2SLS: by their definitions without their simulation error (their table
#'   has 16.38 where the exact value is 16.57). LIML (size) and Fuller with constant 1 (bias, relative to that of
#'   least squares and in units of the standardised effect) with up to 30 instruments, and 2SLS and LIML with two
#'   endogenous variables and up to 12, from our own simulations of their weak-instrument asymptotics
#'   (`data-raw/stock-yogo.R`; within 6 % of the published tables). Montiel Olea and Pflueger: the simplified
#'   (conservative) values of the effective F.
#'
#' @param fit A fit of [iv_reg()] or [iv_fit()].
#' @param vcov Covariance behind the robust statistics: `"HC0"` to `"HC3"`, `"cluster"` or a formula of clusters;
#'   `NULL` is that of the fit, when it is not robust `"HC1"`, or `"cluster"` with a cluster.
#' @param cluster Clusters, as in [iv_reg()], where not those of the fit; given alone it means `vcov = "cluster"`.
#' @param ... Nothing: an argument without a use is an error.
#' @return List of class `iv_first_stage`: `table`, a data frame with one row per endogenous
#'   variable (`term`, `partial_f`, `df1`, `df2`, `p.value`, `robust_f`, `robust_p`,
#'   `effective_f`, `conditional_f`, `conditional_df1`, `conditional_p`); `joint`, a data frame with rows
#'   Cragg-Donald and Kleibergen-Paap (`statistic`, `f`, `wald`, `df`, `p.value`); `critical`, a data frame of
#'   critical values (`statistic`, `criterion`, `limit`, `value`); with one variable, one instrument and 2SLS `tf` (`term`,
#'   the robust `f`, the critical value of tF, `std.error` times it over 1.96, see [weakiv_set()]); `vcov`.
#' @section Missing values: `effective_f` is `NA` with several endogenous variables, and there are no critical values
#'   with three; the bias of 2SLS exists with two instruments more than variables;
#'   robust statistics are `NA` with fewer clusters than instruments.
#' @section Errors: `latentmr_error_argument` for a fit without instruments.
#' @references Stock and Yogo (2005), in Identification and Inference for Econometric Models, 80-108. Montiel
#'   Olea and Pflueger (2013), JBES 31:358. Sanderson and Windmeijer (2016), Journal of Econometrics
#'   190:212. Cragg and Donald (1993), Econometric Theory 9:222. Kleibergen and Paap (2006), Journal of
#'   Econometrics 133:97. Skeels and Windmeijer (2018), Econometrics 6:44.
#' @seealso [weakiv_test()]
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl + gear, data = mtcars)
#' first_stage(fit)
#' @export
first_stage <- function(fit, vcov = NULL, cluster = NULL, ...) {
  check_dots(...)
  check_given()
  if (!inherits(fit, "iv_reg")) abort_argument("fit", "a fit of iv_reg() or iv_fit()", describe(fit))
  check_made(fit)
  m <- fit_moments(fit)
  types <- c("HC0", "HC1", "HC2", "HC3", "cluster")
  own <- if (fit$vcov_type %in% types) fit$vcov_type else if (is.null(fit$cluster)) "HC1" else "cluster"
  asked <- test_vcov(fit, vcov, cluster, types, own)
  vcov <- asked$type
  by <- if (vcov == "cluster") asked$cluster
  f <- fit$engine$f
  df <- f$n - f$K - f$L
  est <- list(beta = fit$engine$est$beta, gamma = fit$engine$est$gamma, shift = 0)
  scores <- function(combine = NULL) {
    iv_scores(f, est, robust = TRUE, tests = TRUE, power = type_power(vcov), cluster = by, combine = combine)
  }
  s <- scores()
  robust <- vapply(seq_len(f$k), function(j) robust_first(f, s, j, vcov, by), 0)
  tests <- kclass_tests(m, est$beta)
  partial <- do.call(rbind, tests$partial_f)
  conditional <- vapply(seq_len(f$k), function(j) conditional_f(m, j), 0)
  robust_df <- if (vcov == "cluster") by$count - 1 else df
  structure(class = "iv_first_stage", list(
    table = data.frame(
      term = endogenous_kept(fit), partial_f = partial[, 3], df1 = f$L, df2 = df, p.value = partial[, 4],
      robust_f = robust, robust_p = pf(robust, f$L, robust_df, lower.tail = FALSE),
      effective_f = if (f$k == 1) effective_f(f, s, vcov, by) else NA_real_,
      conditional_f = conditional, conditional_df1 = f$L - f$k + 1,
      conditional_p = pf(conditional, f$L - f$k + 1, df, lower.tail = FALSE), row.names = NULL
    ),
    joint = rbind(
      data.frame(
        statistic = "Cragg-Donald", f = tests$cragg_donald, wald = NA_real_, df = NA_real_, p.value = NA_real_
      ),
      kleibergen_paap(f, scores, vcov, by)
    ),
    critical = rbind(stock_yogo(f$L, f$k), if (f$k == 1) montiel_pflueger(matrix(s$first[, , 1], f$L))),
    tf = if (has_tf(fit)) tf_of_fit(iv_with_vcov(fit, vcov, by)), vcov = vcov
  ))
}

# The F of endogenous variable j given the others: e = X_j - X_-j d, d by 2SLS.
conditional_f <- function(m, j) {
  L <- m$L
  df <- m$df
  o <- c(j, setdiff(seq_len(m$k), j)) + 1L
  r0 <- m$r0[o, o, drop = FALSE]
  r1 <- m$r1[o, o, drop = FALSE]
  v <- 1
  if (m$k > 1) v <- c(1, -kclass_fit(kclass_moments(r0, r1, m$n, L, m$K), 1)$coefficients)
  left <- drop(v %*% r1 %*% v)
  (drop(v %*% r0 %*% v) - left) / (L - m$k + 1) / (left / df)
}

# Theta = Q_Z'X in units of the first-stage residuals; with its smallest singular
# value s and vectors (u, v), the test is of s alone: only the scores of the one
# combination X v are needed.
kleibergen_paap <- function(f, scores, vcov, cluster) {
  units <- f$r[f$X, f$X, drop = FALSE]
  theta <- t(backsolve(units, t(f$r[f$Z, f$X, drop = FALSE]), transpose = TRUE))
  k <- f$k
  parts <- svd(theta, nu = f$L, nv = k)
  combine <- matrix(0, k, k)
  combine[, 1] <- backsolve(units, parts$v[, k])
  s <- matrix(scores(combine)$first[, , 1], f$L) * small_sample(vcov, f$n, f$K + f$L, cluster$count)
  across <- parts$u[, k:f$L, drop = FALSE]
  wald <- quadratic(crossprod(across, s %*% across), c(parts$d[k], rep(0, f$L - k)))
  df <- f$L - k + 1
  data.frame(
    statistic = "Kleibergen-Paap", f = wald / f$L, wald = wald, df = df,
    p.value = pchisq(wald, df, lower.tail = FALSE)
  )
}

# Under each statistic a line for each criterion: its values at every limit.
critical_lines <- function(critical) {
  unlist(lapply(unique(critical$statistic), function(statistic) {
    part <- critical[critical$statistic == statistic, ]
    values <- vapply(unique(part$criterion), function(criterion) {
      rows <- part[part$criterion == criterion, ]
      paste(sprintf("%s %% %.1f", vapply(100 * rows$limit, format, ""), rows$value), collapse = ", ")
    }, "")
    c(paste0("  ", statistic), sprintf("    %s: %s", names(values), values))
  }))
}

#' @rdname first_stage
#' @param x An `iv_first_stage` object.
#' @param digits Digits shown.
#' @export
print.iv_first_stage <- function(x, digits = max(3, getOption("digits") - 3), ...) {
  check_dots(...)
  check_printed(x, "iv_first_stage")
  cat("First stage (robust: ", x$vcov, ")\n", sep = "")
  several <- nrow(x$table) > 1
  last <- if (several) c("conditional_f", "conditional_p") else "effective_f"
  shown <- x$table[c("term", "partial_f", "df1", "df2", "p.value", "robust_f", last)]
  pointed(print(shown, digits = digits, row.names = FALSE))
  cat(sprintf(
    "%s: F = %s%s\n", x$joint$statistic, vapply(x$joint$f, format, "", digits = digits),
    ifelse(is.na(x$joint$p.value), "", paste0(", ", vapply(x$joint$p.value, p_is, "")))
  ), sep = "")
  if (!is.null(x$tf)) {
    cat(sprintf(
      "\ntF: at this robust F |t| is compared with %s instead of 1.96, which makes the standard error %s\n",
      format(x$tf$critical, digits = digits), format(x$tf$std.error, digits = digits)
    ))
  }
  if (!is.null(x$critical)) {
    cat("\nWeak at 5 % unless the statistic is above\n")
    cat(critical_lines(x$critical[!is.na(x$critical$value), ]), sep = "\n")
  }
  invisible(x)
}
