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

# The same with all its definition written out: several regressors x, the errors clustered in all of `ways`, draws v by g.
# `kappa`: of y and x after the covariates; NULL is two-stage least squares.
ref_all <- function(y, x, W, Z, ways, g, of, beta, v, kappa = NULL) {
  partial <- function(m) qr.resid(qr(W), m)
  y <- partial(y)
  x <- partial(x)
  Z <- partial(Z)
  normal <- function(y, x) {
    less <- x - (if (is.null(kappa)) 1 else kappa(y, x, Z)) * qr.resid(qr(Z), x)
    list(bread = solve(crossprod(less, x)), right = crossprod(less, y))
  }
  tsls <- function(y, x) with(normal(y, x), bread %*% right)
  t <- function(y, x) {
    hat <- qr.fitted(qr(Z), x)
    b <- tsls(y, x)
    bread <- normal(y, x)$bread
    scores <- hat * drop(y - x %*% b)
    sets <- unlist(lapply(seq_along(ways), function(m) combn(length(ways), m, simplify = FALSE)), recursive = FALSE)
    meat <- Reduce(`+`, lapply(sets, function(set) {
      (-1)^(length(set) + 1) * crossprod(rowsum(scores, interaction(ways[set], drop = TRUE)))
    }))
    (b[of] - beta) / sqrt((bread %*% meat %*% bread)[of, of])
  }
  null <- rep(beta, ncol(x))
  if (ncol(x) > 1) null[-of] <- tsls(y - beta * x[, of], x[, -of, drop = FALSE])
  u <- drop(y - x %*% null)
  fitted <- apply(x, 2, function(one) drop(Z %*% qr.coef(qr(cbind(Z, u)), one)[seq_len(ncol(Z))]))
  draws <- apply(v, 2, function(v) {
    # drawn before the covariates are taken out of them
    again <- fitted + v[g] * (x - fitted)
    t(partial(again %*% null + v[g] * u), partial(again))
  })
  list(t = draws, own = t(y, x))
}

test_that("several endogenous variables, exogenous terms and clusters in two ways equal the definition", {
  set.seed(21)
  n <- 120
  d <- data.frame(g = rep(1:6, c(10, 12, 16, 20, 26, 36)), h = rep(1:12, 10), s = rep(1:7, length.out = n), k = rep(c(.5, 1, 2), 40))
  common <- function() rnorm(6)[d$g] + rnorm(12)[d$h] + rnorm(7)[d$s]
  Z <- matrix(rnorm(n * 4), n) + common()
  colnames(Z) <- paste0("z", 1:4)
  u <- common() + rnorm(n)
  d <- cbind(d, Z, w1 = rnorm(n), w2 = rnorm(n), x = Z[, 1] + Z[, 2] + u, x2 = Z[, 3] - Z[, 4] + .5 * u + rnorm(n))
  d$y <- u + d$w1
  p_of <- function(ref) mean(is.nan(ref$t) | abs(ref$t) >= abs(ref$own) * (1 - 1e-8))
  ways_of <- list(one = ~g, two = ~ g + h, three = ~ h + g + s)
  for (K in c(TRUE, FALSE)) for (way in names(ways_of)) for (weighted in c(FALSE, TRUE)) {
    if (weighted && way == "three") next
    r <- if (weighted) sqrt(d$k) else rep(1, n)
    W <- r * if (K) cbind(1, d$w1, d$w2) else cbind(rep(1, n))
    formula <- if (K) y ~ w1 + w2 | x + x2 | z1 + z2 + z3 + z4 else y ~ 1 | x + x2 | z1 + z2 + z3 + z4
    fit <- if (weighted) iv_reg(formula, d, weights = k) else iv_reg(formula, d)
    ways <- unname(as.list(d[all.vars(ways_of[[way]])]))
    smallest <- which.min(lengths(lapply(ways, unique)))
    by <- match(ways[[smallest]], unique(ways[[smallest]]))
    v <- t(as.matrix(expand.grid(rep(list(c(-1, 1)), max(by)))))
    for (of in if (way == "three") 1 else 1:2) {
      term <- c("x", "x2")[of]
      got <- suppressWarnings(wild_test(fit, term, .3, cluster = ways_of[[way]], level = NULL))
      ref <- suppressWarnings(ref_all(r * d$y, r * cbind(d$x, d$x2), W, r * Z, ways, by, of, .3, v))
      cluster <- LatentMR:::iv_cluster(ways, n, if (weighted) r)
      boot <- LatentMR:::wild_boot(LatentMR:::wild_factor(fit, term), cluster, "rademacher", 99, 1L, TRUE, by = smallest)
      expect_equal(as.vector(boot$test(.3)$drawn), ref$t, tolerance = 1e-7)
      expect_identical(got$p.value, p_of(ref))
      expect_identical(list(got$clusters, got$reps), list(max(by), ncol(v)))
      G <- min(lengths(lapply(ways, unique)))
      expect_equal(got$statistic, ref$own / sqrt(G / (G - 1) * (n - 1) / (n - fit$rank)), tolerance = 1e-8)
    }
  }
  # an exogenous regressor is its own instrument
  fit <- iv_reg(y ~ w1 + w2 | x + x2 | z1 + z2 + z3 + z4, d)
  ref <- ref_all(d$y, cbind(d$w1, d$x, d$x2), cbind(1, d$w2), cbind(d$w1, Z), list(d$g), match(d$g, unique(d$g)), 1, .1, signs)
  got <- wild_test(fit, "w1", .1, cluster = ~g, level = NULL)
  expect_equal(got$p.value, share(ref$t, ref$own))
  expect_equal(got$statistic, (coef(fit)[["w1"]] - .1) / sqrt(vcov(fit, cluster = ~g)["w1", "w1"]))
  # drawn weights, by the other way, by name
  v <- .Call(LatentMR:::C_ffi_test_wild_weights, 1L, 7L, 6L, 199L)
  by <- match(d$g, unique(d$g))
  ref <- suppressWarnings(ref_all(d$y, cbind(d$x, d$x2), cbind(1, d$w1, d$w2), Z, list(d$g, d$h), by, 1, 0, v))
  two_ways <- function(by) suppressWarnings(wild_test(fit, "x", cluster = ~ g + h, by = by, weights = "webb", reps = 199, seed = 7, level = NULL))
  got <- two_ways("g")
  expect_equal(got$p.value, (1 + 199 * p_of(ref)) / 200)
  expect_identical(two_ways(1), got)
  # with the draws by one way and errors by the same, two ways that are one way are that way
  expect_equal(
    wild_test(fit, "x", cluster = list(d$g, d$g), level = NULL)$p.value, wild_test(fit, "x", cluster = ~g, level = NULL)$p.value
  )
})

