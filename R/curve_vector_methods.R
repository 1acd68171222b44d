#' Curves of two or three exposures
#'
#' `iv_curve(y ~ w | x1 + x2 | z)` estimates `h` in `Y = h(X1, X2) + U`, `E[U | Z] = 0`: does the effect of one exposure
#' depend on the other? Also from a [latent_mr()] fit of two or three exposures.
#'
#' @details
#' The closed form of [iv_curve()] on vectors. Instrument basis: `[1, w, z, z_i z_j, z^3]` with principal components of
#' random tanh units, cut by generalised cross-validation (of more than five instruments, products, cubes and units are
#' those of the exposures that they predict). Treatment side: a plane, all squares and products of exposures, and
#' `members` nets of tanh units in all exposures, averaged over nets and a grid of prior variances by their evidence.
#' Covariates are partialled out exactly.
#'
#' The shrunk surface is `plane + s (fit - plane)`, with the plane of two-stage least squares and
#' `s = max(0, 1 - V / D)` (James and Stein 1961): `D` the mean squared difference over the data, `V` what noise alone
#' gives. `s = 0` is exactly multivariable Mendelian randomization. Where the instruments have fewer
#' functions than there are slopes, squares and products, `s` is 0.
#'
#' Beside it: the plane, the quadratic with products (two-stage least squares, HC1 errors), two Wald tests in that
#' quadratic (`plane`: no square and no product; `no interaction`: no product), for each exposure its R2 and its
#' conditional F (Sanderson and Windmeijer 2016), and the log evidence of a bend.
#'
#' The band is that of the unshrunk fit and wide enough for a bend that the instruments barely see: over twice 40
#' data sets of 5,000 people (R2 of the exposures .3, `bench/bench-vector.R`) it held 92 and 95 % of the points of a
#' surface with a tanh, 98 to 100 % of those of a product, a hinge and a plane. Data of this size do not tell the first
#' from the last, so that no narrower band holds for both: near a plane the band is wider than it need be.
#'
#' A point is *extrapolation* where the instruments do not shift people into the corner beyond it (both exposures
#' farther from their medians; likelihood ratio, 5 % over all points asked for): the rectangle of the two ranges is
#' not where the data are. The plot has such points in grey.
#'
#' @param object,x,fit An `iv_surface`.
#' @param newdata Data frame or matrix with a column for each exposure; `NULL`: the grid of the central 80 % of each
#'   exposure, 15 points a side (of three exposures: 7), as in `as.data.frame()`.
#' @param interval `"none"`, `"confidence"` (pointwise) or `"uniform"` (simultaneous over that grid).
#' @param derivative `NULL`, or the name of the exposure with respect to which the derivative is taken.
#' @param level,conf.level Level of intervals.
#' @param exposure Name of an exposure.
#' @param from,to Its values (numbers or vectors of equal length).
#' @param at Named numbers: where the other exposures stay; `NULL`: at their means.
#' @param exposures Names of the two exposures of the axes; `NULL`: the first two. A third stays at its median.
#' @param units `NULL`: those of the data, if known; or the units of the exposures and of the outcome.
#' @param digits Digits shown.
#' @param conf.int Whether to add `conf.low`, `conf.high`.
#' @param row.names,stringsAsFactors As in [as.data.frame()].
#' @param optional No effect: the columns have names.
#' @param ... Nothing: an argument without a use is an error.
#' @return `predict`: as [predict.iv_curve()]. `average_effect`: a data frame with `exposure`, `from`, `to`, the other
#'   exposures, and the columns of [average_effect()]. [average_derivative()]: a row for each exposure.
#'   `as.data.frame`: the grid with `estimate` (shrunk surface), `unshrunk`, `std.error`, `conf.low`, `conf.high`
#'   (pointwise band of the unshrunk fit), `extrapolated`, a column for each reference. `tidy`: average derivatives
#'   and slopes of the plane. `glance`: one row. `plot`: a `ggplot` of contours, whose `$data` is the grid.
#'   Fields of the object: `names`, `nobs`, `range` (percentiles 10 and 90), `shrink` (s), `identification`,
#'   `references`, `tests`, `control`, `seed`, `call`, `formula`. Others are private.
#' @section Errors: `latentmr_error_argument` (also for more than three exposures), `latentmr_error_unidentified` for fewer
#'   instruments than exposures, `latentmr_error_singular` for collinear exposures and where the instruments do
#'   not tell them apart.
#' @references James and Stein (1961), Fourth Berkeley Symposium 1:361. Sanderson and Windmeijer (2016), Journal of
#'   Econometrics 190:212. Chen, Nitanda, Gretton and Suzuki (2025), arXiv:2511.14710.
#' @examples
#' set.seed(1)
#' z <- matrix(rnorm(3000), ncol = 2)
#' u <- rnorm(1500)
#' x1 <- z[, 1] + u
#' x2 <- z[, 2] - .5 * u + rnorm(1500)
#' d <- data.frame(z, x1, x2, y = .5 * x1 * x2 + u)
#' fit <- iv_curve(y ~ x1 + x2 | X1 + X2, data = d, seed = 1)
#' fit
#' average_effect(fit, "x1", from = 0, to = 1, at = c(x2 = 1))
#' predict(fit, data.frame(x1 = 1, x2 = c(-1, 1)), interval = "confidence")
#' @name iv_surface
NULL

