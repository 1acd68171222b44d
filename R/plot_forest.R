# Forests: estimators, environments, one left out.

# `whole = FALSE`: the rows of all people alone.
plot_forest <- function(x, units, whole = TRUE) {
  data <- forest_data(x)
  if (!whole) {
    data <- data[data$group == "All people", ]
    data[c("group", "key")] <- lapply(data[c("group", "key")], droplevels)
  }
  pooled <- data$kind == "estimate" & data$environment == "pooled"
  limits <- robust_limits(
    data$b, data$lo, data$up, x$estimates[[x$leading]]$b, wide = 16, typical = ((data$up - data$lo) / 2)[pooled]
  )
  room <- diff(limits)
  text_at <- limits[2] + .62 * room
  rows <- data[data$kind == "estimate", ]
  rows$text <- format_estimate(rows$b, rows$lo, rows$up)
  sets <- data[data$kind == "set", ]
  only <- sets[!sets$key %in% rows$key, ]
  only <- only[!duplicated(only$key), ]
  only$text <- vapply(only$ci_type, set_words, "", USE.NAMES = FALSE)
  bounded <- only$ci_type == "interval"
  only$text[bounded] <- sub("^[^(]*", "", format_estimate(only$lo, only$lo, only$up))[bounded]
  texts <- rbind(rows[c("key", "group", "text")], only[c("key", "group", "text")])
  labels <- stats::setNames(shorten(data$label), data$key)
  plot <- ggplot2::ggplot(data, ggplot2::aes(y = .data$key)) +
    ggplot2::geom_blank() +
    ggplot2::annotate("segment", x = 0, xend = 0, y = -Inf, yend = Inf, colour = "grey50", linetype = "22") +
    interval_layers(sets, limits, linewidth = 2.4, colour = "grey72") +
    interval_layers(rows, limits, linewidth = .5) +
    ggplot2::geom_point(
      data = rows[is.finite(rows$b) & rows$b >= limits[1] & rows$b <= limits[2], ],
      ggplot2::aes(x = .data$b, shape = .data$headline, size = .data$headline)
    ) +
    ggplot2::geom_text(data = texts, ggplot2::aes(label = .data$text), x = text_at, hjust = 1, size = 3) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::scale_size_manual(values = c(`FALSE` = 1.8, `TRUE` = 4.2), guide = "none") +
    ggplot2::scale_y_discrete(labels = labels) +
    ggplot2::scale_x_continuous(breaks = inner_breaks(limits)) +
    ggplot2::coord_cartesian(xlim = c(limits[1] - .02 * room, text_at)) +
    ggplot2::facet_grid(
      rows = ggplot2::vars(.data$group), scales = "free_y", space = "free_y", labeller = ggplot2::label_wrap_gen(12)
    ) +
    ggplot2::labs(
      x = effect_axis(x, units), y = NULL, title = wrap_words(forest_title(x)),
      caption = wrap_words(paste0(
        "Lines: ", level_words(x$level), " intervals", if (is_cut(data, limits)) "; arrows: goes on beyond the picture",
        ". ", if (any(data$headline)) "Diamond: the estimate to report first. ",
        if (nrow(sets)) sprintf(
          "Grey bars: %s %s sets, right whatever the strength. ", level_words(x$level),
          if (fit_set_method(x) == "AR") "Anderson-Rubin" else "conditional likelihood ratio"
        ),
        other_scales(x)
      ), 100)
    ) +
    plot_theme() +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), axis.ticks.y = ggplot2::element_blank(),
      strip.text.y = if (whole) ggplot2::element_text(angle = 0) else ggplot2::element_blank()
    )
  height <- 1.9 + .2 * length(labels[!duplicated(names(labels))]) + .15 * nlevels(data$group)
  sized(plot, 8, height, column = list(limits = limits, letters = max(nchar(texts$text), 1)))
}

forest_title <- function(x) {
  sprintf("Estimates of the effect of %s on %s", shorten(x$exposure, 60), shorten(x$outcome, 60))
}

inner_breaks <- function(limits, n = 5) {
  breaks <- pretty(limits, n)
  breaks[breaks >= limits[1] & breaks <= limits[2]]
}

