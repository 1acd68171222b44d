#' Values of a dose-response curve
#'
#' @param object An `iv_curve`.
#' @param newdata Data frame with the exposure's column, or a numeric vector of
#'   exposures; `NULL`: 100 points from the 1st to the 99th percentile of the exposure. A
#'   curve that depends on covariates is taken at theirs when `newdata` has all of them, and
#'   averaged over people in the data when not. With linear covariates the curve
#'   is at their means.
#' @param interval `"none"`, `"confidence"` (pointwise) or `"uniform"` (simultaneous over
#'   the 1st to 99th percentile of the exposure).
#' @param derivative Whether to give the derivative of the curve (outcome units per
#'   exposure unit).
#' @param level Level of the band.
#' @param ... Nothing: an argument without a use is an error.
#' @details The band belongs to the *unshrunk* fit. By default it is its Gaussian posterior,
#' within and between the averaged nets and prior variances, plus the error of the mean; `band` in
#' [curve_control()] asks for a sandwich or the bootstrap instead. The uniform band multiplies
#' the same standard error by the quantile of the largest standardised deviation, from
#' 4,000 draws. The posterior is the default because it alone covers: pointwise 95 %
#' bands over the central 90 % of the exposure held .95 of a sigmoid at n = 1,000 (posterior, 500
#' draws), .91 (bootstrap, 6), .40 (sandwich, 20); of a kink at n = 2,000 .97 (500) and .87
#' (sandwich, 12); of a parabola with an instrument of R2 10 % at n = 10,000 .97 (500) and .71
#' (sandwich, 12) (`Rscript bench/curves.R coverage kiv 500 posterior` and so on). The
#' sandwich leaves out what the features of the other half cannot follow, the bootstrap what
#' the prior smooths. With weak instruments the band is for curves near a
#' parabola; rougher truths are outside it. `estimator = "kiv"` and `solver = "adam"` have none; with
#' `"sieve"` the bands are npiv's.
#' Of a curve with a `shape` (see [curve_control()]) `fit` and `unshrunk` have it, the errors are those of the free
#' fit, and the band is the narrowest around all curves of that shape inside the free fit's (and around `unshrunk`).
#' Limits of a derivative are `NA` where the free fit's lie wholly on the side that the shape excludes.
#' @return `interval = "none"`: numeric vector, the shrunk curve. Otherwise a matrix with
#'   columns `fit` (shrunk curve), `unshrunk`, `lwr`, `upr` (band of the unshrunk fit) and
#'   `std.error`. `NA` for missing exposures. Outcome units.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' set.seed(1)
#' z <- rnorm(300)
#' u <- rnorm(300)
#' d <- data.frame(z, x = z + u, y = sin(z + u) + u)
#' fit <- iv_curve(y ~ x | z, data = d, seed = 1)
#' predict(fit, c(-1, 0, 1), interval = "uniform")
#' predict(fit, c(-1, 0, 1), derivative = TRUE)
#' @export
predict.iv_curve <- function(object, newdata = NULL, interval = "none", derivative = FALSE,
                             level = .95, ...) {
  check_dots(...)
  check_made(object)
  check_choice(interval, "interval", c("none", "confidence", "uniform"))
  check_flag(derivative, "derivative")
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  at <- curve_newdata(object, newdata)
  known <- !is.na(at$x) & (if (is.null(at$w)) TRUE else rowSums(is.na(at$w)) == 0)
  at <- at_rows(at, known)
  if (interval == "none") {
    out <- rep(NA_real_, length(known))
    out[known] <- curve_value(object, at, derivative)$fit
    return(out)
  }
  check_band(object, interval, level)
  band <- curve_band(object, at, derivative, interval, level)
  out <- matrix(NA_real_, length(known), ncol(band), dimnames = list(NULL, colnames(band)))
  out[known, ] <- band
  out
}

at_rows <- function(at, rows) {
  list(x = at$x[rows], w = if (!is.null(at$w)) at$w[rows, , drop = FALSE])
}

check_band <- function(fit, interval, level) {
  if (!has_band(fit)) {
    abort_argument(
      "interval", sprintf("\"none\" with %s", curve_label(fit)), sprintf("\"%s\"", interval),
      hint = "Bands come with estimator = \"f2bmld\", solver \"closed\", and with \"sieve\"."
    )
  }
  own <- curve_solver(fit)$uniform
  if (!is.null(own) && interval == "uniform" && level != own$level) {
    abort_argument(
      "level", sprintf("%s, the level of %s's uniform bands", sub("^0", "", format(own$level)), own$whose),
      describe(level)
    )
  }
}

