turn <- function(fit, d) {
  order <- c(colnames(d$x), colnames(d$w))
  list(b = unname(coef(fit)[order]), vcov = unname(vcov(fit)[order, order]))
}

test_that("two-stage estimators equal their estimating equations solved by glm(), over the grid", {
  for (k in 1:2) for (K in c(1, 3)) for (estimator in c("tsps", "tsri", "glm")) for (link in c("logit", "log")) {
    d <- binary_design(n = 530, L = 3, k = k, K = K, seed = 10 * k + K)
    clustered <- K == 3
    fit <- iv_binary(
      d$formula, d$frame, estimator, link, vcov = if (clustered) "cluster" else "HC0", cluster = if (clustered) "cl"
    )
    twin <- ref_two_stage(d$y, d$x, d$z, d$w, estimator, link, if (clustered) d$frame$cl else seq_along(d$y))
    factor <- if (clustered) 60 / 59 * 529 / (530 - length(twin$b) - length(twin$control)) else 1
    ours <- turn(fit, d)
    expect_equal(ours$b, twin$b, tolerance = 1e-7)
    expect_equal(ours$vcov, unname(twin$vcov * factor), tolerance = 1e-6)
    if (estimator == "tsri") expect_equal(unname(fit$control), twin$control, tolerance = 1e-6)
  }
})

test_that("the multiplicative model equals GMM by a general optimiser", {
  for (k in 1:2) for (clustered in c(FALSE, TRUE)) {
    d <- binary_design(n = 530, L = 3, k = k, K = 2, seed = 20 + k)
    fit <- iv_binary(d$formula, d$frame, "msmm", vcov = if (clustered) "cluster" else "HC0", cluster = if (clustered) "cl")
    ours <- turn(fit, d)
    twin <- ref_msmm(d$y, d$x, d$z, d$w, if (clustered) d$frame$cl else seq_along(d$y), start = ours$b + 0.02)
    factor <- if (clustered) 60 / 59 * 529 / (530 - length(twin$b)) else 1
    expect_equal(ours$b, twin$b, tolerance = 1e-4)
    expect_equal(ours$vcov, unname(twin$vcov * factor), tolerance = 1e-3)
    expect_equal(fit$hansen[["statistic"]], twin$j, tolerance = 1e-4)
    expect_equal(fit$hansen[["df1"]], 3 - k)
  }
})

test_that("weights weigh every estimating equation", {
  for (k in 1:2) {
    d <- binary_design(n = 530, L = 3, k = k, K = 2, seed = 20 + k)
    set.seed(k)
    weight <- d$frame$weight <- 3 * c(rep(0, 30), runif(500, .2, 2))
    for (estimator in c("tsps", "tsri", "glm")) for (link in c("logit", "log")) {
      ours <- turn(iv_binary(d$formula, d$frame, estimator, link, vcov = "HC0", weights = weight), d)
      twin <- ref_two_stage(d$y, d$x, d$z, d$w, estimator, link, weights = weight)
      expect_equal(ours$b, twin$b, tolerance = 1e-7)
      expect_equal(ours$vcov, unname(twin$vcov), tolerance = 1e-6)
    }
    fit <- iv_binary(d$formula, d$frame, "msmm", vcov = "HC0", weights = weight)
    ours <- turn(fit, d)
    twin <- ref_msmm(d$y, d$x, d$z, d$w, start = ours$b + .02, weights = weight)
    expect_equal(ours$b, twin$b, tolerance = 1e-4)
    expect_equal(ours$vcov, unname(twin$vcov), tolerance = 1e-3)
    expect_equal(fit$hansen[["statistic"]], twin$j, tolerance = 1e-4)
  }
  expect_identical(nobs(fit), 500L)
  expect_equal(fit$cases, sum(d$y[-(1:30)]))
  skip_if_not_installed("AER")
  skip_if_not_installed("sandwich")
  fit <- iv_binary(y ~ w1 | x1 + x2 | z1 + z2 + z3, d$frame, "2sls", vcov = "HC0", weights = weight)
  twin <- AER::ivreg(y ~ x1 + x2 + w1 | z1 + z2 + z3 + w1, data = d$frame, weights = weight, subset = weight > 0)
  expect_equal(coef(fit)[names(coef(twin))], coef(twin), tolerance = 1e-8)
  expect_equal(vcov(fit)[names(coef(twin)), names(coef(twin))], sandwich::vcovHC(twin, type = "HC0"), tolerance = 1e-7, ignore_attr = TRUE)
})

