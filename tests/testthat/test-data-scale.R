quiet <- function(expr) suppressWarnings(suppressMessages(expr))
scaled <- function(..., parts = known_parts()) {
  bmi <- parts$bmi
  sbp <- parts$sbp
  quiet(mr_data(parts$g, bmi, sbp, parts$site, parts$covariates, kind = "genotype", ...))
}

test_that("traits are scaled as the formulas say, and it is recorded", {
  plain <- scaled()
  sd <- scaled(scale_traits = c(bmi = "sd"), units = c("kg/m2", "mmHg"))
  expect_equal(sd$exposure, plain$exposure / sqrt(sum((plain$exposure - mean(plain$exposure))^2) / 199), tolerance = 1e-14)
  expect_identical(sd$outcome, plain$outcome)
  expect_match(sd$units[1], "^SD [(][0-9.]+ kg/m2[)]$")
  expect_identical(sd$units[2], "mmHg")
  expect_identical(sd$scaling$sd, stats::sd(plain$exposure))
  expect_match(paste(flow(sd)$reason, collapse = " "), "bmi divided by its SD \\([0-9.]+ kg/m2\\)")
  # Blom's scores by hand, with ties and two environments of different size.
  x <- c(5, 1, 1, 9, 2, 30, 10, 20, 40, 50, 60)
  e <- factor(rep(c("a", "b"), c(5, 6)))
  score <- function(rank, n) qnorm((rank - .375) / (n + .25))
  got <- scale_pieces(x, x, e, c("x", "y"), NULL, c("inverse_normal", "none"))
  expect_equal(got$exposure, c(score(c(4, 1.5, 1.5, 5, 3), 5), score(c(3, 1, 2, 4, 5, 6), 6)), tolerance = 1e-14)
  expect_identical(got$outcome, x)
  expect_identical(got$units, c("SD (inverse normal)", NA))
  expect_identical(got$scaling$n, c(5L, 6L))
  # Two exposures keep their names; a trait of two values is left, and said.
  several <- scale_pieces(cbind(a = x, b = x^2), rep(0:1, length.out = 11), e, c("a", "b", "y"), NULL, c("none", "sd", "sd")) |>
    conditions_of()
  expect_match(conditionMessage(several[[1]]), "\"y\" has two values and is not scaled")
  several <- quiet(scale_pieces(cbind(a = x, b = x^2), rep(0:1, length.out = 11), e, c("a", "b", "y"), NULL, c("none", "sd", "sd")))
  expect_identical(colnames(several$exposure), c("a", "b"))
  expect_equal(several$exposure[, "b"], x^2 / stats::sd(x^2))
  expect_identical(several$exposure[, "a"], x)
})

test_that("only analysed people set the scale", {
  parts <- known_parts()
  parts$bmi[1] <- 1e3
  parts$sbp[1] <- NA
  expect_identical(scaled(parts = parts, scale_traits = "sd")$scaling$sd[1], stats::sd(parts$bmi[-1]))
})

test_that("units travel into tables, axes, curves and twosample frames", {
  data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
  names <- c(data$exposure_name, data$outcome_name)
  data$units <- c("mmol/L", "mmHg")
  fit <- quiet(latent_mr(data, methods = c("ols", "latent_ujive"), seed = 1))
  expect_identical(unique(as.data.frame(fit)$units), sprintf("%s (mmHg) per mmol/L of %s", names[2], names[1]))
  expect_identical(unique(tidy(fit)$units), unique(as.data.frame(fit)$units))
  expect_match(attr(verdict(fit), "headline"), "1 mmol/L more .* mmHg", all = FALSE)
  expect_match(plot(fit)$labels$x, "mmHg per mmol/L", fixed = TRUE)
  expect_match(plot(fit, units = c("a", "b"))$labels$x, "b per a", fixed = TRUE)
  expect_identical(unique(as_twosample(fit)$units.exposure), "mmol/L")
  expect_match(strobe_mr(fit)$answer[strobe_mr(fit)$item == "6a"], "(mmHg) per mmol/L", fixed = TRUE)
  curve <- quiet(iv_curve(fit, data, seed = 1))
  expect_match(plot(curve)$labels$x, "mmol/L", fixed = TRUE)
  expect_match(paste(format_mr_data(data), collapse = " "), paste0(names[1], " (mmol/L) mean (SD)"), fixed = TRUE)
  # One unit is known: the other is said in words.
  data$units[2] <- NA
  one <- quiet(latent_mr(data, methods = "ols", seed = 1))
  expect_match(plot(one)$labels$x, sprintf("units of %s per mmol/L", names[2]), fixed = TRUE)
  # Moments carry them.
  moments <- quiet(mr_moments(data, disclosure = FALSE))
  expect_identical(moments$units, data$units)
  expect_identical(quiet(latent_mr(moments, seed = 1))$units, data$units)
})

test_that("sites in other units are not combined", {
  site <- function(label, units) {
    data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
    levels(data$environment) <- paste0(label, levels(data$environment))
    data["units"] <- list(units)
    quiet(mr_moments(data, disclosure = FALSE))
  }
  a <- site("a", c("mmol/L", "mmHg"))
  expect_identical(quiet(combine_moments(a, site("b", c("mmol/L", NA))))$units, c("mmol/L", "mmHg"))
  expect_identical(quiet(combine_moments(a, site("b", NULL)))$units, c("mmol/L", "mmHg"))
  expect_error(combine_moments(a, site("b", c("mg/dL", "mmHg"))), "in mmol/L at site 1 and in mg/dL at site 2: they cannot", class = "latentmr_error_combine")
  expect_warning(combine_moments(site("a", c("SD (1.1)", NA)), site("b", c("SD (1.3)", NA))), "SD \\(1.1\\) at site 1", class = "latentmr_warning_units")
})

test_that("wrong units and scales are named", {
  expect_error(scaled(units = "kg"), "`units` must be NULL or two units", class = "latentmr_error_argument")
  expect_error(scaled(units = c(bmi = "kg", weight = "kg")), "named \"weight\"", class = "latentmr_error_argument")
  expect_error(scaled(units = 1:2), class = "latentmr_error_argument")
  expect_error(scaled(units = c("", "mmHg")), "empty unit", class = "latentmr_error_argument")
  expect_error(scaled(scale_traits = "SD"), "Did you mean \"sd\"", class = "latentmr_error_argument")
  expect_error(scaled(scale_traits = c(height = "sd")), "height", class = "latentmr_error_argument")
  expect_error(scaled(scale_traits = c("sd", "sd", "sd")), class = "latentmr_error_argument")
  expect_identical(scaled(units = c(outcome = "mmHg"))$units, c(NA, "mmHg"))
})
