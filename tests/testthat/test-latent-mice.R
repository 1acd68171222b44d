# Real mice with known wrong answers: weight cannot move the calendar.
quiet <- function(code) suppressWarnings(suppressMessages(code))

mice_data <- function(outcome) {
  mice <- readRDS(system.file("extdata", "mice.rds", package = "LatentMR"))
  quiet(mr_data(
    mice$genotypes[, mice$variants$instrument], exposure = mice$people$weight, outcome = mice$people[[outcome]],
    environment = rep("mice", 907), covariates = mice$people["sex"], cluster = mice$people$cage,
    background = mice$genotypes[, !mice$variants$instrument], ids = mice$people$iid
  ))
}

mice_fit <- function(outcome) {
  quiet(latent_mr(
    mice_data(outcome), random = c("background", "cluster"), control = encoder_control(max_components = 0),
    by_environment = FALSE, seed = 1
  ))
}

z_of <- function(fit, id) fit$estimates[[id]]$b / fit$estimates[[id]]$se

test_that("weight moves the day of the study by 2SLS; with random effects the first line does not say so", {
  day <- mice_fit("study_day")
  expect_lt(day$estimates[["2sls"]]$pval, 1e-5)
  expect_true(day$random$together)
  expect_lt(abs(z_of(day, "mixed_ujive")), 2)
  expect_true(is.na(day$headline))
  expect_match(attr(verdict(day), "headline")[1], "Do not publish", fixed = TRUE)
})

test_that("what weight cannot move stands still, what it moves is kept", {
  density <- mice_fit("cage_density")
  expect_true(density$random$together)
  expect_lt(abs(z_of(density, "mixed_ujive")), 2)
  litter <- mice_fit("litter")
  expect_false(litter$random$together)
  expect_lt(abs(z_of(litter, "mixed_ujive")), 2)
  length <- mice_fit("length")
  expect_gt(z_of(length, "mixed_ujive"), 3)
  expect_gt(z_of(length, "mixed_liml"), 3)
})
