test_that("allele counts: the chi-square of the 2 x E table, missing calls left out", {
  g <- with_seed(1, matrix(rbinom(600, 2, rep(c(.2, .5), each = 300)), 300))
  e <- rep(c("a", "b", "c"), 100)
  g[5, 1] <- NA
  out <- environment_test(g, e)
  for (j in 1:2) {
    counts <- sapply(split(g[, j], e), function(v) c(sum(v, na.rm = TRUE), sum(2 - v, na.rm = TRUE)))
    want <- stats::chisq.test(counts, correct = FALSE)
    row <- out[out$variable == paste0("column", j), ]
    expect_equal(row$statistic, unname(want$statistic), tolerance = 1e-12)
    expect_equal(row$p_value, want$p.value, tolerance = 1e-10)
    expect_equal(row$effect, unname(want$statistic) / sum(counts), tolerance = 1e-12)
  }
  columns <- out[out$scope == "column", ]
  expect_equal(columns$p_adjusted, stats::p.adjust(columns$p_value, "holm"))
})

test_that("detectable effect of the chi-square is what 80 % power needs", {
  expect_equal(chisq_detectable(1), (stats::qnorm(.975) + stats::qnorm(.8))^2, tolerance = 1e-3)
})

test_that("a moving column is found, a fixed one is not; Holm over columns", {
  z <- with_seed(2, cbind(moves = c(rnorm(150), rnorm(150, 1)), spreads = c(rnorm(150), rnorm(150, sd = 2)), stays = rnorm(300)))
  e <- rep(1:2, each = 150)
  out <- environment_test(z, e)
  expect_identical(out$variable, c("all", "moves", "spreads", "stays"))
  expect_true(all(out$p_adjusted[1:3] < 1e-4))
  expect_gt(out$p_adjusted[4], .05)
  expect_lt(out$effect[4], out$detectable[4])
  expect_s3_class(attr(out, "htest"), "htest")
  expect_equal(attr(out, "htest")$p.value, out$p_value[1])
  expect_identical(class(as.data.frame(out)), "data.frame")
})

test_that("conditional: a change that a covariate carries does not count", {
  draws <- vapply(1:20, function(i) with_seed(i, {
    e <- rep(1:2, each = 100)
    s <- rnorm(200) + e
    c(
      environment_test(cbind(s + rnorm(200)), e, s)$p_value[c(1, 3)],
      environment_test(cbind(s + rnorm(200) + 1.5 * e), e, s)$p_value[3]
    ) < .05
  }), logical(3))
  share <- rowMeans(draws)
  expect_gt(share[1], .9)
  expect_lte(share[2], .25)
  expect_gt(share[3], .9)
})

test_that("KCI statistic and moments are those of its definition", {
  case <- kernel_case(90)
  s <- case$y
  label <- as.integer(factor(case$e))
  xs <- cbind(case$x, s / 2)
  sx <- ref_median(xs)
  ss <- ref_median(s)
  got <- .Call(C_ffi_kci, xs, c(0, 0, 0, 1 / (2 * sx^2)), s, c(0, 0, 0, 1 / (2 * ss^2)), label, 3L, cpu_level())
  eps <- 1e-3
  r <- eps * solve(ref_centre(ref_gram(s)) + eps * diag(90))
  a <- r %*% ref_centre(ref_gram(xs)) %*% r
  b <- r %*% ref_centre((outer(label, label, "==")) + 0) %*% r
  m <- a * b
  # The factors stop at 1e-8 of the trace, against eps = 1e-3.
  expect_equal(got[1:3], c(sum(m), sum(diag(m)), 2 * sum(m^2)), tolerance = 1e-4)
  expect_lt(max(got[4:5]), 1e-7)
})

test_that("KCI keeps its size", {
  share <- mean(vapply(1:100, function(i) with_seed(i, {
    e <- rep(1:2, each = 60)
    s <- rnorm(120) + e
    environment_test(cbind(sin(s) + rnorm(120)), e, s)$p_value[3]
  }), 0) < .05)
  expect_lte(share, .05 + 3 * sqrt(.05 * .95 / 100))
})

test_that("mr_data: genotypes, covariates and environments are taken from it", {
  data <- simulate_mr("authors", n = 150, seed = 1)
  out <- environment_test(data, seed = 1)
  expect_lt(out$p_value[1], .01)
  expect_identical(sum(out$scope == "column"), nrow(data$variants))
  same <- environment_test(mr_genotypes(data), data$environment, seed = 1)
  expect_equal(out$p_value, same$p_value[seq_len(nrow(out))])
  # No shift: nothing to find.
  still <- data
  still$environment <- factor(rep(1:2, length.out = length(data$exposure)))
  expect_gt(environment_test(still, seed = 1)$p_value[1], .001)
})

test_that("constant columns and many columns are said, not dropped", {
  z <- cbind(a = rep(3.5, 40), b = with_seed(1, rnorm(40)))
  out <- environment_test(z, rep(1:2, 20))
  expect_true(is.na(out$p_value[2]) && !is.na(out$p_value[3]))
  expect_true(all(is.na(environment_test(z[, c(1, 1)], rep(1:2, 20))$p_value)))
  wide <- with_seed(2, matrix(rnorm(40 * 12), 40))
  out <- environment_test(wide, rep(1:2, 20), max_columns = 5)
  expect_identical(sum(out$scope == "column"), 12L)
  expect_snapshot(print(out, digits = 2))
})

test_that("latents: the invariant block stays, the variant block moves, on people not used in learning", {
  learned <- learn_instruments(simulate_mr("authors", n = 1500, mixing = "poly1", seed = 1), seed = 1)
  fresh <- simulate_mr("authors", n = 400, mixing = "poly1", seed = 2)
  stays <- environment_test(learned, fresh, seed = 1)
  moves <- environment_test(learned, fresh, type = "variant", seed = 1)
  expect_true(all(stays$p_adjusted > .01))
  expect_true("conditional" %in% stays$scope)
  expect_lt(moves$p_value[1], 1e-4)
  expect_true(all(grepl("^w", stays$variable[stays$scope == "column"])))
  expect_conditions({
    environment_test(learned)
    environment_test(learned, fresh, type = "both")
  })
})

test_that("errors", {
  z <- matrix(c(1:19, NA), 10)
  expect_conditions({
    environment_test(z, rep(1:2, 5))
    environment_test(letters, rep(1:2, 13))
    environment_test(matrix(1:20, 10), rep(1, 10))
    environment_test(matrix(1:20, 10), rep(1:2, 5))
    environment_test(matrix(1:24, 12), rep(1:2, 6), covariates = 1:3)
  })
})
