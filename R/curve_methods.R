#' @export
print.iv_curve <- function(x, digits = 3, ...) {
  check_dots(...)
  check_made(x)
  number <- function(v) formatC(v, digits = digits, format = "g")
  id <- x$identification
  cat(sprintf(
    "Dose-response curve of %s on %s (%s), n = %d%s\n", x$names$outcome, x$names$exposure,
    curve_label(x), x$nobs,
    if (isTRUE(x$dropped > 0)) sprintf(" (%d rows with missing values left out)", x$dropped) else ""
  ))
  cat(sprintf(
    "Instruments: %d given, basis of %d; R2 of %s %s; strength rho %s (%s)\n", length(x$names$instruments),
    id$instruments, x$names$exposure, number(id$first_stage), number(id$strength), if (id$strong) "strong" else "weak"
  ))
  cat(sprintf(
    "Directions of the curve that the instruments see: %d of at most %d%s\n", id$directions, id$most,
    if (id$directions < 2) ": a bend is hardly identified" else ""
  ))
  cat(moved_line(x, number))
  writeLines(c(
    solver_lines(x, number),
    if (is_shaped(x)) paste0("Shape: ", shape_words(x, number)),
    line_words(x, number),
    if (is_shrunk(x)) {
      sprintf("\nCurve (%s of the unshrunk fit) and references:", band_label(x))
    } else {
      "\nCurve and references:"
    }
  ))
  pointed(print(curve_table(x, digits), row.names = FALSE))
  effect <- average_derivative(x)
  cat(sprintf("\nAverage derivative %s", number(effect$estimate)))
  if (!is.na(effect$std.error)) {
    cat(if (is.null(effect$note) || is.na(effect$note)) {
      sprintf(
        "; unshrunk %s, 95%% interval %s to %s", number(effect$unshrunk), number(effect$conf.low),
        number(effect$conf.high)
      )
    } else {
      sprintf("; unshrunk %s; %s", number(effect$unshrunk), effect$note)
    })
  }
  cat("\n")
  if (is_rough_blind(x)) {
    cat(sprintf("Weak for a curve (rho below .13, whatever the F): bands and intervals are %s\n", rough_words))
  }
  p <- setNames(x$tests$p.value, trimws(x$tests$test))
  cat(sprintf(
    "Linearity p = %s (score %s, cubic Wald %s); endogeneity p = %s\n", number(p[["linearity"]]),
    number(p[["score"]]), number(p[["cubic Wald"]]), number(p[["endogeneity"]])
  ))
  invisible(x)
}

# Why the curve is a line: that, and not whether a test has found a bend.
line_words <- function(fit, number) {
  if (fit$shrink > 0) return(NULL)
  p <- fit$tests$p.value[match("linearity", fit$tests$test)]
  if (!isTRUE(p < .05)) return("No evidence against a line at this instrument strength.")
  sprintf("The linearity test objects to a line (p = %s), but no bend that these instruments draw beats its noise.", number(p))
}

# What the interval of weak instruments leaves out.
is_rough_blind <- function(fit) is_shrunk(fit) && fit$control$band == "posterior" && !fit$identification$strong
rough_words <- "too narrow for curves rougher than a parabola"

band_label <- function(fit) {
  band <- fit$band
  if (is.null(band)) return("band")
  if (band$method == "sandwich") return("sandwich band, halves of the rows,")
  sprintf(
    "band from %d bootstrap draws%s", band$draws,
    if (band$lost) sprintf(", %d without variation left out,", band$lost) else ""
  )
}

moved_line <- function(fit, number) {
  id <- fit$identification
  if (anyNA(id$moved)) {
    return(sprintf("The instruments move %s nowhere for sure: all of the curve is extrapolation\n", fit$names$exposure))
  }
  share <- vapply(id$moved, function(v) mean(fit$data$x <= v), 0)
  still <- if (nrow(id$still)) {
    sprintf(
      ", but not from %s", paste(sprintf("%s to %s", number(id$still$from), number(id$still$to)), collapse = " and ")
    )
  } else {
    ""
  }
  sprintf(
    "The instruments move %s from %s to %s (%.0f %% to %.0f %% of people)%s; the curve beyond is extrapolation\n",
    fit$names$exposure, number(id$moved[1]), number(id$moved[2]), 100 * share[1], 100 * share[2], still
  )
}

