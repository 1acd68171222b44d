# The first line: what objects, what is withheld, and when.
quiet <- function(code) suppressWarnings(suppressMessages(code))
valid_fit <- quiet(latent_mr(simulate_mr("snp", cell = 3, n = 500, seed = 1), seed = 1))

test_that("valid data: no objection, a sentence with the interval, what cannot be seen", {
  v <- verdict(valid_fit)
  expect_s3_class(v, "mr_verdict")
  expect_false(any(v$objects))
  head <- valid_fit$estimates$latent_reml
  expect_identical(attr(v, "headline"), sprintf("1 unit more exposure raises outcome by %s.", format_estimate(head$b, head$lo, head$up)))
  expect_match(attr(v, "unseen"), "assortative mating")
  expect_match(attr(v, "unseen"), "who takes part or survives")
  expect_output(print(v), "1 unit more exposure raises")
  expect_output(print(valid_fit), attr(v, "headline"), fixed = TRUE)
  expect_null(attr(v, "withheld"))
})

test_that("tests are corrected together by Holm's rule, and only what is left objects", {
  v <- verdict(valid_fit)
  tested <- is.finite(v$pval)
  expect_gt(sum(tested), 2)
  expect_equal(v$p_holm[tested], p.adjust(v$pval[tested], "holm"))
  expect_identical(v$objects[tested], v$p_holm[tested] < .05)
  hostile <- valid_fit
  hostile$diagnostics$hansen$pval <- .02 # alone it would reject
  expect_false(any(verdict(hostile)$objects))
  hostile$diagnostics$hansen$pval <- 1e-4
  v <- verdict(hostile)
  expect_identical(v$check[v$objects], "J")
  expect_match(attr(v, "headline")[1], "^Do not publish this as it stands: the instruments disagree [(]J[)][.]$")
  hostile$diagnostics$q[["Q_pval"]] <- 1e-6
  expect_match(attr(verdict(hostile), "headline")[1], "the instruments disagree [(]J[)]; the environments disagree [(]Q[)][.]$")
  expect_output(print(hostile), "Do not publish this as it stands:\n  ! The instruments disagree.*\n  ! The environments disagree")
})

test_that("weak instruments: a set instead of a number, and coef() is NA with the reason", {
  fit <- quiet(latent_mr(simulate_mr("snp", cell = 3, n = 100, seed = 2), seed = 1))
  expect_lt(fit$diagnostics$f, 5)
  expect_identical(fit$headline, NA_character_)
  expect_identical(fit$leading, "latent_reml")
  expect_true(is.finite(fit$estimates$latent_reml$b))
  expect_identical(coef(fit), c(exposure = NA_real_))
  expect_true(all(is.na(confint(fit))) && all(is.na(vcov(fit))))
  expect_match(fit$withheld, "^the instruments are weak [(]F = ")
  # What to quote is named, and is there to be had.
  expect_match(fit$warnings, "below 10[)]: quote the interval valid with weak instruments, weakiv_set[(]fit[)]", all = FALSE)
  expect_s3_class(weakiv_set(fit), "data.frame")
  expect_match(attr(verdict(fit), "headline"), "no point estimate, the instruments are weak")
  expect_equal(fit$diagnostics$set, weakiv_set(fit, "CLR")[names(fit$diagnostics$set)], ignore_attr = TRUE)
  expect_true(is.na(generics::glance(fit)$headline))
})

test_that("coef, vcov, confint, nobs are those of the leading estimator", {
  head <- valid_fit$estimates[[valid_fit$headline]]
  expect_identical(coef(valid_fit), c(exposure = head$b))
  expect_equal(sqrt(diag(vcov(valid_fit))), c(exposure = head$se))
  expect_equal(as.vector(confint(valid_fit)), c(head$lo, head$up))
  expect_identical(colnames(confint(valid_fit)), c("2.5 %", "97.5 %"))
  expect_identical(nobs(valid_fit), valid_fit$nobs)
  expect_error(confint(valid_fit, level = .9), class = "latentmr_error_argument")
  expect_error(verdict(1), class = "latentmr_error_argument")
})

test_that("J enters REML's interval where it rejects, with the factor of UJIVE", {
  set.seed(4) # every fourth variant has a direct effect
  d <- simulate_mr("snp", cell = 14, n = 500, seed = 3)
  g <- LatentMR:::mr_genotypes(d)
  g[is.na(g)] <- 0
  d$outcome <- d$outcome + drop(scale(g[, seq(1, ncol(g), 4)]) %*% rnorm(length(seq(1, ncol(g), 4)), sd = .25))
  fit <- quiet(latent_mr(d, seed = 1, by_environment = FALSE))
  j <- fit$diagnostics$sargan
  expect_lt(j$pval, .01)
  expect_equal(fit$estimates$latent_reml$factor / sqrt(j$ratio), max(1, fit$estimates$latent_reml$factor / sqrt(j$ratio)), tolerance = 1e-8)
  expect_gt(fit$estimates$latent_reml$factor, sqrt(j$ratio) * .999)
  expect_true("J" %in% verdict(fit)$check[verdict(fit)$objects])
  expect_gt(valid_fit$diagnostics$sargan$pval, .05)
  expect_lt(valid_fit$estimates$latent_reml$factor, 1.2)
})

