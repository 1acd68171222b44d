# What the values give away: codes for missing values, other units, environments made
# from a trait.

test_that("far repeated values and far single ones are named", {
  set.seed(1)
  bmi <- round(stats::rnorm(600, 27, 5), 1)
  far <- function(x) {
    found <- far_values(x)
    if (is.null(found)) NULL else stats::setNames(found$count, found$value)
  }
  expect_null(far(bmi))
  expect_identical(far(replace(bmi, 1:111, 999)), c("999" = 111L))
  expect_identical(far(replace(bmi, 1:3, -9)), c("-9" = 3L))
  expect_identical(far(replace(bmi, 1:8, rep(c(999, -99), 4))), c("999" = 4L, "-99" = 4L))
  expect_identical(far(replace(bmi, 1:8, rep(c(999, 9999), 4))), c("9999" = 4L, "999" = 4L))
  expect_identical(far(replace(bmi, 1, 1e6)), c("1e+06" = 1L))
  expect_identical(far(c(rep_len(0:3, 500), 9, 9, 9)), c("9" = 3L))
  expect_identical(far(c(rep(0, 400), 1:100, rep(999, 5))), c("999" = 5L))
  expect_identical(far(c(rep_len(0:1, 500), rep(-9, 4))), c("-9" = 4L))
  # Long tails, rare groups, few people: nothing.
  for (x in list(exp(stats::rnorm(1e5)), stats::rt(1e5, 3), rep(c(0, 1), c(990, 10)), stats::rpois(1000, 1), c(rep(1, 900), 2), 1:12, c(1, NA, Inf))) {
    expect_null(far(x))
  }
})

test_that("codes among traits and covariates are warned of by name", {
  p <- known_parts()
  p$bmi[1:5] <- 999
  p$covariates$age[6:9] <- c(-99, -99, -99, -99)
  said <- Filter(function(x) inherits(x, "latentmr_warning_far_value"), conditions_of(known_data(parts = p)))
  expect_identical(vapply(said, conditionMessage, ""), c(
    "\"bmi\" has values far from all others: 999 in 5 people (the nearest other value is 28).\ni Codes for missing values? Then say na_codes = 999 when reading, or set them to NA.",
    "\"age\" has values far from all others: -99 in 4 people (the nearest other value is 40).\ni Codes for missing values? Then say na_codes = -99 when reading, or set them to NA."
  ))
  f <- known_files(parts = p)
  pheno <- transform(f$pheno, bmi = p$bmi, age = p$covariates$age)
  expect_silent(suppressMessages(d <- read_known(f, pheno, na_codes = c(999, -99)), "latentmr_message_instruments"))
  expect_identical(length(d$ids), 191L)
  # People who do not stay are not looked at.
  p$sbp[1:9] <- NA
  expect_silent(known_data(parts = p))
})

unit_warnings <- function(factor, trait = "bmi", where = "west", add = 0, ...) {
  p <- known_parts(300)
  p$site[] <- rep(c("west", "east", "north"), each = 100)
  p$bmi <- p$bmi + add
  at <- p$site == where
  p[[trait]][at] <- p[[trait]][at] * factor
  said <- conditions_of(known_data(parts = p, ...))
  vapply(Filter(function(x) inherits(x, "latentmr_warning_units"), said), conditionMessage, "")
}

