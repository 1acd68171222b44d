# AR, LM and CLR tests and sets with robust and clustered covariances.

# The statistics from dense matrices, by their formulas.
ref_robust_weakiv <- function(y, x, z, w, beta, cluster = seq_along(y), factor = 1) {
  zr <- ref_resid(w, z)
  both <- cbind(y, x)
  p <- crossprod(zr, both)
  v <- ref_resid(w, both)
  scores <- do.call(cbind, lapply(seq_len(ncol(both)), function(j) zr * v[, j]))
  sums <- rowsum(scores, cluster)
  omega <- factor * crossprod(sweep(sums, 2, colMeans(sums)))
  L <- ncol(z)
  k <- ncol(x)
  at <- function(a, b) omega[(a - 1) * L + 1:L, (b - 1) * L + 1:L]
  u <- c(1, -beta)
  g <- drop(p %*% u)
  S <- Reduce(`+`, lapply(seq_len(k + 1), function(a) Reduce(`+`, lapply(seq_len(k + 1), function(b) u[a] * u[b] * at(a, b)))))
  cross <- lapply(seq_len(k), function(j) Reduce(`+`, lapply(seq_len(k + 1), function(b) u[b] * at(j + 1, b))))
  D <- sapply(seq_len(k), function(j) p[, j + 1] - cross[[j]] %*% solve(S, g))
  ar <- sum(g * solve(S, g))
  SD <- solve(S, D)
  lm <- drop(t(g) %*% SD %*% solve(crossprod(D, SD), t(SD) %*% g))
  rank <- NA
  if (k == 1) rank <- drop(t(D) %*% solve(at(2, 2) - cross[[1]] %*% solve(S, t(cross[[1]])), D))
  list(ar = ar, lm = lm, rank = rank)
}

weak_design <- function(seed, n = 180, L = 4, k = 1, strength = 0.15) {
  d <- iv_design(n = n, L = L, k = k, strength = strength, seed = seed)
  d$y <- d$y + d$z[, 1]^2 * rnorm(n)
  d$cl <- rep_len(1:30, n)
  d$fit <- function(vcov = "HC0", ...) iv_fit(d$y, d$x, d$z, d$w, vcov = vcov, cluster = if (vcov == "cluster") d$cl, ...)
  d
}

test_that("the statistics are those of the formulas, one and two effects", {
  for (k in 1:2) for (type in c("HC0", "HC1", "cluster")) {
    d <- weak_design(k, k = k)
    fit <- d$fit()
    beta <- c(0.2, -0.4)[seq_len(k)]
    factor <- switch(type, HC0 = 1, HC1 = 180 / 173, cluster = 30 / 26 * 179 / (180 - 3))
    twin <- ref_robust_weakiv(d$y, d$x, d$z, d$w, beta, if (type == "cluster") d$cl else seq_along(d$y), factor)
    test <- weakiv_test(fit, beta, vcov = type, cluster = if (type == "cluster") d$cl)
    expect_equal(test$statistic[1:2], c(twin$ar / 4, twin$lm / k), tolerance = 1e-8)
    expect_identical(test$df2[1], if (type == "cluster") 26 else 173)
    if (k == 1) {
      lr <- (twin$ar - twin$rank + sqrt((twin$ar - twin$rank)^2 + 4 * twin$rank * twin$lm)) / 2
      expect_equal(test$statistic[3], lr, tolerance = 1e-8)
      expect_equal(test$p.value[3], LatentMR:::clr_p_value(lr, twin$rank, 4, 1, 173), tolerance = 1e-8)
    }
  }
})

test_that("AR is the statistic of Hotelling's test that the contributions have mean zero, weights included", {
  d <- weak_design(3)
  wt <- runif(180, 0.5, 2)
  hotelling <- function(G) {
    m <- colMeans(G)
    nrow(G) * sum(m * solve(cov(G) * (nrow(G) - 1) / nrow(G), m)) / 4
  }
  contributions <- function(root) {
    resid <- function(a) lm.fit(d$w * root, a * root)$residuals
    resid(d$z) * resid(d$y - 0.3 * d$x[, 1])
  }
  one <- rep(1, 180)
  expect_equal(weakiv_test(d$fit(), 0.3, vcov = "HC0")$statistic[1], hotelling(contributions(one)), tolerance = 1e-8)
  expect_equal(weakiv_test(d$fit(weights = wt), 0.3, vcov = "HC0")$statistic[1], hotelling(contributions(sqrt(wt))), tolerance = 1e-8)
  factor <- 30 / 26 * 179 / 177
  expect_equal(
    weakiv_test(d$fit(), 0.3, vcov = "cluster", cluster = d$cl)$statistic[1], hotelling(rowsum(contributions(one), d$cl)) / factor, tolerance = 1e-8
  )
})

