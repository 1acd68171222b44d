# latent_mr(jackknife = TRUE): errors that include the learning of the encoder.

jackknife_data <- function(mixing = "poly1", n = 800, seed = 2) {
  simulate_mr("authors", mixing = mixing, environments = 2, n = n, seed = seed)
}
quick <- function(data, ...) suppressWarnings(latent_mr(data, ..., by_environment = FALSE, seed = 1))

# The published design's environments differ in their means, and mr_data() warns of it.
explained <- function(code) suppressMessages(withCallingHandlers(code, latentmr_warning = function(w) {
  if (startsWith(conditionMessage(w), "The environments explain")) invokeRestart("muffleWarning")
}))

# The same by rows: fits of data without the people of a fold, nothing taken from the fit of everybody but dimensions.
by_rows <- function(d, moments, n_latent, ids, encoder = "linear") {
  drawn <- draw_blocks(d$environment, d$cluster, max(moments$blocks$fold), moments$seed)
  fold <- integer(length(d$outcome))
  fold[drawn$order + 1L] <- rep(drawn$table$fold, drawn$table$n)
  z <- mr_genotypes(d)
  vapply(seq_len(max(fold)), function(f) {
    keep <- fold != f
    part <- explained(mr_data(z[keep, ], d$exposure[keep], d$outcome[keep], d$environment[keep], kind = "continuous"))
    frame <- as.data.frame(quick(part, encoder, n_latent = n_latent, methods = ids))
    frame$b[match(ids, frame$estimator)]
  }, numeric(length(ids)))
}

test_that("the error is that of fits without each fold, rows read again", {
  d <- jackknife_data()
  ids <- c("latent_2sls", "latent_liml", "latent_2sls_only")
  fit <- quick(d, n_latent = c(2, 2), methods = ids)
  plain <- quick(d, n_latent = c(2, 2), methods = ids, jackknife = FALSE)
  b <- by_rows(d, mr_moments(d, folds = 10, seed = 1, disclosure = FALSE), c(2, 2), ids)
  for (i in seq_along(ids)) {
    got <- fit$estimates[[ids[i]]]
    se <- sqrt(.9 * sum((b[i, ] - mean(b[i, ]))^2))
    expect_equal(got$se_plain, se, tolerance = 1e-6)
    expect_equal(c(got$lo, got$up), got$b + c(-1, 1) * qt(.975, 9) * se, tolerance = 1e-6)
    expect_equal(got$pval, 2 * pt(-abs(got$b) / se, 9), tolerance = 1e-6)
    expect_identical(got$b, plain$estimates[[ids[i]]]$b)
    expect_identical(got$se_conditional, plain$estimates[[ids[i]]]$se_plain)
  }
  frame <- as.data.frame(fit)
  expect_identical(unique(frame$vcov[frame$estimator %in% ids]), "jackknife")
  expect_equal(unname(tidy(fit)$df), rep(9, 3))
})

test_that("it is larger than the error given the encoder, and from moments the same", {
  d <- jackknife_data(n = 1500, seed = 4)
  moments <- mr_moments(d, folds = 10, seed = 1, disclosure = FALSE)
  a <- quick(d, n_latent = c(2, 2), jackknife = TRUE)
  b <- quick(moments, n_latent = c(2, 2), jackknife = TRUE)
  expect_equal(b$estimates$latent_2sls$without, a$estimates$latent_2sls$without)
  # Other rows stay as they are.
  expect_identical(a$estimates$`2sls`, quick(d, n_latent = c(2, 2))$estimates$`2sls`)
  expect_identical(quick(d, n_latent = c(2, 2), level = .9, jackknife = TRUE)$estimates$latent_2sls$se_plain, a$estimates$latent_2sls$se_plain)
  ratio <- vapply(11:16, function(seed) {
    e <- quick(jackknife_data(n = 500, seed = seed), n_latent = c(2, 2), methods = "latent_2sls", jackknife = TRUE)$estimates$latent_2sls
    e$se_plain / e$se_conditional
  }, 0)
  expect_gt(mean(ratio), 1.1)
})

