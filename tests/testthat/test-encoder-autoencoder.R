# encoder = "autoencoder" through the public functions.

short <- function(...) encoder_control(autoencoder = autoencoder_control(units = 16, epochs = 20, batch = 200, ...))
cached <- local({
  keep <- list()
  function(name, value) {
    if (is.null(keep[[name]])) keep[[name]] <<- value
    keep[[name]]
  }
})
linear_data <- function() cached("linear", simulate_mr("authors", mixing = "poly1", environments = 2, n = 1500, seed = 3))
linear_fit <- function() cached("fit", learn_instruments(linear_data(), "autoencoder", n_latent = c(2, 2), control = short(), seed = 1))

test_that("linear mixing: the effect is found, as from the closed form", {
  fit <- suppressWarnings(latent_mr(linear_data(), "autoencoder", n_latent = c(2, 2), control = short(), by_environment = FALSE, seed = 1))
  frame <- as.data.frame(fit)
  expect_lt(abs(frame$b[frame$estimator == "latent_2sls"] - 1), .05)
  expect_gt(frame$b[frame$estimator == "2sls"], 1.15)
  expect_identical(fit$encoder$encoder, "autoencoder")
  # What is a function of the invariant truth only.
  w <- predict(fit$encoder, linear_data())
  expect_gt(min(summary(lm(linear_data()$truth$W ~ w))[[1]]$r.squared), .97)
})

test_that("same seed, same numbers; saved and read again, the same predictions", {
  d <- linear_data()
  fit <- linear_fit()
  again <- learn_instruments(d, "autoencoder", n_latent = c(2, 2), control = short(), seed = 1)
  expect_identical(again$parameters, fit$parameters)
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(fit, file)
  expect_identical(predict(readRDS(file), d, type = "variant"), predict(fit, d, type = "variant"))
  expect_identical(dim(predict(fit, d)), c(3000L, 2L))
  # Plain numbers only: no pointers, no functions.
  plain <- function(x) if (is.list(x)) all(vapply(x, plain, NA)) else is.numeric(x) || is.character(x) || is.null(x)
  expect_true(plain(fit$parameters))
  # What comes out is standardised over everybody.
  expect_equal(unname(apply(cbind(predict(fit, d), predict(fit, d, type = "variant")), 2, sd)), rep(1, 4))
})

test_that("restarts do not depend on the plan, nor move the session's stream", {
  d <- linear_data()
  control <- short(warm_start = FALSE, restarts = 2)
  set.seed(9)
  before <- .Random.seed
  a <- suppressWarnings(learn_instruments(d, "autoencoder", n_latent = c(2, 2), control = control, seed = 4))
  expect_identical(.Random.seed, before)
  expect_identical(sort(unique(a$history$restart)), 1:2)
  expect_true(a$details$kept %in% 1:2)
  drawn <- ggplot2::layer_data(plot(a, type = "history"), 1) # the restart that was not taken
  expect_identical(unique(drawn$colour), "grey70")
  skip_if_not_installed("future")
  old <- future::plan(future::sequential)
  on.exit(future::plan(old))
  b <- suppressWarnings(learn_instruments(d, "autoencoder", n_latent = c(2, 2), control = control, seed = 4))
  expect_identical(a$parameters, b$parameters)
})

test_that("genotypes with missing calls: binomial likelihood, calls of people not seen", {
  d <- simulate_mr("snp", cell = 3, n = 200, seed = 2, missing = .03)
  fit <- learn_instruments(d, "autoencoder", control = short(), seed = 1)
  expect_identical(fit$details$likelihood, "binomial")
  expect_lte(fit$n_latent[["invariant"]], 20)
  expect_true(all(is.finite(predict(fit, d))))
  frame <- as.data.frame(suppressWarnings(latent_mr(d, "autoencoder", control = short(), by_environment = FALSE, seed = 1)))
  expect_true(all(is.finite(frame$b[frame$estimator == "latent_ujive"])))
  z <- mr_genotypes(d)[1:3, ]
  z[2, ] <- NA
  expect_true(all(is.finite(predict(fit, z))))
})

