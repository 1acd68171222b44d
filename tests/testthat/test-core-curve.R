test_that("a net's values and gradient are the twin's and finite differences'", {
  set.seed(1)
  x <- matrix(rnorm(21), 7)
  up <- rnorm(7)
  units <- 11L
  for (mean_field in 0:1) {
    theta <- .Call(LatentMR:::C_ffi_test_net_start, 3L, units, mean_field, 5L)
    scale <- if (mean_field) 1 / units else 1
    value <- function(theta) sum(up * slow_net(theta, x, units, scale))
    differences <- vapply(seq_along(theta), function(j) {
      e <- replace(numeric(length(theta)), j, 1e-5)
      (value(theta + e) - value(theta - e)) / 2e-5
    }, 0)
    got <- .Call(LatentMR:::C_ffi_test_net, theta, x, units, mean_field, up)
    expect_equal(got$out, slow_net(theta, x, units, scale), tolerance = 1e-13)
    expect_equal(got$grad, differences, tolerance = 1e-8)
  }
})

test_that("the single-precision kernels give what the double ones give", {
  set.seed(2)
  for (d in c(1, 2, 3, 4, 7, 70)) for (units in c(1L, 16L, 50L)) for (mean_field in 0:1) {
    x <- matrix(rnorm(33 * d, 0, 2), 33)
    up <- rnorm(33)
    theta <- .Call(LatentMR:::C_ffi_test_net_start, as.integer(d), units, mean_field, 5L)
    slow <- .Call(LatentMR:::C_ffi_test_net, theta, x, units, mean_field, up)
    for (level in 0:LatentMR:::cpu_level()) {
      fast <- .Call(LatentMR:::C_ffi_test_batch, theta, t(x), units, mean_field, up, level)
      expect_lt(max(abs(fast$out - slow$out)), 3e-6 * (1 + max(abs(slow$out))))
      expect_lt(max(abs(fast$grad - slow$grad)), 3e-6 * max(abs(slow$grad)))
    }
  }
  for (level in 0:LatentMR:::cpu_level()) {
    # the tanh itself: one unit, weight 1, over the whole range, to three units in the last place
    at <- c(seq(-12, 12, length.out = 2001), 1e-4, -1e-30, 0)
    theta <- replace(numeric(3 * 16 + 16), c(1, 33), 1)
    tanh <- .Call(LatentMR:::C_ffi_test_batch, theta, t(at), 1L, 0L, 0 * at, level)$out
    expect_lt(max(abs(tanh - base::tanh(at)) / pmax(abs(base::tanh(at)), 1e-37)), 4e-7)
    broken <- .Call(LatentMR:::C_ffi_test_batch, theta, t(c(NaN, 1)), 1L, 0L, c(0, 0), level)$out
    expect_identical(is.nan(broken), c(TRUE, FALSE))
  }
})

test_that("Adam's step is the formula's, in both precisions and at every level", {
  adam <- function(theta, grad, rule, steps) {
    m <- v <- 0 * theta
    for (t in seq_len(steps)) {
      g <- rule[6] * grad + 2 * rule[4] * theta
      m <- rule[2] * m + (1 - rule[2]) * g
      v <- rule[3] * v + (1 - rule[3]) * g^2
      theta <- (1 - rule[1] * rule[5]) * theta - rule[1] * m / (1 - rule[2]^t) / (sqrt(v / (1 - rule[3]^t)) + 1e-8)
    }
    theta
  }
  set.seed(11)
  for (rule in list(c(.01, .9, .999, 0, 0, 1), c(.01, .5, .9, .1, 0, 1), c(.02, .9, .99, 0, .3, .25))) {
    theta <- rnorm(67)
    grad <- rnorm(67) * 10^rnorm(67, 0, 3)
    expected <- adam(theta, grad, rule, 20)
    for (level in unique(pmin(c(0, 2, 4), cpu_level()))) {
      steps <- .Call(LatentMR:::C_ffi_test_adam, theta, grad, rule, 20L, as.integer(level))
      expect_equal(steps$double, expected, tolerance = 1e-12)
      expect_equal(steps$single, expected, tolerance = 1e-5)
    }
  }
})

test_that("the loop is its slow twin's, draw for draw", {
  set.seed(3)
  n <- 64
  a <- matrix(rnorm(2 * n), n)
  z <- matrix(rnorm(3 * n), n)
  y <- rnorm(n)
  options <- list(
    width = 5, batch = 8, steps = 12, inner = 3, rate = .01, beta1 = .5, beta2 = .9, lambda = .4, r1 = 1e-3, r2 = 2e-3,
    langevin = 0, mean_field = 0
  )
  nxt <- matrix(rnorm(2 * n), n)
  mask <- .9 * rbinom(n, 1, .7)
  for (second in list(NULL, list(nxt, mask))) {
    fast <- .Call(
      LatentMR:::C_ffi_adam_fit, y, a, z, seq_len(n) - 1L, seq_len(n) - 1L, second[[1]], second[[2]], options, 9L, NULL,
      LatentMR:::cpu_level()
    )$theta
    fast <- c(matrix(fast[1:64], 16)[1:5, ], fast[65])
    slow <- slow_loop(y, a, z, 5, 8, 12, 3, .01, .4, 1e-3, 2e-3, 9L, second[[1]], second[[2]])
    expect_equal(fast, slow, tolerance = 1e-5)
  }
  # the twin's gradient of the second row is that of finite differences of its own value
  theta <- rnorm(4 * 5 + 1, sd = .5)
  h <- function(theta, x) {
    w <- matrix(theta[-21], 5)
    drop(tanh(tcrossprod(x, w[, 1:2]) + rep(w[, 3], each = nrow(x))) %*% w[, 4]) + theta[21]
  }
  up <- rnorm(n)
  fine <- vapply(seq_along(theta), function(j) {
    e <- replace(numeric(21), j, 1e-5)
    sum(up * (h(theta + e, a) - mask * h(theta + e, nxt) - h(theta - e, a) + mask * h(theta - e, nxt))) / 2e-5
  }, 0)
  slope <- function(x, up) {
    w <- matrix(theta[-21], 5)
    t <- tanh(tcrossprod(x, w[, 1:2]) + rep(w[, 3], each = n))
    g <- (up %o% w[, 4]) * (1 - t^2)
    c(crossprod(g, x), colSums(g), crossprod(t, up), sum(up))
  }
  expect_equal(slope(a, up) - slope(nxt, mask * up), fine, tolerance = 1e-7)
})

