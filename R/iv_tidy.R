#' Tidy an IV fit
#'
#' Data frames with the column names of `broom` (ivreg) and `estimatr`
#' (`iv_robust`).
#'
#' @param x An `iv_reg` object.
#' @param conf.int Whether to add `conf.low`, `conf.high`.
#' @param conf.level Level of the interval.
#' @param component `"stage2"` or `"stage1"`: coefficients of the first stages, with their classical errors.
#' @param vcov,vcov.,cluster,df As in [summary.iv_reg()].
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
tidy.iv_reg <- function(x, conf.int = TRUE, conf.level = 0.95, instruments = FALSE, component = "stage2",
                        vcov = NULL, cluster = NULL, df = NULL, vcov. = NULL, ...) {
  if (!is.function(one_spelling(vcov, vcov.))) check_dots(...)
  check_made(x)
  check_flag(conf.int, "conf.int")
  check_flag(instruments, "instruments")
  check_number(conf.level, "conf.level", 0, 1, open = TRUE)
  check_choice(component, "component", c("stage2", "stage1"))
  check_idle(c("component", "df"), instruments, "instruments = FALSE")
  if (component == "stage1") {
    check_stage1_vcov(one_spelling(vcov, vcov.), cluster)
    if (is.null(df)) df <- x$engine$f$n - x$engine$f$K - x$engine$f$L
    return(tidy_rows(coef(x, "stage1"), stage1_vcov(x), df,
      if (conf.int) conf.level, paste(endogenous_kept(x), collapse = ", ")))
  }
  chosen <- chosen_vcov(x, vcov, cluster, vcov., df, ...)
  if (instruments) return(tidy_instruments(chosen$object))
  tidy_rows(
    x$coefficients, chosen$v, chosen$df_each, if (conf.int) conf.level,
    if (is.null(x$terms)) "y" else deparse1(formula(x, "regressors")[[2]])
  )
}

tidy_instruments <- function(x) {
  d <- x$diagnostics
  if (is.null(d)) abort_argument("instruments", "FALSE for a fit without instruments", "TRUE")
  d <- d[startsWith(rownames(d), "Weak"), , drop = FALSE]
  data.frame(
    term = endogenous_kept(x), num.df = d[, 1], den.df = d[, 2], statistic = d[, 3], p.value = d[, 4],
    row.names = NULL
  )
}

# The columns of broom; `level` NULL: without an interval.
tidy_rows <- function(est, v, df, level, outcome) {
  se <- setNames(rep(NA_real_, length(est)), names(est))
  se[rownames(v)] <- sqrt(diag(v))
  each <- degrees_of(df, names(est))
  out <- data.frame(
    term = names(est), estimate = unname(est), std.error = unname(se), statistic = unname(est / se),
    p.value = unname(2 * stats::pt(-abs(est / se), each)), row.names = NULL
  )
  if (!is.null(level)) {
    half <- stats::qt((1 + level) / 2, each) * se
    out$conf.low <- unname(est - half)
    out$conf.high <- unname(est + half)
  }
  out$df <- each
  out$outcome <- outcome
  out
}

#' @rdname iv_tidy
#' @export
glance.iv_reg <- function(x, diagnostics = FALSE, vcov = NULL, cluster = NULL, df = NULL, vcov. = NULL, ...) {
  if (!is.function(one_spelling(vcov, vcov.))) check_dots(...)
  check_made(x)
  check_flag(diagnostics, "diagnostics")
  s <- summary(x, vcov, TRUE, cluster, df, vcov., ...)
  d <- s$diagnostics
  row <- function(name, column) if (is.null(d) || !(name %in% rownames(d))) NA_real_ else d[name, column]
  weak <- which(startsWith(c(rownames(d), ""), "Weak"))
  weak <- weak[order(d[weak, 3])][1]
  over <- if ("Hansen J" %in% rownames(d)) "Hansen J" else "Sargan"
  out <- data.frame(
    r.squared = s$r.squared, adj.r.squared = s$adj.r.squared, sigma = s$sigma,
    statistic = s$waldtest[1], p.value = s$waldtest[2], df = s$waldtest[3],
    df.residual = x$df.residual, nobs = x$nobs, se_type = s$vcov_type,
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
