make_moments <- function(d) {
  m <- ref_moments(d$y, d$x, d$z, d$w)
  kclass_moments(m$r0, m$r1, length(d$y), ncol(d$z), ncol(d$w))
}

# Five rows by hand: y = (1, 2, 4, 3, 5), x = (1, 3, 2, 5, 4), z = (-2, -1, 0, 1, 2), w = 1.
# Centred: z'y = 9, z'x = 8, z'z = 10, y'y = 10, x'x = 10, x'y = 5.
# 2SLS b = 9/8; e'e = 10 - 2 (9/8) 5 + (81/64) 10 = 11.40625; s2 = e'e / 3;
# x'Px = 6.4, so se = sqrt(s2 / 6.4). F = 6.4 / (3.6 / 3) = 16/3.
five <- function() {
  y <- c(1, 2, 4, 3, 5)
  x <- c(1, 3, 2, 5, 4)
  z <- c(-2, -1, 0, 1, 2)
  list(y = y, x = cbind(x), z = cbind(z), w = cbind(rep(1, 5)))
}

test_that("five rows by hand", {
  m <- make_moments(five())
  fit <- kclass_fit(m, 1)
  expect_equal(fit$coefficients, 9 / 8)
  expect_equal(fit$s2, 11.40625 / 3)
  expect_equal(drop(fit$vcov), 11.40625 / 3 / 6.4)
  expect_equal(kclass_fit(m, 0)$coefficients, 0.5)
  expect_equal(kclass_liml(m), 1)
  tests <- kclass_tests(m, fit$coefficients)
  expect_equal(tests$partial_f[[1]][["statistic"]], 16 / 3)
  expect_equal(tests$cragg_donald, 16 / 3)
  # Wu-Hausman: OLS rss = 10 - 25/10 = 7.5; y on (z, x) leaves 10 - (9, 5)[10 8; 8 10]^-1(9, 5)' = 10 - 340/36
  expect_equal(tests$wu_hausman[["statistic"]], (7.5 - 20 / 36) / (20 / 36 / 2))
  expect_identical(tests$wu_hausman[["df2"]], 2)
  expect_true(is.na(tests$sargan[["statistic"]]))
  # AR at b = 0: F of y on z = 8.1 / ((10 - 8.1) / 3)
  expect_equal(kclass_ar_test(m, 0)[["statistic"]], 8.1 / (1.9 / 3))
})

test_that("k-class equals dense matrices, one and several endogenous variables", {
  for (k in 1:2) {
    d <- iv_design(k = k, L = 5, seed = k)
    m <- make_moments(d)
    liml <- kclass_liml(m)
    r <- ref_moments(d$y, d$x, d$z, d$w)
    expect_equal(liml, min(Re(eigen(solve(r$r1, r$r0))$values)), tolerance = 1e-10)
    for (kappa in c(0, 0.7, 1, liml)) {
      ours <- kclass_fit(m, kappa)
      twin <- ref_kclass(d$y, d$x, d$z, d$w, kappa)
      expect_equal(ours$coefficients, unname(twin$b[1:k]), tolerance = 1e-9)
      expect_equal(ours$vcov, unname(twin$vcov[1:k, 1:k, drop = FALSE]), tolerance = 1e-9)
      expect_equal(ours$s2, twin$s2, tolerance = 1e-9)
    }
    # Bekker, from the definition over rows with all regressors at once.
    b <- kclass_fit(m, liml)
    X <- cbind(d$x, d$w)
    e <- ref_kclass(d$y, d$x, d$z, d$w, liml)$residuals
    M <- function(v) ref_resid(cbind(d$z, d$w), v)
    a <- 1 - sum(e * M(e)) / sum(e^2)
    T <- X - outer(e, drop(crossprod(e, X)) / sum(e^2))
    H <- crossprod(X) - crossprod(X, M(X)) - a * crossprod(X)
    S <- b$s2 * ((1 - a)^2 * (crossprod(T) - crossprod(T, M(T))) + a^2 * crossprod(T, M(T)))
    V <- solve(H) %*% S %*% solve(H)
    expect_equal(kclass_bekker(m, b$coefficients), unname(V[1:k, 1:k, drop = FALSE]), tolerance = 1e-8)
  }
})

