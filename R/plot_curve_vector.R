#' @rdname iv_surface
#' @export
plot.iv_surface <- function(x, exposures = NULL, units = NULL, ...) {
  check_dots(...)
  check_made(x)
  name <- x$names$exposure
  if (is.null(exposures)) exposures <- name[1:2]
  if (!is.character(exposures) || length(exposures) != 2 || !all(exposures %in% name) || exposures[1] == exposures[2]) {
    abort_argument("exposures", sprintf("two of %s", quote_all(name)), describe(exposures))
  }
  axes <- match(exposures, name)
  units <- vector_units(x, units)
  wide <- apply(x$data$x, 2, stats::quantile, c(.01, .99), names = FALSE)
  side <- function(j) seq(wide[1, j], wide[2, j], length.out = 30)
  data <- expand.grid(a = side(axes[1]), b = side(axes[2]))
  at <- matrix(apply(x$data$x, 2, stats::median), nrow(data), length(name), byrow = TRUE)
  at[, axes] <- as.matrix(data)
  data$value <- predict(x, at)
  data$extrapolated <- vector_extrapolates(x, at)
  rest <- name[-axes]
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$a, y = .data$b)) +
    ggplot2::geom_raster(ggplot2::aes(fill = .data$value)) +
    ggplot2::geom_contour(ggplot2::aes(z = .data$value), colour = "white", linewidth = .4, bins = 10) +
    ggplot2::geom_tile(
      data = data[data$extrapolated, ], fill = "grey88", width = diff(side(axes[1])[1:2]),
      height = diff(side(axes[2])[1:2])
    ) +
    ggplot2::scale_fill_viridis_c() +
    ggplot2::coord_cartesian(expand = FALSE) +
    ggplot2::labs(
      x = axis_name(name[axes[1]], units[axes[1]]), y = axis_name(name[axes[2]], units[axes[2]]),
      fill = axis_name(x$names$outcome, units[length(name) + 1]),
      title = wrap_words(
        sprintf("Dose-response of %s on %s", shorten(x$names$outcome, 40), join_words(shorten(exposures, 40))), 70
      ),
      caption = wrap_words(vector_caption(x, rest), 95)
    ) +
    plot_theme() +
    ggplot2::theme(legend.position = "right")
  sized(plot, 7, 5.6)
}

vector_units <- function(x, units) {
  k <- length(x$names$exposure)
  if (!is.null(units) && (!is.character(units) || length(units) != k + 1 || anyNA(units))) {
    abort_argument("units", sprintf("NULL or %d texts: of the exposures, then of the outcome", k + 1), describe(units))
  }
  own_units(units, x$units, x$names$exposure, x$names$outcome)
}

vector_caption <- function(x, rest) {
  paste0(
    "Shrunk surface, from the 1st to the 99th percentile of each exposure. Grey: extrapolation (the instruments do not ",
    "move people there).", if (length(rest)) sprintf(" %s at its median.", rest),
    if (x$shrink == 0) " No evidence against a plane at this instrument strength."
  )
}
