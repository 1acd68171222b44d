# Clusters: cluster given means clustered, in one way or several; CR2 and its degrees of
# freedom; the tests beside them. Pinned numbers are those of the packages named.

cars <- transform(mtcars, h = rep(1:8, 4))
plain <- iv_reg(mpg ~ hp | wt | disp + cyl, cars)

test_that("cluster given means clustered, everywhere", {
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = ~carb)
  expect_identical(fit$vcov_type, "cluster")
  # sandwich 3.0-2 on ivreg 0.6-8: sandwich::vcovCL(m, mtcars$carb, type = "HC1"), with
  # m <- ivreg::ivreg(mpg ~ wt + hp | disp + cyl + hp, data = mtcars)
  expect_equal(sqrt(diag(vcov(fit))), c("(Intercept)" = 2.47374884214347, wt = 0.91637733002989, hp = 0.00800517049802), tolerance = 1e-9)
  same <- list(
    vcov(plain, "cluster", cluster = ~carb), vcov(plain, cluster = cars$carb), vcov(plain, ~carb), vcov(plain, cluster = "carb"),
    summary(plain, cluster = ~carb)$vcov, vcov(iv_reg(mpg ~ hp | wt | disp + cyl, cars, vcov = ~carb)),
    vcov(iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = "carb")), vcov(iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = cars$carb)),
    vcov(iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = list(cars$carb)))
  )
  for (v in same) expect_equal(v, vcov(fit))
  matrices <- iv_fit(cars$mpg, cars$wt, cbind(cars$disp, cars$cyl), cbind(1, cars$hp), cluster = cars$carb)
  expect_equal(vcov(matrices), vcov(fit)[c(2, 1, 3), c(2, 1, 3)], ignore_attr = TRUE)
  for (estimator in c("liml", "fuller", "gmm", "ols")) {
    expect_identical(iv_reg(mpg ~ 1 | wt | disp + cyl, cars, estimator, cluster = ~carb)$vcov_type, "cluster")
  }
  expect_equal(confint(plain, cluster = ~carb), confint(fit))
  expect_equal(tidy(plain, cluster = ~carb), tidy(fit))
  expect_equal(glance(plain, vcov. = ~carb), glance(fit))
  expect_equal(first_stage(plain, cluster = ~carb)$table, first_stage(fit)$table)
  expect_equal(overid_test(plain, cluster = ~carb), overid_test(fit))
  expect_equal(weakiv_test(plain, -3, cluster = ~carb), weakiv_test(fit, -3))
  expect_equal(weakiv_set(plain, "AR", vcov = ~carb), weakiv_set(fit, "AR"))
  expect_equal(ar_set(plain, cluster = ~carb)$lo, weakiv_set(fit, "AR")$lo)
  expect_equal(anova(iv_reg(mpg ~ 1 | wt | disp + cyl, cars), plain, cluster = ~carb)$F[2], coef(summary(fit))["hp", 3]^2)
  cars$low <- as.integer(cars$mpg < 19)
  expect_identical(iv_binary(low ~ hp | wt | disp + cyl, cars, "2sls", cluster = ~carb)$vcov_type, "cluster")
})

