# Picture of a code: spectrum of the instruments and of the code, and the c(d) of the closure.

plot_code <- function(x) {
  data <- code_panels(x)
  d <- x$details
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$direction, y = .data$shown)) +
    ggplot2::geom_line(
      ggplot2::aes(y = .data$null), linetype = "42", colour = "#D55E00", linewidth = .7, na.rm = TRUE
    ) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$part, colour = .data$part), size = 2) +
    ggplot2::scale_shape_manual(
      values = c(variant = 16, invariant = 1, latents = 17), labels = code_labels, name = NULL
    ) +
    ggplot2::scale_colour_manual(
      values = c(variant = "#000000", invariant = "#0072B2", latents = "#009E73"), labels = code_labels, name = NULL
    ) +
    ggplot2::scale_y_log10() +
    ggplot2::facet_wrap(ggplot2::vars(.data$panel), scales = "free", nrow = 1) +
    ggplot2::labs(
      x = NULL, y = "Eigenvalue, or c(d) (log scale)", title = sprintf("Code of the %s encoder", x$encoder),
      caption = wrap_words(paste0(
        sprintf(
          "Dashed: %s%% point when nothing moves; largest c(d) that counts as closed. ",
          format(100 * x$control$dimension_level)
        ),
        if (!is.null(d$losses)) {
          sprintf("Held-out loss: linear %.3f, flow %.3f. ", d$losses[["linear"]], d$losses[["flow"]])
        },
        if (!is.null(x$check)) sprintf("Check: %.4f (alarm above %s).", sum(x$check), format(x$control$check))
      ), 100)
    ) +
    plot_theme()
  sized(plot, 1 + 3 * nlevels(data$panel), 4.6)
}

code_labels <- c(
  variant = "Variant block (partialled out)", invariant = "Invariant block", latents = "Number of latents d"
)

# One row per point: eigenvalues before and after, c(d). What is zero to rounding is drawn at the
# foot of its panel.
code_panels <- function(x) {
  after <- spectrum_data(x)
  after$panel <- if (has_code(x)) "Directions of the code" else "Directions of the instruments"
  before <- if (has_code(x) && !is.null(x$details$before)) {
    data.frame(
      direction = seq_along(x$details$before$values), value = x$details$before$values,
      null = x$details$before$threshold,
      part = ifelse(x$details$before$values <= x$details$before$threshold, "invariant", "variant"),
      panel = "Directions of the instruments"
    )
  }
  trials <- x$details$closure$trials
  closure <- if (length(trials$c)) {
    data.frame(
      direction = trials$latents, value = trials$c, null = x$control$closure, part = "latents",
      panel = "c(d) of the closure"
    )
  }
  data <- rbind(before, closure, after)
  data$panel <- factor(
    data$panel,
    intersect(c("Directions of the instruments", "c(d) of the closure", "Directions of the code"), data$panel)
  )
  foot <- stats::ave(data$null, data$panel, FUN = function(v) min(v[v > 0], Inf) / 1e4)
  data$shown <- pmax(data$value, ifelse(is.finite(foot), foot, 1e-16))
  data
}
