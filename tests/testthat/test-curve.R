fit <- iv_curve(y ~ x | z, sigmoid_data(1000, 3), seed = 1)

test_that("the curve beats its references on the sigmoid", {
  at <- seq(0, 1, length.out = 200)
  mse <- function(v) mean((v - sigmoid(at))^2)
  expect_lt(mse(predict(fit, at)), .06)
  for (m in c("constant", "regression", "linear", "quadratic")) {
    expect_lt(mse(predict(fit, at)), mse(LatentMR:::reference_value(fit$references$models[[m]], at)))
  }
  expect_equal(fit$shrink, 1)
  expect_lt(fit$tests$p.value[4], 1e-6)
})

test_that("where the truth is a line and instruments are weak, the fit is 2SLS exactly", {
  set.seed(1)
  n <- 3000
  z <- rnorm(n)
  u <- rnorm(n)
  x <- .3 * z + u + rnorm(n)
  d <- data.frame(z, x, y = .5 * x + u + rnorm(n))
  line <- iv_curve(y ~ x | z, d, seed = 1)
  expect_equal(line$shrink, 0)
  expect_lt(max(abs(predict(line, c(-2, 0, 2), derivative = TRUE) - line$model$summary[["linear"]] * line$model$scale[["y_sd"]] / line$model$scale[["a_scale"]])), 1e-12)
  expect_gt(line$tests$p.value[1], .01)
  expect_output(print(line), "No evidence against a line")
  # the band is not confident where the line rules: it holds the truth
  band <- predict(line, c(-3, 0, 3), interval = "confidence")
  expect_true(all(band[, "lwr"] < .5 * c(-3, 0, 3) & .5 * c(-3, 0, 3) < band[, "upr"]))
})

test_that("the closed solver minimises the three-net Lagrangian, whatever lambda (identity 1.6 b)", {
  # over an intercept, four features and h_w in the span of the instruments, h~ solved by projection: a
  # quadratic, minimised from its values alone, against the closed form without a prior
  set.seed(2)
  n <- 60
  q <- qr.Q(qr(cbind(1, matrix(rnorm(n * 8), n))))
  phi <- matrix(rnorm(n * 4), n) + q[, -1] %*% matrix(rnorm(32), 8)
  y <- rnorm(n)
  moment <- function(v) drop(crossprod(q[, -1], v))
  closed <- .Call(LatentMR:::C_ffi_test_evidence, moment(y), moment(phi[, 1]), moment(phi[, 2]), moment(phi[, 3:4]), 1e9, 1e9)
  closed <- drop(closed$map %*% moment(y))
  for (lambda in c(.1, 1, 10)) {
    value <- function(p) {
      ha <- p[1] + drop(phi %*% p[2:5])
      hw <- drop(q %*% p[-(1:5)])
      ht <- drop(q %*% crossprod(q, ha))
      mean((y - hw)^2) / 2 + lambda * (mean((hw - ha)^2) - mean((ht - ha)^2)) / 2
    }
    e <- diag(14)
    slope <- apply(e, 2, function(d) (value(d) - value(-d)) / 2)
    bend <- outer(1:14, 1:14, Vectorize(function(i, j) {
      (value(e[, i] + e[, j]) - value(e[, i] - e[, j]) - value(e[, j] - e[, i]) + value(-e[, i] - e[, j])) / 4
    }))
    best <- -solve(bend, slope)
    expect_equal(best[2:5], closed, tolerance = 1e-6)
    # at the optimum h~ - h_w = P (h_a - y) / (1 + lambda)
    ha <- best[1] + drop(phi %*% best[2:5])
    expect_equal(drop(crossprod(q, ha)) - best[-(1:5)], drop(crossprod(q, ha - y)) / (1 + lambda), tolerance = 1e-6)
  }
})

test_that("same data and seed give the same numbers, on any instruction set", {
  d <- sigmoid_data(300, 4)
  a <- iv_curve(y ~ x | z, d, seed = 7)
  expect_identical(predict(a, c(.2, .8)), predict(iv_curve(y ~ x | z, d, seed = 7), c(.2, .8)))
  set.seed(9)
  b <- predict(iv_curve(y ~ x | z, d), .3)
  set.seed(9)
  expect_identical(b, predict(iv_curve(y ~ x | z, d), .3))
  old <- options(LatentMR.cpu = 0)
  on.exit(options(old))
  expect_equal(predict(a, c(.2, .8)), predict(iv_curve(y ~ x | z, d, seed = 7), c(.2, .8)), tolerance = 1e-6)
})