test_that("ivreg's spellings and the degrees of freedom are honoured", {
  skip_if_not_installed("sandwich")
  robust <- function(o, ...) sandwich::vcovHC(o, type = "HC1")
  # ivreg 0.6-8: confint(m, vcov. = function(o) sandwich::vcovHC(o, type = "HC1"), df = Inf)["wt", ]
  expect_equal(confint(plain, "wt", vcov. = robust, df = Inf)[1, ], c("2.5 %" = -5.35452240317, "97.5 %" = -2.42857501210), tolerance = 1e-9)
  expect_equal(confint(plain, vcov. = "HC1"), confint(plain, vcov = "HC1"))
  expect_equal(summary(plain, vcov. = robust)$coefficients, summary(plain, "HC1")$coefficients)
  expect_equal(tidy(plain, vcov. = robust, df = 5)$p.value[2], 2 * pt(-abs(coef(summary(plain, "HC1"))["wt", 3]), 5))
  expect_equal(summary(plain, df = Inf)$coefficients[, 4], 2 * pnorm(-abs(summary(plain)$coefficients[, 3])))
  # confint(m, component = "stage1") of ivreg
  withr::local_options(OutDec = ".") # lm's names of columns follow it
  first <- lm(wt ~ disp + cyl + hp, cars)
  expect_equal(confint(plain, component = "stage1"), confint(first)[names(coef(plain, "stage1")), ])
  expect_equal(tidy(plain, component = "stage1")$std.error, unname(coef(summary(first))[names(coef(plain, "stage1")), 2]))
  expect_error(confint(plain, vcov = "HC1", vcov. = "HC0"), class = "latentmr_error_argument")
  expect_error(summary(plain, df = 0), class = "latentmr_error_argument")
  expect_error(confint(plain, vcov = diag(3)), class = "latentmr_error_argument")
  expect_error(tidy(plain, component = "stage1", vcov = "HC1"), class = "latentmr_error_argument")
})

test_that("rows left out by na.action and subset leave the clusters too", {
  d <- cars
  d$hp[c(3, 20)] <- NA
  d$carb[7] <- NA
  whole <- iv_reg(mpg ~ hp | wt | disp + cyl, d, subset = cyl > 3, cluster = ~carb)
  expect_identical(nobs(whole), 29L)
  clean <- stats::na.omit(d)
  expect_equal(vcov(whole), vcov(iv_reg(mpg ~ hp | wt | disp + cyl, clean, cluster = clean$carb)))
  d$carb[7] <- 4
  clean <- stats::na.omit(d)[stats::na.omit(d)$gear > 3, ]
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, d, subset = gear > 3)
  expected <- vcov(iv_reg(mpg ~ hp | wt | disp + cyl, clean), "cluster", cluster = clean$carb)
  expect_equal(vcov(fit, cluster = ~carb), expected)
  expect_equal(vcov(fit, cluster = d$carb), expected)
  expect_equal(vcov(fit, cluster = clean$carb), expected)
  # rows in another order keep their names
  d <- d[order(d$mpg), ]
  expect_equal(vcov(fit, cluster = ~carb), expected)
  d$mpg <- rev(d$mpg)
  expect_condition_text(
    vcov(fit, cluster = ~carb), "latentmr_error_argument",
    "The data have changed since the fit: their outcome is another.\ni Give `cluster` as a vector for the rows of the fit, or fit again."
  )
})

test_that("clusters in two ways: fixest's numbers, sandwich's through its own function", {
  # fixest 0.14.2: vcov(feols(mpg ~ hp | wt ~ disp + cyl, cars), vcov = ~carb + h)
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = ~ carb + h)
  expected <- matrix(c(
    7.950409633307, -3.0386552123098, 0.014849063501, -3.0386552123098, 1.2706673667519, -0.0075579568544,
    0.014849063501, -0.0075579568544, 6.3441059288e-05
  ), 3)
  expect_equal(vcov(fit), expected, tolerance = 1e-10, ignore_attr = TRUE)
  expect_identical(confint(fit)[2, 2], coef(fit)[["wt"]] + qt(.975, 5) * sqrt(vcov(fit)[2, 2]))
  for (by in list(c("carb", "h"), cars[c("carb", "h")], list(cars$carb, cars$h), cbind(cars$carb, cars$h))) {
    expect_equal(vcov(iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = by)), vcov(fit))
  }
  # the signed sum of three one-way sums, before their factors
  one <- function(g) vcov(plain, cluster = g) * (length(unique(g)) - 1) / length(unique(g))
  sum <- one(cars$carb) + one(cars$h) - one(paste(cars$carb, cars$h))
  expect_equal(vcov(fit), sum * 6 / 5, tolerance = 1e-10)
  skip_if_not_installed("sandwich")
  twin <- sandwich::vcovCL(plain, cars[c("carb", "h")], type = "HC1")
  expect_equal(twin, (one(cars$carb) * 6 / 5 + one(cars$h) * 8 / 7 - one(paste(cars$carb, cars$h)) *
    length(unique(paste(cars$carb, cars$h))) / (length(unique(paste(cars$carb, cars$h))) - 1)), tolerance = 1e-10)
})

