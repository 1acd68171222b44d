# Methods for the generics of sandwich and clubSandwich, registered when these packages are
# loaded (R/zzz.R).

# Scores of the projected regressors: e_i w_i X~_i.
estfun.iv_reg <- function(x, ...) {
  check_made(x)
  kept <- names(x$coefficients)[!is.na(x$coefficients)]
  projected <- model.matrix(x, component = "projected")[, kept, drop = FALSE]
  weights <- if (is.null(x$weights)) 1 else x$weights
  as.vector(x$residuals) * weights * projected
}

bread.iv_reg <- function(x, ...) x$cov.unscaled * x$nobs

# meatHC() divides estfun by model.matrix(): it must see the projected regressors.
vcovHC.iv_reg <- function(x, ...) {
  class(x) <- c("iv_reg_projected", "iv_reg")
  sandwich::vcovHC.default(x, ...)
}

#' @export
model.matrix.iv_reg_projected <- function(object, component = "projected", ...) {
  class(object) <- "iv_reg"
  model.matrix(object, component = component, ...)
}

# clubSandwich: every estimator of it sees the projected regressors, as for ivreg.
model_matrix.iv_reg <- function(obj) {
  kept <- names(obj$coefficients)[!is.na(obj$coefficients)]
  projected <- model.matrix(obj, component = "projected")[, kept, drop = FALSE]
  if (is.null(obj$weights)) projected else projected[obj$weights > 0, , drop = FALSE]
}

vcovCR.iv_reg <- function(obj, cluster, type, target = NULL, inverse_var = FALSE, form = "sandwich", ...) {
  check_dots(...)
  if (missing(cluster)) abort_argument("cluster", "a vector with a value for each row", "left out")
  if (obj$estimator == "gmm" && !(type %in% c("CR0", "CR1", "CR1p", "CR1S"))) {
    abort_argument(
      "type", "\"CR0\", \"CR1\", \"CR1p\" or \"CR1S\" for two-step GMM", describe(type),
      hint = "The others need the residuals of a least squares fit."
    )
  }
  default <- utils::getS3method("vcovCR", "default", envir = asNamespace("clubSandwich"))
  default(obj, cluster, type, target, inverse_var, form)
}