test_that("tests equal their regressions", {
  d <- iv_design(k = 2, L = 5, seed = 3)
  m <- make_moments(d)
  fit <- kclass_fit(m, 1)
  tests <- kclass_tests(m, fit$coefficients)
  ZW <- cbind(d$z, d$w)
  full <- stats::lm(d$x[, 2] ~ 0 + ZW)
  part <- stats::lm(d$x[, 2] ~ 0 + d$w)
  expect_equal(tests$partial_f[[2]][["statistic"]], stats::anova(part, full)$F[2], tolerance = 1e-9)
  e <- ref_kclass(d$y, d$x, d$z, d$w, 1)$residuals
  r <- stats::lm(e ~ 0 + ZW)
  expect_equal(tests$sargan[["statistic"]], 200 * (1 - sum(r$residuals^2) / sum(e^2)), tolerance = 1e-9)
  expect_equal(tests$basmann[["statistic"]], (200 - 8) * (sum(e^2) / sum(r$residuals^2) - 1), tolerance = 1e-9)
  fitted <- stats::fitted(stats::lm(d$x ~ 0 + ZW))
  wu <- stats::anova(stats::lm(d$y ~ 0 + d$x + d$w), stats::lm(d$y ~ 0 + d$x + d$w + fitted))
  expect_equal(tests$wu_hausman[["statistic"]], wu$F[2], tolerance = 1e-9)
  xr <- ref_resid(d$w, d$x)
  v <- ref_resid(ZW, d$x)
  roots <- eigen(solve(crossprod(v) / (200 - 8), crossprod(xr) - crossprod(v)))$values
  expect_equal(tests$cragg_donald, min(Re(roots)) / 5, tolerance = 1e-9)
})

test_that("the Anderson-Rubin set is where the test does not reject", {
  kinds <- character()
  for (s in 1:60) {
    d <- iv_design(n = 40, L = 1 + s %% 3, strength = c(0, 0.1, 0.5)[1 + s %% 3], seed = s)
    # a direct effect of an instrument empties some sets
    d$y <- d$y + if (s %% 5 == 0) 3 * d$z[, 1] else 0
    m <- make_moments(d)
    for (level in c(0.5, 0.95)) {
      set <- kclass_ar_set(m, level)
      kinds <- c(kinds, set$ci_type[1])
      grid <- c(seq(-30, 30, by = 0.37), -1e6, 1e6)
      p <- vapply(grid, function(b) kclass_ar_test(m, b)[["p-value"]], 0)
      inside <- rep(FALSE, length(grid))
      for (i in seq_len(nrow(set))) if (!is.na(set$lo[i])) inside <- inside | (grid >= set$lo[i] & grid <= set$up[i])
      expect_identical(inside, p >= 1 - level)
      ends <- c(set$lo, set$up)
      ends <- ends[is.finite(ends)]
      for (b in ends) expect_equal(kclass_ar_test(m, b)[["p-value"]], 1 - level, tolerance = 1e-6)
    }
  }
  expect_setequal(kinds, c("interval", "rays", "line", "empty"))
})

test_that("what identifies nothing is an error", {
  d <- five()
  r <- ref_moments(d$y, d$x, d$z, d$w)
  expect_error(kclass_fit(kclass_moments(r$r0, r$r0, 5, 1, 1), 1), class = "latentmr_error_singular")
  expect_error(kclass_fit(kclass_moments(r$r0, r$r1, 2, 1, 1), 1), class = "latentmr_error_singular")
  expect_error(kclass_fit(kclass_moments(r$r0, r$r1, 5, 0, 1), 1), class = "latentmr_error_singular")
  expect_error(kclass_liml(kclass_moments(r$r0, 0 * r$r1, 5, 1, 1)), class = "latentmr_error_singular")
  expect_error(kclass_liml(kclass_moments(matrix(1, 2, 2), r$r1, 5, 1, 1)), class = "latentmr_error_singular")
  expect_error(kclass_fit(kclass_moments(r$r0 * NA, r$r1, 5, 1, 1), 1), class = "latentmr_error_nonfinite")
})

test_that("Nagar's covariance with many instruments is that of the bilinear form, matrix by matrix", {
  set.seed(11)
  n <- 60
  w <- cbind(1, rnorm(n))
  z <- matrix(rnorm(n * 9), n)
  u <- rnorm(n)
  x <- cbind(z[, 1] + u + rnorm(n), z[, 2] - u + rnorm(n))
  y <- drop(x %*% c(.3, -.2)) + u + rnorm(n)
  hat <- function(m) m %*% solve(crossprod(m), t(m))
  mw <- diag(n) - hat(w)
  mzw <- diag(n) - hat(cbind(w, z))
  yx <- cbind(y, x)
  m <- kclass_moments(crossprod(yx, mw %*% yx), crossprod(yx, mzw %*% yx), n, 9, 2)
  fit <- kclass_nagar(m)
  a <- mw - mzw - 9 / (n - 11) * mzw
  h <- t(x) %*% a %*% x
  expect_equal(fit$coefficients, drop(solve(h, t(x) %*% a %*% y)), tolerance = 1e-9)
  noise <- crossprod(mzw %*% yx) / (n - 11)
  v <- c(1, -fit$coefficients)
  see <- drop(v %*% noise %*% v)
  s <- drop(noise %*% v)[-1]
  meat <- see * h + sum(a^2) * (see * noise[-1, -1] + outer(s, s))
  expect_equal(fit$vcov, unname(solve(h, meat) %*% solve(h)), tolerance = 1e-8, ignore_attr = TRUE)
})