vector_grid <- function(fit, points = if (ncol(fit$range) == 2) 15 else 7) {
  sides <- lapply(seq_len(ncol(fit$range)), function(j) seq(fit$range[1, j], fit$range[2, j], length.out = points))
  unname(as.matrix(expand.grid(sides)))
}

vector_newdata <- function(fit, newdata) {
  if (is.null(newdata)) return(vector_grid(fit))
  name <- fit$names$exposure
  if (is.data.frame(newdata) || (is.matrix(newdata) && !is.null(colnames(newdata)))) {
    if (!all(name %in% colnames(newdata))) {
      abort_argument("newdata", sprintf("a data frame with the columns %s", quote_all(name)), describe(newdata))
    }
    newdata <- as.matrix(as.data.frame(newdata)[name])
  }
  if (!is.matrix(newdata) || !is.numeric(newdata) || ncol(newdata) != length(name) || any(is.infinite(newdata))) {
    abort_argument("newdata", sprintf("finite numbers in %d columns, one an exposure", length(name)), describe(newdata))
  }
  plain_matrix(newdata)
}

# The place of an exposure among its names.
vector_exposure <- function(fit, exposure, arg) {
  check_choice(exposure, arg, fit$names$exposure)
  match(exposure, fit$names$exposure)
}

#' @rdname iv_surface
#' @export
predict.iv_surface <- function(object, newdata = NULL, interval = "none", derivative = NULL, level = .95, ...) {
  check_dots(...)
  check_made(object)
  check_choice(interval, "interval", c("none", "confidence", "uniform"))
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  by <- if (is.null(derivative)) 0L else vector_exposure(object, derivative, "derivative")
  x <- vector_newdata(object, newdata)
  known <- stats::complete.cases(x)
  value <- vector_value(object, x[known, , drop = FALSE], by)
  if (interval == "none") {
    out <- rep(NA_real_, nrow(x))
    out[known] <- value$fit
    return(out)
  }
  se <- vector_std_error(object, x[known, , drop = FALSE], by)
  times <- stats::qnorm((1 + level) / 2)
  if (interval == "uniform") {
    times <- largest_deviation(vector_covariance(object, vector_grid(object, 7), by), level, object$seed)
  }
  out <- matrix(NA_real_, nrow(x), 5, dimnames = list(NULL, c("fit", "unshrunk", "lwr", "upr", "std.error")))
  out[known, ] <- cbind(value$fit, value$unshrunk, value$unshrunk - times * se, value$unshrunk + times * se, se)
  out
}

