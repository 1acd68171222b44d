# Sites with other groups, references, versions and scalings.
site_part <- function(n, centres, seed, shift = 0, name = "a") {
  set.seed(seed)
  g <- matrix(rbinom(n * 4, 2, .4), n, 4, dimnames = list(NULL, paste0("rs", 1:4)))
  x <- as.vector(g %*% c(.3, .2, .3, .1)) + rnorm(n)
  data.frame(g, x = x, y = .4 * x + rnorm(n), e = name, age = rnorm(n, 50, 8), centre = sample(centres, n, TRUE), packs = rpois(n, 9))
}
data_of <- function(frame, levels = NULL, ...) {
  centre <- if (is.null(levels)) frame$centre else factor(frame$centre, levels)
  suppressMessages(mr_data(
    as.matrix(frame[1:4]), frame$x, frame$y, frame$e, covariates = data.frame(age = frame$age, centre = centre, packs = frame$packs),
    kind = "genotype", ...
  ))
}
open_moments <- function(...) mr_moments(data_of(...), folds = 2, seed = 1, disclosure = FALSE)

test_that("groups that a site lacks, and another reference, give what everybody together gives", {
  parts <- list(
    site_part(300, c("k", "l", "m"), 1, name = "a"), site_part(300, c("l", "m"), 2, name = "b"),
    site_part(300, c("k", "n"), 3, name = "c")
  )
  whole <- open_moments(do.call(rbind, parts), c("k", "l", "m", "n"))
  both <- combine_moments(lapply(parts, open_moments))
  expect_identical(both$covariates, c("age", "centrel", "centrem", "centren", "packs"))
  expect_identical(both$covariates, whole$covariates)
  expect_identical(both$coding, whole$coding)
  for (e in 1:3) {
    a <- moments_environment(both, e)
    b <- moments_environment(whole, e)
    expect_equal(a$cross, b$cross, tolerance = 1e-10)
    expect_equal(a$mean, b$mean, tolerance = 1e-12)
  }
  fit <- function(m) as.data.frame(suppressWarnings(suppressMessages(latent_mr(m, methods = c("ols", "2sls", "latent_2sls"), seed = 1))))
  expect_equal(fit(both)$b, fit(whole)$b, tolerance = 1e-8)
  # Columns in another order at a site are the same columns.
  turned <- open_moments(parts[[2]])
  turned <- recode_covariates(turned, turned$coding[c(3, 1, 2), ])
  expect_equal(combine_moments(open_moments(parts[[1]]), turned)$xx, combine_moments(open_moments(parts[[1]]), open_moments(parts[[2]]))$xx, tolerance = 1e-12)
})

test_that("a variable that is not there, or is numbers here and groups there, is an error", {
  one <- site_part(200, c("k", "l"), 1)
  two <- site_part(200, c("k", "l"), 2)
  less <- suppressMessages(mr_data(as.matrix(two[1:4]), two$x, two$y, two$e, covariates = two[c("age", "centre")], kind = "genotype"))
  expect_error(
    combine_moments(open_moments(one), mr_moments(less, seed = 1, disclosure = FALSE)), "`covariates` differs .*\"packs\"", class = "latentmr_error_combine"
  )
  two$centre <- as.numeric(two$centre == "k")
  expect_error(combine_moments(open_moments(one), open_moments(two)), "`covariates` differs", class = "latentmr_error_combine")
  expect_error(combine_moments(open_moments(two), open_moments(one)), "`covariates` differs", class = "latentmr_error_combine")
})

test_that("scaling, versions and codings of the outcome are compared by name", {
  one <- site_part(200, c("k", "l"), 1)
  two <- site_part(200, c("k", "l"), 2)
  scaled <- open_moments(two, scale_traits = c("none", "inverse_normal"))
  expect_identical(scaled$scaled, c("none", "inverse_normal"))
  expect_condition_text(
    combine_moments(open_moments(one), scaled), "latentmr_error_combine",
    paste0(
      "Site 2 cannot be combined with site 1: \"y\" is as normal scores there and as it is at site 1.\n",
      "i Give the same `scale_traits` to mr_data() at every site."
    )
  )
  old <- open_moments(two)
  old$version <- "0.0.1"
  expect_condition_text(
    combine_moments(open_moments(one), old, open_moments(one)), "latentmr_warning_version",
    sprintf(
      "The sites have other versions of the package: %s (1, 3); 0.0.1 (2).\ni Make the moments with one version at every site.",
      packageVersion("LatentMR")
    )
  )
  expect_identical(suppressWarnings(combine_moments(open_moments(one), old))$version, paste0(packageVersion("LatentMR"), ", 0.0.1"))
  # Objects of before say nothing.
  old[c("version", "scaled", "coding")] <- NULL
  old <- structure(old, class = "mr_moments")
  expect_silent(combine_moments(open_moments(one), old))
  cases <- two
  cases$y <- as.numeric(cases$y > 0)
  expect_warning(
    combine_moments(open_moments(one), open_moments(cases)), "\"y\" is 0 or 1 at site 2 and has other values at site 1", class = "latentmr_warning_units"
  )
})