test_that("LIML and Fuller: their own kappa in every draw, the other effects by the same estimator", {
  root <- function(take) function(y, x, Z) {
    both <- cbind(y, x)
    left <- crossprod(qr.resid(qr(Z), both))
    # a regressor that is its own instrument leaves nothing
    1 / max(Re(eigen(solve(crossprod(both), left), only.values = TRUE)$values)) - take
  }
  set.seed(22)
  n <- 80
  d <- data.frame(g = rep(1:5, c(8, 10, 14, 20, 28)), h = rep(1:8, 10), k = rep(c(.5, 1, 2, 1), 20))
  common <- function() rnorm(5)[d$g] + rnorm(8)[d$h]
  Z <- matrix(rnorm(n * 5), n) + common()
  colnames(Z) <- paste0("z", 1:5)
  u <- common() + rnorm(n)
  d <- cbind(d, Z, w1 = rnorm(n), x = .5 * Z[, 1] + .3 * Z[, 2] + u + rnorm(n), x2 = Z[, 3] - Z[, 4] + .5 * u + rnorm(n))
  d$y <- u + d$w1
  v <- t(as.matrix(expand.grid(rep(list(c(-1, 1)), 5))))
  own_meat <- function(fit, cluster, term) { # Stata's middle
    sqrt(vcov(update(fit, meat = "projected"), cluster = cluster)[term, term])
  }
  for (fuller in c(0, 1)) for (k in 1:2) for (weighted in c(FALSE, TRUE)) {
    formula <- if (k == 2) y ~ w1 | x + x2 | z1 + z2 + z3 + z4 + z5 else y ~ w1 | x | z1 + z2 + z3 + z4 + z5
    estimator <- if (fuller) "fuller" else "liml"
    fit <- if (weighted) iv_reg(formula, d, estimator, weights = k) else iv_reg(formula, d, estimator)
    r <- if (weighted) sqrt(d$k) else rep(1, n)
    ways <- if (k == 2 && !weighted) list(d$g, d$h) else list(d$g)
    cluster <- if (length(ways) == 2) ~ g + h else ~g
    kappa <- root(fuller / (n - 2 - 5))
    for (of in seq_len(k)) {
      term <- c("x", "x2")[of]
      ref <- suppressWarnings(ref_all(r * d$y, r * cbind(d$x, d$x2)[, 1:k, drop = FALSE], r * cbind(1, d$w1), r * Z, ways, d$g, of, .3, v, kappa))
      built <- LatentMR:::iv_cluster(ways, n, if (weighted) r)
      boot <- LatentMR:::wild_boot(
        LatentMR:::wild_factor(fit, term), built, "rademacher", 99, 1L, TRUE, shift = LatentMR:::wild_shift(fit)
      )
      expect_equal(as.vector(boot$test(.3)$drawn), ref$t, tolerance = 1e-7)
      got <- suppressWarnings(wild_test(fit, term, .3, cluster = cluster, level = NULL, by = 1))
      expect_identical(got$p.value, mean(is.nan(ref$t) | abs(ref$t) >= abs(ref$own) * (1 - 1e-8)))
      expect_equal(got$std.error, suppressWarnings(own_meat(fit, cluster, term)), tolerance = 1e-8)
      expect_equal(got$statistic, ref$own / sqrt(5 / 4 * (n - 1) / (n - 2 - k)), tolerance = 1e-8)
    }
  }
  # an exogenous regressor, its own instrument
  fit <- iv_reg(y ~ w1 | x | z1 + z2 + z3 + z4 + z5, d, "liml", cluster = ~g)
  ref <- ref_all(d$y, cbind(d$w1, d$x), cbind(rep(1, n)), cbind(d$w1, Z), list(d$g), d$g, 1, .1, v, root(0))
  got <- wild_test(fit, "w1", .1, level = NULL)
  expect_identical(got$p.value, share(ref$t, ref$own))
  expect_equal(got$statistic, (coef(fit)[["w1"]] - .1) / own_meat(fit, ~g, "w1"), tolerance = 1e-8)
  # weights other than signs, whose squares are not one
  six <- .Call(LatentMR:::C_ffi_test_wild_weights, 1L, 7L, 5L, 99L)
  ref <- ref_all(d$y, cbind(d$x), cbind(1, d$w1), Z, list(d$g), d$g, 1, 0, six, root(0))
  boot <- LatentMR:::wild_boot(LatentMR:::wild_factor(fit, "x"), LatentMR:::iv_cluster(d$g, n), "webb", 99, 7L, TRUE, shift = 0)
  expect_equal(as.vector(boot$test(0)$drawn), ref$t, tolerance = 1e-7)
  # as many instruments as effects: LIML is 2SLS, and so is its test
  just <- function(estimator) wild_test(iv_reg(y ~ w1 | x | z1, d, estimator, cluster = ~g), beta = .2, level = NULL)
  expect_equal(just("liml"), just("2sls"), tolerance = 1e-9)
})

