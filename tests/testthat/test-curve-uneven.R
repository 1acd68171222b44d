# Curves where the spread of the outcome differs with the instrument, and what their methods say.

uneven_data <- function(seed, n = 800, uneven = .6, h = function(x) .5 * x, r2 = .3) {
  set.seed(seed)
  z <- matrix(rnorm(n), n)
  u <- rnorm(n)
  x <- sqrt(r2) * rowSums(z) + sqrt((1 - r2) / 2) * (u + rnorm(n))
  e <- (-.8 * u + .8 * rnorm(n)) * exp(uneven * z[, 1]) / exp(uneven^2)
  data.frame(y = h(x) + e, x, z = z[, 1])
}

test_that("a true line stays one where the spread differs, and a bend is still found", {
  line <- lapply(c(1, 3, 9, 13), function(s) iv_curve(y ~ x | z, uneven_data(s), seed = 1))
  expect_equal(vapply(line, function(f) f$shrink, 0), rep(0, 4))
  expect_true(all(vapply(line, function(f) f$uneven$found, NA)))
  expect_gt(line[[1]]$references$wald[["p.value"]], .05)
  expect_output(print(line[[1]]), "spread of y differs with the instruments", fixed = TRUE)
  bend <- iv_curve(y ~ x | z, uneven_data(1, 2000, h = function(x) x^2 / 2, r2 = .5), seed = 1)
  expect_true(bend$uneven$found)
  expect_gt(bend$shrink, 0)
})

test_that("the noise of the posterior has White's form, by hand; one variance elsewhere", {
  d <- uneven_data(3)
  fit <- iv_curve(y ~ x | z, d, seed = 1)
  plain <- LatentMR:::closed_fit(fit$data, fit$control, 1L)
  noise <- plain$map %*% (plain$omega - plain$summary[["s2_band"]] * diag(nrow(plain$omega))) %*% t(plain$map)
  expect_equal(fit$model$cov, plain$cov + noise)
  expect_gt(min(eigen(fit$model$cov, TRUE, TRUE)$values), -1e-10)
  u <- plain$residual^2
  koenker <- summary(lm(u ~ z + I(z^2), d))$fstatistic
  expect_equal(fit$uneven$p.value, pchisq(2 * koenker[[1]], 2, lower.tail = FALSE))
  even <- iv_curve(y ~ x | z, uneven_data(3, uneven = 0), seed = 1)
  expect_false(even$uneven$found)
  expect_identical(even$model$cov, LatentMR:::closed_fit(even$data, even$control, 1L)$cov)
})

test_that("the cubic Wald has White's errors from the residuals of the line", {
  d <- uneven_data(1)
  fit <- iv_curve(y ~ x | z, d, seed = 1)
  u <- as.vector(scale(d$x))
  z <- as.vector(scale(d$z))
  X <- cbind(1, u, u^2, u^3)
  P <- fitted(lm(X ~ z + I(z^2) + I(z^3) + I(z^4)))
  b <- solve(crossprod(P), crossprod(P, d$y))
  slope <- cov(d$y, z) / cov(u, z)
  left <- d$y - mean(d$y) - slope * u
  v <- solve(crossprod(P)) %*% crossprod(P * left) %*% solve(crossprod(P)) * 800 / 796
  expect_equal(fit$references$wald[["statistic"]], drop(b[3:4] %*% solve(v[3:4, 3:4], b[3:4])), tolerance = 1e-6)
})

test_that("evidence that a p-value stands for: none above 1 / e", {
  most <- LatentMR:::most_evidence
  expect_equal(vapply(c(.05, exp(-1), .5), most, 0), c(-log(.05 * exp(1) * -log(.05)), 0, 0))
  expect_equal(most(NA_real_), 0)
})

test_that("what a curve says beside its numbers, and where to turn for what it does not have", {
  fit <- iv_curve(y ~ x | z, uneven_data(2, 600, 0), seed = 1)
  expect_false(fit$identification$strong)
  expect_match(average_effect(fit, c(-.5, 0), c(.5, 100))$note, "weak instruments|extrapolated: the instruments move")
  expect_output(print(fit), "too narrow for curves rougher than a parabola", fixed = TRUE)
  d <- uneven_data(2, 600, 0)
  again <- update(iv_curve(y ~ x | z, d, seed = 1), seed = 3)
  expect_identical(again$seed, 3L)
  expect_identical(update(again, seed = 3)$call, again$call)
  for (f in list(coef, vcov, confint, residuals)) expect_error(f(fit), class = "latentmr_error_argument")
  contradicted <- fit
  contradicted$shrink <- 0
  contradicted$tests$p.value[1] <- .02
  expect_match(LatentMR:::line_words(contradicted, format), "objects to a line (p = 0.02)", fixed = TRUE)
  expect_identical(nobs(iv_reg(y ~ x | z, d), use.fallback = TRUE), 600L)
})
