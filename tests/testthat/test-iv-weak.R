# Tests and sets that hold with weak instruments; strength of the first stage.

inside <- function(set, b) {
  out <- rep(FALSE, length(b))
  for (i in seq_len(nrow(set))) if (!is.na(set$lo[i])) out <- out | (b >= set$lo[i] & b <= set$up[i])
  out
}

test_that("AR, LM and CLR statistics equal their definitions on rows", {
  for (k in 1:3) for (strength in c(0.05, 0.5)) {
    d <- iv_design(n = 80, L = 5, k = k, strength = strength, seed = 40 + k)
    fit <- iv_fit(d$y, d$x, d$z, d$w)
    for (beta in list(rep(0, k), seq_len(k) - 1.3)) {
      ours <- weakiv_test(fit, beta)
      twin <- ref_weakiv(d$y, d$x, d$z, d$w, beta)
      expect_equal(ours$statistic, c(twin$ar / 5, twin$lm / k, twin$lr), tolerance = 1e-7)
      expect_identical(ours$test, c("AR", "LM", "CLR"))
      expect_identical(ours$df1, c(5, k, NA))
      expect_identical(ours$df2, c(72, 72, NA))
      expect_equal(ours$p.value[1:2], pf(ours$statistic[1:2], c(5, k), 72, lower.tail = FALSE))
    }
  }
  # at LIML's estimate LM and LR are zero
  liml <- iv_fit(d$y, d$x, d$z, d$w, "liml")
  at <- weakiv_test(liml, coef(liml)[1:3])
  expect_lt(at$statistic[2], 1e-8)
  expect_gt(min(at$p.value[2:3]), 0.999)
})

test_that("the conditional p-value is that of its definition", {
  # simulated: LR of independent chi-squared variables given the rank statistic
  set.seed(41)
  for (case in list(c(2, 1, 3), c(5, 1, 0.5), c(5, 1, 20), c(30, 1, 10), c(6, 2, 5))) {
    L <- case[1]
    k <- case[2]
    r <- case[3]
    lm <- rchisq(1e5, k)
    ar <- lm + rchisq(1e5, L - k)
    lr <- (ar - r + sqrt((ar + r)^2 - 4 * r * (ar - lm))) / 2
    for (level in c(0.5, 0.9, 0.95, 0.99)) {
      expect_equal(clr_p_value(quantile(lr, level)[[1]], r, L, k, Inf), 1 - level, tolerance = 0.08)
    }
  }
  # limits: rank 0 is AR, rank large is LM, no overidentification is AR
  expect_equal(clr_p_value(7, 0, 5, 1, Inf), pchisq(7, 5, lower.tail = FALSE), tolerance = 1e-8)
  expect_equal(clr_p_value(7, 1e9, 5, 1, Inf), pchisq(7, 1, lower.tail = FALSE), tolerance = 1e-5)
  expect_equal(clr_p_value(7, 3, 1, 1, 50), pf(7, 1, 50, lower.tail = FALSE))
  # another integral of the same: over the share itself
  for (L in c(4, 9, 200)) for (r in c(0.1, 8, 400)) {
    share <- stats::integrate(function(b) pchisq((r + 6) / (1 + r * b / 6), L, lower.tail = FALSE) * dbeta(b, 0.5, (L - 1) / 2), 0, 1, rel.tol = 1e-8, subdivisions = 1000)
    expect_equal(clr_p_value(6, r, L, 1, Inf), share$value, tolerance = 1e-5)
  }
})

test_that("each set is where its test does not reject", {
  kinds <- character()
  for (s in 1:15) {
    d <- iv_design(n = 60, L = 1 + s %% 4, strength = c(0, 0.1, 0.5)[1 + s %% 3], seed = s)
    d$y <- d$y + if (s %% 5 == 0) 3 * d$z[, 1] else 0
    fit <- iv_fit(d$y, d$x, d$z, d$w)
    m <- factor_moments(fit$engine$f)
    grid <- c(seq(-20, 20, by = 2.11), -1e6, 1e6)
    for (level in c(0.5, 0.95)) for (method in c("AR", "LM", "CLR")) {
      set <- weakiv_set(fit, method, level)
      kinds <- c(kinds, set$ci_type[1])
      expect_identical(nrow(set), c(interval = 1L, line = 1L, empty = 1L, rays = 2L, union = nrow(set))[[set$ci_type[1]]])
      p <- vapply(grid, function(b) kclass_weakiv_test(m, b)$p.value[match(method, c("AR", "LM", "CLR"))], 0)
      expect_identical(inside(set, grid), p >= 1 - level)
      ends <- c(set$lo, set$up)
      for (b in ends[is.finite(ends) & abs(ends) < 1e4]) {
        expect_equal(kclass_weakiv_test(m, b)$p.value[match(method, c("AR", "LM", "CLR"))], 1 - level, tolerance = 1e-5)
      }
    }
    liml <- tryCatch(coef(iv_fit(d$y, d$x, d$z, d$w, "liml"))[[1]], error = function(e) NA)
    if (!is.na(liml)) for (method in c("LM", "CLR")) expect_true(inside(weakiv_set(fit, method), liml))
  }
  expect_setequal(kinds, c("interval", "rays", "line", "empty", "union"))
})