test_that("a covariance that is not one is mended as Cameron, Gelbach and Miller, and said", {
  # sandwich: vcovCL(m, ~ carb + gear, type = "HC0", cadjust = FALSE, fix = TRUE) * 3 / 2 * 31 / 29, m ivreg's fit
  expect_warning(fit <- iv_reg(mpg ~ hp | wt | disp + cyl, cars, cluster = ~ carb + gear), class = "latentmr_warning_vcov")
  expect_equal(vcov(fit)[, "wt"], c("(Intercept)" = -1.9962424062651, wt = 0.6797126945934, hp = -0.002332201966095), tolerance = 1e-9)
  expect_gte(min(eigen(vcov(fit))$values), -1e-15)
})

test_that("CR2 and Satterthwaite's degrees of freedom equal clubSandwich", {
  # clubSandwich 0.7.0, m <- ivreg::ivreg(mpg ~ wt + hp | disp + cyl + hp, data = mtcars):
  # v <- vcovCR(m, mtcars$carb, "CR2"); coef_test(m, v)$df_Satt
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, cars, vcov = "CR2", cluster = ~carb)
  expected <- matrix(c(
    7.61386382904270, -2.65828848839324, 0.00926676938472, -2.65828848839324, 1.08348923955113, -0.00669250232498,
    0.00926676938472, -0.00669250232498, 8.91680281896e-05
  ), 3)
  expect_equal(vcov(fit), expected, tolerance = 1e-10, ignore_attr = TRUE)
  df <- c(2.36733426343, 2.99389072502, 2.58792141844)
  expect_equal(unname(fit$df_terms), df, tolerance = 1e-10)
  s <- summary(plain, "CR2", cluster = ~carb)
  expect_equal(s$coefficients[, 4], 2 * pt(-abs(s$coefficients[, 3]), df), tolerance = 1e-9)
  expect_equal(confint(fit)[2, 2], coef(fit)[["wt"]] + qt(.975, df[2]) * sqrt(expected[2, 2]), tolerance = 1e-9)
  expect_equal(tidy(fit)$df, df, tolerance = 1e-9)
  # with weights: of the rows multiplied by their roots, v <- vcovCR(mw, mtcars$carb, "CR2"),
  # mw <- ivreg(y ~ 0 + i + wt + hp | 0 + i + disp + cyl + hp), all columns times sqrt(mtcars$qsec)
  weighted <- iv_reg(mpg ~ hp | wt | disp + cyl, cars, vcov = "CR2", cluster = ~carb, weights = qsec)
  expect_equal(unname(sqrt(diag(vcov(weighted)))), c(2.81901671127830, 1.05594289954844, 0.00936056336024), tolerance = 1e-10)
  expect_equal(unname(weighted$df_terms), c(2.36060672328, 3.05619135880, 2.76753537528), tolerance = 1e-10)
  # two environments with slopes and instruments of their own, m <- ivreg::ivreg(mpg ~ wt + factor(am) + factor(am):hp |
  # factor(am) + factor(am):(hp + disp + cyl), data = mtcars): a term whose degrees of freedom are below 2
  apart <- tidy(iv_reg(mpg ~ factor(am) + factor(am):hp | wt | factor(am):disp + factor(am):cyl, cars, vcov = "CR2", cluster = ~carb))
  apart <- unlist(apart[apart$term == "wt", c("estimate", "std.error", "df")])
  expect_equal(unname(apart), c(-2.33042401324, 1.34764311083, 1.77251496582), tolerance = 1e-10)
})

