# The engine against dense matrices, refits and sandwich's formulas.

hc_twin <- function(y, X, projected, b, type, cluster = NULL) {
  e <- drop(y - X %*% b)
  n <- length(y)
  m <- ncol(X)
  H <- solve(crossprod(projected))
  h <- rowSums((projected %*% H) * projected)
  omega <- switch(type, HC0 = e^2, HC1 = e^2 * n / (n - m), HC2 = e^2 / (1 - h), HC3 = e^2 / (1 - h)^2)
  S <- if (type == "cluster") {
    g <- length(unique(cluster))
    crossprod(rowsum(e * projected, cluster)) * g / (g - 1) * (n - 1) / (n - m)
  } else {
    crossprod(projected, omega * projected)
  }
  A <- solve(crossprod(projected, X))
  A %*% S %*% t(A)
}

test_that("k-class coefficients and every covariance equal dense twins, at both sizes", {
  for (n in c(120, 2500)) for (k in 1:2) {
    d <- iv_design(n = n, L = 5, k = k, seed = n + k)
    X <- cbind(d$x, d$w)
    cluster <- rep(1:40, length.out = n)
    kappa <- kclass_liml(local({
      m <- ref_moments(d$y, d$x, d$z, d$w)
      kclass_moments(m$r0, m$r1, n, 5, 3)
    }))
    for (est in list(list("ols", 0), list("2sls", 1), list("liml", kappa))) {
      twin <- ref_kclass(d$y, d$x, d$z, d$w, est[[2]])
      fit <- iv_fit(d$y, d$x, d$z, d$w, est[[1]])
      expect_equal(coef(fit), twin$b, tolerance = 1e-9)
      expect_equal(vcov(fit), twin$vcov, tolerance = 1e-8)
      expect_equal(unname(residuals(fit)), unname(twin$residuals), tolerance = 1e-9)
      expect_equal(unname(model.matrix(fit, "projected")), unname(twin$projected), tolerance = 1e-9)
      for (type in c("HC0", "HC1", if (est[[1]] != "liml") c("HC2", "HC3"), "cluster")) {
        expect_equal(
          unname(vcov(fit, type, cluster = if (type == "cluster") cluster)),
          unname(hc_twin(d$y, X, twin$projected, twin$b, type, cluster)),
          tolerance = 1e-8
        )
      }
    }
  }
})

test_that("weights are those of lm: every part equals the fit on scaled rows", {
  d <- iv_design(n = 200, L = 4, seed = 9)
  weights <- runif(200, 0.5, 2)
  r <- sqrt(weights)
  for (est in c("2sls", "liml", "ujive")) {
    a <- iv_fit(d$y, d$x, d$z, d$w, est, vcov = "HC1", weights = weights)
    b <- iv_fit(r * d$y, r * d$x, r * d$z, r * d$w, est, vcov = "HC1")
    expect_equal(coef(a), coef(b), tolerance = 1e-11)
    expect_equal(vcov(a), vcov(b), tolerance = 1e-10)
    expect_equal(r * residuals(a), residuals(b), tolerance = 1e-10)
    expect_equal(a$diagnostics, b$diagnostics, tolerance = 1e-9)
  }
  # a zero weight takes the row out
  weights[1:20] <- 0
  a <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC1", weights = weights)
  keep <- 21:200
  b <- iv_fit(d$y[keep], d$x[keep, , drop = FALSE], d$z[keep, ], d$w[keep, ], vcov = "HC1", weights = weights[keep])
  expect_equal(vcov(a), vcov(b), tolerance = 1e-10)
  expect_identical(nobs(a), 180L)
})

