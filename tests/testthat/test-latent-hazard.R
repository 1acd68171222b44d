quiet <- function(expr) suppressMessages(suppressWarnings(expr))
data <- simulate_mr("snp", cell = 3, n = 100, seed = 1)
set.seed(1)
n <- length(data$outcome)
death <- rexp(n, pmax(.2 + .02 * data$exposure, .01))
time <- pmin(death, 6)
event <- as.numeric(death <= 6)
fit <- quiet(latent_mr(data, seed = 1, by_environment = FALSE, methods = "latent_2sls"))

test_that("the instruments and the block are those of the fit: by columns made here", {
  got <- latent_hazard(fit, time, event, data = data)
  z <- LatentMR:::mr_genotypes(data)
  v <- scale(z %*% fit$encoder$variant, scale = FALSE)
  w <- if (fit$latent$part$interact) {
    do.call(cbind, lapply(levels(data$environment), function(e) v * (data$environment == e)))
  } else {
    v
  }
  want <- iv_hazard(time, event, data$exposure, z, cbind(w, data$covariates), strata = data$environment)
  expect_equal(coef(got), coef(want), tolerance = 1e-6)
  expect_equal(got$estimates$se, want$estimates$se, tolerance = 1e-6)
  expect_identical(got$strata$stratum, levels(data$environment))
  expect_identical(got$units, "events per person and unit of time per unit of exposure")
  # From the data alone: the same encoder.
  alone <- quiet(latent_hazard(data, time, event, seed = 1))
  expect_equal(alone$estimates, got$estimates, tolerance = 1e-8)
})

test_that("follow-up is joined by identifier, more people may be named, and fewer are refused", {
  d <- data
  d$ids <- sprintf("p%04d", seq_len(n))
  named <- function(x) setNames(c(x, 9), c(d$ids, "stranger"))[(n + 1):1]
  want <- quiet(latent_hazard(d, time, event, seed = 1))$estimates
  got <- quiet(latent_hazard(
    d, named(time), named(replace(event, 1, event[1])), seed = 1
  ))
  expect_identical(got$estimates, want)
  expect_condition_text(
    latent_hazard(d, named(time)[-1:-3], event), "latentmr_error_argument",
    paste0("`time` must be given for everybody, not without 2 of 600 participants.\n",
           "i Take people without follow-up out of the data: data[i, ].")
  )
})

test_that("clusters, units and names go along", {
  d <- data
  d$cluster <- factor(rep(seq_len(n / 2), each = 2))
  d$units <- c("mmol/L", NA)
  got <- quiet(latent_hazard(d, time, event, name = "stroke", time_unit = "years", seed = 1))
  expect_equal(got$clusters, n / 2)
  expect_identical(got$units, "events of stroke per 1,000 person-years per mmol/L of exposure")
})

test_that("what does not belong together is refused", {
  two <- simulate_mr("snp", cell = 3, n = 50, seed = 2)
  expect_conditions({
    latent_hazard(1, time, event)
    latent_hazard(fit, time, event)
    latent_hazard(fit, time, event, data = two)
    latent_hazard(data, time, event, data = data)
    latent_hazard(data, time[1:3], event)
    latent_hazard(data, time)
  })
})

test_that("the exposure among the covariates of the data is not identified", {
  d <- data
  d$covariates <- cbind(again = d$exposure)
  expect_condition_text(
    quiet(latent_hazard(d, time, event, seed = 1)), "latentmr_error_unidentified",
    "The exposure is a function of strata and covariates.\ni Take it, and what it is made of, out of the covariates."
  )
})
