# The page of summary_mr(): estimates, whether the variants agree, what is taken for granted.

#' @export
print.summary_mr <- function(x, ...) {
  check_dots(...)
  rows <- as.data.frame(x)
  if (is.null(attr(x, "level")) || !all(c("nsnp", "Q_pval", "egger_pval", "note", "scale") %in% names(rows))) {
    return(NextMethod())
  }
  cat_page(sprintf("Effect of %s on %s, from tables of associations", rows$exposure[1], rows$outcome[1]))
  cat("", summary_table(rows, attr(x, "level")), "", sep = "\n")
  absent <- unique(rows$note[!is.na(rows$note)])
  cat_page(c(
    heterogeneity_words(rows), if (length(absent)) paste0("No estimate: ", absent, "."),
    pairs_unseen
  ), exdent = 2)
  cat_page("as.data.frame() has all columns, plot() draws the variants, report() writes a page.", exdent = 2)
  invisible(x)
}

pairs_unseen <- "Every variant is taken as valid (or half of their weight, or direct effects as balanced), and structure is not looked at: tables of several ancestries go into mr_moments_from_summary()."

summary_table <- function(rows, level) {
  log <- isTRUE(is_ratio(rows$scale[1]))
  title <- sprintf("%s (%s interval)", if (log) sub("^log ", "", rows$scale[1]) else "effect", level_words(level))
  values <- (if (log) format_ratio else each_interval)(rows$b, rows$lo_ci, rows$up_ci)
  several <- length(unique(rows$environment)) > 1
  columns <- list(c(title, values), c("p", ifelse(is.na(rows$b), "", format_p(rows$pval))), c("variants", rows$nsnp))
  name <- paste0("  ", rows$method)
  first <- c(list(c("  method", name)), if (several) list(c("environment", rows$environment)))
  lines <- left_columns(c(first, columns), seq_len(nrow(rows)))
  if (max(nchar(lines, "width")) <= page_width()) return(lines)
  c(
    page_lines(paste(c("method", title, "p, variants"), collapse = ", "), initial = "  ", prefix = "  "),
    unlist(folded_rows(if (several) paste0(name, ", ", rows$environment) else name, columns))
  )
}

# Cochran's Q of the first estimator of each environment that has one, and the intercept of MR-Egger.
heterogeneity_words <- function(rows) {
  several <- length(unique(rows$environment)) > 1
  place <- function(part) if (several) paste(" in", part$environment) else ""
  q <- rows[is.finite(rows$Q_pval), ]
  q <- q[!duplicated(q$environment), ]
  egger <- rows[is.finite(rows$egger_pval), ]
  c(
    if (nrow(q)) sprintf(
      "Heterogeneity over variants%s: Cochran Q = %.1f on %.0f df, p = %s. A small p says that the variants do not show one effect.",
      place(q), q$Q, q$Q_df, format_p(q$Q_pval)
    ),
    if (nrow(egger)) sprintf(
      "Intercept of MR Egger%s: %s, p = %s. A small p says that direct effects lean one way.", place(egger),
      format_b(egger$egger_intercept), format_p(egger$egger_pval)
    )
  )
}