#' @rdname iv_surface
#' @export
average_effect.iv_surface <- function(fit, exposure, from, to, at = NULL, level = .95, ...) {
  check_dots(...)
  check_given(c("exposure", "from", "to"))
  check_made(fit)
  j <- vector_exposure(fit, exposure, "exposure")
  for (arg in c("from", "to")) {
    v <- get(arg)
    if (!is.numeric(v) || !length(v) || !all(is.finite(v))) abort_argument(arg, "finite numbers", describe(v))
  }
  if (length(from) != length(to)) abort_argument("to", sprintf("as long as `from` (%d)", length(from)), describe(to))
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  others <- fit$names$exposure[-j]
  stay <- setNames(colMeans(fit$data$x), fit$names$exposure)
  if (!is.null(at)) {
    known <- is.numeric(at) && !is.null(names(at)) && all(names(at) %in% others) && !anyDuplicated(names(at))
    if (!known || !all(is.finite(at))) {
      abort_argument("at", sprintf("finite numbers named by the other exposures, %s", quote_all(others)), describe(at))
    }
    stay[names(at)] <- at
  }
  k <- length(from)
  x <- matrix(stay, 2 * k, length(stay), byrow = TRUE)
  x[, j] <- c(from, to)
  contrast <- cbind(-diag(k), diag(k))
  value <- vector_value(fit, x)
  se <- sqrt(pmax(diag(vector_covariance(fit, x, weights = contrast)), 0))
  fixed <- as.data.frame(as.list(stay[others]), optional = TRUE)
  cbind(
    data.frame(exposure = exposure, from = from, to = to), fixed[rep(1, k), , drop = FALSE],
    effect_frame(drop(contrast %*% value$fit), drop(contrast %*% value$unshrunk), se, level), row.names = NULL
  )
}

# Mean derivative along each exposure over at most 1,000 evenly spaced people.
vector_derivatives <- function(fit, level) {
  check_made(fit)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  x <- fit$data$x[unique(round(seq(1, fit$nobs, length.out = 1000))), , drop = FALSE]
  mean <- matrix(1 / nrow(x), 1, nrow(x))
  rows <- lapply(seq_len(ncol(x)), function(j) {
    value <- vector_value(fit, x, j)
    effect_frame(mean(value$fit), mean(value$unshrunk), sqrt(drop(vector_covariance(fit, x, j, mean))), level)
  })
  cbind(data.frame(exposure = fit$names$exposure), do.call(rbind, rows))
}

#' @rdname iv_surface
#' @export
print.iv_surface <- function(x, digits = 3, ...) {
  check_dots(...)
  check_made(x)
  number <- function(v) formatC(v, digits = digits, format = "g")
  id <- x$identification
  name <- x$names$exposure
  cat(sprintf(
    "Dose-response of %s on %s together (F2BMLD, closed form), n = %d%s\n", x$names$outcome, join_words(name), x$nobs,
    if (isTRUE(x$dropped > 0)) sprintf(" (%d rows with missing values left out)", x$dropped) else ""
  ))
  cat(sprintf("Instruments: %d given, basis of %d\n", length(x$names$instruments), id$instruments))
  cat(sprintf("  %s: R2 %s, F given the others %s\n", name, number(id$first_stage), number(id$conditional_f)), sep = "")
  cat(sprintf(
    "Directions of the surface that the instruments see: %d of at most %d; slopes, squares and products are %d%s\n",
    id$directions, id$most, id$needed, if (id$directions < id$needed) ": not all are identified" else ""
  ))
  cat(sprintf(
    "The instruments move people jointly around %.0f %% of people; elsewhere it is extrapolation\n", 100 * id$seen
  ))
  cat(sprintf(
    "Shrinkage to the plane of 2SLS: s = %s (noise / difference V/D = %s); log evidence of a bend %s\n", number(x$shrink),
    number(x$model$numbers[["ratio"]]), number(x$model$numbers[["gain"]])
  ))
  if (x$shrink == 0) cat("No evidence against a plane at this instrument strength.\n")
  cat("\nSurface (band of the unshrunk fit) and references:\n")
  pointed(print(vector_table(x, digits), row.names = FALSE))
  cat("\nAverage derivatives:\n")
  pointed(print(average_derivative(x), digits = digits, row.names = FALSE))
  p <- setNames(x$tests$p.value, x$tests$test)
  cat(sprintf("\nA plane: p = %s; no interaction: p = %s\n", number(p[["plane"]]), number(p[["no interaction"]])))
  invisible(x)
}

join_words <- function(x) {
  if (length(x) == 1) return(x)
  paste(paste(x[-length(x)], collapse = ", "), "and", x[length(x)])
}

