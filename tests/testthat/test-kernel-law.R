test_that("null moments are those of the definition", {
  case <- kernel_case()
  pair <- hsic_pair(case$x, case$y, NULL, NULL, NULL, 1)
  k <- ref_gram(case$x)
  l <- ref_gram(case$y)
  want <- ref_null(k, l)
  for (level in 0:cpu_level()) {
    got <- with_cpu(level, hsic_table(pair, "exact", gretton = TRUE)[, 1])
    expect_equal(got[names(want)], want, tolerance = 1e-10)
  }
  g <- mmd_groups(case$x, NULL, case$e, NULL, NULL, 1)
  got <- mmd_numbers(g, "exact")$numbers
  want <- ref_null(k, ref_label(case$e))
  expect_equal(unname(got[c("trace_mean", "trace_var")]), unname(want[1:2]), tolerance = 1e-10)

  test <- hsic_test(case$x, case$y, method = "gamma")
  want <- ref_null(k, l)
  expect_equal(
    test$p.value, stats::pgamma(150 * ref_hsic(k, l)[["biased"]], want[[3]]^2 / want[[4]], scale = want[[4]] / want[[3]], lower.tail = FALSE),
    tolerance = 1e-8
  )
})

test_that("exact moments are those over all permutations", {
  case <- kernel_case(5)
  label <- c("a", "a", "b", "b", "b")
  all <- as.matrix(expand.grid(rep(list(1:5), 5)))
  all <- all[apply(all, 1, function(i) !anyDuplicated(i)), ]
  k <- ref_gram(case$x, "poly2")
  moments <- function(l) {
    t <- apply(all, 1, function(i) sum(ref_centre(k) * ref_centre(l)[i, i]) / 5)
    c(mean(t), mean(t^2) - mean(t)^2)
  }
  pair <- hsic_pair(case$x, case$y, NULL, c("poly2", "rbf"), NULL, 1)
  got <- hsic_table(pair, "exact")[c("exact_mean", "exact_var"), 1]
  expect_equal(unname(got), moments(ref_gram(case$y)), tolerance = 1e-10)
  g <- mmd_groups(case$x, NULL, label, "poly2", NULL, 1)
  got <- mmd_numbers(g, "exact")$numbers[c("exact_mean", "exact_var")]
  expect_equal(unname(got), moments(ref_label(label)), tolerance = 1e-10)
})

test_that("within environments: statistics and null moments add up", {
  case <- kernel_case()
  test <- hsic_test(case$x, case$y, case$e)
  sx <- ref_median(case$x)
  sy <- ref_median(case$y)
  parts <- sapply(split(1:150, case$e), function(i) {
    k <- ref_gram(case$x[i, ], sigma = sx)
    l <- ref_gram(case$y[i, ], sigma = sy)
    c(length(i) * ref_hsic(k, l)[["biased"]], ref_null(k, l)[1:2])
  })
  total <- rowSums(parts)
  expect_equal(test$statistic[[1]], total[[1]], tolerance = 1e-10)
  expect_equal(unname(test$parameter), c(total[[2]]^2 / total[[3]], total[[3]] / total[[2]]), tolerance = 1e-10)
})