# CR2 by matrices of the clusters' size.
ref_cr2 <- function(X, projected, e, cluster) {
  bread <- solve(crossprod(projected, X))
  H <- projected %*% solve(crossprod(projected), t(projected))
  n <- length(e)
  power <- function(a) {
    s <- eigen(a, symmetric = TRUE)
    s$vectors %*% (ifelse(s$values > 1e-10, 1 / sqrt(pmax(s$values, 1e-300)), 0) * t(s$vectors))
  }
  A <- matrix(0, n, n)
  for (g in unique(cluster)) A[cluster == g, cluster == g] <- power(diag(sum(cluster == g)) - H[cluster == g, cluster == g])
  scores <- rowsum(projected * drop(A %*% e), cluster)
  df <- vapply(seq_len(ncol(X)), function(j) {
    a <- drop(A %*% projected %*% bread[j, ])
    V <- vapply(unique(cluster), function(g) drop((diag(n) - H) %*% (a * (cluster == g))), numeric(n))
    sum(V^2)^2 / sum(crossprod(V)^2)
  }, 0)
  list(vcov = bread %*% crossprod(scores) %*% t(bread), df = df)
}

test_that("CR2 equals dense matrices: estimators, blocks, singletons, a cluster that identifies a column", {
  for (k in 1:2) for (n in c(90, 700)) {
    d <- iv_design(n = n, L = 4, k = k, seed = n + k)
    cluster <- if (n == 90) c(rep(1:10, 8), 11:20) else rep(1:5, c(300, 200, 100, 50, 50))
    w <- cbind(d$w, only = as.double(cluster == 3) * rnorm(n))
    order <- sample(n)
    for (estimator in c("2sls", "liml", "ols")) {
      fit <- iv_fit(d$y[order], d$x[order, ], d$z[order, ], w[order, ], estimator, "CR2", cluster = cluster[order])
      kappa <- switch(estimator, "2sls" = 1, ols = 0, fit$kappa)
      X <- cbind(d$x, w)
      twin <- ref_kclass(d$y, d$x, d$z, w, kappa)
      dense <- ref_cr2(X, twin$projected, twin$residuals, cluster)
      expect_equal(vcov(fit), dense$vcov, tolerance = 1e-8, ignore_attr = TRUE)
      expect_equal(unname(fit$df_terms), dense$df, tolerance = 1e-6)
    }
  }
})

test_that("clubSandwich works on our fits", {
  skip_if_not_installed("clubSandwich")
  v <- clubSandwich::vcovCR(plain, cars$carb, "CR2")
  expect_equal(as.matrix(v)[2, 2], 1.08348923955113, tolerance = 1e-9)
  expect_equal(clubSandwich::coef_test(plain, v)$df_Satt[2], 2.99389072502, tolerance = 1e-7)
  expect_error(clubSandwich::vcovCR(iv_reg(mpg ~ 1 | wt | disp + cyl, cars, "gmm"), cars$carb, "CR2"), class = "latentmr_error_argument")
})

test_that("clustered tests have G - 1 degrees of freedom, as Stata and estimatr", {
  # estimatr 1.0.0: iv_robust(mpg ~ wt + hp | disp + cyl + hp, mtcars, clusters = carb, se_type = "stata",
  # diagnostics = TRUE)[c("diagnostic_first_stage_fstatistic", "diagnostic_endogeneity_test")]
  d <- summary(plain, cluster = ~carb)$diagnostics
  expect_equal(unname(d[1, ]), c(2, 5, 18.89924511878775, 0.00466502406172), tolerance = 1e-10)
  expect_equal(unname(d[2, ]), c(1, 5, 0.00605812386635, 0.94097891739202), tolerance = 1e-9)
  expect_equal(first_stage(plain, cluster = ~carb)$table$robust_p, 0.00466502406172, tolerance = 1e-10)
})

