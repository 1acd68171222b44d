#' Pictures of a scan
#'
#' As [plot.latent_mr()]: each is a ggplot with its numbers in `$data` and its size in inches in `attr(, "size")`.
#'
#' @param x A [latent_scan()] object, or some of its rows.
#' @param type What to draw.
#'   * `"volcano"` (default): effects against their p-values, with the lines beyond which Holm's correction and the
#'     false discovery rate (Benjamini and Hochberg) leave an effect at 5 %. The `labels` smallest are named.
#'   * `"qq"`: p-values against those expected of no effect at all, with the pointwise 95 % band of independent tests
#'     (the k-th smallest of m has the law Beta(k, m + 1 - k)); the caption has the median chi-squared over its
#'     expectation.
#'   * `"heat"`: z-values of exposures (rows) by outcomes, a star where Holm's correction leaves the effect, a cross
#'     where the verdict objects or the instruments are weak.
#' @param labels Number of pairs to name in the volcano.
#' @param ... Nothing: an argument without a use is an error.
#' @return A `ggplot`.
#' @section Errors: `latentmr_error_argument`: an unknown type, or no pair with a p-value.
#' @examples
#' data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
#' set.seed(1)
#' outcomes <- data.frame(ldl = data$outcome, noise = rnorm(length(data$outcome)))
#' plot(latent_scan(data, outcomes, methods = "latent_nagar", seed = 1))
#' @export
plot.latent_scan <- function(x, type = "volcano", labels = 8, ...) {
  check_dots(...)
  check_choice(type, "type", c("volcano", "qq", "heat"))
  check_number(labels, "labels", min = 0, whole = TRUE)
  needed <- c("exposure", "outcome", "b", "se", "pval", "p_holm", "p_bh")
  absent <- setdiff(needed, names(x))
  if (length(absent)) abort_argument("x", "a scan with its columns", sprintf("one without %s", quote_all(absent)))
  data <- scan_points(x)
  if (!nrow(data)) abort_argument("x", "a scan with an estimate", "one in which no pair could be estimated")
  switch(type, volcano = plot_volcano(data, labels), qq = plot_qq(data), heat = plot_heat(data))
}

# Pairs with a p-value; `minus`: -log10 of it, where it is too small for a number the largest there is.
scan_points <- function(x) {
  doubt <- rep(FALSE, nrow(x))
  if (!is.null(x$objections)) doubt <- !is.na(x$objections) & nzchar(x$objections)
  if (!is.null(x$withheld)) doubt <- doubt | !is.na(x$withheld)
  out <- data.frame(
    exposure = x$exposure, outcome = x$outcome, b = x$b, z = x$b / x$se, pval = x$pval,
    minus = -log10(pmax(x$pval, .Machine$double.xmin)), holm = x$p_holm < .05, bh = x$p_bh < .05, doubt = doubt
  )
  out$role <- ifelse(out$holm, "holm", ifelse(out$bh, "bh", "none"))
  out[is.finite(x$pval) & is.finite(x$b), ]
}

scan_roles <- c(holm = "Beyond chance (Holm)", bh = "False discovery rate (BH)", none = "No effect shown")

plot_volcano <- function(data, labels) {
  limits <- robust_limits(data$b, data$b, data$b, 0, wide = 20, typical = abs(data$b))
  data$shown <- pmin(pmax(data$b, limits[1]), limits[2])
  named <- data[utils::head(order(data$pval), labels), , drop = FALSE]
  one <- length(unique(data$exposure)) == 1
  named$label <- shorten(if (one) named$outcome else paste(named$exposure, named$outcome, sep = " on "), 30)
  # The largest p-values that each correction leaves.
  lines <- c(
    if (any(data$holm)) min(data$minus[data$holm]), if (any(data$bh)) min(data$minus[data$bh])
  )
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$shown, y = .data$minus)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey70") +
    ggplot2::geom_hline(yintercept = lines, linetype = "22", colour = "grey50") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$role, shape = .data$role)) +
    ggplot2::geom_text(
      data = named, ggplot2::aes(label = .data$label), size = 2.8, vjust = -.8, hjust = "inward",
      check_overlap = TRUE
    ) +
    role_scales() +
    ggplot2::scale_y_continuous(expand = ggplot2::expansion(c(.02, .1))) +
    ggplot2::labs(
      x = "Effect per unit of the exposure", y = "-log10 p",
      title = sprintf("%s: effects and their p-values", plural(nrow(data), "pair"))
    ) + plot_theme()
  sized(plot, 7, 5, legend = c("colour", "shape"))
}

