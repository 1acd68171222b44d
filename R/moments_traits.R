# One exposure and one outcome out of moments (and their view) that hold several.

# Positions of the numeric columns that stay, among all numeric columns.
trait_columns <- function(m, exposure, outcome) {
  before <- length(m$covariates) + length(m$structure)
  c(seq_len(before), before + exposure, before + length(m$exposure) + outcome)
}

# `binary`: is that outcome 0 or 1 for everybody?
moments_traits <- function(m, exposure, outcome, binary) {
  keep <- trait_columns(m, exposure, outcome)
  rows <- function(n) as.vector(outer(seq_len(n), (keep - 1L) * n, "+"))
  m$gx <- m$gx[rows(nrow(m$variants)), , drop = FALSE]
  m$mx <- m$mx[rows(length(m$missing)), , drop = FALSE]
  m$sx <- m$sx[keep, , drop = FALSE]
  m$xx <- m$xx[triangle_rows(keep), , drop = FALSE]
  m$pilot <- m$pilot[keep]
  traits <- c(exposure, length(m$exposure) + outcome)
  m$exposure <- m$exposure[exposure]
  m$outcome <- m$outcome[outcome]
  if (!is.null(m$units)) m$units <- m$units[traits]
  if (!is.null(m$scaled)) m$scaled <- m$scaled[traits]
  if (!is.null(m$family)) {
    p <- nrow(m$variants)
    m$family$cross <- m$family$cross[triangle_rows(c(seq_len(p), p + keep)), , drop = FALSE]
  }
  m$binary <- binary
  m
}

# The view of moments_traits(m, exposure, outcome), from that of `m`.
view_traits <- function(view, m, exposure, outcome) {
  keep <- view_columns(m, exposure, outcome)
  view$mean <- view$mean[keep, , drop = FALSE]
  view$cross <- lapply(view$cross, function(a) a[keep, keep, drop = FALSE])
  view$scale <- view$scale[keep]
  at <- length(keep)
  view$columns[c("exposure", "outcome")] <- list(at - 1L, at)
  view
}

# Columns of the view that stay, among all of them.
view_columns <- function(m, exposure, outcome) {
  variants <- nrow(m$variants)
  c(seq_len(variants), variants + trait_columns(m, exposure, outcome))
}

# Data with these outcomes (a table as `outcomes` of mr_moments()) instead of their own.
with_outcomes <- function(data, outcomes) {
  if (is.null(outcomes)) return(data)
  table <- trait_table(outcomes, data, "outcomes")
  lost <- colSums(is.na(table$values)) > 0
  if (any(lost)) {
    abort_argument(
      "outcomes", "without missing values",
      sprintf(
        "one in which %s %s some (%s)", plural(sum(!stats::complete.cases(table$values)), "participant"),
        "miss", list_some(table$names[lost], 3)
      ),
      "Moments are of the same people for all. latent_scan() of the rows takes each pair's own people."
    )
  }
  for (j in seq_along(table$names)) {
    check_varies(table$values[, j], sprintf("outcomes$%s", table$names[j]), "No effect on it can be estimated.")
  }
  data$outcome <- table$values
  data$outcome_name <- table$names
  if (!is.null(data$units)) {
    data$units <- c(data$units[seq_along(data$exposure_name)], rep(NA_character_, length(table$names)))
  }
  data
}

# What latent_mr() and its kin estimate from has one outcome.
one_outcome <- function(m) {
  if (length(m$outcome) < 2) return(invisible(m))
  abort_argument(
    "data", "moments with one outcome", sprintf("moments with %s", outcomes_words(m$outcome)),
    "latent_scan() estimates the effects on each of them."
  )
}
