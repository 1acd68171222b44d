# Curves of several exposures: three Gaussian instruments, a confounder that loads on both exposures.
joint_data <- function(n, h, seed, strength = 1) {
  set.seed(seed)
  z <- matrix(rnorm(3 * n), n)
  u <- rnorm(n)
  x1 <- strength * (z[, 1] + .5 * z[, 2]) + u + rnorm(n)
  x2 <- strength * (z[, 3] + .5 * z[, 2]) + .7 * u + rnorm(n)
  data.frame(y = h(x1, x2) + 2 * u + rnorm(n), x1, x2, z1 = z[, 1], z2 = z[, 2], z3 = z[, 3], w = rnorm(n))
}
formula <- y ~ x1 + x2 | z1 + z2 + z3
d <- joint_data(3000, function(a, b) .5 * a * b, 1)
fit <- iv_curve(formula, d, seed = 1)

test_that("an interaction is found: the effect of one exposure turns with the other", {
  expect_s3_class(fit, "iv_surface")
  effects <- rbind(
    average_effect(fit, "x1", 0, 1, at = c(x2 = -1)), average_effect(fit, "x1", 0, 1, at = c(x2 = 1))
  )
  expect_lt(max(abs(effects$estimate - c(-.5, .5))), .25)
  expect_true(all(effects$conf.low < c(-.5, .5) & c(-.5, .5) < effects$conf.high))
  quadratic <- fit$references$quadratic
  product <- quadratic$coef[["x1:x2"]] / prod(quadratic$spec$scale)
  expect_lt(abs(product - .5) / (sqrt(quadratic$vcov["x1:x2", "x1:x2"]) / prod(quadratic$spec$scale)), 3)
  expect_lt(fit$tests$p.value[2], 1e-6)
  # far better than the plane, and than the regression without instruments
  at <- as.data.frame(fit)
  error <- function(v) mean((v - mean(v) - .5 * at$x1 * at$x2 + mean(.5 * at$x1 * at$x2))^2)
  expect_lt(error(at$estimate), error(at$plane) / 5)
  expect_lt(error(at$estimate), error(at$regression) / 5)
})

test_that("without evidence of a bend it is multivariable two-stage least squares exactly", {
  flat <- fit
  flat$shrink <- 0
  mvmr <- coef(iv_reg(y ~ x1 + x2 | z1 + z2 + z3, d))
  for (name in c("x1", "x2")) {
    slope <- predict(flat, data.frame(x1 = c(-2, 0, 1), x2 = c(1, 0, 3)), derivative = name)
    expect_equal(slope, rep(mvmr[[name]], 3), tolerance = 1e-10)
  }
  table <- tidy(fit)
  expect_equal(table$estimate[3:4], unname(mvmr[c("x1", "x2")]), tolerance = 1e-10)
  # a true plane: close to it, and no bend claimed
  plane <- joint_data(3000, function(a, b) .5 * a - .3 * b, 5)
  line <- iv_curve(formula, plane, seed = 1)
  expect_lt(max(abs(average_derivative(line)$estimate - c(.5, -.3))), .08)
  expect_gt(line$tests$p.value[1], .01)
  at <- as.data.frame(line)
  error <- function(v) mean((v - mean(v) - .5 * at$x1 + .3 * at$x2 + mean(.5 * at$x1 - .3 * at$x2))^2)
  expect_lt(error(at$estimate), error(at$quadratic))
})

