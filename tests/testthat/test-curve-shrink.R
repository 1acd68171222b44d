# When the curve leaves the line, and what weak instruments fit.

# Score z of variance share r2, effect h, confounded exposure.
score_data <- function(n, r2, h, seed) {
  set.seed(seed)
  z <- rnorm(n)
  u <- rnorm(n)
  x <- sqrt(r2) * z + sqrt((1 - r2) / 2) * (u + rnorm(n))
  data.frame(z, x, y = h(x) + u + rnorm(n))
}
parabola <- function(x) .3 * x^2
centred_error <- function(value, truth) mean((value - truth - mean(value - truth))^2)

test_that("strength: the smallest squared canonical correlation of line and square, less the noise's share", {
  twin <- function(fit, w) {
    columns <- LatentMR:::closed_at(fit$model, fit$data$x, diag(length(fit$model$coef))[, 1:2], FALSE) / fit$model$scale[["y_sd"]]
    all <- crossprod(lm.fit(cbind(1, w), columns)$residuals)
    root <- min(Re(eigen(solve(all, crossprod(fit$model$cross[, 1:2])))$values))
    noise <- nrow(fit$model$cross) / (fit$nobs - 1 - ncol(w))
    (root - noise) / (1 - noise)
  }
  d <- score_data(600, .4, parabola, 1)
  fit <- iv_curve(y ~ x | z, d, seed = 1)
  expect_equal(fit$identification$strength, twin(fit, matrix(0, 600, 0)), tolerance = 1e-6)
  d$w <- rnorm(600)
  d$x <- d$x + d$w
  given <- iv_curve(y ~ w | x | z, d, control = curve_control(covariates = "linear"), seed = 1)
  expect_equal(given$identification$strength, twin(given, cbind(d$w)), tolerance = 1e-6)
  # the law: r2^2 for a Gaussian exposure (Hermite polynomials)
  for (r2 in c(.2, .6)) {
    many <- iv_curve(y ~ x | z, score_data(20000, r2, parabola, 2), seed = 1)
    expect_equal(many$identification$strength, r2^2, tolerance = .1)
    expect_equal(many$identification$strong, r2^2 > .13)
  }
  # one direction is less than a parabola
  expect_lt(iv_curve(y ~ x | b, transform(d, b = as.numeric(z > 0)), seed = 1)$identification$strength, .01)
})

test_that("weak instruments: quadratic 2SLS with little beside it", {
  errors <- vapply(1:5, function(seed) {
    d <- score_data(5000, .15, parabola, seed)
    fit <- iv_curve(y ~ x | z, d, seed = seed)
    at <- seq(-2, 2, .1)
    c(
      centred_error(predict(fit, at), parabola(at)), centred_error(predict(fit, at, "confidence")[, "unshrunk"], parabola(at)),
      centred_error(LatentMR:::reference_value(fit$references$models$quadratic, at), parabola(at))
    )
  }, numeric(3))
  middle <- apply(errors, 1, median)
  expect_lt(middle[1], 1.3 * middle[3])
  expect_lt(median(abs(errors[2, ] / errors[3, ] - 1)), .1)
})

test_that("an instrument without a second direction has no flat prior for the square", {
  d <- score_data(500, .3, parabola, 3)
  binary <- iv_curve(y ~ x | b, transform(d, b = as.numeric(z > 0)), seed = 1)
  expect_equal(binary$shrink, 0)
  expect_lt(max(predict(binary, c(-1, 0, 1), "confidence")[, "std.error"]), 5 * sd(d$y))
})

test_that("s as a function of V / D, and of the evidence where instruments are strong", {
  s <- function(ratio, strong = FALSE, alike = FALSE, most = 5, gain = 9) {
    LatentMR:::curve_shrink(list(
      identification = list(most = most, strong = strong), alike = alike,
      model = list(summary = c(ratio = ratio, gain = gain))
    ))
  }
  expect_equal(vapply(c(1.1, .5, .32, .25), s, 0, strong = TRUE), c(0, 0, .32, 1))
  bends <- vapply(c(-3, -.5, -.45, -.3, -.25, 5), function(gain) s(.01, strong = TRUE, gain = gain), 0)
  expect_equal(bends, c(0, 0, .2, .8, 1, 1))
  expect_equal(vapply(c(1 / 4.9, .19, 1 / 6), s, 0), c(0, 8 * .05, 1))
  expect_equal(vapply(c(1 / 1.6, .55, .5), s, 0, alike = TRUE), c(0, 8 * (1 - 1.64 * .55), 1))
  expect_equal(s(.01, strong = TRUE, most = 1), 0)
  expect_equal(s(.01, gain = -9), 1)
  expect_equal(s(Inf), 0)
})

