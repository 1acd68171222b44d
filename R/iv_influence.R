# Leverages, and what one row does to a fit.

#' @rdname iv_methods
#' @importFrom stats hatvalues
#' @export
hatvalues.iv_reg <- function(model, type = "stage2", ...) {
  check_dots(...)
  check_made(model)
  check_choice(type, "type", c("stage2", "stage1", "both", "maximum"))
  s <- iv_scores(model$engine$f2, model$engine$est, leverage = TRUE)
  h <- s$leverage
  if (type != "stage2") {
    f <- model$engine$f
    if (f$L == 0) abort("This fit has no first stage.", "latentmr_error_argument", argument = "type")
    h1 <- if (is.null(model$engine$instrument)) {
      s$leverage1
    } else {
      iv_scores(f, model$engine$est, leverage = TRUE)$leverage1
    }
    h <- combined_leverage(model, h1, h, type)
  }
  naresid(model$na.action, setNames(h, names(model$residuals)))
}

# ivreg's: leverages relative to their means, geometric mean or maximum.
combined_leverage <- function(model, h1, h2, type) {
  if (type == "stage1") return(h1)
  mean1 <- (length(model$instruments) + length(model$exogenous)) / model$nobs
  mean2 <- length(model$coefficients) / model$nobs
  mean2 * if (type == "both") sqrt(h1 / mean1 * h2 / mean2) else pmax(h1 / mean1, h2 / mean2)
}
