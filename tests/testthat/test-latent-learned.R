# Tests and sets of continuous instruments count the learning of the encoder (R/iv_learned.R, R/latent_learned.R).

# Four environments, two latents that stay and two that a confounder moves, mixed linearly.
learned_design <- function(seed, n = 600, noise = 0, p = 4) {
  set.seed(4711)
  mixing <- matrix(rnorm(4 * p), p)
  set.seed(seed)
  e <- rep(1:4, each = n)
  still <- matrix(rnorm(8 * n), 4 * n)
  spread <- c(.6, 1, 1.6, 2.2)[e]
  hidden <- rnorm(4 * n) * spread + c(0, .8, -.6, 1.2)[e]
  moving <- cbind(.8 * hidden + rnorm(4 * n), -.5 * hidden * spread + rnorm(4 * n) * spread)
  z <- cbind(still, moving) %*% t(mixing) + noise * rnorm(4 * n * p)
  x <- drop(still %*% c(.5, .4) + moving %*% c(.5, .3)) + hidden + rnorm(4 * n)
  mr_data(z, x, .5 * x - 1.2 * hidden + rnorm(4 * n), paste0("c", e), kind = "continuous")
}
learned_fit <- function(data, ...) suppressWarnings(latent_mr(data, ..., seed = 1))

test_that("Box's test is the jackknife's t where there is one number, and F of the traces by hand", {
  set.seed(1)
  folds <- matrix(rnorm(10), 1)
  test <- box_test(.7, folds, 1)
  error <- jackknife_error(folds[1, ])
  expect_equal(unname(test), c(1, 9, (.7 / error$se)^2, 2 * pt(-.7 / error$se, 9)))
  folds <- matrix(rnorm(30), 3)
  v <- matrix(0, 3, 3)
  for (f in 1:10) v <- v + .9 * outer(folds[, f] - rowMeans(folds), folds[, f] - rowMeans(folds))
  test <- box_test(1:3, folds, 3)
  expect_equal(test[["statistic"]], 14 / sum(diag(v)))
  expect_gte(test[["df1"]], 1)
  expect_equal(test[["df2"]], 9 * test[["df1"]])
  # Its size where the vector is a sum over people and nothing is learned.
  p <- replicate(400, box_test(rnorm(4), sqrt(10 / 9 / 9) * matrix(rnorm(40), 4), 4)[["p-value"]])
  expect_lt(abs(mean(p < .05) - .05), .035)
})

test_that("scores without a fold are those of fits by rows, whatever the rotation of the directions", {
  d <- learned_design(1)
  fit <- learned_fit(d, by_environment = FALSE)
  set <- working_again(fit, d)
  whole <- set_blocks(method_rows("latent_2sls"), set)$latent
  like <- learned_scores(set$encoder, whole, set$view)
  expect_equal(unname(like$scores), fit$learned$scores)
  expect_equal(scores_effect(like$scores), fit$estimates$latent_2sls$b)
  turned <- set$encoder
  turned$invariant <- turned$invariant %*% matrix(c(cos(1), sin(1), -sin(1), cos(1)), 2)
  turned$directions[, 1:2] <- turned$invariant
  expect_equal(learned_scores(turned, whole, set$view, like), like$scores)
  # By rows: instruments and traits on what is partialled out, instruments orthonormal.
  z <- mr_genotypes(d)
  e <- model.matrix(~ 0 + environment, data.frame(environment = d$environment))
  v <- z %*% set$encoder$variant
  c <- qr(cbind(e, e[, rep(1:4, 2)] * v[, rep(1:2, each = 4)]))
  w <- qr.Q(qr(qr.resid(c, z %*% set$encoder$invariant)))
  y <- d$outcome - .5 * d$exposure
  expect_equal(sum(scores_left(like$scores, .5)^2), sum(crossprod(w, y)^2), tolerance = 1e-6)
})

test_that("the set holds what its test does not reject, and is what ar_set() and weakiv_set() give", {
  fit <- learned_fit(learned_design(2), by_environment = FALSE)
  set <- ar_set(fit)
  expect_identical(set$ci_type, "interval")
  for (end in c(set$lo, set$up)) expect_equal(weakiv_test(fit, end)$p.value, .05, tolerance = 1e-6)
  expect_lt(set$lo, coef(fit))
  expect_gt(set$up, coef(fit))
  expect_identical(weakiv_set(fit)$lo, set$lo)
  expect_gt(ar_set(fit, .9)$lo, set$lo)
  expect_conditions({
    weakiv_set(fit, "CLR")
    weakiv_test(fit, c(1, 2))
  })
  # Whole line, two rays and none: scores that say nothing of the exposure, little, and that disagree.
  made <- function(exposure, outcome, spread) {
    set.seed(3)
    list(
      scores = cbind(outcome, exposure), spread = 1,
      folds = lapply(1:10, function(f) cbind(outcome, exposure) + spread * matrix(rnorm(4), 2))
    )
  }
  expect_identical(learned_ar_set(made(c(.01, 0), c(0, .01), 1), .95)$ci_type, "line")
  expect_identical(learned_ar_set(made(c(.5, .3), c(9, 7), .3), .95)$ci_type[1], "rays")
  expect_identical(learned_ar_set(made(c(9, 0), c(0, 9), .01), .95)$ci_type, "empty")
})

