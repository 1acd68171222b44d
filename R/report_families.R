# Families in the report: who informs, population and family estimates beside each other.

has_family_rows <- function(fit) !is.null(fit$family) && any(is_family(names(fit$estimates)))

report_families <- function(fit) {
  rows <- as.data.frame(fit)
  within <- startsWith(rows$estimator, "family_") | startsWith(rows$estimator, "imputed_")
  rows <- rows[within | rows$estimator %in% c("latent_ujive", "latent_nagar", "latent_2sls"), ]
  within <- startsWith(rows$estimator, "family_") | startsWith(rows$estimator, "imputed_")
  several <- length(fit$exposure) > 1
  frame <- data.frame(
    Estimator = rows$method, "Compared are" = ifelse(
      !within, "people of the population",
      ifelse(startsWith(rows$estimator, "imputed_"), "people, given imputed parents", "people within families")
    ),
    format_estimate(rows$b, rows$lo_ci, rows$up_ci), p = format_p(rows$pval),
    F = ifelse(is.na(rows$fstat), "", sprintf("%.1f", rows$fstat)), People = big_each(rows$nobs), check.names = FALSE
  )
  names(frame)[3] <- sprintf("Estimate (%s interval)", level_words(fit$level))
  if (several) frame <- cbind(frame[1], Exposure = rows$exposure, frame[-1])
  lines <- c(family_words(fit), imputed_words(fit), contrast_words(fit))
  paste0(
    html_p(html_text(
      "What siblings differ in, or a child from the mean of its parents, is chance at meiosis: estimates within families are free of parents' effects, assortative mating and ancestry, which the environments cannot show. They are less precise. Not visible to them: variants that act on the outcome by other ways, and siblings who act on each other."
    )),
    html_table(frame, "Population and family estimates", setdiff(names(frame)[-1], c("Exposure", "Compared are"))),
    html_list(html_text(lines)), contrast_table(fit)
  )
}

contrast_table <- function(fit) {
  x <- fit$family$contrast
  if (is.null(x) || !any(is.finite(x$difference))) return(NULL)
  half <- stats::qnorm((1 + fit$level) / 2) * x$se
  frame <- data.frame(
    Exposure = fit$exposure, Population = format_estimates(x$b, half), Family = format_estimates(x$family, half),
    difference = format_estimate(x$difference, x$difference - half, x$difference + half)
  )
  names(frame)[4] <- sprintf("Population less family (%s interval)", level_words(fit$level))
  html_table(frame, sprintf("Do population and families differ? (joint test, %s)", p_is(x$pval)), names(frame)[-1])
}
