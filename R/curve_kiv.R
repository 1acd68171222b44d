# Kernel instrumental variables on a random half for each stage.

kiv_fit <- function(rows, control, seed) {
  n <- length(rows$y)
  order <- with_seed(seed, sample.int(n))
  x <- cbind(rows$x, rows$w)[order, , drop = FALSE]
  z <- cbind(rows$z, rows$w)[order, , drop = FALSE]
  mean <- mean(rows$y)
  fit <- .Call(
    C_ffi_kiv_fit, rows$y[order] - mean, plain_matrix(x), plain_matrix(z), n %/% 2L,
    as.integer(min(control$rank, n %/% 2)), 1e-8, match(control$tuning, c("causal", "held-out")) - 1L, cpu_level()
  )
  names(fit$numbers) <- c("rank_x", "rank_z", "lambda", "xi", "stage1", "stage2")
  list(
    width = fit$width[seq_len(ncol(x))], width_z = fit$width[-seq_len(ncol(x))], alpha = fit$alpha,
    centre = plain_matrix(x[fit$pivot, , drop = FALSE]), mean = mean, numbers = fit$numbers,
    rows = some_people(rows$w)
  )
}

kiv_value <- function(fit, at, derivative) {
  model <- fit$curve
  one <- function(x, w) {
    .Call(
      C_ffi_kiv_at, plain_matrix(cbind(x, w)), model$centre, model$width, model$alpha, as.integer(derivative),
      cpu_level()
    )
  }
  one_curve(over_people(one, at$x, at$w, model$rows) + if (derivative) 0 else model$mean)
}
