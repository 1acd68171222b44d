# The parts of the report that a fit of several exposures has for itself.

report_strength <- function(fit) {
  s <- fit$diagnostics$first_stage
  ar <- vapply(fit$exposure, function(e) ar_words(fit$diagnostics$ar[fit$diagnostics$ar$term == e, ]), "")
  frame <- data.frame(
    Exposure = s$exposure, F = sprintf("%.1f (%d, %.0f df)", s$partial_f, as.integer(s$df1), s$df2),
    "Conditional F" = sprintf("%.1f (%d, %.0f df)", s$conditional_f, as.integer(s$conditional_df1), s$df2),
    p = format_p(s$conditional_p), "Anderson-Rubin, by projection" = unname(ar), check.names = FALSE
  )
  paste0(
    html_p("What the instruments explain of each exposure: F by itself; conditional F (Sanderson and Windmeijer 2016) beyond what they explain of the others, the one that counts here, with its p."),
    html_table(frame, "Strength of the instruments for each exposure", c("F", "Conditional F", "p"))
  )
}

report_multi_environments <- function(fit) {
  if (is.null(fit$by_environment)) return(NULL)
  rows <- as.data.frame(fit, environments = TRUE)
  rows <- rows[rows$estimator == fit$headline & rows$environment != "pooled", ]
  rows <- rows[order(match(rows$exposure, fit$exposure)), ]
  frame <- data.frame(
    Exposure = rows$exposure, Environment = rows$environment, "Conditional F" = ifelse(is.na(rows$fstat), "", sprintf("%.1f", rows$fstat)),
    "Estimate (interval)" = format_estimate(rows$b, rows$lo_ci, rows$up_ci), check.names = FALSE
  )
  if (!is.null(fit$leave_one_out)) {
    without <- function(e, x) fit$leave_one_out[[e]][[fit$headline]]$b[match(x, fit$exposure)]
    out <- mapply(without, rows$environment, rows$exposure)
    frame[["Without it"]] <- format_estimates(out, (rows$up_ci - rows$lo_ci) / 2)
  }
  paste0(
    html_p(html_text(sprintf("Estimates by environment are those of %s.", short_name(fit$headline)))),
    html_table(frame, "Estimates by environment", names(frame)[-(1:2)])
  )
}

# What each test says and cannot see, as test_lines() for one exposure.
multi_test_lines <- function(fit) {
  d <- fit$diagnostics
  of <- function(words) paste(sprintf("%s (%s)", words, fit$exposure), collapse = ", ")
  sets <- vapply(fit$exposure, function(e) ar_words(d$ar[d$ar$term == e, ]), "")
  c(
    sprintf("Strength: conditional F = %s. Above 10 the intervals can be trusted; says nothing about validity.", of(sprintf("%.1f", d$first_stage$conditional_f))),
    sprintf("Anderson-Rubin: %s. By projection, so wide; right whatever the strength; not when instruments are invalid.", of(sets)),
    if (is.finite(d$sargan$statistic)) {
      sprintf(
        "Sargan J = %.1f on %d df (J/df %.2f), %s%s. Sees instruments that disagree; not a bias that all share.", d$sargan$statistic,
        as.integer(d$sargan$df), d$sargan$ratio, p_is(d$sargan$pval),
        if (!is.na(d$hansen$pval)) sprintf("; robust (Hansen) %s", p_is(d$hansen$pval)) else ""
      )
    } else {
      "Sargan: as many instruments as exposures, nothing is left to test."
    },
    if (any(is.finite(d$q$Q))) {
      sprintf(
        "Cochran Q over environments: %s. Sees effects that differ between environments; not a bias that is the same in all.",
        of(sprintf("%.1f on %d df, %s", d$q$Q, as.integer(d$q$Q_df), vapply(d$q$Q_pval, p_is, "")))
      )
    },
    "Confounding with one law in every environment, untied to structure, is invisible to all of these."
  )
}

alt_multi <- function(fit) {
  rows <- as.data.frame(fit)
  sprintf(
    "Forest plot, a panel for each exposure. %s.",
    paste(rows$exposure, rows$method, format_estimate(rows$b, rows$lo_ci, rows$up_ci), collapse = "; ")
  )
}

report_left_out <- function(fit) {
  html_p(html_text(sprintf(
    "Tables and pictures of single variants (scatter, funnel, leave-one-out), the direction test and the dose-response curve are for one exposure at a time and are left out here. The report of a fit of %s alone has them.",
    paste(fit$exposure, collapse = " or ")
  )))
}