test_that("permutation statistics: factors agree with Gram matrices, and both with the definition", {
  case <- kernel_case(120)
  label <- as.integer(factor(case$e))
  x <- kernel_numbers(kernel_sample(case$x, "x"), NULL, 3, 1, "x")
  y <- kernel_numbers(kernel_sample(case$y, "y"), "poly2", NULL, 1, "y")
  strata <- split(1:120, case$e)
  hs <- function(dense, groups, level = cpu_level(), times = 20L) {
    plans <- lapply(groups, function(rows) exchange_plan(list(seq_along(rows))))
    .Call(C_ffi_hsic_permute, x$x, x$k, y$x, y$k, groups, plans, times, 5L, dense, NULL, level)$stat
  }
  mm <- function(dense, groups) .Call(C_ffi_mmd_permute, y$x, y$k, label, 3L, exchange_plan(groups), 20L, 5L, dense, NULL, cpu_level())$stat
  for (level in 0:cpu_level()) expect_equal(hs(1L, list(1:120), level), hs(1L, list(1:120)), tolerance = 1e-12)
  # The same permutations, whatever their number.
  expect_identical(hs(1L, list(1:120), times = 6L), hs(1L, list(1:120))[1:7])
  for (groups in list(list(1:120), strata)) {
    expect_equal(hs(0L, groups), hs(1L, groups), tolerance = 1e-7)
    expect_gt(length(unique(signif(hs(0L, groups), 10))), 15)
  }
  halves <- list(1:60, 61:120)
  expect_equal(mm(0L, list(1:120)), mm(1L, list(1:120)), tolerance = 1e-8)
  expect_equal(mm(0L, halves), mm(1L, halves), tolerance = 1e-8)
  k <- ref_gram(case$x, sigma = 3)
  l <- ref_gram(case$y, "poly2")
  # The Gram matrix that is permuted is kept in single precision.
  expect_equal(hs(1L, list(1:120))[1], 120 * ref_hsic(k, l)[["biased"]], tolerance = 1e-6)
  expect_equal(mm(1L, halves)[1], 120 * ref_mmd_pooled(l, label), tolerance = 1e-10)
  # Permuting within groups of one label leaves the statistic.
  expect_equal(mm(1L, split(1:120, label)), rep(mm(1L, halves)[1], 21), tolerance = 1e-10)
})

test_that("pivoted Cholesky reproduces the Gram matrix, and says what it leaves out", {
  case <- kernel_case(80)
  x <- kernel_numbers(kernel_sample(case$x, "x"), NULL, NULL, 1, "x")
  k <- ref_gram(case$x)
  full <- .Call(C_ffi_low_rank, x$x, x$k, 0, 80L, cpu_level())
  expect_equal(tcrossprod(full$g), k, tolerance = 1e-10)
  part <- .Call(C_ffi_low_rank, x$x, x$k, 0, 10L, cpu_level())
  expect_equal(part$rest, 1 - sum(part$g^2) / 80, tolerance = 1e-10)
  expect_identical(.Call(C_ffi_low_rank, matrix(rep(0:2, 20) + 0), c(2, 0, 0), 1e-10, 50L, cpu_level())$rank, 3L)
})

test_that("the +1 p-value: never 0, ties count", {
  x <- rep(c(0, 1), 20)
  test <- hsic_test(x, x, method = "permutation", permutations = 99, seed = 1)
  expect_identical(test$p.value, 1 / 100)
  # All permutations that keep the table tie with the observed statistic.
  x <- c(1, 1, 1, 0, 0, 0)
  y <- c(1, 1, 0, 1, 0, 0)
  p <- hsic_test(factor(x), factor(y), method = "permutation", permutations = 1999, seed = 1)$p.value
  expect_equal(p, stats::fisher.test(x, y)$p.value, tolerance = .01)
})

test_that("tests repeat with a seed and do not touch the global generator", {
  x <- kernel_case(40)
  one <- function(seed) hsic_test(x$x, x$y, method = "permutation", permutations = 50, seed = seed)$p.value
  expect_identical(one(3), one(3))
  set.seed(1)
  before <- .Random.seed
  hsic_test(x$x, x$y, method = "block", block = 5, seed = 3)
  expect_identical(.Random.seed, before)
})

# Share of rejections at 5 % over `draws` null samples, and its bounds (three
# standard errors).
rejects <- function(draws, p, low = 0) {
  share <- mean(vapply(seq_len(draws), function(i) with_seed(i, p()), 0) < .05)
  expect_lte(share, .05 + 3 * sqrt(.05 * .95 / draws))
  expect_gte(share, low)
}

