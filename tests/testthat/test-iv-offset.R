# Offsets of 0/1 outcomes and curves, as lm() and glm() have them.

cohort <- function(n = 400) {
  set.seed(41)
  d <- data.frame(z1 = rnorm(n), z2 = rnorm(n), age = runif(n, -1, 1), years = runif(n, .5, 3), weight = runif(n, .5, 2))
  u <- rnorm(n)
  d$ldl <- d$z1 + .5 * d$z2 + u + rnorm(n)
  d$case <- rbinom(n, 1, plogis(-1 + .4 * d$ldl + .3 * d$age - .5 * u + .6 * log(d$years)))
  d
}

test_that("the regressions equal glm() with its offset", {
  d <- cohort()
  for (link in c("logit", "log")) {
    family <- if (link == "logit") binomial() else quasipoisson()
    ours <- iv_binary(case ~ age + offset(log(years)) | ldl | z1 + z2, d, "glm", link = link)
    twin <- suppressWarnings(glm(case ~ ldl + age + offset(log(years)), family, d))
    expect_equal(coef(ours), coef(twin), tolerance = 1e-6)
    expect_false(isTRUE(all.equal(coef(ours), coef(iv_binary(case ~ age | ldl | z1 + z2, d, "glm", link = link)))))
    # predictor and residual of the first stage in the place of the exposure
    first <- lm(ldl ~ z1 + z2 + age, d)
    d$hat <- fitted(first)
    d$res <- resid(first)
    tsps <- iv_binary(case ~ age | ldl | z1 + z2, d, "tsps", link = link, offset = log(years))
    expect_equal(unname(coef(tsps)), unname(coef(suppressWarnings(glm(case ~ hat + age + offset(log(years)), family, d)))), tolerance = 1e-6)
    tsri <- iv_binary(case ~ age + offset(log(years)) | ldl | z1 + z2, d, "tsri", link = link, weights = weight)
    twin <- suppressWarnings(glm(case ~ ldl + age + resw + offset(log(years)), family,
      transform(d, resw = resid(lm(ldl ~ z1 + z2 + age, d, weights = weight))), weights = weight))
    expect_equal(unname(coef(tsri)), unname(coef(twin))[1:3], tolerance = 1e-5)
  }
})

test_that("risk differences and the multiplicative model take it off the outcome", {
  d <- cohort()
  linear <- iv_binary(case ~ age + offset(.1 * years) | ldl | z1 + z2, d, "2sls")
  expect_equal(coef(linear), coef(iv_reg(I(case - .1 * years) ~ age | ldl | z1 + z2, d)))
  expect_equal(linear$cases, sum(d$case))
  ratio <- iv_binary(case ~ age + offset(log(years)) | ldl | z1, d, "msmm")
  g <- with(d, (case * exp(-cbind(1, ldl, age) %*% coef(ratio) - log(years)) - 1)[, 1] * cbind(1, z1, age))
  expect_equal(unname(colMeans(g)), c(0, 0, 0), tolerance = 1e-6)
})

test_that("the errors are those of numerical derivatives of the stacked equations", {
  d <- cohort()
  fit <- iv_binary(case ~ age + offset(log(years)) | ldl | z1 + z2, d, "tsri", vcov = "HC0")
  Z <- with(d, cbind(1, z1, z2, age))
  first <- lm(ldl ~ z1 + z2 + age, d)
  scores <- function(p) {
    v <- d$ldl - drop(Z %*% p[1:4])
    H <- cbind(1, d$ldl, d$age, v)
    cbind(Z * v, H * (d$case - plogis(drop(H %*% p[5:8]) + log(d$years))))
  }
  d$v <- resid(first)
  p <- c(coef(first), coef(glm(case ~ ldl + age + v + offset(log(years)), binomial(), d)))
  A <- vapply(seq_along(p), function(j) {
    h <- 1e-5 * (seq_along(p) == j)
    colSums(scores(p + h) - scores(p - h)) / 2e-5
  }, numeric(8))
  V <- solve(A, t(solve(A, crossprod(scores(p)))))
  expect_equal(unname(vcov(fit)), unname(V[5:7, 5:7]), tolerance = 1e-4)
})

test_that("a curve is that of the outcome without its offset", {
  d <- cohort(80)
  d$sbp <- 100 + 2 * d$ldl + d$years + rnorm(80)
  a <- iv_curve(sbp ~ ldl + offset(years) | z1, d, seed = 1)
  b <- iv_curve(I(sbp - years) ~ ldl | z1, d, seed = 1)
  expect_equal(predict(a, c(-1, 0, 1)), predict(b, c(-1, 0, 1)))
})
