# sandwich's generics, registered when that package is loaded (R/zzz.R).

# Scores of the projected regressors: e_i w_i X~_i.
estfun.iv_reg <- function(x, ...) {
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
model.matrix.iv_reg_projected <- function(object, ...) {
  class(object) <- "iv_reg"
  model.matrix(object, component = "projected")
}
