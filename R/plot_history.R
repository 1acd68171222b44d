# Training histories: one panel per quantity over steps.

# history: a data frame with `step` or `epoch`, perhaps `restart`, and numbers;
# kept: the restart that was taken, drawn in front of the others.
plot_history <- function(history, title, kept = NULL, units = NULL) {
  at <- intersect(c("step", "epoch"), names(history))[1]
  measured <- setdiff(names(history)[vapply(history, is.numeric, NA)], c("step", "epoch", "restart", "invariant"))
  run <- if (is.null(history$restart)) rep(1L, nrow(history)) else history$restart
  data <- do.call(rbind, lapply(measured, function(name) {
    data.frame(at = history[[at]], restart = run, quantity = name, value = history[[name]])
  }))
  data$quantity <- factor(data$quantity, measured)
  data$kept <- is.null(kept) | data$restart %in% kept
  words <- stats::setNames(vapply(measured, history_words, ""), measured)
  lines <- function(rows, ...) {
    if (!any(rows)) return(NULL)
    ggplot2::geom_line(data = data[rows, ], ggplot2::aes(group = .data$restart), na.rm = TRUE, ...)
  }
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$at, y = .data$value)) +
    lines(!data$kept, colour = "grey70", linewidth = .4) +
    lines(data$kept, colour = PLOT_COLOURS[2], linewidth = .7) +
    ggplot2::facet_wrap(ggplot2::vars(.data$quantity), scales = "free_y", labeller = ggplot2::as_labeller(words)) +
    ggplot2::labs(
      x = sentence_case(at), y = "Value", title = title,
      caption = if (any(!data$kept)) "Grey: the restarts that were not taken."
    ) +
    plot_theme()
  sized(plot, 8, 1.4 + 2 * ceiling(length(measured) / 3))
}

no_history <- function(what) {
  abort_argument(
    "type", sprintf("another one for %s", what), "\"history\"",
    "It is computed in closed form: nothing was trained in steps."
  )
}

history_words <- function(name) {
  name <- gsub("_", " ", name)
  known <- c(nhsic = "normalised HSIC", nmmd = "normalised MMD", hsic = "HSIC", mmd = "MMD", logdet = "log determinant")
  for (word in names(known)) name <- gsub(paste0("\\b", word, "\\b"), known[[word]], name)
  sentence_case(name)
}