test_that("rows that cannot be repeated are widened as 2SLS is; environments and their Q count the learning", {
  d <- learned_design(3)
  fit <- learned_fit(d)
  plain <- learned_fit(d, jackknife = FALSE)
  e <- fit$estimates
  more <- e$latent_2sls$se / plain$estimates$latent_2sls$se
  expect_gt(more, 1.2)
  expect_equal(e$latent_ujive$se, plain$estimates$latent_ujive$se * more)
  expect_identical(e$latent_ujive[c("vcov", "df")], list(vcov = "learned", df = 9))
  expect_identical(e$`2sls`, plain$estimates$`2sls`)
  each <- vapply(fit$by_environment, function(x) x$latent_2sls$se, 0)
  given <- vapply(plain$by_environment, function(x) x$latent_2sls$se, 0)
  expect_gt(mean(each / given), 1)
  expect_gt(fit$diagnostics$q[["Q_pval"]], plain$diagnostics$q[["Q_pval"]])
  expect_null(fit$diagnostics$set_environments$c1)
  expect_identical(as.data.frame(summary(fit)$diagnostics)["Sargan", "p-value"], verdict(fit)$pval[2])
  expect_identical(overid_test(fit)$test, "Sargan")
  expect_match(paste(capture.output(print(summary(fit))), collapse = " "), "the\\s+learning\\s+of\\s+the\\s+instruments\\s+counted")
  control <- suppressWarnings(negative_control(fit, rev(d$outcome), d, methods = c("latent_2sls", "latent_ujive", "latent_2sls_only")))
  rows <- control$estimator != "latent_2sls_only"
  expect_identical(control$vcov[rows], c("jackknife", "learned"))
  expect_equal(control$ar_df2[rows] / control$ar_df1[rows], c(9, 9))
  expect_true(is.na(control$ar_pval[control$estimator == "latent_2sls_only"]))
  expect_match(plot(fit)$labels$caption, "Anderson-Rubin\\s+sets")
  # Where it is not counted, J and Q do not object, and it is said.
  said <- verdict(plain)
  expect_true(all(is.na(said$p_holm[said$check %in% c("J", "Q")])))
  expect_match(said$finding[said$check == "J"], "given the directions as learned, which rejects too often")
})

test_that("true effects are in the set and the instruments are not objected to", {
  draws <- vapply(1:8, function(seed) {
    d <- learned_design(seed, noise = .3, p = 6)
    fit <- learned_fit(d, by_environment = FALSE, methods = "latent_2sls")
    given <- learned_fit(d, by_environment = FALSE, methods = "latent_2sls", jackknife = FALSE)
    set <- ar_set(fit)
    c(
      learned = overid_test(fit)$p.value[1] < .05, given = overid_test(given)$p.value[1] < .05,
      inside = any(set$lo <= .5 & .5 <= set$up, na.rm = TRUE)
    )
  }, numeric(3))
  expect_lte(sum(draws["learned", ]), 2)
  expect_gte(sum(draws["given", ]), 3)
  expect_gte(sum(draws["inside", ]), 6)
})

test_that("every estimator can be asked for by itself, its error that of all together", {
  d <- learned_design(3)
  all <- learned_fit(d)
  for (id in c("latent_ujive", "latent_liml", "ols")) {
    fit <- learned_fit(d, methods = id)
    expect_identical(names(fit$estimates), id)
    expect_equal(fit$estimates[[id]]$se, all$estimates[[id]]$se)
    expect_identical(names(fit$by_environment$c1), id)
    expect_equal(fit$by_environment$c1[[id]]$se, all$by_environment$c1[[id]]$se)
    expect_equal(ar_set(fit), ar_set(all))
    expect_output(print(summary(fit)), "Tests")
  }
  control <- suppressWarnings(negative_control(all, rev(d$outcome), d, methods = "latent_ujive"))
  expect_identical(control$vcov, "learned")
})
