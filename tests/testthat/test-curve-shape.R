skip_if_not_installed("quadprog")

shape_data <- function(n, h, seed, strength = 1) {
  set.seed(seed)
  z <- rnorm(n)
  u <- rnorm(n)
  x <- strength * z + u
  data.frame(z, x, y = h(x) + u + rnorm(n))
}
held <- function(d, shape, ...) iv_curve(y ~ x | z, d, control = curve_control(shape = shape, ...), seed = 1)
d <- shape_data(800, function(x) pmax(x, 0), 1)
free <- iv_curve(y ~ x | z, d, seed = 1)
up <- held(d, "increasing")
everywhere <- function(fit) predict(fit, seq(min(d$x), max(d$x), length.out = 400))

test_that("the curve keeps the direction over the data, and its mirror image is the other shape", {
  expect_lt(min(diff(everywhere(free))), -.005) # the free one does not
  expect_gt(min(diff(everywhere(up))), -1e-4)
  expect_gte(min(predict(up, quantile(d$x, 1:99 / 100), derivative = TRUE)), -1e-2)
  down <- held(transform(d, y = -y), "decreasing")
  expect_equal(everywhere(down), -everywhere(up), tolerance = 1e-6)
  expect_equal(down$tests$p.value, up$tests$p.value, tolerance = 1e-6)
})

test_that("the projection is that of Hildreth's dual ascent", {
  set.seed(3)
  moves <- cbind(1, matrix(rnorm(20), 10))
  slopes <- rnorm(10)
  lambda <- numeric(10)
  for (sweep in 1:20000) {
    for (i in 1:10) {
      left <- slopes[i] + sum(moves[i, ] * crossprod(moves, lambda))
      lambda[i] <- max(0, lambda[i] - left / sum(moves[i, ]^2))
    }
  }
  slow <- drop(crossprod(moves, lambda))
  expect_gt(min(slopes + moves %*% slow), -1e-8)
  expect_equal(LatentMR:::shape_step(list(moves = moves), slopes), slow, tolerance = 1e-6)
  expect_identical(LatentMR:::shape_step(list(moves = moves), abs(slopes)), numeric(3))
})

test_that("a curve that is monotone already stays as it is", {
  line <- shape_data(1000, function(x) 2 * x, 4)
  a <- iv_curve(y ~ x | z, line, seed = 1)
  b <- held(line, "increasing")
  expect_false(b$shape$moved)
  expect_identical(predict(b, -2:2), predict(a, -2:2))
  expect_equal(b$shape$p.value, 1)
  expect_output(print(b), "as it is without being held")
})

test_that("bands are the narrowest around all curves of the shape inside the free ones", {
  at <- LatentMR:::shape_points(up)
  band <- predict(up, at, "uniform")
  before <- predict(free, at, "uniform")
  # the largest lower limit before a point, the smallest upper limit after it
  lowest <- vapply(seq_along(at), function(i) max(before[1:i, "lwr"]), 0)
  highest <- vapply(seq_along(at), function(i) min(before[i:length(at), "upr"]), 0)
  expect_equal(unname(band[, "lwr"]), pmin(lowest, band[, "unshrunk"]), tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(unname(band[, "upr"]), pmax(highest, band[, "unshrunk"]), tolerance = 1e-8, ignore_attr = TRUE)
  expect_gt(max(lowest - before[, "lwr"]), .05)
  # a fall that the data are sure of leaves no curve inside: the limits give way, and hold the fit
  fall <- predict(held(shape_data(2000, function(x) -x, 5), "increasing"), -20:20 / 10, "confidence")
  expect_true(all(fall[, "lwr"] <= fall[, "unshrunk"] & fall[, "unshrunk"] <= fall[, "upr"]))
  mirror <- held(transform(d, y = -y), "decreasing")
  expect_equal(unname(predict(mirror, at, "uniform")[, "lwr"]), -unname(band[, "upr"]), tolerance = 1e-5)
  expect_gte(min(predict(up, at, "confidence", derivative = TRUE)[, c("lwr", "upr")]), -1e-9)
  far <- predict(up, max(d$x) + 0:5, "uniform")
  expect_equal(max(abs(diff(far[, "lwr"]))), 0)
  expect_equal(far[[6, "upr"]], max(predict(free, max(d$x) + 5, "uniform")[[1, "upr"]], far[[1, "upr"]]))
  effect <- average_effect(up, c(0, 1), c(1, 0))
  expect_gte(effect$conf.low[1], 0)
  expect_lte(effect$conf.high[2], 0)
  expect_equal(effect$estimate, c(1, -1) * diff(predict(up, 0:1)))
  expect_equal(effect$p.value, average_effect(free, c(0, 1), c(1, 0))$p.value)
  expect_gte(average_derivative(up)$conf.low, 0)
})

test_that("a U is not held increasing without a word", {
  bowl <- held(shape_data(2000, function(x) x^2, 5), "increasing")
  p <- setNames(bowl$tests$p.value, trimws(bowl$tests$test))
  expect_lt(p[["monotonicity"]], .01)
  expect_output(print(bowl), "the data contradict it")
  expect_match(plot(bowl)$labels$caption, "held increasing")
  expect_true("monotonicity" %in% trimws(summary(bowl)$tests$test))
})

test_that("a shape needs the closed form", {
  refusal <- function(code) conditionMessage(expect_error(code, class = "latentmr_error_argument"))
  expect_match(refusal(held(d, "up")), "`shape` must be one of")
  expect_match(refusal(curve_control(shape = "increasing", solver = "adam")), "with solver = \"adam\"", fixed = TRUE)
  expect_match(refusal(curve_control(shape = "increasing", band = "bootstrap")), "with band = \"bootstrap\"", fixed = TRUE)
  expect_match(refusal(curve_control(shape = "decreasing", covariates = "flexible")), "covariates = \"flexible\"", fixed = TRUE)
  expect_match(
    refusal(iv_curve(y ~ x | z, d, estimator = "kiv", control = curve_control(shape = "increasing"))),
    "shape = \"free\" with estimator = \"kiv\"", fixed = TRUE
  )
})

test_that("data against the shape leave no interval and no p-value", {
  fall <- shape_data(2000, function(x) -x, 5)
  up <- held(fall, "increasing")
  sure <- average_effect(iv_curve(y ~ x | z, fall, seed = 1), c(-1, 1), c(1, -1))
  expect_lt(sure$conf.high[1], 0)
  got <- average_effect(up, c(-1, 1, 0), c(1, -1, 0))
  expect_identical(is.na(got$conf.low), c(TRUE, TRUE, FALSE))
  expect_identical(is.na(got$conf.high), c(TRUE, TRUE, FALSE))
  expect_identical(is.na(got$p.value[1:2]), c(TRUE, TRUE))
  expect_identical(got$note[1:2], rep("the data contradict the shape: no interval", 2))
  slope <- average_derivative(up)
  expect_identical(c(slope$conf.low, slope$conf.high, slope$p.value), rep(NA_real_, 3))
  expect_identical(slope$note, got$note[1])
  expect_output(print(up), "; the data contradict the shape: no interval")
  expect_identical(is.na(tidy(up)$p.value), c(TRUE, FALSE))
  band <- predict(up, 0, "confidence", derivative = TRUE)
  expect_identical(unname(is.na(band[, c("lwr", "upr")])), c(TRUE, TRUE))
  expect_identical(average_derivative(held(fall, "decreasing"))$note, NA_character_)
  # A negative control has no direction.
  set.seed(2)
  control <- negative_control(up, rnorm(2000) - .5 * fall$z)
  expect_false(anyNA(control$tests$p.value))
})
