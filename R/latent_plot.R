#' @rdname latent_mr
#' @param y Not used.
#' @details `plot()` draws the forest of the estimators and of the headline in
#'   every environment and without each of them; it returns the ggplot object,
#'   whose data are in `$data`.
#' @export
plot.latent_mr <- function(x, y = NULL, ...) {
  data <- forest_data(x)
  ggplot2::ggplot(data, ggplot2::aes(x = .data$b, y = .data$label)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey60", linetype = "dashed") +
    ggplot2::geom_errorbarh(ggplot2::aes(xmin = .data$lo_ci, xmax = .data$up_ci), height = .2, na.rm = TRUE) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$headline, size = .data$headline), na.rm = TRUE) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::scale_size_manual(values = c(`FALSE` = 2, `TRUE` = 4.5), guide = "none") +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$group), scales = "free_y", space = "free_y") +
    ggplot2::labs(
      x = sprintf("Effect of %s on %s (%s %% interval)", x$exposure, x$outcome, format(100 * x$level)), y = NULL,
      title = sprintf("Estimates of the effect of %s on %s", x$exposure, x$outcome)
    ) +
    ggplot2::theme_bw(base_size = 11) +
    ggplot2::theme(strip.text.y = ggplot2::element_text(angle = 0), panel.grid.major.y = ggplot2::element_blank())
}

forest_data <- function(x) {
  local <- local_method(x)
  rows <- all_rows(x)
  pooled <- rows[rows$environment == "pooled", ]
  each <- rows[rows$environment != "pooled" & rows$estimator == local, ]
  out <- rbind(
    forest_rows(pooled, pooled$method, "Estimators", pooled$estimator == x$headline),
    if (nrow(each)) forest_rows(each, each$environment, "Environments", FALSE),
    if (length(x$leave_one_out)) {
      left <- estimate_rows(x, x$leave_one_out, names(x$leave_one_out))
      forest_rows(left, paste("without", left$environment), "Leave one out", FALSE)
    }
  )
  out$label <- factor(out$label, rev(unique(out$label)))
  out$group <- factor(out$group, c("Estimators", "Environments", "Leave one out"))
  out
}

forest_rows <- function(rows, label, group, headline) {
  data.frame(rows[c("b", "lo_ci", "up_ci", "estimator")], label = label, group = rep(group, nrow(rows)), headline = rep_len(headline, nrow(rows)))
}
