# Which environment touches which latent.

plot_mask <- function(x) {
  if (is.null(x$touched)) {
    abort_argument(
      "type", "another for an encoder without masks", "\"mask\"",
      "encoder = \"mechanism_sparsity\" finds which environments touch which latents."
    )
  }
  names <- sprintf("%s (%s)", rownames(x$touched), sparse_alone(x))
  data <- data.frame(
    latent = factor(rep(names, ncol(x$touched)), rev(names)),
    environment = factor(rep(colnames(x$touched), each = nrow(x$touched)), colnames(x$touched)),
    role = ifelse(as.vector(x$touched) == 1, "touched", "alone")
  )
  labels <- c(touched = "Touched: a control there", alone = "Left alone: an instrument there")
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$environment, y = .data$latent)) +
    ggplot2::geom_tile(ggplot2::aes(fill = .data$role), colour = "white", linewidth = 1) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$role, size = .data$role)) +
    ggplot2::scale_fill_manual(values = c(touched = "#D55E00", alone = "grey90"), labels = labels, name = NULL) +
    ggplot2::scale_shape_manual(values = c(touched = 4, alone = 20), labels = labels, name = NULL) +
    ggplot2::scale_size_manual(values = c(touched = 2, alone = .3), labels = labels, name = NULL) +
    ggplot2::scale_x_discrete(labels = function(l) shorten(l, 20)) +
    ggplot2::labs(
      x = NULL, y = "Latent (left alone in)", title = "Latents and the environments that touch them"
    ) +
    plot_theme() +
    ggplot2::theme(
      panel.grid = ggplot2::element_blank(),
      axis.text.x = if (ncol(x$touched) > 8) ggplot2::element_text(angle = 45, hjust = 1) else ggplot2::element_text()
    )
  sized(
    plot, max(7, 2.5 + .45 * ncol(x$touched)), max(3.8, 1.8 + .3 * nrow(x$touched)),
    legend = c("fill", "shape", "size")
  )
}
