test_that("people have the panel's frequencies by population", {
  data <- simulate_cohort("hgdp", n = 4000, sites = NULL, variants = 30, seed = 1)
  expect_identical(levels(data$environment), c(
    "AFRICA", "AMERICA", "CENTRAL_SOUTH_ASIA", "EAST_ASIA", "EUROPE", "MIDDLE_EAST", "OCEANIA"
  ))
  drawn <- rowsum(mr_genotypes(data), data$environment) / 8000
  expect_lt(max(abs(drawn - data$truth$frequencies)), .025)
  # The frequencies themselves, from the files: (copies + 1/2) / (2 people + 1).
  panel <- read_plink(file.path(system.file("extdata", package = "LatentMR"), "hgdp"))
  at <- match(data$variants$snp, panel$variants$snp)
  x <- as.matrix(panel)[, at]
  europe <- panel$samples$fid == "EUROPE"
  expect_equal(unname(data$truth$frequencies["EUROPE", ]), unname((colSums(x[europe, ]) + .5) / 49))
  expect_false(is.unsorted(at))
  shared <- colMeans(data$truth$frequencies)
  expect_gte(min(pmin(shared, 1 - shared)), .05)
  expect_identical(data$variants$chr, rep("0", 30))
})

test_that("sites mix populations, within people or between them", {
  mixed <- simulate_cohort("hgdp", n = 500, sites = 4, variants = 10, seed = 2)$truth$Q
  expect_equal(rowSums(mixed), rep(1, 2000))
  expect_gt(mean(mixed > .01 & mixed < .99), .3)
  pure <- simulate_cohort("hgdp", n = 500, sites = 4, variants = 10, admixed = FALSE, seed = 2)$truth$Q
  expect_true(all(pure %in% 0:1))
  expect_equal(rowSums(pure), rep(1, 2000))
  weights <- matrix(c(1, 0, 3), 60000, 3, byrow = TRUE)
  expect_equal(tabulate(with_seed(1, draw_population(weights)), 3) / 60000, c(.25, 0, .75), tolerance = .02)
})

test_that("runs of chr21 are copied whole from the panel, so that linkage stays", {
  panel <- read_plink(file.path(system.file("extdata", package = "LatentMR"), "chr21"))
  x <- as.matrix(panel)
  data <- simulate_cohort("chr21", n = 3000, sites = NULL, variants = 20, seed = 3)
  at <- match(data$variants$snp, panel$variants$snp)
  drawn <- mr_genotypes(data)
  for (population in c("AFR", "EAS")) {
    there <- x[panel$samples$fid == population, at]
    here <- drawn[data$environment == population, ]
    varies <- apply(there, 2, stats::sd) > .1
    same_run <- outer((at - 1) %/% 50, (at - 1) %/% 50, `==`)[varies, varies]
    a <- stats::cor(there[, varies])
    b <- stats::cor(here[, varies])
    expect_lt(max(abs(a - b)[same_run]), .1)
    expect_lt(max(abs(b[!same_run])), .1)
    for (run in split(seq_along(at), (at - 1) %/% 50)) {
      key <- function(m) do.call(paste, as.data.frame(m[, run, drop = FALSE]))
      expect_true(all(key(here) %in% key(there)))
    }
  }
  free <- simulate_cohort("chr21", n = 3000, sites = NULL, variants = 20, block_size = 1, seed = 3)
  r <- stats::cor(mr_genotypes(free)[free$environment == "AFR", ])
  expect_lt(max(abs(r[upper.tri(r)]), na.rm = TRUE), .1)
})

test_that("exposure and outcome follow their equations", {
  data <- simulate_cohort("hgdp", n = 5000, sites = 4, variants = 30, effect = -.4, confounding = 2, seed = 4)
  t <- data$truth
  age <- data$covariates[, "age"]
  woman <- data$covariates[, "sex"] == 2
  expect_identical(range(age), c(40, 70))
  first <- stats::lm(data$exposure ~ t$score + t$confounder + I(age - 55) + woman)
  expect_lt(max(abs(stats::coef(first) - c(0, sqrt(.15), .5, .02, .2))), .03)
  expect_equal(stats::sigma(first), .8, tolerance = .02)
  second <- stats::lm(data$outcome ~ data$exposure + t$confounder + I(age - 55) + woman)
  expect_lt(max(abs(stats::coef(second) - c(0, -.4, 2, .02, -.2))), .04)
  expect_equal(stats::sigma(second), 1, tolerance = .02)
  expect_equal(t$score, standardise(drop(mr_genotypes(data) %*% t$strength)))
})

