# The registry of estimators.

test_that("a row says all there is to say about an estimator, and mr_methods() shows it", {
  rows <- latent_registry()
  table <- mr_methods()
  expect_identical(names(rows), table$id)
  expect_identical(anyDuplicated(table$name), 0L)
  for (row in rows) {
    expect_true(is.function(row$fit) && is.function(row$error), info = row$id)
    expect_identical(names(formals(row$fit)), c("block", "context"), info = row$id)
    expect_identical(names(formals(row$error)), c("effects", "block", "context"), info = row$id)
    expect_true(row$partialled %in% c("basic", "structure", "latent", "family", "imputed", "mixed"), info = row$id)
    expect_true(row$instruments %in% c("none", "variants", "latent", "invariant", "variant", "score"), info = row$id)
    needs <- c("rows", "score", "0/1 outcome", "variants", "families", "imputed parents", "random effects", "touched latents")
    expect_true(all(row$needs %in% needs), info = row$id)
    expect_true(is.null(row$kclass) || row$kclass %in% c("ols", "2sls", "liml", "fuller", "nagar"), info = row$id)
  }
  expect_setequal(table$id[table$needs == "rows"], c("latent_ujive", "latent_jive1", "latent_gmm", "latent_msmm", "latent_tsri", "latent_tsps", "family_ujive", "imputed_ujive", "imputed_2sls", "mixed_ujive", "mixed_liml", "mixed_2sls"))
  expect_setequal(table$id[table$exposures == "one"], c("latent_reml", "latent_outlier", "egger", "weighted_median", "score", "latent_score"))
})

test_that("an estimator can ask for another, and blocks are made once", {
  d <- two_exposures(n = 300, p = 8)
  d$x <- d$x[, 1]
  set <- working_set(two_data(d), function(s) learn(s$data, s$moments, s$view, "linear", NULL, encoder_control(), 1L), encoder_control(), seed = 1L)
  rows <- working_rows(set)
  both <- estimate_methods(method_rows(c("latent_reml", "latent_ujive")), set, rows, .95)
  alone <- estimate_methods(method_rows("latent_reml"), set, rows, .95)
  expect_identical(alone$latent_reml, both$latent_reml)
  # The interval is as much wider as the robust error of UJIVE is than Nagar's.
  block <- set_blocks(method_rows("latent_reml"), set)$latent
  ratio <- both$latent_ujive$se_plain / sqrt(nagar_vcov(block$kclass, both$latent_reml$b)[1, 1])
  expect_equal(both$latent_reml$factor, max(1, ratio))
  # Blocks that several estimators need are made once.
  expect_identical(names(set_blocks(method_rows(c("ols", "2sls", "latent_2sls", "latent_liml", "latent_2sls_only")), set)), c("basic variants", "latent", "basic invariant"))
})

test_that("an estimator that fails leaves the others, with its reason", {
  d <- two_exposures(n = 300, p = 8)
  d$x <- d$x[, 1]
  set <- working_set(two_data(d), function(s) learn(s$data, s$moments, s$view, "linear", NULL, encoder_control(), 1L), encoder_control(), seed = 1L)
  context <- list(encoder = set$encoder, level = .95, blocks = set_blocks(method_rows("latent_2sls"), set))
  broken <- function(block, context) abort("There is no number. Or is there?", "latentmr_error_singular")
  row <- estimator("new", "New", "none", broken, row_errors)
  got <- estimate_one(row, context)
  expect_identical(got$note, "There is no number. Or is there?")
  expect_true(is.na(got$b))
  expect_identical(estimate_one(estimator("new", "New", "none", function(block, context) list(note = "nothing"), row_errors), context)$note, "nothing")
  infinite <- estimator("new", "New", "none", function(block, context) list(b = 1, covariance = matrix(-1), vcov = "iid"), row_errors)
  expect_match(suppressWarnings(estimate_one(infinite, context))$note, "variance is not positive")
  # Another mistake is no reason but an error.
  wrong <- estimator("new", "New", "none", function(block, context) stop("a mistake of ours"), row_errors)
  expect_error(estimate_one(wrong, context), "a mistake of ours")
})

test_that("intervals and jackknife errors by their formulas", {
  at <- interval(2, .6, 7, .9)
  expect_equal(c(at$lo, at$up), 2 + c(-1, 1) * qt(.95, 7) * .6)
  expect_equal(at$pval, 2 * pt(-2 / .6, 7))
  several <- interval(c(1, -1), c(.1, .2), Inf, .95)
  expect_equal(several$se, c(.1, .2))
  expect_equal(several$up, c(1, -1) + qnorm(.975) * c(.1, .2))
  # The mean of groups of equal size: the usual error of a mean.
  x <- c(3, 5, 4, 8, 1)
  without <- vapply(1:5, function(i) mean(x[-i]), 0)
  expect_equal(jackknife_error(without), list(se = sd(x) / sqrt(5), df = 4))
})
