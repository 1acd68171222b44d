# The answer on one small page: what objects, the effect, the estimators, what cannot be seen. The
# sentences are in R/latent_words.R and R/latent_verdict.R; what the page leaves out, in R/latent_summary.R.

PRINT_LINES <- 25L

#' @rdname latent_mr
#' @export
print.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  said <- verdict(x)
  wrap <- function(text) page_lines(text, exdent = 2)
  answer <- c(first_lines(wrap(title_words(x)), 2L), "", first_lines(verdict_lines(said), 9L), "")
  foot <- c(
    checks_words(x, said), environments_words(x, said), said$finding[said$check == "two blocks"], attr(said, "unseen")
  )
  rows <- print_rows(x)
  # On narrow pages the table keeps its head and two rows.
  least <- length(table_lines(rows, x, 0L)) + 1L
  further <- wrap(further_words(x))
  most <- PRINT_LINES - length(answer) - length(further) - length(wrap(mode_words(x))) - least
  foot <- c("", first_lines(unlist(lapply(foot, wrap)), min(most, 11L)), further)
  spare <- PRINT_LINES - length(answer) - length(foot)
  # What was removed is told where there is room for all rows; which mode was taken, always.
  note <- wrap(removed_words(x))
  if (length(table_lines(rows, x, Inf)) + length(note) + 1L > spare) {
    note <- wrap(mode_words(x))
  }
  if (length(note)) foot <- c("", note, foot[-1])
  cat(c(answer, table_lines(rows, x, spare - length(note)), foot), sep = "\n")
  invisible(x)
}

first_lines <- function(lines, most, where = "verdict(fit)") {
  if (length(lines) <= most) return(lines)
  c(lines[seq_len(most - 1L)], sprintf("  ... the rest: %s", where))
}

# What objects before the number.
verdict_lines <- function(said) {
  against <- said$finding[said$objects]
  effects <- attr(said, "headline")
  if (!length(against)) return(page_lines(effects, exdent = 2))
  bullets <- lapply(against, function(text) {
    first_lines(page_lines(text, initial = "  ! ", prefix = "    "), 3L)
  })
  c("Do not publish this as it stands:", unlist(bullets), page_lines(effects[-1], exdent = 2))
}

# ---- the table ----

# Rows of the estimators that have a form for these exposures; `head`: the one to report first.
print_rows <- function(x) {
  rows <- pooled_rows(x)
  pooled <- pooled_estimates(x)
  k <- length(x$exposure)
  notes <- vapply(pooled$estimates, function(e) if (is.null(e$note)) "" else e$note, "")
  naive <- rep(pooled$naive, each = k)
  rows$head <- rows$estimator == x$leading & !naive & is.null(x$withheld)
  rows[rep(notes, each = k) != no_form, ]
}

# Places of the rows that fit, of so many lines each: the headline, then those that users compare with.
shown_rows <- function(rows, lines, room) {
  if (sum(lines) <= room) return(seq_len(nrow(rows)))
  first <- c("ols", "2sls", "2sls_structure", "family_2sls", "latent_2sls", "latent_ujive", "latent_nagar")
  rank <- match(rows$estimator, first, nomatch = 9L) + 10 * grepl("not cross-fitted", rows$method)
  rank[rows$head] <- 0
  groups <- unique(rows$method[order(rank)])
  used <- cumsum(vapply(groups, function(group) sum(lines[rows$method == group]), 0))
  which(rows$method %in% groups[seq_len(max(sum(used < room), 1L))])
}

# The table in `room` lines, at least its first row: a line for each estimator, without odds ratios where there is no
# place for them; where the page is too narrow for that, too, its name and under it the numbers.
table_lines <- function(rows, x, room) {
  several <- length(x$exposure) > 1
  columns <- effect_columns(rows, x)
  name <- paste0(if (any(rows$head)) ifelse(rows$head, "> ", "  ") else "  ", rows$method)
  first <- c(list(c("  method", name)), if (several) list(c("exposure", shorten(rows$exposure, 16))))
  at <- shown_rows(rows, rep(1, nrow(rows)), room - 1)
  lines <- left_columns(c(first, columns), at)
  fits <- function(lines) max(nchar(lines, "width")) <= page_width()
  if (!fits(lines) && length(columns) == 3) {
    at <- shown_rows(rows, rep(1, nrow(rows)), room - 2)
    lines <- c(left_columns(c(first, columns[-2]), at), "  odds ratios: summary(fit)$odds")
  }
  if (!fits(lines)) {
    folded <- folded_rows(if (several) paste0(name, ", ", rows$exposure) else name, columns)
    titles <- c("method", if (several) "exposure", vapply(columns, `[`, "", 1))
    head <- page_lines(paste(titles, collapse = ", "), initial = "  ", prefix = "  ")
    at <- shown_rows(rows, lengths(folded), room - length(head))
    lines <- c(head, unlist(folded[at]))
  }
  left <- nrow(rows) - length(at)
  c(lines, if (left) sprintf("  ... and %s: summary(fit)", plural(left, "row")))
}

# Columns of text with their titles: the effect, of 0/1 outcomes per 1,000 people and as odds ratio, and p.
effect_columns <- function(rows, x) {
  interval <- sprintf("(%s %% interval)", format(100 * x$level))
  p <- c("p", ifelse(is.na(rows$b), "", vapply(rows$pval, format_p, "")))
  if (!isTRUE(x$binary)) {
    log <- outcome_scale(x)
    values <- if (is_ratio(log)) format_ratio else each_interval
    title <- paste(if (is_ratio(log)) sub("^log ", "", log) else "effect", interval)
    return(list(c(title, values(rows$b, rows$lo_ci, rows$up_ci)), p))
  }
  ratio <- rows$scale != "risk difference"
  per <- each_interval(1000 * rows$b, 1000 * rows$lo_ci, 1000 * rows$up_ci)
  log <- format_ratio(rows$b, rows$lo_ci, rows$up_ci)
  per[ratio] <- paste(sub("^log ", "", rows$scale[ratio]), log[ratio])
  odds <- fit_odds(x, rows)
  ratios <- if (!is.null(odds)) {
    list(c("odds ratio", ifelse(ratio | is.na(rows$b), "", format_ratio(odds$b, odds$lo, odds$up, log = FALSE))))
  }
  c(list(c(paste("cases per 1,000", sub(" interval", "", interval)), per)), ratios, list(p))
}