# At the corners of the central halves: every combination of the first and third quartiles.
vector_table <- function(fit, digits) {
  k <- ncol(fit$data$x)
  quartiles <- apply(fit$data$x, 2, stats::quantile, c(.25, .75), names = FALSE)
  x <- as.matrix(expand.grid(lapply(seq_len(k), function(j) quartiles[, j])))
  band <- predict(fit, unname(x), interval = "confidence")
  out <- rbind(band[, "fit"], band[, "unshrunk"], band[, "lwr"], band[, "upr"])
  out <- rbind(out, t(vapply(fit$references, vector_reference_value, numeric(nrow(x)), x = x)))
  labels <- vapply(fit$references, `[[`, "", "label")
  labels <- c("surface (shrunk)", "unshrunk fit", "  95% lower", "  95% upper", labels)
  shown <- formatC(out, digits = digits, format = "g")
  shown[is.na(out)] <- "-"
  at <- formatC(x, digits = digits, format = "g")
  colnames(shown) <- sprintf("(%s)", apply(at, 1, function(v) paste(trimws(v), collapse = ", ")))
  head <- data.frame(format(unname(labels)))
  names(head) <- sprintf("(%s)", paste(fit$names$exposure, collapse = ", "))
  cbind(head, shown)
}

#' @rdname iv_surface
#' @export
summary.iv_surface <- function(object, level = .95, ...) {
  check_dots(...)
  summary_of_curve(object, level, "summary.iv_surface")
}

#' @export
print.summary.iv_surface <- function(x, digits = 3, ...) {
  check_dots(...)
  check_printed(x, "summary.iv_surface")
  print_summary_of_curve(x, digits, "Tests in the quadratic", "each exposure")
}

#' @rdname iv_surface
#' @export
as.data.frame.iv_surface <- function(x, row.names = NULL, optional = FALSE, level = .95, stringsAsFactors = FALSE,
                                     ...) {
  check_dots(...)
  check_made(x)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  asked_frame(vector_frame(x, vector_grid(x), level), row.names, stringsAsFactors)
}

vector_frame <- function(fit, at, level) {
  band <- predict(fit, at, interval = "confidence", level = level)
  out <- as.data.frame(at)
  names(out) <- fit$names$exposure
  out <- cbind(out, data.frame(
    estimate = band[, "fit"], unshrunk = band[, "unshrunk"], std.error = band[, "std.error"], conf.low = band[, "lwr"],
    conf.high = band[, "upr"], extrapolated = vector_extrapolates(fit, at)
  ))
  for (name in names(fit$references)) out[[name]] <- vector_reference_value(fit$references[[name]], at)
  out
}

#' @rdname iv_surface
#' @export
tidy.iv_surface <- function(x, conf.int = TRUE, conf.level = .95, ...) {
  check_dots(...)
  check_made(x)
  check_flag(conf.int, "conf.int")
  name <- x$names$exposure
  plane <- x$references$plane
  slope <- se <- rep(NA_real_, length(name))
  if (!is.null(plane$coef)) {
    slope <- plane$coef / plane$spec$scale
    se <- sqrt(diag(plane$vcov)) / plane$spec$scale
  }
  rows <- rbind(average_derivative(x, conf.level)[-1], effect_frame(slope, slope, se, conf.level))
  out <- data.frame(
    term = c(paste("average derivative of", name), paste("plane, 2SLS, of", name)), estimate = rows$estimate,
    std.error = rows$std.error, statistic = rows$unshrunk / rows$std.error, p.value = rows$p.value
  )
  if (conf.int) out <- cbind(out, rows[c("conf.low", "conf.high")])
  row.names(out) <- NULL
  out
}

#' @rdname iv_surface
#' @export
glance.iv_surface <- function(x, ...) {
  check_dots(...)
  check_made(x)
  p <- setNames(x$tests$p.value, x$tests$test)
  numbers <- x$model$numbers
  data.frame(
    nobs = x$nobs, shrink = x$shrink, noise.ratio = numbers[["ratio"]], evidence = numbers[["gain"]],
    directions = x$identification$directions, conditional.f = min(x$identification$conditional_f),
    p.value.plane = p[["plane"]], p.value.interaction = p[["no interaction"]],
    sigma = sqrt(numbers[["s2"]]) * numbers[["y_sd"]]
  )
}

#' @export
nobs.iv_surface <- function(object, ...) {
  check_dots(...)
  check_list(object)
  object$nobs
}