test_that("a first stage that was partialled out is said", {
  set.seed(5) # the exposure follows the ancestry component alone: what is removed holds the association
  n <- 1500
  q <- rbeta(n, 1, 1)
  f <- cbind(runif(40, .1, .9), runif(40, .1, .9))
  g <- matrix(rbinom(n * 40, 2, outer(q, f[, 1]) + outer(1 - q, f[, 2])), n)
  x <- 3 * q + rnorm(n)
  fit <- quiet(latent_mr(mr_data(g, x, .3 * x + rnorm(n), sample(c("a", "b"), n, TRUE)), seed = 1, force = TRUE, by_environment = FALSE))
  lost <- fit$diagnostics$lost
  expect_gt(lost[["share"]], .8)
  expect_lt(lost[["pval"]], .001)
  expect_true("first stage lost" %in% verdict(fit)$check)
  # about what lm() says, environments left out (they are drawn at random here)
  z <- g %*% fit$encoder$directions
  of <- function(columns) summary(lm(x ~ columns))$r.squared
  expect_equal(of(z[, seq_len(ncol(fit$encoder$variant))]) / of(z), lost[["share"]], tolerance = .02)
})

test_that("structure that was partialled out is no objection, nor a covariate that only follows it", {
  set.seed(4)
  n <- 1200
  ancestry <- runif(n)
  genotypes <- function(p) {
    low <- runif(p, .2, .5)
    matrix(rbinom(n * p, 2, outer(1 - ancestry, low) + outer(ancestry, pmin(low + .25, .9))), n)
  }
  g <- genotypes(40)
  u <- rnorm(n) + 2 * ancestry
  x <- drop(scale(g) %*% rep(.2, 40)) + u + rnorm(n)
  age <- 3 * ancestry + rnorm(n)
  own <- drop(g %*% rep(1, 40)) + rnorm(n)
  data <- function(covariates) {
    mr_data(
      g, exposure = x, outcome = .3 * x - u + rnorm(n), environment = rep(c("a", "b"), n / 2), covariates = covariates,
      background = genotypes(400)
    )
  }
  fit <- quiet(latent_mr(data(data.frame(age)), seed = 1))
  expect_identical(fit$mode, "background")
  expect_lt(fit$diagnostics$hsic_structure[["pval"]], 1e-20)
  v <- verdict(fit)
  expect_false("HSIC structure" %in% v$check)
  expect_gt(v$pval[v$check == "HSIC"], .01)
  expect_false(any(v$objects))
  # Against the people themselves.
  within <- function(a) {
    for (e in levels(rows$environment)) {
      i <- rows$environment == e
      a[i, ] <- ref_residual(a[i, , drop = FALSE], cbind(1, rows$structure[i, , drop = FALSE]))
    }
    a
  }
  d <- data(data.frame(own))
  fit <- quiet(latent_mr(d, seed = 1))
  v <- verdict(fit)
  expect_true(v$objects[v$check == "HSIC"])
  set <- quiet(working_again(fit, d))
  rows <- dense_rows(set$data, set$encoder, set$view)
  ref <- ref_linear_hsic(within(rows$instruments), within(rows$covariates), rows$environment)
  expect_equal(unname(fit$diagnostics$hsic_covariates[c("statistic", "pval")]), ref, tolerance = 1e-6)
})

test_that("clusters object by their effective number, not by their count", {
  uneven <- valid_fit
  uneven$cluster_sizes <- cluster_sizes(c(rep(1, 470), 2:31))
  v <- verdict(uneven)
  expect_identical(v$check[v$objects], "clusters")
  expect_match(v$finding[v$objects], "The largest of 31 clusters holds 94 % of the people, so that they count as 1.1")
  expect_match(attr(v, "headline")[1], "^Do not publish this as it stands: its error is by clusters")
  expect_match(latent_warnings(uneven), "The largest of 31 clusters", all = FALSE)
  uneven$cluster_sizes <- cluster_sizes(rep(1:100, 5))
  expect_false(any(verdict(uneven)$objects))
  expect_false(any(grepl("clusters", latent_warnings(uneven))))

  data <- simulate_mr("snp", cell = 3, n = 200, seed = 1)
  n <- length(data$outcome)
  data$cluster <- factor(pmax(seq_len(n) - ceiling(.94 * n), 0))
  fit <- quiet(latent_mr(data, seed = 1, methods = "latent_2sls", by_environment = FALSE))
  expect_identical(fit$cluster_sizes, cluster_sizes(data$cluster))
})