# The curve beside its references at five quantiles of the exposure.
curve_table <- function(fit, digits) {
  at <- unname(stats::quantile(fit$data$x, c(.05, .25, .5, .75, .95)))
  out <- rbind(predict(fit, at))
  labels <- "curve"
  if (has_band(fit)) {
    band <- predict(fit, at, interval = "confidence")
    out <- rbind(band[, "fit"], band[, "unshrunk"], band[, "lwr"], band[, "upr"])
    labels <- c("curve (shrunk)", "unshrunk fit", "  95% lower", "  95% upper")
    if (!is_shrunk(fit)) {
      out <- out[-2, ]
      labels <- c("curve", labels[3:4])
    }
  }
  for (model in fit$references$models) {
    out <- rbind(out, reference_value(model, at))
    labels <- c(labels, model$label)
  }
  shown <- formatC(out, digits = digits, format = "g")
  shown[is.na(out)] <- "-"
  colnames(shown) <- sprintf("%s = %s", fit$names$exposure, formatC(at, digits = digits, format = "g"))
  cbind(data.frame(" " = format(labels), check.names = FALSE), shown)
}

#' Summaries of a dose-response curve
#'
#' @param object,x An `iv_curve`.
#' @param level,conf.level Level of intervals.
#' @param conf.int Whether to add `conf.low`, `conf.high`.
#' @param row.names,stringsAsFactors As in [as.data.frame()].
#' @param optional No effect: the columns have names.
#' @param ... Nothing: an argument without a use is an error.
#' @return `summary`: the tests (`tests`), effects (`effects`), canonical correlations of
#'   instruments and exposure (`identification`). `as.data.frame`: one row per grid
#'   point with `x`, `estimate` (shrunk curve), `unshrunk`, `std.error`, `conf.low`,
#'   `conf.high`, `uniform.low`, `uniform.high` (bands of the unshrunk fit),
#'   `derivative`, `extrapolated` (whether the exposure is where the instruments do not move
#'   it, see [iv_curve()]), one column per reference. `tidy`: rows `average derivative` and
#'   `linear 2SLS` with `term, estimate, std.error, statistic, p.value, conf.low,
#'   conf.high`. `glance`: one row with `nobs, shrink, noise.ratio, strength,
#'   directions, r.squared.first, p.value.linearity, p.value.endogeneity, sigma`.
#' @examples
#' set.seed(1)
#' z <- rnorm(300)
#' u <- rnorm(300)
#' fit <- iv_curve(y ~ x | z, data = data.frame(z, x = z + u, y = (z + u)^2 + u), seed = 1)
#' summary(fit)
#' tidy(fit)
#' glance(fit)
#' head(as.data.frame(fit))
#' @name curve_summary
NULL

#' @rdname curve_summary
#' @export
summary.iv_curve <- function(object, level = .95, ...) {
  check_dots(...)
  summary_of_curve(object, level, "summary.iv_curve")
}

#' @export
print.summary.iv_curve <- function(x, digits = 3, ...) {
  check_dots(...)
  check_printed(x, "summary.iv_curve")
  print_summary_of_curve(x, digits, "Tests", "exposure")
}

# The summary of a curve or a surface, and its print.
summary_of_curve <- function(object, level, class) {
  check_made(object)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  id <- object$identification
  structure(
    list(
      fit = object, tests = object$tests, effects = tidy(object, conf.level = level),
      identification = data.frame(
        direction = seq_along(id$correlations), correlation = id$correlations, p.value = id$p.value
      )
    ),
    class = class
  )
}

print_summary_of_curve <- function(x, digits, tests, exposure) {
  pointed(print(x$fit, digits = digits))
  cat(sprintf("\n%s:\n", tests))
  print_labelled(x$tests, digits = digits)
  cat(sprintf("\nEffects per unit of %s:\n", exposure))
  print_labelled(x$effects, digits = digits)
  cat(sprintf("\nCanonical correlations of instruments and functions of the %s:\n", sub("^each (.*)$", "\\1s", exposure)))
  pointed(print(x$identification, digits = digits, row.names = FALSE))
  invisible(x)
}