test_that("the middle of k-class errors: the estimator's own regressors, or Stata's projected ones", {
  d <- iv_design(n = 90, L = 5, k = 2, K = 3, strength = .2, seed = 3)
  g <- rep(1:15, 6)
  n <- 90
  X <- cbind(d$x, d$w)
  for (estimator in c("liml", "fuller", "b2sls")) {
    own <- iv_fit(d$y, d$x, d$z, d$w, estimator)
    fit <- iv_fit(d$y, d$x, d$z, d$w, estimator, meat = "projected")
    expect_identical(coef(fit), coef(own))
    expect_identical(vcov(fit), vcov(own))
    twin <- ref_kclass(d$y, d$x, d$z, d$w, own$kappa)
    hat <- X - ref_resid(cbind(d$z, d$w), X)
    bread <- solve(crossprod(X, twin$projected))
    sandwich <- function(R) bread %*% crossprod(R) %*% bread
    expect_equal(vcov(fit, "HC0"), sandwich(hat * twin$residuals), ignore_attr = TRUE, tolerance = 1e-7)
    expect_equal(vcov(own, "HC0"), sandwich(twin$projected * twin$residuals), ignore_attr = TRUE, tolerance = 1e-7)
    expect_equal(vcov(fit, "HC1"), n / (n - 5) * sandwich(hat * twin$residuals), ignore_attr = TRUE, tolerance = 1e-7)
    clustered <- iv_fit(d$y, d$x, d$z, d$w, estimator, cluster = g, meat = "projected")
    expect_equal(
      vcov(clustered), 15 / 14 * 89 / 85 * sandwich(rowsum(hat * twin$residuals, g)), ignore_attr = TRUE, tolerance = 1e-7
    )
    expect_gt(max(abs(vcov(fit, "HC0") / vcov(own, "HC0") - 1)), 1e-4)
    expect_error(vcov(fit, "CR2", cluster = g), "projected", class = "latentmr_error_argument")
  }
  expect_condition_text(
    iv_fit(d$y, d$x, d$z, d$w, meat = "projected"), "latentmr_error_argument",
    paste0(
      "`meat` must be \"kclass\" with estimator \"2sls\", not \"projected\".\n",
      "i The two differ for \"liml\", \"fuller\", \"kclass\" and \"b2sls\"."
    )
  )
  frame <- data.frame(y = d$y, d$x, d$z, d$w[, -1])
  by_formula <- iv_reg(y ~ w1 + w2 | x1 + x2 | z1 + z2 + z3 + z4 + z5, frame, "liml", vcov = "HC0", meat = "projected")
  fit <- iv_fit(d$y, d$x, d$z, d$w, "liml", vcov = "HC0", meat = "projected")
  expect_equal(vcov(by_formula)[names(coef(fit)), names(coef(fit))], vcov(fit), tolerance = 1e-8)
})

test_that("IVL and anchor regression are the k-class with kappa = 1 / (1 + alpha)", {
  set.seed(6)
  n <- 200
  z <- matrix(rnorm(n * 3), n)
  u <- rnorm(n)
  x <- cbind(z %*% c(1, .5, 0) + u, z %*% c(0, 1, -1) - u) + rnorm(2 * n)
  y <- x %*% c(1, -1) + u + rnorm(n)
  d <- data.frame(y = drop(y), x1 = x[, 1], x2 = x[, 2], z)
  left <- function(v) sweep(as.matrix(v), 2, colMeans(as.matrix(v)))
  project <- tcrossprod(qr.Q(qr(left(z))))
  for (alpha in c(.01, .3, 4)) {
    fit <- iv_reg(y ~ x1 + x2 | X1 + X2 + X3, d, estimator = "kclass", kappa = 1 / (1 + alpha))
    # argmin |P(y - Xb)|^2 + alpha |y - Xb|^2
    weight <- project + alpha * diag(n)
    ivl <- solve(t(left(x)) %*% weight %*% left(x), t(left(x)) %*% weight %*% left(y))
    expect_equal(unname(coef(fit)[-1]), drop(ivl), tolerance = 1e-9)
    # argmin |(I - P)(y - Xb)|^2 + gamma |P(y - Xb)|^2, gamma = (1 + alpha) / alpha: least squares on turned data
    turn <- diag(n) - project + sqrt((1 + alpha) / alpha) * project
    anchor <- qr.coef(qr(turn %*% left(x)), turn %*% left(y))
    expect_equal(unname(coef(fit)[-1]), drop(anchor), tolerance = 1e-9)
  }
})

test_that("kappa starts at 0", {
  expect_error(iv_reg(mpg ~ hp | wt | disp, mtcars, "kclass", kappa = -.5), "`kappa`", class = "latentmr_error_argument")
})
