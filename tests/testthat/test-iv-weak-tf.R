# The tF critical values.

# Lee, McCrary, Moreira and Porter (2022), the table of the critical value of |t| at 5 %, at
# sqrt(F) = 2, 2.1, .., 10.3: rounded up to two decimals there.
published <- c(
  18.66, 9.74, 7.37, 6.18, 5.43, 4.92, 4.54, 4.25, 4.01, 3.82, 3.65, 3.51, 3.39, 3.29, 3.19, 3.11, 3.03, 2.97, 2.91, 2.85,
  2.80, 2.75, 2.71, 2.67, 2.63, 2.60, 2.57, 2.54, 2.51, 2.48, 2.46, 2.43, 2.41, 2.39, 2.37, 2.35, 2.33, 2.32, 2.30, 2.29,
  2.27, 2.26, 2.24, 2.23, 2.22, 2.21, 2.20, 2.19, 2.17, 2.16, 2.16, 2.15, 2.14, 2.13, 2.12, 2.11, 2.10, 2.10, 2.09, 2.08,
  2.08, 2.07, 2.06, 2.06, 2.05, 2.04, 2.04, 2.03, 2.03, 2.02, 2.02, 2.01, 2.01, 2.00, 2.00, 1.99, 1.99, 1.99, 1.98, 1.98,
  1.97, 1.97, 1.97, 1.96
)

test_that("the curve is the published table before it was rounded up", {
  some <- c(1:14, seq(15, 84, 3))
  ours <- vapply(seq(2, 10.3, 0.1)[some]^2, LatentMR:::tf_critical, 0)
  expect_lt(max(ours - published[some]), 0)
  expect_lt(max(published[some] - ours), 0.01)
  expect_identical(LatentMR:::tf_critical(3.84), Inf)
  # the paper: 1.96 is right from F = 104.67 on
  expect_gt(LatentMR:::tf_critical(104.66), qnorm(.975))
  expect_identical(LatentMR:::tf_critical(104.68), qnorm(.975))
  # no step where the formula changes
  expect_equal(LatentMR:::tf_critical((3 + qnorm(.95))^2 - 1e-9), LatentMR:::tf_critical((3 + qnorm(.95))^2 + 1e-9), tolerance = 1e-6)
})

test_that("with perfectly correlated errors the test has its size at every strength", {
  grid <- qnorm(.975) + c(.001, .003, .01, .02, .05, .1, .2, .4, .7, 1, 1.5, 2, 3, 5, 8.5)
  curve <- stats::splinefun(grid, log(vapply(grid^2, LatentMR:::tf_critical, 0)), "monoH.FC")
  critical <- function(f) ifelse(f > qnorm(.975), exp(curve(pmin(f, 10.4))), Inf)
  # t = f (f - m) / m with f ~ N(m, 1), integrated on a fine grid of f
  u <- seq(-7, 7, length.out = 200001)
  for (m in c(.3, .7, 1.5, 3, 6, 8)) {
    f <- m + u
    size <- sum(dnorm(u)[abs(f * (f - m) / m) > critical(abs(f))]) * diff(u[1:2])
    expect_equal(size, .05, tolerance = .03)
  }
  # 1.96 alone would not have it
  size <- sum(dnorm(u)[abs((1.5 + u) * u / 1.5) > 1.96]) * diff(u[1:2])
  expect_gt(size, .1)
})

test_that("sets and standard errors of fits", {
  d <- mtcars
  fit <- iv_reg(mpg ~ hp | wt | disp, d, vcov = "HC1")
  F <- unname(fit$strength$robust_f)
  # at F = 41.44 between the published 2.22 (40.96) and 2.21 (42.25), which are rounded up
  set <- weakiv_set(fit, "tF")
  half <- (set$up - set$lo) / 2 / sqrt(vcov(fit)["wt", "wt"])
  at <- findInterval(sqrt(F), seq(2, 10.3, .1))
  expect_true(half < published[at] && half > published[at + 1] - .01)
  expect_equal((set$up + set$lo) / 2, coef(fit)[["wt"]])
  expect_identical(set[c("method", "term", "ci_type", "level")], data.frame(method = "tF", term = "wt", ci_type = "interval", level = .95))
  tf <- first_stage(fit)$tf
  expect_equal(tf$f, F)
  expect_equal(tf$critical, half)
  expect_equal(tf$std.error, half / qnorm(.975) * sqrt(vcov(fit)["wt", "wt"]))
  expect_output(print(first_stage(fit)), "tF: at this robust F |t| is compared with", fixed = TRUE)
  # each covariance has its own F
  plain <- iv_reg(mpg ~ hp | wt | disp, d)
  expect_equal(weakiv_set(plain, "tF", vcov = "HC1"), set)
  expect_equal(weakiv_set(plain, "tF", cluster = ~carb), weakiv_set(iv_reg(mpg ~ hp | wt | disp, d, cluster = ~carb), "tF"))
  expect_equal(
    (weakiv_set(plain, "tF")$up - coef(plain)[["wt"]]) / sqrt(vcov(plain)["wt", "wt"]),
    LatentMR:::tf_critical(plain$diagnostics[1, 3])
  )
  set.seed(5)
  d$noise <- rnorm(32)
  none <- weakiv_set(iv_reg(mpg ~ 1 | wt | noise, d), "tF")
  expect_identical(none[c("ci_type", "lo", "up")], data.frame(ci_type = "line", lo = -Inf, up = Inf))
})

test_that("outside the paper's case it is refused", {
  two <- iv_reg(mpg ~ hp | wt | disp + cyl, mtcars)
  expect_condition_text(
    weakiv_set(two, "tF"), "latentmr_error_argument",
    paste(
      "`method` must be \"CLR\", \"LM\" or \"AR\" unless the fit is 2SLS with one endogenous variable and one instrument,",
      "not \"tF\" with 1 endogenous variable and 2 instruments."
    )
  )
  expect_null(first_stage(two)$tf)
  both <- iv_reg(mpg ~ 1 | wt + hp | disp + cyl, mtcars)
  expect_error(weakiv_set(both, "tF"), "2 endogenous variables and 2 instruments", class = "latentmr_error_argument")
  expect_error(weakiv_set(iv_reg(mpg ~ hp | wt | disp, mtcars, "liml"), "tF"), "\"liml\"", class = "latentmr_error_argument")
  one <- iv_reg(mpg ~ hp | wt | disp, mtcars)
  expect_condition_text(
    weakiv_set(one, "tF", level = .9), "latentmr_error_argument",
    "`level` must be 0.95 for method \"tF\", which is known for it, not the number 0.9."
  )
})
