# 0/1 outcomes against OneSampleMR and the gmm package, several exposures against
# ivreg, AER's data and summary-data packages, tables by modelsummary.

quiet <- function(code) suppressWarnings(suppressMessages(code))

binary <- function(seed, n = 1500) {
  set.seed(seed)
  d <- data.frame(z1 = rbinom(n, 2, 0.3), z2 = rbinom(n, 2, 0.4), age = rnorm(n))
  u <- rnorm(n)
  d$x <- 0.6 * d$z1 + 0.5 * d$z2 + 0.3 * d$age + u + rnorm(n)
  d$y <- rbinom(n, 1, plogis(-1 + 0.4 * d$x - 0.5 * u))
  d
}

test_that("OneSampleMR: both two-stage estimators; its errors leave out a term whose mean is zero", {
  skip_if_not_installed("OneSampleMR")
  for (seed in 1:5) {
    d <- binary(seed)
    for (link in c("logit", "log")) for (estimator in c("tsps", "tsri")) {
      theirs <- getExportedValue("OneSampleMR", estimator)(y ~ x + age | z1 + z2 + age, data = d, link = if (link == "log") "logadd" else link)$fit
      ours <- iv_binary(y ~ x + age | z1 + z2 + age, d, estimator, link, vcov = "HC0")
      # first stage (4), intercept, x, (residual,) age
      at <- if (estimator == "tsps") 5:7 else c(5, 6, 8)
      expect_equal(unname(coef(ours)), unname(gmm::coef.gmm(theirs)[at]), tolerance = 1e-4)
      expect_equal(unname(sqrt(diag(vcov(ours)))), unname(sqrt(diag(stats::vcov(theirs)))[at]), tolerance = 0.03)
    }
    theirs <- OneSampleMR::msmm(y ~ x | z1, data = d, estmethod = "gmmalt")$fit
    ours <- iv_binary(y ~ x | z1, d, "msmm", vcov = "HC0")
    expect_equal(unname(coef(ours)), unname(gmm::coef.gmm(theirs)), tolerance = 3e-3)
    expect_equal(unname(sqrt(diag(vcov(ours)))), unname(sqrt(diag(stats::vcov(theirs)))), tolerance = 0.01)
  }
})

test_that("gmm: the multiplicative structural mean model", {
  skip_if_not_installed("gmm")
  for (seed in 1:5) {
    d <- binary(seed)
    X <- cbind(1, d$x, d$age)
    for (over in c(FALSE, TRUE)) {
      Z <- cbind(1, d$z1, d$age, if (over) d$z2)
      moments <- function(theta, data) Z * drop(d$y * exp(-X %*% theta) - 1)
      ours <- iv_binary(if (over) y ~ x + age | z1 + z2 + age else y ~ x + age | z1 + age, d, "msmm", vcov = "HC0")
      theirs <- quiet(gmm::gmm(moments, d, t0 = coef(ours) + 0.01, vcov = "iid", centeredVcov = FALSE, control = list(maxit = 5000, reltol = 1e-14)))
      # overidentified: its first step weighs the moments as they come, ours by (Z'Z)^-1
      expect_equal(unname(coef(ours)), unname(gmm::coef.gmm(theirs)), tolerance = if (over) 0.02 else 1e-3)
      expect_equal(unname(sqrt(diag(vcov(ours)))), unname(sqrt(diag(stats::vcov(theirs)))), tolerance = if (over) 0.02 else 2e-3)
    }
  }
})

test_that("two exposures: ivreg, and the Mroz data of Stata's manual", {
  skip_if_not_installed("ivreg")
  # loading AER would put its methods in the place of ivreg's
  skip_if(!nzchar(system.file(package = "AER")), "AER is not installed")
  env <- new.env()
  data("PSID1976", package = "AER", envir = env)
  mroz <- subset(env$PSID1976, participation == "yes")
  f <- log(wage) ~ education + experience | age + youngkids + oldkids
  ours <- iv_reg(f, mroz)
  theirs <- ivreg::ivreg(f, data = mroz)
  expect_equal(coef(ours), coef(theirs), tolerance = 1e-8)
  expect_equal(vcov(ours), vcov(theirs), tolerance = 1e-8)
  table <- first_stage(ours)$table
  expect_lt(max(abs(table$conditional_f - c(6.694, 81.812))), 6e-4)
  for (seed in 1:20) {
    d <- binary(seed)
    d$x2 <- 0.5 * d$z1 - 0.4 * d$z2 + rnorm(nrow(d)) + 0.4 * d$x
    d$z3 <- rnorm(nrow(d))
    d$x <- d$x + 0.3 * d$z3
    f <- y ~ age | x + x2 | z1 + z2 + z3
    ours <- iv_reg(f, d, vcov = "HC1")
    theirs <- ivreg::ivreg(f, data = d)
    expect_equal(coef(ours), coef(theirs), tolerance = 1e-8)
    expect_equal(vcov(ours), sandwich::vcovHC(theirs, type = "HC1"), tolerance = 1e-8)
  }
})

test_that("multivariable inverse-variance weighting: MendelianRandomization", {
  skip_if_not_installed("MendelianRandomization")
  d <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
  set.seed(3)
  g <- d$genotypes$x
  hdl <- as.vector(g %*% rnorm(ncol(g), 0, 0.2)) + rnorm(nrow(g))
  both <- quiet(mr_data(g, cbind(ldl = d$exposure, hdl), d$outcome, d$environment))
  fit <- quiet(latent_mr(both, methods = "ivw", by_environment = FALSE, seed = 1))
  single <- function(x) quiet(latent_mr(mr_data(g, x, d$outcome, d$environment), methods = "ivw", by_environment = FALSE, seed = 1))
  a <- as_twosample(single(d$exposure))
  b <- as_twosample(single(hdl))
  skip_if(anyDuplicated(fit$encoder$block), "the variants are linked")
  theirs <- MendelianRandomization::mr_mvivw(MendelianRandomization::mr_mvinput(
    bx = cbind(a$beta.exposure, b$beta.exposure), bxse = cbind(a$se.exposure, b$se.exposure), by = a$beta.outcome, byse = a$se.outcome
  ))
  rows <- as.data.frame(fit)
  expect_equal(rows$b, unname(theirs@Estimate), tolerance = 1e-6)
  expect_equal(rows$se, unname(theirs@StdError), tolerance = 1e-6)
})

test_that("modelsummary shows iv_reg(), iv_binary() and latent_mr() fits through tidy() and glance()", {
  skip_if_not_installed("modelsummary")
  d <- binary(1)
  models <- list(
    linear = iv_reg(y ~ age | x | z1 + z2, d, vcov = "HC1"), liml = iv_reg(y ~ age | x | z1 + z2, d, "liml"),
    odds = iv_binary(y ~ age | x | z1 + z2, d)
  )
  table <- quiet(modelsummary::modelsummary(models, output = "data.frame"))
  cell <- function(term, statistic, model) table[[model]][table$term == term & table$statistic == statistic]
  expect_identical(cell("x", "estimate", "linear"), sprintf("%.3f", coef(models$linear)[["x"]]))
  expect_identical(cell("x", "std.error", "linear"), sprintf("(%.3f)", sqrt(vcov(models$linear)["x", "x"])))
  expect_identical(cell("x", "estimate", "odds"), sprintf("%.3f", coef(models$odds)[["x"]]))
  expect_true("Num.Obs." %in% table$term)
})