test_that("with one instrument the effective F is the robust F", {
  one <- iv_reg(mpg ~ hp | wt | disp, cars)
  for (type in c("HC0", "HC1", "HC2", "HC3")) {
    expect_equal(first_stage(one, type)$table$effective_f, first_stage(one, type)$table$robust_f)
    s <- summary(one, type)$strength
    expect_equal(s$effective_f, s$robust_f[[1]])
  }
  s <- summary(one, cluster = ~carb)$strength
  expect_equal(s$effective_f, s$robust_f[[1]])
  expect_equal(first_stage(one, cluster = ~carb)$table$effective_f, s$effective_f)
})

test_that("a cluster without any weight does not count", {
  d <- transform(cars, weight = as.double(carb != 4))
  kept <- d[d$carb != 4, ]
  for (type in c("cluster", "CR2")) {
    a <- iv_reg(mpg ~ hp | wt | disp + cyl, d, weights = weight, vcov = type, cluster = ~carb)
    b <- iv_reg(mpg ~ hp | wt | disp + cyl, kept, vcov = type, cluster = ~carb)
    expect_equal(vcov(a), vcov(b))
    expect_identical(a$cluster$count, 5L)
    expect_equal(a$diagnostics, b$diagnostics)
    expect_equal(confint(a), confint(b))
  }
  expect_equal(vcov(a, cluster = ~ carb + h), vcov(b, cluster = ~ carb + h))
})

test_that("clusters that cannot be are refused in words", {
  d <- cars
  d$text <- "one"
  fit <- plain
  expect_conditions({
    iv_reg(mpg ~ hp | wt | disp, d, cluster = ~text)
    iv_reg(mpg ~ hp | wt | disp, d, cluster = ~crab)
    iv_reg(mpg ~ hp | wt | disp, d, cluster = mpg ~ carb)
    iv_reg(mpg ~ hp | wt | disp, d, cluster = c("carb", "gaer"))
    iv_reg(mpg ~ hp | wt | disp, d, cluster = 1:7)
    iv_reg(mpg ~ hp | wt | disp, d, cluster = list(d$carb, 1:7))
    iv_reg(mpg ~ hp | wt | disp, d, vcov = ~carb, cluster = ~gear)
    iv_reg(mpg ~ hp | wt | disp, d, vcov = "HC1", cluster = ~gear)
    iv_reg(mpg ~ hp | wt | disp, d, "ujive", cluster = ~ gear + carb)
    iv_reg(mpg ~ hp | wt | disp, d, vcov = "CR2", cluster = ~ gear + carb)
    iv_reg(mpg ~ hp | wt | disp, d, vcov = "CR2")
    iv_fit(d$mpg, d$wt, d$disp, cluster = ~carb)
    vcov(fit, "HC1", cluster = ~carb)
    vcov(fit, "cluster")
    vcov(fit, "stage1", cluster = ~carb)
    summary(fit, vcov = function(o) vcov(o), cluster = ~carb)
    vcov(iv_fit(d$mpg, d$wt, d$disp), cluster = ~carb)
  })
})

test_that("one cluster of most people is warned of, with the effective number; CR2 has its own degrees of freedom", {
  set.seed(1)
  z <- rnorm(200)
  x <- z + rnorm(200)
  d <- data.frame(y = x + rnorm(200), x, z, g = c(rep(1, 160), 2:41), even = rep(1:20, 10))
  sizes <- cluster_sizes(d$g)
  expect_equal(sizes, list(count = 41, effective = 200^2 / (160^2 + 40), share = .8))
  text <- "The largest of 41 clusters holds 80 % of the people, so that they count as 1.6 of one size"
  expect_warning(iv_fit(d$y, d$x, d$z, cluster = d$g), text, class = "latentmr_warning_cluster")
  expect_warning(iv_reg(y ~ x | z, d, cluster = ~g), text, class = "latentmr_warning_cluster")
  both <- testthat::capture_warnings(iv_reg(y ~ x | z, d, cluster = ~ even + g))
  expect_match(both, text, all = FALSE)
  expect_no_warning(iv_fit(d$y, d$x, d$z, vcov = "CR2", cluster = d$g))
  expect_no_warning(iv_fit(d$y, d$x, d$z, cluster = d$even))
})