role_scales <- function() {
  list(
    ggplot2::scale_colour_manual(
      values = c(holm = PLOT_COLOURS[3], bh = PLOT_COLOURS[2], none = "grey55"), labels = scan_roles, name = NULL
    ),
    ggplot2::scale_shape_manual(values = c(holm = 17, bh = 16, none = 1), labels = scan_roles, name = NULL)
  )
}

plot_qq <- function(data) {
  data <- data[order(data$pval), ]
  m <- nrow(data)
  k <- seq_len(m)
  data$expected <- -log10(k / (m + 1))
  data$low <- -log10(stats::qbeta(.975, k, m + 1 - k))
  data$high <- -log10(stats::qbeta(.025, k, m + 1 - k))
  inflation <- stats::qchisq(stats::median(data$pval), 1, lower.tail = FALSE) / stats::qchisq(.5, 1)
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$expected, y = .data$minus)) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$low, ymax = .data$high), fill = "grey88") +
    ggplot2::geom_abline(slope = 1, intercept = 0, colour = "grey50") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$role, shape = .data$role)) + role_scales() +
    ggplot2::labs(
      x = "-log10 p expected without any effect", y = "-log10 p",
      title = sprintf("P-values of %s against chance", plural(m, "pair")),
      caption = sprintf("Median chi-squared over its expectation: %.2f. Band: 95 %% of independent tests.", inflation)
    ) + plot_theme()
  sized(plot, 6, 5.2, legend = c("colour", "shape"))
}

plot_heat <- function(data) {
  data$x <- factor(data$outcome, unique(data$outcome))
  data$y <- factor(data$exposure, rev(unique(data$exposure)))
  most <- max(abs(data$z[is.finite(data$z)]), 1)
  top <- min(most, 10)
  data$fill <- pmin(pmax(data$z, -top), top)
  data$mark <- paste0(ifelse(data$holm %in% TRUE, "*", ""), ifelse(data$doubt, "x", ""))
  size <- c(nlevels(data$x), nlevels(data$y))
  plot <- ggplot2::ggplot(data, ggplot2::aes(x = .data$x, y = .data$y)) +
    ggplot2::geom_tile(ggplot2::aes(fill = .data$fill)) +
    ggplot2::geom_text(ggplot2::aes(label = .data$mark), size = 3) +
    ggplot2::scale_fill_gradient2(
      low = PLOT_COLOURS[2], mid = "white", high = PLOT_COLOURS[3], limits = c(-top, top),
      name = "z (effect over error)"
    ) +
    ggplot2::scale_x_discrete(labels = function(l) shorten(l, 24)) +
    ggplot2::scale_y_discrete(labels = function(l) shorten(l, 24)) +
    ggplot2::labs(
      x = NULL, y = NULL, title = "Effects of exposures (rows) on outcomes",
      caption = "*: beyond chance after Holm's correction over all pairs. x: the verdict objects, or weak instruments."
    ) +
    plot_theme() +
    ggplot2::theme(
      panel.grid = ggplot2::element_blank(), axis.text.x = ggplot2::element_text(angle = 90, hjust = 1, vjust = .5)
    )
  sized(plot, min(30, max(6, 2.5 + .25 * size[1])), min(30, max(4, 2.8 + .25 * size[2])))
}
