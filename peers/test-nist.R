# NIST's Statistical Reference Datasets, linear regression: certified estimates and standard errors. Coefficients of Filip,
# Wampler 1 and 2 are in tests/testthat/test-iv-known.R.
library(LatentMR)

certified <- function(fit, estimates, errors, sd, digits) {
  apart <- function(a, b) max(abs(unname(a) / b - 1))
  expect_lt(apart(coef(fit), estimates), 10^-digits)
  expect_lt(apart(sqrt(diag(vcov(fit))), errors), 10^-digits)
  expect_lt(apart(fit$sigma, sd), 10^-digits)
}

test_that("Longley: higher collinearity", {
  l <- datasets::longley
  X <- cbind(1, l$GNP.deflator, l$GNP * 1000, l$Unemployed * 10, l$Armed.Forces * 10, l$Population * 1000, l$Year)
  certified(
    iv_fit(l$Employed * 1000, w = X, estimator = "ols"),
    c(-3482258.63459582, 15.0618722713733, -.0358191792925910, -2.02022980381683, -1.03322686717359, -.0511041056535807, 1829.15146461355),
    c(890420.383607373, 84.9149257747669, .0334910077722432, .488399681651699, .214274163161675, .226073200069370, 455.478499142212),
    304.854073561965, 8
  )
})

test_that("NoInt1, NoInt2: no constant", {
  certified(iv_fit(130:140, w = 60:70, estimator = "ols"), 2.07438016528926, .0165289256198347, 3.56753034006338, 12)
  certified(iv_fit(c(3, 4, 4), w = 4:6, estimator = "ols"), .727272727272727, .0420827318078432, .369274472937998, 12)
})

test_that("Longley by formula, and as the k-class of kappa 0", {
  d <- transform(datasets::longley, GNP = GNP * 1000, Employed = Employed * 1000)
  ols <- iv_reg(Employed ~ GNP + Year, d, "ols")
  zero <- iv_reg(Employed ~ Year | GNP | Population, d, "kclass", kappa = 0)
  expect_equal(coef(zero)[names(coef(ols))], coef(ols), tolerance = 1e-8)
})