test_that("the gradient of a block of units is finite differences'", {
  set.seed(2)
  x <- rnorm(9)
  slope <- runif(4, .5, 3)
  shift <- rnorm(4)
  up <- rnorm(9)
  out <- rnorm(4)
  value <- function(slope, shift) sum(up * drop(tanh(outer(x, slope) + rep(shift, each = 9)) %*% out))
  got <- .Call(LatentMR:::C_ffi_test_units, x, slope, shift, up, out, LatentMR:::cpu_level())
  h <- 1e-6
  for (j in 1:4) {
    e <- replace(numeric(4), j, h)
    expect_equal(got$slope[j], (value(slope + e, shift) - value(slope - e, shift)) / (2 * h), tolerance = 1e-7)
    expect_equal(got$shift[j], (value(slope, shift + e) - value(slope, shift - e)) / (2 * h), tolerance = 1e-7)
  }
})

test_that("the instrument basis is orthonormal, nested and drops what adds nothing", {
  set.seed(3)
  z <- scale(cbind(rnorm(400), rbinom(400, 2, .3)))
  z <- cbind(z, z[, 1])
  w <- matrix(rnorm(400), 400)
  b <- .Call(LatentMR:::C_ffi_test_basis, z[, , drop = FALSE] + 0, c(5L, 3L, 5L), w, 60L, 1L)
  expect_equal(crossprod(b$q), diag(ncol(b$q)), tolerance = 1e-6)
  expect_equal(b$fixed, 2L)
  expect_equal(b$base, 2L + 2L + 1L + 1L) # z1, z2, z1^2, z1^3: the copy and the powers of a SNP add nothing
  first <- qr.Q(qr(cbind(1, w)))
  expect_lt(max(abs(first - b$q[, 1:2] %*% crossprod(b$q[, 1:2], first))), 1e-12)
  # a binary instrument: nothing beyond itself
  one <- .Call(LatentMR:::C_ffi_test_basis, scale(matrix(rep(0:1, 100)))[, , drop = FALSE] + 0, 2L, matrix(0, 200, 0), 60L, 1L)
  expect_equal(ncol(one$q), 2L)
})

test_that("sums over the support are sums over the rows", {
  set.seed(4)
  a <- c(rnorm(20000), rt(2000, 3) * 10)
  v <- rnorm(length(a))
  s <- .Call(LatentMR:::C_ffi_test_support, a, v)
  expect_lt(length(s$x), 6000)
  for (f in list(function(x) tanh(4 * (x - .3)), function(x) x^2, function(x) tanh(7 * x)^2)) {
    expect_lt(abs(sum(v * f(a)) - sum(s$sum * f(s$x))) / length(a), 1e-6)
    expect_lt(abs(sum(f(a)) - sum(s$mass * f(s$x))) / length(a), 1e-6)
  }
  rounded <- .Call(LatentMR:::C_ffi_test_support, round(a, 1), v)
  expect_equal(rounded$x, sort(unique(round(a, 1))))
  expect_equal(rounded$sum, as.numeric(tapply(v, round(a, 1), sum)))
})

test_that("evidence, posterior mean and covariance are those of dense matrices", {
  set.seed(5)
  q <- 12
  g0 <- rnorm(q, 0, 5)
  g2 <- rnorm(q, 0, 3)
  r <- matrix(rnorm(q * 7), q)
  g <- g0 + .5 * g2 + rnorm(q)
  at <- function(k2, kr) .Call(LatentMR:::C_ffi_test_evidence, g, g0, g2, r, k2, kr)
  got <- at(.3, .2)
  slow <- slow_evidence(g, g0, g2, r, .3, .2)
  other <- slow_evidence(g, g0, g2, r, 2, .01)
  # log determinants up to the constant that the choice of contrasts adds
  expect_equal(2 * (got$evidence[1] - at(2, .01)$evidence[1]), slow$log_det - other$log_det, tolerance = 1e-10)
  expect_equal(got$evidence[2], slow$quad, tolerance = 1e-10)
  expect_equal(drop(got$map %*% g), unname(slow$coef), tolerance = 1e-10)
  expect_equal(got$cov, slow$cov, tolerance = 1e-9, ignore_attr = TRUE)
  # parabolas (kr = 0) are fitted with fewer coordinates than r r' was written for: it
  # must not enter, not even as 0 * NaN (the glue leaves NaN there)
  parabola <- at(.3, 0)
  ridge <- solve(crossprod(cbind(g0, g2)) + diag(c(0, 1 / .3)), crossprod(cbind(g0, g2), g))
  expect_equal(drop(parabola$map %*% g), c(drop(ridge), numeric(7)), tolerance = 1e-10, ignore_attr = TRUE)
})
