#' Plot a dose-response curve
#'
#' The shrunk curve (solid), the unshrunk fit (dashed) with its pointwise band (dark) and
#' uniform band (light), references as thin lines, the histogram of the exposure at the
#' bottom, and grey where the curve is extrapolation: outside the 1st to 99th
#' percentile of the exposure.
#'
#' @param x An `iv_curve`.
#' @param references Which references to draw: any of `"constant"`, `"regression"`,
#'   `"linear"`, `"quadratic"`, `"cubic"`; `NULL` for none.
#' @param level Level of the bands.
#' @param ... Not used.
#' @return A `ggplot`.
#' @examples
#' set.seed(1)
#' z <- rnorm(300)
#' u <- rnorm(300)
#' fit <- iv_curve(y ~ x | z, data = data.frame(z, x = z + u, y = (z + u)^2 + u), seed = 1)
#' plot(fit)
#' @importFrom ggplot2 .data
#' @export
plot.iv_curve <- function(x, references = c("regression", "linear", "quadratic"), level = .95, ...) {
  known <- names(x$references$models)
  for (r in references) check_choice(r, "references", known)
  wide <- range(x$data$x)
  at <- seq(max(wide[1], x$range[1] - .1 * diff(x$range)), min(wide[2], x$range[2] + .1 * diff(x$range)), length.out = 140)
  check_number(level, "level", min = .5, max = 1, open = TRUE)
  value <- predict(x, at)
  band <- uniform <- cbind(fit = value, unshrunk = value, lwr = value, upr = value)
  if (has_band(x)) {
    band <- predict(x, at, "confidence", level = level)
    uniform <- predict(x, at, "uniform", level = level)
  }
  band <- as.data.frame(cbind(at, band))
  band$ulow <- uniform[, "lwr"]
  band$uhigh <- uniform[, "upr"]
  lines <- data.frame(at, value = band$fit, line = if (x$kind == "closed") "curve (shrunk)" else "curve")
  if (x$kind == "closed") lines <- rbind(lines, data.frame(at, value = band$unshrunk, line = "unshrunk fit"))
  for (r in references) {
    model <- x$references$models[[r]]
    lines <- rbind(lines, data.frame(at, value = reference_value(model, at), line = model$label))
  }
  lines$line <- factor(lines$line, unique(lines$line))
  low <- min(band$ulow, lines$value, na.rm = TRUE)
  height <- diff(range(band$ulow, band$uhigh, lines$value, na.rm = TRUE))
  bars <- exposure_bars(x$data$x[x$data$x >= min(at) & x$data$x <= max(at)], low - .18 * height, .15 * height)
  outside <- data.frame(xmin = c(min(at), x$range[2]), xmax = c(x$range[1], max(at)))
  outside <- outside[outside$xmax > outside$xmin, ]
  ggplot2::ggplot(band, ggplot2::aes(x = .data$at)) +
    ggplot2::geom_rect(
      data = outside, ggplot2::aes(xmin = .data$xmin, xmax = .data$xmax, ymin = -Inf, ymax = Inf),
      inherit.aes = FALSE, fill = "grey90"
    ) +
    ggplot2::geom_rect(
      data = bars, ggplot2::aes(xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax),
      inherit.aes = FALSE, fill = "grey75"
    ) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$ulow, ymax = .data$uhigh), fill = "#2166ac", alpha = .12) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lwr, ymax = .data$upr), fill = "#2166ac", alpha = .22) +
    ggplot2::geom_line(
      data = lines, na.rm = TRUE,
      ggplot2::aes(y = .data$value, colour = .data$line, linetype = .data$line, linewidth = .data$line)
    ) +
    ggplot2::scale_colour_manual(values = line_values(x, "#2166ac", c("#b2182b", "#1b7837", "#762a83", "#bf812d", "grey40"), "#053061")) +
    ggplot2::scale_linetype_manual(values = line_values(x, "dashed", rep("solid", 5), "solid")) +
    ggplot2::scale_discrete_manual("linewidth", values = line_values(x, .7, rep(.4, 5), 1)) +
    ggplot2::labs(
      x = x$names$exposure, y = x$names$outcome, colour = NULL, linetype = NULL, linewidth = NULL,
      subtitle = if (x$shrink == 0) "No evidence against a line at this instrument strength"
    ) +
    ggplot2::theme_bw(base_size = 11)
}

line_values <- function(fit, unshrunk, references, curve) {
  c(curve, if (fit$kind == "closed") unshrunk, references)
}

exposure_bars <- function(x, bottom, height) {
  h <- graphics::hist(x, breaks = 30, plot = FALSE)
  data.frame(
    xmin = h$breaks[-length(h$breaks)], xmax = h$breaks[-1], ymin = bottom,
    ymax = bottom + height * h$counts / max(h$counts)
  )
}
