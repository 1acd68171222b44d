# A code that is the instruments themselves must give what the linear encoder gives.
identity_encoder <- function(genotypes = FALSE, parameters = list(scale = 2)) {
  list(identity = list(
    genotypes = genotypes,
    fit = function(input, n_latent, control, seed) list(parameters = parameters, notes = "a note", warnings = "an alarm"),
    encode = function(parameters, z) parameters$scale * z
  ))
}

test_that("a code stands in for the instruments everywhere", {
  with_encoders(identity_encoder())
  d <- simulate_mr("authors", mixing = "poly1", environments = 3, n = 400, seed = 5)
  linear <- learn_instruments(d, n_latent = c(2, 2), seed = 1)
  expect_warning(code <- learn_instruments(d, "identity", n_latent = c(2, 2), seed = 1), "an alarm", class = "latentmr_warning_fit")
  expect_equal(code$values, linear$values)
  expect_equal(abs(predict(code, d)), abs(predict(linear, d)), tolerance = 1e-8)
  expect_equal(abs(predict(code, d, "variant")), abs(predict(linear, d, "variant")), tolerance = 1e-8)
  expect_identical(predict(code, mr_genotypes(d), environment = d$environment)[5, ], predict(code, d)[5, ])
  a <- suppressWarnings(latent_mr(d, n_latent = c(2, 2), seed = 1))
  b <- suppressWarnings(latent_mr(d, "identity", n_latent = c(2, 2), seed = 1))
  # Instruments that are not latent are the raw ones, the variant block is the same.
  same <- c("ols", "2sls", "latent_2sls_only")
  rows <- function(fit, ids) {
    table <- as.data.frame(fit, environments = TRUE)
    table[table$estimator %in% ids, c("b", "se", "nsnp")]
  }
  expect_equal(rows(b, same), rows(a, same), tolerance = 1e-7)
  expect_true("an alarm" %in% b$warnings)
  # By hand: What residualised on [1, e, Vhat, e x Vhat].
  w <- predict(code, d)
  v <- predict(code, d, "variant")
  c <- model.matrix(~ d$environment * v)
  r <- lm.fit(c, cbind(d$exposure, d$outcome, w))$residuals
  first <- lm.fit(r[, 3:4], r[, 1])$fitted.values
  expect_equal(b$estimates$latent_2sls$b, sum(first * r[, 2]) / sum(first * r[, 1]), tolerance = 1e-8)
  expect_identical(b$estimates$latent_2sls$nsnp, 2)
  expect_identical(nrow(b$variants), 4L)
  file <- tempfile(fileext = ".rds")
  saveRDS(code, file)
  expect_identical(predict(readRDS(file), d), predict(code, d))
})

test_that("a code of genotypes: headline, structure columns, missing calls, curves", {
  with_encoders(identity_encoder(TRUE))
  d <- simulate_mr("snp", cell = 9, n = 200, missing = .02, seed = 2)
  s <- prcomp(matrix(rnorm(1200 * 3), 1200))$x
  with_s <- mr_data(mr_genotypes(d), d$exposure, d$outcome, d$environment, structure = s, kind = "genotype")
  fit <- suppressWarnings(latent_mr(with_s, "identity", n_latent = c(6, 3), seed = 1, methods = c("latent_2sls", "latent_ujive", "latent_nagar", "2sls_structure")))
  expect_identical(fit$headline, "latent_ujive")
  expect_identical(fit$estimates$latent_nagar$nsnp, 6)
  expect_identical(fit$estimates$latent_nagar$vcov, "many")
  expect_identical(nrow(single_variant(fit)), nrow(d$variants) + 2L)
  w <- predict(fit$encoder, with_s)
  v <- predict(fit$encoder, with_s, "variant")
  r <- lm.fit(cbind(model.matrix(~ with_s$environment), v, s), cbind(d$exposure, d$outcome, w))$residuals
  first <- lm.fit(r[, -(1:2)], r[, 1])$fitted.values
  expect_equal(fit$estimates$latent_2sls$b, sum(first * r[, 2]) / sum(first * r[, 1]), tolerance = 1e-8)
  expect_s3_class(iv_curve(fit, with_s, control = curve_control(covariates = "linear"), seed = 1), "iv_curve")
  # Two per environment: with fewer than 100 people per column, one slope.
  expect_false(fit$latent$part$interact)
})

test_that("what has no rows or is no continuous instrument is refused before any work", {
  with_encoders(identity_encoder())
  d <- simulate_mr("authors", mixing = "poly1", n = 100, seed = 5)
  g <- simulate_mr("snp", cell = 9, n = 60, seed = 2)
  for (f in list(learn_instruments, latent_mr)) {
    expect_error(f(mr_moments(d, disclosure = FALSE), "identity"), "mr_moments", class = "latentmr_error_argument")
    expect_error(f(mr_moments(g, disclosure = FALSE), "identity"), class = "latentmr_error_argument")
    expect_error(f(g, "identity"), "genotypes", class = "latentmr_error_argument")
    expect_error(f(d, "identify"), "Did you mean", class = "latentmr_error_argument")
  }
})

test_that("a code of an encoder that is not there is refused where it is used", {
  d <- simulate_mr("authors", mixing = "poly1", environments = 3, n = 400, seed = 5)
  code <- suppressWarnings(suppressMessages({
    with_encoders(identity_encoder())
    learn_instruments(d, "identity", n_latent = c(2, 2), seed = 1)
  }))
  code$selected <- "another"
  expect_error(
    predict(code, d), "`object$selected` must be one of \"identity\", not \"another\".", fixed = TRUE,
    class = "latentmr_error_object"
  )
})