test_that("units of outcome and exposure carry through", {
  d <- sigmoid_data(400, 5)
  a <- iv_curve(y ~ x | z, d, seed = 1)
  d2 <- data.frame(y = 10 + 3 * d$y, x = 100 * d$x - 7, z = 5 * d$z)
  b <- iv_curve(y ~ x | z, d2, seed = 1)
  at <- c(.2, .5, .9)
  expect_equal(predict(b, 100 * at - 7), 10 + 3 * predict(a, at), tolerance = 1e-6)
  expect_equal(predict(b, 100 * at - 7, derivative = TRUE), .03 * predict(a, at, derivative = TRUE), tolerance = 1e-6)
  expect_equal(
    predict(b, 100 * at - 7, "confidence")[, "std.error"], 3 * predict(a, at, "confidence")[, "std.error"],
    tolerance = 1e-5
  )
})

test_that("derivatives, average effects and the uniform band follow from the curve", {
  at <- c(.1, .4, .7)
  h <- 1e-5
  expect_equal(predict(fit, at, derivative = TRUE), (predict(fit, at + h) - predict(fit, at - h)) / (2 * h), tolerance = 1e-6)
  e <- average_effect(fit, from = .2, to = .7)
  expect_equal(e$estimate, diff(predict(fit, c(.2, .7))))
  expect_equal(e$unshrunk, unname(diff(predict(fit, c(.2, .7), "confidence")[, "unshrunk"])))
  expect_equal(average_derivative(fit)$estimate, mean(predict(fit, fit$data$x, derivative = TRUE)), tolerance = 1e-6)
  p <- predict(fit, at, "confidence")
  u <- predict(fit, at, "uniform")
  expect_true(all(u[, "upr"] - u[, "lwr"] > p[, "upr"] - p[, "lwr"]))
  expect_equal(unname(p[, "upr"] - p[, "unshrunk"]), unname(qnorm(.975) * p[, "std.error"]))
  expect_identical(predict(fit, c(NA, .5)), c(NA, predict(fit, .5)))
})

test_that("linear covariates are partialled out exactly", {
  d <- sigmoid_data(500, 6)
  set.seed(1)
  d$age <- rnorm(500) + 2 * d$z
  a <- iv_curve(y ~ age | x | z, d, seed = 1)
  d$y2 <- d$y + 3 * d$age
  b <- iv_curve(y2 ~ age | x | z, d, seed = 1)
  at <- c(.2, .8)
  expect_equal(diff(predict(b, at, derivative = TRUE)), diff(predict(a, at, derivative = TRUE)), tolerance = 1e-4)
  expect_equal(b$model$summary[["s2"]] * var(d$y2), a$model$summary[["s2"]] * var(d$y), tolerance = 1e-4)
})

test_that("grouped rows give what the rows give", {
  # above 4,000 rows sums run over the support: the same fit to its accuracy
  d <- sigmoid_data(4400, 7)
  all <- iv_curve(y ~ x | z, d, seed = 1)
  expect_lt(all$model$summary[["points"]], 4400)
  f <- all$model
  columns <- LatentMR:::closed_at(f, d$x, diag(length(f$coef)), FALSE) / f$scale[["y_sd"]]
  expect_equal(unname(colMeans(columns)), rep(0, ncol(columns)), tolerance = 1e-6)
  expect_equal(f$gram, crossprod(columns), tolerance = 1e-4, ignore_attr = TRUE)
  expect_equal(f$fitted, drop(columns %*% f$coef), tolerance = 1e-5)
})

test_that("linearity test: weighted chi-squares and their combination", {
  expect_equal(LatentMR:::weighted_chisq(3.84, 1), pchisq(3.84, 1, lower.tail = FALSE), tolerance = 1e-4)
  expect_equal(LatentMR:::weighted_chisq(30, rep(2, 5)), pchisq(15, 5, lower.tail = FALSE), tolerance = 1e-4)
  set.seed(1)
  draws <- colSums(c(3, 1, .2) * matrix(rnorm(3e5)^2, 3))
  expect_equal(LatentMR:::weighted_chisq(10, c(3, 1, .2)), mean(draws > 10), tolerance = .02)
  expect_equal(LatentMR:::combine_p(c(.2, .2)), .2)
})

test_that("discrete instruments: few directions, a line when there is one", {
  set.seed(2)
  n <- 2000
  g <- rbinom(n, 2, .3)
  u <- rnorm(n)
  d <- data.frame(g, b = as.numeric(g > 0), x = g + u, y = (g + u)^2 + u)
  snp <- iv_curve(y ~ x | g, d, seed = 1)
  expect_equal(snp$identification$most, 2)
  binary <- iv_curve(y ~ x | b, d, seed = 1)
  expect_equal(binary$identification$most, 1)
  expect_equal(binary$shrink, 0)
  expect_output(print(binary), "1 of at most 1")
})

