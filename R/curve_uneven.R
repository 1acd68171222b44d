# Noise that differs between the instruments' values. The evidence, the posterior and V take one variance; where a test
# contradicts it, V and the posterior's part that is noise take the sums of squares of residuals (White 1980).
uneven_level <- .01

# Regression of the squared residuals of the fit on instruments and their squares (Breusch and Pagan 1979, as
# Koenker 1981 has it, which asks for no normal law), and the factor of V: its noise with the residuals of linear 2SLS,
# which an outlier cannot bend to itself, over that with one variance.
curve_uneven <- function(model, rows) {
  w <- reference_covariates(rows)
  p <- or_else(
    {
      z <- reference_instruments(rows$z, rows$x, w, 2)
      square <- model$residual^2
      fit <- iv_fit(square / stats::sd(square), x = z, w = w, estimator = "ols")
      joint_wald(stats::coef(fit), stats::vcov(fit), colnames(z))[["p.value"]]
    },
    NA_real_
  )
  map <- model$map
  line <- model$cross[, 1]
  map[1, ] <- map[1, ] - line / sum(line^2)
  size <- crossprod(map, model$gram %*% map)
  list(
    p.value = p, found = isTRUE(p < uneven_level),
    factor = max(1, sum(size * model$omega_linear) / (model$summary[["s2"]] * sum(diag(size))))
  )
}

# The posterior covariance holds s2 map map' for the noise of the instruments' coordinates, and what the prior leaves
# out beside it: the first is replaced.
uneven_cov <- function(model, uneven) {
  if (!uneven$found) return(model$cov)
  noise <- model$omega - diag(model$summary[["s2_band"]], nrow(model$omega))
  model$cov + model$map %*% noise %*% t(model$map)
}

uneven_lines <- function(fit, number) {
  if (!fit$uneven$found) return(NULL)
  sprintf(
    "The spread of %s differs with the instruments (p = %s): V times %s, bands with White's errors", fit$names$outcome,
    number(fit$uneven$p.value), number(fit$uneven$factor)
  )
}
