# The statistics alone, out of their tests.
form_of <- function(test, estimator) {
  name <- names(test$estimate)
  test$estimate[[switch(estimator, biased = name[1], unbiased = grep("unbiased", name, value = TRUE), grep("normalised", name, value = TRUE))]]
}
hsic <- function(x, y, environment = NULL, estimator = "biased", ...) form_of(hsic_test(x, y, environment, ...), estimator)
mmd <- function(x, y = NULL, environment = NULL, estimator = "biased", ...) form_of(mmd_test(x, y, environment, ...), estimator)

gram <- function(x, kernel, level = cpu_level(), scales = 1) {
  s <- kernel_numbers(kernel_sample(x, "x"), kernel, NULL, scales, "x")
  .Call(C_ffi_gram, s$x, s$k, level)
}

test_that("Gram matrices agree with their definition at every level and size", {
  for (n in c(1, 5, 63, 64, 65, 150)) {
    case <- kernel_case(n)
    for (level in 0:cpu_level()) {
      for (kernel in c("poly2", "poly3")) expect_equal(gram(case$x, kernel, level), ref_gram(case$x, kernel), tolerance = 1e-13)
      expect_identical(gram(case$g[, 1:2], "delta", level), ref_gram(case$g[, 1:2], "delta"))
      expect_equal(gram(case$g, "ibs", level), ref_gram(case$g, "ibs"), tolerance = 1e-14)
      if (n == 1) next
      expect_equal(gram(case$x, "rbf", level), ref_gram(case$x), tolerance = 1e-13)
      expect_equal(gram(case$x, "rbf", level, c(.5, 1, 2)), ref_gram(case$x, scales = c(.5, 1, 2)), tolerance = 1e-13)
    }
  }
})

test_that("median heuristic: exact, and guarded where ties make it 0", {
  x <- kernel_case(150)$x
  median_of <- function(x) .Call(C_ffi_kernel_median, as.matrix(x) + 0, cpu_level())
  expect_equal(median_of(x), c(ref_median(x), 0))
  # 95 % zeros: the median distance is 0, the smallest positive one is 1.
  g <- rep(c(0, 1, 2), c(190, 9, 1))
  expect_identical(median_of(g), c(1, 1))
  expect_identical(median_of(rep(3, 20)), c(1, 2))
  expect_equal(median_of(1e-9 * (1:3)), c(1e-9, 0))
  expect_equal(mmd(g, environment = rep(1:2, 100)), ref_mmd_pooled(ref_gram(g, sigma = 1), rep(1:2, 100)))
  # More than 1,000 rows: an even subsample, so the width is close to that of all.
  big <- stats::qnorm(ppoints(3000))[order((seq_len(3000) * 1361) %% 3000)]
  expect_equal(median_of(big)[1], ref_median(big), tolerance = .02)
})

test_that("hsic() is the definition, for every kernel pair and estimator", {
  case <- kernel_case()
  kernels <- list(c("rbf", "rbf"), c("poly2", "rbf"), c("rbf", "poly3"), c("poly2", "poly2"))
  for (k in kernels) for (estimator in c("biased", "unbiased", "normalised")) {
    want <- ref_hsic(ref_gram(case$x, k[1]), ref_gram(case$y, k[2]))[[estimator]]
    expect_equal(hsic(case$x, case$y, kernel = k, estimator = estimator), want, tolerance = 1e-10)
  }
  want <- ref_hsic(ref_gram(case$g, "ibs"), outer(case$e, case$e, "=="))
  expect_equal(hsic(case$g, case$e, kernel = c("ibs", "delta")), want[["biased"]], tolerance = 1e-10)
  expect_equal(hsic(case$g, factor(case$e), kernel = c("ibs", "delta"), estimator = "unbiased"), want[["unbiased"]], tolerance = 1e-10)
})

test_that("hsic() within environments weighs every environment the same", {
  case <- kernel_case()
  sx <- ref_median(case$x)
  sy <- ref_median(case$y)
  want <- sapply(split(1:150, case$e), function(i) {
    ref_hsic(ref_gram(case$x[i, ], sigma = sx), ref_gram(case$y[i, ], sigma = sy))
  })
  for (estimator in rownames(want)) {
    expect_equal(hsic(case$x, case$y, case$e, estimator), mean(want[estimator, ]), tolerance = 1e-10)
  }
})

