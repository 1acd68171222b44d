# The wild cluster bootstrap against its definition: every data set made again, fitted again.

few <- local({
  d <- data.frame(iv_design(n = 60, L = 3, k = 1, K = 3, seed = 8)[c("y", "x1" = "x", "z", "w")])
  names(d) <- c("y", "x", "z1", "z2", "z3", "one", "w1", "w2")
  d$g <- rep(c(1, 2, 3, 4, 5, 6), c(4, 16, 9, 11, 8, 12))[order((1:60 * 37) %% 61)]
  d$y <- d$y + c(.8, -.5, .3, 1, -1.2, .1)[d$g]
  d
})
iv <- iv_reg(y ~ w1 + w2 | x | z1 + z2 + z3, few)

# t of 2SLS with clustered errors, all dense.
ref_t <- function(y, x, W, Z, g, beta) {
  X <- cbind(x, W)
  hat <- qr.fitted(qr(cbind(W, Z)), X)
  b <- solve(crossprod(hat), crossprod(hat, y))
  bread <- solve(crossprod(hat))
  meat <- crossprod(rowsum(hat * drop(y - X %*% b), g))
  n <- length(y)
  G <- length(unique(g))
  se <- sqrt((bread %*% meat %*% bread)[1, 1] * G / (G - 1) * (n - 1) / (n - ncol(X)))
  (b[1] - beta) / se
}

# One data set for each column of v; x in Z: least squares.
ref_wild <- function(y, x, W, Z, g, beta, v) {
  e <- qr.resid(qr(W), y - beta * x)
  first <- qr(cbind(W, Z, if (!identical(unname(Z), unname(cbind(x)))) e))
  fitted <- drop(cbind(W, Z) %*% qr.coef(first, x)[seq_len(ncol(W) + ncol(Z))])
  common <- qr.fitted(qr(W), y - beta * x)
  apply(v, 2, function(v) {
    again <- fitted + v[g] * (x - fitted)
    ref_t(beta * again + common + v[g] * e, again, W, if (first$rank == ncol(W) + ncol(Z)) cbind(again) else Z, g, beta)
  })
}

signs <- t(as.matrix(expand.grid(rep(list(c(-1, 1)), 6))))
# Every t* of the core, with the small-sample factor.
drawn_t <- function(fit, term, beta, g, ...) {
  cluster <- LatentMR:::iv_cluster(g, length(g))
  n <- length(g)
  G <- cluster$count
  boot <- LatentMR:::wild_boot(LatentMR:::wild_factor(fit, term), cluster, ..., drawn = TRUE)
  as.vector(boot$test(beta)$drawn) / sqrt(G / (G - 1) * (n - 1) / (n - fit$rank))
}

share <- function(t, own) mean(abs(t) >= abs(own) * (1 - 1e-8))

test_that("all signs of six clusters: 2SLS and least squares", {
  W <- cbind(1, few$w1, few$w2)
  Z <- cbind(few$z1, few$z2, few$z3)
  for (beta in c(0, .4, -2)) {
    got <- wild_test(iv, beta = beta, cluster = ~g, level = NULL)
    t <- ref_wild(few$y, few$x, W, Z, few$g, beta, signs)
    own <- ref_t(few$y, few$x, W, Z, few$g, beta)
    expect_equal(got$statistic, own, tolerance = 1e-8)
    expect_equal(got$statistic, (got$estimate - beta) / sqrt(vcov(iv, cluster = ~g)["x", "x"]))
    expect_identical(got$p.value, share(t, own))
    expect_equal(drawn_t(iv, "x", beta, few$g, "rademacher", 99, 1L), ref_wild(
      few$y, few$x, W, Z, match(few$g, unique(few$g)), beta, signs
    ), tolerance = 1e-8)
    expect_identical(list(got$reps, got$exact, got$clusters), list(64L, TRUE, 6L))
  }
  one <- iv_reg(y ~ 1 | x | z1, few, cluster = ~g)
  own <- ref_t(few$y, few$x, cbind(rep(1, 60)), cbind(few$z1), few$g, 1)
  expect_identical(wild_test(one, beta = 1, level = NULL)$p.value,
    share(ref_wild(few$y, few$x, cbind(rep(1, 60)), cbind(few$z1), few$g, 1, signs), own))
  ols <- iv_reg(y ~ x + w1 + w2, few, "ols")
  for (term in c("x", "w2", "(Intercept)")) {
    all <- cbind("(Intercept)" = 1, x = few$x, w1 = few$w1, w2 = few$w2)
    x <- all[, term]
    W <- all[, colnames(all) != term]
    own <- ref_t(few$y, x, W, cbind(x), few$g, .1)
    got <- wild_test(ols, term, .1, cluster = ~g, level = NULL)
    expect_equal(got$statistic, own, tolerance = 1e-8)
    expect_identical(got$p.value, share(ref_wild(few$y, x, W, cbind(x), few$g, .1, signs), own))
  }
})

