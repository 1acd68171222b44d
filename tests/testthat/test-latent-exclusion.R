quiet <- function(code) suppressWarnings(suppressMessages(code))

# b - a'g + s t sqrt((1, -g)'V(1, -g)) in every corner of the box.
ref_exclusion <- function(b, t, a, v, lo, hi) {
  corners <- as.matrix(expand.grid(Map(c, lo, hi)))
  w <- cbind(1, -corners)
  half <- t * sqrt(rowSums((w %*% v) * w))
  middle <- b - drop(corners %*% a)
  c(min(middle - half), max(middle + half))
}

test_that("ends are those of all corners, exact or by switching", {
  set.seed(3)
  for (L in c(1, 2, 5, 17)) {
    a <- rnorm(L)
    v <- crossprod(matrix(rnorm((L + 1)^2), L + 1)) / 20
    lo <- -runif(L)
    hi <- runif(L)
    if (L == 5) lo[2] <- hi[2] <- 0
    out <- .Call(C_ffi_exclusion, .7, 1.9, a, v, lo, hi)
    expect_equal(out$ends, ref_exclusion(.7, 1.9, a, v, lo, hi), tolerance = 1e-10)
    at <- apply(out$gamma, 2, function(g) {
      w <- c(1, -g)
      .7 - sum(a * g) + 1.9 * c(-1, 1) * sqrt(drop(w %*% v %*% w))
    })
    expect_equal(out$ends, c(at[1, 1], at[2, 2]))
  }
  # Where the spread matters more than the shift, the starting corner is not the end.
  v <- diag(c(1, 50, 50))
  v[1, 2] <- v[2, 1] <- 6
  expect_equal(.Call(C_ffi_exclusion, 0, 2, c(.01, .01), v, c(-1, -1), c(1, .2))$ends, ref_exclusion(0, 2, c(.01, .01), v, c(-1, -1), c(1, .2)))
  expect_error(.Call(C_ffi_exclusion, 0, 2, 1, diag(2), 1, 0), "bounds")
})

test_that("one instrument, by hand", {
  set.seed(1)
  n <- 60
  z <- rnorm(n)
  x <- z + rnorm(n)
  y <- x + rnorm(n)
  fit <- iv_fit(y, x, z, rep(1, n))
  out <- plausibly_exogenous(fit, .3)
  interval <- function(g) {
    zc <- z - mean(z)
    b <- sum(zc * (y - g * z)) / sum(zc * x)
    e <- (y - g * z) - b * x
    e <- e - mean(e)
    se <- sqrt(sum(e^2) / (n - 2) * sum(zc^2)) / abs(sum(zc * x))
    b + c(-1, 1) * qt(.975, n - 2) * se
  }
  both <- cbind(interval(.3), interval(-.3))
  expect_equal(c(out$lo_ci[5], out$up_ci[5]), c(min(both), max(both)))
  expect_equal(c(out$lo_ci[1], out$up_ci[1]), interval(0))
  shift <- .3 * sum((z - mean(z))^2) / sum((z - mean(z)) * x)
  expect_equal(c(out$b_min[5], out$b_max[5]), out$b_min[1] + c(-1, 1) * abs(shift))
  expect_identical(out$scale, c(0, .25, .5, .75, 1))
  tip <- attr(out, "tipping")[["x"]]
  expect_equal(min(abs(interval(.3 * tip)), abs(interval(-.3 * tip))), 0, tolerance = 1e-6)
})

test_that("every kind of error: refits in the corners", {
  set.seed(2)
  n <- 90
  z <- matrix(rnorm(3 * n), n)
  w <- cbind(one = 1, w = rnorm(n))
  x <- drop(z %*% c(.8, .5, .3)) + rnorm(n)
  y <- .5 * x + rnorm(n) * (1 + abs(z[, 1]))
  family <- rep(1:18, 5)
  weights <- runif(n, .5, 2)
  delta <- c(.1, .05, .2)
  for (type in c("iid", "HC0", "HC1", "HC2", "HC3", "cluster")) {
    run <- function(y, weights = NULL) {
      iv_fit(y, x, z, w, vcov = type, cluster = if (type == "cluster") family, weights = if (type != "cluster") weights)
    }
    fit <- run(y, weights)
    out <- plausibly_exogenous(fit, delta, level = .9)
    corners <- as.matrix(expand.grid(Map(c, -delta, delta)))
    ends <- apply(corners, 1, function(g) confint(run(y - drop(z %*% g), weights), level = .9)["x", ])
    expect_equal(c(out$lo_ci[5], out$up_ci[5]), c(min(ends[1, ]), max(ends[2, ])), tolerance = 1e-8)
    inside <- confint(run(y - drop(z %*% (delta * c(.3, -.8, .1))), weights), level = .9)["x", ]
    expect_true(inside[1] > out$lo_ci[5] && inside[2] < out$up_ci[5])
  }
  # Two endogenous variables, another kappa, a formula with covariates.
  d <- data.frame(y, x, x2 = z[, 2] - z[, 3] + rnorm(n), z, w = w[, 2])
  for (type in c("iid", "HC1", "HC3")) {
    two <- iv_reg(y ~ w | x + x2 | X1 + X2 + X3, data = d, estimator = "kclass", kappa = .8, vcov = type)
    out <- plausibly_exogenous(two, cbind(c(0, -.1, 0), c(.1, 0, 0)))
    refit <- function(a, b) confint(update(two, data = transform(d, y = y - a * X1 + b * X2)))["x2", ]
    ends <- cbind(refit(0, 0), refit(.1, 0), refit(0, .1), refit(.1, .1))
    at <- out[out$term == "x2" & out$scale == 1, ]
    expect_equal(c(at$lo_ci, at$up_ci), c(min(ends), max(ends)), tolerance = 1e-8)
  }
})