# The closed form by dense matrices: the restricted evidence of every net and prior, their average, its
# covariance, residual variances from the rows.
slow_vector <- function(fit, prior, s2) {
  model <- fit$model
  members <- ncol(model$nets$shift)
  units <- nrow(model$nets$shift)
  g <- drop(model$g)
  features <- LatentMR:::vector_at(fit, fit$data$x, diag(length(model$coef))) / model$numbers[["y_sd"]]
  y <- (fit$data$y - mean(fit$data$y)) / sd(fit$data$y)
  X <- model$cross[, 1:2]
  N <- qr.Q(qr(X), complete = TRUE)[, -(1:2)]
  e <- drop(crossprod(N, g))
  cells <- expand.grid(r = 1:5, k = 1:5, m = seq_len(members))
  each <- lapply(seq_len(nrow(cells)), function(i) {
    c <- cells[i, ]
    at <- c(1:5, 5 + (c$m - 1) * units + seq_len(units))
    v <- rep(c(prior[c$k], prior[10 + c$r]), c(3, units))
    R <- model$cross[, at[-(1:2)]]
    V <- diag(length(e)) + crossprod(N, R %*% (v * t(R)) %*% N)
    H <- solve(crossprod(cbind(X, R)) + diag(c(0, 0, 1 / v)), tol = 1e-30)
    b <- numeric(length(model$coef))
    b[at] <- H %*% crossprod(cbind(X, R), g)
    cov <- matrix(0, length(b), length(b))
    cov[at, at] <- H
    list(b = b, cov = cov, det = determinant(V)$modulus / 2, quad = sum(e * solve(V, e)), p = prior[5 + c$k] * prior[15 + c$r])
  })
  for (pass in 1:3) {
    w <- vapply(each, function(x) log(x$p) - x$det - x$quad / (2 * s2), 0)
    w <- exp(w - max(w))
    w <- w / sum(w)
    b <- Reduce(`+`, Map(function(x, w) w * x$b, each, w))
    before <- s2
    s2 <- mean((y - features %*% b)^2)
    if (abs(s2 / before - 1) < 1e-3) break
  }
  cov <- Reduce(`+`, Map(function(x, w) w * (s2 * x$cov + tcrossprod(x$b)), each, w)) - tcrossprod(b)
  map <- Reduce(`+`, Map(function(x, w) w * x$cov, each, w)) %*% t(model$cross)
  list(coef = b, cov = cov, s2 = s2, map = map)
}

test_that("the closed form is its slow twin's, and the moments are those of the rows", {
  small <- iv_curve(
    y ~ w | x1 + x2 | z1 + z2 + z3, d[1:1100, ], seed = 3,
    control = curve_control(members = 2, units = 8, instrument_units = 30, covariates = "linear")
  )
  # w is noise: what it takes off the residual variance is below the tolerance of the twin's
  fit <- iv_curve(
    formula, d[1:1100, ], seed = 3, control = curve_control(members = 2, units = 8, instrument_units = 30)
  )
  model <- fit$model
  features <- LatentMR:::vector_at(fit, fit$data$x, diag(21)) / model$numbers[["y_sd"]]
  expect_equal(colMeans(features), numeric(21), tolerance = 1e-10)
  expect_equal(model$gram, crossprod(features), tolerance = 1e-8)
  blocks <- colSums(features^2) / 1100
  expect_equal(c(sum(blocks[6:13]), sum(blocks[14:21]), blocks[3:5]), rep(1, 5), tolerance = 1e-8)
  expect_lt(max(abs(cor(features[, 3:5], features[, 1:2]))), 1e-10)
  y <- (fit$data$y - mean(fit$data$y)) / sd(fit$data$y)
  plane <- solve(crossprod(model$cross[, 1:2]), crossprod(model$cross[, 1:2], model$g))
  expect_equal(model$plane, plane, tolerance = 1e-10)
  start <- mean((y - features[, 1:2] %*% plane)^2)
  slow <- slow_vector(fit, LatentMR:::vector_priors$estimate, start)
  expect_equal(drop(model$point), slow$coef, tolerance = 1e-7)
  expect_equal(model$numbers[["s2"]], slow$s2, tolerance = 1e-9)
  band <- slow_vector(fit, LatentMR:::vector_priors$band, slow$s2)
  expect_equal(drop(model$coef), band$coef, tolerance = 1e-7)
  expect_equal(model$cov, band$cov, tolerance = 1e-7)
  # V / D: what noise in the moments gives of the mean squared difference from the plane, over what there is
  flat <- rbind(solve(crossprod(model$cross[, 1:2]), t(model$cross[, 1:2])), matrix(0, 19, ncol(slow$map)))
  noise <- slow$s2 * sum((features %*% (slow$map - flat))^2)
  expect_equal(model$numbers[["ratio"]], noise / sum((features %*% (slow$coef - c(plane, numeric(19))))^2), tolerance = 1e-6)
  expect_equal(small$model$numbers[["fixed"]], 2)
})

