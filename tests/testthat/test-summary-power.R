test_that("power is that of the published formulas, by hand", {
  # Burgess (2014): N = (z_{.975} + z_{.8})^2 / (R2 K (1 - K) log(OR)^2).
  z <- (qnorm(.975) + qnorm(.8))^2
  got <- mr_power(r2 = .02, effect = 1.2, power = .8, outcome = "binary", cases = .5)
  expect_lte(abs(got$n[got$method == "odds ratio"] - z / (.02 * .25 * log(1.2)^2)), 1)
  # Brion et al. (2013), supplement: K = .3, OR = 1.3.
  b <- .3 * (1.3 / (1 + .3 * .3) - 1)
  ncp <- 8000 * .015 * b^2 / (.3 * .7 - b^2)
  risk <- mr_power(r2 = .015, n = 8000, effect = 1.3, outcome = "binary", cases = .3)
  expect_equal(risk$ncp[risk$method == "risk difference"], ncp)
  expect_equal(risk$power[1], pnorm(sqrt(ncp) - qnorm(.975)) + pnorm(-sqrt(ncp) - qnorm(.975)))
  # Continuous, with confounding: var(e) = 4^2 - .5 * 2^2 * (2 * .9 - .5).
  ncp <- 3000 * .03 * .5^2 * 4 / (16 - .5 * 4 * 1.3)
  one <- mr_power(r2 = .03, n = 3000, effect = .5, observational = .9, sd_exposure = 2, sd_outcome = 4)
  expect_equal(one$ncp, ncp)
  expect_equal(one$power, pchisq(qchisq(.95, 1), 1, ncp, lower.tail = FALSE))
  expect_equal(one$f, 1 + 3000 * .03 / .97)
  expect_equal(mr_power(.03, n = 3000, effect = 0)$power, .05)
})

test_that("people, effect and power undo each other", {
  for (outcome in c("continuous", "binary")) {
    cases <- if (outcome == "binary") .2
    effect <- if (outcome == "binary") 1.15 else .12
    people <- mr_power(.02, effect = effect, power = c(.5, .8, .95), outcome = outcome, cases = cases)
    for (i in seq_len(nrow(people))) {
      again <- mr_power(.02, n = people$n[i], effect = effect, outcome = outcome, cases = cases)
      expect_equal(again$power[again$method == people$method[i]], c(.5, .8, .95)[(i - 1) %% 3 + 1], tolerance = 1e-3)
      least <- mr_power(.02, n = people$n[i], power = people$power[i], outcome = outcome, cases = cases)
      expect_equal(least$effect[least$method == people$method[i]], effect, tolerance = 1e-4)
    }
  }
})

test_that("power of 2SLS is what simulations show", {
  set.seed(1)
  n <- 400
  reps <- 400
  b <- .35
  r2 <- .1
  rejected <- replicate(reps, {
    z <- rnorm(n)
    u <- rnorm(n)
    x <- sqrt(r2) * z + sqrt(1 - r2) * (.6 * u + .8 * rnorm(n))
    y <- b * x + .4 * u + .7 * rnorm(n)
    fit <- iv_fit(y, cbind(x = x), cbind(z), w = cbind(`(Intercept)` = rep(1, n)))
    abs(coef(fit)[["x"]] / sqrt(vcov(fit)["x", "x"])) > qnorm(.975)
  })
  confounding <- .4 * .6 * sqrt(1 - r2) # cov(x, .4 u)
  sd_y <- sqrt(b^2 + .4^2 + .7^2 + 2 * b * confounding)
  expected <- mr_power(r2, n = n, effect = b, observational = b + confounding, sd_outcome = sd_y)$power
  expect_lt(abs(mean(rejected) - expected), 3 * sqrt(expected * (1 - expected) / reps) + .02)
})

test_that("families: errors by family, and comparisons within", {
  set.seed(2)
  pairs <- 300
  r2 <- .15
  slopes <- replicate(300, {
    shared <- rnorm(pairs)
    g <- cbind(shared, shared) * sqrt(.5) + matrix(rnorm(2 * pairs), pairs) * sqrt(.5)
    e <- rnorm(pairs)
    noise <- cbind(e, e) * sqrt(.6) + matrix(rnorm(2 * pairs), pairs) * sqrt(.4)
    x <- sqrt(r2) * g + sqrt(1 - r2) * matrix(rnorm(2 * pairs), pairs)
    d <- function(m) m[, 1] - m[, 2]
    # The reduced form over the first stage, whose noise is left out.
    c(all = sum(g * noise) / sum(g * x), within = sum(d(g) * d(noise)) / sum(d(g) * d(x)))
  })
  spread <- apply(slopes, 1, stats::mad)
  # Standard error by the formula: sqrt(1 / (N R2 factor)), residual variance 1.
  se <- function(...) sqrt(1 / (2 * pairs * r2 * family_factor(2, .5, .6, ...)))
  expect_equal(spread[["all"]], se(FALSE), tolerance = .12)
  expect_equal(spread[["within"]], se(TRUE), tolerance = .12)
  expect_identical(family_factor(1, .5, .9, FALSE), 1)
  expect_equal(family_factor(3, .5, .4, FALSE), 1 / 1.4)
  expect_equal(family_factor(3, .5, .4, TRUE), 2 / 3 * .5 / .6)
  expect_identical(family_factor(2, .5, 0, TRUE), .25)
  apart <- mr_power(.02, effect = .2, power = .8, family_size = 3, within = TRUE)
  expect_identical(apart$n %% 3, 0)
})

test_that("wrong arguments are named", {
  expect_error(mr_power(.02, n = 100), "two of the three", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = 1, power = .8), "not all three", class = "latentmr_error_argument")
  expect_error(mr_power(2, n = 100, effect = .1), "`r2`", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = 1.2, outcome = "binary"), "`cases`", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = .2, cases = .2), "outcome = \"binary\"", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = 1.5), "some variance", class = "latentmr_error_argument")
  expect_error(mr_power(.02, effect = 0, power = .8), "that is not there", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 1:3 * 100, effect = c(.1, .2)), "divides 3", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 3, power = .99), "large enough|some variance", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = .1, within = TRUE), "`family_size`", class = "latentmr_error_argument")
  expect_error(mr_power(.02, n = 100, effect = 1.2, outcome = "binary", cases = .5, sd_exposure = 2), class = "latentmr_error_argument")
})