test_that("size with two endogenous variables and six unequal clusters", {
  set.seed(31)
  g <- rep(1:6, c(5, 5, 10, 10, 20, 70))
  n <- length(g)
  reject <- replicate(150, {
    z <- rnorm(6)[g] + matrix(rnorm(n * 3), n)
    u <- rnorm(6)[g] + rnorm(n)
    x1 <- z[, 1] + z[, 2] + .5 * u + rnorm(n)
    x2 <- z[, 3] - z[, 2] - .5 * u + rnorm(n)
    fit <- iv_fit(x1 - x2 + u, cbind(a = x1, b = x2), z, rep(1, n), cluster = g)
    c(plain = abs(coef(fit)[["a"]] - 1) / sqrt(vcov(fit)["a", "a"]) > qt(.975, 5), wild = wild_test(fit, "a", 1, level = NULL)$p.value < .05)
  })
  expect_gt(mean(reject["plain", ]), .12)
  expect_lt(mean(reject["wild", ]), .1)
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
    wild_test(iv_reg(y ~ w1 | x | z1 + z2, few, "ujive"), cluster = ~g), "latentmr_error_argument",
    paste0(
      "`fit` must be of estimator \"2sls\", \"liml\", \"fuller\" or \"ols\", not of \"ujive\".\n",
      "i The bootstrap draws statistics of these; weakiv_set(fit, cluster = ) does not hang on the estimator."
    )
  )
  expect_error(wild_test(iv_reg(y ~ 1 | x + w1 | z1 + z2, few), cluster = ~g), "`term`", class = "latentmr_error_argument")
  expect_error(wild_test(iv, "z1", cluster = ~g), class = "latentmr_error_argument")
  expect_error(wild_test(iv_reg(y ~ x + w1, few, "ols"), cluster = ~g), "`term`", class = "latentmr_error_argument")
  two <- list(g = few$g, h = rep(1:12, 5))
  for (wrong in list(3, "k", NA, 1.5, TRUE, c(1, 2))) {
    expect_error(suppressWarnings(wild_test(iv, cluster = two, by = wrong)), "from 1 to 2, or among \"g\", \"h\"", class = "latentmr_error_argument")
  }
  for (wrong in list(list(weights = "normal"), list(reps = 5), list(beta = NA), list(level = 1), list(seed = -1), list(times = 3))) {
    expect_error(do.call(wild_test, c(list(iv, cluster = few$g), wrong)), class = "latentmr_error_argument")
  }
  # an exact fit has no scores
  expect_error(wild_test(iv_reg(y2 ~ x, transform(few, y2 = 2 * x), "ols"), cluster = ~g, beta = 2), class = "latentmr_error_singular")
})

test_that("it can be interrupted", {
  expect_interruptible(function() wild_test(iv, cluster = rep(1:20, 3), reps = 999, level = NULL, seed = 1))
})
