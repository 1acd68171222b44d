quiet <- function(code) suppressWarnings(suppressMessages(code))
steiger <- function(rx, ry, rxy, n) .Call(C_ffi_steiger, rx, ry, rxy, n - 3)

test_that("Steiger's z: published example, signs and order", {
  # N = 103, r = .4 and .5 that share a variable, .1 between the others: z = -.89 (Steiger 1980, case A).
  expect_equal(round(steiger(.4, .5, .1, 103), 2), -.89)
  # Worked by hand from equation 14.
  m <- .45
  s <- (.1 * (1 - 2 * m^2) - m^2 / 2 * (1 - 2 * m^2 - .01)) / (1 - m^2)^2
  expect_equal(steiger(.4, .5, .1, 103), (atanh(.4) - atanh(.5)) * 10 / sqrt(2 - 2 * s))
  expect_equal(steiger(.5, .4, .1, 103), -steiger(.4, .5, .1, 103))
  expect_equal(steiger(.4, -.5, -.1, 103), steiger(.4, .5, .1, 103))
  expect_false(isTRUE(all.equal(steiger(.4, -.5, .1, 103), steiger(.4, .5, .1, 103))))
  expect_identical(steiger(c(.2, NA), c(.2, .1), .3, 50), c(0, NA))
})

test_that("the z of one variant is normal when both correlations are equal", {
  set.seed(8)
  z <- replicate(1500, {
    g <- rnorm(100)
    u <- rnorm(100)
    x <- .4 * g + u
    y <- -.4 * g - .6 * u + .8 * rnorm(100)
    steiger(cor(g, x), cor(g, y), cor(x, y), 100)
  })
  expect_lt(abs(sd(z) - 1), .06)
  expect_lt(abs(mean(z)), .08)
})

test_that("shares of variance are adjusted R2; their difference has its standard error", {
  set.seed(9)
  n <- 300
  L <- 6
  one <- function() {
    z <- matrix(rnorm(n * L), n)
    w <- cbind(1, rnorm(n))
    u <- rnorm(n)
    x <- drop(z %*% rep(.15, L)) + u + w[, 2]
    y <- drop(z %*% rep(.1, L)) + .5 * u + rnorm(n, 0, .5)
    r <- ref_residual(cbind(x, y, z), w)
    r0 <- crossprod(r[, 1:2])
    q <- qr(r[, -(1:2)])
    r1 <- crossprod(qr.resid(q, r[, 1:2]))
    list(r = r, out = .Call(C_ffi_direction, r0[2:1, 2:1], r1[2:1, 2:1], c(n, L, 2)), x = x, y = y, z = z, w = w)
  }
  first <- one()
  adjusted <- function(trait) {
    full <- summary(lm(trait ~ first$w[, 2] + first$z))$sigma^2
    1 - full / summary(lm(trait ~ first$w[, 2]))$sigma^2
  }
  expect_equal(first$out[1:2], c(adjusted(first$x), adjusted(first$y)))
  expect_equal(first$out[4], diff(rev(first$out[1:2])) / first$out[3])
  draws <- replicate(600, one()$out[1:3])
  expect_lt(abs(log(mean(draws[3, ]) / sd(draws[1, ] - draws[2, ]))), .1)
})

test_that("a fit: correlations are partial ones, the reverse is told apart, moments are enough", {
  d <- simulate_mr("snp", cell = 9, n = 400, seed = 4, missing = .02)
  fit <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  test <- direction_test(fit)
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  r <- ref_residual(cbind(d$exposure, d$outcome, z[, 3]), block)
  expect_equal(test$variants$rsq.exposure[3], cor(r[, 1], r[, 3])^2, tolerance = 1e-7)
  expect_equal(test$variants$rsq.outcome[3], cor(r[, 2], r[, 3])^2, tolerance = 1e-7)
  n3 <- nrow(r) - qr(block)$rank + 1 - 3
  expect_equal(
    test$variants$steiger_pval[3],
    2 * pnorm(-abs(steiger(cor(r[, 1], r[, 3]), cor(r[, 2], r[, 3]), cor(r[, 1], r[, 2]), n3 + 3))), tolerance = 1e-6
  )
  expect_identical(names(test$direction), c(
    "id.exposure", "id.outcome", "exposure", "outcome", "snp_r2.exposure", "snp_r2.outcome", "correct_causal_direction", "steiger_pval", "z"
  ))
  L <- fit$latent$kclass$L
  left <- ref_residual(cbind(d$exposure, d$outcome), cbind(block, z))
  df <- nrow(r) - qr(block)$rank
  share <- 1 - (colSums(left^2) / (df - L)) / (colSums(r[, 1:2]^2) / df)
  expect_equal(c(test$direction$snp_r2.exposure, test$direction$snp_r2.outcome), share, tolerance = 1e-7)
  expect_true(test$direction$correct_causal_direction)
  expect_lt(test$direction$steiger_pval, 1e-6)
  sums <- direction_test(quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), methods = "latent_2sls", by_environment = FALSE, seed = 1)))
  expect_equal(sums$direction, test$direction, tolerance = 1e-7)
  turned <- d
  turned$exposure <- d$outcome
  turned$outcome <- d$exposure
  back <- direction_test(quiet(latent_mr(turned, methods = "latent_2sls", by_environment = FALSE, seed = 1)))
  expect_false(back$direction$correct_causal_direction)
  expect_equal(back$direction$z, -test$direction$z, tolerance = 1e-7)
  expect_snapshot({
    print(test)
    print(back)
  })
  test$direction$steiger_pval <- .4
  expect_match(direction_words(test$direction), "no direction can be told")
})

test_that("fits of iv_reg(), and what is none", {
  fit <- iv_reg(mpg ~ hp | wt | disp + cyl, data = mtcars)
  d <- direction_test(fit)$direction
  adjusted <- function(y) 1 - summary(lm(y ~ hp + disp + cyl, mtcars))$sigma^2 / summary(lm(y ~ hp, mtcars))$sigma^2
  expect_equal(c(d$snp_r2.exposure, d$snp_r2.outcome), c(adjusted(mtcars$wt), adjusted(mtcars$mpg)))
  expect_identical(c(d$exposure, d$outcome), c("wt", "mpg"))
  both <- iv_reg(mpg ~ 1 | wt + hp | disp + cyl + gear, data = mtcars)
  expect_conditions({
    direction_test(both)
    direction_test(1)
  })
})
