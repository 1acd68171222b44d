# an effect that turns with a covariate
surface_data <- function(n, seed) {
  set.seed(seed)
  z <- rnorm(n)
  u <- rnorm(n)
  w <- runif(n, -1, 1)
  x <- z + .5 * w + u
  data.frame(y = 2 * w * x + w^2 + u + rnorm(n), x, z, w, group = factor(ifelse(runif(n) < .5, "a", "b")))
}
d <- surface_data(800, 1)
fit <- iv_curve(y ~ w | x | z, d, seed = 1)

test_that("a curve that turns with a covariate is found, and predicted at it", {
  expect_equal(fit$solver, "surface")
  slopes <- predict(fit, data.frame(x = 0, w = c(-.8, .8)), derivative = TRUE)
  expect_lt(max(abs(slopes - 2 * c(-.8, .8))), .5)
  grid <- expand.grid(x = c(-1, 0, 1), w = c(-.7, 0, .7))
  expect_lt(mean((predict(fit, grid) - 2 * grid$w * grid$x - grid$w^2)^2), .1)
  h <- 1e-5
  at <- data.frame(x = .3, w = .4)
  expect_equal(
    predict(fit, at, derivative = TRUE),
    (predict(fit, transform(at, x = x + h)) - predict(fit, transform(at, x = x - h))) / (2 * h), tolerance = 1e-6
  )
  band <- predict(fit, grid, "confidence")
  expect_gt(mean(band[, "lwr"] < 2 * grid$w * grid$x + grid$w^2 & 2 * grid$w * grid$x + grid$w^2 < band[, "upr"]), .7)
  expect_output(print(fit), "depends on the covariates")
})

test_that("without covariates in newdata the curve is averaged over people", {
  rows <- fit$curve$rows
  expect_equal(predict(fit, .5), mean(predict(fit, data.frame(x = .5, w = rows[, 1]))), tolerance = 1e-10)
  e <- average_effect(fit, 0, 1)
  expect_equal(e$estimate, diff(predict(fit, c(0, 1))))
  expect_true(is.finite(average_derivative(fit)$std.error))
})

test_that("additive covariates stay additive, and the choice can be made by hand", {
  set.seed(2)
  plain <- transform(d, y = x + w + (x - z - .5 * w) + rnorm(800))
  expect_equal(iv_curve(y ~ w | x | z, plain, seed = 1)$solver, "closed")
  expect_equal(iv_curve(y ~ w | x | z, plain, control = curve_control(covariates = "flexible"), seed = 1)$solver, "surface")
  expect_equal(iv_curve(y ~ w | x | z, d, control = curve_control(covariates = "linear"), seed = 1)$solver, "closed")
})

test_that("factor covariates are coded for newdata as for the data", {
  f <- iv_curve(y ~ w + group | x | z, d, control = curve_control(covariates = "flexible"), seed = 1)
  p <- predict(f, data.frame(x = 0, w = .2, group = c("a", "b", NA)))
  expect_true(all(is.finite(p[1:2])))
  expect_true(is.na(p[3]))
})

test_that("prior variances are reported, and their evidence is better than linear covariates", {
  m <- fit$curve
  expect_equal(dim(m$kappa), c(4L, 4L))
  expect_true(all(m$kappa >= 0))
  expect_gt(m$numbers[["gain"]], 5)
})
