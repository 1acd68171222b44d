# The page of summary_mr(), from the parts of the report of a fit.

#' @rdname report
#' @export
report.summary_mr <- function(fit, file, question = NULL, code = NULL, ...) {
  check_dots(...)
  harmonised <- attr(fit, "harmonised")
  if (is.null(harmonised) || is.null(attr(fit, "call"))) {
    abort_argument("fit", "a whole result of summary_mr()", "part of one", "Give it as summary_mr() made it.")
  }
  file <- check_report_file(if (!missing(file)) file)
  check_string(question, "question", null = TRUE)
  check_code_lines(code)
  rows <- as.data.frame(fit)
  render_report(
    "summary.Rmd", file, html_text(sprintf("Effect of %s on %s", rows$exposure[1], rows$outcome[1])),
    pairs_head(fit, rows, harmonised),
    list(fit = fit, rows = rows, harmonised = harmonised, question = question, code = code)
  )
}

check_code_lines <- function(code) {
  if (!is.null(code) && (!is.character(code) || anyNA(code))) {
    abort_argument("code", "lines of R code (a character vector) or NULL", describe(code))
  }
}

pairs_head <- function(fit, rows, harmonised) {
  picture <- plot(fit)
  lines <- paste0(sprintf("%s%s: ", rows$method, pairs_place(rows)), pairs_effect(rows))
  paste0(
    "<header id=\"answer\">\n<h1>", html_text(sprintf("Effect of %s on %s", rows$exposure[1], rows$outcome[1])),
    "</h1>\n",
    html_p(html_text(sprintf(
      "Mendelian randomization from two tables of associations: %s, %s.",
      plural(length(unique(harmonised$SNP[harmonised$mr_keep])), "variant"),
      plural(length(unique(rows$environment)), "environment")
    )), "lead"),
    "<div class=\"key\">\n", paste(html_p(html_text(pairs_answer(rows)), "headline"), collapse = ""),
    paste(html_p(html_text(heterogeneity_words(rows))), collapse = ""),
    html_p(html_text(pairs_unseen), "note"), "</div>\n</header>\n<div class=\"first\">\n<div>\n",
    html_figure(
      picture,
      sprintf("Associations of the variants with both traits, and slopes. %s.", paste(lines, collapse = "; "))
    ),
    "</div>\n<div>\n", pairs_estimates(rows, attr(fit, "level"), brief = TRUE), "</div>\n</div>\n"
  )
}

pairs_question <- function(rows, question) {
  x <- rows$exposure[1]
  y <- rows$outcome[1]
  asked <- if (is.null(question)) sprintf("What is the effect of %s on %s?", x, y) else question
  scale <- rows$scale[1]
  unit <- if (isTRUE(is_ratio(scale))) {
    sprintf("%s of %s for one unit more %s; its exp() is the %s", scale, y, x, sub("^log ", "", scale))
  } else {
    sprintf("units of %s for one unit more %s", y, x)
  }
  paste0(html_p(html_text(asked)), html_p(html_text(sprintf("Effects are in %s.", unit))), html_p(html_text(
    "The estimates are effects if the variants (1) are associated with the exposure, (2) share no cause with the outcome, and (3) touch the outcome through the exposure only. MR Egger asks less of (3): direct effects may be there, but balanced against the associations with the exposure; the weighted median: half of the weight is of valid variants."
  )))
}

pairs_place <- function(rows) if (length(unique(rows$environment)) > 1) paste(" in", rows$environment) else ""

pairs_effect <- function(rows) {
  values <- (if (isTRUE(is_ratio(rows$scale[1]))) format_ratio else each_interval)(rows$b, rows$lo_ci, rows$up_ci)
  ifelse(is.na(rows$b), "no estimate", values)
}

# The first estimator of each environment in a sentence.
pairs_answer <- function(rows) {
  first <- rows[!duplicated(rows$environment), ]
  scale <- if (isTRUE(is_ratio(first$scale[1]))) sub("^log ", "", first$scale[1]) else "change of the outcome"
  sprintf(
    "%s%s: %s for one unit more %s, %s.", first$method, pairs_place(rows)[!duplicated(rows$environment)],
    paste(scale, pairs_effect(first)), first$exposure, vapply(first$pval, p_is, "")
  )
}

pairs_estimates <- function(rows, level, brief = FALSE) {
  log <- isTRUE(is_ratio(rows$scale[1]))
  frame <- data.frame(Estimator = rows$method)
  if (length(unique(rows$environment)) > 1) frame$Environment <- rows$environment
  interval <- level_words(level)
  if (log) {
    frame[[sprintf("%s (%s interval)", sentence_case(sub("^log ", "", rows$scale[1])), interval)]] <- pairs_effect(rows)
  }
  if (!log || !brief) {
    frame[[sprintf("Estimate (%s interval)", interval)]] <- format_estimate(rows$b, rows$lo_ci, rows$up_ci)
  }
  frame$p <- format_p(rows$pval)
  frame$Variants <- rows$nsnp
  if (!brief) frame[["Q (df, p)"]] <- ifelse(
    is.na(rows$Q_pval), "", sprintf("%.1f (%.0f, %s)", rows$Q, rows$Q_df, format_p(rows$Q_pval))
  )
  html_table(frame, "Estimates", setdiff(names(frame), c("Estimator", "Environment")))
}

# What became of the variants, and their associations.
pairs_harmonising <- function(harmonised) {
  log <- attr(harmonised, "log")
  counts <- c(
    "in the table of the exposure" = "candidate_variants",
    "not in that of the outcome" = "variants_absent_from_reference",
    "turned to the exposure's effect allele" = "switched_alleles",
    "read from the other strand" = "flipped_alleles_basic", "with other alleles, left out" = "incompatible_alleles",
    "palindromic, frequency near one half" = "ambiguous_alleles", used = "total_variants_for_mr"
  )
  frame <- data.frame(Variants = names(counts))
  for (i in seq_len(nrow(log))) {
    frame[[if (nrow(log) > 1) log$id.exposure[i] else "Count"]] <- big_each(unlist(log[i, counts]))
  }
  html_table(frame, "Harmonising", names(frame)[-1])
}

pairs_variants <- function(rows, harmonised, document) {
  several <- length(unique(rows$environment)) > 1
  number <- function(x) ifelse(is.na(x), "", format_b(x))
  side <- function(type) {
    of <- function(name) harmonised[[paste0(name, ".", type)]]
    out <- list(beta = number(of("beta")), SE = number(of("se")), p = format_p(of("pval")))
    names(out)[1] <- paste("beta,", shorten(rows[[type]][1], 24))
    out
  }
  alleles <- paste0(harmonised$effect_allele.exposure, "/", harmonised$other_allele.exposure)
  columns <- c(
    list(SNP = harmonised$SNP, Place = ifelse(harmonised$mr_keep, "used", "left out"), Alleles = alleles),
    if (several) list(Environment = rows$environment[match(harmonised$id.exposure, rows$id.exposure)]),
    side("exposure"), side("outcome")
  )
  names(columns)[2] <- "Status"
  caption <- sprintf("Variants and their associations with %s and %s", rows$exposure[1], rows$outcome[1])
  paste0(sheet_table(columns, caption), if (!document) csv_link(harmonised, "variants.csv"))
}

pairs_code <- function(fit, code) {
  html_code(c(
    "library(LatentMR)", if (is.null(code)) "# exposure and outcome: frames of read_gwas()" else code,
    deparse_assignment("fit", attr(fit, "call"), "summary_mr"), "fit", "report(fit, \"report.html\")"
  ))
}