test_that("sizes are 5 % within Monte Carlo error", {
  n <- 60
  x <- function() matrix(rnorm(2 * n), n)
  e <- rep(1:3, c(30, 20, 10))
  rejects(200, function() hsic_test(x(), rnorm(n))$p.value, .02)
  rejects(200, function() hsic_test(x(), rnorm(n), method = "gamma")$p.value, .02)
  rejects(200, function() hsic_test(x(), rnorm(n), kernel = "poly2")$p.value, .01)
  rejects(200, function() hsic_test(x() + 2 * e, rnorm(n) + 2 * e, e)$p.value, .01)
  rejects(200, function() hsic_test(x() + 2 * e, rnorm(n) + 2 * e, e, "permutation", permutations = 39)$p.value, .01)
  rejects(200, function() hsic_test(matrix(rnorm(800), 400), rnorm(400), method = "linear")$p.value, .01)
  rejects(200, function() mmd_test(x(), environment = e)$p.value, .02)
  rejects(200, function() mmd_test(x(), environment = e, method = "permutation", permutations = 39)$p.value, .01)
  rejects(200, function() mmd_test(rnorm(200), rnorm(200), method = "linear")$p.value, .01)
  rejects(200, function() mmd_test(matrix(rbinom(6 * n, 2, .2), n), environment = e, kernel = "ibs")$p.value, .01)
})

test_that("a size that pooled permutation would get wrong: shifts between environments", {
  # Independent within each environment, dependent when pooled.
  e <- rep(1:2, each = 50)
  share <- rowMeans(vapply(1:40, function(i) with_seed(i, {
    x <- rnorm(100) + 2 * e
    y <- rnorm(100) + 2 * e
    c(hsic_test(x, y)$p.value, hsic_test(x, y, e)$p.value) < .05
  }), logical(2)))
  expect_gt(share[1], .95)
  expect_lt(share[2], .2)
})

test_that("indefinite covariance shift: only the test within environments sees it", {
  # V1 + V2 has one law, and is correlated with V1 - V2 within each
  # environment with opposite signs.
  found <- rowMeans(vapply(1:20, function(i) with_seed(i, {
    e <- rep(1:2, each = 400)
    v1 <- rnorm(800, sd = ifelse(e == 1, 1, sqrt(2)))
    v2 <- rnorm(800, sd = ifelse(e == 1, sqrt(2), 1))
    w <- v1 + v2
    c(mmd_test(w, environment = e)$p.value, hsic_test(w, v1 - v2, e)$p.value) < .05
  }), logical(2)))
  expect_lte(found[1], .2)
  expect_identical(found[2], 1)
})

test_that("shifted gamma: three cumulants, exact for chi-squares, Imhof's table", {
  expect_equal(gamma_law(2, 8, 64), c(shape = .5, scale = 4, shift = 0))
  law <- gamma_law(3, 5, 7)
  expect_equal(unname(c(prod(law[1:2]) + law[3], prod(law[c(1, 2, 2)]), 2 * prod(law[c(1, 2, 2, 2)]))), c(3, 5, 7))
  expect_named(gamma_law(3, 5), c("shape", "scale"))
  # Imhof (1961), table 1: .6, .3 and .1 times chi-squares with one degree of freedom.
  w <- c(.6, .3, .1)
  law <- gamma_law(sum(w), 2 * sum(w^2), 8 * sum(w^3))
  expect_lt(abs(gamma_tail(2, law) - .1240), .003) # the gamma of two moments: .131
})

