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
  m$exposure <- m$exposure[exposure]
  m$outcome <- m$outcome[outcome]
  m["units"] <- list(NULL)
  m$binary <- binary
  m
}

# The view of moments_traits(m, exposure, outcome), from that of `m`.
view_traits <- function(view, m, exposure, outcome) {
  variants <- nrow(m$variants)
  keep <- c(seq_len(variants), variants + trait_columns(m, exposure, outcome))
  view$mean <- view$mean[keep, , drop = FALSE]
  view$cross <- lapply(view$cross, function(a) a[keep, keep, drop = FALSE])
  view$scale <- view$scale[keep]
  at <- length(keep)
  view$columns[c("exposure", "outcome")] <- list(at - 1L, at)
  view
}