set_words <- function(type) {
  switch(type, interval = "", rays = "all but a gap", line = "whole line", empty = "empty: no effect fits", "")
}

# What one_scale() leaves out of the picture.
other_scales <- function(x) {
  rows <- as.data.frame(x)
  away <- rows[!rows$estimator %in% one_scale(rows, x$leading)$estimator, ]
  if (!nrow(away)) return(NULL)
  sprintf(
    "On other scales, not drawn: %s.", paste(unique(sprintf("%s (%s)", away$method, away$scale)), collapse = ", ")
  )
}

# The row to report first, if there is one: cross-fitted where there is one of each.
is_headline <- function(x, rows) {
  leading <- rows$estimator == x$leading & is.null(x$withheld)
  if (is.null(rows$crossfit)) return(leading)
  leading & (rows$crossfit > 0 | !x$leading %in% names(x$naive))
}

# One row per estimate (kind "estimate") and one per piece of a CLR
# set (kind "set"; lo and up may be infinite, NA when the set is empty).
forest_data <- function(x) {
  local <- local_method(x)
  rows <- one_scale(all_rows(x), x$leading)
  pooled <- rows[rows$environment == "pooled", ]
  each <- rows[rows$environment != "pooled" & rows$estimator == local, ]
  out <- rbind(
    forest_rows(pooled, pooled$method, "All people", is_headline(x, pooled)),
    if (!is_family(x$leading)) {
      forest_set(x$diagnostics$set, sprintf("Right at any strength (%s)", fit_set_method(x)), "All people", "ar")
    },
    if (nrow(each)) forest_rows(each, each$environment, "Each environment", FALSE),
    if (!is_family(local)) do.call(rbind, lapply(names(x$diagnostics$set_environments), function(e) {
      forest_set(x$diagnostics$set_environments[[e]], e, "Each environment", local)
    })),
    if (length(x$leave_one_out)) {
      left <- estimate_rows(x, x$leave_one_out, names(x$leave_one_out))
      forest_rows(left, paste("without", left$environment), "One left out", FALSE)
    }
  )
  groups <- c("All people", "Each environment", "One left out")
  out$group <- factor(out$group, groups[groups %in% out$group])
  out$key <- paste(as.integer(out$group), out$estimator, out$label)
  out$key <- factor(out$key, rev(unique(out$key)))
  rownames(out) <- NULL
  out
}

# One axis has one scale: that of the headline.
one_scale <- function(rows, headline) rows[rows$scale == rows$scale[rows$estimator == headline][1], ]

forest_rows <- function(rows, label, group, headline) {
  data.frame(
    kind = "estimate", b = rows$b, lo = rows$lo_ci, up = rows$up_ci, ci_type = NA_character_,
    estimator = rows$estimator,
    environment = rows$environment, label = label, group = rep(group, nrow(rows)),
    headline = rep_len(headline, nrow(rows))
  )
}

# An environment with more variants than people has no set.
forest_set <- function(set, label, group, estimator) {
  if (!NROW(set)) return(NULL)
  data.frame(
    kind = "set", b = NA_real_, lo = set$lo, up = set$up, ci_type = set$ci_type, estimator = estimator,
    environment = if (estimator == "ar") "pooled" else label, label = label, group = group, headline = FALSE
  )
}