test_that("UJIVE equals n refits, one cluster out its refits; the many-instrument error equals double sums", {
  for (k in 1:2) {
    d <- iv_design(n = 90, L = 6, k = k, seed = 4)
    X <- cbind(d$x, d$w)
    for (cluster in list(NULL, rep(1:30, 3), rep(c(1:5, 5), each = 15))) {
      by <- if (is.null(cluster)) 1:90 else cluster
      fit <- iv_fit(d$y, d$x, d$z, d$w, "ujive", "many", cluster = cluster)
      V <- cbind(ref_ujive_instrument(d$x, d$z, d$w, by), d$w)
      b <- drop(solve(crossprod(V, X), crossprod(V, d$y)))
      expect_equal(coef(fit), setNames(b, colnames(X)), tolerance = 1e-10)
      expect_equal(unname(vcov(fit)[1:k, 1:k, drop = FALSE]), unname(ref_many(d$y, d$x, d$z, d$w, b, by)), tolerance = 1e-9)
    }
  }
  # clusters larger than a block of rows
  d <- iv_design(n = 1100, L = 3, k = 1, seed = 5)
  cluster <- rep(c(1, 2, 3), c(520, 520, 60))
  fit <- iv_fit(d$y, d$x, d$z, d$w, "ujive", "many", cluster = cluster)
  V <- cbind(ref_ujive_instrument(d$x, d$z, d$w, cluster), d$w)
  b <- drop(solve(crossprod(V, cbind(d$x, d$w)), crossprod(V, d$y)))
  expect_equal(unname(coef(fit)), unname(b), tolerance = 1e-10)
  expect_equal(vcov(fit)[1, 1], drop(ref_many(d$y, d$x, d$z, d$w, b, cluster)), tolerance = 1e-8)
})

test_that("UJIVE does not move with a linear function of the covariates, nor with units", {
  d <- iv_design(n = 150, L = 5, seed = 6)
  a <- iv_fit(d$y, d$x, d$z, d$w, "ujive", "many")
  b <- iv_fit(d$y + 1000 + 5 * d$w[, 2], d$x * 10 + 3, d$z, d$w, "ujive", "many")
  expect_equal(coef(b)[["x1"]] * 10, coef(a)[["x1"]], tolerance = 1e-9)
  expect_equal(vcov(b)[1, 1] * 100, vcov(a)[1, 1], tolerance = 1e-9)
})

test_that("a person who alone carries a column has no instrument, with a warning", {
  d <- iv_design(n = 80, L = 3, seed = 7)
  z <- cbind(d$z, only = c(1, rep(0, 79)))
  expect_warning(fit <- iv_fit(d$y, d$x, z, d$w, "ujive", "many"), class = "latentmr_warning_leverage")
  expect_identical(which(fit$engine$skipped), 1L)
  expect_identical(fit$engine$instrument[1, 1][[1]], 0)
  # The error: that person's row of G is zero, everything else as for everybody.
  h <- function(a) tcrossprod(qr.Q(qr(a)))
  alone <- function(h) h * (1 - diag(80)) / (1 - pmin(diag(h), .999))
  G <- alone(h(cbind(d$w, z))) - alone(h(d$w))
  G[1, ] <- 0
  P <- ref_resid(d$w, G %*% d$x)
  e <- drop(d$y - cbind(d$x, d$w) %*% coef(fit))
  pairs <- e * (G * matrix(ref_resid(d$w, d$x), 80, 80, byrow = TRUE))
  S <- sum((P * e)^2) + sum(pairs * t(pairs))
  expect_equal(vcov(fit)[1, 1], S / sum(P * d$x)^2, tolerance = 1e-9)
  site <- rep(1:4, each = 20)
  w <- cbind(d$w, model.matrix(~ factor(site))[, -1])
  expect_error(suppressWarnings(iv_fit(d$y, d$x, d$z, w, "ujive", cluster = site)), class = "latentmr_error_unidentified")
})

test_that("HC2 and HC3 refuse a row with leverage one, HC1 does not", {
  d <- iv_design(n = 80, L = 3, seed = 7)
  w <- cbind(d$w, only = c(1, rep(0, 79)))
  expect_error(iv_fit(d$y, d$x, d$z, w, vcov = "HC3"), class = "latentmr_error_leverage")
  expect_true(all(is.finite(vcov(iv_fit(d$y, d$x, d$z, w, vcov = "HC1")))))
})

