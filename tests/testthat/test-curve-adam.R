d <- sigmoid_data(300, 2)

test_that("the three-net loop finds the curve, and reports its loss", {
  fit <- iv_curve(y ~ x | z, sigmoid_data(1000, 3), control = curve_control("adam", adam = adam_control(batch = 32, steps = 3000)), seed = 1)
  at <- seq(.05, .95, length.out = 50)
  mse <- function(v) mean((v - sigmoid(at))^2)
  expect_lt(mse(predict(fit, at)), mse(LatentMR:::reference_value(fit$references$models$regression, at)))
  expect_equal(nrow(fit$curve$history), 100)
  expect_lt(mean(tail(fit$curve$history$lagrangian, 10)), fit$curve$history$lagrangian[1])
  expect_equal(predict(fit, .4, derivative = TRUE), (predict(fit, .4 + 1e-5) - predict(fit, .4 - 1e-5)) / 2e-5, tolerance = 1e-6)
  expect_output(print(fit), "three-net loop")
  expect_error(predict(fit, .5, interval = "confidence"), class = "latentmr_error_argument")
})

test_that("on a line the loop goes to 2SLS, not to the confounded regression", {
  # and h~ - h_w, P (h_a - y) / (1 + lambda) at its optimum, vanishes
  set.seed(1)
  n <- 400
  z <- rnorm(n)
  u <- rnorm(n)
  line <- data.frame(z, x = z + u, y = z + u + u + rnorm(n))
  loop <- iv_curve(y ~ x | z, line, control = curve_control("adam", adam = adam_control(width = 50, batch = 128, steps = 4000, penalty = 0)), seed = 1)
  slope <- average_effect(loop, -1, 1)$estimate / 2
  expect_lt(abs(slope - coef(iv_fit(line$y, line$x, z, rep(1, n)))[1]), .25)
  expect_gt(abs(slope - coef(lm(y ~ x, line))[2]), .25)
  expect_lt(mean(tail(loop$curve$history$residual, 20)), .05)
})

test_that("options: noise, mean field, halves, covariates; same seed, same numbers", {
  run <- function(...) predict(iv_curve(y ~ x | z, d, control = curve_control("adam", adam = adam_control(batch = 16, steps = 200, ...)), seed = 3), c(.2, .7))
  expect_identical(run(), run())
  for (other in list(run(langevin = 1e-3), run(mean_field = TRUE), run(width = 50), run(split = TRUE), run(lambda = 1), run(penalty = .01))) {
    expect_true(all(is.finite(other)))
    expect_false(identical(other, run()))
  }
  d$w <- d$z^2
  fit <- iv_curve(y ~ w | x | z, d, control = curve_control("adam", adam = adam_control(batch = 16, steps = 200)), seed = 3)
  expect_false(predict(fit, data.frame(x = .5, w = 0)) == predict(fit, data.frame(x = .5, w = 1)))
})

test_that("settings of the loop are checked", {
  expect_conditions({
    adam_control(rate = 2)
    adam_control(steps = 10)
    curve_control("sgd")
    curve_control("adam", adam = list(steps = 1000))
  })
})
