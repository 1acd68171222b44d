# Quality of imputation by environment.

# Calls of 100 people in Hardy-Weinberg proportions, and dosages that keep a share of their distance from the mean.
calls_of <- function(p, n = 100) rep(0:2, round(n * c((1 - p)^2, 2 * p * (1 - p), p^2)))
kept <- function(g, share) mean(g) + share * (g - mean(g))

quality_data <- function(g, ..., environment = rep(c("a", "b"), each = nrow(g) / 2)) {
  withr::local_seed(1)
  suppressMessages(mr_data(g, rnorm(nrow(g)), rnorm(nrow(g)), environment, kind = "dosage", ...))
}

test_that("R2 is the variance over that of genotypes, by hand", {
  # p = .5: 25, 50, 25 have the variance 1/2, half the distance a quarter of it; p = .2 has .32.
  g <- cbind(
    certain = c(calls_of(.5), calls_of(.2)), half = c(kept(calls_of(.5), .5), kept(calls_of(.2), .6)),
    lost = c(replace(kept(rev(calls_of(.5)), .5), 1:25, NA), rev(calls_of(.2))), flat = c(rep(.3, 100), calls_of(.5))
  )
  data <- suppressWarnings(quality_data(g))
  all <- variants(data, environments = TRUE)
  # Of the 25 lost, all have two copies: 1.25 less a third is left, .75 -> means and squares by hand.
  x <- kept(rev(calls_of(.5)), .5)[-(1:25)] # 50 of 1, 25 of .5
  lost <- mean((x - 5 / 6)^2) / (2 * 5 / 12 * 7 / 12)
  expect_equal(lost, (1 / 18) / (35 / 72), tolerance = 1e-12)
  expect_equal(all$info, c(1, 1, .25, .36, lost, 1, 0, 1), tolerance = 1e-12)
  whole <- variants(data)
  expect_equal(whole$info[1:2], c(1, (.25 * .5 + .36 * .32) / .82), tolerance = 1e-12)
  expect_null(variants(suppressMessages(mr_data(g[, 1, drop = FALSE], rnorm(200), rnorm(200), rep(1:2, 100))))$info)
})

test_that("a variant that is imputed worse in one environment is named", {
  withr::local_seed(2)
  g <- cbind(
    good = c(sample(calls_of(.5)), sample(calls_of(.3))) * .9 + .1, poor = c(calls_of(.5), kept(sample(calls_of(.5)), .4)),
    poor_too = c(kept(sample(calls_of(.5)), .9), kept(calls_of(.4), .3))
  )
  g <- g[rep(1:200, each = 5)[c(1:500, 501:1000)], ]
  w <- expect_warning(quality_data(g), class = "latentmr_warning_imputation")
  expect_identical(w$variants, c("poor", "poor_too"))
  expect_identical(sub("\n.*", "", conditionMessage(w)), paste(
    "The quality of imputation (R2) of 2 variants differs between environments:",
    "\"poor\" 1 in a, 0.16 in b, \"poor_too\" 0.81 in a, 0.09 in b."
  ))
  # Twenty people in an environment tell nothing: .16 against 1 is chance.
  expect_no_warning(quality_data(g[c(seq(1, 500, 25), seq(501, 1000, 25)), ]), class = "latentmr_warning_imputation")
  # Calls have no such quality.
  expect_no_warning(
    suppressMessages(mr_data(round(g), rnorm(1000), rnorm(1000), rep(c("a", "b"), each = 500), kind = "genotype"))
  )
})

test_that("select_variants() leaves out what is poor in any environment, and counts it", {
  withr::local_seed(2)
  g <- cbind(
    good = c(sample(calls_of(.5)), sample(calls_of(.3))) * .95, poor = c(calls_of(.5), kept(sample(calls_of(.5)), .8)),
    x = c(kept(sample(calls_of(.5)), .4), calls_of(.4))
  )
  variants <- data.frame(snp = colnames(g), chr = c("1", "1", "X"), pos = 1:3, effect_allele = "A", other_allele = "C")
  data <- suppressWarnings(quality_data(g, variants = variants))
  part <- suppressMessages(select_variants(data, info = .7)) # .64 in b
  expect_identical(variants(part)$snp, c("good", "x"))
  rows <- flow(part)
  rows <- rows[rows$reason == "imputation R2 below 0.7 in an environment", ]
  expect_identical(rows[c("unit", "action", "count", "remaining")], data.frame(unit = "variants", action = "removed", count = 1L, remaining = 2L), ignore_attr = TRUE)
  expect_identical(variants(suppressMessages(select_variants(data, info = .64 - 1e-9)))$snp, colnames(g))
  # On X men are none or two copies: known of women only.
  expect_identical(is.na(variants(data)$info), c(FALSE, FALSE, TRUE))
  data$sex <- rep(2L, 200)
  expect_identical(variants(suppressMessages(select_variants(data, info = .7)))$snp, "good")
  calls <- suppressMessages(mr_data(round(g), rnorm(200), rnorm(200), rep(1:2, 100), kind = "genotype"))
  e <- expect_error(select_variants(calls, info = .8), class = "latentmr_error_argument")
  expect_match(conditionMessage(e), "`info` must be NULL without dosages, not given.", fixed = TRUE)
  expect_error(select_variants(data, info = 1.1), class = "latentmr_error_argument")
})