test_that("frames, print, plot, and saving", {
  f <- as.data.frame(fit)
  expect_equal(f$estimate, predict(fit, f$x))
  expect_named(glance(fit), c(
    "nobs", "shrink", "noise.ratio", "strength", "directions", "r.squared.first",
    "p.value.linearity", "p.value.endogeneity", "sigma"
  ))
  t <- tidy(fit)
  expect_equal(t$term, c("average derivative", "linear 2SLS"))
  expect_equal(t$statistic, c(average_derivative(fit)$unshrunk, t$estimate[2]) / t$std.error)
  expect_s3_class(plot(fit), "ggplot")
  expect_output(print(summary(fit)), "Canonical correlations")
  expect_equal(nobs(fit), 1000)
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(fit, file)
  again <- readRDS(file)
  expect_identical(predict(again, c(.1, .9), "uniform"), predict(fit, c(.1, .9), "uniform"))
  # the layout: digits depend on the processor in the last place
  expect_snapshot(print(fit), transform = function(x) gsub(" +", " ", gsub("-?[0-9][0-9.]*(e[-+]?[0-9]+)?", "#", x)))
})

test_that("bad input is named", {
  d <- sigmoid_data(80, 8)
  d$f <- factor(rep(c("a", "b"), 40))
  d$k <- 1
  d$i <- replace(d$x, 3, Inf)
  d$m <- replace(d$y, 1:3, NA)
  many <- cbind(d, matrix(rnorm(80 * 50), 80, dimnames = list(NULL, sprintf("v%d", 1:50))))
  expect_conditions({
    iv_curve(y ~ f | z, d)
    iv_curve(y ~ k | z, d)
    iv_curve(k ~ x | z, d)
    iv_curve(y ~ x | k, d)
    iv_curve(y ~ i | z, d)
    iv_curve(y ~ x + i | z, d)
    iv_curve(y ~ x, d)
    iv_curve(y ~ x | x, d)
    iv_curve(f ~ x | z, d)
    iv_curve(y ~ x | z, d[1:49, ])
    iv_curve(y ~ x | z, d, estimator = "deep")
    iv_curve(y ~ x | z, d, control = list())
    iv_curve(y ~ x | z, d, folds = 3)
    iv_curve(d)
    curve_control(units = 2)
    predict(fit, "a")
    predict(fit, data.frame(q = 1))
    average_effect(fit, from = 0, to = c(1, 2))
    average_effect(fit, from = NA, to = 1)
  })
  expect_error(iv_curve(as.formula(paste("y ~ x |", paste(sprintf("v%d", 1:50), collapse = "+"))), many), class = "latentmr_error_argument")
  expect_warning(iv_curve(y ~ x | z + z2, transform(d, z2 = z), seed = 1), class = "latentmr_warning_duplicate")
  left <- iv_curve(m ~ x | z, d, seed = 1)
  expect_equal(left$nobs, 77)
  expect_output(print(left), "3 rows with missing values left out")
})

test_that("odd but legal data give finite curves", {
  set.seed(6)
  n <- 300
  z <- rnorm(n)
  u <- rnorm(n)
  snps <- matrix(rbinom(n * 40, 2, .3), n)
  odd <- list(
    lognormal = data.frame(z = exp(2 * z), x = exp(z + u), y = exp(u)),
    heavy = data.frame(z, x = z + rt(n, 1), y = rt(n, 1)),
    exact = data.frame(z, x = 2 * z, y = sin(z) + u),
    units = data.frame(z = 1e12 * z, x = 1e-12 * (z + u), y = 1e15 + 1e10 * u),
    binary = data.frame(z, x = as.numeric(z + u > 0), y = u),
    noise = data.frame(z, x = u + rnorm(n), y = u^2)
  )
  for (d in odd) {
    fit <- iv_curve(y ~ x | z, d, seed = 1)
    f <- as.data.frame(fit)
    expect_true(all(is.finite(f$estimate)) && all(is.finite(f$conf.low)))
    expect_true(max(abs(f$estimate - mean(d$y))) <= 3 * diff(range(d$y)))
  }
  d <- data.frame(y = u, x = drop(snps %*% rnorm(40, 0, .2)) + u, snps)
  many <- iv_curve(as.formula(paste("y ~ x |", paste(names(d)[-(1:2)], collapse = "+"))), d, seed = 1)
  expect_true(all(is.finite(as.data.frame(many)$estimate)))
})

test_that("formulas without instruments or without data", {
  set.seed(1)
  d <- data.frame(z = rnorm(60), x = rnorm(60), y = rnorm(60))
  expect_condition_text(iv_curve(y ~ x, data = d), "latentmr_error_argument", paste0(
    "`formula` must be y ~ x | z or y ~ w | x | z, not one without instruments.\n",
    "i Without them a curve is a regression: lm() with splines, or the package mgcv."
  ))
  for (f in list(iv_curve, iv_reg)) {
    expect_condition_text(f(no_such_outcome ~ x | z), "latentmr_error_column", paste0(
      "`data` is not given, and there is no variable \"no_such_outcome\" where the formula was written.\n",
      "i Give the data frame that has it: data = ."
    ))
  }
})