test_that("a weight of two is a person twice", {
  d <- binary_design(n = 400, L = 3, K = 2, seed = 50)
  d$frame$id <- 1:400
  d$frame$count <- rep(c(1, 3, 2, 2), 100)
  twice <- d$frame[rep(1:400, d$frame$count), ]
  for (estimator in binary_estimators) {
    one <- iv_binary(d$formula, d$frame, estimator, vcov = "cluster", cluster = "id", weights = count)
    two <- iv_binary(d$formula, twice, estimator, vcov = "cluster", cluster = "id")
    expect_equal(coef(one), coef(two), tolerance = 1e-7)
    m <- length(coef(one)) + length(one$control)
    # The factor counts people here, rows there.
    factor <- (399 / (400 - m)) / (799 / (800 - m))
    expect_equal(vcov(one), vcov(two) * factor, tolerance = 1e-6)
  }
})

test_that("the probability to be in the sample: a case-control sample stands for its population", {
  d <- binary_design(n = 60000, L = 3, K = 2, seed = 61)
  set.seed(62)
  chance <- ifelse(d$y == 1, 1, .1)
  d$frame$weight <- 1 / chance
  sampled <- d$frame[runif(60000) < chance, ]
  for (estimator in c("2sls", "msmm")) {
    whole <- iv_binary(d$formula, d$frame, estimator)
    weighted <- iv_binary(d$formula, sampled, estimator, weights = weight)
    naive <- iv_binary(d$formula, sampled, estimator)
    away <- function(fit) abs(coef(fit)[["x1"]] - coef(whole)[["x1"]]) / sqrt(diag(vcov(weighted)))[["x1"]]
    expect_lt(away(weighted), 2.5)
    expect_gt(away(naive), 3)
  }
})

test_that("one instrument of two values: answers by hand", {
  set.seed(3)
  n <- 4000
  z <- rbinom(n, 1, 0.4)
  u <- rnorm(n)
  x <- rbinom(n, 1, plogis(-0.5 + 1.5 * z + u))
  y <- rbinom(n, 1, plogis(-1 + 0.6 * x + u))
  d <- data.frame(y, x, z)
  # E[y exp(-psi x) | z] is the same for both z
  at <- function(v, value) mean(v[z == value])
  psi <- -log((at(y * (1 - x), 0) - at(y * (1 - x), 1)) / (at(y * x, 1) - at(y * x, 0)))
  expect_equal(coef(iv_binary(y ~ 1 | x | z, d, "msmm"))[["x"]], psi, tolerance = 1e-8)
  # a saturated second stage: ratio of the differences of log odds (risks) and of x
  ratio <- function(g) (g(at(y, 1)) - g(at(y, 0))) / (at(x, 1) - at(x, 0))
  expect_equal(coef(iv_binary(y ~ 1 | x | z, d, "tsps"))[["x"]], ratio(qlogis), tolerance = 1e-8)
  expect_equal(coef(iv_binary(y ~ 1 | x | z, d, "tsps", link = "log"))[["x"]], ratio(log), tolerance = 1e-8)
  expect_equal(coef(iv_binary(y ~ 1 | x | z, d, "2sls"))[["x"]], ratio(identity), tolerance = 1e-8)
  # the error of the Wald ratio of log odds, by the delta method
  fit <- iv_binary(y ~ 1 | x | z, d, "tsps", vcov = "HC0")
  b <- coef(fit)[["x"]]
  share <- tapply(y, z, mean)
  slope <- 1 / (share * (1 - share))
  parts <- sapply(0:1, function(g) {
    e <- slope[g + 1] * (y - at(y, g)) - b * (x - at(x, g))
    sum((e[z == g] / sum(z == g))^2)
  })
  expect_equal(sqrt(vcov(fit)["x", "x"]), sqrt(sum(parts)) / (at(x, 1) - at(x, 0)), tolerance = 1e-6)
})