# Sums of squares of people drawn as such (Wishart), so that many instruments cost nothing.
many_weak <- function(n, L, strength, rho = .5) {
  half <- chol(matrix(c(1, rho, rho, 1), 2))
  g <- t(half) %*% matrix(rnorm(2 * L), 2) + rbind(0, rnorm(L, sd = sqrt(strength)))
  noise <- rWishart(1, n - L, crossprod(half))[, , 1]
  kclass_moments(noise + tcrossprod(g), noise, n, L, 0)
}

test_that("with many instruments LM and CLR count that the variance is estimated", {
  set.seed(47)
  for (strength in c(.05, .8)) {
    p <- replicate(400, {
      m <- many_weak(600, 300, strength)
      c(kclass_weakiv_test(m, 0, many_spread(m))$p.value, kclass_weakiv_test(m, 0)$p.value)
    })
    rate <- rowMeans(p < .05)
    expect_lt(max(rate[1:3]), .085)
    expect_gt(min(rate[1:3]), .015)
    # As other programs do it.
    expect_gt(min(rate[5:6]), .085)
  }
  m <- many_weak(600, 300, 3)
  for (method in c("LM", "CLR")) {
    set <- kclass_weakiv_set(m, method, .95, many_spread(m))
    for (b in Filter(is.finite, c(set$lo, set$up))) {
      p <- kclass_weakiv_test(m, b, many_spread(m))$p.value[match(method, c("AR", "LM", "CLR"))]
      expect_equal(p, .05, tolerance = 1e-5)
    }
  }
  one <- many_weak(100, 1, 20)
  expect_identical(many_spread(one), 1)
})

test_that("projected Anderson-Rubin sets are the shadows of the joint set", {
  kinds <- character()
  for (s in c(1:5, 9)) for (k in 2:3) {
    d <- iv_design(n = 70, L = 4, k = k, strength = c(0.03, 0.4, 1.5)[1 + s %% 3], seed = 60 + s)
    d$y <- d$y + if (s %% 4 == 0) 4 * d$z[, 1] else 0
    if (s == 9) d$x <- matrix(rnorm(70 * k), 70) + d$z[, seq_len(k)] * 3
    if (s == 9) d$y <- d$y + 9 * d$z[, 4]
    fit <- iv_fit(d$y, d$x, d$z, d$w)
    m <- factor_moments(fit$engine$f)
    sets <- ar_set(fit, 0.9)
    expect_identical(unique(sets$term), colnames(d$x))
    for (j in seq_len(k)) {
      set <- sets[sets$term == colnames(d$x)[j], ]
      kinds <- c(kinds, set$ci_type[1])
      for (b in c(-3.3, 0.1, 0.6, 2.7, 15)) {
        # the best p-value over the other effects: a search from many starts
        worst <- function(others) {
          beta <- numeric(k)
          beta[j] <- b
          beta[-j] <- others
          kclass_ar_test(m, beta)[["statistic"]]
        }
        starts <- if (k == 2) list(0, 5, -5, 60, -60) else list(0)
        low <- min(vapply(starts, function(at) stats::optim(rep(at, k - 1), worst, method = "BFGS")$value, 0))
        if (k == 2) low <- min(low, worst(1e7), worst(-1e7))
        # with two others the search may miss the best: then it proves only one side
        crit <- qf(0.9, 4, 70 - 4 - 3)
        if (abs(low - crit) < 1e-3 * crit) next
        if (k == 2 || low < crit) expect_identical(inside(set, b), low < crit)
      }
    }
  }
  expect_true(all(c("interval", "line", "empty") %in% kinds))
})

