# All that the print of a fit leaves out.

#' @rdname latent_mr
#' @export
summary.latent_mr <- function(object, ...) {
  check_dots(...)
  check_made(object)
  estimates <- all_rows(object)
  estimates$se_plain <- each_estimate(object, "se_plain", NA_real_)
  d <- object$diagnostics
  k <- object$latent$kclass
  rows <- rbind(
    weak_rows(d$first_stage),
    `Wu-Hausman` = d$wu_hausman,
    `Wu-Hausman (robust)` = d$wu_hausman_robust,
    Sargan = c(d$sargan$df, NA, d$sargan$statistic, d$sargan$pval),
    Basmann = if (is.null(object$learned)) latent_basmann(k),
    `Hansen J` = c(d$hansen$df, NA, d$hansen$statistic, d$hansen$pval)
  )
  colnames(rows) <- c("df1", "df2", "statistic", "p-value")
  structure(
    list(
      fit = object, estimates = estimates, diagnostics = rows, first_stage = d$first_stage, heterogeneity = d$q,
      encoder = object$encoder, quality = object$quality, odds = odds_table(object, estimates)
    ),
    class = "summary.latent_mr"
  )
}

# One entry of every estimate, in the order of the rows of the result.
each_estimate <- function(fit, name, missing) {
  local <- c(fit$methods$id, local_method(fit))
  all <- c(pooled_estimates(fit)$estimates, unlist(unname(lapply(fit$by_environment, function(x) {
    x[intersect(local, names(x))]
  })), recursive = FALSE))
  k <- length(fit$exposure)
  unlist(lapply(all, function(x) rep_len(if (is.null(x[[name]])) missing else x[[name]], k)), use.names = FALSE)
}

# The F of each exposure's instruments (given the other exposures) as rows of tests.
weak_rows <- function(first) {
  out <- as.matrix(first[c("conditional_df1", "df2", "conditional_f", "conditional_p")])
  rownames(out) <- if (nrow(first) == 1) "Weak instruments" else sprintf("Weak instruments (%s)", first$exposure)
  out
}

#' @export
print.summary.latent_mr <- function(x, ...) {
  check_dots(...)
  check_printed(x, "summary.latent_mr")
  fit <- x$fit
  sentences <- function(texts) {
    cat_page(texts, initial = "  ", prefix = "    ")
  }
  part <- function(title, texts) {
    if (!length(texts)) return(invisible())
    cat("\n", title, "\n", sep = "")
    sentences(texts)
  }
  cat_page(sprintf("%s on %s: what the print leaves out", paste(fit$exposure, collapse = ", "), fit$outcome))
  part("Warnings", fit$warnings)
  part("Tests (what each says; what it cannot see)", test_lines(fit))
  print_environments(fit)
  sentences(absent_words(fit))
  cat("\nEstimates\n")
  print_estimates(x)
  sentences(formless_words(fit))
  print_odds(x$odds, fit)
  part("What was done", c(
    sprintf("%s.", sentence_case(encoder_words(fit$encoder))), sprintf("Partialled out: %s.", block_words(fit)),
    mode_words(fit),
    folds_words(fit), family_words(fit), imputed_words(fit),
    random_words(fit),
    if (!is.null(fit$score)) score_words(fit$score, nrow(fit$variants)), outlier_words(fit$estimates$latent_outlier)
  ))
  units <- if ("participants" %in% fit$flow$unit) "participants" else "variants"
  if (!is.null(fit$flow)) cat("", sentence_case(units), format_flow(fit$flow, units), sep = "\n")
  cat("\nQuality of the instruments (see ?learn_instruments)\n")
  pointed(print(x$quality))
  cat("\nDiagnostics of the latent block\n")
  pointed(print(round(x$diagnostics, 4)))
  if (nrow(x$first_stage) > 1) {
    cat("\nFirst stages\n")
    print_labelled(x$first_stage, digits = 4)
  }
  invisible(x)
}

# Of everybody; those of environments are many.
print_estimates <- function(x) {
  rows <- x$estimates[x$estimates$environment == "pooled", ]
  several <- nrow(x$first_stage) > 1
  naive <- grepl(", not cross-fitted$", rows$method)
  rows$estimator[naive] <- paste(rows$estimator[naive], "(not cross-fitted)")
  shown <- c(
    "estimator", if (several) "exposure", "b", "se", "se_plain", "df", "lo_ci", "up_ci", "pval", "nsnp",
    "fstat", "vcov"
  )
  print_labelled(rows[intersect(shown, names(rows))], 1L + several, digits = 4)
  others <- nrow(x$estimates) - nrow(rows)
  if (others) cat_page(sprintf("... and %s by environment: as.data.frame(fit, environments = TRUE)", plural(others, "row")), initial = "  ")
  errors <- unique(rows$vcov[!is.na(rows$vcov)])
  cat_page(c(
    "b -/+ t se is the interval, with the quantile of t on df degrees of freedom, and p is from the same law; se_plain: the error without the factor for instruments that disagree (J).",
    sprintf("vcov \"%s\": %s.", errors, error_in_words(errors))
  ), initial = "  ", prefix = "    ")
}

print_odds <- function(odds, fit) {
  if (is.null(odds)) return(invisible())
  cat("\nRisk differences per 1,000 people, and odds ratios\n")
  several <- length(fit$exposure) > 1
  print_labelled(if (several) odds else odds[names(odds) != "exposure"], 1L + several, digits = 3)
}

folds_words <- function(fit) {
  if (!isTRUE(fit$crossfit > 0)) return(NULL)
  sprintf("Cross-fitted: encoder of each of %d folds from the others, slopes by environment and fold.", fit$crossfit)
}

# Environments without an estimate.
absent_words <- function(fit) {
  absent <- unlist(lapply(fit$by_environment, function(e) e[[local_method(fit)]]$note))
  if (length(absent)) sprintf("%s: no estimate, %s.", names(absent), absent)
}

# Estimators that take fewer exposures than there are.
formless_words <- function(fit) {
  notes <- unlist(lapply(fit$estimates, `[[`, "note"))
  ids <- names(notes)[notes == no_form]
  if (length(ids)) sprintf("%s: no estimate, %s.", short_name(ids), no_form)
}

print_environments <- function(x) {
  e <- x$diagnostics$environments
  if (!isTRUE(length(unique(e$environment)) > 1)) return(invisible())
  several <- length(x$exposure) > 1
  cat("\n")
  cat_page(sprintf(
    "Environments: %s%s", short_name(x$diagnostics$q_method),
    if (several) "; F is conditional" else if (anyNA(e$weight)) "" else "; weight = share of the pooled first stage"
  ))
  left <- unlist(
    lapply(seq_along(x$exposure), function(j) vapply(x$leave_one_out, function(v) v$b[j], 0, USE.NAMES = FALSE))
  )
  digits <- interval_digits(e$b, e$b - 2 * e$se, e$b + 2 * e$se) + 1
  number <- function(v) ifelse(is.na(v), "NA", fixed(v, digits))
  out <- data.frame(
    environment = e$environment, n = e$n, F = round(e$f, 1), weight = round(e$weight, 3),
    b = number(e$b), se = number(e$se), without_it = if (length(left)) number(left) else ""
  )
  if (several || anyNA(e$weight)) out <- out[names(out) != "weight"]
  if (several) out <- cbind(exposure = e$exposure, out)
  print_labelled(out, 1L + several)
}