test_that("the oracle that knows ancestry finds the effect in a cohort, sites alone do not", {
  estimates <- vapply(1:4, function(seed) {
    d <- simulate_cohort("hgdp", n = 1000, seed = seed)
    w <- stats::model.matrix(~ d$environment + d$covariates)
    x <- mr_genotypes(d)
    c(tsls_twin(d$outcome, d$exposure, x, cbind(w, d$truth$Q[, -1])), tsls_twin(d$outcome, d$exposure, x, w))
  }, numeric(2))
  expect_lt(abs(mean(estimates[1, ]) - .3), .05)
  expect_gt(mean(estimates[2, ]), .4)
})

test_that("written files give the same cohort back", {
  folder <- file.path(tempfile(), "a cohort")
  dir.create(folder, recursive = TRUE)
  on.exit(unlink(dirname(folder), recursive = TRUE))
  prefix <- file.path(folder, "study")
  missing <- c(0, .05, .1)
  data <- simulate_cohort("hgdp",
    n = 101, sites = 3, variants = 12, background = 9, missing = missing, prefix = prefix, seed = 5
  )
  expect_true(all(file.exists(data$truth$files)))
  read <- read_mr_data(prefix, data$truth$files[["pheno"]], "exposure", "outcome", "site",
    covariates = c("age", "sex"), instruments = data$truth$files[["instruments"]],
    background = data$truth$files[["background"]]
  )
  expect_identical(read$ids, data$ids)
  expect_equal(unname(mr_genotypes(read)), unname(mr_genotypes(data)))
  expect_equal(unname(mr_background(read)), unname(mr_background(data)))
  expect_equal(read$variants, data$variants, ignore_attr = TRUE)
  expect_equal(read$exposure, data$exposure)
  expect_equal(read$outcome, data$outcome)
  expect_equal(unname(read$covariates), unname(data$covariates))
  expect_identical(read$environment, data$environment)
  lost <- tapply(rowMeans(is.na(cbind(mr_genotypes(read), mr_background(read)))), read$environment, mean)
  expect_lt(max(abs(lost - missing)), .025)
  # The same cohort without files, and with another seed.
  again <- simulate_cohort("hgdp", n = 101, sites = 3, variants = 12, background = 9, missing = missing, seed = 5)
  expect_identical(again$exposure, data$exposure)
  expect_identical(mr_genotypes(again), mr_genotypes(data))
})

test_that("a panel of one's own serves, with people left out and calls missing", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  x <- matrix(c(0:2, NA), 40, 8)
  x[1:20, ] <- 2L - x[1:20, ]
  samples <- data.frame(fid = "f", iid = paste0("i", 1:40), father = "0", mother = "0", sex = 0L, phenotype = "-9")
  variants <- data.frame(
    snp = paste0("rs", 1:8), chr = "1", pos = 1:8, cm = 0, effect_allele = "A", other_allele = "G"
  )
  write_plink(file.path(folder, "own"), x, variants, samples)
  bed <- read_plink(file.path(folder, "own"))
  populations <- rep(c("north", "south", NA), c(15, 20, 5))
  data <- simulate_cohort(bed, n = 50, sites = NULL, variants = 4, populations = populations, seed = 1)
  expect_identical(levels(data$environment), c("north", "south"))
  expect_false(anyNA(mr_genotypes(data)))
  copied <- simulate_cohort(bed, n = 800, sites = NULL, variants = 4, populations = populations, block_size = 2, seed = 1)
  lost <- tapply(rowMeans(is.na(mr_genotypes(copied))), copied$environment, mean)
  expect_equal(c(lost), c(north = 3 / 15, south = 5 / 20), tolerance = .1)
  expect_true(all(is.finite(copied$exposure)))
})

test_that("bad arguments of simulate_cohort() are named", {
  bed <- read_plink(file.path(system.file("extdata", package = "LatentMR"), "hgdp"))
  expect_conditions({
    simulate_cohort("hgpd")
    simulate_cohort(1)
    simulate_cohort("hgdp", n = 0)
    simulate_cohort("hgdp", sites = 0)
    simulate_cohort("hgdp", variants = 5001)
    simulate_cohort("chr21", variants = 20, background = 20)
    simulate_cohort("hgdp", maf = .6)
    simulate_cohort("hgdp", missing = c(.1, .2))
    simulate_cohort("hgdp", populations = 1:159)
    simulate_cohort(bed)
    simulate_cohort(bed, populations = 1:3)
    simulate_cohort(bed, populations = rep(NA, 159))
    simulate_cohort("hgdp", block_size = 0)
    simulate_cohort("hgdp", prefix = NA)
    simulate_cohort("hgdp", n = 10, prefix = "nowhere/cohort")
    simulate_cohort("hgdp", admixed = NA)
    simulate_cohort("hgdp", confounding = Inf)
  })
})
