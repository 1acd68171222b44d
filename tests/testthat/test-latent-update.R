test_that("a fit is made again with other arguments", {
  data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
  other <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
  fit <- suppressWarnings(latent_mr(data, methods = c("ols", "2sls"), by_environment = FALSE, seed = 1))
  wide <- suppressWarnings(update(fit, level = .99))
  expect_identical(wide$level, .99)
  expect_identical(wide$methods$id, c("ols", "2sls"))
  expect_equal(as.data.frame(suppressWarnings(update(fit, data = other)))$b,
               as.data.frame(suppressWarnings(latent_mr(other, methods = c("ols", "2sls"), by_environment = FALSE, seed = 1)))$b)
  call <- update(fit, methods = NULL, evaluate = FALSE)
  expect_identical(call, quote(latent_mr(data = data, by_environment = FALSE, seed = 1)))
  # From a function whose variables are its own.
  inner <- function() {
    mine <- .95
    suppressWarnings(update(fit, level = mine))$level
  }
  expect_identical(inner(), .95)
  expect_error(update(fit, lvel = .9), "Unknown argument: \"lvel\"", class = "latentmr_error_argument")
  expect_error(update(fit, . ~ .), "(unnamed)", fixed = TRUE, class = "latentmr_error_argument")
  expect_error(update(fit, evaluate = "no"), class = "latentmr_error_argument")
  fit$call$data <- quote(no_such_data)
  expect_error(update(fit, level = .9), "`data` must be the data of the fit, `no_such_data` of its call, not absent here", fixed = TRUE)
  fit$call <- NULL
  expect_error(update(fit, level = .9), "kept its call", class = "latentmr_error_argument")
})

test_that("the formula of a fit says what was fitted", {
  data <- two_data(two_exposures())
  fit <- suppressWarnings(latent_mr(data, methods = "ols", by_environment = FALSE, seed = 1))
  f <- formula(fit)
  expect_s3_class(f, "formula")
  expect_identical(deparse1(f), sprintf("%s ~ environment + age | %s + %s | `12 variants`", fit$outcome, fit$exposure[1], fit$exposure[2]))
  fit <- suppressWarnings(latent_mr(data, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  k <- ncol(fit$encoder$variant)
  expect_match(deparse1(formula(fit)), sprintf("~ environment + `%d latent directions` + age |", k), fixed = TRUE)
})
