d <- sigmoid_data(400, 11)
fit <- iv_curve(y ~ x | z, d, seed = 1)
at <- c(.1, .4, .8)

test_that("coefficients move between features with other means and scales", {
  rows <- list(y = d$y, x = d$x, z = cbind(d$z), w = matrix(0, 400, 0))
  again <- LatentMR:::closed_fit(LatentMR:::pick_rows(rows, c(1:200, 1:200)), curve_control(), 1L, learned = fit$model)
  expect_identical(again$features$slope, fit$model$features$slope)
  expect_false(identical(again$features$mean, fit$model$features$mean))
  moved <- LatentMR:::convert_features(again, fit$model, again$coef)
  last <- nrow(moved)
  value <- LatentMR:::closed_at(again, at, again$coef, FALSE) / again$scale[["y_sd"]]
  same <- LatentMR:::closed_at(fit$model, at, moved[-last], FALSE) / fit$model$scale[["y_sd"]] + moved[last]
  expect_equal(same, value, tolerance = 1e-8)
})

test_that("bootstrap: same numbers for any workers, errors of the right size", {
  control <- curve_control(band = "bootstrap", draws = 60)
  boot <- iv_curve(y ~ x | z, d, control = control, seed = 1)
  expect_identical(predict(boot, at), predict(fit, at))
  expect_equal(boot$band$draws + boot$band$lost, 60)
  skip_on_os("windows")
  skip_if_not_installed("future")
  old <- future::plan(future::multicore, workers = 2)
  on.exit(future::plan(old))
  expect_identical(iv_curve(y ~ x | z, d, control = control, seed = 1)$band$parts[[1]]$cov, boot$band$parts[[1]]$cov)
  # the mean of y moves as means do; White's error of the line
  band <- boot$band$parts[[1]]
  last <- length(band$coef)
  set.seed(3)
  n <- 500
  z <- rnorm(n)
  u <- rnorm(n)
  line <- data.frame(z, x = z + u, y = z + u + (1 + abs(z)) * rnorm(n))
  known <- sqrt(diag(vcov(iv_reg(y ~ x | z, line, vcov = "HC1"))))[["x"]]
  for (b in c("bootstrap", "sandwich")) {
    got <- average_derivative(iv_curve(y ~ x | z, line, control = curve_control(band = b, draws = if (b == "bootstrap") 60 else 200), seed = 1))$std.error
    expect_gt(got, .75 * known)
    expect_lt(got, 1.6 * known)
  }
})

test_that("draws without variation are left out and counted; an exact fit has a band of no width", {
  set.seed(4)
  n <- 60
  z <- rnorm(n)
  rare <- data.frame(z, x = z + rnorm(n), y = c(1, numeric(n - 1)))
  boot <- iv_curve(y ~ x | z, rare, control = curve_control(band = "bootstrap", draws = 50), seed = 1)
  expect_gt(boot$band$lost, 5) # a person is left out of (1 - 1/60)^60 = 36 % of draws
  expect_output(print(boot), "without variation left out")
  expect_true(all(is.finite(as.data.frame(boot)$conf.low)))
  exact <- data.frame(z = rnorm(300))
  exact$x <- exact$z
  exact$y <- exact$z^2
  split <- iv_curve(y ~ x | z, exact, control = curve_control(band = "sandwich"), seed = 1)
  expect_no_warning(band <- predict(split, c(-1, 1), "uniform"))
  expect_true(all(is.finite(band)))
})

test_that("sandwich: halves are independent, bands hold the truth", {
  held <- vapply(1:8, function(seed) {
    set.seed(seed)
    z <- rnorm(500)
    u <- rnorm(500)
    data <- data.frame(z, x = z + u, y = (z + u)^2 / 3 + u + rnorm(500))
    split <- iv_curve(y ~ x | z, data, control = curve_control(band = "sandwich"), seed = seed)
    grid <- seq(-2, 2, .5)
    band <- predict(split, grid, "confidence")
    expect_equal(unname(band[, "unshrunk"]), unname(rowMeans(vapply(split$band$parts, function(p) {
      p$coef[length(p$coef)] * split$model$scale[["y_sd"]] + split$model$scale[["y_mean"]] +
        drop(LatentMR:::closed_at(p$model, grid, p$coef[-length(p$coef)], FALSE, split$model))
    }, grid))))
    mean(band[, "lwr"] < grid^2 / 3 & grid^2 / 3 < band[, "upr"])
  }, 0)
  expect_gt(mean(held), .6) # smoothing bias is left out: less than 95 %
  expect_lt(mean(held), 1)
})