test_that("derivatives, effects, bands and permuted rows follow from the surface", {
  at <- data.frame(x1 = c(-1, .3, 2), x2 = c(.5, -.4, 1))
  h <- 1e-5
  for (name in c("x1", "x2")) {
    up <- down <- at
    up[[name]] <- at[[name]] + h
    down[[name]] <- at[[name]] - h
    expect_equal(
      predict(fit, at, derivative = name), (predict(fit, up) - predict(fit, down)) / (2 * h), tolerance = 1e-6
    )
  }
  e <- average_effect(fit, "x2", c(0, 1), c(1, 3), at = c(x1 = .7))
  expect_equal(e$estimate, c(diff(predict(fit, cbind(.7, 0:1))), diff(predict(fit, cbind(.7, c(1, 3))))))
  expect_equal(e$x1, c(.7, .7))
  band <- predict(fit, at, "confidence")
  wide <- predict(fit, at, "uniform")
  expect_true(all(wide[, "upr"] > band[, "upr"] & wide[, "lwr"] < band[, "lwr"]))
  expect_equal(unname(band[, "upr"] - band[, "unshrunk"]), unname(qnorm(.975) * band[, "std.error"]))
  expect_identical(predict(fit, data.frame(x2 = c(1, NA), x1 = 0))[2], NA_real_)
  expect_equal(average_derivative(fit)$estimate[1], mean(predict(fit, d[round(seq(1, 3000, length.out = 1000)), ], derivative = "x1")))
  expect_identical(predict(iv_curve(formula, d, seed = 1), at), predict(fit, at))
  # exposures in the other order: other random units, the same surface to their noise
  other <- iv_curve(y ~ x2 + x1 | z1 + z2 + z3, d, seed = 1)
  expect_lt(max(abs(predict(other, at) - predict(fit, at))), .25 * diff(range(as.data.frame(fit)$estimate)))
})

test_that("units carry through, covariates are partialled out exactly", {
  e <- transform(d, y = 10 + 3 * y, x1 = 100 * x1 - 7, z2 = -5 * z2)
  b <- iv_curve(formula, e, seed = 1)
  at <- data.frame(x1 = c(-1, 1), x2 = c(.5, 1))
  expect_equal(predict(b, transform(at, x1 = 100 * x1 - 7)), 10 + 3 * predict(fit, at), tolerance = .15)
  one <- iv_curve(y ~ w | x1 + x2 | z1 + z2 + z3, d, seed = 1)
  two <- iv_curve(I(y + 3 * w) ~ w | x1 + x2 | z1 + z2 + z3, d, seed = 1)
  expect_equal(predict(two, at, derivative = "x1"), predict(one, at, derivative = "x1"), tolerance = 1e-4)
})

test_that("what instruments do not see is counted and marked", {
  set.seed(2)
  snp <- transform(d, g1 = rbinom(3000, 1, .4), g2 = rbinom(3000, 1, .4))
  snp <- transform(snp, x1 = x1 + g1, x2 = x2 + g2)
  few <- iv_curve(y ~ x1 + x2 | g1 + g2, snp, seed = 1)
  expect_equal(few$identification$most, 3) # g1, g2, g1 g2
  expect_equal(few$shrink, 0)
  expect_output(print(few), "not all are identified")
  expect_true(all(is.na(predict(few)) == FALSE))
  corner <- rbind(c(-4, 4), c(4, -4), c(1, 1), c(-1, -1))
  expect_identical(LatentMR:::vector_extrapolates(fit, corner), c(TRUE, TRUE, FALSE, FALSE))
  # instruments that move nothing: nowhere
  nothing <- fit
  nothing$data$z <- matrix(rnorm(9000), 3000)
  expect_true(all(LatentMR:::vector_extrapolates(nothing, corner)))
})

test_that("three exposures, and one of two values", {
  d$x3 <- as.numeric(d$z2 + rnorm(3000) > 0)
  three <- iv_curve(y ~ x1 + x2 + x3 | z1 + z2 + z3, d, seed = 1, control = curve_control(members = 2, units = 20))
  expect_equal(dim(as.data.frame(three))[1], 343)
  expect_true(all(is.finite(as.data.frame(three)$estimate)))
  effect <- average_effect(three, "x3", 0, 1, at = c(x2 = 1))
  expect_equal(names(effect)[4:5], c("x1", "x2"))
  expect_s3_class(plot(three, exposures = c("x1", "x3")), "ggplot")
})

