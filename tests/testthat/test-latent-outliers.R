quiet <- function(code) suppressWarnings(suppressMessages(code))

# 20 % of the variants raise the outcome in the direction in which they raise the exposure.
pleiotropic <- function(n = 300, size = .15, seed = 3, cell = 9, ...) {
  d <- simulate_mr("snp", cell = cell, n = n, seed = seed, ...)
  set.seed(seed + 100)
  z <- mr_genotypes(d)
  z[is.na(z)] <- 0
  bad <- seq_len(ncol(z)) %% 5 == 1
  d$outcome <- d$outcome + drop(scale(z)[, bad] %*% (sign(d$truth$strength[bad]) * size))
  attr(d, "bad") <- bad
  d
}

test_that("outliers, halves, sum and jackknife are those of regressions on rows", {
  d <- pleiotropic()
  m <- mr_moments(d, folds = 4, seed = 2, disclosure = FALSE)
  fit <- quiet(latent_mr(m, methods = c("latent_nagar", "latent_outlier"), by_environment = FALSE, seed = 1))
  estimate <- fit$estimates$latent_outlier
  table <- outlying_variants(fit)
  blocks <- draw_blocks(d$environment, NULL, 4L, 2L)
  fold <- integer(length(d$exposure))
  fold[blocks$order + 1L] <- rep(blocks$table$fold, blocks$table$n)
  rows <- function(keep) {
    s <- mr_subset(d, which(keep))
    z <- mr_genotypes(s)
    list(y = s$outcome, x = s$exposure, z = z, block = ref_block(s$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact))
  }
  halves <- list(rows(fold %in% c(1, 3)), rows(fold %in% c(2, 4)))
  found <- lapply(halves, function(h) ref_outliers(h$y, h$x, h$z, h$block))
  expect_identical(table$outlying_first, found[[1]]$outlying)
  expect_identical(table$outlying_second, found[[2]]$outlying)
  expect_gt(sum(found[[1]]$outlying), 1)
  expect_false(identical(found[[1]]$outlying, found[[2]]$outlying))
  expect_equal(table$t_first, found[[1]]$t, tolerance = 1e-6)
  expect_equal(table$t_second, found[[2]]$t, tolerance = 1e-6)
  expect_identical(table$control_in == "both halves", found[[1]]$outlying & found[[2]]$outlying)
  expect_identical(table$control_in == "second half", found[[1]]$outlying & !found[[2]]$outlying)

  sums <- function(h, other) {
    out <- found[[other]]$outlying
    ref_nagar_sums(h$y, h$x, h$z[, !out], cbind(h$block, h$z[, out]))
  }
  each <- cbind(sums(halves[[1]], 2), sums(halves[[2]], 1))
  expect_equal(estimate$b, sum(each["xy", ]) / sum(each["xx", ]), tolerance = 1e-7)
  expect_equal(estimate$b_half, unname(each["xy", ] / each["xx", ]), tolerance = 1e-7)
  expect_equal(estimate$nsnp, min(each["L", ]))
  b <- vapply(1:4, function(f) {
    h <- 2 - f %% 2
    left <- rows(fold %% 2 == f %% 2 & fold != f)
    s <- each[, 3 - h] + sums(left, 3 - h)
    s[["xy"]] / s[["xx"]]
  }, 0)
  expect_equal(estimate$se_plain, sqrt(3 / 4 * sum((b - mean(b))^2)), tolerance = 1e-6)
  expect_identical(estimate$vcov, "jackknife")
  # Sargan's J of what is left in the two halves, at the common b.
  j <- vapply(1:2, function(h) {
    out <- found[[3 - h]]$outlying
    s <- ref_nagar_sums(halves[[h]]$y - estimate$b * halves[[h]]$x, halves[[h]]$x, halves[[h]]$z[, !out], cbind(halves[[h]]$block, halves[[h]]$z[, out]))
    s[["yy"]] / s[["om4"]]
  }, 0)
  expect_equal(estimate$ratio, sum(j) / (sum(each["L", ]) - 1), tolerance = 1e-7)
  expect_equal(estimate$factor, sqrt(max(1, estimate$ratio)))
})

