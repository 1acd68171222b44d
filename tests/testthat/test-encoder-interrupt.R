# An interrupt while an encoder is learned: a clean stop wherever it comes.

continuous <- function() simulate_mr("authors", mixing = "poly2", environments = 2, n = 400, seed = 3)

test_that("closure", {
  z <- unname(mr_genotypes(continuous()))
  expect_interruptible(function() .Call(C_ffi_closure, z, 0L, .01, cpu_level()))
})

test_that("flow", {
  d <- simulate_mr("authors", mixing = "mlp", environments = 2, n = 300, seed = 3)
  x <- unname(scale(mr_genotypes(d)))
  attributes(x) <- list(dim = dim(x))
  options <- list(rounds = 1, hinges = 2, candidates = 60, train = 200, held = 80, fisher = 150, steps = 5, last = 5, least = 0)
  expect_interruptible(function() .Call(C_ffi_flow, x, as.integer(d$environment), 2L, 2L, options, 1L, 0L, cpu_level()))
})

test_that("autoencoder: settling, the turn, the penalties", {
  set.seed(1)
  x <- matrix(rnorm(400 * 4), 400)
  e <- rep(1:2, each = 200)
  rows <- list(x = x, target = x, offset = numeric(4), exposure = NULL, label = e, environments = 2L)
  shape <- as.integer(c(4, 4, 2, 2, 16, 2, 0, 0))
  control <- autoencoder_control(warm_start = FALSE, epochs = 12, batch = 50, settle = .5)
  fit <- function(epochs = 12) {
    options <- autoencoder_options(control)
    options$epochs <- epochs
    .Call(C_ffi_ae_fit, shape, rows, options, NULL, 1L, 1L, 1L, NULL, cpu_level())
  }
  expect_interruptible(fit, 40)
  # 160 training rows in batches of 50: a poll a step, and those of the turn after six epochs.
  settled <- 6 * 3
  expect_identical(stopped_at(settled + 1, fit()), "stopped")
  expect_gt(polls_of(fit()), 12 * 3 + 6)
})

test_that("through learn_instruments(): an interrupt, the session's stream where it was, and the same fit again", {
  d <- continuous()
  short <- encoder_control(flow = flow_control(starts = 2), autoencoder = autoencoder_control(units = 16, epochs = 6, warm_start = FALSE, restarts = 2))
  for (encoder in c("closure", "flow", "autoencoder")) {
    data <- if (encoder == "flow") simulate_mr("authors", mixing = "mlp", environments = 2, n = 200, seed = 3) else d
    learn <- function() suppressWarnings(learn_instruments(data, encoder, n_latent = c(2, 2), control = short, seed = 1))
    set.seed(4)
    before <- .Random.seed
    want <- learn()
    count <- polls_of(learn())
    for (poll in c(0, count %/% 2, count - 1)) expect_identical(stopped_at(poll, learn()), "stopped")
    expect_identical(.Random.seed, before)
    expect_identical(learn()$parameters, want$parameters)
  }
})
