# Clustered errors against clubSandwich and estimatr, estimates against systemfit and momentfit.
# Random designs, each part where its package is installed.

design <- function(seed) {
  set.seed(seed)
  n <- sample(c(60, 150), 1)
  G <- sample(c(6, 12), 1)
  d <- data.frame(g = sample(rep(seq_len(G), length.out = n)), z1 = rnorm(n), z2 = rnorm(n), z3 = rnorm(n), w = rnorm(n))
  u <- rnorm(G)[d$g] + rnorm(n)
  d$x <- d$z1 - d$z2 + .5 * d$z3 + d$w + u + rnorm(n)
  d$y <- .5 * d$x + d$w + u + rnorm(n) * (1 + (d$z1 > 0))
  d
}
own_order <- c("(Intercept)", "x", "w")

test_that("CR2 and Satterthwaite's degrees of freedom are clubSandwich's", {
  skip_if_not_installed("clubSandwich")
  skip_if_not_installed("ivreg")
  for (seed in 1:20) {
    d <- design(seed)
    theirs <- ivreg::ivreg(y ~ x + w | z1 + z2 + z3 + w, data = d)
    v <- clubSandwich::vcovCR(theirs, d$g, "CR2")
    fit <- iv_reg(y ~ w | x | z1 + z2 + z3, d, vcov = "CR2", cluster = ~g)
    expect_equal(vcov(fit)[own_order, own_order], as.matrix(v)[own_order, own_order], tolerance = 1e-8, ignore_attr = TRUE)
    shown <- clubSandwich::coef_test(theirs, v)
    expect_equal(tidy(fit)$df[match(own_order, tidy(fit)$term)], shown$df_Satt[match(own_order, shown$Coef)], tolerance = 1e-7)
    # clubSandwich on our own object
    for (type in c("CR0", "CR1", "CR1S", "CR2", "CR3")) {
      expect_equal(
        as.matrix(clubSandwich::vcovCR(fit, d$g, type))[own_order, own_order],
        as.matrix(clubSandwich::vcovCR(theirs, d$g, type))[own_order, own_order], tolerance = 1e-8, ignore_attr = TRUE
      )
    }
    ols <- iv_reg(y ~ x + w, d, "ols", vcov = "CR2", cluster = ~g)
    expect_equal(vcov(ols), as.matrix(clubSandwich::vcovCR(lm(y ~ x + w, d), d$g, "CR2")), tolerance = 1e-8, ignore_attr = TRUE)
  }
})

test_that("estimatr: clustered and robust errors, first stage and endogeneity", {
  skip_if_not_installed("estimatr")
  for (seed in 1:20) {
    d <- design(seed)
    f <- y ~ x + w | z1 + z2 + z3 + w
    for (pair in list(c("stata", "cluster"), c("CR2", "CR2"))) {
      theirs <- estimatr::iv_robust(f, d, clusters = d$g, se_type = pair[1], diagnostics = TRUE)
      fit <- iv_reg(y ~ w | x | z1 + z2 + z3, d, vcov = pair[2], cluster = ~g)
      shown <- tidy(fit)[match(own_order, tidy(fit)$term), ]
      expect_equal(shown$std.error, unname(theirs$std.error), tolerance = 1e-7)
      expect_equal(shown$df, unname(theirs$df), tolerance = 1e-6)
    }
    for (type in c("HC0", "HC1", "HC2", "HC3")) {
      theirs <- estimatr::iv_robust(f, d, se_type = type)
      fit <- iv_reg(y ~ w | x | z1 + z2 + z3, d, vcov = type)
      expect_equal(sqrt(diag(vcov(fit)))[own_order], theirs$std.error[own_order], tolerance = 1e-7)
    }
  }
})

test_that("systemfit: 2SLS by equation", {
  skip_if_not_installed("systemfit")
  for (seed in 1:10) {
    d <- design(seed)
    theirs <- systemfit::systemfit(list(a = y ~ x + w), "2SLS", inst = ~ z1 + z2 + z3 + w, data = d)
    fit <- iv_reg(y ~ w | x | z1 + z2 + z3, d)
    expect_equal(coef(fit)[own_order], coef(theirs), ignore_attr = TRUE, tolerance = 1e-8)
    expect_equal(vcov(fit)[own_order, own_order], vcov(theirs), ignore_attr = TRUE, tolerance = 1e-8)
  }
})

# momentfit's J has the weight of the last step, ours (as Stata's) that of the first, at which it is the minimum.
test_that("momentfit: two-step GMM", {
  skip_if_not_installed("momentfit")
  for (seed in 1:10) {
    d <- design(seed)
    model <- momentfit::momentModel(y ~ x + w, ~ z1 + z2 + z3 + w, data = d, vcov = "MDS", centeredVcov = FALSE)
    theirs <- momentfit::gmmFit(model, type = "twostep", initW = "tsls")
    fit <- iv_reg(y ~ w | x | z1 + z2 + z3, d, "gmm", vcov = "HC0")
    expect_equal(coef(fit)[own_order], theirs@theta, ignore_attr = TRUE, tolerance = 1e-6)
  }
})