test_that("sets move with the units of outcome and exposure", {
  d <- iv_design(n = 80, L = 4, strength = 0.3, seed = 44)
  a <- iv_fit(d$y, d$x, d$z, d$w)
  b <- iv_fit(1e5 * d$y, 1e-4 * d$x, d$z, d$w)
  for (method in c("AR", "LM", "CLR")) {
    expect_equal(weakiv_set(b, method)$lo, 1e9 * weakiv_set(a, method)$lo, tolerance = 1e-7)
    expect_equal(weakiv_set(b, method)$up, 1e9 * weakiv_set(a, method)$up, tolerance = 1e-7)
  }
})

test_that("size of AR, LM and CLR is 5 % with weak and strong instruments", {
  set.seed(45)
  L <- 5
  n <- 150
  for (strength in c(1, 5, 30)) {
    p <- replicate(300, {
      z <- matrix(rnorm(n * L), n)
      u <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(1, 0.9, 0.9, 1), 2))
      x <- drop(z %*% rep(sqrt((strength - 1) / n), L)) + u[, 2]
      yx <- cbind(u[, 1], x)
      z <- qr(z)
      kclass_weakiv_test(kclass_moments(crossprod(yx), crossprod(qr.resid(z, yx)), n, L, 0), 0)$p.value
    })
    rate <- rowMeans(p < 0.05)
    expect_gt(min(rate), 0.015)
    expect_lt(max(rate), 0.085)
  }
})

test_that("first-stage statistics equal their definitions", {
  d <- iv_design(n = 150, L = 5, k = 2, seed = 46)
  fit <- iv_fit(d$y, d$x, d$z, d$w, vcov = "HC0")
  strength <- first_stage(fit)
  zr <- qr.Q(qr(ref_resid(d$w, d$z)))
  v <- ref_resid(cbind(d$z, d$w), d$x)
  # Sanderson and Windmeijer: 2SLS of one on the other, then its residuals on Z
  for (j in 1:2) {
    e <- ref_kclass(d$x[, j], d$x[, -j, drop = FALSE], d$z, d$w, 1)$residuals
    er <- ref_resid(d$w, cbind(e))
    left <- sum(ref_resid(cbind(d$z, d$w), er)^2)
    expect_equal(strength$table$conditional_f[j], (sum(er^2) - left) / 4 / (left / (150 - 8)), tolerance = 1e-9)
  }
  expect_identical(strength$table$conditional_df1, c(4, 4))
  # Kleibergen and Paap with the full covariance of vec(Theta)
  kp <- function(factor, cluster = 1:150) {
    F <- solve(chol(crossprod(v)))
    theta <- crossprod(zr, d$x) %*% F
    scores <- do.call(cbind, lapply(1:2, function(j) zr * (v %*% F)[, j]))
    V <- crossprod(rowsum(scores, cluster)) * factor
    s <- svd(theta, nu = 5)
    A <- t(s$u[, 2:5])
    B <- t(s$v[, 2])
    lambda <- as.vector(A %*% theta %*% t(B))
    drop(lambda %*% solve(kronecker(B, A) %*% V %*% t(kronecker(B, A))) %*% lambda)
  }
  expect_equal(strength$joint$wald[2], kp(1), tolerance = 1e-9)
  expect_identical(strength$joint$df[2], 4)
  cluster <- rep(1:30, 5)
  by <- first_stage(iv_fit(d$y, d$x, d$z, d$w, vcov = "cluster", cluster = cluster))
  expect_equal(by$joint$wald[2], kp(30 / 29 * 149 / (150 - 8), cluster), tolerance = 1e-9)
  expect_equal(strength$joint$f[1], fit$strength$cragg_donald)
  # one variable: Kleibergen-Paap is the robust F, and the conditional F the partial one
  one <- first_stage(iv_fit(d$y, d$x[, 1], d$z, d$w))
  expect_equal(one$joint$f[2], one$table$robust_f, tolerance = 1e-10)
  expect_equal(one$table$conditional_f, one$table$partial_f, tolerance = 1e-10)
  expect_identical(one$vcov, "HC1")
  expect_output(print(one), "Kleibergen-Paap")
})