curve_grid <- function(fit, points = 100) seq(fit$range[1], fit$range[2], length.out = points)

curve_value <- function(fit, at, derivative = FALSE) curve_solver(fit)$value(fit, at, derivative)

# In pieces, because the covariance is square in the points.
curve_std_error <- function(fit, at, derivative) {
  solver <- curve_solver(fit)
  if (!is.null(solver$std_error)) return(solver$std_error(fit, at, derivative))
  pieces <- split(seq_along(at$x), (seq_along(at$x) - 1) %/% 200)
  se <- lapply(pieces, function(i) sqrt(pmax(diag(solver$covariance(fit, at_rows(at, i), derivative)), 0)))
  as.double(unlist(se))
}

curve_band <- function(fit, at, derivative, interval, level) {
  value <- curve_value(fit, at, derivative)
  se <- curve_std_error(fit, at, derivative)
  uniform <- curve_solver(fit)$uniform
  bounds <- if (interval == "uniform" && !is.null(uniform)) {
    uniform$bounds(fit, at, derivative)
  } else {
    times <- if (interval == "confidence") stats::qnorm((1 + level) / 2) else curve_critical(fit, derivative, level)
    if (is_shaped(fit)) {
      limit <- function(side) {
        function(at) {
          side * times * curve_std_error(fit, at, derivative) + curve_value(unshaped(fit), at, derivative)$unshrunk
        }
      }
      held <- shape_bounds(fit, at, limit(-1), limit(1), derivative)
      list(pmin(held[[1]], value$unshrunk), pmax(held[[2]], value$unshrunk)) # which holds the fit in any case
    } else {
      list(value$unshrunk - times * se, value$unshrunk + times * se)
    }
  }
  cbind(fit = value$fit, unshrunk = value$unshrunk, lwr = bounds[[1]], upr = bounds[[2]], std.error = se)
}

# Quantile of the largest standardised posterior deviation over the grid.
curve_critical <- function(fit, derivative, level, draws = 4000, points = 60) {
  cov <- curve_solver(fit)$covariance(fit, list(x = curve_grid(fit, points)), derivative)
  largest_deviation(cov, level, fit$seed, draws)
}

largest_deviation <- function(cov, level, seed, draws = 4000) {
  sd <- sqrt(pmax(diag(cov), 0))
  if (!any(sd > 0)) return(stats::qnorm((1 + level) / 2)) # an exact fit
  # The symmetric root: neither the signs of eigenvectors nor how many eigenvalues count as zero, which
  # rounding decides, choose the draws.
  parts <- eigen(cov[sd > 0, sd > 0] / tcrossprod(sd[sd > 0]), symmetric = TRUE)
  root <- parts$vectors %*% (sqrt(pmax(parts$values, 0)) * t(parts$vectors))
  noise <- with_seed(seed, matrix(stats::rnorm(nrow(root) * draws), nrow(root)))
  unname(stats::quantile(apply(abs(root %*% noise), 2, max), level))
}

#' Effects from a dose-response curve
#'
#' `average_effect()`: the difference of the curve between two exposures.
#' `average_derivative()`: the mean derivative of the curve over the exposures in the
#' data, the analogue of the slope of a line.
#'
#' @param fit An `iv_curve`.
#' @param from,to Exposures (numbers or vectors of equal length, exposure units).
#' @param level Level of the interval.
#' @param ... Nothing: an argument without a use is an error.
#' @return A data frame: `from`, `to` (`average_effect()`), `estimate` (of the shrunk
#'   curve), and of the unshrunk fit `unshrunk`, `std.error`, `conf.low`, `conf.high`,
#'   `p.value` (two-sided, of no effect). Of a curve with a `shape` (see [curve_control()]) `conf.low` and
#'   `conf.high` are those of the free fit, as far as the shape allows their sign. Where they lie wholly on the side that
#'   the shape excludes, the data contradict it: limits and `p.value` are `NA`, and the column `note` says so. `note` is
#'   also there where an exposure is extrapolation (see [iv_curve()]) and with weak instruments, whose intervals are for
#'   curves near a parabola: rougher ones can be outside far more often than the level says.
#' @section Errors: `latentmr_error_argument`.
#' @examples
#' set.seed(1)
#' z <- rnorm(300)
#' u <- rnorm(300)
#' fit <- iv_curve(y ~ x | z, data = data.frame(z, x = z + u, y = (z + u)^2 + u), seed = 1)
#' average_effect(fit, from = c(0, 0), to = c(-1, 1))
#' average_derivative(fit)
#' @export
average_effect <- function(fit, ...) {
  check_given("fit")
  UseMethod("average_effect")
}

