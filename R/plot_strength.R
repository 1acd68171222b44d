# First-stage strength and weight of every environment.

plot_first_stage <- function(x, max_environments = 40) {
  e <- x$diagnostics$environments
  if (is.null(e)) {
    abort_argument("x", "a fit with the estimates of single environments", "one made with by_environment = FALSE")
  }
  panels <- c("First-stage F", "Share of the pooled first stage")
  all <- data.frame(
    environment = c("All people", e$environment), f = c(x$diagnostics$f, e$f), weight = c(NA, e$weight),
    n = c(x$nobs, e$n)
  )
  data <- rbind(
    data.frame(
      environment = all$environment, panel = panels[1], value = all$f, n = all$n, people = seq_len(nrow(all)) == 1
    ),
    data.frame(
      environment = all$environment, panel = panels[2], value = all$weight, n = all$n, people = seq_len(nrow(all)) == 1
    )
  )
  data$panel <- factor(data$panel, panels)
  keep <- c(1, 1 + sort(utils::head(order(-e$n), max_environments)))
  data$key <- rep(seq_len(nrow(all)), 2)
  data$key <- factor(data$key, rev(seq_len(nrow(all))))
  rows <- data[data$key %in% keep & !is.na(data$value), ]
  labels <- stats::setNames(sprintf("%s (n = %s)", shorten(all$environment, 32), big_each(all$n)), seq_len(nrow(all)))
  ten <- data.frame(panel = factor(panels[1], panels), ten = 10)
  plot <- ggplot2::ggplot(data, ggplot2::aes(y = .data$key)) +
    ggplot2::geom_blank(data = data[data$key %in% keep, ]) +
    ggplot2::geom_vline(
      data = ten, ggplot2::aes(xintercept = .data$ten), linetype = "42", colour = "#D55E00", linewidth = .7
    ) +
    ggplot2::geom_segment(
      data = rows, ggplot2::aes(x = 0, xend = .data$value, yend = .data$key), colour = "grey60", linewidth = .8
    ) +
    ggplot2::geom_point(data = rows, ggplot2::aes(x = .data$value, shape = .data$people), size = 2.4) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::scale_y_discrete(labels = labels) +
    ggplot2::scale_x_continuous(
      limits = c(min(0, rows$value), NA), expand = ggplot2::expansion(c(if (any(rows$value < 0)) .05 else 0, .08))
    ) +
    ggplot2::facet_wrap(ggplot2::vars(.data$panel), scales = "free_x") +
    ggplot2::labs(
      x = NULL, y = NULL, title = wrap_words(sprintf("First stage of %s by environment", shorten(x$exposure, 60))),
      caption = wrap_words(paste0(
        sprintf("F of %s instruments given what the fit partials out; dashed: 10. ", big(x$latent$kclass$L)),
        if (nrow(e) > max_environments) sprintf("The %d largest of %d environments.", max_environments, nrow(e))
      ), 100)
    ) +
    plot_theme() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), axis.ticks.y = ggplot2::element_blank(),
      panel.spacing.x = ggplot2::unit(18, "pt") # the numbers of two axes do not meet
    )
  sized(plot, 8, 1.5 + .22 * length(keep))
}
