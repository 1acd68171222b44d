#' Plot a dose-response curve
#'
#' The shrunk curve (thick), the unshrunk fit (dashed) with its pointwise band (dark) and
#' uniform band (light), references as thin lines, the histogram of the exposure at the
#' bottom, and grey where the curve is extrapolation: outside the 1st to 99th
#' percentile of the exposure, and where the instruments do not move the exposure (see
#' [iv_curve()]).
#'
#' @param x An `iv_curve`.
#' @param references Which references to draw: any of `"constant"`, `"regression"`,
#'   `"linear"`, `"quadratic"`, `"cubic"`; `NULL` for none.
#' @param level Level of the bands.
#' @param type `"curve"`, or `"history"`: the objective over the steps of the three-net loop.
#' @param units `NULL`: those of the data, if known; or the units of exposure and outcome for the axes.
#' @param ... Nothing: an argument without a use is an error.
#' @return A `ggplot`; its `$data` has the curve and its bands at 140 exposures: `at`, `fit`,
#'   `unshrunk`, `lwr`, `upr` (pointwise), `ulow`, `uhigh` (uniform).
#' @section Errors: `latentmr_error_argument`: an unknown reference or type, `"history"` of
#'   a curve in closed form.
#' @examples
#' set.seed(1)
#' z <- rnorm(300)
#' u <- rnorm(300)
#' fit <- iv_curve(y ~ x | z, data = data.frame(z, x = z + u, y = (z + u)^2 + u), seed = 1)
#' plot(fit)
#' plot(fit, references = "linear", units = c("mmol/L", "mmHg"))
#' @importFrom ggplot2 .data
#' @export
plot.iv_curve <- function(x, references = c("regression", "linear", "quadratic"), level = .95, type = "curve",
                          units = NULL, ...) {
  check_dots(...)
  check_made(x)
  check_choice(type, "type", c("curve", "history"))
  known <- names(x$references$models)
  for (r in references) check_choice(r, "references", known)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  units <- own_units(check_units(units), x$units, x$names$exposure, x$names$outcome)
  if (type == "history") {
    if (is.null(x$curve$history)) no_history("a curve in closed form")
    return(plot_history(x$curve$history, "Training of the three-net loop"))
  }
  wide <- range(x$data$x)
  at <- seq(
    max(wide[1], x$range[1] - .1 * diff(x$range)), min(wide[2], x$range[2] + .1 * diff(x$range)), length.out = 140
  )
  data <- curve_bands(x, at, level)
  lines <- curve_lines(x, data, references)
  shown <- c(data$ulow, data$uhigh, lines$value)
  height <- diff(range(shown, na.rm = TRUE))
  bars <- exposure_bars(
    x$data$x[x$data$x >= min(at) & x$data$x <= max(at)], min(shown, na.rm = TRUE) - .18 * height, .15 * height
  )
  outside <- curve_outside(x)
  outside <- data.frame(xmin = pmax(outside$from, min(at)), xmax = pmin(outside$to, max(at)))
  outside <- outside[outside$xmax > outside$xmin, ]
  kinds <- nlevels(lines$line)
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$at)) +
    ggplot2::geom_rect(
      data = outside, ggplot2::aes(xmin = .data$xmin, xmax = .data$xmax, ymin = -Inf, ymax = Inf),
      inherit.aes = FALSE, fill = "grey92"
    ) +
    ggplot2::geom_rect(
      data = bars, ggplot2::aes(xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax),
      inherit.aes = FALSE, fill = "grey60", colour = "white", linewidth = .2
    ) +
    band_layers(data, has_band(x)) +
    ggplot2::geom_line(
      data = lines, na.rm = TRUE,
      ggplot2::aes(y = .data$value, colour = .data$line, linetype = .data$line, linewidth = .data$line)
    ) +
    line_scales(kinds) +
    ggplot2::scale_discrete_manual("linewidth", values = c(1.2, rep(.7, kinds - 1))) +
    ggplot2::labs(
      x = axis_name(x$names$exposure, units[1]), y = axis_name(x$names$outcome, units[2]), colour = NULL,
      linetype = NULL,
      linewidth = NULL,
      title = wrap_words(curve_title(x), 70),
      caption = wrap_words(curve_caption(x, level), 95)
    ) +
    plot_theme() +
    ggplot2::guides(
      colour = ggplot2::guide_legend(ncol = 3), linetype = ggplot2::guide_legend(ncol = 3),
      linewidth = ggplot2::guide_legend(ncol = 3)
    )
  sized(plot, 7, 5.6, legend = c("colour", "linetype", "linewidth"))
}

curve_title <- function(x) {
  seen <- !anyNA(x$identification$moved)
  sprintf(
    "Dose-response of %s on %s%s", shorten(x$names$outcome, 60), shorten(x$names$exposure, 60),
    if (x$shrink != 0) "" else if (seen) ": a line, nothing speaks against it" else ": the instruments do not tell"
  )
}

curve_bands <- function(x, at, level) {
  value <- predict(x, at)
  band <- uniform <- cbind(fit = value, unshrunk = value, lwr = value, upr = value)
  if (has_band(x)) {
    band <- predict(x, at, "confidence", level = level)
    uniform <- predict(x, at, "uniform", level = level)
  }
  data <- as.data.frame(cbind(at, band))
  data$ulow <- uniform[, "lwr"]
  data$uhigh <- uniform[, "upr"]
  data
}

curve_lines <- function(x, data, references) {
  shrunk <- is_shrunk(x)
  lines <- data.frame(at = data$at, value = data$fit, line = if (shrunk) "Curve (shrunk)" else "Curve")
  if (shrunk) lines <- rbind(lines, data.frame(at = data$at, value = data$unshrunk, line = "Unshrunk fit"))
  for (r in references) {
    model <- x$references$models[[r]]
    label <- sentence_case(model$label)
    lines <- rbind(lines, data.frame(at = data$at, value = reference_value(model, data$at), line = label))
  }
  lines$line <- factor(lines$line, unique(lines$line))
  lines
}

band_layers <- function(data, has) {
  if (!has) return(NULL)
  list(
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$ulow, ymax = .data$uhigh), fill = PLOT_COLOURS[2], alpha = .15),
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lwr, ymax = .data$upr), fill = PLOT_COLOURS[2], alpha = .25)
  )
}

curve_caption <- function(x, level) {
  paste0(
    if (has_band(x)) sprintf("Bands (%s): pointwise (dark) and uniform (light). ", level_words(level)),
    "Below: histogram of the exposure. Grey: extrapolation (few people, or not moved by the instruments).",
    if (is_shaped(x)) sprintf(" The curve is %s.", shape_words(x, function(v) signif(v, 2))),
    if (x$shrink == 0) paste0(" ", line_words(x, function(v) formatC(v, digits = 3, format = "g")))
  )
}

axis_name <- function(name, unit) {
  name <- shorten(name, 50)
  if (is.null(unit)) name else sprintf("%s (%s)", name, unit)
}

exposure_bars <- function(x, bottom, height) {
  h <- graphics::hist(x, breaks = 30, plot = FALSE)
  data.frame(
    xmin = h$breaks[-length(h$breaks)], xmax = h$breaks[-1], ymin = bottom,
    ymax = bottom + height * h$counts / max(h$counts)
  )
}