#' @export
average_effect.default <- function(fit, ...) abort_argument("fit", "a curve of iv_curve()", describe(fit))

#' @rdname average_effect
#' @export
average_effect.iv_curve <- function(fit, from, to, level = .95, ...) {
  check_dots(...)
  check_given(c("from", "to"))
  check_made(fit)
  for (arg in c("from", "to")) {
    v <- get(arg)
    if (!is.numeric(v) || !length(v) || !all(is.finite(v))) abort_argument(arg, "finite numbers", describe(v))
  }
  if (length(from) != length(to)) abort_argument("to", sprintf("as long as `from` (%d)", length(from)), describe(to))
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  k <- length(from)
  at <- list(x = c(from, to))
  value <- curve_value(fit, at)
  contrast <- cbind(-diag(k), diag(k))
  covariance <- curve_solver(fit)$covariance
  se <- if (is.null(covariance)) {
    NA_real_
  } else {
    sqrt(pmax(diag(contrast %*% covariance(fit, at, FALSE) %*% t(contrast)), 0))
  }
  free <- if (is_shaped(fit)) curve_value(unshaped(fit), at) else value
  frame <- effect_frame(drop(contrast %*% value$fit), drop(contrast %*% free$unshrunk), se, level)
  frame <- shaped_frame(fit, frame, drop(contrast %*% value$unshrunk), sign(to - from))
  outside <- curve_extrapolates(fit, from) | curve_extrapolates(fit, to)
  cbind(data.frame(from = from, to = to), noted_frame(fit, frame, outside))
}

# Beside the number what its interval leaves out.
noted_frame <- function(fit, frame, outside) {
  moved <- fit$identification$moved
  seen <- c(max(fit$range[1], moved[1]), min(fit$range[2], moved[2]))
  beyond <- if (anyNA(seen)) {
    "extrapolated: the instruments move no exposure for sure"
  } else {
    paste("extrapolated: the instruments move", paste(formatC(seen, digits = 3, format = "g"), collapse = " to "))
  }
  note <- ifelse(outside, beyond, if (is_rough_blind(fit)) paste("weak instruments:", rough_words) else NA_character_)
  if (!is.null(frame$note)) note <- ifelse(is.na(frame$note), note, frame$note)
  if (!all(is.na(note))) frame$note <- note
  frame
}

effect_frame <- function(estimate, unshrunk, se, level) {
  half <- stats::qnorm((1 + level) / 2) * se
  data.frame(
    estimate = estimate, unshrunk = unshrunk, std.error = se, conf.low = unshrunk - half,
    conf.high = unshrunk + half, p.value = wald_p(unshrunk, se)
  )
}

#' @rdname average_effect
#' @export
average_derivative <- function(fit, level = .95, ...) {
  check_dots(...)
  check_given()
  if (inherits(fit, "iv_surface")) return(vector_derivatives(fit, level))
  if (!inherits(fit, "iv_curve")) abort_argument("fit", "an iv_curve", describe(fit))
  check_made(fit)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  own <- curve_solver(fit)$slope
  slope <- if (is.null(own)) curve_mean_slope(fit) else own(fit)
  free <- if (is_shaped(fit)) own(unshaped(fit)) else slope
  shaped_frame(fit, effect_frame(slope[1], free[2], slope[3], level), slope[2], 1)
}

# Over at most 1,000 evenly spaced people.
curve_mean_slope <- function(fit) {
  rows <- unique(round(seq(1, fit$nobs, length.out = 1000)))
  at <- list(x = fit$data$x[rows], w = if (ncol(fit$data$w)) fit$data$w[rows, , drop = FALSE])
  value <- mean(curve_value(fit, at, TRUE)$fit, na.rm = TRUE)
  se <- NA_real_
  covariance <- curve_solver(fit)$covariance
  if (!is.null(covariance)) {
    few <- at_rows(at, unique(round(seq(1, length(rows), length.out = 200))))
    se <- sqrt(mean(covariance(fit, few, TRUE)))
  }
  c(value, value, se)
}
