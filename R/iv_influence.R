# Leverages, and what one row does to a fit.

#' @rdname iv_methods
#' @importFrom stats hatvalues
#' @export
hatvalues.iv_reg <- function(model, type = "stage2", ...) {
  check_dots(...)
  check_made(model)
  check_choice(type, "type", c("stage2", "stage1", "both", "maximum"))
  s <- iv_scores(model$engine$f2, model$engine$est, leverage = TRUE)
  h <- s$leverage
  if (type != "stage2") {
    f <- model$engine$f
    if (f$L == 0) abort("This fit has no first stage.", "latentmr_error_argument", argument = "type")
    h1 <- s$leverage1
    if (!is.null(model$engine$instrument)) h1 <- iv_scores(f, model$engine$est, leverage = TRUE)$leverage1
    h <- combined_leverage(model, h1, h, type)
  }
  naresid(model$na.action, setNames(h, names(model$residuals)))
}

# ivreg's: leverages relative to their means, geometric mean or maximum.
combined_leverage <- function(model, h1, h2, type) {
  if (type == "stage1") return(h1)
  mean1 <- (length(model$instruments) + length(model$exogenous)) / model$nobs
  mean2 <- length(model$coefficients) / model$nobs
  mean2 * if (type == "both") sqrt(h1 / mean1 * h2 / mean2) else pmax(h1 / mean1, h2 / mean2)
}

#' What one row does to an IV fit
#'
#' The fit without each row in turn, without fitting it again: change of the coefficients, residual
#' standard deviation, DFFITS, Cook's distance and studentised residuals, for two-stage and ordinary least squares.
#'
#' @details
#' With row i's regressors `x`, residual `e`, first-stage residuals `r` (zero for exogenous columns), residual of the
#' outcome on the instruments `u`, instrument leverage `h` and `A = X'PX`, the fit without row i is
#'
#' `b_i - b = (A - x x' + r r' / (1 - h))^-1 (r (u - r'b) / (1 - h) - x e)`
#'
#' exactly (Phillips 1977). As in ivreg, `dfbeta` is `b - b_i`, `sigma` the residual standard deviation without the
#' row, `dffits = x'(b - b_i) / (sigma sqrt(x'A^-1 x))`, `cookd = (sigma / s)^2 dffits^2 / p` and
#' `rstudent = e / (sigma sqrt(1 - hatvalues))`. With weights all rows are multiplied by the weights' roots.
#'
#' @param model,x An `iv_reg` object of estimator `"2sls"` or `"ols"`; for the methods of what `influence()`
#'   gives, its result.
#' @param type Leverages used in `rstudent`: `"stage2"`, `"both"` or `"maximum"`, see [hatvalues()].
#' @param which Pictures of `plot()`: 1 residuals against fitted values, 2 normal quantiles of studentised
#'   residuals, 3 Cook's distances, 4 studentised residuals against leverages.
#' @param data A data frame with the rows of the fit to add the columns to; `NULL` is the model frame.
#' @param ... Nothing: an argument without a use is an error.
#' @return `influence()`: list of class `influence.iv_reg` with `dfbeta` (rows by coefficients), `sigma`, `dffits`,
#'   `cookd`, `hatvalues`, `rstudent` (one number a row) and `df.residual`. `augment()`: the data with the columns of
#'   broom, `.fitted, .resid, .hat, .sigma, .cooksd, .std.resid`. `plot()`: the object, invisibly.
#' @section Missing values: rows left out by `na.exclude` are `NA`.
#' @section Errors: `latentmr_error_argument` for other estimators: their kappa or weights change with each row.
#' @references Phillips (1977), Econometrica 45:1013. Belsley, Kuh and Welsch (1980), Regression Diagnostics.
#' @examples
#' fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
#' sort(cooks.distance(fit), decreasing = TRUE)[1:3]
#' head(dfbeta(fit))
#' head(augment(fit))
#' plot(fit, which = 3)
#' @name iv_influence
NULL

