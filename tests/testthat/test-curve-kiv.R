test_that("KIV in low rank is KIV with whole Gram matrices, at its own penalties", {
  d <- sigmoid_data(240, 2)
  fit <- iv_curve(y ~ x | z, d, estimator = "kiv", seed = 5)
  order <- LatentMR:::with_seed(5L, sample.int(240))
  y <- d$y[order] - mean(d$y)
  x <- d$x[order]
  z <- d$z[order]
  k <- fit$curve
  expect_equal(k$width, median(dist(d$x)), tolerance = 1e-3)
  one <- 1:120
  two <- 121:240
  slow <- slow_kiv(x[one], z[one], y[one], x[two], z[two], y[two], k$width, k$width_z, k$numbers[["lambda"]], k$numbers[["xi"]])
  at <- seq(.02, .98, length.out = 50)
  got <- predict(fit, at)
  expect_lt(max(abs(got - mean(d$y) - slow$at(at))), .01 * diff(range(got)))
  expect_equal(k$numbers[["stage1"]], slow$stage1, tolerance = 1e-3)
  expect_equal(k$numbers[["stage2"]], slow$stage2, tolerance = 1e-3)
  # no other penalty has a smaller criterion
  for (f in c(.5, 2)) {
    worse <- slow_kiv(x[one], z[one], y[one], x[two], z[two], y[two], k$width, k$width_z, k$numbers[["lambda"]], f * k$numbers[["xi"]])
    expect_gt(worse$stage2, slow$stage2 - 1e-4)
    worse <- slow_kiv(x[one], z[one], y[one], x[two], z[two], y[two], k$width, k$width_z, f * k$numbers[["lambda"]], k$numbers[["xi"]])
    expect_gt(worse$stage1, slow$stage1 - 1e-4)
  }
  expect_equal(predict(fit, .3, derivative = TRUE), (predict(fit, .3 + 1e-5) - predict(fit, .3 - 1e-5)) / 2e-5, tolerance = 1e-5)
})

test_that("KIV: both tunings, covariates, no bands", {
  d <- sigmoid_data(300, 3)
  set.seed(1)
  d$w <- rnorm(300)
  held <- iv_curve(y ~ x | z, d, estimator = "kiv", control = curve_control(tuning = "held-out"), seed = 1)
  expect_false(held$curve$numbers[["xi"]] == iv_curve(y ~ x | z, d, estimator = "kiv", seed = 1)$curve$numbers[["xi"]])
  w <- iv_curve(y ~ w | x | z, d, estimator = "kiv", seed = 1)
  expect_false(predict(w, data.frame(x = .5, w = 2)) == predict(w, data.frame(x = .5, w = -2)))
  expect_conditions(predict(held, .5, interval = "confidence"))
  expect_true(all(is.na(as.data.frame(held)$conf.low)))
  expect_s3_class(plot(held), "ggplot")
  expect_output(print(held), "kernel instrumental variables")
})

test_that("the sieve passes npiv's numbers through", {
  skip_if_not_installed("npiv")
  d <- sigmoid_data(200, 3)
  fit <- iv_curve(y ~ x | z, d, estimator = "sieve", seed = 1)
  grid <- fit$curve$at[c(100, 200, 300)]
  theirs <- LatentMR:::with_seed(1L, npiv::npiv(d$y, d$x, d$z, X.eval = fit$curve$at, progress = FALSE))
  expect_equal(predict(fit, grid), as.numeric(theirs$h)[c(100, 200, 300)])
  expect_equal(predict(fit, grid, "uniform")[, "upr"], as.numeric(theirs$h.upper)[c(100, 200, 300)])
})

test_that("a rank-deficient kernel and ties do not stop the median or the factor", {
  d <- data.frame(z = rep(c(0, 0, 0, 1), 25))
  set.seed(1)
  d$x <- d$z + rnorm(100)
  d$y <- d$x + rnorm(100)
  fit <- iv_curve(y ~ x | z, d, estimator = "kiv", seed = 1)
  expect_true(all(is.finite(predict(fit, c(-1, 0, 1)))))
  expect_lte(fit$curve$numbers[["rank_z"]], 2)
})
