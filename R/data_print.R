# How an mr_data object shows itself: print fits a page, summary has the tables.

#' @export
print.mr_data <- function(x, ...) {
  check_dots(...)
  check_made(x)
  cat(format_mr_data(x), sep = "\n")
  invisible(x)
}

format_mr_data <- function(x, max_environments = 12) {
  n <- length(x$outcome)
  p <- nrow(x$variants)
  table <- environment_table(x)
  shown <- utils::head(table, max_environments)
  more <- nrow(table) - nrow(shown)
  c(
    sprintf("<mr_data> %s, outcome %s", exposures_words(x$exposure_name), x$outcome_name),
    sprintf("%s participants in %s, %s instruments (%s)", big(n), plural(nrow(table), "environment"), big(p), x$kind),
    format_parts(x),
    "",
    format_table(shown, x),
    if (more) {
      sprintf("  ... and %s more %s: see summary()", big(more), if (more == 1) "environment" else "environments")
    },
    "", "Participants", format_flow(x$flow),
    "", "Variants", format_flow(x$flow, "variants"),
    unlist(lapply(codes_words(x$variants), page_lines, initial = "  ", prefix = "    ")),
    if (nrow(x$flagged_variants)) {
      paste0(
        "  Not varying in some environment: ", quote_all(unique(x$flagged_variants$snp), 5), "; summary() has the list."
      )
    },
    if (any(x$flow$unit == "background variants")) {
      c("", "Background variants", format_flow(x$flow, "background variants"))
    },
    if (any(x$flow$action == "changed" & x$flow$unit == "values")) c("", "Values", format_flow(x$flow, "values"))
  )
}

format_parts <- function(x) {
  covariates <- colnames(x$covariates)
  dropped <- x$flow$reason[x$flow$action == "removed" & x$flow$unit %in% c(
    "covariates", "structure columns"
  ) & x$flow$count > 0]
  where <- words(x$genotypes)
  c(
    sprintf("  genotypes   %s; %s of calls missing", where, percent(missing_share(x))),
    if (length(covariates)) {
      paste("  covariates ", paste0(list_some(covariates, 8), " (", plural(length(covariates), "column"), ")"))
    },
    if (length(dropped)) paste("  left out   ", paste(unique(dropped), collapse = ", ")),
    if (!is.null(x$structure)) {
      paste("  structure  ", plural(ncol(x$structure), "column"), switch(
        as.character(x$structure_includes_instruments),
        "TRUE" = "(instruments included)", "FALSE" = "(instruments not included)", "(instruments included: not known)"
      ))
    },
    if (!is.null(x$background)) paste("  background ", plural(nrow(x$background$variants), "variant")),
    if (!is.null(x$block)) paste("  LD blocks  ", big(nlevels(x$block))),
    if (!is.null(x$cluster)) paste("  clusters   ", big(nlevels(x$cluster))),
    if (!is.null(x$family)) paste("  families   ", sibships_words(x)),
    if (!is.null(x$parents)) paste("  parents    ", parents_words(x))
  )
}

missing_share <- function(x) {
  called <- mr_counts(x)$called
  1 - sum(as.numeric(called)) / (nrow(called) * as.numeric(length(x$outcome)))
}

environment_table <- function(x) {
  called <- mr_counts(x)$called
  e <- x$environment
  n <- as.integer(table(e))
  stat <- function(v, f) as.numeric(tapply(v, e, f))
  exposures <- exposure_columns(x$exposure)
  prefix <- if (length(exposures) == 1) "exposure" else x$exposure_name
  moments <- lapply(exposures, function(v) list(stat(v, mean), stat(v, stats::sd)))
  moments <- stats::setNames(unlist(moments, recursive = FALSE), paste0(rep(prefix, each = 2), c("_mean", "_sd")))
  data.frame(
    environment = levels(e), n = n, moments,
    outcome_mean = stat(x$outcome, mean), outcome_sd = stat(x$outcome, stats::sd),
    missing_calls = 1 - colSums(called) / (as.numeric(n) * nrow(called)), row.names = NULL, check.names = FALSE
  )
}

exposures_words <- function(names) {
  paste0(if (length(names) == 1) "exposure " else "exposures ", paste(names, collapse = ", "))
}

