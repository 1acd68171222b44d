# The autoencoder's core against plain R and finite differences.

ae_options <- function(degree = 2, weights = c(1, 1, .01), related = 0, epochs = 10, batch = 50, rate = 1e-3, settle = .2, turns = 0) {
  list(
    epochs = epochs, batch = batch, patience = 100, every = 5, held_out = .2, rate = rate, decay = 1e-4, clip = 1, settle = settle,
    ramp = .1, related = related, slack = .05, slack_absolute = .02, start_scale = 1, kernel = degree, mmd = weights[1],
    hsic = weights[2], entropy = weights[3], settle_rate = rate, turns = turns
  )
}

ae_case <- function(degree = 0, binomial = 0, units = 16, related = 0, n = c(15, 20, 25), size = c(2, 3), seed = 4) {
  set.seed(seed)
  rows <- sum(n)
  shape <- as.integer(c(5, 6, size, units, degree, binomial, related))
  target <- if (binomial) matrix(as.double(rbinom(rows * 6, 2, .4)), rows) else matrix(rnorm(rows * 6), rows)
  target[sample(length(target), 20)] <- NaN
  data <- list(
    x = matrix(rnorm(rows * 5), rows), target = target, offset = qlogis(runif(6, .2, .8)), exposure = rnorm(rows),
    label = rep(seq_along(n), n), environments = length(n)
  )
  theta <- rnorm(.Call(C_ffi_ae_length, shape), 0, .3)
  list(shape = shape, data = data, theta = theta)
}

ae_loss <- function(case, options, theta = case$theta, single = 0L, level = cpu_level()) {
  .Call(C_ffi_ae_loss, case$shape, case$data, options, theta, single, level)
}

ae_grid <- expand.grid(kernel = c(0, 2, 3), decoder = 0:3, binomial = 0:1, units = c(0, 16, 32))
# Every value of every option with every other one at least once.
ae_grid <- ae_grid[(seq_len(nrow(ae_grid)) * 5) %% 3 == 0 | ae_grid$kernel == ae_grid$decoder, ]

test_that("loss and its terms are those of plain R, over the options", {
  for (i in seq_len(nrow(ae_grid))) {
    g <- ae_grid[i, ]
    case <- ae_case(g$decoder, g$binomial, g$units, related = i %% 2)
    options <- ae_options(g$kernel, c(1.5, .7, .2), related = .5)
    want <- ref_autoencoder(case$shape, case$data, options, case$theta)
    expect_equal(ae_loss(case, options)$terms, unname(want), tolerance = 1e-10)
    expect_equal(ae_loss(case, options, single = 1L)$terms, unname(want), tolerance = 1e-4)
  }
})

test_that("gradients are those of central differences, in every direction tried", {
  for (i in seq_len(nrow(ae_grid))) {
    g <- ae_grid[i, ]
    case <- ae_case(g$decoder, g$binomial, g$units, related = 1)
    options <- ae_options(g$kernel, c(1.5, .7, .2), related = .5)
    got <- ae_loss(case, options)$gradient
    # Layer by layer, and everything at once.
    cuts <- split(seq_along(got), cut(seq_along(got), 5))
    directions <- vapply(c(cuts, list(seq_along(got))), function(k) replace(numeric(length(got)), k, rnorm(length(k))), got)
    slope <- apply(directions, 2, function(d) {
      h <- 1e-6
      (ae_loss(case, options, case$theta + h * d)$terms[1] - ae_loss(case, options, case$theta - h * d)$terms[1]) / (2 * h)
    })
    expect_lt(max(abs(drop(crossprod(directions, got)) - slope)) / max(abs(slope)), 1e-7)
    expect_lt(max(abs(ae_loss(case, options, single = 1L)$gradient - got)) / max(abs(got)), 1e-5)
  }
})

test_that("every single parameter's derivative, for one net of each kind", {
  for (decoder in c(0, 2)) {
    case <- ae_case(decoder, decoder > 0, 16, related = 1)
    options <- ae_options(2, c(1, 1, .1), related = 1)
    f <- function(theta) ae_loss(case, options, theta)$terms[1]
    expect_lt(gradient_error(f, case$theta, ae_loss(case, options)$gradient, 1e-5), 1e-6)
  }
})

test_that("all instruction sets give one gradient", {
  for (units in c(16, 64, 80)) {
    case <- ae_case(0, 0, units)
    best <- ae_loss(case, ae_options())
    for (level in 0:cpu_level()) expect_equal(ae_loss(case, ae_options(), level = level), best, tolerance = 1e-10)
  }
})

