# The literal three-net loop of F2BMLD on standardised columns.

adam_options <- function(control, r2 = control$penalty) {
  lapply(list(
    width = control$width, batch = control$batch, steps = control$steps, inner = 10, rate = control$rate, beta1 = .5,
    beta2 = .9,
    lambda = control$lambda, r1 = control$penalty, r2 = r2, langevin = control$langevin, mean_field = control$mean_field
  ), as.double)
}

adam_fit <- function(rows, control, seed, progress = progress_of("The three-net loop")) {
  control <- control$adam
  a <- cbind(rows$x, rows$w)
  z <- cbind(rows$z, rows$w)
  centre <- colMeans(a)
  scale <- apply(a, 2, stats::sd)
  y <- list(mean = mean(rows$y), sd = stats::sd(rows$y))
  standard <- function(m) plain_matrix(scale(m))
  n <- length(rows$y)
  everyone <- seq_len(n) - 1L
  stages <- list(list(everyone, everyone))
  if (control$split) {
    order <- with_seed(seed, sample.int(n)) - 1L
    half <- list(order[seq_len(n %/% 2)], order[-seq_len(n %/% 2)])
    stages <- list(half, rev(half))
  }
  nets <- lapply(seq_along(stages), function(i) {
    s <- stages[[i]]
    report <- if (!is.null(progress)) function(share) progress((i - 1 + share) / length(stages))
    .Call(
      C_ffi_adam_fit, (rows$y - y$mean) / y$sd, standard(a), standard(z), s[[1]], s[[2]], NULL, NULL,
      adam_options(control), seed, report, cpu_level()
    )
  })
  history <- as.data.frame(nets[[1]]$history)
  names(history) <- c("step", "lagrangian", "residual")
  list(
    theta = lapply(nets, `[[`, "theta"), history = history[!is.na(history$step), ], centre = centre,
    scale = scale, y = y, width = as.integer(control$width), mean_field = as.integer(control$mean_field),
    rows = some_people(rows$w)
  )
}

adam_value <- function(fit, at, derivative) {
  model <- fit$curve
  one <- function(x, w) {
    m <- cbind(x, w)
    m <- (m - rep(model$centre, each = nrow(m))) / rep(model$scale, each = nrow(m))
    value <- lapply(model$theta, function(theta) {
      .Call(C_ffi_adam_at, theta, plain_matrix(m), model$width, model$mean_field, as.integer(derivative))
    })
    model$y$sd / (if (derivative) model$scale[1] else 1) * Reduce(`+`, value) / length(value)
  }
  one_curve(unname(over_people(one, at$x, at$w, model$rows)) + if (derivative) 0 else model$y$mean)
}

adam_lines <- function(fit, number) {
  last <- utils::tail(fit$curve$history, 10)
  sprintf(
    "Loop: %s steps, Lagrangian %s, mean (h~ - h_w)^2 %s over the last tenth", format(fit$control$adam$steps),
    number(mean(last$lagrangian)), number(mean(last$residual))
  )
}
