# The pictures of summary-data MR: scatter, funnel, single variants, one left out.

# As many as have a legible name in a picture of 7 x 5 inches.
MOST_ROWS <- 24

plot_scatter <- function(x, units) {
  a <- fit_associations(x, "A scatter of variants")
  input <- summary_input(a)
  keep <- which(a$usable)
  turn <- ifelse(a$bx[keep] < 0, -1, 1)
  data <- data.frame(
    SNP = fit_snp(x)[keep], bx = turn * a$bx[keep], bx_se = a$sx[keep], by = turn * a$by[keep], by_se = a$sy[keep]
  )
  per <- if (is.null(units)) rep("per allele", 2) else paste(units, "per allele")
  scatter_picture(data, scatter_lines(x, input), x$exposure, x$outcome, per, ", given what the fit partials out")
}

# data: bx, by and their errors bx_se, by_se, turned to raise the exposure; lines: method, slope, intercept.
scatter_picture <- function(data, lines, exposure, outcome, per, what) {
  many <- nrow(data) > 200
  bars <- if (!many) {
    list(
      ggplot2::geom_segment(
        ggplot2::aes(xend = .data$bx, y = .data$by - .data$by_se, yend = .data$by + .data$by_se), colour = "grey70",
        linewidth = .3
      ),
      ggplot2::geom_segment(
        ggplot2::aes(x = .data$bx - .data$bx_se, xend = .data$bx + .data$bx_se, yend = .data$by), colour = "grey70",
        linewidth = .3
      )
    )
  }
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$bx, y = .data$by)) +
    ggplot2::geom_hline(yintercept = 0, colour = "grey50", linewidth = .3) +
    bars +
    ggplot2::geom_point(size = if (many) .8 else 1.6, alpha = if (many) .35 else 1, colour = "grey20") +
    ggplot2::geom_abline(
      data = lines, linewidth = .8,
      ggplot2::aes(intercept = .data$intercept, slope = .data$slope, colour = .data$method, linetype = .data$method)
    ) +
    line_scales(nlevels(lines$method)) +
    ggplot2::expand_limits(x = 0) +
    ggplot2::labs(
      x = wrap_words(sprintf("Association with %s (%s)", shorten(exposure, 60), per[1]), 62),
      y = wrap_words(sprintf("Association with %s (%s)", shorten(outcome, 60), per[2]), 48), colour = NULL,
      linetype = NULL,
      title = wrap_words(
        sprintf("Variant associations with %s and %s", shorten(exposure, 60), shorten(outcome, 60)), 70
      ),
      caption = wrap_words(sprintf(
        "%s variants, turned to raise the exposure%s%s.", big(nrow(data)), what,
        if (many) "" else "; bars: one standard error"
      ), 100)
    ) +
    plot_theme() +
    ggplot2::guides(colour = ggplot2::guide_legend(nrow = 2), linetype = ggplot2::guide_legend(nrow = 2))
  sized(plot, 7, 6, legend = c("colour", "linetype"))
}

# Slopes to draw: the fit's own first, then those of summary-data MR.
scatter_lines <- function(x, input) {
  head <- x$estimates[[x$leading]]
  ids <- c("ivw", "egger", "weighted_median")
  more <- lapply(ids, summary_method, input, x$encoder$seed)
  out <- data.frame(
    method = c(short_name(x$leading), short_name(ids)), slope = c(head$b, vapply(more, `[[`, 0, "b")),
    intercept = c(0, 0, if (is.null(more[[2]]$intercept)) NA else more[[2]]$intercept[[1]], 0)
  )
  out <- out[!duplicated(out$method) & is.finite(out$slope), ]
  out$method <- factor(out$method, out$method)
  out
}

line_scales <- function(n) {
  i <- rep_len(seq_along(PLOT_COLOURS), n)
  list(ggplot2::scale_colour_manual(values = PLOT_COLOURS[i]), ggplot2::scale_linetype_manual(values = PLOT_LINES[i]))
}

