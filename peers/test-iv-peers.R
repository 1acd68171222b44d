# The IV engine against ivreg, ivmodel and fixest: published answers on the data
# of these packages, and random designs.

near <- function(object, expected, digits) expect_lte(abs(unname(object) - expected), 0.51 * 10^-digits)

design <- function(seed) {
  set.seed(seed)
  n <- sample(c(60, 150, 400), 1)
  L <- sample(c(1:4, 8, 20), 1)
  K <- sample(0:4, 1)
  strength <- sample(c(0.05, 0.3, 1), 1)
  z <- matrix(rnorm(n * L), n)
  w <- matrix(rnorm(n * K), n)
  u <- rnorm(n)
  d <- data.frame(row.names = seq_len(n))
  for (j in seq_len(L)) d[[paste0("z", j)]] <- z[, j]
  for (j in seq_len(K)) d[[paste0("w", j)]] <- w[, j]
  d$x <- drop(z %*% rep(strength / sqrt(L), L)) + rowSums(w) + u + rnorm(n)
  d$y <- 0.5 * d$x + rowSums(w) - u + rnorm(n) * (1 + z[, 1]^2) + 10
  d$cl <- sample(25, n, TRUE)
  d$wt <- runif(n, 0.5, 2)
  W <- if (K) paste0("w", seq_len(K), collapse = " + ") else "1"
  Z <- paste0("z", seq_len(L), collapse = " + ")
  list(d = d, n = n, L = L, K = K, W = W, Z = Z, formula = stats::as.formula(paste("y ~", W, "| x |", Z)))
}

test_that("ivreg: every method on random designs", {
  skip_if_not_installed("ivreg")
  for (seed in 1:200) {
    s <- design(seed)
    weighted <- seed %% 3 == 0
    ours <- if (weighted) iv_reg(s$formula, s$d, weights = wt) else iv_reg(s$formula, s$d)
    theirs <- if (weighted) ivreg::ivreg(s$formula, data = s$d, weights = wt) else ivreg::ivreg(s$formula, data = s$d)
    expect_equal(coef(ours), coef(theirs), tolerance = 1e-8)
    expect_equal(vcov(ours), vcov(theirs), tolerance = 1e-8)
    expect_equal(confint(ours), confint(theirs), tolerance = 1e-8)
    expect_equal(residuals(ours), residuals(theirs), tolerance = 1e-8)
    expect_equal(fitted(ours), fitted(theirs), tolerance = 1e-8)
    expect_equal(predict(ours, s$d[1:3, ]), predict(theirs, s$d[1:3, ]), tolerance = 1e-8)
    own <- influence(ours)
    other <- influence(theirs, sigma. = TRUE)
    expect_equal(own$dfbeta[, colnames(other$dfbeta)], other$dfbeta, tolerance = 1e-6, ignore_attr = TRUE)
    for (part in c("sigma", "dffits", "cookd", "hatvalues", "rstudent")) {
      expect_equal(own[[part]], other[[part]], tolerance = 1e-6, ignore_attr = TRUE)
    }
    expect_equal(residuals(ours, "regressors"), residuals(theirs, "regressors"), tolerance = 1e-7, ignore_attr = TRUE)
    for (part in c("regressors", "projected", "instruments")) {
      expect_equal(model.matrix(ours, part), model.matrix(theirs, part), tolerance = 1e-8, ignore_attr = c("assign", "contrasts"))
    }
    for (type in c("stage2", "stage1", "both", "maximum")) {
      expect_equal(hatvalues(ours, type), hatvalues(theirs, type), tolerance = 1e-8, ignore_attr = TRUE)
    }
    expect_equal(coef(ours, "stage1"), coef(theirs, "stage1"), tolerance = 1e-8, ignore_attr = TRUE)
    expect_equal(formula(ours, "regressors"), formula(theirs, "regressors"), ignore_attr = TRUE)
    expect_equal(deviance(ours), deviance(theirs), tolerance = 1e-8)
    expect_equal(sandwich::bread(ours), sandwich::bread(theirs), tolerance = 1e-8)
    expect_equal(sandwich::estfun(ours), sandwich::estfun(theirs), tolerance = 1e-8, ignore_attr = TRUE)
    for (type in c("HC0", "HC1", "HC2", "HC3")) {
      expect_equal(vcov(ours, type), sandwich::vcovHC(theirs, type = type), tolerance = 1e-8)
      expect_equal(sandwich::vcovHC(ours, type = type), sandwich::vcovHC(theirs, type = type), tolerance = 1e-8)
    }
    a <- summary(ours)
    b <- summary(theirs)
    for (field in c("sigma", "r.squared", "adj.r.squared", "waldtest", "diagnostics", "coefficients")) {
      expect_equal(a[[field]], b[[field]], tolerance = 1e-8, ignore_attr = TRUE)
    }
    expect_identical(dimnames(a$diagnostics), dimnames(b$diagnostics))
    v <- function(o, ...) sandwich::vcovHC(o, type = "HC1")
    expect_equal(
      unname(summary(ours, vcov = "HC1")$diagnostics[1:3, ]), unname(summary(theirs, vcov. = v)$diagnostics), tolerance = 1e-7
    )
  }
})

