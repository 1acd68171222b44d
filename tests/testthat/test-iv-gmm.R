# Fuller, k-class, JIVE1 and two-step GMM against their definitions.

test_that("Fuller and k-class equal dense matrices at their kappa, with every error", {
  for (k in 1:2) {
    d <- iv_design(n = 120, L = 5, k = k, seed = 20 + k)
    liml <- iv_fit(d$y, d$x, d$z, d$w, "liml")$kappa
    for (a in c(1, 4)) {
      kappa <- liml - a / (120 - 5 - 3)
      fit <- iv_fit(d$y, d$x, d$z, d$w, "fuller", fuller = a)
      twin <- ref_kclass(d$y, d$x, d$z, d$w, kappa)
      expect_equal(fit$kappa, kappa, tolerance = 1e-10)
      expect_equal(coef(fit), twin$b, tolerance = 1e-9)
      expect_equal(vcov(fit), twin$vcov, tolerance = 1e-8)
      m <- factor_moments(fit$engine$f)
      expect_equal(kclass_fit(m, kclass_fuller(m, a))$coefficients, unname(coef(fit)[1:k]), tolerance = 1e-9)
      expect_equal(
        unname(vcov(fit, "bekker")[1:k, 1:k, drop = FALSE]), kclass_bekker(m, coef(fit)[1:k]),
        tolerance = 1e-9
      )
      X <- cbind(d$x, d$w)
      H <- solve(crossprod(twin$projected, X))
      expect_equal(vcov(fit, "HC0"), H %*% crossprod(twin$projected * twin$residuals) %*% t(H), tolerance = 1e-8, ignore_attr = TRUE)
    }
    expect_equal(coef(iv_fit(d$y, d$x, d$z, d$w, "fuller", fuller = 0)), coef(iv_fit(d$y, d$x, d$z, d$w, "liml")))
    for (kappa in c(0, 0.4, 1, liml, 1.01 * liml)) {
      fit <- iv_fit(d$y, d$x, d$z, d$w, "kclass", kappa = kappa)
      expect_equal(coef(fit), ref_kclass(d$y, d$x, d$z, d$w, kappa)$b, tolerance = 1e-9)
    }
  }
})

test_that("bias-adjusted 2SLS is the k-class of its constant, which may be above LIML's", {
  d <- iv_design(n = 150, L = 8, k = 2, K = 3, seed = 24)
  for (weights in list(NULL, runif(150, 0.5, 2))) {
    fit <- iv_fit(d$y, d$x, d$z, d$w, "b2sls", weights = weights)
    kappa <- 1 + 8 / (150 - 3 - 8)
    root <- if (is.null(weights)) rep(1, 150) else sqrt(weights)
    twin <- ref_kclass(root * d$y, root * d$x, root * d$z, root * d$w, kappa)
    expect_equal(fit$kappa, kappa)
    expect_equal(coef(fit), twin$b, tolerance = 1e-9)
    expect_equal(vcov(fit), twin$vcov, tolerance = 1e-9, ignore_attr = TRUE)
    H <- solve(crossprod(twin$projected, root * cbind(d$x, d$w)))
    expect_equal(vcov(fit, "HC0"), H %*% crossprod(twin$projected * twin$residuals) %*% t(H), tolerance = 1e-8, ignore_attr = TRUE)
  }
  # one variable: exists where the first-stage F is above one
  few <- iv_design(n = 80, L = 5, strength = 0, seed = 2)
  f <- iv_fit(few$y, few$x, few$z, few$w)$strength$partial_f[[1]]
  expect_lt(f, 1)
  expect_condition_text(
    iv_fit(few$y, few$x, few$z, few$w, "b2sls"), "latentmr_error_unidentified",
    "Bias-adjusted 2SLS does not exist: the instruments explain less of \"x1\" than as many random ones would (a first-stage F below 1).\ni weakiv_set() gives the effects that the data allow."
  )
  limit <- 1 + 5 * f / (80 - 3 - 5)
  expect_error(iv_fit(few$y, few$x, few$z, few$w, "kclass", kappa = limit * 1.0001), class = "latentmr_error_argument")
  expect_silent(iv_fit(few$y, few$x, few$z, few$w, "kclass", kappa = 1 + (limit - 1) * 0.999))
})

