# iv_hazard() beside ahaz (Lin and Ying's additive hazards) and ivtools (the two-stage estimator with stacked
# errors, and ahaz inside). Neither knows strata, delayed entry with instruments, or ties.
people <- function(seed, n = 500) {
  set.seed(seed)
  z <- cbind(a = rbinom(n, 2, .3), b = rbinom(n, 2, .4))
  w <- rnorm(n)
  u <- rexp(n)
  x <- 1 + .5 * z[, 1] + .4 * z[, 2] + .2 * w + u + rexp(n)
  death <- rexp(n, .05 + .01 * x + .02 * u)
  end <- runif(n, 5, 15)
  data.frame(time = pmin(death, end), event = as.numeric(death <= end), x, w, z)
}

test_that("without instruments: ahaz, estimate and robust error", {
  skip_if_not_installed("ahaz")
  for (seed in 1:3) {
    d <- people(seed)
    ours <- iv_hazard(d$time, d$event, d$x, d[c("a", "b")], d$w)$estimates
    theirs <- summary(ahaz::ahaz(survival::Surv(d$time, d$event), cbind(d$x, d$w), robust = TRUE))$coefficients
    expect_equal(ours$b[4], theirs[1, 1], tolerance = 1e-10)
    expect_equal(ours$se[4], theirs[1, 2], tolerance = 1e-8)
  }
})

test_that("two-stage: ivtools, estimate, and error up to n - 1 for n", {
  skip_if_not_installed("ivtools")
  for (seed in 1:3) {
    d <- people(seed)
    ours <- iv_hazard(d$time, d$event, d$x, d[c("a", "b")], d$w)$estimates
    Surv <- survival::Surv
    theirs <- ivtools::ivah(
      estmethod = "ts", X = "x", T = "time", fitX.LZ = glm(x ~ a + b + w, data = d),
      fitT.LX = ivtools::ah(Surv(time, event) ~ x + w, data = d), data = d
    )
    expect_equal(ours$b[3], theirs$est[["x"]], tolerance = 1e-9)
    expect_equal(ours$se[3] * sqrt(nrow(d) / (nrow(d) - 1)), sqrt(theirs$vcov["x", "x"]), tolerance = 1e-5)
  }
})
