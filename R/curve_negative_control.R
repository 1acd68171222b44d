#' Negative-control outcomes
#'
#' Fits the same model to an outcome that the exposure cannot affect (age, sex, an
#' outcome before exposure). An effect there means that the instruments are not
#' exogenous, or that the method makes effects out of nothing.
#'
#' @param fit A fitted object.
#' @param outcome Negative-control outcome: a numeric (or logical) vector with a value
#'   for every row that `fit` used, in their order, without missing values; see Details for names.
#' @param name Its name in print.
#' @param ... Nothing: an argument without a use is an error.
#' @return For curves: an object of class `negative_control`: `fit` (the same fit to the control),
#'   and `tests`, a data frame with `test`, `statistic`, `df`, `p.value`: `exogeneity` (are
#'   the instruments associated with the control at all, given the covariates? robust
#'   Wald test on the instrument basis, the Anderson-Rubin test of no effect), `slope` (average
#'   derivative of the curve) and `linearity`.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' set.seed(1)
#' z <- rnorm(500)
#' u <- rnorm(500)
#' d <- data.frame(z, x = z + u, y = abs(z + u) + u, age = rnorm(500, 50, 8))
#' fit <- iv_curve(y ~ x | z, data = d, seed = 1)
#' negative_control(fit, d$age, "age")
#'
#' line <- iv_reg(y ~ age | x | z, data = d)
#' negative_control(line, "age")
#' cohort <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
#' fit <- latent_mr(cohort, methods = "latent_2sls", by_environment = FALSE, seed = 1)
#' negative_control(fit, data.frame(age = rnorm(1800), sex = rbinom(1800, 1, .5)), cohort)
#' @export
negative_control <- function(fit, outcome, ...) {
  check_given("fit")
  UseMethod("negative_control")
}

#' @rdname negative_control
#' @export
negative_control.iv_curve <- function(fit, outcome, name = deparse1(substitute(outcome)), ...) {
  check_dots(...)
  check_given("outcome")
  check_made(fit)
  check_string(name, "name")
  if (is.logical(outcome)) outcome <- outcome + 0
  if (!is.numeric(outcome) || !is.null(dim(outcome)) || length(outcome) != fit$nobs) {
    abort_argument(
      "outcome", sprintf("a numeric vector of length %d, the rows of the fit", fit$nobs), describe(outcome)
    )
  }
  check_curve_column(outcome, "outcome", "negative control")
  own <- vapply(fit$data[c("x", "y")], same_numbers, NA, outcome)
  if (any(own)) {
    abort_argument(
      "outcome", sprintf("a trait that the exposure cannot affect (`%s`)", name),
      sprintf("%s of the fit itself", quote_all(unlist(fit$names[c("exposure", "outcome")])[own][1]))
    )
  }
  rows <- c(fit$data, list(names = fit$names))
  rows$y <- as.double(outcome)
  rows$names$outcome <- name
  control <- fit$control
  control$shape <- "free" # what has no effect has no direction
  again <- curve_fit(rows, fit$estimator, control, fit$seed)
  again$design <- fit$design
  slope <- average_derivative(again)
  model <- again$model
  g <- drop(model$g)
  statistic <- sum(g * solve(model$omega_null, g))
  df <- length(g)
  structure(
    list(
      fit = again, name = name,
      tests = data.frame(
        test = c("exogeneity", "slope", "linearity"),
        statistic = c(statistic, (slope$unshrunk / slope$std.error)^2, NA), df = c(df, 1, NA),
        p.value = c(stats::pchisq(statistic, df, lower.tail = FALSE), slope$p.value, again$tests$p.value[1])
      )
    ),
    class = "negative_control"
  )
}

#' @export
print.negative_control <- function(x, digits = 3, ...) {
  check_dots(...)
  check_printed(x, "negative_control")
  cat(sprintf("Negative control %s: the exposure cannot affect it, so every test should be silent\n", x$name))
  pointed(print(x$tests, digits = digits, row.names = FALSE))
  invisible(x)
}
