# Pictures of an encoder: its spectrum, its latents by environment, its training.

plot_spectrum <- function(x) {
  if (!is.null(x$details$closure)) return(plot_code(x))
  data <- spectrum_data(x)
  # Eigenvalues of a part that carries nothing can be zero or below: drawn at the
  # foot of the logarithmic axis, a hundredth of the smallest null value.
  foot <- if (all(is.na(data$null))) min(data$value[data$value > 0]) else min(data$null, na.rm = TRUE) / 100
  data$shown <- pmax(data$value, foot)
  many <- nrow(data) > 300
  below <- sum(data$value < foot)
  null <- data[!is.na(data$null), ]
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$direction, y = .data$shown)) +
    ggplot2::geom_line(data = null, ggplot2::aes(y = .data$null), linetype = "42", colour = "#D55E00", linewidth = .7) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$part, colour = .data$part), size = if (many) 1 else 2) +
    ggplot2::scale_shape_manual(values = c(variant = 16, invariant = 1), labels = block_labels, name = NULL) +
    ggplot2::scale_colour_manual(
      values = c(variant = "#000000", invariant = "#0072B2"), labels = block_labels, name = NULL
    ) +
    ggplot2::scale_y_log10() +
    ggplot2::labs(
      x = if (x$mode == "background") "Component of instruments and background" else "Direction of the instruments",
      y = "Eigenvalue (log scale)", title = "Spectrum of the encoder",
      caption = wrap_words(paste0(
        if (nrow(null)) sprintf(
          "Dashed: %s%% point of the largest eigenvalue when nothing moves. ",
          format(100 * if (x$method %in% c("stationary", "code")) x$control$dimension_level else x$control$level)
        ),
        if (below) {
          sprintf(
            "%s of %s eigenvalues lie below the foot of the picture and are drawn there.", big(below), big(nrow(data))
          )
        }
      ), 100)
    ) +
    plot_theme()
  sized(plot, 7, 4.8, legend = c("colour", "shape"))
}

block_labels <- c(variant = "Variant block (partialled out)", invariant = "Invariant block")

# Densities of each latent in each environment, in standard deviations over everybody.
latent_ridges <- function(z, titles, environment, levels) {
  do.call(rbind, lapply(seq_along(titles), function(j) {
    v <- z[, j]
    v <- (v - mean(v)) / max(stats::sd(v), .Machine$double.xmin)
    range <- stats::quantile(v, c(.001, .999), names = FALSE) + c(-.3, .3)
    one <- do.call(rbind, lapply(levels, function(e) {
      u <- v[environment == e]
      d <- stats::density(u, bw = if (stats::sd(u) > 0) "nrd0" else .1, from = range[1], to = range[2], n = 128)
      data.frame(latent = titles[j], environment = e, value = d$x, density = d$y, mean = mean(u), sd = stats::sd(u))
    }))
    one$height <- .9 * one$density / max(one$density)
    one
  }))
}

# Densities of the leading latents, one ridge per environment.
plot_latents <- function(x, data, leading = 3, max_environments = 20) {
  if (is.null(data) || !inherits(data, "mr_data")) {
    abort_argument("data", "the mr_data object of the encoder", if (is.null(data)) "missing" else describe(data),
      "The encoder keeps no rows of anybody."
    )
  }
  check_data(data)
  variant <- stats::predict(x, data, type = "variant")
  invariant <- stats::predict(x, data, type = "invariant")
  given <- taken_out(x, data)
  if (!is.null(given)) invariant <- stats::lm.fit(cbind(1, given), invariant)$residuals
  invariant <- as.matrix(invariant)
  # The moving directions of the stationary encoder stand in the order of their
  # eigenvalues, smallest first.
  if (x$method == "stationary") variant <- variant[, rev(seq_len(ncol(variant))), drop = FALSE]
  pick <- function(m) m[, seq_len(min(leading, ncol(m))), drop = FALSE]
  z <- cbind(pick(variant), pick(invariant))
  titles <- c(
    sprintf("Variant %d", seq_len(ncol(pick(variant)))), sprintf("Invariant %d", seq_len(ncol(pick(invariant))))
  )
  if (!ncol(z)) abort_argument("x", "an encoder with at least one latent", "one without")
  size <- sort(table(data$environment), decreasing = TRUE)
  shown <- names(size)[seq_len(min(max_environments, length(size)))]
  levels <- rev(levels(data$environment)[levels(data$environment) %in% shown])
  ridges <- latent_ridges(z, titles, data$environment, levels)
  ridges$latent <- factor(ridges$latent, titles)
  ridges$row <- match(ridges$environment, levels)
  centre <- ridges[!duplicated(ridges[c("latent", "environment")]), ]
  plot <- ggplot2::ggplot(ridges, ggplot2::aes(x = .data$value)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60", linewidth = .3) +
    # From the top down, so that a ridge stands before the one behind it.
    lapply(rev(seq_along(levels)), function(r) {
      ggplot2::geom_ribbon(
        data = ridges[ridges$row == r, ], ggplot2::aes(ymin = .data$row, ymax = .data$row + .data$height),
        fill = "grey80", colour = "grey20", linewidth = .3
      )
    }) +
    ggplot2::geom_segment(
      data = centre, ggplot2::aes(x = .data$mean, xend = .data$mean, y = .data$row, yend = .data$row + .35),
      colour = "#D55E00", linewidth = .8
    ) +
    ggplot2::scale_y_continuous(breaks = seq_along(levels), labels = shorten(levels, 28), expand = c(.01, .05)) +
    ggplot2::facet_wrap(ggplot2::vars(.data$latent), nrow = if (ncol(z) > leading) 2 else 1, scales = "free_x") +
    ggplot2::labs(
      x = "Latent (standard deviations over everybody)", y = NULL,
      title = sprintf("Latent variables by environment (%s encoder)", sub(" encoder$", "", x$encoder)),
      caption = wrap_words(paste0(
        "Densities; marks: means. ",
        if (!is.null(given)) {
          "The invariant ones given structure or components; what is left between environments intercepts take. "
        },
        "The leading ",
        if (min(ncol(variant), ncol(invariant)) > leading) paste0(leading, " "), "latents of each block.",
        if (length(size) > length(shown)) sprintf(" The %d largest of %d environments.", length(shown), length(size))
      ), 100)
    ) +
    plot_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
  sized(plot, 8, 1.6 + (if (ncol(z) > leading) 2 else 1) * (.6 + .24 * length(levels)))
}

# The columns that a fit takes out of the instruments beside the variant block and that the encoder has not: those of
# structure mode, or the components of background mode (computed with the settings of the encoder).
taken_out <- function(x, data) {
  if (x$mode == "panel" || !is.null(x$structure_slopes)) return(NULL)
  if (x$mode == "background" && !is.null(data$background)) return(background_structure(data, x$control))
  data$structure
}

# Those of the data drawn last are kept: to compute them takes longer than the picture.
background_structure <- function(data, control) {
  key <- object_digest(list(people_mark(data), data$genotypes, data$background, control))
  if (!identical(made$drawn$key, key)) {
    found <- suppressMessages(add_background(data, control), "latentmr_message_background")
    made$drawn <- list(key = key, structure = found$structure)
  }
  made$drawn$structure
}

plot_training <- function(x) {
  if (!is.data.frame(x$history)) no_history(sprintf("the %s encoder", x$encoder))
  plot_history(
    x$history,
    sprintf("Training of the %s", if (endsWith(x$encoder, "encoder")) x$encoder else paste(x$encoder, "encoder")),
    x$details$kept
  )
}