test_that("risk differences are two-stage least squares with robust errors", {
  d <- binary_design()
  fit <- iv_binary(d$formula, d$frame, "2sls")
  plain <- iv_reg(d$formula, d$frame, vcov = "HC1")
  expect_identical(coef(fit), coef(plain))
  expect_equal(vcov(fit), vcov(plain))
  expect_identical(fit$scale, "risk difference")
  expect_equal(confint(fit), confint(plain), ignore_attr = TRUE)
})

test_that("the truth is found in models that hold", {
  set.seed(4)
  n <- 40000
  z <- matrix(rbinom(3 * n, 2, 0.3), n, dimnames = list(NULL, c("z1", "z2", "z3")))
  v <- runif(n, -1, 1)
  x <- drop(z %*% c(0.4, 0.3, 0.3)) + v
  # risk exp(a + 0.3 x - 0.5 v): the multiplicative model is true; so is a control function
  y <- rbinom(n, 1, exp(-2 + 0.3 * x - 0.5 * v))
  d <- data.frame(y, x, z)
  for (e in list(c("msmm", "log"), c("tsri", "log"))) {
    fit <- iv_binary(y ~ 1 | x | z1 + z2 + z3, d, e[1], e[2])
    expect_lt(abs(coef(fit)[["x"]] - 0.3) / sqrt(vcov(fit)["x", "x"]), 3)
  }
  d$y <- rbinom(n, 1, plogis(-1 + 0.3 * x - 0.5 * v))
  fit <- iv_binary(y ~ 1 | x | z1 + z2 + z3, d, "tsri")
  expect_lt(abs(coef(fit)[["x"]] - 0.3) / sqrt(vcov(fit)["x", "x"]), 3)
  expect_lt(abs(fit$control + 0.5), 0.1)
  expect_gt(abs(coef(iv_binary(y ~ 1 | x | z1 + z2 + z3, d, "glm"))[["x"]] - 0.3), 0.1)
})

test_that("numbers do not depend on the processor, blocks or the origin of the exposure", {
  d <- binary_design(n = 1300, seed = 6)
  for (estimator in c("tsps", "tsri", "msmm")) {
    fit <- iv_binary(d$formula, d$frame, estimator)
    old <- options(LatentMR.cpu = 0)
    plain <- iv_binary(d$formula, d$frame, estimator)
    options(old)
    expect_equal(coef(plain), coef(fit), tolerance = 1e-7)
    expect_equal(vcov(plain), vcov(fit), tolerance = 1e-6)
    moved <- d$frame
    moved$x1 <- 1000 * moved$x1 + 1e5
    far <- iv_binary(d$formula, moved, estimator)
    expect_equal(1000 * coef(far)[["x1"]], coef(fit)[["x1"]], tolerance = 1e-5)
    expect_equal(1000 * sqrt(vcov(far)["x1", "x1"]), sqrt(vcov(fit)["x1", "x1"]), tolerance = 1e-5)
  }
})

test_that("frames: names, scales, ratios on log scales only", {
  d <- binary_design()
  rows <- do.call(rbind, lapply(c("2sls", "msmm", "tsps", "tsri", "glm"), function(e) as.data.frame(iv_binary(d$formula, d$frame, e))))
  expect_identical(names(rows), c(
    "id.exposure", "id.outcome", "outcome", "exposure", "method", "nsnp", "b", "se", "pval", "lo_ci", "up_ci", "or",
    "or_lci95", "or_uci95", "rr", "rr_lci95", "rr_uci95", "nobs", "estimator", "vcov", "fstat", "fstat_type", "scale", "units"
  ))
  expect_identical(rows$scale, c("risk difference", "log risk ratio", rep("log odds ratio", 3)))
  expect_equal(rows$or, ifelse(rows$scale == "log odds ratio", exp(rows$b), NA))
  expect_equal(rows$rr, c(NA, exp(rows$b[2]), NA, NA, NA))
  expect_equal(rows$or_uci95[3], exp(rows$b[3] + 1.959964 * rows$se[3]), tolerance = 1e-6)
  expect_identical(rows$units[c(1, 3)], c("probability of y per unit of x1", "log odds of y per unit of x1"))
  fit <- iv_binary(d$formula, d$frame)
  expect_identical(names(tidy(fit)), c("term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high", "df", "outcome", "scale"))
  ratio <- tidy(fit, exponentiate = TRUE)
  expect_equal(ratio$estimate, exp(tidy(fit)$estimate))
  expect_equal(ratio$std.error, tidy(fit)$std.error)
  expect_equal(nrow(glance(fit)), 1)
  expect_conditions(tidy(iv_binary(d$formula, d$frame, "2sls"), exponentiate = TRUE))
  expect_snapshot(print(summary(fit), signif.stars = FALSE))
  expect_output(print(fit), "scale of a log odds ratio")
})