format_table <- function(table, x) {
  pair <- function(mean, sd) {
    sprintf(
      "%s (%s)", formatC(mean, digits = 3, format = "g", flag = "#"), formatC(sd, digits = 3, format = "g", flag = "#")
    )
  }
  trait <- function(name, unit, mean, sd) {
    if (!all_zero_one(table$n, mean, sd)) return(c(paste(with_unit(name, unit), "mean (SD)"), pair(mean, sd)))
    c(paste(name, "= 1, n (%)"), sprintf("%s (%s)", big_each(round(table$n * mean)), percent(mean)))
  }
  unit <- if (is.null(x$units)) rep(NA_character_, length(x$exposure_name) + 1) else x$units
  columns <- list(
    c("environment", table$environment), c("n", big_each(table$n))
  )
  columns <- c(columns, lapply(seq_along(x$exposure_name), function(j) {
    trait(x$exposure_name[j], unit[j], table[[2 * j + 1]], table[[2 * j + 2]])
  }), list(
    trait(x$outcome_name, unit[length(unit)], table$outcome_mean, table$outcome_sd),
    c("missing calls", percent(table$missing_calls))
  ))
  paste_columns(columns)
}

# Whether a trait has the values 0 and 1 alone, from size, mean and SD of each environment: of values
# x, sum x = sum x^2 then, and mean (1 - mean) n / (n - 1) is the variance.
all_zero_one <- function(n, mean, sd) {
  if (anyNA(mean) || any(mean < 0 | mean > 1)) return(FALSE)
  of_two <- mean * (1 - mean) * n / pmax(n - 1, 1)
  several <- n > 1
  all(mean[!several] %in% 0:1) && isTRUE(all.equal(sd[several]^2, of_two[several], tolerance = 1e-8)) &&
    any(mean > 0 & mean < 1)
}

#' @rdname mr_data
#' @param object An `mr_data` object.
#' @param ... Nothing: an argument without a use is an error.
#' @export
summary.mr_data <- function(object, ...) {
  check_dots(...)
  check_made(object)
  structure(
    list(
      exposure_name = object$exposure_name, outcome_name = object$outcome_name, units = object$units,
      kind = object$kind,
      n = length(object$outcome), p = nrow(object$variants), environments = environment_table(object),
      covariates = object$covariate_coding, flagged_variants = object$flagged_variants,
      removed_variants = object$removed_variants, flow = object$flow
    ),
    class = "summary.mr_data"
  )
}

#' @export
print.summary.mr_data <- function(x, max = 20, ...) {
  check_dots(...)
  check_printed(x, "summary.mr_data")
  cat(sprintf("%s, outcome %s: %s participants, %s instruments (%s)\n\n", sub(
    "^e", "E", exposures_words(x$exposure_name)
  ), x$outcome_name,
              big(x$n), big(x$p), x$kind))
  cat(format_table(x$environments, x), sep = "\n")
  some <- function(frame, title) {
    if (!nrow(frame)) return(invisible())
    cat("\n", title, "\n", sep = "")
    pointed(print(utils::head(frame, max), row.names = FALSE))
    if (nrow(frame) > max) cat(sprintf("... and %s more\n", big(nrow(frame) - max)))
  }
  some(x$covariates, "Covariate columns")
  some(x$removed_variants, "Variants removed")
  some(x$flagged_variants, "Variants that do not vary in an environment (kept)")
  cat("\nParticipants\n")
  cat(format_flow(x$flow), sep = "\n")
  cat("\nVariants\n")
  cat(format_flow(x$flow, "variants"), sep = "\n")
  invisible(x)
}

#' @export
dim.mr_data <- function(x) {
  if (!is.list(x) || !is.numeric(x$outcome) || !is.data.frame(x$variants)) check_made(x)
  c(length(x$outcome), nrow(x$variants))
}

# What a bim file without places or bases cannot tell.
codes_words <- function(variants) {
  alleles <- c(variants$effect_allele, variants$other_allele)
  coded <- length(alleles) && !anyNA(alleles) && all(alleles %in% as.character(0:4))
  c(
    if (coded) "Alleles are numbers, which do not say which bases they are: weights and tables of associations cannot be matched to them, palindromic variants are not known.",
    if (length(variants$pos) && all(variants$pos %in% 0)) "Positions are all 0: what lies close together is not known, nor matched by place."
  )
}
