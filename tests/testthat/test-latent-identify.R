# Negative controls: designs in which the method must refuse, must be warned, or must
# not claim more than it can see.
quiet <- function(code) suppressWarnings(suppressMessages(code))
control_data <- function(z, exposure, outcome, environment, ...) {
  suppressMessages(mr_data(z, exposure, outcome, environment, ...))
}

test_that("no shift between environments is refused", {
  # The published design with its labels dealt at random: confounded as before, but
  # nothing moves.
  d <- simulate_mr("authors", environments = 2, n = 500, seed = 1)
  for (seed in 1:4) {
    d$environment <- with_seed(seed, sample(d$environment))
    expect_error(latent_mr(d, seed = 1), "does not differ between the environments", class = "latentmr_error_unidentified")
    expect_gt(environment_test(d, seed = 1)$p_value[1], .001)
  }
  # Forced, it says so, and the bias is that of plain 2SLS.
  fit <- quiet(latent_mr(d, n_latent = c(2, 2), force = TRUE, seed = 1))
  expect_match(fit$warnings[1], "Not identified, forced")
  expect_gt(fit$estimates$latent_2sls$b, 1.1)
  # Genotypes: structure may be within environments, so a warning.
  g <- simulate_mr("snp", cell = 3, n = 200, seed = 1)
  g$environment <- with_seed(1, sample(g$environment))
  expect_match(paste(quiet(latent_mr(g, seed = 1))$warnings, collapse = " "), "Allele frequencies do not differ between the environments")
})

test_that("an indefinite shift of the covariance: both confounded directions are found", {
  # V1 + V2 has one law everywhere, N(0, 3), yet is confounded.
  b <- sapply(1:3, function(seed) with_seed(seed, {
    n <- 4000
    e <- rep(1:2, each = n)
    v <- matrix(rnorm(4 * n), 2 * n) %*% diag(2) * sqrt(cbind(ifelse(e == 1, 1, 2), ifelse(e == 1, 2, 1)))
    w <- matrix(rnorm(4 * n), 2 * n)
    h <- rowSums(v) + rnorm(2 * n)
    x <- rowSums(w) + rowSums(v) + h + rnorm(2 * n)
    y <- x + 2 * h + rnorm(2 * n)
    d <- control_data(cbind(w, v) %*% matrix(rnorm(16), 4), x, y, e, kind = "continuous")
    fit <- quiet(latent_mr(d, seed = 1))
    expect_identical(unname(fit$encoder$n_latent), c(2L, 2L))
    c(fit$estimates$`2sls`$b, fit$estimates$latent_2sls$b)
  }))
  expect_gt(min(b[1, ]), 1.5)
  expect_lt(max(abs(b[2, ] - 1)), .12)
})

test_that("four coarse genotypes: refused or flagged", {
  # Genotypes as the largest of three outputs of a random network of all latents.
  draw <- function(seed, block = NULL, n = 1500) with_seed(seed, {
    e <- rep(1:2, each = n)
    mix <- chol(matrix(c(1, .5, .5, 1), 2))
    h <- matrix(rnorm(4 * n), 2 * n) + 2 * (e - 1)
    v <- matrix(rnorm(4 * n), 2 * n) %*% mix + h * e
    w <- matrix(rnorm(4 * n), 2 * n) %*% mix
    u <- cbind(v, w)
    for (width in c(4, 8, 12)) {
      u <- u %*% matrix(rnorm(ncol(u) * width), ncol(u))
      if (width < 12) u <- pmax(u, .2 * u)
    }
    g <- apply(array(scale(u), c(2 * n, 3, 4)), 3, function(l) max.col(l) - 1)
    x <- rowSums(cbind(v, w, h)) + rnorm(2 * n)
    control_data(g, x, x + rowSums(h) + rnorm(2 * n), e, kind = "genotype", block = block)
  })
  run <- function(...) {
    tryCatch(quiet(latent_mr(draw(...), seed = 1, by_environment = FALSE)), latentmr_error_unidentified = function(e) NULL)
  }
  # Taken as independent variants: refused. By their own linkage: refused or flagged.
  expect_null(run(1, block = 1:4))
  fits <- Filter(length, lapply(1:8, run))
  expect_gt(length(fits), 0)
  for (fit in fits) {
    expect_match(paste(fit$warnings, collapse = " "), "Only 4 variants: .* Do not read the row .What does not move, alone")
  }
})

test_that("a confounder with one law everywhere: no test sees it and none is said to", {
  d <- simulate_mr("authors", environments = 2, n = 2000, seed = 3)
  # W is confounded too, the same way in both environments and in proportion to what it
  # does to the exposure (a parental score), so that the instruments agree.
  d$outcome <- d$outcome + rowSums(d$truth$W)
  fit <- quiet(latent_mr(d, seed = 1))
  expect_gt(fit$estimates$latent_2sls$b, 1.3)
  expect_length(fit$warnings, 0)
  text <- paste(capture.output(print(fit), print(summary(fit))), collapse = " ")
  expect_match(gsub(" +", " ", text), "Confounding with one law in every environment, untied to structure \\(assortative mating, parents' effects\\), is invisible to all of these but HSIC")
  for (claim in c("instruments are valid", "no confounding", "is causal", "unconfounded")) expect_no_match(text, claim)
  # Only a covariate that measures it does.
  d$covariates <- cbind(proxy = d$truth$W[, 1] + rnorm(4000))
  table <- as.data.frame(summary(quiet(learn_instruments(d, seed = 1)))$quality)
  expect_lt(table$p_value[table$against == "covariates"], 1e-10)
  expect_gt(table$p_value[table$against == "variant block"], .001)
})