test_that("penalties of a code and their gradients: plain R (1e-10), every instruction set", {
  set.seed(2)
  n <- c(20, 37, 18)
  e <- rep(1:3, n)
  start <- as.integer(c(0, cumsum(n)))
  s <- ref_standard(matrix(rnorm(75 * 5), 75) %*% matrix(rnorm(25), 5))
  loss <- function(s, m, degree, single = 0, level = cpu_level()) {
    .Call(C_ffi_code_loss, s, m, start, c(degree, 2, .6, .1, single), level)
  }
  for (degree in c(0, 2, 3)) for (m in c(1L, 2L, 3L, 5L)) for (columns in c(4, 5)) {
    if (m > columns) next
    x <- s[, seq_len(columns)] # two and two columns have code of their own
    got <- loss(x, m, degree)
    expect_equal(got$terms, unname(ref_code_terms(x, m, e, degree)), tolerance = 1e-10)
    expect_equal(got$gradient, ref_code_gradient(x, m, e, degree, 2, .3, .1), tolerance = 1e-10)
    if (degree) next
    for (level in 0:cpu_level()) for (single in 0:1) {
      expect_equal(loss(x, m, degree, single, level), got, tolerance = if (single) 3e-5 else 1e-11)
    }
  }
})

test_that("in a batch the penalties of independent blocks with one law average zero", {
  set.seed(7)
  n <- 12
  draw <- function(degree) {
    s <- matrix(rexp(3 * n * 3) - 1, 3 * n) # not standardised: that would tie the rows
    .Call(C_ffi_code_loss, s, 1L, as.integer(n * 0:3), c(degree, 1, 1, 0, 0), cpu_level())$terms[1:3]
  }
  for (degree in c(0, 2)) {
    draws <- replicate(4000, draw(degree))
    expect_lt(max(abs(rowMeans(draws)) / (apply(draws, 1, sd) / sqrt(4000))), 3.5)
  }
})

test_that("the penalties do not see scale, shift or sign", {
  case <- ae_case(0, 0, 0)
  scaled <- case
  e <- ref_net(case$theta, 5, 5, 0)
  stretch <- c(-3, .01, 50, 2, 1)
  # Columns of the linear encoder times any numbers, and a shift.
  skip <- cbind(sweep(e$skip, 2, stretch, "*"), matrix(0, 5, 11))
  scaled$theta[1:80] <- as.vector(t(skip))
  scaled$theta[81:85] <- 7
  a <- ae_loss(case, ae_options(0))$terms
  b <- ae_loss(scaled, ae_options(0))$terms
  expect_equal(a[4:7], b[4:7], tolerance = 1e-9)
})

test_that("missing entries are not looked at", {
  case <- ae_case(0, 1)
  gone <- is.nan(case$data[[2]])
  a <- ae_loss(case, ae_options())
  expect_equal(a$terms[2], ref_autoencoder(case$shape, case$data, ae_options(), case$theta)[2])
  full <- case
  full$data[[2]][gone] <- 2
  expect_false(isTRUE(all.equal(ae_loss(full, ae_options())$terms, a$terms)))
  case$data[[2]][] <- NaN
  expect_identical(ae_loss(case, ae_options())$terms[2], 0)
})

# Targets that the inputs explain, by a curved map.
ae_fit_case <- function(...) {
  case <- ae_case(..., n = c(300, 200))
  x <- case$data[[1]]
  case$data[[2]] <- ref_standard(tanh(x %*% matrix(rnorm(30), 5)) + x[, c(1:5, 1)])
  case
}

ae_fit <- function(case, options, skip = NULL, seed = 1L, stream = 1L, single = 1L, level = cpu_level()) {
  .Call(C_ffi_ae_fit, case$shape, case$data, options, skip, seed, stream, single, NULL, level)
}