test_that("relatedness: refused without cross-fitting, exposure used with it", {
  d <- linear_data()
  control <- short(relatedness = .1)
  expect_error(latent_mr(d, "autoencoder", n_latent = c(2, 2), control = control, seed = 1), "at least 2 with a relatedness", class = "latentmr_error_argument")
  # It has nothing to say about other encoders.
  expect_s3_class(suppressWarnings(latent_mr(d, control = control, by_environment = FALSE, seed = 1)), "latent_mr")
  crossed <- suppressWarnings(latent_mr(d, "autoencoder", n_latent = c(2, 2), control = control, crossfit = 2, by_environment = FALSE, seed = 1))
  expect_s3_class(crossed, "latent_mr")
  other <- d
  other$exposure <- rev(d$exposure)
  with <- suppressWarnings(learn_instruments(d, "autoencoder", n_latent = c(2, 2), control = short(relatedness = 5, warm_start = FALSE, settle = 0), seed = 1))
  swapped <- suppressWarnings(learn_instruments(other, "autoencoder", n_latent = c(2, 2), control = short(relatedness = 5, warm_start = FALSE, settle = 0), seed = 1))
  expect_false(identical(with$parameters$theta, swapped$parameters$theta))
  none <- learn_instruments(other, "autoencoder", n_latent = c(2, 2), control = short(), seed = 1)
  expect_identical(none$parameters$theta, linear_fit()$parameters$theta)
}) |> suppressWarnings()

test_that("awkward data", {
  set.seed(1)
  n <- 120
  z <- matrix(rnorm(n * 6), n, dimnames = list(NULL, paste0("z", 1:6)))
  z[, 5] <- z[, 1] # a duplicate
  z[, 6] <- 3 # a constant
  make <- function(z, e) suppressWarnings(mr_data(z, rnorm(nrow(z)), rnorm(nrow(z)), e, kind = "continuous"))
  finite <- function(d, n_latent) {
    fit <- suppressWarnings(learn_instruments(d, "autoencoder", n_latent = n_latent, control = short(), seed = 1))
    out <- predict(fit, d, type = "variant")
    expect_true(all(is.finite(predict(fit, d))) && all(is.finite(out)))
    expect_identical(ncol(out), as.integer(n_latent[2]))
  }
  e <- rep(c("a", "b"), c(100, 20))
  finite(make(z, e), c(1, 1))
  # No variant block; more instruments than people; one environment.
  finite(make(z, e), c(2, 0))
  wide <- matrix(rnorm(40 * 60), 40, dimnames = list(NULL, paste0("z", 1:60)))
  finite(make(wide, rep(1:2, 20)), c(2, 2))
  finite(make(z, rep("a", n)), c(1, 1))
  # Missing entries of continuous instruments.
  z[1:10, 2] <- NA
  finite(make(z, e), c(1, 1))
}) |> suppressMessages()

test_that("settings: printed with their sources, refused when wrong", {
  expect_snapshot(autoencoder_control(restarts = 2))
  expect_conditions({
    autoencoder_control(units = 20)
    autoencoder_control(kernel = "linear")
    autoencoder_control(held_out = .9)
    autoencoder_control(batch = 2)
    encoder_control(autoencoder = list(epochs = 5))
    learn_instruments(mr_moments(linear_data(), seed = 1, disclosure = FALSE), "autoencoder")
  })
  expect_setequal(names(autoencoder_sources), names(autoencoder_control()))
})

test_that("a diverging training says what to do and hands over its state", {
  d <- linear_data()
  fake <- list(problem = "the loss is not finite in epoch 3, step 1", theta = 1:3, history = matrix(0, 1, 11), lines = 1L)
  expect_error(
    keep_finished(list(fake), c(inputs = 1L), autoencoder_control()), "not finite in epoch 3",
    class = "latentmr_error_nonfinite"
  )
  state <- tryCatch(keep_finished(list(fake), c(inputs = 1L), autoencoder_control()), error = function(e) e$state)
  expect_identical(state$parameters, 1:3)
  good <- list(problem = NULL, theta = 0)
  expect_warning(kept <- keep_finished(list(fake, good), 1L, autoencoder_control()), "left out", class = "latentmr_warning_fit")
  expect_identical(kept, list(good))
})

test_that("background components are partialled out beside a code", {
  d <- simulate_mr("snp", cell = 3, n = 150, seed = 1, background = 60)
  frame <- as.data.frame(suppressWarnings(suppressMessages(
    latent_mr(d, "autoencoder", control = short(), by_environment = FALSE, seed = 1)
  )))
  expect_true(is.finite(frame$b[frame$estimator == "latent_2sls"]))
})

test_that("continuous targets are components divided by the root of their standard deviation", {
  # Variances 16 and 1, uncorrelated: 16 / 4 and 1 / 1, over their mean 2.5.
  z <- cbind(4 * rep(c(-1, 1), 8), rep(c(-1, -1, 1, 1), 4)) + 7
  out <- half_whitened(z)
  expect_equal(crossprod(out) / 16, diag(c(1.6, .4)))
  # A column that others give adds nothing.
  expect_identical(dim(half_whitened(cbind(z, z[, 1] + z[, 2]))), c(16L, 2L))
})
