#' Tidy an IV fit
#'
#' Data frames with the column names of `broom` (ivreg) and `estimatr`
#' (`iv_robust`).
#'
#' @param x An `iv_reg` object.
#' @param conf.int Whether to add `conf.low`, `conf.high`.
#' @param conf.level Level of the interval.
#' @param instruments Whether to give the first-stage F tests instead: `term`,
#'   `num.df`, `den.df`, `statistic`, `p.value`, one row per endogenous variable.
#' @param diagnostics Whether `glance` adds the names of broom too:
#'   `statistic.Sargan`, `p.value.Sargan`, `statistic.Wu.Hausman`,
#'   `p.value.Wu.Hausman`.
#' @param ... Nothing: an argument without a use is an error.
#' @return `tidy`: `term, estimate, std.error, statistic, p.value, conf.low,
#'   conf.high, df, outcome`, a row per coefficient (`NA` where not identified).
#'   `glance`: one row `r.squared, adj.r.squared, sigma, statistic, p.value, df,
#'   df.residual, nobs, se_type, statistic.weakinst, p.value.weakinst,
#'   statistic.endogeneity, p.value.endogeneity, statistic.overid,
#'   p.value.overid` (`weakinst`: the smallest over the endogenous variables;
#'   `overid`: Hansen J with a robust covariance, else Sargan).
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars, vcov = "HC1")
#' tidy(fit)
#' glance(fit)
#' @name iv_tidy
NULL

#' @rdname iv_tidy
#' @export
tidy.iv_reg <- function(x, conf.int = TRUE, conf.level = 0.95, instruments = FALSE, ...) {
  check_dots(...)
  check_flag(conf.int, "conf.int")
  check_flag(instruments, "instruments")
  if (instruments) {
    d <- x$diagnostics
    d <- d[startsWith(rownames(d), "Weak"), , drop = FALSE]
    return(data.frame(
      term = x$endogenous, num.df = d[, 1], den.df = d[, 2], statistic = d[, 3], p.value = d[, 4],
      row.names = NULL
    ))
  }
  table <- summary(x)$coefficients
  full <- matrix(NA_real_, length(x$coefficients), 4, dimnames = list(names(x$coefficients), NULL))
  full[rownames(table), ] <- table
  out <- data.frame(
    term = rownames(full), estimate = full[, 1], std.error = full[, 2], statistic = full[, 3],
    p.value = full[, 4], row.names = NULL
  )
  if (conf.int) {
    ci <- confint(x, level = conf.level)
    out$conf.low <- unname(ci[, 1])
    out$conf.high <- unname(ci[, 2])
  }
  out$df <- inference_df(x)
  out$outcome <- if (is.null(x$terms)) "y" else deparse1(formula(x, "regressors")[[2]])
  out
}

#' @rdname iv_tidy
#' @export
glance.iv_reg <- function(x, diagnostics = FALSE, ...) {
  check_dots(...)
  check_flag(diagnostics, "diagnostics")
  s <- summary(x)
  d <- x$diagnostics
  row <- function(name, column) if (is.null(d) || !(name %in% rownames(d))) NA_real_ else d[name, column]
  weak <- which(startsWith(c(rownames(d), ""), "Weak"))
  weak <- weak[order(d[weak, 3])][1]
  over <- if ("Hansen J" %in% rownames(d)) "Hansen J" else "Sargan"
  out <- data.frame(
    r.squared = s$r.squared, adj.r.squared = s$adj.r.squared, sigma = s$sigma,
    statistic = s$waldtest[1], p.value = s$waldtest[2], df = s$waldtest[3],
    df.residual = x$df.residual, nobs = x$nobs, se_type = x$vcov_type,
    statistic.weakinst = if (length(weak) && !is.na(weak)) d[weak, 3] else NA_real_,
    p.value.weakinst = if (length(weak) && !is.na(weak)) d[weak, 4] else NA_real_,
    statistic.endogeneity = row("Wu-Hausman", 3), p.value.endogeneity = row("Wu-Hausman", 4),
    statistic.overid = row(over, 3), p.value.overid = row(over, 4), row.names = NULL
  )
  if (diagnostics) {
    out$statistic.Sargan <- row("Sargan", 3)
    out$p.value.Sargan <- row("Sargan", 4)
    out$statistic.Wu.Hausman <- row("Wu-Hausman", 3)
    out$p.value.Wu.Hausman <- row("Wu-Hausman", 4)
  }
  out
}