test_that("ivmodel: k-class, LIML with its errors, Anderson-Rubin sets", {
  skip_if_not_installed("ivmodel")
  for (seed in 1:200) {
    s <- design(seed)
    X <- if (s$K) as.matrix(s$d[paste0("w", seq_len(s$K))])
    given <- list(Y = s$d$y, D = s$d$x, Z = as.matrix(s$d[paste0("z", seq_len(s$L))]), intercept = TRUE)
    m <- suppressWarnings(do.call(ivmodel::ivmodel, c(given, if (s$K) list(X = X))))
    fit <- iv_reg(s$formula, s$d, estimator = "liml")
    theirs <- ivmodel::LIML(m)
    expect_equal(fit$kappa, theirs$k, tolerance = 1e-8)
    expect_equal(coef(fit)[["x"]], theirs$point.est[[1]], tolerance = 1e-6)
    expect_equal(sqrt(vcov(fit)["x", "x"]), theirs$std.err[[1]], tolerance = 1e-6)
    expect_equal(sqrt(vcov(fit, "HC0")["x", "x"]), ivmodel::LIML(m, heteroSE = TRUE)$std.err[[1]], tolerance = 1e-6)
    fuller <- iv_reg(s$formula, s$d, estimator = "fuller")
    theirs <- ivmodel::Fuller(m)
    expect_equal(coef(fuller)[["x"]], theirs$point.est[[1]], tolerance = 1e-6)
    expect_equal(sqrt(vcov(fuller)["x", "x"]), theirs$std.err[[1]], tolerance = 1e-6)
    expect_equal(sqrt(vcov(fuller, "HC0")["x", "x"]), ivmodel::Fuller(m, heteroSE = TRUE)$std.err[[1]], tolerance = 1e-6)
    other <- ivmodel::KClass(m, k = 0.6)
    kclass <- iv_reg(s$formula, s$d, estimator = "kclass", kappa = 0.6)
    expect_equal(coef(kclass)[["x"]], other$point.est[[1]], tolerance = 1e-6)
    expect_equal(sqrt(vcov(kclass)["x", "x"]), other$std.err[[1]], tolerance = 1e-6)
    for (level in c(0.5, 0.95)) {
      ours <- ar_set(fit, level)
      ar <- ivmodel::AR.test(m, alpha = 1 - level)
      ends <- ar$ci
      if (anyNA(ends)) {
        expect_identical(ours$ci_type, "empty")
      } else {
        expect_equal(cbind(ours$lo, ours$up), ends, tolerance = 1e-6, ignore_attr = TRUE)
      }
    }
    # ivmodel's CLR set stops its root at uniroot()'s default tolerance, 1.2e-4
    clr <- ivmodel::CLR(m, beta0 = 0.3)
    test <- weakiv_test(fit, 0.3)
    expect_equal(test$statistic[3], clr$test.stat[[1]], tolerance = 1e-6)
    expect_equal(test$p.value[3], clr$p.value[[1]], tolerance = if (s$L == 4) 1e-3 else 1e-5)
    ours <- weakiv_set(fit)
    # nor does it call rays that touch a line
    touching <- nrow(clr$ci) == 2 && clr$ci[2, 1] - clr$ci[1, 2] < 1e-4
    if (touching) {
      expect_identical(ours$ci_type, "line")
    } else {
      expect_equal(cbind(ours$lo, ours$up), clr$ci, tolerance = 2e-3, ignore_attr = TRUE)
    }
    test <- LatentMR:::kclass_ar_test(LatentMR:::factor_moments(fit$engine$f), 0)
    expect_equal(test[["statistic"]], ivmodel::AR.test(m)$Fstat, tolerance = 1e-6)
  }
})

