# What all pictures share: theme, colours, words, limits.

# Okabe and Ito's colours (2008), told apart by colour-blind readers; every use
# adds a shape or a line type, so that nothing is lost in grey.
PLOT_COLOURS <- c("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
PLOT_LINES <- c("solid", "22", "42", "4212", "11", "62")

plot_theme <- function() {
  ggplot2::theme_bw(base_size = 11) + ggplot2::theme(
    plot.title.position = "plot", plot.caption.position = "plot",
    plot.title = ggplot2::element_text(size = 12), plot.caption = ggplot2::element_text(hjust = 0, colour = "grey25"),
    panel.grid.minor = ggplot2::element_blank(), strip.background = ggplot2::element_rect(fill = "grey93", colour = NA),
    legend.position = "bottom", legend.key.width = ggplot2::unit(28, "pt")
  )
}

# "Effect of ldl on sbp (mmHg per mmol/L)"
effect_axis <- function(fit, units = NULL, width = 72) {
  per <- if (!is.null(units)) {
    sprintf("%s per %s", units[2], units[1])
  } else if (isTRUE(fit$binary)) {
    "risk difference per unit of the exposure"
  } else if (nchar(fit$exposure) + nchar(fit$outcome) > 30) {
    "units of the outcome per unit of the exposure"
  } else {
    sprintf("units of %s per unit of %s", fit$outcome, fit$exposure)
  }
  wrap_words(sprintf("Effect of %s on %s (%s)", shorten(fit$exposure, 60), shorten(fit$outcome, 60), per), width)
}

# Limits that hold the bulk of the intervals: one estimate without strength must
# not squeeze the others into a line. What lies outside is drawn with an arrow.
# `typical`: the half width that matters; `zero`: whether zero is always inside, or
# only when it is near.
robust_limits <- function(b, lo, up, centre = NA, wide = 8, typical = (up - lo) / 2, zero = TRUE) {
  good <- is.finite(b)
  if (!any(good)) return(c(-1, 1))
  if (!is.finite(centre)) centre <- stats::median(b[good])
  half <- stats::median(typical[is.finite(typical)])
  if (!is.finite(half) || half <= 0) half <- max(abs(b[good] - centre), abs(centre) / 10, 1e-8)
  outer <- centre + c(-1, 1) * wide * half
  inside <- c(b, lo, up)
  limits <- range(pmin(pmax(inside[is.finite(inside)], outer[1]), outer[2]))
  if (zero || (limits[1] < 2 * diff(limits) && limits[2] > -2 * diff(limits))) range(0, limits) else limits
}

is_cut <- function(data, limits) any(data$lo < limits[1] | data$up > limits[2], na.rm = TRUE)

# One layer of horizontal intervals, with arrows where they go on.
interval_layers <- function(data, limits, linewidth, colour = "black") {
  data <- data[!is.na(data$lo) & !is.na(data$up), , drop = FALSE]
  # What lies wholly beyond is an arrow at the edge.
  edge <- limits + c(.021, -.021) * diff(limits)
  data$x0 <- pmin(pmax(data$lo, limits[1]), edge[2])
  data$x1 <- pmax(pmin(data$up, limits[2]), edge[1])
  data$left <- data$x0 + .02 * diff(limits)
  data$right <- data$x1 - .02 * diff(limits)
  layer <- function(rows, from, to, width, arrow = NULL) {
    if (!any(rows)) return(NULL)
    ggplot2::geom_segment(
      data = data[rows, , drop = FALSE], arrow = arrow, linewidth = width, colour = colour,
      ggplot2::aes(x = .data[[from]], xend = .data[[to]], y = .data$key, yend = .data$key)
    )
  }
  tip <- ggplot2::arrow(length = ggplot2::unit(5 + linewidth, "pt"), type = "open")
  thin <- min(linewidth, .9)
  list(
    layer(rep(TRUE, nrow(data)), "x0", "x1", linewidth), layer(data$lo < limits[1], "left", "x0", thin, tip),
    layer(data$up > limits[2], "right", "x1", thin, tip)
  )
}