test_that("mmd() is the definition, in pairs and pooled", {
  case <- kernel_case()
  for (kernel in c("rbf", "poly2", "poly3")) {
    k <- ref_gram(case$x, kernel)
    for (estimator in c("biased", "unbiased")) {
      pairs <- ref_mmd_pair(k, case$e, estimator == "unbiased")
      got <- mmd_test(case$x, environment = case$e, kernel = kernel)$pairs[[estimator]]
      expect_equal(unname(got), pairs, tolerance = 1e-10)
      expect_identical(dimnames(got), list(c("a", "b", "c"), c("a", "b", "c")))
      expect_equal(
        mmd(case$x, environment = case$e, kernel = kernel, estimator = estimator),
        ref_mmd_pooled(k, case$e, estimator == "unbiased"), tolerance = 1e-10
      )
    }
  }
  label <- rep(1:2, c(60, 90))
  k <- ref_gram(case$x)
  expect_equal(mmd(case$x[1:60, ], case$x[61:150, ]), ref_mmd_pair(k, label)[1, 2], tolerance = 1e-10)
  expect_equal(mmd(case$x[1:60, ], case$x[61:150, ], estimator = "unbiased"), ref_mmd_pair(k, label, TRUE)[1, 2], tolerance = 1e-10)
})

test_that("pooled MMD, weighted pairs and HSIC with the label are one quantity (1e-10)", {
  case <- kernel_case()
  n <- 150
  k <- ref_gram(case$x)
  got <- mmd(case$x, environment = case$e)
  p <- table(case$e) / n
  expect_equal(got, ref_hsic(k, ref_label(case$e))[["biased"]], tolerance = 1e-10)
  pairs <- mmd_test(case$x, environment = case$e)$pairs$biased
  expect_equal(got, sum(outer(p, p) * pairs) / 2, tolerance = 1e-10)
  a <- sapply(names(p), function(l) (case$e == l) / sum(case$e == l) - 1 / n)
  expect_equal(got, sum(p * diag(t(a) %*% k %*% a)), tolerance = 1e-10)
  expect_equal(mmd(case$x, environment = case$e, estimator = "normalised"), ref_hsic(k, ref_label(case$e))[["normalised"]], tolerance = 1e-10)
  # With the plain label kernel small groups count by the square of their share.
  plain <- hsic(case$x, case$e)
  expect_equal(plain, sum(p^2 * diag(t(a) %*% k %*% a)), tolerance = 1e-10)
  two <- case$e == "a"
  expect_equal(hsic(case$x, two), 2 * prod((table(two) / n)^2) * mmd_test(case$x, environment = two)$pairs$biased[1, 2], tolerance = 1e-10)
})

test_that("a third moment is seen by poly3 and not by poly2", {
  x <- c(-2, 1, 1)
  y <- -x
  expect_equal(mmd(x, y, kernel = "poly2"), 0, tolerance = 1e-12)
  expect_equal(mmd(x, y, kernel = "poly3"), (2 * mean(x^3))^2)
})

test_that("feature maps of polynomials and labels are exact, Fourier features close", {
  case <- kernel_case()
  pair <- function(f) c(f(approximation = "exact"), f(approximation = "features", features = 800, seed = 1))
  for (k in list(c("poly2", "poly3"), c("poly3", "delta"))) {
    y <- if (k[2] == "delta") case$e else case$y
    got <- pair(function(...) hsic(case$x, y, kernel = k, ...))
    expect_equal(got[2], got[1], tolerance = 1e-10)
  }
  for (kernel in c("poly2", "poly3")) {
    got <- pair(function(...) mmd(case$x, environment = case$e, kernel = kernel, ...))
    expect_equal(got[2], got[1], tolerance = 1e-10)
  }
  got <- pair(function(...) mmd(case$e, environment = case$x[, 1] > 0, ...))
  expect_equal(got[2], got[1], tolerance = 1e-10)
  got <- pair(function(...) mmd(case$x, case$y[, c(1, 2, 2)], ...))
  expect_equal(got[2], got[1], tolerance = .05)
  got <- pair(function(...) hsic(case$x, case$y, estimator = "normalised", scales = c(.5, 1, 2), ...))
  expect_equal(got[2], got[1], tolerance = .05)
  expect_identical(
    hsic(case$x, case$y, approximation = "features", seed = 4), hsic(case$x, case$y, approximation = "features", seed = 4)
  )
})

