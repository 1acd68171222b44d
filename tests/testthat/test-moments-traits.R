# Moments of several outcomes, and the scan of them.

traits_data <- function(...) {
  cohort <- scan_cohort()
  cohort$data <- mr_data(
    cohort$g, cohort$exposures, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype",
    covariates = cohort$covariates, ...
  )
  cohort
}

one_pair <- function(cohort, exposure, outcome) {
  data <- cohort$data
  data$exposure <- unname(data$exposure[, exposure])
  data$exposure_name <- exposure
  data$outcome <- cohort$outcomes[[outcome]]
  data$outcome_name <- outcome
  data
}

test_that("moments with one of the traits are those of data with this trait", {
  cohort <- traits_data(cluster = scan_cohort()$cluster)
  many <- mr_moments(cohort$data, folds = 3, seed = 2, disclosure = FALSE, outcomes = cohort$outcomes)
  expect_identical(many$outcome, names(cohort$outcomes))
  expect_identical(many$binary, c(FALSE, FALSE, TRUE))
  for (x in 1:2) for (y in 1:3) {
    twin <- mr_moments(one_pair(cohort, many$exposure[x], many$outcome[y]), folds = 3, seed = 2, disclosure = FALSE)
    one <- moments_traits(many, x, y, many$binary[y])
    for (part in c("gg", "gm", "mm", "sg", "sm", "blocks", "missing", "exposure", "outcome", "binary", "scaled")) {
      expect_identical(one[[part]], twin[[part]], info = part)
    }
    for (part in c("gx", "mx", "sx", "xx", "pilot")) expect_equal(one[[part]], twin[[part]], tolerance = 1e-12, info = part)
    check_moments(one, "one")
    view <- view_traits(moments_view(many), many, x, y)
    expect_equal(view, moments_view(twin), tolerance = 1e-12)
  }
})

test_that("a scan of moments has the rows of latent_mr() of moments", {
  for (folds in c(1, 10)) {
    cohort <- traits_data()
    many <- mr_moments(cohort$data, folds = folds, seed = 3, disclosure = FALSE, outcomes = cohort$outcomes)
    scan <- as.data.frame(latent_scan(many, seed = 3, chunk = 4), estimates = TRUE)
    for (x in many$exposure) for (y in many$outcome) {
      moments <- mr_moments(one_pair(cohort, x, y), folds = folds, seed = 3, disclosure = FALSE)
      twin <- as.data.frame(suppressWarnings(latent_mr(moments, seed = 3, by_environment = FALSE)))
      own <- scan[scan$exposure == x & scan$outcome == y, ]
      expect_identical(own$estimator, twin$estimator)
      for (name in c("b", "se", "pval", "fstat", "nobs")) expect_lt(scan_distance(own[[name]], twin[[name]]), 1e-8)
    }
  }
  some <- latent_scan(many, outcomes = c("case", "y1"), exposures = "x2", instruments = list(x2 = 1:9), seed = 3)
  expect_identical(some$outcome, c("case", "y1"))
  small <- mr_moments(one_pair(cohort, "x2", "y1")[, 1:9], folds = 10, seed = 3, disclosure = FALSE)
  twin <- suppressWarnings(latent_mr(small, seed = 3, by_environment = FALSE))
  expect_lt(scan_distance(some$b[2], twin$estimates[[twin$leading]]$b), 1e-8)
})

test_that("families in moments keep their rows", {
  n <- 400
  cohort <- scan_cohort(n)
  data <- mr_data(
    cohort$g, cohort$exposures$x1, cohort$outcomes$y1, rep(c("a", "b"), each = n / 2), ids = cohort$ids,
    kind = "genotype", family = rep(seq_len(n / 2), each = 2)
  )
  many <- mr_moments(data, folds = 6, seed = 1, disclosure = FALSE, outcomes = cohort$outcomes[2:1])
  scan <- as.data.frame(suppressWarnings(latent_scan(many, outcomes = "y1", seed = 1)), estimates = TRUE)
  twin <- mr_moments(data, folds = 6, seed = 1, disclosure = FALSE)
  twin <- as.data.frame(suppressWarnings(latent_mr(twin, seed = 1, by_environment = FALSE)))
  expect_identical(scan$estimator, twin$estimator)
  expect_true("family_nagar" %in% scan$estimator)
  expect_lt(scan_distance(scan$b, twin$b), 1e-8)
})

test_that("released moments hold several outcomes, add up, and keep to the limits for each", {
  cohort <- traits_data()
  site <- function() mr_moments(cohort$data, folds = 1, outcomes = cohort$outcomes[1:2])
  both <- combine_moments(site(), site())
  expect_identical(both$outcome, c("y1", "y2"))
  expect_identical(sum(both$blocks$n), 720L)
  expect_true(all(is.finite(suppressWarnings(latent_scan(both, seed = 1))$b)))
  few <- cohort$outcomes
  few$y2 <- replace(rep(0, 360), 1:4, 1)
  expect_error(mr_moments(cohort$data, folds = 1, outcomes = few), "y2", class = "latentmr_error_disclosure")
  expect_output(print(both), "exposures x1, x2, 2 outcomes (y1, y2)", fixed = TRUE)
})

test_that("what moments of several outcomes cannot do is said", {
  cohort <- traits_data()
  holes <- cohort$outcomes
  holes$y2[3:5] <- NA
  e <- expect_error(mr_moments(cohort$data, outcomes = holes), class = "latentmr_error_argument")
  expect_match(conditionMessage(e), "`outcomes` must be without missing values, not one in which 3 participants miss some (y2)", fixed = TRUE)
  holes$y2 <- 1
  expect_error(mr_moments(cohort$data, outcomes = holes), "`outcomes$y2` must be different", fixed = TRUE)
  many <- mr_moments(cohort$data, folds = 1, disclosure = FALSE, outcomes = cohort$outcomes)
  e <- expect_error(latent_mr(many), class = "latentmr_error_argument")
  expect_match(conditionMessage(e), "`data` must be moments with one outcome, not moments with 3 outcomes (y1, y2, case)", fixed = TRUE)
  expect_error(latent_scan(many, rows = TRUE), "`rows` must be FALSE or NULL for moments", fixed = TRUE)
  expect_error(latent_scan(many, outcomes = "y9"), "`outcomes` must be NULL or among \"y1\"", fixed = TRUE)
  expect_error(latent_scan(many, cohort$outcomes), "`outcomes` must be NULL or among \"y1\"", fixed = TRUE)
  wrong <- many
  wrong$binary <- c(TRUE, FALSE, TRUE)
  expect_error(latent_scan(wrong), "binary", class = "latentmr_error_moments")
})
