# What encoders are handed: everything but exposure and outcome. That they do not
# look at them is then no promise but a fact.

# mr_data without its traits. A relatedness term (autoencoder_control(relatedness = ))
# asks for the exposure by that name; latent_mr() has it only with cross-fitting.
blind_data <- function(data, related = FALSE) {
  if (!inherits(data, "mr_data")) return(data)
  if (related && !is.null(data$exposure)) data$related <- data$exposure
  data[c("exposure", "outcome", "exposure_name", "outcome_name", "truth")] <- list(NULL)
  data
}

# Traits are the last columns.
blind_moments <- function(m) {
  q <- length(m$covariates) + length(m$structure)
  first <- function(x, rows) x[seq_len(rows), , drop = FALSE]
  m$gx <- first(m$gx, nrow(m$variants) * q)
  m$mx <- first(m$mx, length(m$missing) * q)
  m$sx <- first(m$sx, q)
  m$xx <- first(m$xx, q * (q + 1) / 2)
  m$pilot <- m$pilot[seq_len(q)]
  m[c("exposure", "outcome")] <- list(character())
  m
}

blind_view <- function(view) {
  seen <- unlist(view$columns[c("variants", "covariates", "structure")], use.names = FALSE)
  view$mean <- view$mean[seen, , drop = FALSE]
  view$cross <- lapply(view$cross, cross_some, seen)
  view$scale <- view$scale[seen]
  view$columns[c("exposure", "outcome")] <- list(integer())
  view
}