#' @rdname curve_summary
#' @export
as.data.frame.iv_curve <- function(x, row.names = NULL, optional = FALSE, level = .95,
                                   stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_made(x)
  at <- curve_grid(x)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  if (has_band(x)) {
    band <- predict(x, at, interval = "confidence", level = level)
    uniform <- predict(x, at, interval = "uniform", level = level)
  } else {
    value <- predict(x, at)
    band <- uniform <- cbind(fit = value, unshrunk = value, lwr = NA_real_, upr = NA_real_, std.error = NA_real_)
  }
  out <- data.frame(
    x = at, estimate = band[, "fit"], unshrunk = band[, "unshrunk"], std.error = band[, "std.error"],
    conf.low = band[, "lwr"], conf.high = band[, "upr"], uniform.low = uniform[, "lwr"],
    uniform.high = uniform[, "upr"], derivative = predict(x, at, derivative = TRUE), row.names = NULL
  )
  out$extrapolated <- curve_extrapolates(x, at)
  for (name in names(x$references$models)) out[[name]] <- reference_value(x$references$models[[name]], at)
  asked_frame(out, row.names, stringsAsFactors)
}

#' @rdname curve_summary
#' @export
tidy.iv_curve <- function(x, conf.int = TRUE, conf.level = .95, ...) {
  check_dots(...)
  check_made(x)
  check_flag(conf.int, "conf.int")
  curve <- average_derivative(x, conf.level)
  linear <- x$references$models$linear
  slope <- se <- NA_real_
  if (!is.null(linear$coef)) {
    slope <- linear$coef[[1]] / linear$spec$scale
    se <- sqrt(linear$vcov["x1", "x1"]) / linear$spec$scale
  }
  line <- effect_frame(slope, slope, se, conf.level)
  rows <- rbind(curve[names(line)], line)
  out <- data.frame(
    term = c("average derivative", "linear 2SLS"), estimate = rows$estimate, std.error = rows$std.error,
    statistic = rows$unshrunk / rows$std.error, p.value = rows$p.value
  )
  if (conf.int) out <- cbind(out, rows[c("conf.low", "conf.high")])
  out
}

#' @rdname curve_summary
#' @export
glance.iv_curve <- function(x, ...) {
  check_dots(...)
  check_made(x)
  s <- x$model$summary
  p <- setNames(x$tests$p.value, trimws(x$tests$test))
  data.frame(
    nobs = x$nobs, shrink = x$shrink, noise.ratio = s[["ratio"]], strength = s[["strength"]],
    directions = x$identification$directions, r.squared.first = s[["first_stage"]],
    p.value.linearity = p[["linearity"]], p.value.endogeneity = p[["endogeneity"]],
    sigma = sqrt(s[["s2"]]) * x$model$scale[["y_sd"]]
  )
}

#' @export
nobs.iv_curve <- function(object, ...) {
  check_dots(...)
  check_list(object)
  object$nobs
}

# What a curve does not have: it is no vector of coefficients.
no_coefficients <- function(what) {
  abort_argument(
    "object", "a fit with coefficients", sprintf("a curve, which has no %s", what),
    hint = "predict(), average_effect(), average_derivative() and tidy() have its values, with errors and intervals."
  )
}

#' @importFrom stats coef
#' @export
coef.iv_curve <- function(object, ...) {
  check_dots(...)
  no_coefficients("coefficients")
}

#' @importFrom stats vcov
#' @export
vcov.iv_curve <- function(object, ...) {
  check_dots(...)
  no_coefficients("covariance matrix of coefficients")
}

#' @importFrom stats confint
#' @export
confint.iv_curve <- function(object, parm, level = .95, ...) {
  check_dots(...)
  no_coefficients("intervals of coefficients")
}

#' @importFrom stats residuals
#' @export
residuals.iv_curve <- function(object, ...) {
  check_dots(...)
  no_coefficients("residuals: its level is that of the mean, not of people")
}

#' @importFrom stats update
#' @export
update.iv_curve <- function(object, formula., ..., evaluate = TRUE) {
  check_list(object)
  call <- object$call
  extras <- match.call(expand.dots = FALSE)$...
  if (!missing(formula.)) {
    if (!inherits(formula., "formula")) abort_argument("formula.", "a formula such as y ~ x | z", describe(formula.))
    call[[2]] <- formula(update(Formula::Formula(object$formula), formula.))
  }
  for (name in names(extras)) call[[name]] <- extras[[name]]
  if (evaluate) eval(call, parent.frame()) else call
}