test_that("codings of the outcome", {
  d <- binary_design()
  fit <- iv_binary(d$formula, d$frame)
  other <- d$frame
  other$y <- other$y == 1
  expect_silent(expect_equal(coef(iv_binary(d$formula, other)), coef(fit)))
  other$y <- factor(ifelse(d$y == 1, "ill", "well"), levels = c("well", "ill"))
  expect_message(expect_equal(coef(iv_binary(d$formula, other)), coef(fit)), "\"well\" is taken as 0 and \"ill\" as 1", class = "latentmr_message_coding")
  other$y <- d$y + 1
  expect_message(expect_equal(coef(iv_binary(d$formula, other)), coef(fit)), "read as in PLINK", class = "latentmr_message_coding")
  other$y[3] <- NA
  expect_equal(suppressMessages(iv_binary(d$formula, other))$nobs, 599)
})

test_that("wrong outcomes and hopeless data are refused in words", {
  d <- binary_design()
  bad <- function(y, ...) {
    other <- d$frame
    other$y <- y
    iv_binary(d$formula, other, ...)
  }
  expect_conditions(bad(rep(0:2, 200)))
  expect_conditions(bad(rnorm(600)))
  expect_conditions(bad(factor(rep(c("a", "b", "c"), 200))))
  expect_conditions(bad(as.character(d$y)))
  expect_conditions(bad(rep(1, 600)))
  expect_conditions(iv_binary(d$formula, d$frame, "tslr"))
  expect_conditions(iv_binary(d$formula, d$frame, vcov = "iid"))
  expect_conditions(iv_binary(d$formula, d$frame, vcov = "cluster"))
  other <- d$frame
  other$w1 <- other$y - 0.5
  for (e in c("tsri", "tsps", "glm")) expect_error(iv_binary(d$formula, other, e), class = "latentmr_error_separation")
  expect_conditions(iv_binary(d$formula, other))
  expect_error(iv_binary(d$formula, d$frame, "msmm", cluster = rep(1:3, 200)), class = "latentmr_error_weights")
  expect_error(iv_binary(y ~ 1 | x1 | z1, transform(d$frame[1:4, ], y = c(0, 1, 0, 1))[1:2, ]), class = "latentmr_error_unidentified")
  inf <- d$frame
  inf$x1[2] <- Inf
  expect_error(iv_binary(d$formula, inf), class = "latentmr_error_argument")
  expect_error(iv_binary(y ~ x1, d$frame), class = "latentmr_error_argument")
})

test_that("dependent columns are left out and shown as NA", {
  d <- binary_design()
  other <- transform(d$frame, w3 = 2 * w1)
  fit <- iv_binary(y ~ w1 + w2 + w3 | x1 | z1 + z2 + z3, other)
  expect_true(is.na(coef(fit)[["w3"]]))
  expect_equal(coef(fit)[["x1"]], coef(iv_binary(d$formula, d$frame))[["x1"]], tolerance = 1e-8)
  expect_true(is.na(tidy(fit)$std.error[match("w3", tidy(fit)$term)]))
})

test_that("a second stage without a solution says so", {
  # every case on one side of the exposure: no ratio balances the two groups
  z <- rep(0:1, each = 50)
  x <- z + rep(c(-0.1, 0.1), 50)
  d <- data.frame(y = as.double(z == 1 & x > 1), x, z)
  expect_error(iv_binary(y ~ 1 | x | z, d, "msmm"), class = "latentmr_error_noconv")
})

test_that("weights that are none are refused", {
  d <- binary_design(n = 100, L = 2, K = 2, seed = 70)
  expect_conditions({
    iv_binary(d$formula, d$frame, weights = rep(-1, 100))
    iv_binary(d$formula, d$frame, weights = rep(0, 100))
    iv_binary(d$formula, d$frame, weights = 1 / y)
    iv_binary(d$formula, d$frame, weights = y)
  })
})
