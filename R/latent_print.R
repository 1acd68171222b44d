# The answer on one small page: what objects, the effect, the estimators, what cannot be seen. The
# sentences are in R/latent_words.R and R/latent_verdict.R; what the page leaves out, in R/latent_summary.R.

PRINT_LINES <- 25L

page_width <- function(most = 100L) min(max(getOption("width"), 40L), most)

#' @rdname latent_mr
#' @export
print.latent_mr <- function(x, ...) {
  check_dots(...)
  check_made(x)
  width <- page_width()
  said <- verdict(x)
  wrap <- function(text) strwrap(text, width, exdent = 2)
  answer <- c(first_lines(wrap(title_words(x)), 2L), "", first_lines(verdict_lines(x, said, width), 9L), "")
  foot <- c(
    checks_words(x, said), environments_words(x, said), said$finding[said$check == "two blocks"], attr(said, "unseen")
  )
  # On narrow pages the table keeps its head and two rows.
  further <- wrap(further_words(x))
  most <- PRINT_LINES - length(answer) - length(further) - length(wrap(mode_words(x))) - 5L
  foot <- c("", first_lines(unlist(lapply(foot, wrap)), min(most, 11L)), further)
  spare <- PRINT_LINES - length(answer) - length(foot)
  # What was removed is told where there is room for all rows; which mode was taken, always.
  note <- wrap(removed_words(x))
  rows <- print_rows(x)
  if (nrow(rows) + 1L + length(note) > spare) note <- wrap(mode_words(x))
  if (length(note)) foot <- c("", note, foot[-1])
  cat(c(answer, table_lines(rows, x, width, spare - length(note)), foot), sep = "\n")
  invisible(x)
}

first_lines <- function(lines, most, where = "verdict(fit)") {
  if (length(lines) <= most) return(lines)
  c(lines[seq_len(most - 1L)], sprintf("  ... the rest: %s", where))
}

# What objects before the number.
verdict_lines <- function(x, said, width) {
  against <- said$finding[said$objects]
  effects <- attr(said, "headline")
  if (!length(against)) return(strwrap(effects, width, exdent = 2))
  bullets <- lapply(against, function(text) {
    first_lines(strwrap(text, width, initial = "  ! ", prefix = "    "), 3L)
  })
  c("Do not publish this as it stands:", unlist(bullets), strwrap(effects[-1], width, exdent = 2))
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

# Places of the rows that fit: the headline, then those that users compare with.
shown_rows <- function(rows, room, k) {
  if (nrow(rows) <= room) return(seq_len(nrow(rows)))
  first <- c("ols", "2sls", "2sls_structure", "family_2sls", "latent_2sls", "latent_ujive", "latent_nagar")
  rank <- match(rows$estimator, first, nomatch = 9L) + 10 * grepl("not cross-fitted", rows$method)
  rank[rows$head] <- 0
  groups <- max((room - 1L) %/% k, 1L)
  keep <- unique(rows$method[order(rank)])[seq_len(groups)]
  which(rows$method %in% keep)
}

table_lines <- function(rows, x, width, room) {
  k <- length(x$exposure)
  at <- shown_rows(rows, room - 1L, k)
  left <- nrow(rows) - length(at)
  rows <- rows[at, ]
  columns <- effect_columns(rows, x)
  mark <- if (any(rows$head)) ifelse(rows$head, "> ", "  ") else "  "
  method <- c("  method", paste0(mark, rows$method))
  if (k > 1) columns <- c(list(c("exposure", shorten(rows$exposure, if (width < 60) 8 else 16))), columns)
  lines <- fit_columns(method, columns, width, if (k > 1) 2L else 1L)
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

# Each with the digits of its own interval.
each_interval <- function(b, lo, up) as.character(mapply(format_estimate, b, lo, up, USE.NAMES = FALSE))

# Lines of `first` and as many columns as fit, the first column cut where even the least do not.
fit_columns <- function(first, columns, width, least = 1L) {
  wide <- function(text) max(nchar(text, "width"))
  taken <- function() sum(vapply(columns, wide, 0L) + 2L)
  while (length(columns) > least && wide(first) + taken() >= width) columns <- columns[-length(columns)]
  room <- width - 1L - taken()
  if (wide(first) > room) first <- paste0(substr(first, 1, 2), shorten(substring(first, 3), max(room - 2L, 8L)))
  pad <- function(text) paste0(text, strrep(" ", wide(text) - nchar(text, "width")))
  sub(" +$", "", do.call(paste, c(list(pad(first)), lapply(columns, pad), sep = "  ")))
}
