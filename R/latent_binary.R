# Log risk ratios and log odds ratios of 0/1 outcomes among the rows of
# latent_mr(): the same block and instruments as the other latent estimators.

binary_effects <- function(estimator) function(block, context) {
  row <- row_binary(context, block, estimator)
  list(b = row$b, covariance = row$vcov, vcov = context$sandwich, control = row$control, several = row$several)
}

binary_warnings <- function(fit) {
  out <- character()
  if (isTRUE(fit$estimates$latent_msmm$several)) {
    out <- "The multiplicative structural mean model has several solutions: the log risk ratio shown is the one that fits the moments best, and the data do not tell them apart."
  }
  cases <- fit$cases
  columns <- fit$latent$rank
  ratios <- vapply(latent_registry()[fit$methods$id], function(x) "0/1 outcome" %in% x$needs, NA)
  if (length(cases) && min(cases, fit$nobs - cases) < 10 * columns && any(ratios)) {
    out <- c(out, sprintf(
      "%s of %s people have the rarer outcome, fewer than 10 for each of the %s columns partialled out: log odds ratios and log risk ratios are unstable.",
      big(min(cases, fit$nobs - cases)), big(fit$nobs), big(columns)
    ))
  }
  out
}