# Every estimator in every environment, one panel each.
plot_environments <- function(x, units, max_panels = 20) {
  if (is.null(x$by_environment)) {
    abort_argument("x", "a fit with the estimates of single environments", "one made with by_environment = FALSE")
  }
  data <- one_scale(all_rows(x), x$leading)
  # The pooled estimates with everybody's encoder have no twins in the environments.
  if (!is.null(x$naive)) data <- data[!grepl(", not cross-fitted$", data$method), ]
  data$lo <- data$lo_ci
  data$up <- data$up_ci
  data$key <- factor(data$estimator, rev(unique(data$estimator)))
  data$headline <- is_headline(x, data)
  people <- c(pooled = x$nobs, x$encoder$environments)
  without <- setdiff(names(people), c("pooled", data$environment[is.finite(data$b)]))
  people <- people[setdiff(names(people), without)]
  shown <- names(people)[sort(utils::head(order(-people), max_panels))]
  panels <- stats::setNames(
    sprintf("%s (n = %s)", shorten(ifelse(shown == "pooled", "All people", shown), 24), big_each(people[shown])), shown
  )
  data$panel <- factor(data$environment, shown)
  rows <- data[!is.na(data$panel), ]
  limits <- robust_limits(rows$b, rows$lo, rows$up, x$estimates[[x$leading]]$b, wide = 6)
  plot <- ggplot2::ggplot(rows, ggplot2::aes(y = .data$key)) +
    ggplot2::geom_blank() +
    ggplot2::annotate("segment", x = 0, xend = 0, y = -Inf, yend = Inf, colour = "grey50", linetype = "22") +
    interval_layers(rows, limits, linewidth = .5) +
    ggplot2::geom_point(
      data = rows[is.finite(rows$b) & rows$b >= limits[1] & rows$b <= limits[2], ],
      ggplot2::aes(x = .data$b, shape = .data$headline, size = .data$headline)
    ) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::scale_size_manual(values = c(`FALSE` = 1.6, `TRUE` = 3.6), guide = "none") +
    ggplot2::scale_y_discrete(labels = stats::setNames(data$method, data$estimator)) +
    ggplot2::scale_x_continuous(breaks = inner_breaks(limits, 3)) +
    ggplot2::coord_cartesian(xlim = limits) +
    # "free": every panel has its axis, also above an empty place; the limits are those of all.
    ggplot2::facet_wrap(
      ggplot2::vars(.data$panel), ncol = 3, scales = "free_x", labeller = ggplot2::as_labeller(panels)
    ) +
    ggplot2::labs(
      x = effect_axis(x, units), y = NULL, title = wrap_words(paste(forest_title(x), "by environment")),
      caption = wrap_words(paste0(
        "Lines: ", level_words(x$level),
        " intervals", if (is_cut(rows, limits)) "; arrows: goes on beyond the picture", ". ",
        if (any(rows$headline)) "Diamond: the estimate to report first. ",
        if (length(people) > max_panels) {
          sprintf("The %d largest of %d environments. ", max_panels - 1, length(people) - 1)
        },
        if (length(without)) sprintf("Not estimated in %s. ", quote_all(without, 5)),
        other_scales(x)
      ), 110)
    ) +
    plot_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank(), axis.ticks.y = ggplot2::element_blank())
  sized(plot, 9, 1.5 + ceiling(length(shown) / 3) * (.68 + .18 * nlevels(data$key)))
}

# Several exposures: a panel for each, with an axis of its own.
plot_exposures <- function(x, units) {
  data <- one_scale(as.data.frame(x), x$leading)
  data <- data[is.finite(data$b), ]
  data$label <- factor(data$method, rev(unique(data$method)))
  data$exposure <- factor(data$exposure, x$exposure)
  data$headline <- is_headline(x, data)
  of <- if (is.null(units)) x$exposure else sprintf("%s (per %s)", x$exposure, units[seq_along(x$exposure)])
  unit <- if (is.null(units)) "" else paste0(", ", utils::tail(units, 1))
  picture <- ggplot2::ggplot(data, ggplot2::aes(x = .data$b, y = .data$label)) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey50", linetype = "22") +
    ggplot2::geom_errorbarh(ggplot2::aes(xmin = .data$lo_ci, xmax = .data$up_ci), height = .2) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$headline), size = 2.5) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 18), guide = "none") +
    ggplot2::facet_wrap(
      ggplot2::vars(.data$exposure), scales = "free_x", labeller = ggplot2::as_labeller(setNames(of, x$exposure))
    ) +
    ggplot2::labs(
      x = sprintf("Effect on %s given the other exposures (%s %% interval)%s", x$outcome, format(100 * x$level), unit),
      y = NULL,
      title = wrap_words(sprintf("Effects of %s on %s", paste(x$exposure, collapse = ", "), x$outcome))
    ) +
    plot_theme()
  sized(
    picture, min(10, 3 + 2.5 * length(x$exposure)), 1.6 + .26 * nlevels(data$label) * ceiling(length(x$exposure) / 3)
  )
}