test_that("fixest: errors iid, robust and clustered; first-stage F, Sargan", {
  skip_if_not_installed("fixest")
  fixest::setFixest_nthreads(1)
  for (seed in 1:200) {
    s <- design(seed)
    theirs <- fixest::feols(stats::as.formula(paste("y ~", s$W, "| x ~", s$Z)), s$d, notes = FALSE)
    fit <- iv_reg(s$formula, s$d)
    expect_equal(coef(fit)[["x"]], coef(theirs)[["fit_x"]], tolerance = 1e-6)
    se <- function(v) sqrt(diag(v))[["x"]]
    expect_equal(se(vcov(fit)), fixest::se(theirs)[["fit_x"]], tolerance = 1e-6)
    expect_equal(se(vcov(fit, "HC1")), fixest::se(theirs, vcov = "hetero")[["fit_x"]], tolerance = 1e-6)
    expect_equal(se(vcov(fit, "cluster", cluster = s$d$cl)), fixest::se(theirs, vcov = ~cl)[["fit_x"]], tolerance = 1e-6)
    expect_equal(fit$diagnostics[1, 3], fixest::fitstat(theirs, "ivf1")[[1]]$stat, tolerance = 1e-6)
    if (s$L > 1) expect_equal(fit$diagnostics["Sargan", 3], fixest::fitstat(theirs, "sargan")[[1]]$stat, tolerance = 1e-6)
    expect_equal(fit$diagnostics["Wu-Hausman", 3], fixest::fitstat(theirs, "wh")[[1]]$stat, tolerance = 1e-6)
  }
})