test_that("a code is held, its directions are learned anew", {
  d <- jackknife_data("poly2", 1500)
  fit <- quick(d, "closure", n_latent = c(2, 2), jackknife = TRUE)
  # Closure is exact, so that learning it anew from the others gives the same span.
  b <- by_rows(d, mr_moments(d, folds = 10, seed = 1, disclosure = FALSE), c(2, 2), "latent_2sls", "closure")
  expect_equal(unname(fit$estimates$latent_2sls$without), as.vector(b), tolerance = 1e-4)
})

test_that("clusters stay whole", {
  d <- jackknife_data(n = 300)
  family <- rep(seq_len(300), each = 2)
  z <- mr_genotypes(d)
  clustered <- explained(mr_data(z, d$exposure, d$outcome, d$environment, cluster = family, kind = "continuous"))
  a <- quick(clustered, n_latent = c(2, 2), methods = "latent_2sls", jackknife = TRUE)$estimates$latent_2sls
  expect_identical(a$vcov, "jackknife")
  expect_true(is.finite(a$se_plain))
})

test_that("what it is not for is refused", {
  d <- jackknife_data(n = 200)
  expect_conditions({
    latent_mr(d, jackknife = NA)
    latent_mr(simulate_mr("snp", cell = 3, n = 100, seed = 1), jackknife = TRUE)
    latent_mr(d, crossfit = 2, jackknife = TRUE)
    latent_mr(d, "autoencoder", jackknife = TRUE)
    latent_mr(mr_moments(d, folds = 4, seed = 1, disclosure = FALSE), jackknife = TRUE)
  })
})

test_that("without being asked it gives way where it cannot be done, and the print says where a fold is needed", {
  d <- jackknife_data(n = 200)
  expect_identical(quick(d, n_latent = c(2, 2), crossfit = 2, methods = "latent_2sls")$estimates$latent_2sls$vcov, "HC1")
  few <- mr_moments(d, folds = 4, seed = 1, disclosure = FALSE)
  expect_identical(quick(few, n_latent = c(2, 2), methods = "latent_2sls")$estimates$latent_2sls$vcov, "iid")
  # More directions than are seen without a fold: a code of one column less than asked.
  set <- working_set(d, function(s) learn(s$data, s$moments, s$view, "linear", c(2L, 2L), encoder_control(), 1L), encoder_control(), seed = 1L)
  set$encoder$invariant <- cbind(set$encoder$invariant, 0, 0, 0)
  lost <- function(sure) relearn_folds(method_rows("latent_2sls"), set, set_blocks(method_rows("latent_2sls"), set)$latent, .95, FALSE, sure)
  expect_null(lost(FALSE))
  expect_error(lost(TRUE), class = "latentmr_error_unidentified")
  expect_match(warning_rules$encoder_held(list(held = TRUE)), "take the encoder as known, and are too small")
  expect_null(warning_rules$encoder_held(quick(d, n_latent = c(2, 2), methods = "latent_2sls")))
})

test_that("what stays and what moves are shown side by side", {
  d <- jackknife_data(n = 800)
  fit <- quick(d, n_latent = c(2, 2))
  v <- lapply(fit$encoder[c("invariant", "variant")], function(directions) mr_genotypes(d) %*% directions)
  only <- function(block) {
    # By hand: 2SLS with a block alone, environments partialled out.
    z <- qr.resid(qr(ref_dummies(d$environment)), block)
    x <- qr.resid(qr(ref_dummies(d$environment)), d$exposure)
    y <- qr.resid(qr(ref_dummies(d$environment)), d$outcome)
    hat <- qr.fitted(qr(z), x)
    sum(hat * y) / sum(hat * x)
  }
  expect_equal(fit$estimates$latent_2sls_only$b, only(v$invariant), tolerance = 1e-7)
  expect_equal(fit$estimates$latent_2sls_variant$b, only(v$variant), tolerance = 1e-7)
  row <- subset(verdict(fit), check == "two blocks")
  expect_false(row$objects)
  e <- fit$estimates[c("latent_2sls_only", "latent_2sls_variant")]
  wide <- vapply(e, function(x) x$se * qt(.975, x$df) / qnorm(.975), 0)
  expect_equal(row$statistic, (e[[1]]$b - e[[2]]$b) / sqrt(sum(wide^2)))
  expect_match(row$finding, "What stays gives .* what moves .* the data cannot say")
  expect_false("latent_2sls_variant" %in% quick(simulate_mr("snp", cell = 3, n = 200, seed = 1))$methods$id)
})
