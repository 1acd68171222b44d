# Log risk ratios and log odds ratios of 0/1 outcomes among the rows of
# latent_mr(): the same block and instruments as the other latent estimators.

binary_methods <- function() c("latent_msmm", "latent_tsps", "latent_tsri")

# The scale of every estimator's effect.
effect_scales <- function(ids, binary) {
  if (!binary) return(rep("mean difference", length(ids)))
  unname(vapply(ids, function(id) {
    if (id %in% binary_methods()) binary_scale(sub("latent_", "", id), "logit") else "risk difference"
  }, ""))
}

binary_estimate <- function(id, block, context) {
  type <- context$sandwich
  linear <- row_linear(context, block)
  several <- FALSE
  fit <- withCallingHandlers(
    binary_object(linear, sub("latent_", "", id), "logit", type),
    latentmr_warning_solutions = function(w) {
      several <<- TRUE
      invokeRestart("muffleWarning")
    }
  )
  finish_estimate(
    id, block, fit$coefficients[[1]], sqrt(fit$vcov[1, 1]), type, Inf, 1, context$level,
    list(control = fit$control, several = several)
  )
}

binary_warnings <- function(fit) {
  out <- character()
  if (isTRUE(fit$estimates$latent_msmm$several)) {
    out <- "The multiplicative structural mean model has several solutions: the log risk ratio shown is the one that fits the moments best, and the data do not tell them apart."
  }
  cases <- fit$cases
  columns <- fit$latent$rank
  if (length(cases) && min(cases, fit$nobs - cases) < 10 * columns && any(binary_methods() %in% fit$methods$id)) {
    out <- c(out, sprintf(
      "%s of %s people have the rarer outcome, fewer than 10 for each of the %s columns partialled out: log odds ratios and log risk ratios are unstable.",
      big(min(cases, fit$nobs - cases)), big(fit$nobs), big(columns)
    ))
  }
  out
}