test_that("with the covariance of equal variances they are the tests and sets of equal variances", {
  for (k in 1:2) {
    d <- weak_design(10 + k, k = k, strength = 0.1)
    fit <- d$fit("iid")
    f <- fit$engine$f
    red <- LatentMR:::reduced_form(f, "HC0", NULL)
    red$df <- f$n - f$K - f$L
    red$omega <- kronecker(crossprod(f$r[c(f$X, f$Y), c(f$Y, f$X)]) / red$df, diag(4))
    beta <- c(0.4, 0.1)[seq_len(k)]
    plain <- weakiv_test(fit, beta)
    robust <- LatentMR:::robust_weakiv_test(red, beta)
    expect_equal(robust$statistic[1:2], plain$statistic[1:2], tolerance = 1e-8)
    expect_equal(robust$p.value[1:2], plain$p.value[1:2], tolerance = 1e-8)
    # with two effects the rank statistic is the smallest root there, too
    expect_equal(robust$statistic[3], plain$statistic[3], tolerance = 1e-6)
    if (k == 1) for (method in c("AR", "LM", "CLR")) for (level in c(0.3, 0.95)) {
      expect_equal(LatentMR:::robust_weakiv_set(red, method, level), weakiv_set(fit, method, level)[-(1:2)], tolerance = 1e-6)
    }
  }
})

test_that("sets hold the effects that the tests do not reject, whatever their shape", {
  shapes <- character()
  for (seed in 1:6) {
    d <- weak_design(100 + seed, L = 3, strength = c(0, 0.1, 0.6)[seed %% 3 + 1])
    fit <- d$fit("HC1")
    for (method in c("AR", "LM", "CLR")) {
      level <- if (method == "AR" && seed > 4) 0.05 else 0.9
      set <- weakiv_set(fit, method, level)
      shapes <- c(shapes, set$ci_type[1])
      b <- c(tan(seq(-1.5, 1.5, length.out = 9)), set$lo + 1e-4, set$lo - 1e-4, set$up + 1e-4, set$up - 1e-4)
      for (beta in b[is.finite(b)]) {
        p <- weakiv_test(fit, beta)$p.value[match(method, c("AR", "LM", "CLR"))]
        inside <- any(set$lo <= beta & beta <= set$up, na.rm = TRUE)
        expect_identical(inside, p >= 1 - level)
      }
    }
  }
  expect_true(all(c("interval", "rays", "line", "empty") %in% shapes))
})

test_that("units do not matter; one instrument makes one test of three", {
  d <- weak_design(5)
  far <- iv_fit(d$y, 1e4 * d$x + 5, d$z, d$w, vcov = "HC1")
  near <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC1")
  for (method in c("AR", "LM", "CLR")) {
    a <- weakiv_set(far, method)
    b <- weakiv_set(near, method)
    expect_equal(1e4 * a$lo, b$lo, tolerance = 1e-6)
    expect_equal(1e4 * a$up, b$up, tolerance = 1e-6)
  }
  one <- weakiv_test(iv_fit(d$y, d$x, d$z[, 1], d$w, vcov = "HC1"), 0.2)
  expect_equal(one$statistic, rep(one$statistic[1], 3), tolerance = 1e-8)
  expect_equal(one$p.value, rep(one$p.value[1], 3), tolerance = 1e-8)
  fast <- weakiv_test(d$fit("cluster"), 0.2)
  old <- options(LatentMR.cpu = 0)
  plain <- weakiv_test(d$fit("cluster"), 0.2)
  options(old)
  expect_equal(plain, fast, tolerance = 1e-8)
})

test_that("the fit's covariance is the default; wrong ones are refused", {
  d <- weak_design(7)
  expect_identical(weakiv_test(d$fit("cluster"), 0), weakiv_test(d$fit("HC0"), 0, cluster = d$cl))
  expect_identical(weakiv_test(d$fit("iid"), 0), weakiv_test(d$fit("HC0"), 0, vcov = "iid"))
  expect_identical(weakiv_test(d$fit("HC3"), 0), weakiv_test(d$fit("HC0"), 0, vcov = "HC1"))
  alone <- iv_fit(d$y, d$x, d$z, d$w)
  expect_conditions(weakiv_test(alone, 0, vcov = "cluster"))
  expect_conditions(weakiv_test(alone, 0, vcov = "HC2"))
  two <- weak_design(8, k = 2)
  expect_identical(weakiv_set(two$fit("HC1"), "AR"), weakiv_set(two$fit("iid"), "AR"))
  expect_conditions(weakiv_set(two$fit(), "AR", vcov = "HC0"))
  few <- iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster", cluster = rep_len(1:3, 180))
  expect_true(all(is.na(weakiv_test(few, 0)$p.value)))
  expect_conditions(weakiv_set(few))
  expect_warning(iv_fit(d$y, d$x, d$z, d$w, "liml", "bekker", cluster = d$cl), class = "latentmr_warning_cluster")
})

test_that("size under heteroskedasticity", {
  set.seed(1)
  n <- 150
  reject <- replicate(160, {
    z <- matrix(rnorm(n * 3), n)
    u <- rnorm(n) * (0.2 + z[, 1]^2)
    x <- 0.15 * z[, 1] + u + rnorm(n)
    fit <- iv_fit(0.5 * x + u, x, z, rep(1, n), vcov = "HC1")
    c(weakiv_test(fit, 0.5)$p.value, weakiv_test(fit, 0.5, vcov = "iid")$p.value) < 0.05
  })
  # nominal 8 of 160; the tests for equal variances reject several times as often
  expect_true(all(rowSums(reject)[1:3] <= 19))
  expect_true(all(rowSums(reject)[4:6] > 25))
})
