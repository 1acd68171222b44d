# Linkage judged after structure, against its slow twin, and what it is for.

# Two ancestries, frequencies far apart, every person a mixture; `copies` variants are
# noisy copies of the one before.
mixture_panel <- function(n, p, spread, copies = 0, seed = 1) {
  set.seed(seed)
  q <- rbeta(n, .6, .6)
  f <- cbind(runif(p, .1, .9), runif(p, .1, .9))
  f[, 2] <- f[, 1] + spread * (f[, 2] - f[, 1])
  x <- matrix(rbinom(n * p, 2, outer(q, f[, 1]) + outer(1 - q, f[, 2])), n)
  for (j in seq_len(copies)) {
    take <- runif(n) < .8
    x[take, j + 1] <- x[take, 1]
  }
  stats::cov(x)
}

linkage_core <- function(within, n, limit = .05, chromosome = NULL, position = NULL, window = 0, near = 1) {
  .Call(C_ffi_test_linkage, within, n, chromosome, position, c(window, near, limit))
}

test_that("the core is its slow twin, with and without ancestry and copies", {
  for (spread in c(0, .3, 1)) for (copies in c(0, 6)) {
    within <- mixture_panel(2000, 30, spread, copies, seed = 1 + copies)
    core <- linkage_core(within, 2000)
    slow <- reference_linkage(within, 2000, .05)
    expect_equal(core$correlation, slow$correlation, tolerance = 1e-9)
    expect_identical(core$components, as.integer(slow$components))
  }
})

test_that("ancestry is no linkage, copies are, and both at once are told apart", {
  apart <- linkage_core(mixture_panel(3000, 40, 1), 3000)
  expect_gte(apart$components, 1)
  expect_lte(max(table(apart$block)), 2)
  raw <- stats::cov2cor(mixture_panel(3000, 40, 1))^2 > .05
  expect_gt(max(rowSums(raw)), 8)
  copied <- linkage_core(mixture_panel(3000, 40, 0, 8), 3000)
  expect_identical(copied$components, 0L)
  expect_identical(as.vector(which(copied$block == copied$block[1])), 1:9)
  both <- linkage_core(mixture_panel(3000, 40, 1, 8), 3000)
  expect_gte(both$components, 1)
  expect_true(all(both$block[1:9] == both$block[1]))
  expect_lte(sum(both$block == both$block[1]), 11)
})

test_that("many blocks of linked variants are not taken for structure", {
  set.seed(3)
  x <- matrix(rbinom(2500 * 40, 2, .4), 2500)
  for (b in 0:9) for (j in 2:4) {
    take <- runif(2500) < .7
    x[take, 4 * b + j] <- x[take, 4 * b + 1]
  }
  found <- linkage_core(stats::cov(x), 2500)
  expect_identical(found$components, 0L)
  expect_identical(found$block, rep(0:9, each = 4))
})

test_that("pairs on different chromosomes are never joined, near ones are judged as they are", {
  within <- mixture_panel(3000, 20, 1)
  chromosome <- rep(1:2, 10)
  parted <- linkage_core(within, 3000, chromosome = chromosome)
  expect_identical(unname(tapply(parted$block, parted$block, length) <= 10), rep(TRUE, length(unique(parted$block))), ignore_attr = TRUE)
  near <- linkage_core(within, 3000, chromosome = rep(1L, 20), position = as.numeric(1:20), window = 100, near = .02)
  expect_equal(near$correlation, stats::cov2cor(within), tolerance = 1e-12)
  expect_identical(near$components, 0L)
})

test_that("constant variants and a panel of one or two do no harm", {
  within <- mixture_panel(500, 12, 1)
  within[3, ] <- within[, 3] <- 0
  found <- linkage_core(within, 500)
  expect_true(all(found$correlation[3, ] == 0))
  expect_true(all(is.finite(found$correlation)))
  expect_identical(sum(found$block == found$block[3]), 1L)
  expect_identical(linkage_core(matrix(1), 100)$block, 0L)
  expect_identical(linkage_core(matrix(c(1, .9, .9, 1), 2), 100)$block, c(0L, 0L))
})

test_that("divergent ancestries without chromosomes: the panel mode sees them", {
  set.seed(5)
  n <- 2000
  p <- 30
  site <- rep(1:2, n / 2)
  q <- rbinom(n, 1, c(.3, .7)[site])
  f <- cbind(runif(p, .05, .95), runif(p, .05, .95))
  g <- matrix(rbinom(n * p, 2, t(f)[q + 1, ]), n)
  x <- drop(scale(g) %*% rnorm(p, sd = .1)) + q + rnorm(n)
  y <- 2 * q + rnorm(n)
  fit <- suppressWarnings(suppressMessages(latent_mr(mr_data(g, x, y, paste0("s", site)), seed = 1, by_environment = FALSE)))
  expect_lte(max(table(fit$encoder$block)), 6) # 19 where ancestry counts as linkage
  expect_lt(abs(fit$estimates$latent_reml$b), 3 * fit$estimates$latent_reml$se)
})