test_that("training: one seed one answer, weights of the best look, criterion of those weights", {
  case <- ae_fit_case(2, 0, 16, size = c(1, 2))
  options <- ae_options(epochs = 40, batch = 25, rate = 1e-2)
  fit <- ae_fit(case, options)
  expect_null(fit$problem)
  expect_identical(ae_fit(case, options), fit)
  expect_false(identical(ae_fit(case, options, seed = 2L)$theta, fit$theta))
  expect_false(identical(ae_fit(case, options, stream = 2L)$theta, fit$theta))
  history <- fit$history[seq_len(fit$lines), ]
  expect_identical(history[, 1], seq(0, 40, 5))
  at <- which(history[, 1] == fit$held[5])
  expect_equal(fit$held[1:3], history[at, 8:10])
  expect_identical(fit$held[5], ref_taken(history, FALSE, 12))
  # It learns: the loss falls.
  expect_lt(min(history[-1, 8]), .95 * history[1, 8])
  double <- ae_fit(case, options, single = 0L)
  expect_equal(double$history[1:2, 8], fit$history[1:2, 8], tolerance = 1e-2)
})

test_that("a warm start begins at its code and stays there while the decoder settles", {
  case <- ae_fit_case(0, 0, 16)
  skip <- matrix(0, 5, 5)
  skip[cbind(1:5, 5:1)] <- 1
  fit <- ae_fit(case, ae_options(epochs = 40, batch = 25, rate = 1e-2, settle = 1), skip)
  history <- fit$history[seq_len(fit$lines), ]
  expect_equal(history[, 9], rep(history[1, 9], 9))
  expect_lt(history[9, 8], .95 * history[1, 8])
  u <- .Call(C_ffi_ae_encode, case$shape, fit$theta, case$data[[1]], cpu_level())
  expect_gt(min(abs(diag(cor(u, case$data[[1]][, 5:1])))), .8)
  expect_equal(u, unname(ref_net_value(ref_net(fit$theta, 5, 5, 16), case$data[[1]])), tolerance = 1e-9)
})

test_that("the look that is taken: from a warm start only for more than its noise", {
  early <- 0
  for (seed in 1:4) {
    case <- ae_fit_case(0, 0, 16, seed = seed)
    skip <- matrix(0, 5, 5)
    skip[cbind(1:5, 5:1)] <- 1
    for (warm in c(TRUE, FALSE)) {
      fit <- ae_fit(case, ae_options(epochs = 40, batch = 25, rate = 1e-2), if (warm) skip)
      history <- fit$history[seq_len(fit$lines), ]
      expect_identical(fit$held[5], ref_taken(history, warm, 12))
      early <- early + (fit$held[5] < 40)
    }
  }
  expect_gt(early, 2)
})

test_that("a loss that is not finite ends with the last good state", {
  case <- ae_fit_case(0, 0, 16)
  options <- ae_options(epochs = 10)
  options[c("rate", "decay")] <- c(1e3, 1) # AdamW's decay multiplies the weights by -999
  fit <- ae_fit(case, options)
  expect_match(fit$problem, "not finite in epoch [0-9]+, step")
  expect_true(all(is.finite(fit$theta)) && fit$lines >= 1 && is.finite(fit$held[1]))
  case$data[[1]][1:100, ] <- 1e38
  expect_match(ae_fit(case, ae_options(epochs = 10))$problem, "not finite")
})

test_that("an indefinite change of covariance is seen within environments only", {
  # V ~ N(0, diag(1, 2)), then N(0, diag(2, 1)): V1 + V2 is N(0, 3) in both, and correlated with V1 - V2 by -1/3 and 1/3.
  set.seed(6)
  n <- 4000
  v <- matrix(rnorm(4 * n), ncol = 2) * sqrt(cbind(rep(1:2, each = n), rep(2:1, each = n)))
  s <- ref_standard(cbind(v[, 1] + v[, 2], v[, 1] - v[, 2]))
  terms <- .Call(C_ffi_code_loss, s, 1L, as.integer(c(0, n, 2 * n)), c(2, 1, 1, 0, 0), cpu_level())$terms
  expect_lt(terms[1], .01)
  # Kernel of degree 2: 4 r^2 of the first moments and (2 r^2)^2 of the second; over everybody r is 0 and only
  # the latter is left.
  expect_equal(terms[2], 4 / 9 + (2 / 9)^2, tolerance = .2)
  expect_lt(terms[3], .1)
})

test_that("log-det: value, gradient, blindness to scale", {
  x <- kernel_case(40)$x
  for (correlation in 0:1) {
    f <- function(z) .Call(C_ffi_test_logdet, z, correlation, 1e-6)
    got <- f(x)
    s <- if (correlation) stats::cor(x) else stats::cov(x) * 39 / 40
    expect_equal(got$value, as.vector(determinant(s + 1e-6 * diag(3))$modulus), tolerance = 1e-10)
    expect_lt(gradient_error(function(z) f(z)$value, x, got$gradient), 1e-8)
  }
  expect_equal(.Call(C_ffi_test_logdet, x %*% diag(c(1, 10, .1)), 1L, 0)$value, .Call(C_ffi_test_logdet, x, 1L, 0)$value)
  expect_error(.Call(C_ffi_test_logdet, cbind(x, 1), 1L, 0), "constant", class = "latentmr_error_singular")
  expect_error(.Call(C_ffi_test_logdet, cbind(x, 0), 0L, 0), class = "latentmr_error_singular")
})

