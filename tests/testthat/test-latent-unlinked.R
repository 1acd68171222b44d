# Moments of unlinked variants with their squares alone, and the same with all pairs: the slow twin.
squares_alone <- function(m) {
  p <- nrow(m$variants)
  m$squares <- m$gg[seq_len(p) * (seq_len(p) + 1) / 2, ]
  m$gg <- NULL
  m
}

test_that("squares alone give what all pairs give", {
  t <- noisy_tables()
  ids <- c("2sls", "latent_2sls", "latent_liml", "latent_fuller", "latent_nagar", "latent_reml", "latent_2sls_only", "ivw", "egger")
  for (overlap in list(.1, diag(6) + .05)) {
    m <- mr_moments_from_summary(t$x, t$y, overlap = overlap)
    for (n_latent in list(NULL, c(39, 1), c(40, 0))) {
      a <- hush(latent_mr(m, seed = 1, methods = ids, n_latent = n_latent))
      b <- hush(latent_mr(squares_alone(m), seed = 1, methods = ids, n_latent = n_latent))
      columns <- c("method", "environment", "b", "se", "pval", "nsnp", "fstat")
      expect_equal(as.data.frame(b, environments = TRUE)[columns], as.data.frame(a, environments = TRUE)[columns], tolerance = 1e-7)
      expect_equal(b$diagnostics, a$diagnostics, tolerance = 1e-6)
      expect_identical(b$encoder$n_latent, a$encoder$n_latent)
    }
    a <- hush(latent_mr(m, seed = 1, methods = "latent_nagar"))
    b <- hush(latent_mr(squares_alone(m), seed = 1, methods = "latent_nagar"))
    for (over in c("environment", "variant")) expect_equal(leave_one_out(b, over), leave_one_out(a, over), tolerance = 1e-7)
    expect_equal(single_variant(b), single_variant(a), tolerance = 1e-7)
    expect_equal(direction_test(b)$variants, direction_test(a)$variants, tolerance = 1e-7)
    expect_equal(plausibly_exogenous(b, .1), plausibly_exogenous(a, .1), tolerance = 1e-7)
    expect_equal(frequency_alignment(squares_alone(m)), frequency_alignment(m), tolerance = 1e-7)
    expect_identical(sub("4[0-9.]* kB|[0-9.]+ kB", "", capture.output(print(b))), sub("4[0-9.]* kB|[0-9.]+ kB", "", capture.output(print(a))))
  }
})

test_that("many unlinked variants are held by their squares, and what needs pairs says so", {
  t <- noisy_tables(1100, strength = .2)
  m <- mr_moments_from_summary(t$x, t$y, overlap = 0)
  expect_null(m$gg)
  expect_identical(dim(m$squares), c(1100L, 3L))
  expect_lt(as.numeric(utils::object.size(m)), 1e6)
  fit <- hush(latent_mr(m, seed = 1, by_environment = FALSE))
  expect_equal(unname(stats::coef(fit))[1], .3, tolerance = .1)
  expect_identical(
    fit$estimates[["2sls_structure"]]$note, "components of more than 1,000 unlinked variants are not computed"
  )
  path <- tempfile()
  saveRDS(fit, path)
  expect_output(print(readRDS(path)), "1,100 variants")
  bad <- m
  bad$squares[3, 1] <- 1
  expect_error(latent_mr(bad), class = "latentmr_error_moments")
  bad <- m
  bad$squares <- NULL
  expect_error(latent_mr(bad), class = "latentmr_error_moments")
  bad <- mr_moments_from_summary(t$x[t$x$SNP %in% paste0("rs", 1:20), ], t$y, overlap = 0)
  bad$gg <- NULL
  expect_error(latent_mr(bad), class = "latentmr_error_moments")
})