test_that("an environment in other units is named, with the factor where it is a usual one", {
  expect_identical(unit_warnings(1), character())
  expect_identical(unit_warnings(2), character())
  expect_match(unit_warnings(38.67), "^The standard deviation of \"bmi\" in environment \"west\" is 3[0-9.]+ times that of the others: a factor of about 38.67, as cholesterol in mg/dL and mmol/L[.]\ni Are the units")
  expect_match(unit_warnings(1 / 38.67), "is 0.02[0-9]+ times that of the others: a factor of about 38.67")
  expect_match(unit_warnings(88.57, "sbp", "north"), "\"sbp\" in environment \"north\" is .* triglycerides")
  expect_match(unit_warnings(18.02), "glucose")
  expect_match(unit_warnings(10), "g/L and g/dL")
  expect_match(unit_warnings(100), "per cent")
  expect_match(unit_warnings(1000), "g and kg")
  expect_match(unit_warnings(5), "is [45][.0-9]+ times that of the others[.]\n")
  # Pounds and inches move level and spread together; a wider spread alone is no unit.
  expect_match(unit_warnings(2.2046), "2.2, as pounds and kilograms")
  expect_match(unit_warnings(2.54), "2.54, as cm and inches")
  expect_identical(unit_warnings(2.2046, add = -25), character())
  p <- known_parts()
  p$bmi[p$site == "west"] <- p$bmi[p$site == "west"] * 38.67
  expect_warning(
    expect_warning(known_data(parts = p), "\"(west|east)\" is [0-9.]+ times that of environment \"(east|west)\": a factor of about 38.67", class = "latentmr_warning_units"),
    class = "latentmr_warning_environment"
  )
  # Traits of two values have none.
  p$bmi[] <- (1:200) %% 40 == 0
  p$bmi[p$site == "west"] <- (1:100) %% 2
  expect_false(any(vapply(conditions_of(known_data(parts = p)), inherits, NA, "latentmr_warning_units")))
})

test_that("sites in other units are named when their moments are combined", {
  site <- function(name, factor = 1, binary = FALSE, rare = .5) {
    set.seed(nchar(name))
    g <- matrix(stats::rbinom(400 * 3, 2, .4), 400, 3)
    x <- (5 + g[, 1] * .3 + stats::rnorm(400)) * factor
    y <- if (binary) stats::rbinom(400, 1, rare) else stats::rnorm(400)
    mr_moments(mr_data(g, x, y, rep(name, 400), kind = "genotype"), folds = 2, disclosure = FALSE)
  }
  suppressMessages({
    one <- site("a")
    two <- site("bb")
    far <- site("ccc", 38.67)
    same <- site("a", 38.67)
    cases <- site("dddd", binary = TRUE)
    rare <- site("eeeee", binary = TRUE, rare = .01)
  })
  expect_silent(combine_moments(one, two))
  expect_warning(combine_moments(one, two, far), "\"x\" in environment \"ccc\" is 3[0-9.]+ times that of the others: a factor of about 38.67", class = "latentmr_warning_units")
  # One name for both: they would be added up as one environment.
  expect_warning(combine_moments(one, same), "\"a of site [12]\"", class = "latentmr_warning_units")
  expect_silent(combine_moments(cases, rare))
})

test_that("an environment made from a trait, or with many whole numbers, is warned of", {
  set.seed(3)
  p <- known_parts(600)
  p$bmi[] <- stats::rnorm(600)
  p$sbp[] <- stats::rbinom(600, 1, .4)
  with_site <- function(site) {
    p$site[] <- site
    said <- conditions_of(known_data(parts = p))
    vapply(Filter(function(x) inherits(x, "latentmr_warning_environment"), said), conditionMessage, "")
  }
  expect_identical(with_site(rep(c("a", "b"), 300)), character())
  expect_match(with_site(ifelse(p$bmi > stats::median(p$bmi), "high", "low")), "^The environments explain 6[0-9.]+% of the variance of \"bmi\"[.]\ni Were they made from it")
  expect_match(with_site(ifelse(p$sbp == 1, "case", "control")), "explain 100.0% of the variance of \"sbp\"")
  expect_match(with_site(40 + (1:600) %% 39), "^The environment has 39 levels that are whole numbers \\(40, 41, 42, 43, 44 and 34 more\\)")
  expect_identical(with_site(sprintf("site%d", (1:600) %% 39)), character())
})

test_that("quantiles of sorted numbers are quantile()'s", {
  set.seed(1)
  y <- sort(stats::rnorm(57))
  for (n in c(1, 2, 10, 56, 57)) {
    p <- c(.25, .5, .75)
    expect_equal(sorted_quantiles(y, n, p), stats::quantile(y[seq_len(n)], p, names = FALSE))
  }
})