test_that("from features the null law has its third cumulant, and the tail of the weighted chi-squares", {
  case <- kernel_case(50)
  centred <- function(x) scale(x, TRUE, FALSE)
  eigen_of <- function(k) {
    h <- diag(50) - 1 / 50
    eigen(h %*% k %*% h / 50, TRUE, TRUE)$values
  }
  kernel <- function(x) (tcrossprod(x) + 1)^2
  a <- eigen_of(kernel(case$x))
  b <- eigen_of(kernel(case$y))
  cubes <- function(w) 8 * sum(w^3)
  pair <- hsic_pair(case$x, case$y, NULL, "poly2", NULL, 1)
  expect_equal(hsic_table(pair, "features", seed = 1)[["trace_third", 1]], cubes(outer(a, b)), tolerance = 1e-10)
  expect_identical(hsic_table(pair, "exact")[["trace_third", 1]], NaN)
  g <- mmd_groups(case$x, NULL, rep(1:2, 25), "poly2", NULL, 1)
  expect_equal(mmd_numbers(g, "features", seed = 1)$numbers[["trace_third"]], cubes(a), tolerance = 1e-10)
  # One column each under RBF: 1 % of the law itself, where a gamma of two moments says .66 %.
  set.seed(1)
  x <- rnorm(400)
  k <- exp(-as.matrix(dist(x))^2 / (2 * median(dist(x))^2))
  h <- diag(400) - 1 / 400
  l <- eigen(h %*% k %*% h / 400, TRUE, TRUE)$values[1:12]
  w <- as.vector(outer(l, l))
  draws <- colSums(w * matrix(rchisq(144 * 2e4, 1), 144))
  at <- quantile(draws, .99)
  expect_lt(abs(gamma_tail(at, gamma_law(sum(w), 2 * sum(w^2), cubes(w))) - .01), .002)
  expect_lt(gamma_tail(at, gamma_law(sum(w), 2 * sum(w^2))), .008)
  test <- hsic_test(rnorm(6000), rnorm(6000), features = 20, seed = 1)
  expect_named(test$parameter, c("shape", "scale", "shift"))
  expect_equal(test$p.value, gamma_tail(test$statistic[[1]], test$parameter))
})

test_that("features and blocks keep size and find dependence", {
  x <- with_seed(1, matrix(rnorm(1200), 600))
  y <- with_seed(2, x[, 1]^2 + rnorm(600))
  for (method in c("trace_gamma", "block")) {
    p <- hsic_test(x, y, method = method, approximation = "features", seed = 1)$p.value
    expect_lt(p, if (method == "block") .05 else 1e-6)
  }
  rejects(200, function() hsic_test(rnorm(80), rnorm(80), approximation = "features", features = 30)$p.value, .01)
})

test_that("htest objects print and name what was tested", {
  withr::local_options(OutDec = ".") # R's own print follows it
  case <- kernel_case(60)
  x <- case$x
  expect_snapshot({
    print(hsic_test(x, case$y, method = "permutation", permutations = 99, seed = 1))
    print(mmd_test(x, environment = case$e))
  })
  expect_s3_class(mmd_test(x, case$y[, c(1, 1, 2)], method = "linear", seed = 1), "htest")
})

test_that("errors of the tests", {
  expect_conditions({
    hsic_test(rep(1, 10), 1:10)
    hsic_test(1:10, 1:10, method = "gamma", kernel = "poly2")
    hsic_test(1:10, 1:10, method = "gamma", approximation = "features")
    hsic_test(1:10, 1:10, method = "block", block = 8)
    hsic_test(1:10, 1:10, method = "perm")
    mmd_test(1:10, environment = rep(1:2, 5), strata = rep(1, 10))
    mmd_test(1:10, 1:10, method = "permutation", permutations = 0)
  })
})