test_that("print, summary, tables and plot", {
  expect_output(print(fit), "x1 and x2 together")
  expect_output(print(fit), "no interaction: p = ")
  expect_output(print(summary(fit)), "Canonical correlations")
  expect_equal(nrow(glance(fit)), 1)
  expect_equal(nobs(fit), 3000)
  p <- plot(fit, units = c("mmol/L", "kg", "mmHg"))
  expect_equal(p$labels$x, "x1 (mmol/L)")
  expect_gt(mean(p$data$extrapolated), .05)
  expect_lt(mean(p$data$extrapolated), .5)
})

test_that("refusals", {
  refusal <- function(code, class = "latentmr_error_argument") conditionMessage(expect_error(code, class = class))
  d$x3 <- d$x1^2
  d$x4 <- d$x2^2
  d$z4 <- rnorm(3000)
  d$copy <- 2 * d$x1
  expect_identical(
    refusal(iv_curve(y ~ x1 + x2 + x3 + x4 | z1 + z2 + z3 + z4, d)),
    "Three exposures are possible, not 4: \"x1\", \"x2\", \"x3\", \"x4\".\ni iv_reg() estimates their slopes together."
  )
  expect_match(refusal(iv_curve(y ~ x1 + copy | z1 + z2, d), "latentmr_error_singular"), "Collinear exposures: \"copy\"", fixed = TRUE)
  expect_match(refusal(iv_curve(y ~ x1 + x2 | z1, d), "latentmr_error_unidentified"), "1 instrument for 2 exposures", fixed = TRUE)
  expect_match(refusal(iv_curve(y ~ x1 + I(x1^2) | z1 + z2, d)), "One variable makes several exposures", fixed = TRUE)
  expect_match(refusal(iv_curve(formula, d, estimator = "kiv")), "estimator = \"kiv\"", fixed = TRUE)
  expect_match(refusal(iv_curve(formula, d, control = curve_control(band = "bootstrap"))), "band = \"bootstrap\"", fixed = TRUE)
  idle <- curve_control(members = 2, units = 8, instrument_units = 30, rank = 99)
  expect_warning(iv_curve(formula, d[1:600, ], seed = 1, control = idle), "\"rank\" of `control`", class = "latentmr_warning_setting")
  expect_match(refusal(average_effect(fit, "x1", 0, 1, at = c(x1 = 1))), "named by the other exposures", fixed = TRUE)
  expect_match(refusal(average_effect(fit, "w", 0, 1)), "`exposure` must be one of", fixed = TRUE)
  expect_match(refusal(predict(fit, data.frame(x1 = 1))), "with the columns \"x1\", \"x2\"", fixed = TRUE)
  expect_match(refusal(predict(fit, derivative = "x3")), "`derivative` must be one of", fixed = TRUE)
  expect_match(refusal(plot(fit, exposures = "x1")), "`exposures` must be two of", fixed = TRUE)
})

test_that("from a fit of latent_mr() with two exposures", {
  data <- two_data(two_exposures())
  line <- suppressWarnings(suppressMessages(latent_mr(data, methods = "latent_2sls", seed = 1)))
  surface <- iv_curve(line, data, seed = 1)
  expect_s3_class(surface, "iv_surface")
  expect_equal(surface$names$exposure, c("ldl", "hdl"))
  # shrunk all the way, it is two-stage least squares with the same instruments and block
  surface$shrink <- 0
  few <- ncol(surface$data$z) <= 10
  twin <- iv_fit(surface$data$y, surface$data$x, surface$data$z, cbind(1, surface$data$w))
  expect_equal(average_derivative(surface)$estimate, unname(coef(twin)[1:2]), tolerance = 1e-8)
  if (few) {
    rows <- as.data.frame(line)
    expect_equal(unname(coef(twin)[1:2]), rows$b[rows$estimator == "latent_2sls"][1:2], tolerance = 1e-6)
  }
})
