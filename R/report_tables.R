# What the report and its checklist say where the data are tables of associations (`fit$tables`, as
# `summary` in R/moments_noise.R) and not people.

# Items whose answer differs; those that strobe_tables() has not are the author's to write.
strobe_of_people <- c("4b", "4c", "6b", "6d", "7", "10a", "10c", "10d")

strobe_tables <- function(fit) {
  s <- fit$tables
  several <- length(fit$exposure) > 1
  environments <- unique(s$traits$environment)
  list(
    "4b" = c("in part", sprintf(
      "Tables of associations: %s. Eligibility, and who was left out of these studies, are yours to write.",
      paste(vapply(split_traits(s), function(t) {
        paste(t$trait[1], paste(sprintf("%s people (%s)", sample_size(t), t$environment), collapse = ", "))
      }, ""), collapse = "; ")
    )),
    "4c" = c("in part", sprintf(
      "%s%s. How they were genotyped, filtered and chosen is yours to write.", plural(nrow(fit$variants), "variant"),
      flow_removed(fit$flow, "variants")
    )),
    "6b" = c("answered", sprintf(
      "Associations per copy of the effect allele, all entered together; the first stage is that of the table of the exposure. The %s encoder (%s mode) was fitted to the %s, without effects on exposure and outcome.",
      fit$encoder$encoder, fit$mode, table_genotypes(s)
    )),
    "7" = c("in part", sprintf(
      "Relevance: F%s. Independence: %s by environment%s. Exclusion: Sargan test%s. Biological knowledge is yours to add.",
      if (several) " and conditional F of each exposure" else "", table_genotypes(s),
      if (!is.null(fit$by_environment)) ", effects by environment (Cochran's Q)" else "",
      if (several) "" else ", intercept of MR-Egger"
    )),
    "10c" = c("in part", sprintf(
      "Summary statistics of %s; heterogeneity between them is under 12b. What was put together inside a table is yours to write.",
      plural(length(environments), "environment")
    )),
    "10d" = c("in part", sprintf(
      "Tables of associations of exposure and outcome. Overlap, as the correlation of their noise: %s (%s). Similarity of the samples is yours to write.",
      paste(sprintf("%s %.2f", overlap_names(s), overlap_each(s)), collapse = ", "),
      if (s$known) s$source else "not given, assumed 0"
    ))
  )
}

split_traits <- function(s) split(s$traits, factor(s$traits$trait, unique(s$traits$trait)))

# Of one trait, by environment; variants can differ.
sample_size <- function(t) {
  ifelse(t$n_min == t$n_max, big_each(t$n_max), paste(big_each(t$n_min), "to", big_each(t$n_max)))
}

overlap_names <- function(s) {
  exposures <- s$traits[seq_along(overlap_each(s)), ]
  if (length(unique(exposures$trait)) == 1) return(exposures$environment)
  paste(exposures$trait, exposures$environment)
}

# What the tables show of the genotypes.
table_genotypes <- function(s) if (s$ld == "none") "allele frequencies" else "allele frequencies and linkage"

palindromes_of_tables <- function(fit) {
  rows <- fit$flow[fit$flow$environment == flow_all & startsWith(fit$flow$reason, "palindromic"), ]
  sprintf(
    "%s: the strand is settled by the frequencies of both tables; %s left out, as the frequency does not tell it",
    big(palindromes(fit$variants)), big(sum(rows$count))
  )
}

report_samples <- function(s) {
  sizes <- lapply(split_traits(s), sample_size)
  frame <- data.frame(unique(s$traits$environment), sizes, check.names = FALSE)
  names(frame) <- c("Environment", names(sizes))
  paste0(
    html_table(frame, "People behind the associations", names(sizes)),
    html_p("Tables of associations hold no people: who took part, and their traits, are in the accounts of these studies.", "note")
  )
}