test_that("clusters: whole ones are exchanged with those of their size, members in order", {
  cluster <- c("a", "b", "a", "b", "c", "d", "d", "e", "f", "f", "f")
  plan <- exchange_plan(list(1:11), cluster)
  expect_identical(plan, list(member = c(5L, 8L, 1L, 3L, 2L, 4L, 6L, 7L, 9:11), size = 1:3, units = c(2L, 3L, 1L)))
  strata <- exchange_plan(list(c(1, 3, 5), c(2, 4, 6:11)), cluster)
  expect_identical(strata$size, c(1L, 2L, 1L, 2L, 3L))
  expect_identical(strata$units, c(1L, 1L, 1L, 2L, 1L))
  # All statistics that exchanges of a, b, d and of c, e can give, and no other.
  set.seed(1)
  x <- rnorm(11)
  y <- rnorm(11)
  k <- ref_gram(cbind(x), sigma = 1)
  l <- ref_gram(cbind(y), sigma = 1)
  orders <- list(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
  units <- list(c(1, 3), c(2, 4), c(6, 7))
  want <- unlist(lapply(orders, function(o) lapply(list(c(5, 8), c(8, 5)), function(s) {
    to <- 1:11
    to[unlist(units)] <- unlist(units[o])
    to[c(5, 8)] <- s
    11 * ref_hsic(k, l[to, to])[["biased"]]
  })))
  a <- kernel_numbers(kernel_sample(x, "x"), NULL, 1, 1, "x")
  b <- kernel_numbers(kernel_sample(y, "y"), NULL, 1, 1, "y")
  for (dense in 0:1) {
    got <- .Call(C_ffi_hsic_permute, a$x, a$k, b$x, b$k, list(1:11), list(plan), 200L, 3L, dense, NULL, cpu_level())$stat
    expect_setequal(signif(got, 5), signif(want, 5))
  }
  # Labels of whole clusters.
  label <- c(1L, 2L, 1L, 2L, 1L, 2L, 2L, 2L, 1L, 1L, 1L)
  want <- unlist(lapply(orders, function(o) lapply(list(c(5, 8), c(8, 5)), function(s) {
    to <- 1:11
    to[unlist(units)] <- unlist(units[o])
    to[c(5, 8)] <- s
    11 * ref_mmd_pooled(k, label[to])
  })))
  got <- .Call(C_ffi_mmd_permute, a$x, a$k, label, 2L, plan, 200L, 3L, 1L, NULL, cpu_level())$stat
  expect_setequal(signif(got, 6), signif(want, 6))
})

test_that("families: exchanging people rejects too often, exchanging families does not", {
  family <- rep(1:30, each = 3)
  p <- vapply(1:100, function(i) with_seed(i, {
    share <- function() rnorm(30)[family] + .5 * rnorm(90)
    x <- share()
    y <- share()
    e <- rep(sample(rep(1:2, 15)), each = 3)
    c(
      hsic_test(x, y, method = "permutation", permutations = 39, seed = i)$p.value,
      hsic_test(x, y, method = "permutation", permutations = 39, cluster = family, seed = i)$p.value,
      mmd_test(x, environment = e, method = "permutation", permutations = 39, seed = i)$p.value,
      mmd_test(x, environment = e, method = "permutation", permutations = 39, cluster = family, seed = i)$p.value
    )
  }), numeric(4))
  rejected <- rowMeans(p <= .05)
  expect_gt(min(rejected[c(1, 3)]), .2)
  expect_lt(max(rejected[c(2, 4)]), .05 + 3 * sqrt(.05 * .95 / 100))
  expect_gt(min(rejected[c(2, 4)]), 0)
})

test_that("what clusters cannot do", {
  x <- rnorm(12)
  expect_conditions({
    hsic_test(x, x^2, cluster = rep(1:6, 2))
    hsic_test(x, x^2, cluster = rep(1:2, c(5, 7)), method = "permutation")
    mmd_test(x, environment = rep(1:2, 6), cluster = 1:3, method = "permutation")
    hsic_test(x, x^2, cluster = c(NA, 1:11), method = "permutation")
  })
  expect_match(
    hsic_test(x, x^2, cluster = c(1, 1, 1, rep(2:4, each = 2), 5:7), method = "permutation", permutations = 9, seed = 1)$method,
    "whole clusters, 1 of 7 alone in their size cannot move"
  )
  expect_match(
    mmd_test(x, environment = rep(1:2, 6), strata = rep(1:2, each = 6), cluster = rep(1:6, each = 2), method = "permutation", permutations = 9, seed = 1)$method,
    "permutation of whole clusters within strata"
  )
})