test_that("a fit of latent instruments: the estimate of y - Z gamma on rows", {
  d <- simulate_mr("snp", cell = 9, n = 300, seed = 4, missing = .02)
  fit <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  rank <- qr(block)$rank
  n <- nrow(z)
  # b and its error with the J of exact exclusion as `factor`.
  by_hand <- function(gamma, method, factor = 1) {
    r <- ref_residual(cbind(d$outcome - drop(z %*% gamma), d$exposure, z), block)
    q <- qr(r[, -(1:2)], tol = 1e-6)
    hat <- qr.fitted(q, r[, 2])
    if (method == "latent_2sls") {
      b <- sum(hat * r[, 1]) / sum(hat^2)
      se <- sqrt(sum((r[, 1] - b * r[, 2])^2) / (n - rank - 1) / sum(hat^2))
      return(b + c(-1, 1) * qnorm(.975) * se)
    }
    b <- ref_nagar(d$outcome - drop(z %*% gamma), d$exposure, z, block)[["b"]]
    left <- qr.resid(q, r[, 1:2])
    om <- crossprod(left) / (n - rank - q$rank)
    se <- ref_nagar_error(b, sum(hat^2), om[2:1, 2:1], q$rank, n - rank - q$rank)
    b + c(-1, 1) * qt(.975, q$rank - 1) * se * factor
  }
  r0 <- fit$latent$kclass
  for (method in c("latent_2sls", "latent_nagar")) {
    out <- plausibly_exogenous(fit, .02, method = method)
    worst <- attr(out, "gamma")$exposure
    expect_setequal(worst, c(-.02, .02))
    factor <- diff(c(out$lo_ci[1], out$up_ci[1])) / diff(by_hand(rep(0, 20), method))
    expect_gte(factor, 1 - 1e-7)
    low <- by_hand(worst[, 1], method, factor)
    high <- by_hand(worst[, 2], method, factor)
    expect_equal(c(out$lo_ci[5], out$up_ci[5]), c(low[1], high[2]), tolerance = 1e-6)
    set.seed(4)
    for (i in 1:10) {
      g <- by_hand(sample(c(-.02, .02), 20, TRUE), method, factor)
      expect_true(g[1] > out$lo_ci[5] && g[2] < out$up_ci[5])
    }
  }
  sargan <- fit$diagnostics$sargan$ratio
  expect_equal(factor, sqrt(max(1, sargan)), tolerance = 1e-6)
  sums <- quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), methods = "latent_2sls", by_environment = FALSE, seed = 1))
  expect_equal(plausibly_exogenous(sums, .02)$lo_ci, plausibly_exogenous(fit, .02)$lo_ci, tolerance = 1e-7)
  expect_snapshot(print(plausibly_exogenous(fit, .02)))
})

test_that("words for every case; wrong bounds are named", {
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
  expect_match(violation_words(plausibly_exogenous(fit, 0)), "No multiple of the bounds")
  expect_match(violation_words(plausibly_exogenous(fit, c(.01, .2))), "times the bounds")
  set.seed(1)
  weak <- iv_fit(rnorm(30), rnorm(30), rnorm(30), rep(1, 30))
  expect_match(violation_words(plausibly_exogenous(weak, .1)), "even if there are none")
  expect_output(print(plausibly_exogenous(fit, .1)[1:2, ]), "lo_ci")
  named <- plausibly_exogenous(fit, c(cyl = .2, disp = .01))
  expect_identical(named$lo_ci, plausibly_exogenous(fit, c(.01, .2))$lo_ci)
  liml <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars, estimator = "liml")
  ols <- iv_reg(mpg ~ hp, data = mtcars, estimator = "ols")
  expect_conditions({
    plausibly_exogenous(fit)
    plausibly_exogenous(fit, -1)
    plausibly_exogenous(fit, c(1, NA))
    plausibly_exogenous(fit, 1:3)
    plausibly_exogenous(fit, cbind(.1, .2))
    plausibly_exogenous(fit, c(a = 1, b = 2))
    plausibly_exogenous(fit, .1, level = 95)
    plausibly_exogenous(liml, .1)
    plausibly_exogenous(ols, .1)
    plausibly_exogenous(mtcars, .1)
  })
})
