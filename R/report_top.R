# The first screen of the report: the answer, the forest and the table.

report_head <- function(fit, units = NULL) {
  said <- verdict(fit)
  paste0(
    "<header id=\"answer\">\n<h1>", report_title(fit), "</h1>\n",
    html_p(html_text(sprintf(
      "Mendelian randomization with latent instruments: %s people%s, %s, %s.", big(fit$nobs),
      if (length(fit$cases)) sprintf(" (%s cases)", big(fit$cases)) else "",
      plural(length(fit$encoder$environments), "environment"),
      plural(nrow(fit$variants), if (fit$kind == "continuous") "instrument" else "variant")
    )), "lead"),
    report_answer(fit, said), "</header>\n", report_first(fit, units), report_warnings(fit)
  )
}

# The verdict: the sentence to read first, what objects to it, strength and environments, what nothing sees.
report_answer <- function(fit, said) {
  known <- all(is.finite(fit$estimates[[fit$leading]]$b)) || !is.null(attr(said, "withheld"))
  against <- said$finding[said$objects]
  paste0(
    sprintf("<div class=\"key%s\">\n", if (length(against)) " against" else ""),
    if (known) paste(html_p(html_text(attr(said, "headline")), "headline"), collapse = ""),
    if (length(against)) html_list(html_text(against)),
    if (is.null(fit$withheld)) paste(html_p(headline_lines(fit)), collapse = ""),
    html_p(html_text(paste(checks_words(fit, said), environments_words(fit, said)))),
    html_p(html_text(attr(said, "unseen")), "note"), "</div>\n"
  )
}

# Side by side where the screen is wide enough.
report_first <- function(fit, units) {
  drawn <- any(is.finite(as.data.frame(fit)$b))
  picture <- if (drawn) {
    plot <- if (length(fit$exposure) == 1) plot_forest(fit, units, whole = FALSE) else plot_exposures(fit, units)
    html_figure(plot, alt_forest(fit, whole = FALSE))
  }
  paste0(
    "<div class=\"first\">\n", if (drawn) paste0("<div>\n", picture, "</div>\n"), "<div>\n",
    estimates_table(fit, brief = TRUE), "</div>\n</div>\n"
  )
}

report_warnings <- function(fit) {
  if (!length(fit$warnings)) return(NULL)
  paste0(
    "<div class=\"warn\"><p><strong>Warnings of the analysis</strong></p>\n", html_list(html_text(fit$warnings)),
    "</div>\n"
  )
}

# A line for each exposure.
headline_lines <- function(fit) {
  name <- short_name(fit$leading)
  if (length(fit$exposure) > 1) name <- paste0(name, ", ", fit$exposure)
  words <- vapply(seq_along(fit$exposure), function(j) headline_words(fit, j), "")
  paste0("<strong>", html_text(name), "</strong> ", html_text(words))
}

headline_words <- function(fit, j = 1) {
  head <- fit$estimates[[fit$leading]]
  head[c("b", "lo", "up", "pval")] <- lapply(head[c("b", "lo", "up", "pval")], `[`, j)
  if (!is.finite(head$b)) {
    return(sprintf("could not be estimated: %s.", if (is.null(head$note)) "no reason is known" else head$note))
  }
  if (!is.null(fit$withheld)) return(sprintf("no point estimate, %s: %s.", fit$withheld, withheld_set(fit, j)))
  scale <- effect_scales(fit)
  value <- sub(
    "(", sprintf("(%s interval ", level_words(fit$level)), format_estimate(head$b, head$lo, head$up), fixed = TRUE
  )
  paste0(if (isTRUE(fit$binary) || is_ratio(scale)) paste0(scale, " "), value, ", ", p_is(head$pval), ".")
}