test_that("JIVE1 equals refits without the person or the cluster", {
  for (k in 1:2) {
    d <- iv_design(n = 90, L = 6, k = k, seed = 24)
    X <- cbind(d$x, d$w)
    for (cluster in list(NULL, rep(1:30, 3), rep(c(1:5, 5), each = 15))) {
      by <- if (is.null(cluster)) 1:90 else cluster
      fit <- iv_fit(d$y, d$x, d$z, d$w, "jive1", cluster = cluster)
      V <- cbind(ref_jive1_instrument(d$x, d$z, d$w, by), d$w)
      b <- drop(solve(crossprod(V, X), crossprod(V, d$y)))
      expect_equal(coef(fit), setNames(b, colnames(X)), tolerance = 1e-9)
      e <- drop(d$y - X %*% b)
      H <- solve(crossprod(V, X))
      expect_equal(vcov(fit, "HC0"), H %*% crossprod(V * e) %*% t(H), tolerance = 1e-8, ignore_attr = TRUE)
    }
  }
  # clusters larger than a block of rows; weights
  d <- iv_design(n = 1500, L = 3, seed = 25)
  cluster <- rep(1:3, each = 500)
  V <- cbind(ref_jive1_instrument(d$x, d$z, d$w, cluster), d$w)
  b <- solve(crossprod(V, cbind(d$x, d$w)), crossprod(V, d$y))
  expect_equal(unname(coef(iv_fit(d$y, d$x, d$z, d$w, "jive1", cluster = cluster))), drop(unname(b)), tolerance = 1e-9)
  r <- sqrt(runif(1500, 0.5, 2))
  expect_equal(
    coef(iv_fit(d$y, d$x, d$z, d$w, "jive1", weights = r^2)),
    coef(iv_fit(r * d$y, r * d$x, r * d$z, r * d$w, "jive1")), tolerance = 1e-10
  )
})

test_that("two-step GMM equals dense matrices, heteroskedastic and clustered", {
  for (k in 1:2) {
    d <- iv_design(n = 150, L = 5, k = k, seed = 26 + k)
    fit <- iv_fit(d$y, d$x, d$z, d$w, "gmm")
    twin <- ref_gmm(d$y, d$x, d$z, d$w)
    expect_identical(fit$vcov_type, "HC1")
    expect_equal(coef(fit), twin$b, tolerance = 1e-9)
    expect_equal(vcov(fit, "HC0"), twin$vcov, tolerance = 1e-8)
    expect_equal(vcov(fit), twin$vcov * 150 / (150 - k - 3), tolerance = 1e-8)
    expect_equal(fit$diagnostics["Hansen J", "statistic"], twin$J, tolerance = 1e-8)
    expect_equal(fit$rss, sum(residuals(fit)^2), tolerance = 1e-10)
    skip_if_not_installed("sandwich")
    expect_equal(sandwich::sandwich(fit), vcov(fit, "HC0"), tolerance = 1e-8)
    cluster <- rep(1:50, 3)
    fit <- iv_fit(d$y, d$x, d$z, d$w, "gmm", cluster = cluster)
    twin <- ref_gmm(d$y, d$x, d$z, d$w, cluster)
    expect_identical(fit$vcov_type, "cluster")
    expect_equal(coef(fit), twin$b, tolerance = 1e-9)
    expect_equal(vcov(fit), twin$vcov * 50 / 49 * 149 / (150 - k - 3), tolerance = 1e-8)
    expect_equal(fit$diagnostics["Hansen J", "statistic"], twin$J, tolerance = 1e-8)
  }
  # just identified: the weight does not matter
  d <- iv_design(n = 100, L = 1, seed = 29)
  expect_equal(coef(iv_fit(d$y, d$x, d$z, d$w, "gmm")), coef(iv_fit(d$y, d$x, d$z, d$w)), tolerance = 1e-10)
})

test_that("what an estimator does not have is refused in words", {
  d <- iv_design(n = 60, L = 3, seed = 30)
  w <- cbind(d$w, only = c(1, rep(0, 59)))
  expect_conditions({
    iv_fit(d$y, d$x, d$z, d$w, "kclass")
    iv_fit(d$y, d$x, d$z, d$w, "kclass", kappa = 5)
    iv_fit(d$y, d$x, d$z, d$w, "2sls", kappa = 1)
    iv_fit(d$y, d$x, d$z, d$w, "fuller", fuller = -1)
    iv_fit(d$y, d$x, d$z, d$w, "gmm", vcov = "iid")
    iv_fit(d$y, d$x, d$z, d$w, "jive1", vcov = "many")
    iv_fit(d$y, d$x, d$z, w, "jive1")
    iv_fit(d$y, d$x, d$z, d$w, "gmm", cluster = rep(1:4, 15))
  })
})

test_that("the comparison of k-class estimators is that of their fits", {
  for (k in 1:2) {
    d <- iv_design(n = 100, L = 4, k = k, seed = 31)
    table <- iv_compare(iv_fit(d$y, d$x, d$z, d$w, "ujive"), fuller = 4)
    for (estimator in c("ols", "2sls", "liml", "fuller")) {
      fit <- iv_fit(d$y, d$x, d$z, d$w, estimator, fuller = if (estimator == "fuller") 4 else 1)
      rows <- table[table$estimator == estimator, ]
      twin <- summary(fit)$coefficients[1:k, , drop = FALSE]
      expect_equal(as.matrix(rows[4:7]), twin, tolerance = 1e-9, ignore_attr = TRUE)
      expect_equal(as.matrix(rows[8:9]), confint(fit)[1:k, , drop = FALSE], tolerance = 1e-9, ignore_attr = TRUE)
      expect_identical(rows$term, colnames(d$x))
    }
  }
  expect_error(iv_compare(fit, "ujive"), class = "latentmr_error_argument")
  expect_error(iv_compare(iv_fit(d$y, d$x, w = d$w, estimator = "ols")), class = "latentmr_error_argument")
})