#' @rdname iv_influence
#' @importFrom stats influence
#' @export
influence.iv_reg <- function(model, type = "stage2", ...) {
  check_dots(...)
  check_made(model)
  check_choice(type, "type", c("stage2", "both", "maximum"))
  check_deletable(model)
  parts <- deletion_parts(model)
  change <- deletion_change(parts)
  n <- length(parts$e)
  p <- ncol(parts$x)
  fitted_change <- rowSums(parts$x * change)
  # Without row i: e_j - x_j'change over the others, squared.
  moved <- rowSums((change %*% crossprod(parts$x)) * change) - fitted_change^2
  along <- drop(change %*% crossprod(parts$x, parts$e)) - fitted_change * parts$e
  rss <- sum(parts$e^2) - parts$e^2 - 2 * along + moved
  sigma <- sqrt(pmax(rss, 0) / (n - p - 1))
  s <- sqrt(sum(parts$e^2) / (n - p))
  dffits <- -fitted_change / (sigma * sqrt(parts$leverage))
  hat <- hatvalues(model, type = type)
  here <- if (is.null(model$na.action)) hat else stats::na.omit(hat)
  rows <- function(value) naresid(model$na.action, setNames(value, names(model$residuals)))
  dfbeta <- -change
  dimnames(dfbeta) <- list(names(model$residuals), colnames(parts$x))
  structure(list(
    dfbeta = naresid(model$na.action, dfbeta), sigma = rows(sigma), dffits = rows(dffits),
    cookd = rows((sigma / s)^2 * dffits^2 / p), hatvalues = hat,
    rstudent = rows(parts$e / (sigma * sqrt(1 - as.vector(here)))), df.residual = model$df.residual
  ), class = "influence.iv_reg")
}

check_deletable <- function(model) {
  if (model$estimator %in% c("2sls", "ols")) return(invisible())
  abort_argument(
    "model", "a fit of estimator \"2sls\" or \"ols\"", sprintf("one of \"%s\"", model$estimator),
    hint = "Its kappa or weights change with each row left out; fit it again without the row, with update()."
  )
}

# Regressors, first-stage residuals, residuals and leverages of the rows, weighted.
deletion_parts <- function(model) {
  names <- names(model$coefficients)[!is.na(model$coefficients)]
  root <- if (is.null(model$weights)) 1 else sqrt(model$weights)
  x <- root * model.matrix(model)[, names, drop = FALSE]
  inverse <- model$cov.unscaled[names, names, drop = FALSE]
  parts <- list(
    x = x, e = root * model$residuals, inverse = inverse, leverage = rowSums((x %*% inverse) * x),
    r = 0 * x, v = numeric(nrow(x)), h = numeric(nrow(x))
  )
  if (model$estimator == "ols") return(parts)
  z <- qr(root * model.matrix(model, "instruments"))
  q <- qr.Q(z)[, seq_len(z$rank), drop = FALSE]
  y <- root * model$engine$f$rows$y
  parts$r <- x - q %*% crossprod(q, x)
  parts$r[, !(names %in% model$endogenous)] <- 0
  parts$v <- drop(y - q %*% crossprod(q, y) - parts$r %*% model$coefficients[names])
  parts$h <- rowSums(q^2)
  parts
}

# b_i - b, a row each: rank-two changes of the inverse, one after the other.
deletion_change <- function(parts) {
  r <- parts$r / sqrt(1 - parts$h)
  right <- r * (parts$v / sqrt(1 - parts$h)) - parts$x * parts$e
  r_side <- r %*% parts$inverse
  with_r <- 1 + rowSums(r_side * r)
  first <- function(side, columns) side - r_side * (rowSums(r_side * columns) / with_r)
  out <- first(right %*% parts$inverse, right)
  x_side <- first(parts$x %*% parts$inverse, parts$x)
  out + x_side * (rowSums(parts$x * out) / (1 - rowSums(parts$x * x_side)))
}

#' @rdname iv_influence
#' @importFrom stats dfbeta
#' @export
dfbeta.iv_reg <- function(model, ...) influence(model, ...)$dfbeta

#' @rdname iv_influence
#' @importFrom stats dfbetas
#' @export
dfbetas.iv_reg <- function(model, ...) {
  found <- influence(model, ...)
  found$dfbeta / outer(found$sigma, sqrt(diag(model$cov.unscaled))[colnames(found$dfbeta)])
}

#' @rdname iv_influence
#' @importFrom stats cooks.distance
#' @export
cooks.distance.iv_reg <- function(model, ...) influence(model, ...)$cookd