# A linear map of W (one law, correlated) and V (moves with the environment).
turn_case <- function(n = 600, seed = 3) {
  set.seed(seed)
  e <- rep(1:3, n * c(1, 2, 1))
  w <- matrix(rnorm(8 * n), ncol = 2) %*% chol(matrix(c(1, .5, .5, 1), 2))
  v <- matrix(rnorm(8 * n), ncol = 2) * cbind(c(1, 2, 1)[e], c(1, 1, 3)[e]) + e
  list(w = w, v = v, u = cbind(w, v) %*% matrix(rnorm(16), 4) + 5, start = as.integer(c(0, cumsum(table(e)))))
}
code_turn <- function(case, invariant = 2L, tries = 4, options = c(2, 1, 1)) {
  .Call(C_ffi_code_turn, case$u, invariant, case$start, c(options, tries, 1), cpu_level())
}

test_that("a turned code is white, its map has its inverse, and What is the invariant part", {
  case <- turn_case()
  got <- code_turn(case)
  s <- sweep(case$u, 2, got$mean) %*% got$map
  expect_equal(crossprod(s) / nrow(s), diag(4), tolerance = 1e-10)
  expect_equal(sweep(s %*% got$back, 2, got$mean, "+"), case$u, tolerance = 1e-10)
  terms <- .Call(C_ffi_code_loss, s, 2L, case$start, c(2, 1, 1, 0, 0), cpu_level())$terms
  expect_equal(got$value, sum(terms[1:3] * c(1, .5, .5)), tolerance = 1e-10)
  expect_gt(min(cancor(s[, 1:2], case$w)$cor), .99)
  expect_gt(min(cancor(s[, 3:4], case$v)$cor), .99)
  # RBF penalties are replaced by those of degree 2; one seed, one answer.
  expect_identical(code_turn(case, options = c(0, 1, 1)), got)
})

test_that("no rotation that optim() finds is better, whatever the sizes of the blocks", {
  case <- turn_case(50)
  x <- sweep(case$u, 2, colMeans(case$u))
  x <- x %*% solve(chol(crossprod(x) / nrow(x)))
  for (m in 1:3) {
    value <- function(theta) {
      s <- x %*% qr.Q(qr(matrix(theta, 4)))
      sum(.Call(C_ffi_code_loss, s, m, case$start, c(3, .5, 2, 0, 0), cpu_level())$terms[1:3] * c(.5, 1, 1))
    }
    want <- min(vapply(1:3, function(k) optim(rnorm(16), value, method = "BFGS")$value, 0))
    expect_lt(code_turn(case, m, 10, c(3, .5, 2))$value, want + 1e-4 * abs(want))
  }
})

test_that("a code that cannot be whitened is refused", {
  case <- turn_case(50)
  case$u[, 2] <- case$u[, 1]
  expect_error(code_turn(case), "3 independent columns, not 4", class = "latentmr_error")
})

test_that("training from a random start turns the code when it has settled and keeps what it reconstructs", {
  for (degree in c(0, 2)) {
    case <- ae_fit_case(degree, 0, 16, size = c(2, 2))
    # Rate next to nothing once it has settled: the turn is all that happens.
    options <- ae_options(epochs = 40, batch = 100, rate = 1e-9, settle = .5, turns = 3)
    options[c("start_scale", "settle_rate")] <- c(.5, 1e-2)
    fit <- ae_fit(case, options)
    history <- fit$history[seq_len(fit$lines), ]
    at <- match(c(20, 25), history[, 1])
    expect_lt(abs(diff(log(history[at, 8]))), if (degree) .2 else .1)
    expect_identical(ae_fit(case, options), fit)
    options$turns <- 0
    still <- ae_fit(case, options)$history
    expect_equal(still[match(20, still[, 1]), 8], history[at[1], 8])
    penalty <- function(h) (h[, 4] + h[, 5] / 2 + h[, 6] / 2)[match(40, h[, 1])]
    expect_lt(penalty(history), penalty(still))
  }
})