test_that("block and linear-time forms are means of the exact statistic over their blocks", {
  case <- kernel_case(64)
  pair <- hsic_pair(case$x, case$y, NULL, NULL, NULL, 1)
  rows <- shuffled(pair$rows, 7L)[[1]]
  k <- ref_gram(case$x)
  l <- ref_gram(case$y)
  blocks <- split(rows, rep(1:8, each = 8))
  u <- sapply(blocks, function(i) ref_hsic(k[i, i], l[i, i])[["unbiased"]])
  got <- hsic_block_table(pair, "block", 8, 7L)
  expect_equal(unname(got[, 1]), c(mean(u), sd(u), 8), tolerance = 1e-10)
  expect_equal(hsic(case$x, case$y, method = "block", block = 8, seed = 7), mean(u), tolerance = 1e-10)

  g <- mmd_groups(case$x, NULL, rep(1:2, 32), NULL, NULL, 1)
  rows <- shuffled(split(1:64, rep(1:2, 32)), 7L)
  h <- sapply(1:16, function(i) {
    a <- rows[[1]][2 * i - 1:0]
    b <- rows[[2]][2 * i - 1:0]
    k[a[1], a[2]] + k[b[1], b[2]] - k[a[1], b[2]] - k[a[2], b[1]]
  })
  expect_equal(unname(mmd_blocks(g, "linear", NULL, 7L)), c(mean(h) / 4, sd(h) / 4, 16), tolerance = 1e-10)
  u <- sapply(1:8, function(i) {
    a <- rows[[1]][4 * i - 3:0]
    b <- rows[[2]][4 * i - 3:0]
    ref_mmd_pooled(k[c(a, b), c(a, b)], rep(1:2, each = 4), TRUE)
  })
  expect_equal(unname(mmd_blocks(g, "block", 4, 7L)), c(mean(u), sd(u), 8), tolerance = 1e-10)
})

test_that("dhsic's published identity: HSIC_b as three means", {
  case <- kernel_case(60)
  k <- ref_gram(case$x)
  l <- ref_gram(case$y)
  expect_equal(
    hsic(case$x, case$y), mean(k * l) + mean(k) * mean(l) - 2 * mean(rowMeans(k) * rowMeans(l)), tolerance = 1e-10
  )
})

test_that("hostile input is named", {
  x <- c(1, 2, NA, 4, 5, 6)
  expect_conditions({
    hsic_test(x, 1:6)
    hsic_test(c(x[-3], Inf), 1:6)
    hsic_test(1:6, 1:5)
    hsic_test(letters[1:6], c("a", NA, "b", "c", "d", "e"))
    hsic_test(list(1), 1:6)
    hsic_test(numeric(), numeric())
    hsic_test(1:3, 1:3)
    hsic_test(1:8, 1:8, environment = c(1, 1, 1, 2, 2, 2, 2, 2))
    hsic_test(1:8, 1:8, kernel = "gauss")
    hsic_test(1:8, 1:8, kernel = c("rbf", "rbf", "rbf"))
    hsic_test(1:8, 1:8, bandwidth = 0)
    hsic_test(1:8, 1:8, scales = -1)
    hsic_test(1:8, 1:8, kernel = "ibs")
    hsic_test(1:8, letters[1:8], kernel = "rbf")
    hsic_test(1:8, 1:8, approximation = "features", kernel = c("ibs", "delta"))
    mmd_test(1:8)
    mmd_test(1:8, environment = rep(1, 8))
    mmd_test(1:8, 1:8, environment = 1:8)
    mmd_test(cbind(1:8, 1:8), 1:8)
    mmd_test(1:8, environment = c(1, rep(2, 7)))
    mmd_test(1:8, 1:8, approximation = "block")
  })
})

test_that("constants and duplicates give 0, not NaN", {
  constant <- hsic_table(hsic_pair(rep(1, 10), 1:10, NULL, NULL, NULL, 1), "exact")
  expect_equal(constant[["biased", 1]], 0, tolerance = 1e-15)
  expect_identical(constant[["normalised", 1]], 0)
  expect_equal(mmd(1:10, 1:10), 0, tolerance = 1e-12)
})
