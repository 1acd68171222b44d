# Continuous instruments: the stationary subspace (src/core/encoder/stationary.h).

# tolerance: an eigenvalue below it counts as invariant whatever the null says. M is twice
# the divergence of the laws, so that this is the error allowed to a code that is
# itself an approximation.
fit_stationary <- function(moments, view, n_latent, control, seed, rows, tolerance = 0) {
  p <- nrow(moments$variants)
  fit <- .Call(C_ffi_stationary, view, p)
  columns <- length(fit$values)
  check_latent_total(n_latent, columns, p)
  permuted <- control$null == "permutation" || (control$null == "auto" && inherits(rows, "mr_data"))
  null <- if (permuted) {
    permutation_null(view, fit, control, seed, rows)
  } else {
    step <- progress_steps("Null line of the encoder", columns)
    vapply(seq_len(columns), function(m) {
      on.exit(step())
      .Call(C_ffi_stationary_null, view$n, m, control$draws, seed, NULL)
    }, numeric(control$draws))
  }
  thresholds <- apply(null, 2, null_point, control$dimension_level)
  if (is.null(n_latent)) {
    inside <- which(fit$values <= pmax(thresholds, tolerance))
    m <- if (length(inside)) max(inside) else 0L
    k <- columns - m
  } else {
    m <- n_latent[1]
    k <- n_latent[2]
  }
  list(
    method = "stationary", mode = "continuous",
    values = fit$values, threshold = thresholds, null = null[, columns], directions = fit$directions,
    invariant = fit$directions[, seq_len(m), drop = FALSE],
    variant = fit$directions[, columns + 1L - rev(seq_len(k)), drop = FALSE],
    n_latent = c(invariant = as.integer(m), variant = as.integer(k)), dropped = p - columns
  )
}

# A point of a null law from draws; far out by the gamma law of the same mean and variance.
null_point <- function(draws, level) {
  if (length(draws) * (1 - level) >= 5) return(stats::quantile(draws, level, names = FALSE))
  variance <- stats::var(draws)
  if (!(variance > 0)) return(max(draws))
  stats::qgamma(level, shape = mean(draws)^2 / variance, scale = variance / mean(draws))
}

# Null of the m smallest directions (draws x m) when the environment labels say
# nothing (src/core/encoder/stationary_permuted.h).
permutation_null <- function(view, fit, control, seed, rows) {
  if (!inherits(rows, "mr_data")) {
    abort_argument(
      "control", "one with null = \"gaussian\" or \"auto\" when `data` holds moments only", "null = \"permutation\""
    )
  }
  g <- view$columns$variants
  z <- impute_from(mr_genotypes(rows), rows$environment, view$mean[g, , drop = FALSE], pooled_mean(view)[g])
  code <- core_product(z, fit$directions)
  .Call(C_ffi_stationary_permuted, code, as.integer(rows$environment), length(view$n), control$draws, seed, cpu_level())
}
