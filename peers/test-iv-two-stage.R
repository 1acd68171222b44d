# ivtools' two-stage estimators and npiv's sieve, on data made here.
library(LatentMR)

set.seed(7)
n <- 400
d <- data.frame(z = rbinom(n, 2, .4), w = rnorm(n))
u <- rnorm(n)
d$x <- d$z + .3 * d$w + u + rnorm(n)
d$y <- 1 + 2 * d$x - .5 * d$w - u + rnorm(n)
d$b <- rbinom(n, 1, plogis(.7 * d$x - u - .5))

test_that("ivtools: linear two-stage estimation is 2SLS, with sandwich errors of both stages", {
  skip_if_not_installed("ivtools")
  first <- glm(x ~ z + w, data = d)
  peer <- ivtools::ivglm(estmethod = "ts", fitX.LZ = first, fitY.LX = glm(y ~ x + w, data = d), data = d)
  ours <- iv_reg(y ~ w | x | z, d, vcov = "HC0")
  expect_equal(coef(ours)[names(peer$est)], peer$est, tolerance = 1e-7)
  # both stages stacked, one instrument: the sandwich of 2SLS
  expect_equal(unname(sqrt(diag(vcov(ours)))[c("(Intercept)", "x", "w")]), unname(sqrt(diag(peer$vcov))), tolerance = .01)
})

test_that("ivtools: predictor substitution and residual inclusion of a logit, errors of both stages", {
  skip_if_not_installed("ivtools")
  first <- glm(x ~ z + w, data = d)
  second <- glm(b ~ x + w, data = d, family = binomial)
  for (ctrl in c(FALSE, TRUE)) {
    peer <- ivtools::ivglm(estmethod = "ts", fitX.LZ = first, fitY.LX = second, data = d, ctrl = ctrl)
    ours <- iv_binary(b ~ w | x | z, d, estimator = if (ctrl) "tsri" else "tsps", link = "logit")
    shared <- intersect(names(coef(ours)), names(peer$est))
    expect_true("x" %in% shared)
    expect_equal(coef(ours)[shared], peer$est[shared], tolerance = 1e-5)
    expect_equal(unname(sqrt(diag(vcov(ours))["x"])), unname(sqrt(diag(peer$vcov)[match("x", names(peer$est))])), tolerance = .01)
  }
})

test_that("npiv: the sieve curve is npiv's at its points", {
  skip_if_not_installed("npiv")
  e <- data.frame(z = rnorm(300))
  v <- rnorm(300)
  e$x <- e$z + .5 * v + .3 * rnorm(300)
  e$y <- sin(e$x) + v
  ours <- iv_curve(y ~ x | z, data = e, estimator = "sieve", seed = 1)
  at <- seq(min(e$x), max(e$x), length.out = 400)
  set.seed(1)
  peer <- npiv::npiv(e$y, e$x, e$z, X.eval = at, progress = FALSE)
  expect_equal(as.numeric(predict(ours, at[50:350])), as.numeric(peer$h)[50:350], tolerance = 1e-6)
})