test_that("a mean of three clusters, by hand", {
  # cluster sums 1, 2, -3 of equal size: |t| rises with |sum|, which the signs make 6, 4, 2 and 0, twice each; the data's is 0.
  # With 1, 2, 3 it is 6, with -1, 2, 3 it is 4.
  for (case in list(list(c(1, 2, -3), 8), list(c(1, 2, 3), 2), list(c(-1, 2, 3), 4))) {
    d <- data.frame(y = rep(case[[1]], each = 2) / 2 + rep(c(.1, -.1), 3), g = rep(1:3, each = 2))
    expect_identical(wild_test(iv_reg(y ~ 1, d, "ols"), cluster = ~g, term = "(Intercept)", level = NULL)$p.value, case[[2]] / 8)
  }
})

test_that("drawn weights: their laws, and the p-value from them", {
  draw <- function(kind, G, B) .Call(LatentMR:::C_ffi_test_wild_weights, kind, 7L, G, B)
  v <- draw(1L, 4L, 20000L)
  expect_equal(sort(unique(as.vector(v))), c(-sqrt(1.5), -1, -sqrt(.5), sqrt(.5), 1, sqrt(1.5)))
  expect_lt(max(abs(table(v) / length(v) - 1 / 6)), .005)
  v <- draw(2L, 4L, 20000L)
  expect_equal(sort(unique(as.vector(v))), (1 + c(-1, 1) * sqrt(5)) / 2)
  expect_lt(max(abs(c(mean(v), mean(v^2) - 1, mean(v^3) - 1))), .03)
  v <- draw(0L, 4L, 20000L)
  expect_setequal(as.vector(v), c(-1, 1))
  expect_lt(abs(mean(v)), .01)
  expect_lt(max(abs(cor(t(v)) - diag(4))), .03)
  W <- cbind(1, few$w1, few$w2)
  Z <- cbind(few$z1, few$z2, few$z3)
  own <- ref_t(few$y, few$x, W, Z, few$g, 0)
  for (weights in c("webb", "mammen")) {
    # clusters are numbered as they appear
    by <- match(few$g, unique(few$g))
    t <- ref_wild(few$y, few$x, W, Z, by, 0, draw(LatentMR:::wild_weights[[weights]], 6L, 199L))
    got <- wild_test(iv, cluster = ~g, weights = weights, reps = 199, seed = 7, level = NULL)
    expect_equal(drawn_t(iv, "x", 0, few$g, weights, 199, 7L), t, tolerance = 1e-8)
    expect_equal(got$p.value, (1 + sum(abs(t) >= abs(own))) / 200)
    expect_false(got$exact)
  }
  # more signs than draws: at random too, and again with the seed
  many <- rep(1:20, 3)
  got <- wild_test(iv, cluster = many, reps = 199, seed = 7, level = NULL)
  t <- ref_wild(few$y, few$x, W, Z, many, 0, draw(0L, 20L, 199L))
  expect_equal(got$p.value, (1 + sum(abs(t) >= abs(ref_t(few$y, few$x, W, Z, many, 0)))) / 200)
  set.seed(4)
  a <- wild_test(iv, cluster = many, reps = 199, level = NULL)
  set.seed(4)
  expect_identical(wild_test(iv, cluster = many, reps = 199, level = NULL), a)
})