test_that("critical values: published, and by simulation", {
  # Stock and Yogo's table, itself simulated (to 2 or 3 %)
  table <- rbind(
    c(1, NA, NA, NA, NA, 16.38, 8.96, 6.66, 5.53), c(2, NA, NA, NA, NA, 19.93, 11.59, 8.75, 7.25),
    c(3, 13.91, 9.08, 6.46, 5.39, 22.30, 12.83, 9.54, 7.80), c(5, 18.37, 10.83, 6.77, 5.25, 26.87, 15.09, 10.98, 8.84),
    c(30, 21.42, 11.32, 6.09, 4.29, 86.17, 44.78, 30.72, 23.65)
  )
  for (i in seq_len(nrow(table))) {
    ours <- stock_yogo_exact(table[i, 1])
    expect_identical(is.na(ours$value), is.na(table[i, -1]))
    expect_lt(max(abs(ours$value / table[i, -1] - 1), na.rm = TRUE), 0.035)
  }
  # Montiel Olea and Pflueger, one instrument
  expect_equal(montiel_pflueger(diag(1))$value, c(37.418, 23.109, 15.062, 12.045), tolerance = 1e-4)
  expect_equal(montiel_pflueger(diag(3)), montiel_pflueger(7 * diag(3)))
  # the rates themselves
  set.seed(47)
  for (L in c(1, 3, 8)) {
    mu <- 3
    z <- rnorm(4e5)
    q <- if (L > 1) rchisq(4e5, L - 1) else 0
    v1 <- (mu + z)^2 + q
    v2 <- (mu + z) * z + q
    expect_equal(wald_size(mu^2, L), mean(v2^2 * v1 / (v1 - v2)^2 > qchisq(0.95, 1)), tolerance = 0.01)
    if (L > 2) expect_equal(relative_bias(mu^2, L), mean(v2 / v1), tolerance = 0.01)
  }
  expect_equal(noncentral_quantile(0.95, 40, 5001), qchisq(0.95, 40, ncp = 5001), tolerance = 1e-5)
})

test_that("tables for LIML, Fuller and two endogenous variables: published values", {
  of <- function(L, k, criterion) {
    table <- stock_yogo(L, k)
    table$value[table$criterion == criterion]
  }
  near <- function(ours, published) expect_lt(max(abs(ours / published - 1)), 0.06)
  liml <- "size of the 5 % Wald test, LIML"
  published <- rbind(
    c(16.38, 8.96, 6.66, 5.53), c(8.68, 5.33, 4.42, 3.92), c(6.46, 4.36, 3.69, 3.32), c(5.44, 3.87, 3.30, 2.98), c(4.84, 3.56, 3.05, 2.77)
  )
  for (L in 1:5) near(of(L, 1, liml), published[L, ])
  near(of(1, 1, "relative bias of Fuller"), c(24.09, 19.36, 15.64, 12.71))
  near(of(1, 1, "bias of Fuller"), c(23.81, 19.40, 15.39, 12.76))
  published <- rbind(c(7.03, 4.58, 3.95, 3.63), c(5.44, 3.81, 3.32, 3.09), c(4.72, 3.39, 2.99, 2.79), c(4.32, 3.13, 2.78, 2.60))
  for (L in 2:5) near(of(L, 2, liml), published[L - 1, ])
  published <- rbind(c(7.03, 4.58, 3.95, 3.63), c(13.43, 8.18, 6.40, 5.45), c(16.87, 9.93, 7.54, 6.28))
  for (L in 2:4) near(of(L, 2, "size of the 5 % Wald test"), published[L - 1, ])
  near(of(4, 2, "relative bias of 2SLS"), c(11.04, 7.56, 5.57, 4.73))
  near(of(5, 2, "relative bias of 2SLS"), c(13.97, 8.78, 5.91, 4.79))
  # one instrument: LIML is 2SLS, whose value is exact
  expect_lt(max(abs(of(1, 1, liml) / of(1, 1, "size of the 5 % Wald test") - 1)), 0.03)
  # stricter limits need stronger instruments; LIML needs weaker ones than 2SLS, at every L
  for (k in 1:2) for (L in (k + 1):12) {
    table <- stock_yogo(L, k)
    for (criterion in unique(table$criterion)) {
      value <- table$value[table$criterion == criterion]
      expect_true(all(is.na(value)) || all(diff(value) < 0))
    }
    expect_true(all(of(L, k, liml) < of(L, k, "size of the 5 % Wald test") + 1e-9) || L == k)
  }
  expect_null(stock_yogo(5, 3))
  expect_null(stock_yogo(13, 2))
  expect_true(all(is.na(of(3, 2, "relative bias of 2SLS"))))
  two <- iv_design(n = 300, L = 5, k = 2, seed = 9)
  shown <- first_stage(iv_fit(two$y, two$x, two$z, two$w))$critical
  expect_equal(shown, stock_yogo(5, 2))
})

