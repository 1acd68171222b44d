# Rows of the result from fits, and the whole table.

# Estimators that have columns of their own, by the suffix of these.
scan_beside <- c(ujive = "latent_ujive", nagar = "latent_nagar", liml = "latent_liml")

# list(table, estimates) of one pair. `fit`: a fit of latent_mr(), or why there is none; `said`: warnings about the
# people.
pair_rows <- function(fit, names, said = character()) {
  if (is.character(fit)) return(list(table = empty_pair(names, paste(c(said, fit), collapse = " "))))
  estimates <- estimate_rows(fit, fit$estimates, "pooled")
  estimates$environment <- NULL
  verdict <- verdict_of(fit)
  head <- estimates[estimates$estimator == fit$leading, ]
  ratio <- unlist(lapply(kinds_of(head$scale), paste0, c("", "_lci95", "_uci95")))
  or_none <- function(words) if (length(words)) paste(words, collapse = " ") else NA_character_
  table <- c(
    as.list(head[c(mr_names, "lo_ci", "up_ci", "df", "nobs", "estimator", "vcov", "scale", ratio)]),
    beside_columns(estimates), pair_tests(fit), list(
      environments = length(fit$encoder$environments), withheld = or_none(fit$withheld),
      objections = paste(verdict$check[verdict$objects], collapse = ", "), note = or_none(c(said, fit$warnings))
    )
  )
  list(table = table, estimates = estimates)
}

empty_pair <- function(names, why) {
  data.frame(
    id.exposure = names$exposure, id.outcome = names$outcome, outcome = names$outcome, exposure = names$exposure,
    method = NA_character_, nsnp = NA_real_, b = NA_real_, se = NA_real_, pval = NA_real_, lo_ci = NA_real_,
    up_ci = NA_real_, df = NA_real_, nobs = NA_real_, estimator = NA_character_, vcov = NA_character_,
    scale = NA_character_,
    F = NA_real_, withheld = NA_character_, objections = NA_character_, note = why,
    stringsAsFactors = FALSE
  )
}

beside_columns <- function(estimates) {
  out <- lapply(names(scan_beside), function(suffix) {
    row <- estimates[estimates$estimator == scan_beside[[suffix]], c("b", "se", "pval")]
    if (nrow(row)) setNames(row, paste(names(row), suffix, sep = "_"))
  })
  out <- do.call(c, out)
  if (is.null(out)) list() else out
}

# Of the instruments of the headline.
pair_tests <- function(fit) {
  d <- head_diagnostics(fit)
  m <- head_kclass(fit)
  j <- if (isTRUE(is.finite(d$hansen$pval))) d$hansen else d$sargan
  way <- whole_direction(m, fit$exposure, fit$outcome)$direction
  list(
    F = d$f[1], F_effective = d$f_effective, J = j$statistic, J_df = j$df, J_pval = j$pval,
    ar_pval = unname(kclass_ar_test(m, 0)[4]), snp_r2.exposure = way$snp_r2.exposure,
    snp_r2.outcome = way$snp_r2.outcome, correct_causal_direction = way$correct_causal_direction,
    steiger_pval = way$steiger_pval
  )
}

scan_order <- c(
  mr_names, "lo_ci", "up_ci", "df", "nobs", "estimator", "p_holm", "p_bh", "vcov", "scale",
  as.vector(outer(c("", "_lci95", "_uci95"), names(ratio_kinds), function(end, kind) paste0(kind, end))),
  as.vector(outer(c("b", "se", "pval"), names(scan_beside), paste, sep = "_")), "F",
  "F_effective", "J", "J_df", "J_pval", "ar_pval", "snp_r2.exposure", "snp_r2.outcome", "correct_causal_direction",
  "steiger_pval", "environments", "withheld", "objections", "note"
)

