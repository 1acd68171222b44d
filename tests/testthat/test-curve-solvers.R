solver_data <- function(n = 200) {
  set.seed(4)
  d <- data.frame(z = rnorm(n), w = rnorm(n), u = rnorm(n))
  d$x <- d$z + d$u
  d$y <- d$x^2 / 3 + .5 * d$w * d$x + d$u
  d
}

test_that("each solver is found by what asks for it, and gives what its entry says", {
  d <- solver_data()
  short <- curve_control("adam", adam = adam_control(steps = 100, batch = 16))
  fits <- list(
    closed = iv_curve(y ~ x | z, d, seed = 1),
    surface = iv_curve(y ~ w | x | z, d, control = curve_control(covariates = "flexible"), seed = 1),
    adam = iv_curve(y ~ w | x | z, d, control = short, seed = 1),
    kiv = iv_curve(y ~ w | x | z, d, estimator = "kiv", control = short, seed = 1)
  )
  expect_identical(vapply(fits, `[[`, "", "solver"), setNames(names(fits), names(fits)))
  registry <- curve_solvers()
  # Not asked for: "closed" is the last, since it takes everything.
  expect_identical(names(registry)[length(registry)], "closed")
  at <- list(x = c(-1, 0, 1.5), w = NULL)
  for (fit in fits) {
    solver <- registry[[fit$solver]]
    value <- solver$value(fit, at, FALSE)
    expect_identical(predict(fit, at$x), value$fit)
    if (is.null(solver$shrink)) expect_identical(value$fit, value$unshrunk)
    steps <- c(-1, 1) * 1e-4
    slope <- vapply(at$x, function(x) diff(predict(fit, x + steps)) / 2e-4, 0)
    expect_equal(solver$value(fit, at, TRUE)$fit, slope, tolerance = 1e-4)
    expect_identical(has_band(fit), !is.null(solver$covariance))
    if (has_band(fit)) {
      cov <- solver$covariance(fit, at, FALSE)
      expect_equal(cov, t(cov))
      expect_equal(unname(predict(fit, at$x, "confidence")[, "std.error"]), sqrt(diag(cov)))
      expect_equal(average_effect(fit, -1, 0)$std.error, sqrt(cov[1, 1] + cov[2, 2] - 2 * cov[1, 2]))
    } else {
      expect_true(is.na(average_effect(fit, -1, 0)$std.error))
    }
    for (line in solver_lines(fit, function(v) formatC(v, digits = 3, format = "g"))) expect_output(print(fit), line, fixed = TRUE)
    expect_output(print(fit), solver$label, fixed = TRUE)
  }
})

test_that("`fit$solver` is read in the registry alone", {
  skip_if_not(dir.exists(test_path("../../R")))
  files <- list.files(test_path("../../R"), "[.]R$", full.names = TRUE)
  uses <- basename(files)[vapply(files, function(f) any(grepl("[$]solver|[[]+\"solver\"", sub("#.*", "", readLines(f)))), NA)]
  # control$solver is what the user asked for; the laws of objects pick a solver's fields by its name.
  expect_setequal(uses, c("base_object_laws.R", "curve_solvers.R", "curve_surface.R", "curve.R", "curve_control.R", "curve_shape.R", "curve_vector.R"))
})

test_that("settings: unknown ones by name, controls in their places", {
  expect_conditions({
    curve_control(steps = 100)
    adam_control(step_size = 1)
    adam_control(split = NA)
    flow_control(startz = 1)
    flow_control(rows = 10)
    encoder_control(flow_starts = 1)
    encoder_control(flow = list(starts = 1))
    autoencoder_control(layers = 2)
  })
  expect_identical(curve_control()$adam, adam_control())
  expect_identical(encoder_control()$flow, flow_control())
  expect_output(print(curve_control("adam")), "steps +10000")
  expect_output(print(encoder_control()), "Settings of the flow\n  starts +4")
})

test_that("uniform bands do not hang on rounding", {
  d <- solver_data()
  fit <- iv_curve(y ~ x | z, d, seed = 1)
  want <- predict(fit, c(-1, 1), "uniform")
  rounded <- fit
  set.seed(1)
  noise <- 1 + 1e-14 * matrix(rnorm(length(fit$model$cov)), nrow(fit$model$cov))
  rounded$model$cov <- fit$model$cov * (noise + t(noise)) / 2
  expect_equal(predict(rounded, c(-1, 1), "uniform"), want, tolerance = 1e-6)
})