test_that("sets hold the effects that are not rejected", {
  p <- function(fit, b, ...) wild_test(fit, beta = b, level = NULL, ...)$p.value
  ols <- iv_reg(y ~ x + w1 + w2, few, "ols", cluster = ~g)
  set <- wild_test(ols, "x", level = .9)
  expect_identical(set$ci_type, "interval")
  expect_true(set$lo < coef(ols)[["x"]] && coef(ols)[["x"]] < set$up)
  step <- 1e-5 * set$std.error
  expect_gte(p(ols, set$lo + step, term = "x"), .1)
  expect_lt(p(ols, set$lo - step, term = "x"), .1)
  expect_gte(p(ols, set$up - step, term = "x"), .1)
  expect_lt(p(ols, set$up + step, term = "x"), .1)
  # three clusters can reject nothing at 5 %
  line <- wild_test(iv, cluster = rep(1:3, 20))
  expect_identical(line[c("ci_type", "lo", "up")], data.frame(ci_type = "line", lo = -Inf, up = Inf))
  # pieces whatever the p-values are: the inversion alone
  pieces <- LatentMR:::wild_set(function(b) ifelse(abs(b) < 1 | b > 3, 1, 0), 0, 1, .95)
  expect_equal(pieces$lo, c(-1, 3), tolerance = 1e-5)
  expect_equal(pieces$up, c(1, Inf), tolerance = 1e-5)
  expect_identical(LatentMR:::wild_set(function(b) 0 * b, 0, 1, .95)$ci_type, "empty")
})

test_that("weights of people are rows multiplied by their roots; clusters by formula or vector", {
  few$k <- rep(c(.5, 1, 2), 20)
  got <- wild_test(iv_reg(y ~ w1 + w2 | x | z1 + z2 + z3, few, weights = k, cluster = ~g), level = NULL)
  r <- sqrt(few$k)
  W <- r * cbind(1, few$w1, few$w2)
  Z <- r * cbind(few$z1, few$z2, few$z3)
  own <- ref_t(r * few$y, r * few$x, W, Z, few$g, 0)
  expect_equal(got$statistic, own, tolerance = 1e-8)
  expect_identical(got$p.value, share(ref_wild(r * few$y, r * few$x, W, Z, few$g, 0, signs), own))
  expect_identical(wild_test(iv, cluster = few$g, level = NULL), wild_test(iv, cluster = ~g, level = NULL))
  matrices <- iv_fit(few$y, few$x, few[c("z1", "z2", "z3")], few[c("one", "w1", "w2")], cluster = few$g)
  expect_equal(wild_test(matrices, level = NULL)$p.value, wild_test(iv, cluster = ~g, level = NULL)$p.value)
})

test_that("size with six unequal clusters, where clustered t tests do not have it", {
  set.seed(11)
  g <- rep(1:6, c(5, 5, 10, 10, 20, 50))
  reject <- replicate(150, {
    d <- data.frame(x = rnorm(6)[g], y = rnorm(6)[g] + rnorm(100))
    fit <- iv_reg(y ~ x, d, "ols", cluster = g)
    c(plain = tidy(fit)$p.value[2] < .05, wild = wild_test(fit, "x", level = NULL)$p.value < .05)
  })
  expect_gt(mean(reject["plain", ]), .12)
  expect_lt(mean(reject["wild", ]), .1)
})

test_that("what it is not for is refused", {
  expect_condition_text(
    wild_test(iv), "latentmr_error_argument",
    "`cluster` must be given for a fit without clusters, not NULL.\ni `cluster` takes ~ family, as in iv_reg()."
  )
  expect_condition_text(
    wild_test(iv_reg(y ~ w1 | x | z1 + z2, few, "liml"), cluster = ~g), "latentmr_error_argument",
    "`fit` must be of estimator \"2sls\" or \"ols\", not of \"liml\"."
  )
  expect_error(wild_test(iv_reg(y ~ 1 | x + w1 | z1 + z2, few), cluster = ~g), "one endogenous", class = "latentmr_error_argument")
  expect_error(wild_test(iv, "w1", cluster = ~g), class = "latentmr_error_argument")
  expect_error(wild_test(iv_reg(y ~ x + w1, few, "ols"), cluster = ~g), "`term`", class = "latentmr_error_argument")
  expect_error(wild_test(iv, cluster = list(few$g, rep(1:2, 30))), "one grouping", class = "latentmr_error_argument")
  for (wrong in list(list(weights = "normal"), list(reps = 5), list(beta = NA), list(level = 1), list(seed = -1), list(times = 3))) {
    expect_error(do.call(wild_test, c(list(iv, cluster = few$g), wrong)), class = "latentmr_error_argument")
  }
  # an exact fit has no scores
  expect_error(wild_test(iv_reg(y2 ~ x, transform(few, y2 = 2 * x), "ols"), cluster = ~g, beta = 2), class = "latentmr_error_singular")
})

test_that("it can be interrupted", {
  expect_interruptible(function() wild_test(iv, cluster = rep(1:20, 3), reps = 999, level = NULL, seed = 1))
})
