# Instrument quality: change of every latent between environments, and dependence
# of the invariant block, in units of the smallest that the data would show.

plot_quality <- function(x, max_environments = 30) {
  if (is.null(x)) {
    abort_argument(
      "x", "a latent_mr() fit or the value of learn_instruments()",
      "the encoder of a fit, which has no table of quality"
    )
  }
  table <- as.data.frame(x)
  data <- table[table$quantity %in% c("mmd", "hsic"), ]
  data$ratio <- data$value / data$detectable
  rows <- data[is.finite(data$ratio), ]
  if (!nrow(rows)) {
    note <- unique(data$note[!is.na(data$note)])
    abort_argument(
      "x", "one with numbers on instrument quality", "one without",
      if (length(note)) sprintf("Reason: %s.", note[1]) else "by_environment = FALSE leaves it out."
    )
  }
  data$column <- factor(
    ifelse(data$block == "invariant", "Invariant block", "Variant block"), c("Invariant block", "Variant block")
  )
  data$group <- factor(
    ifelse(data$quantity == "mmd", "Change between environments", "Dependence"),
    c("Change between environments", "Dependence")
  )
  size <- tapply(rows$n, rows$against, max)
  environments <- unique(rows$against[rows$quantity == "mmd"])
  shown <- environments[environments %in% utils::head(names(sort(-size[environments])), max_environments)]
  other <- unique(rows$against[rows$quantity == "hsic"])
  data$key <- factor(
    paste(data$quantity, data$against),
    rev(paste(rep(c("mmd", "hsic"), c(length(shown), length(other))), c(shown, other)))
  )
  rows <- data[is.finite(data$ratio) & !is.na(data$key), ]
  rows$ratio <- pmax(rows$ratio, 0) # drawn: less than nothing is nothing
  labels <- stats::setNames(shorten(sub("^(mmd|hsic) ", "", levels(data$key)), 28), levels(data$key))
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$ratio, y = .data$key)) +
    ggplot2::geom_blank(data = rows) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60", linewidth = .3) +
    ggplot2::geom_vline(xintercept = 1, linetype = "42", colour = "#D55E00", linewidth = .7) +
    quality_layers(rows) +
    ggplot2::scale_y_discrete(labels = labels) +
    # Equal steps of the root: one latent far out leaves the others apart.
    quality_axis(rows$ratio) +
    ggplot2::facet_grid(
      rows = ggplot2::vars(.data$group), cols = ggplot2::vars(.data$column), scales = "free", space = "free_y",
      labeller = ggplot2::label_wrap_gen(14)
    ) +
    ggplot2::labs(
      x = "Value over the smallest that the data would show (dashed: 1)", y = NULL,
      title = "Quality of the instruments: change between environments and dependence",
      caption = quality_caption(nrow(rows), attr(x, "used"), attr(x, "people"), length(shown), length(environments))
    ) +
    plot_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank(), strip.text.y = ggplot2::element_text(angle = 0))
  sized(plot, 8, 2.1 + .24 * (max(length(shown), 2) + max(length(other), 1)))
}

quality_axis <- function(ratio) {
  if (max(ratio) < 6) return(ggplot2::scale_x_continuous())
  ggplot2::scale_x_continuous(trans = "sqrt", breaks = c(0, 1, 4^(1:8))[c(0, 1, 4^(1:8)) <= max(1, ratio)])
}

QUALITY_POINTS <- 2000

quality_caption <- function(points, used, people, shown, environments) {
  wrap_words(paste0(
    "Change: a latent in an environment against the others (MMD). Dependence: the block on other columns within ",
    "environments (HSIC). The smallest shown: found with 80% power.",
    if (points > QUALITY_POINTS) {
      " Bars: the middle 90% of the latents of an environment; points: those above 1 in the invariant block."
    },
    if (isTRUE(used < people)) sprintf(" From %s of %s people.", big(used), big(people)),
    if (environments > shown) sprintf(" The %d largest of %d environments.", shown, environments)
  ), 105)
}

# Every latent as a point; of very many the middle 90 % of an environment as a bar.
quality_layers <- function(rows) {
  points <- rows
  bars <- NULL
  if (nrow(rows) > QUALITY_POINTS) {
    bars <- do.call(rbind, lapply(split(rows, list(rows$group, rows$column, rows$key), drop = TRUE), function(r) {
      q <- stats::quantile(r$ratio, c(.05, .95), names = FALSE)
      cbind(r[1, c("group", "column", "key")], lo = q[1], up = q[2])
    }))
    points <- rows[rows$quantity == "hsic" | (rows$block == "invariant" & rows$ratio > 1), ]
  }
  crowded <- nrow(points) > 400
  named <- points[points$quantity == "mmd" & points$block == "invariant" & points$ratio > 1, ]
  jitter <- ggplot2::position_jitter(width = 0, height = if (nrow(points) > 50) .2 else 0, seed = 1)
  list(
    if (!is.null(bars)) {
      ggplot2::geom_segment(
        data = bars, linewidth = 2.4, colour = "grey72",
        ggplot2::aes(x = .data$lo, xend = .data$up, y = .data$key, yend = .data$key)
      )
    },
    ggplot2::geom_point(
      data = points, position = jitter, shape = 1, size = if (crowded) 1 else 1.8, alpha = if (crowded) .6 else 1
    ),
    if (nrow(named) <= 20) {
      ggplot2::geom_text(
        data = named, ggplot2::aes(label = .data$latent), hjust = 1.5, size = 2.8, colour = "grey25",
        check_overlap = TRUE
      )
    }
  )
}

# Used by the report's document.
has_quality <- function(x) {
  is.data.frame(x) && any(is.finite(x$value / x$detectable) & x$quantity != "first-stage F")
}