test_that("the control function: least squares with White's errors, and when it counts", {
  d <- score_data(4000, .1, parabola, 4)
  fit <- iv_curve(y ~ x | z, d, seed = 1)
  u <- as.vector(scale(d$x))
  r <- residuals(lm(u ~ z + I(z^2) + I(z^3), d))
  white <- function(m) {
    X <- model.matrix(m)
    bread <- solve(crossprod(X))
    nrow(X) / df.residual(m) * bread %*% crossprod(X * residuals(m)) %*% bread
  }
  bend <- lm(y ~ u + I(u^2) + r + I(r^2) + I(r^3), d)
  spread <- lm(r^2 ~ z + I(z^2), d)
  wald <- coef(spread)[-1] %*% solve(white(spread)[-1, -1]) %*% coef(spread)[-1]
  expect_equal(fit$references$bend, c(
    estimate = coef(bend)[["I(u^2)"]], std.error = sqrt(white(bend)["I(u^2)", "I(u^2)"]),
    p.variance = pchisq(drop(wald), 2, lower.tail = FALSE)
  ), tolerance = 1e-6)

  alike <- function(estimate = 1, std.error = .1, p.variance = .5, b = 1.5, se = 1) {
    quadratic <- list(coef = c(x1 = 0, x2 = b), vcov = matrix(se^2, 1, 1, dimnames = list("x2", "x2")))
    LatentMR:::bends_alike(list(
      models = list(quadratic = quadratic),
      bend = c(estimate = estimate, std.error = std.error, p.variance = p.variance)
    ))
  }
  expect_true(alike())
  expect_false(alike(p.variance = .04)) # the residual depends on the instruments
  expect_false(alike(std.error = .4)) # no bend
  expect_false(alike(estimate = -.4)) # the other way
  expect_false(alike(estimate = 4)) # much more
  expect_false(alike(estimate = NA))

  # with a bend that 2SLS alone sees at t about 2, it opens the gate; people who react
  # differently to the score break it, and it says so
  s <- vapply(1:5, function(seed) {
    fit <- iv_curve(y ~ x | z, score_data(8000, .08, parabola, 20 + seed), seed = 1)
    c(fit$alike, fit$shrink > 0, fit$model$summary[["ratio"]] < 1 / 1.64)
  }, numeric(3))
  expect_gte(sum(s[1, ]), 4)
  expect_identical(s[2, s[1, ] == 1], s[3, s[1, ] == 1])
  set.seed(5) # process C of Tian et al. (2023), no effect
  z <- rnorm(10000, 0, .5)
  u <- rnorm(10000)
  react <- data.frame(z, x = (1.5 + .4 * u) * (z + 5) + u + rnorm(10000), y = u + rnorm(10000))
  uneven <- iv_curve(y ~ x | z, react, seed = 1)
  expect_lt(uneven$references$bend[["p.variance"]], .001)
  expect_gt(abs(uneven$references$bend[["estimate"]]), 2.6 * uneven$references$bend[["std.error"]]) # a bend where there is no effect
  expect_false(uneven$alike)
  alike_fit <- iv_curve(y ~ x | z, score_data(8000, .1, parabola, 6), seed = 1)
  expect_true(alike_fit$alike)
  expect_output(print(alike_fit), "The control function bends alike")
})

test_that("strong instruments: steep curves are not flattened", {
  errors <- vapply(1:5, function(seed) {
    fit <- iv_curve(y ~ x | z, sigmoid_data(1000, 300 + seed), seed = seed)
    at <- seq(0, 1, length.out = 200)
    c(mean((predict(fit, at) - sigmoid(at))^2), fit$identification$strong)
  }, numeric(2))
  expect_lt(median(errors[1, ]), .045)
  expect_true(all(errors[2, ] == 1))
})

test_that("every prior is a law: its weights add up to one", {
  blocks <- matrix(unlist(curve_priors), 10)
  expect_identical(ncol(blocks), 8L)
  expect_equal(colSums(blocks[6:10, ]), rep(1, 8))
  expect_true(all(blocks >= 0))
})

test_that("a straight truth and strong instruments: the line of linear 2SLS in most data sets, and never far from it in the others", {
  straight <- function(seed) {
    set.seed(seed)
    z <- matrix(rnorm(2000 * 6), 2000)
    u <- rnorm(2000)
    x <- sqrt(.6) * drop(scale(z %*% rnorm(6))) + sqrt(.4) * (.6 * u + .8 * rnorm(2000))
    d <- data.frame(x, y = 128 + 2 * x + 5 * u + rnorm(2000))
    d$z <- z
    fit <- iv_curve(y ~ x | z, d, seed = seed)
    at <- quantile(x, seq(.02, .98, .04))
    line <- coef(iv_reg(y ~ x | z, d))[["x"]]
    c(fit$shrink, sqrt(centred_error(predict(fit, at), 2 * at) / centred_error(line * at, 2 * at)))
  }
  draws <- vapply(1:10, straight, numeric(2))
  expect_lte(sum(draws[1, ] > 0), 2)
  expect_equal(median(draws[2, ]), 1, tolerance = 1e-6)
})

test_that("log evidence of a bend: densities of the coordinates under every net and prior, and under the line", {
  d <- score_data(800, .6, function(x) sin(2 * x), 8)
  fit <- iv_curve(y ~ x | z, d, control = curve_control(members = 3, units = 8, polish = 0), seed = 1)
  model <- fit$model
  expect_true(fit$identification$strong)
  g0 <- model$cross[, 1]
  left <- qr.Q(qr(cbind(g0)), complete = TRUE)[, -1] # the line's slope has a flat prior
  e <- drop(crossprod(left, model$g))
  density <- function(k2, kr, net) {
    r <- model$cross[, 2 + (net - 1) * 8 + 1:8]
    v <- crossprod(left, diag(length(g0)) + k2 * tcrossprod(model$cross[, 2]) + kr * tcrossprod(r)) %*% left
    -as.numeric(determinant(v)$modulus) / 2 - drop(e %*% solve(v, e)) / (2 * model$summary[["s2"]])
  }
  prior <- matrix(curve_priors$strong, 5)
  cells <- expand.grid(k2 = 1:5, kr = 1:5, net = 1:3)
  each <- mapply(function(i, j, net) {
    log(prior[i, 2] * prior[j, 4] / 3) + density(prior[i, 1], prior[j, 3], net)
  }, cells$k2, cells$kr, cells$net)
  top <- max(each)
  expect_equal(model$summary[["gain"]], top + log(sum(exp(each - top))) - density(0, 0, 1), tolerance = 1e-6)
})
