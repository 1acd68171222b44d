# One road from data to what is estimated from: what is made of a fit afterwards
# stands on the same block, and encoders see neither exposure nor outcome.

quiet <- function(code) suppressWarnings(suppressMessages(code))

# The numbers of an encoder.
learned <- function(encoder) encoder[setdiff(names(encoder), c("quality", "call"))]

test_that("a curve of a fit in background mode partials out the components of the fit", {
  d <- simulate_mr("snp", cell = 1, n = 400, seed = 4, background = 150)
  control <- encoder_control(max_components = 1)
  fit <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, control = control, seed = 1))
  expect_identical(fit$encoder$components, 1L)
  w <- quiet(latent_curve_rows(fit, d, 1L))$w
  expect_identical(as.double(qr(cbind(1, w))$rank), fit$latent$rank)
  # Another number of components would give another block.
  more <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  expect_gt(more$latent$rank, fit$latent$rank)
})

test_that("latent_mr() from moments does not ignore the settings of the background", {
  d <- simulate_mr("snp", cell = 1, n = 400, seed = 4, background = 150)
  control <- encoder_control(max_components = 1)
  rows <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, control = control, seed = 1))
  moments <- quiet(mr_moments(d, control = control, seed = 1, disclosure = FALSE))
  fit <- quiet(latent_mr(moments, methods = "latent_2sls", by_environment = FALSE, control = control, seed = 1))
  expect_equal(fit$estimates$latent_2sls$b, rows$estimates$latent_2sls$b)
  expect_error(latent_mr(moments, control = encoder_control(max_components = 2), seed = 1), "max_components = 1", class = "latentmr_error_argument")
})

test_that("the negative control of a cross-fitted fit is cross-fitted", {
  d <- simulate_mr("snp", cell = 3, n = 150, seed = 4)
  n <- length(d$outcome)
  set.seed(1)
  d <- quiet(mr_data(mr_genotypes(d), d$exposure, d$outcome, d$environment, data.frame(age = rnorm(n), sex = rep(0:1, length.out = n)), kind = "genotype"))
  control <- rnorm(n)
  ids <- c("latent_2sls", "latent_ujive")
  fit_of <- function(data) quiet(latent_mr(data, methods = ids, crossfit = 3, by_environment = FALSE, seed = 1))
  fit <- fit_of(d)
  # What cross-fitting says of it: the same call with the control as outcome.
  other <- d
  other$outcome <- control
  twin <- as.data.frame(fit_of(other))
  twin <- twin[twin$crossfit == 3, ]
  expect_equal(negative_control(fit, control, d, methods = ids)[c("b", "se")], twin[c("b", "se")], ignore_attr = TRUE)
  without <- as.data.frame(fit_of(other))
  expect_gt(abs(without$b[without$estimator == "latent_2sls" & without$crossfit == 0] - twin$b[1]), 1e-6)
  # A covariate, from rows and from moments of the same folds.
  age <- quiet(mr_data(mr_genotypes(d), d$exposure, d$covariates[, "age"], d$environment, d$covariates[, "sex", drop = FALSE], kind = "genotype"))
  twin <- as.data.frame(fit_of(age))
  expect_equal(negative_control(fit, "age", d, methods = ids)$b, twin$b[twin$crossfit == 3], ignore_attr = TRUE)
  moments <- mr_moments(d, seed = 1, disclosure = FALSE)
  expect_equal(negative_control(fit, "age", moments, methods = "latent_2sls")$b, twin$b[1])
  expect_error(negative_control(fit, "age", mr_moments(d, folds = 2, seed = 1, disclosure = FALSE)), "at least 3 folds", class = "latentmr_error_argument")
  # The curve stands on the same block.
  w <- quiet(latent_curve_rows(fit, d, 1L))$w
  expect_identical(as.double(qr(cbind(1, w))$rank), fit$latent$rank)
})