test_that("the exposures that instruments move: likelihood ratios by percentile", {
  set.seed(8)
  n <- 1500
  z <- rnorm(n)
  w <- rnorm(n)
  b <- runif(n)
  # below .5 the instrument stretches the exposure, above it does nothing
  x <- ifelse(b < .5, .5 * (2 * b)^exp(.5 * z), b)
  half <- iv_curve(y ~ w | x | z, data.frame(z, w, x, y = x + rnorm(n)), control = curve_control(covariates = "linear"), seed = 1)
  cut <- sort(x)[n * 40 / 100 + 1]
  share <- 1 - deviance(lm((x > cut) ~ w + z + I(z^2) + I(z^3))) / deviance(lm((x > cut) ~ w))
  expect_equal(half$model$moved[40, ], c(cut, -(n - (5 + 2 + 2) / 2) * log(1 - share), min(x[x > cut])), tolerance = 1e-6)
  moved <- half$identification$moved
  expect_lt(moved[1], .05)
  expect_gt(moved[2], .35)
  expect_lt(moved[2], .5001)
  frame <- as.data.frame(half)
  expect_equal(frame$extrapolated, frame$x <= half$range[1] | frame$x < moved[1] | frame$x > moved[2], ignore_attr = TRUE)
  expect_output(print(half), "the curve beyond is extrapolation")
  # a stretch in the middle that stays
  x <- ifelse(b < .3, .3 * (b / .3)^exp(.5 * z), ifelse(b > .7, .7 + .3 * ((b - .7) / .3)^exp(z), b))
  middle <- iv_curve(y ~ x | z, data.frame(z, x, y = x + rnorm(n)), seed = 1)
  expect_equal(nrow(middle$identification$still), 1)
  expect_true(LatentMR:::curve_extrapolates(middle, .5))
  expect_false(LatentMR:::curve_extrapolates(middle, .1))
  # a dose of 0, 1, 2: moved from 0 to 2
  dose <- findInterval(z + rnorm(n), c(-1, 1))
  steps <- iv_curve(y ~ x | z, data.frame(z, x = dose, y = dose + rnorm(n)), seed = 1)
  expect_equal(steps$identification$moved, c(0, 2))
  expect_false(any(LatentMR:::curve_extrapolates(steps, 0:2)))
  nothing <- iv_curve(y ~ x | z, data.frame(z = rnorm(n), x, y = rnorm(n)), seed = 1)
  expect_true(all(as.data.frame(nothing)$extrapolated))
  expect_output(print(nothing), "nowhere for sure")
  expect_s3_class(plot(nothing), "ggplot")
})

test_that("the line is 2SLS with the instruments as given, or with more where those fail", {
  set.seed(6)
  n <- 2000
  z <- rnorm(n)
  u <- rnorm(n)
  d <- data.frame(z, x = .3 * z + u, y = .3 * z + 2 * u + rnorm(n))
  given <- iv_curve(y ~ x | z, d, seed = 1)
  slope <- function(f) f$model$summary[["linear"]] * f$model$scale[["y_sd"]] / f$model$scale[["a_scale"]]
  expect_equal(slope(given), cov(d$z, d$y) / cov(d$z, d$x), tolerance = 1e-6)
  d$x <- z^2 + u # z itself says nothing of the exposure, its square does
  d$y <- d$x + u + rnorm(n)
  bent <- iv_curve(y ~ x | z, d, seed = 1)
  expect_equal(slope(bent), 1, tolerance = .1)
})

test_that("bands that there are not are refused", {
  expect_conditions({
    curve_control(band = "jackknife")
    curve_control(draws = 10)
    iv_curve(y ~ x | z, d, estimator = "kiv", control = curve_control(band = "bootstrap"), seed = 1)
    iv_curve(y ~ x | z, d[1:100, ], control = curve_control(band = "sandwich"), seed = 1)
  })
})