plot_funnel <- function(x, units) {
  all <- single_variant(x)
  data <- all[!startsWith(all$SNP, "All"), ]
  data$precision <- 1 / data$se
  head <- x$estimates[[x$leading]]
  lines <- data.frame(
    method = c(short_name(x$leading), sub("^All - ", "", all$SNP[startsWith(all$SNP, "All")])),
    b = c(head$b, all$b[startsWith(all$SNP, "All")])
  )
  lines <- lines[is.finite(lines$b), ]
  lines$method <- factor(lines$method, lines$method)
  # The weakest variants have ratios without bound: drawn at the edge.
  strong <- data[data$precision >= stats::quantile(data$precision, .25), ]
  limits <- range(lines$b, strong$b, 0)
  limits <- limits + c(-.05, .05) * diff(limits)
  data$shown <- pmin(pmax(data$b, limits[1]), limits[2])
  data$outside <- data$shown != data$b
  many <- nrow(data) > 200
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$shown, y = .data$precision)) +
    ggplot2::geom_point(
      ggplot2::aes(shape = .data$outside), size = if (many) .9 else 1.8, alpha = if (many) .35 else .8,
      colour = "grey20"
    ) +
    ggplot2::geom_vline(
      data = lines, linewidth = .8, ggplot2::aes(xintercept = .data$b, colour = .data$method, linetype = .data$method)
    ) +
    line_scales(nrow(lines)) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 4), guide = "none") +
    ggplot2::expand_limits(y = 0) +
    ggplot2::labs(
      x = effect_axis(x, units), y = "Precision of the ratio (1 / standard error)", colour = NULL, linetype = NULL,
      title = wrap_words(sprintf(
        "Ratio estimates of the effect of %s on %s by precision: %s", shorten(x$exposure, 60), shorten(x$outcome, 60),
        plural(nrow(data), "variant")
      )),
      caption = if (any(data$outside)) {
        sprintf("Crosses at the edge: %s beyond the picture.", plural(sum(data$outside), "variant"))
      }
    ) +
    plot_theme()
  sized(plot, 7, 6, legend = c("colour", "linetype"))
}

plot_single <- function(x, units) {
  table <- single_variant(x)
  variant_forest(
    x, table, units, order(table$se), "Ratio estimates of single variants",
    "%s of %s variants shown, those with the smallest errors"
  )
}

plot_leave_one_variant <- function(x, units) {
  table <- leave_one_out(x, "variant", method = "ivw")
  whole <- table$b[table$SNP == "All"]
  variant_forest(
    x, table, units, order(-abs(table$b - whole)), "Inverse variance weighted without one variant",
    "%s of %s variants shown, those that move the estimate most", zero = FALSE
  )
}

# At most MOST_ROWS variants, the first of `importance`, in the order of their
# estimates; the rows of all variants together below.
variant_forest <- function(x, table, units, importance, title, some, zero = TRUE) {
  total <- table$SNP == "All" | startsWith(table$SNP, "All - ")
  ranked <- importance[!total[importance]]
  picked <- utils::head(ranked, MOST_ROWS)
  data <- data.frame(
    SNP = table$SNP, b = table$b, se = table$se, lo = table$b - stats::qnorm((1 + x$level) / 2) * table$se,
    up = table$b + stats::qnorm((1 + x$level) / 2) * table$se, all = total, shown = total | seq_along(total) %in% picked
  )
  data$key <- paste(seq_along(total), data$SNP)
  rows <- data[data$shown, ]
  rows <- rows[order(!rows$all, rows$b), ]
  rows$key <- factor(rows$key, rows$key)
  limits <- robust_limits(rows$b, rows$lo, rows$up, wide = 5, zero = zero)
  rows$group <- factor(ifelse(rows$all, "All", "Variants"), c("Variants", "All"))
  plot <- ggplot2::ggplot(data, ggplot2::aes(y = .data$key)) +
    ggplot2::geom_blank(data = rows) +
    ggplot2::annotate("segment", x = 0, xend = 0, y = -Inf, yend = Inf, colour = "grey50", linetype = "22") +
    interval_layers(rows, limits, linewidth = .45) +
    ggplot2::geom_point(
      data = rows[is.finite(rows$b) & rows$b >= limits[1] & rows$b <= limits[2], ],
      ggplot2::aes(x = .data$b, shape = .data$all, size = .data$all)
    ) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::scale_size_manual(values = c(`FALSE` = 1.5, `TRUE` = 3.8), guide = "none") +
    ggplot2::scale_y_discrete(labels = stats::setNames(shorten(sub("^All - ", "All: ", rows$SNP), 44), rows$key)) +
    ggplot2::coord_cartesian(xlim = limits) +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$group), scales = "free_y", space = "free_y") +
    ggplot2::labs(
      x = effect_axis(x, units, 58), y = NULL,
      title = wrap_words(sprintf("%s: %s on %s", title, shorten(x$exposure, 60), shorten(x$outcome, 60))),
      caption = wrap_words(paste0(
        "Lines: ", level_words(x$level), " intervals", if (is_cut(rows, limits)) "; arrows: goes on beyond the picture",
        ". ",
        if (length(ranked) > MOST_ROWS) paste0(sprintf(some, MOST_ROWS, big(length(ranked))), ".")
      ), 100)
    ) +
    plot_theme() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), axis.text.y = ggplot2::element_text(size = ggplot2::rel(.85)),
      strip.text = ggplot2::element_blank(), strip.background = ggplot2::element_blank()
    )
  sized(plot, 7, 1.7 + .145 * nrow(rows))
}