test_that("overidentification tests equal their definitions", {
  d <- iv_design(n = 100, L = 4, seed = 48)
  fit <- iv_fit(d$y, d$x, d$z, d$w, "liml")
  tests <- overid_test(fit)
  e <- residuals(fit)
  left <- sum(ref_resid(cbind(d$z, d$w), cbind(e))^2)
  row <- function(name) tests$statistic[tests$test == name]
  expect_equal(row("Sargan"), 100 * (1 - left / sum(e^2)), tolerance = 1e-9)
  expect_equal(row("Basmann"), 93 * (sum(e^2) / left - 1), tolerance = 1e-9)
  expect_equal(row("Basmann F"), row("Basmann") / 3)
  expect_equal(row("Anderson-Rubin"), 100 * log(fit$kappa))
  gmm <- overid_test(iv_fit(d$y, d$x, d$z, d$w, "gmm"))
  expect_equal(gmm$statistic[gmm$test == "Hansen J"], ref_gmm(d$y, d$x, d$z, d$w)$J, tolerance = 1e-8)
  expect_false("Anderson-Rubin" %in% gmm$test)
})

test_that("Mroz: several endogenous variables, as published", {
  skip_if_not_installed("AER")
  env <- new.env()
  data("PSID1976", package = "AER", envir = env)
  d <- subset(env$PSID1976, participation == "yes")
  fit <- iv_reg(log(wage) ~ 1 | education + experience | age + youngkids + oldkids, d)
  near <- function(object, expected, digits) expect_lte(max(abs(unname(object) - expected)), 0.51 * 10^-digits)
  strength <- first_stage(fit)
  near(strength$table$partial_f, c(4.466, 55.044), 3)
  near(strength$table$conditional_f, c(6.694, 81.812), 3)
  near(strength$table$conditional_p[1], 0.0014, 4)
  near(strength$joint$f[1], 4.463, 3)
  near(weakiv_test(fit)$statistic[1], 2.08, 2)
  expect_identical(c(weakiv_test(fit)$df1[1], weakiv_test(fit)$df2[1]), c(3, 424))
  near(overid_test(fit)$statistic[1], 1.168, 3)
  near(overid_test(fit)$p.value[1], 0.2798, 4)
})

test_that("hostile input is refused in words", {
  d <- iv_design(n = 60, L = 3, k = 2, seed = 49)
  two <- iv_fit(d$y, d$x, d$z, d$w)
  just <- iv_fit(d$y, d$x[, 1], d$z[, 1], d$w)
  ols <- iv_fit(d$y, d$x, w = d$w, estimator = "ols")
  expect_conditions({
    weakiv_test(two, 1)
    weakiv_test(two, c(0, NA))
    weakiv_test(two, c(a = 1, x2 = 0))
    weakiv_set(two)
    weakiv_set(just, "Wald")
    weakiv_set(just, level = 95)
    weakiv_test(ols)
    first_stage(ols)
    first_stage(1)
    first_stage(two, vcov = "cluster")
    overid_test(just)
    overid_test(two, vcov = "HC3")
  })
  expect_identical(weakiv_test(two, c(x2 = 1, x1 = 0))$statistic, weakiv_test(two, c(0, 1))$statistic)
})

test_that("sets that are no intervals say what that means, and those of latent fits why they are not robust", {
  set.seed(1)
  z <- matrix(rnorm(3000), 1000)
  x <- drop(z %*% c(.3, .3, .3)) + rnorm(1000)
  against <- iv_fit(x + drop(z %*% c(.5, -.5, 0)) + rnorm(1000), x, z)
  expect_identical(ar_set(against)$ci_type, "empty")
  expect_output(print(ar_set(against)), "Empty: no effect fits all instruments")
  expect_identical(as.data.frame(ar_set(against)), data.frame(ci_type = "empty", lo = NA_real_, up = NA_real_, level = .95))
  weak <- iv_fit(rnorm(1000), rnorm(1000), z)
  expect_output(print(weakiv_set(weak)), "whole line: every effect fits")
  d <- suppressMessages(simulate_mr("snp", cell = 3, n = 200, seed = 1))
  fit <- suppressWarnings(suppressMessages(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1)))
  expect_error(weakiv_set(fit, vcov = "HC1"), "one variance of the residuals", class = "latentmr_error_argument")
})