test_that("a fit of an encoder that reads rows keeps the encoders of its folds for what comes after", {
  d <- simulate_mr("authors", mixing = "poly2", environments = 2, n = 500, seed = 2)
  fit_of <- function(data) quiet(latent_mr(data, "closure", methods = "latent_2sls", n_latent = c(2, 2), crossfit = 2, by_environment = FALSE, seed = 1))
  fit <- fit_of(d)
  set.seed(3)
  control <- rnorm(length(d$outcome))
  other <- d
  other$outcome <- control
  expect_equal(negative_control(fit, control, d)$b, fit_of(other)$estimates$latent_2sls$b)
  # They are taken as they are.
  fit$fold_encoders[[1]]$variant[] <- 0
  expect_false(isTRUE(all.equal(negative_control(fit, control, d)$b, fit_of(other)$estimates$latent_2sls$b)))
  expect_error(negative_control(fit, "age", mr_moments(d, seed = 1, disclosure = FALSE)), "reads", class = "latentmr_error_argument")
})

test_that("encoders are handed neither exposure nor outcome", {
  d <- two_data(two_exposures(n = 300, p = 8))
  moments <- mr_moments(d, seed = 1, disclosure = FALSE)
  view <- moments_view(moments)
  width <- nrow(view$mean)
  blind <- blind_view(view)
  expect_identical(nrow(blind$mean), width - 3L)
  expect_equal(blind[c("mean", "cross", "scale")], moments_view(blind_moments(moments))[c("mean", "cross", "scale")])
  expect_identical(blind$columns, moments_view(blind_moments(moments))$columns)
  left <- blind_data(d)
  expect_null(left[["exposure"]])
  expect_null(left[["outcome"]])
  expect_identical(blind_data(d, related = TRUE)$related, d$exposure)
})

test_that("what exposure and outcome are changes no encoder, nor those of the folds", {
  perturbed <- function(d) {
    set.seed(7)
    n <- length(d$outcome)
    d$exposure[] <- rexp(length(d$exposure)) * 100 + mr_genotypes(d)[, 1]
    d$outcome <- as.double(seq_len(n))
    d
  }
  expect_blind <- function(d, encoder = "linear", ..., crossfit = 0) {
    other <- perturbed(d)
    one <- quiet(learn_instruments(d, encoder, ..., seed = 1))
    two <- quiet(learn_instruments(other, encoder, ..., seed = 1))
    expect_identical(learned(two), learned(one))
    expect_identical(two$quality, one$quality)
    if (!crossfit) return(invisible())
    folds <- function(data) {
      lapply(quiet(latent_mr(data, encoder, ..., methods = "latent_2sls", crossfit = crossfit, by_environment = FALSE, seed = 1))$fold_encoders, learned)
    }
    expect_identical(folds(other), folds(d))
  }
  panel <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
  expect_blind(panel, crossfit = 2)
  panel$structure <- cbind(PC1 = mr_genotypes(panel)[, 1] + sin(seq_along(panel$outcome)))
  expect_blind(panel, crossfit = 2)
  expect_blind(simulate_mr("snp", cell = 1, n = 200, seed = 4, background = 100))
  expect_blind(two_data(two_exposures(n = 300, p = 8)))
  expect_blind(simulate_mr("authors", mixing = "poly1", environments = 2, n = 200, seed = 1), crossfit = 2)
  mixed <- simulate_mr("authors", mixing = "poly2", environments = 2, n = 400, seed = 2)
  expect_blind(mixed, "closure", n_latent = c(2, 2), crossfit = 2)
  few <- autoencoder_control(restarts = 1, epochs = 5)
  expect_blind(mixed, "autoencoder", n_latent = c(2, 2), control = encoder_control(autoencoder = few))
  moments <- mr_moments(panel, seed = 1, disclosure = FALSE)
  expect_identical(
    learned(quiet(learn_instruments(mr_moments(perturbed(panel), seed = 1, disclosure = FALSE), seed = 1))), learned(quiet(learn_instruments(moments, seed = 1)))
  )
})