test_that("the core: median first, then Nagar with the outliers as controls", {
  set.seed(5)
  n <- 800
  z <- matrix(rbinom(n * 12, 2, .4), n)
  x <- drop(z %*% rep(c(.4, -.3, .5), 4)) + rnorm(n)
  y <- .5 * x + .6 * z[, 1] + .5 * z[, 5] - .4 * z[, 9] + rnorm(n)
  w <- cbind(1, rnorm(n))
  ref <- ref_outliers(y, x, z, w)
  r <- ref_residual(cbind(x, y, z), w)
  s <- crossprod(r)
  noise <- crossprod(qr.resid(qr(r[, -(1:2)]), r[, 1:2]))
  run <- function(crit = qt(.975, n - 3), rounds = 20L, least = rep(1e-8, 12)) {
    .Call(C_ffi_outliers, s[-(1:2), -(1:2)], s[-(1:2), 2:1], s[2:1, 2:1], noise[2:1, 2:1], least, c(n, 12, 2), crit, rounds)
  }
  ours <- run()
  expect_identical(ours$outlying, ref$outlying)
  expect_equal(ours$b, ref$b, tolerance = 1e-9)
  expect_equal(ours$t, ref$t, tolerance = 1e-9)
  expect_identical(ours$rounds, ref$rounds)
  # No round: at the median.
  first <- run(rounds = 0L)
  expect_identical(first$b[2], first$b[1])
  expect_equal(first$t, ref_outlier_t(y, x, z, w, ref$b[1]), tolerance = 1e-9)
  expect_identical(first$outlying, abs(first$t) > qt(.975, n - 3))
  # Everything outlying: no round is taken.
  expect_identical(run(crit = 1e-9)$rounds, 0L)
  # A variant that the block explains is never one.
  some <- run(least = c(Inf, rep(1e-8, 11)))
  expect_true(is.nan(some$t[1]) && !some$outlying[1])
  expect_error(run(least = rep(Inf, 12)), "no variant is associated")
  # Controls by the formula; copies and explained variants do not count twice.
  gg <- s[-(1:2), -(1:2)]
  out <- .Call(C_ffi_controls, gg[c(1:3, 2), c(1:3, 2)], s[-(1:2), 1:2][c(1:3, 2), ], c(2L, 4L, 3L), rep(1e-8, 4))
  expect_identical(out$rank, 2)
  expect_equal(out$explained, crossprod(qr.fitted(qr(r[, 4:5]), r[, 1:2])), tolerance = 1e-9, ignore_attr = TRUE)
})

test_that("pleiotropy of one direction moves Nagar's estimate and not that with controls", {
  errors <- vapply(1:6, function(seed) {
    d <- pleiotropic(1500, .1, seed, 3)
    fit <- quiet(latent_mr(mr_moments(d, seed = seed, disclosure = FALSE), methods = c("latent_nagar", "latent_outlier"), by_environment = FALSE, seed = seed))
    as.data.frame(fit)$b - .3
  }, numeric(2))
  rmse <- sqrt(rowMeans(errors^2))
  expect_gt(rmse[1], .2)
  expect_lt(rmse[2], rmse[1] / 2)
})

test_that("few folds, few variants and other encoders are said, not guessed", {
  d <- pleiotropic(missing = .05)
  run <- function(x, ...) quiet(latent_mr(x, methods = c("latent_2sls", "latent_outlier"), by_environment = FALSE, seed = 1, ...))
  expect_match(run(mr_moments(d, folds = 1, seed = 2, disclosure = FALSE))$estimates$latent_outlier$note, "two folds")
  classical <- run(mr_moments(d, folds = 2, seed = 2, disclosure = FALSE))$estimates$latent_outlier
  expect_identical(classical$vcov, "iid")
  expect_true(classical$se > 0)
  # Rows and moments are one.
  rows <- run(d)
  sums <- run(mr_moments(d, seed = 1, disclosure = FALSE))
  expect_equal(rows$estimates$latent_outlier$b, sums$estimates$latent_outlier$b, tolerance = 1e-9)
  expect_snapshot(cat(strwrap(outlier_words(rows$estimates$latent_outlier), 80), sep = "\n"))
  expect_identical(outlier_words(list(outliers = data.frame(SNP = "a", control_in = ""))), "Outlying variants: none of 1.")
  few <- mr_data(mr_genotypes(d)[, 1:4], d$exposure, d$outcome, d$environment, kind = "genotype")
  few <- quiet(run(few, force = TRUE))
  expect_true(is.na(few$estimates$latent_outlier$b) || few$estimates$latent_outlier$nsnp >= 3)
  plain <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  expect_match(plain$warnings, "Sargan's J rejects.*\"latent_outlier\" makes controls", all = FALSE)
  expect_false(any(grepl("makes controls", rows$warnings)))
  expect_conditions({
    outlying_variants(plain)
    outlying_variants(1)
  })
  crossed <- run(d, crossfit = 3)
  expect_match(crossed$estimates$latent_outlier$note, "not cross-fitted")
  expect_equal(outlying_variants(crossed), outlying_variants(rows), tolerance = 1e-10)
  expect_error(leave_one_out(crossed, "variant"), "crossfit = 0", class = "latentmr_error_argument")
  expect_error(plausibly_exogenous(crossed, .1), "crossfit = 0", class = "latentmr_error_argument")
  continuous <- simulate_mr("authors", n = 200, seed = 1)
  expect_error(latent_mr(continuous, methods = "latent_outlier"), "continuous instruments", class = "latentmr_error_argument")
})