test_that("Card's returns to schooling, as published", {
  skip_if_not_installed("ivmodel")
  env <- new.env()
  data("card.data", package = "ivmodel", envir = env)
  d <- env$card.data
  names <- c("exper", "expersq", "black", "south", "smsa", paste0("reg", 661:668), "smsa66")
  W <- paste(names, collapse = " + ")
  f <- function(z) stats::as.formula(paste("lwage ~", W, "| educ |", z))
  one <- iv_reg(f("nearc4"), d)
  ols <- iv_reg(f("nearc4"), d, estimator = "ols")
  near(coef(ols)[["educ"]], 0.07469, 5)
  near(sqrt(vcov(ols)["educ", "educ"]), 0.00350, 5)
  near(coef(one)[["educ"]], 0.13150, 5)
  near(sqrt(vcov(one)["educ", "educ"]), 0.05496, 5)
  near(sqrt(vcov(one, "HC1")["educ", "educ"]), 0.05414, 5)
  near(one$diagnostics["Weak instruments", 3], 13.256, 3)
  near(summary(one, vcov = "HC1")$diagnostics["Weak instruments", 3], 14.139, 3)
  near(one$diagnostics["Wu-Hausman", 3], 1.168, 3)
  near(one$diagnostics["Wu-Hausman", 4], 0.280, 3)
  near(ar_set(one)$lo, 0.02480, 5)
  near(ar_set(one)$up, 0.28482, 5)
  two <- iv_reg(f("nearc4 + nearc2"), d, vcov = "HC1")
  near(coef(two)[["educ"]], 0.15706, 5)
  near(sqrt(vcov(two, "iid")["educ", "educ"]), 0.05258, 5)
  near(two$strength$partial_f, 7.893, 3)
  near(two$strength$robust_f, 8.319, 3)
  # weakivtest has no small-sample factor: that of HC1, n over the residual degrees of freedom of the first stage.
  first_df <- nobs(two) - length(coef(two)) - 1
  near(two$strength$effective_f * nobs(two) / first_df, 8.176, 3)
  near(two$diagnostics["Sargan", 3], 1.2482, 4)
  near(two$diagnostics["Sargan", 4], 0.264, 3)
  near(two$diagnostics["Hansen J", 3], 1.2689, 4)
  near(two$diagnostics["Hansen J", 4], 0.260, 3)
  near(ar_set(two)$lo, 0.05360, 5)
  near(ar_set(two)$up, 0.36198, 5)
  liml <- iv_reg(f("nearc4 + nearc2"), d, estimator = "liml")
  near(liml$kappa, 1.00041, 5)
  near(coef(liml)[["educ"]], 0.16403, 5)
  near(sqrt(vcov(liml)["educ", "educ"]), 0.05550, 5)
  near(weakiv_set(two, vcov = "iid")$lo, 0.06212, 5)
  near(weakiv_set(two, vcov = "iid")$up, 0.33618, 5)
  near(coef(iv_reg(f("nearc4"), d, estimator = "fuller"))[["educ"]], 0.12750, 5)
  near(sqrt(vcov(iv_reg(f("nearc4"), d, estimator = "fuller"))["educ", "educ"]), 0.05271, 5)
  fuller <- iv_reg(f("nearc4 + nearc2"), d, estimator = "fuller")
  near(coef(fuller)[["educ"]], 0.15826, 5)
  near(sqrt(vcov(fuller)["educ", "educ"]), 0.05308, 5)
  near(coef(iv_reg(f("nearc4 + nearc2"), d, estimator = "jive1"))[["educ"]], -1.294, 3)
  near(coef(iv_reg(f("nearc4 + nearc2"), d, estimator = "gmm"))[["educ"]], 0.15521, 5)
})

test_that("Verbeek's schooling returns and Kmenta's food market, as published", {
  skip_if_not_installed("ivreg")
  env <- new.env()
  data("SchoolingReturns", "Kmenta", package = "ivreg", envir = env)
  fit <- iv_reg(
    log(wage) ~ ethnicity + smsa + south | education + poly(experience, 2, raw = TRUE) |
      nearcollege + poly(age, 2, raw = TRUE),
    env$SchoolingReturns
  )
  near(coef(fit)[["education"]], 0.13295, 5)
  near(sqrt(vcov(fit)["education", "education"]), 0.05138, 5)
  expect_lt(max(abs(fit$diagnostics[1:3, 3] - c(8.0085, 1612.7, 1473.1)) / c(1e-4, 0.1, 0.1)), 0.51)
  near(fit$diagnostics["Wu-Hausman", 3], 0.8406, 4)
  fit <- iv_reg(Q ~ P + D | D + F + A, env$Kmenta)
  near(coef(fit)[["P"]], -0.24356, 5)
  near(sqrt(vcov(fit)["P", "P"]), 0.09648, 5)
  near(fit$diagnostics["Weak instruments", 3], 88.025, 3)
  near(fit$diagnostics["Wu-Hausman", 3], 11.422, 3)
  near(fit$diagnostics["Sargan", 3], 2.983, 3)
})
