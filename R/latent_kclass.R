# The k-class estimators of the registry: least squares, 2SLS, LIML, Fuller, Nagar.
# Effects come from moments, so that they are the same with rows and without.

# list(b, covariance, kclass fit) of one of them from cross products: classical errors, Bekker's
# for LIML and Fuller, Nagar's own.
kclass_estimate <- function(m, kind) {
  if (kind == "nagar") {
    fit <- kclass_nagar(m)
    return(list(b = fit$coefficients, covariance = fit$vcov))
  }
  fit <- kclass_fit(m, switch(kind, ols = 0, "2sls" = 1, liml = kclass_liml(m), fuller = kclass_fuller(m)))
  if (!kind %in% c("liml", "fuller")) return(list(b = fit$coefficients, covariance = fit$vcov))
  list(b = fit$coefficients, covariance = kclass_bekker(m, fit$coefficients))
}

kclass_effects <- function(kind) function(block, context) {
  note <- if (kind == "ols") no_covariance(context$moments)
  if (!is.null(note)) return(list(note = note))
  out <- kclass_estimate(block$kclass, kind)
  if (kind == "nagar") out$jackknife <- context$jackknife
  out
}

standard_errors <- function(covariance) sqrt(diag(covariance))

# Robust as the rows allow, classical from moments.
sandwich_error <- function(kind) function(effects, block, context) {
  if (is.null(context$rows)) return(list(se = standard_errors(effects$covariance), vcov = "iid"))
  list(se = standard_errors(row_covariance(context, block, kind)), vcov = context$sandwich)
}

# Bekker's error takes people as independent.
bekker_error <- function(kind) function(effects, block, context) {
  if (!identical(context$sandwich, "cluster")) return(list(se = standard_errors(effects$covariance), vcov = "bekker"))
  list(se = standard_errors(row_covariance(context, block, kind)), vcov = "cluster")
}

# From the moments of everybody: no matter of luck. The error of the folds (R/latent_jackknife.R) is its check, and
# what is left where people come in clusters, which stay whole in a fold: the larger then.
nagar_errors <- function(effects, block, context) {
  se <- standard_errors(effects$covariance)
  jack <- context$jackknife
  if (isTRUE(context$moments$clustered) && !is.null(jack) && jack$se > se) {
    return(list(se = jack$se, vcov = "jackknife", df = jack$df))
  }
  list(se = se, vcov = "many")
}

# ---- estimators that read rows ----

row_effects <- function(estimator, type = NULL) function(block, context) {
  row <- row_estimate(context, block, estimator, if (is.null(type)) context$sandwich else type)
  list(b = row$b, covariance = row$vcov, vcov = if (is.null(type)) context$sandwich else type)
}

row_errors <- function(effects, block, context) list(se = standard_errors(effects$covariance), vcov = effects$vcov)
