# A fit and data that do not belong together: as many people, variants and traits of the same names.

quiet <- function(expr) suppressMessages(suppressWarnings(expr))
own <- simulate_mr("snp", cell = 3, n = 40, seed = 1)
own$covariates <- cbind(age = as.numeric(seq_along(own$outcome) %% 7))
own$covariate_coding <- LatentMR:::code_covariates(as.data.frame(own$covariates))$coding
other <- simulate_mr("snp", cell = 3, n = 40, seed = 9)
other$covariates <- own$covariates
other$covariate_coding <- own$covariate_coding
fit <- quiet(latent_mr(own, seed = 1, by_environment = FALSE, methods = c("latent_2sls", "latent_nagar")))
time <- rep_len(c(1, 2, 3), length(own$outcome))
event <- time < 3
words <- function(must, parts) {
  paste0(
    "`data` must be ", must, ", not one of as many people with other values (", parts, ").\n",
    "i A fit goes with the data that it was made from, in the same order: keep both, or fit again."
  )
}
rows <- "the mr_data object of the fit"
either <- "the mr_data or mr_moments object of the fit"
refused <- function(expr, text) expect_condition_text(expr, "latentmr_error_argument", text)

test_that("other people of the same number are refused by every function that takes a fit and data", {
  both <- words(rows, "exposure, outcome")
  refused(latent_hazard(fit, time, event, data = other), words(either, "exposure"))
  refused(negative_control(fit, "age", other), words(either, "exposure"))
  refused(iv_curve(fit, other), both)
  refused(report(fit, "x.html", data = other), both)
  refused(strobe_mr(fit, other), both)
  refused(plot(fit, "latent", data = other), both)
})

test_that("one value, another order, other columns of controls: each is seen, and named", {
  one <- own
  one$exposure[7] <- one$exposure[7] + 1e-9
  refused(negative_control(fit, "age", one), words(either, "exposure"))
  turned <- own # the first two people change places
  turned$ids[1:2] <- own$ids[2:1]
  turned$exposure[1:2] <- own$exposure[2:1]
  turned$outcome[1:2] <- own$outcome[2:1]
  refused(iv_curve(fit, turned), words(rows, "identifiers, exposure, outcome"))
  age <- own
  age$covariates[, "age"] <- age$covariates[, "age"] + 1
  refused(negative_control(fit, "age", age), words(either, "covariates"))
})

test_that("what a control or a hazard does not use may be another", {
  outcome <- own
  outcome$outcome <- rev(outcome$outcome)
  expect_identical(coef(latent_hazard(fit, time, event, data = outcome)), coef(latent_hazard(fit, time, event, data = own)))
  refused(iv_curve(fit, outcome), words(rows, "outcome"))
})

test_that("rows and moments of the same people go together, of others they do not", {
  moments <- quiet(mr_moments(own, folds = 2, disclosure = FALSE, seed = 3))
  columns <- c("b", "se")
  want <- as.data.frame(negative_control(fit, "age", own, methods = "latent_nagar"))[columns]
  expect_equal(as.data.frame(negative_control(fit, "age", moments, methods = "latent_nagar"))[columns], want, tolerance = 1e-8)
  from_moments <- quiet(latent_mr(moments, seed = 1, by_environment = FALSE, methods = "latent_nagar"))
  expect_null(from_moments$people$rows)
  expect_equal(from_moments$people$totals, fit$people$totals, tolerance = 1e-10)
  expect_equal(as.data.frame(negative_control(from_moments, "age", own))[columns], want, tolerance = 1e-8)
  strange <- quiet(mr_moments(other, folds = 2, disclosure = FALSE, seed = 3))
  refused(negative_control(fit, "age", strange), words(either, "exposure"))
  refused(negative_control(from_moments, "age", strange), words(either, "exposure"))
  refused(negative_control(from_moments, "age", other), words(either, "exposure"))
})

test_that("a fit of before the marks is taken as it was", {
  old <- fit
  old$people <- NULL
  expect_s3_class(negative_control(old, "age", own), "negative_control_table")
})

test_that("augment() refuses rows in another order", {
  d <- data.frame(iv_design(n = 60, L = 2, seed = 2)[c("y", "x", "z", "w")])
  model <- iv_reg(y ~ w.w1 | x1 | z.z1 + z.z2, d)
  expect_identical(augment(model, d[c("x1", "y")])$.fitted, as.vector(fitted(model)))
  expect_identical(augment(model, d["x1"])$.resid, as.vector(residuals(model)))
  refused(augment(model, d[60:1, ]), "`data` must be the rows of the fit, in their order, not one with another outcome.")
})
