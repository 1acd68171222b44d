# CRAN's npiv (Chen, Christensen and Kankanala 2024), with its own choice of dimension
# and its own uniform bands, on a grid; between grid points linear interpolation.

sieve_fit <- function(rows, control, seed) {
  if (!requireNamespace("npiv", quietly = TRUE)) {
    abort(
      "`estimator = \"sieve\"` needs the package npiv.", "latentmr_error_package", hint = "install.packages(\"npiv\")"
    )
  }
  if (ncol(rows$w)) abort_argument("formula", "y ~ x | z with estimator = \"sieve\"", "one with covariates")
  range <- range(rows$x)
  at <- seq(range[1], range[2], length.out = 400)
  fit <- tryCatch(
    with_seed(seed, npiv::npiv(rows$y, rows$x, rows$z, X.eval = at, progress = FALSE)),
    error = function(e) {
      if (is_time_limit(e)) stop(e)
      abort(sprintf("npiv failed: %s", conditionMessage(e)), "latentmr_error_noconv")
    }
  )
  number <- function(v) as.numeric(v)
  list(
    at = at, value = number(fit$h), derivative = number(fit$deriv), lower = number(fit$h.lower),
    upper = number(fit$h.upper), derivative_lower = number(fit$h.lower.deriv),
    derivative_upper = number(fit$h.upper.deriv), std.error = number(fit$asy.se),
    derivative_std.error = number(fit$deriv.asy.se)
  )
}

# Outside the data the bounds of the grid are not continued.
sieve_at <- function(model, name, x) stats::approx(model$at, model[[name]], x)$y

sieve_value <- function(fit, at, derivative) {
  one_curve(sieve_at(fit$curve, if (derivative) "derivative" else "value", at$x))
}

sieve_std_error <- function(fit, at, derivative) {
  sieve_at(fit$curve, if (derivative) "derivative_std.error" else "std.error", at$x)
}

sieve_bounds <- function(fit, at, derivative) {
  names <- if (derivative) c("derivative_lower", "derivative_upper") else c("lower", "upper")
  lapply(names, function(name) sieve_at(fit$curve, name, at$x))
}