test_that("a code for missing in a third of one environment is a code, not a unit", {
  set.seed(2)
  site <- factor(rep(c("a", "b", "c"), each = 100))
  x <- 3 + rnorm(300)
  said <- function(x) {
    kinds <- character()
    withCallingHandlers(
      LatentMR:::warn_trait_values(x, site, "ldl"),
      latentmr_warning = function(w) {
        kinds <<- c(kinds, class(w)[1])
        invokeRestart("muffleWarning")
      }
    )
    kinds
  }
  for (code in c(-99, -9, 999)) expect_identical(said(replace(x, 201:235, code)), "latentmr_warning_far_value")
  expect_true("latentmr_warning_units" %in% said(x * ifelse(site == "c", 38.67, 1)))
  # both: the unit of the values that are none
  expect_true(all(c("latentmr_warning_far_value", "latentmr_warning_units") %in% said(replace(x * ifelse(site == "c", 100, 1), 201:235, -9999))))
})

# ---- the shape of a column ----

test_that("the shape of a column is that of sort(), mean() and quantile()", {
  withr::local_seed(11)
  columns <- list(
    rnorm(500), rexp(500), rpois(500, 2) + 0, rep(c(0, 1), c(480, 20)), rep(3, 500), sort(rnorm(500)), rev(sort(runif(500))),
    c(rnorm(498), 1e6, -1e6), replace(rnorm(500), sample(500, 100), NA), c(NA, NaN, Inf, 2, rep(NA, 496)), rep(NA_real_, 500),
    round(rnorm(500), 1), 1e9 + rnorm(500)
  )
  group <- factor(sample(c("a", "b", "c"), 500, TRUE, c(.6, .39, .01)), c("a", "b", "c", "nobody"))
  for (x in columns) {
    shape <- column_shape(x, group)
    known <- x[is.finite(x)]
    values <- sort(unique(known))
    at <- function(k) if (k >= 1 && k <= length(values)) values[k] else NA_real_
    ends <- c(at(1), at(2), at(length(values)), at(length(values) - 1))
    expect_equal(unname(shape$whole[c("low", "next_low", "high", "next_high")]), ends, tolerance = 0)
    expect_identical(unname(shape$whole[c("n", "low_count", "high_count")]), c(
      length(known), sum(known == ends[1]), sum(known == ends[3])
    ) + 0)
    if (length(known)) {
      expect_equal(shape$whole[["mean"]], mean(known))
      expect_equal(shape$whole[["squares"]], sum((known - mean(known))^2), tolerance = 1e-12)
    }
    by <- split(known, group[is.finite(x)])
    expect_identical(shape$count, unname(lengths(by)) + 0)
    expect_equal(shape$mean, unname(vapply(by, mean, 0)))
    expect_equal(shape$quarter, vapply(by, function(v) {
      if (length(v)) unname(stats::quantile(v, 1:3 / 4)) else rep(NaN, 3)
    }, numeric(3)), tolerance = 1e-13)
  }
})

test_that("what a column's shape clears has nothing to warn of", {
  withr::local_seed(12)
  drawn <- list(
    function(n) rnorm(n), function(n) rexp(n), function(n) rlnorm(n, 0, 1.5), function(n) stats::rt(n, 2),
    function(n) rpois(n, 1) + 0, function(n) rbinom(n, 1, .02) + 0, function(n) replace(rnorm(n), sample(n, 4), -9),
    function(n) replace(rnorm(n), 1, 40), function(n) round(rnorm(n))
  )
  site <- factor(rep(c("a", "b", "c"), length.out = 300))
  said <- function(expr) {
    out <- character()
    withCallingHandlers(expr, warning = function(w) {
      out <<- c(out, conditionMessage(w))
      invokeRestart("muffleWarning")
    })
    out
  }
  cleared <- 0
  for (draw in drawn) for (i in 1:15) {
    x <- draw(300) * c(1, 1, c(1, 3.5, 1, 38.67)[i %% 4 + 1])[site] + c(0, 0, c(0, 0, 9)[i %% 3 + 1])[site]
    x[sample(300, 20)] <- NA
    known <- !is.na(x)
    cleared <- cleared + shape_clear(column_shape(x, site))
    expect_identical(said(warn_trait_values(x, site, "x")), said({
      warn_far_values(x[known], "x")
      warn_trait_units(x[known], site[known], "x")
      warn_environment(list(x = x[known]), site[known])
    }))
  }
  expect_gt(cleared, 40)
})