#' @rdname iv_influence
#' @importFrom stats rstudent
#' @export
rstudent.iv_reg <- function(model, type = "stage2", ...) influence(model, type = type, ...)$rstudent

#' @rdname iv_influence
#' @export
dfbeta.influence.iv_reg <- function(model, ...) {
  check_dots(...)
  check_printed(model, "influence.iv_reg", "model")
  model$dfbeta
}

#' @rdname iv_influence
#' @export
cooks.distance.influence.iv_reg <- function(model, ...) {
  check_dots(...)
  model$cookd
}

#' @rdname iv_influence
#' @export
rstudent.influence.iv_reg <- function(model, ...) {
  check_dots(...)
  check_printed(model, "influence.iv_reg", "model")
  model$rstudent
}

#' @rdname iv_influence
#' @export
hatvalues.influence.iv_reg <- function(model, ...) {
  check_dots(...)
  check_printed(model, "influence.iv_reg", "model")
  model$hatvalues
}

#' @rdname iv_influence
#' @export
augment.iv_reg <- function(x, data = NULL, ...) {
  check_dots(...)
  check_made(x)
  if (is.null(data)) data <- if (is.null(x$model)) data.frame(row.names = seq_along(x$residuals)) else x$model
  if (!is.data.frame(data)) abort_argument("data", "a data frame", describe(data))
  fit <- as.vector(fitted(x))
  if (nrow(data) != length(fit)) {
    abort_argument(
      "data", sprintf("the %d rows of the fit", length(fit)), sprintf("%d rows", nrow(data)),
      hint = "Leave out the rows that the fit left out, or fit with na.action = na.exclude."
    )
  }
  check_same_response(x, data)
  data$.fitted <- fit
  data$.resid <- as.vector(residuals(x))
  data$.hat <- as.vector(hatvalues(x))
  if (x$estimator %in% c("2sls", "ols")) {
    found <- influence(x)
    data$.sigma <- as.vector(found$sigma)
    data$.cooksd <- as.vector(found$cookd)
  }
  root <- if (is.null(x$weights)) 1 else sqrt(as.vector(weights(x)))
  data$.std.resid <- root * data$.resid / (x$sigma * sqrt(1 - data$.hat))
  data
}

#' @rdname iv_influence
#' @export
plot.iv_reg <- function(x, which = 1:4, ...) {
  check_dots(...)
  if (!is.numeric(which) || !length(which) || anyNA(which) || !all(which %in% 1:4)) {
    abort_argument("which", "some of the numbers 1 to 4", describe(which))
  }
  found <- influence(x)
  names <- names(found$cookd)
  pictures <- list(
    list(fitted(x), residuals(x), "Fitted values", "Residuals"),
    list(stats::qnorm(stats::ppoints(sum(is.finite(found$rstudent)))), sort(found$rstudent), "Normal quantiles",
      "Studentised residuals"),
    list(seq_along(found$cookd), found$cookd, "Row", "Cook's distance"),
    list(found$hatvalues, found$rstudent, "Leverage", "Studentised residuals")
  )
  for (i in which) {
    p <- pictures[[i]]
    graphics::plot.default(p[[1]], p[[2]], xlab = p[[3]], ylab = p[[4]], type = if (i == 3) "h" else "p")
    if (i == 2) graphics::abline(0, 1, lty = 3) else graphics::abline(h = 0, lty = 3)
    if (i == 3) {
      top <- utils::head(order(found$cookd, decreasing = TRUE), 3)
      graphics::text(top, found$cookd[top], names[top], pos = 3, cex = .8, xpd = NA)
    }
  }
  invisible(x)
}

# Other rows of the same number, or the same in another order: seen where `data` have the outcome.
check_same_response <- function(x, data) {
  if (is.null(x$model) || is.null(x$formula)) return(invisible())
  now <- tryCatch(eval(x$formula[[2]], plain_columns(data), environment(x$formula)), error = function(e) NULL)
  own <- as.vector(stats::model.response(x$model))
  if (length(now) != length(own)) return(invisible())
  if (isTRUE(all.equal(as.vector(now), own, check.attributes = FALSE))) return(invisible())
  abort_argument("data", "the rows of the fit, in their order", "one with another outcome")
}