test_that("UJIVE is centred with weak instruments where 2SLS is not, and its error is right", {
  set.seed(11)
  est <- replicate(100, {
    z <- matrix(rnorm(400 * 20), 400)
    u <- rnorm(400)
    x <- drop(z %*% rep(0.11, 20)) + u + rnorm(400)
    y <- 0.5 * x + u + rnorm(400) * (0.5 + abs(z[, 1]))
    w <- rep(1, 400)
    j <- iv_fit(y, x, z, w, "ujive", "many")
    c(coef(iv_fit(y, x, z, w))[[1]], coef(j)[[1]], sqrt(vcov(j)[1, 1]))
  })
  expect_gt(median(est[1, ]) - 0.5, 0.1)
  expect_lt(abs(median(est[2, ]) - 0.5), 0.06)
  cover <- mean(abs(est[2, ] - 0.5) < 1.96 * est[3, ])
  expect_gt(cover, 0.88)
})

test_that("effective F and robust tests equal their definitions", {
  d <- iv_design(n = 200, L = 4, seed = 12)
  fit <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC0")
  zr <- qr.Q(qr(ref_resid(d$w, d$z)))
  v <- ref_resid(cbind(d$z, d$w), d$x)[, 1]
  expect_equal(fit$strength$effective_f, sum(crossprod(zr, d$x)^2) / sum(v^2 * rowSums(zr^2)), tolerance = 1e-10)
  cluster <- rep(1:50, 4)
  cl <- iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster", cluster = cluster)
  expect_equal(cl$strength$effective_f, sum(crossprod(zr, d$x)^2) / (50 / 49 * 199 / (200 - 7) * sum(rowsum(v * zr, cluster)^2)), tolerance = 1e-10)
  # Hansen J by two-step GMM over all moments
  Z <- cbind(d$z, d$w)
  X <- cbind(d$x, d$w)
  e <- residuals(fit)
  S <- solve(crossprod(Z * e))
  A <- crossprod(X, Z) %*% S
  b <- solve(A %*% crossprod(Z, X), A %*% crossprod(Z, d$y))
  g <- crossprod(Z, d$y - X %*% b)
  expect_equal(fit$diagnostics["Hansen J", "statistic"], drop(t(g) %*% S %*% g), tolerance = 1e-9)
  expect_identical(fit$diagnostics["Hansen J", "df1"], 3)
})

test_that("Householder, Cholesky and its second pass agree; dependence is found on each", {
  d <- iv_design(n = 3000, L = 5, seed = 13)
  rows <- list(y = d$y, x = d$x, z = d$z, w = d$w, root = NULL)
  factors <- lapply(1:3, function(path) iv_factor(rows, 2, path = path))
  expect_identical(vapply(factors, `[[`, 0L, "path"), 1:3)
  for (f in factors) expect_equal(crossprod(f$r), crossprod(cbind(d$w, d$z, d$x, d$y)), tolerance = 1e-13, ignore_attr = TRUE)
  expect_equal(factors[[1]]$r, factors[[3]]$r, tolerance = 1e-12)
  expect_equal(factors[[1]]$r, factors[[2]]$r, tolerance = 1e-11)
  # badly conditioned: 1 and a year near 2000, and a duplicate
  w <- cbind(d$w, year = 2000 + d$w[, 2] / 5 + rnorm(3000) * 0.1, twice = 2 * d$w[, 2] + 1)
  rows$w <- w
  f <- iv_factor(rows, 2)
  expect_identical(f$path, 3L)
  expect_identical(f$rows$keep_w, 1:4)
  g <- iv_factor(rows, 2, path = 1L)
  expect_identical(g$rows$keep_w, 1:4)
  expect_equal(f$r, g$r, tolerance = 1e-9)
  # almost dependent: only Householder is asked
  rows$w <- cbind(d$w, near = d$w[, 2] + 1e-6 * rnorm(3000))
  f <- iv_factor(rows, 2)
  expect_identical(f$path, 1L)
  expect_identical(f$rows$keep_w, 1:4)
  b <- coef(iv_fit(d$y, d$x, d$z, rows$w))
  twin <- lm.fit(cbind(lm.fit(cbind(d$z, rows$w), d$x)$fitted.values, rows$w), d$y)$coefficients
  expect_equal(unname(b), unname(twin), tolerance = 1e-6)
})