# The rows of all chunks, exposure by exposure in the order of the traits given.
scan_table <- function(parts, exposures, outcomes, settings) {
  table <- bind_rows(lapply(parts, `[[`, "table"))
  estimates <- bind_rows(lapply(parts, `[[`, "estimates"))
  in_order <- function(x) {
    x <- x[order(match(x$exposure, exposures), match(x$outcome, outcomes)), , drop = FALSE]
    rownames(x) <- NULL
    x
  }
  table$p_holm <- stats::p.adjust(table$pval, "holm")
  table$p_bh <- stats::p.adjust(table$pval, "BH")
  table <- in_order(table[intersect(scan_order, names(table))])
  structure(
    table, class = c("latent_scan", "data.frame"), estimates = if (nrow(estimates)) in_order(estimates),
    settings = settings
  )
}

#' @rdname latent_scan
#' @param x A `latent_scan` object.
#' @param row.names,optional,stringsAsFactors As in [as.data.frame()].
#' @param estimates `TRUE`: a row for each pair and estimator.
#' @param ... Nothing: an argument without a use is an error.
#' @export
as.data.frame.latent_scan <- function(x, row.names = NULL, optional = FALSE, estimates = FALSE,
                                      stringsAsFactors = FALSE, ...) {
  check_dots(...)
  check_flag(estimates, "estimates")
  if (estimates) {
    out <- attr(x, "estimates")
    if (is.null(out)) {
      abort_argument("estimates", "FALSE for a part of a scan, and where nothing could be estimated", "TRUE")
    }
  } else {
    out <- structure(x, class = "data.frame", estimates = NULL, settings = NULL)
  }
  asked_frame(out, row.names, stringsAsFactors)
}

#' @rdname latent_scan
#' @param n Pairs to show, those with the smallest p-values.
#' @export
print.latent_scan <- function(x, n = 10, ...) {
  check_dots(...)
  check_number(n, "n", min = 0, whole = TRUE)
  settings <- attr(x, "settings")
  whole <- all(c(mr_names, names(empty_pair(list(exposure = "", outcome = ""), "")), "p_holm", "p_bh") %in% names(x))
  if (is.null(settings) || !whole) return(NextMethod())
  cat(scan_words(x, settings), sep = "\n")
  shown <- utils::head(intersect(order(x$pval), which(is.finite(x$pval))), n)
  if (!length(shown)) return(invisible(x))
  of <- if (nrow(x) > length(shown)) sprintf(" (%d of %s)", length(shown), big(nrow(x))) else ""
  cat(sprintf("Smallest p-values%s\n", of))
  digits <- function(v) formatC(v, digits = 3, format = "g")
  table <- data.frame(
    exposure = x$exposure, outcome = x$outcome, estimator = x$estimator, nobs = big_each(x$nobs), b = digits(x$b),
    lo_ci = digits(x$lo_ci), up_ci = digits(x$up_ci), pval = digits(x$pval), p_holm = digits(x$p_holm),
    F = digits(x$F), objections = ifelse(is.na(x$withheld), x$objections, "weak")
  )[shown, ]
  print(table, row.names = FALSE)
  invisible(x)
}

scan_words <- function(x, settings) {
  got <- is.finite(x$pval)
  hit <- function(p) sum(p < .05, na.rm = TRUE)
  c(
    sprintf(
      "<latent_scan> %s: %s and %s, from %s", plural(nrow(x), "pair"), plural(length(unique(x$exposure)), "exposure"),
      plural(length(unique(x$outcome)), "outcome"), if (isTRUE(settings$rows)) "rows" else "moments"
    ),
    sprintf(
      "  effects beyond chance (5 %%)  %s (Holm), %s (false discovery rate, BH), of %s estimated", big(hit(x$p_holm)),
      big(hit(x$p_bh)), big(sum(got))
    ),
    sprintf(
      "  verdicts that object         %s; weak instruments (F < 5) %s",
      big(sum(got & !is.na(x$objections) & nzchar(x$objections))), big(sum(!is.na(x$withheld)))
    ),
    if (any(!got)) sprintf("  no estimate                  %s: see the column `note`", big(sum(!got)))
  )
}
