# Continuous instruments: the stationary subspace (src/core/stationary.h).

fit_stationary <- function(moments, view, n_latent, control, seed, rows) {
  p <- nrow(moments$variants)
  fit <- .Call(C_ffi_stationary, view, p)
  columns <- length(fit$values)
  check_latent_total(n_latent, columns, p)
  null <- if (control$null == "permutation") {
    permutation_null(view, fit, control, seed, rows)
  } else {
    step <- progress_steps("Null line of the encoder", columns)
    vapply(seq_len(columns), function(m) {
      on.exit(step())
      .Call(C_ffi_stationary_null, view$n, m, control$draws, seed, NULL)
    }, numeric(control$draws))
  }
  thresholds <- apply(null, 2, stats::quantile, control$level, names = FALSE)
  if (is.null(n_latent)) {
    inside <- which(fit$values <= thresholds)
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

# Null of the m smallest directions (draws x m) when the environment labels say
# nothing: labels permuted over the rows, same sizes.
permutation_null <- function(view, fit, control, seed, rows) {
  if (!inherits(rows, "mr_data")) {
    abort_argument("control", "one with null = \"gaussian\" when `data` holds moments only", "null = \"permutation\"")
  }
  code <- sweep(mr_genotypes(rows), 2, pooled_mean(view)[view$columns$variants]) %*% fit$directions
  e <- as.integer(rows$environment)
  largest <- with_seed(seed, replicate(control$draws, {
    permuted <- sample(e)
    parts <- lapply(seq_along(view$n), function(i) {
      x <- code[permuted == i, , drop = FALSE]
      list(n = nrow(x), mean = colMeans(x), cross = crossprod(sweep(x, 2, colMeans(x))))
    })
    permuted_view <- make_view(parts, NULL, seq_along(view$n))
    vapply(seq_along(fit$values), function(m) {
      max(.Call(C_ffi_stationary, view_columns(permuted_view, seq_len(m)), m)$values)
    }, 0)
  }))
  t(matrix(largest, nrow = length(fit$values)))
}

view_columns <- function(view, columns) {
  view$mean <- view$mean[columns, , drop = FALSE]
  view$cross <- lapply(view$cross, function(a) a[columns, columns, drop = FALSE])
  view
}