test_that("every instruction set gives the same fit", {
  d <- iv_design(n = 2500, L = 7, k = 2, seed = 14)
  for (kind in list(c("ujive", "many"), c("2sls", "HC3"), c("gmm", "HC1"), c("liml", "bekker"))) {
    fits <- lapply(c(0L, 2L, 3L), function(level) {
      old <- options(LatentMR.cpu = level)
      on.exit(options(old))
      iv_fit(d$y, d$x, d$z, d$w, kind[1], kind[2])
    })
    for (fit in fits[-1]) {
      expect_equal(coef(fit), coef(fits[[1]]), tolerance = 1e-11)
      expect_equal(vcov(fit), vcov(fits[[1]]), tolerance = 1e-10)
      expect_equal(fit$diagnostics, fits[[1]]$diagnostics, tolerance = 1e-9)
      expect_equal(fit$strength, fits[[1]]$strength, tolerance = 1e-9)
      expect_equal(residuals(fit), residuals(fits[[1]]), tolerance = 1e-11)
    }
  }
})

test_that("dependent columns are NA or left out, and named", {
  d <- iv_design(n = 100, L = 3, seed = 15)
  w <- cbind(d$w, dup = d$w[, 2] - 1)
  fit <- iv_fit(d$y, d$x, d$z, w, vcov = "HC1")
  expect_identical(names(which(is.na(coef(fit)))), "dup")
  expect_equal(coef(fit)[1:4], coef(iv_fit(d$y, d$x, d$z, d$w)), tolerance = 1e-10)
  expect_identical(dim(vcov(fit)), c(5L, 5L))
  expect_identical(dim(vcov(fit, complete = FALSE)), c(4L, 4L))
  expect_true(is.na(confint(fit)["dup", 1]))
  z <- cbind(d$z, zero = 0, again = d$z[, 1] + d$w[, 2])
  fit <- iv_fit(d$y, d$x, z, d$w)
  expect_identical(fit$aliased_instruments, c("zero", "again"))
  expect_equal(coef(fit), coef(iv_fit(d$y, d$x, d$z, d$w)), tolerance = 1e-10)
  expect_identical(fit$diagnostics["Sargan", "df1"], 2)
})

test_that("hostile input is refused in words", {
  d <- iv_design(n = 60, L = 2, seed = 16)
  z <- d$z
  z[3, 2] <- NA
  x2 <- cbind(a = d$x[, 1], b = d$x[, 1] + d$w[, 2])
  expect_conditions({
    iv_fit(d$y, d$x, z, d$w)
    iv_fit(c(NA, d$y[-1]), d$x, d$z, d$w)
    iv_fit(as.character(d$y), d$x, d$z, d$w)
    iv_fit(d$y, d$x[-1, , drop = FALSE], d$z, d$w)
    iv_fit(d$y, d$x, NULL, d$w)
    iv_fit(d$y, NULL, d$z, d$w)
    iv_fit(d$y, d$x, d$z, d$w, "tsls")
    iv_fit(d$y, d$x, d$z, d$w, vcov = "bekker")
    iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster")
    iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster", cluster = 1:3)
    iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster", cluster = rep(1, 60))
    iv_fit(d$y, d$x, d$z, d$w, weights = rep(-1, 60))
    iv_fit(d$y, x2, d$z[, 1], d$w)
    iv_fit(d$y, x2, d$z, d$w)
    iv_fit(d$y, drop(d$z %*% 1:2), d$z, d$w)
    iv_fit(d$y[1:4], d$x[1:4, , drop = FALSE], d$z[1:4, ], d$w[1:4, ])
    iv_fit(numeric(), numeric(), numeric(), numeric())
    iv_fit(d$y, d$x, cbind(z1 = d$z[, 1], z1 = d$z[, 2], d$z[, 1:2]), d$w)
    ar_set(iv_fit(d$y, NULL, NULL, d$w, "ols"))
  })
})
