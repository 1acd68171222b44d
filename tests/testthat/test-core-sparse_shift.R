# src/core/encoder/sparse_shift.c against its definition.

some_pairs <- function(d, count, seed = 1) {
  set.seed(seed)
  lapply(seq_len(count), function(p) {
    r <- matrix(rnorm(d * 2), d)
    tcrossprod(r) / d
  })
}

sparse_value <- function(pairs, b, eps = .01, tau = 5) {
  .Call(C_ffi_test_sparse_value, do.call(cbind, pairs), tau, eps, b)
}

test_that("the objective is its definition and its gradient that of central differences", {
  for (d in c(1, 2, 5)) for (eps in c(.1, .001)) for (tau in c(.5, 5)) {
    pairs <- some_pairs(d, 4)
    set.seed(d)
    b <- matrix(rnorm(d^2), d)
    got <- sparse_value(pairs, b, eps, tau)
    expect_equal(got$value, ref_sparse_value(pairs, b, eps, tau), tolerance = 1e-12)
    if (d == 1) {
      expect_lt(abs(got$gradient), 1e-12) # length is not seen
    } else {
      error <- gradient_error(function(x) sparse_value(pairs, x, eps, tau)$value, b, got$gradient, 1e-6)
      expect_lt(error, 1e-7)
    }
  }
})

test_that("it sees neither signs nor order nor lengths of the rows", {
  pairs <- some_pairs(4, 6)
  b <- matrix(rnorm(16), 4)
  value <- sparse_value(pairs, b)$value
  expect_equal(sparse_value(pairs, b[, c(3, 1, 4, 2)] %*% diag(c(-2, .1, 1, -1)))$value, value, tolerance = 1e-12)
  expect_false(isTRUE(all.equal(sparse_value(pairs, b + .1)$value, value)))
})

test_that("dependent rows are an error of its own", {
  b <- cbind(c(1, 2), c(2, 4))
  expect_error(sparse_value(some_pairs(2, 1), b), "dependent", class = "latentmr_error_singular")
})

test_that("the search finds what its best start finds, the same each time, at a stationary point", {
  pairs <- some_pairs(4, 6, 3)
  search <- function(starts) .Call(C_ffi_sparse_rows, do.call(cbind, pairs), 4L, 5, .001, starts, 7L)
  all <- search(8L)
  expect_identical(search(8L), all)
  expect_identical(search(3L)$values, all$values[1:3])
  expect_equal(colSums(all$directions^2), rep(1, 4), tolerance = 1e-12)
  at <- sparse_value(pairs, all$directions, .001)
  expect_equal(at$value, min(all$values), tolerance = 1e-10)
  expect_lt(max(abs(at$gradient)), .01)
  # No worse than a general optimiser from the same place and from elsewhere.
  other <- optim(as.vector(all$directions), function(x) ref_sparse_value(pairs, matrix(x, 4), .001), method = "BFGS")
  expect_lt(min(all$values), other$value + 1e-4)
})

test_that("a search can be interrupted", {
  pairs <- do.call(cbind, some_pairs(4, 6, 3))
  expect_identical(stopped_at(5, .Call(C_ffi_sparse_rows, pairs, 4L, 5, .001, 8L, 7L)), "stopped")
})

test_that("agreement is the largest set by trying all, with and without a reference", {
  set.seed(1)
  for (i in 1:40) {
    n <- sample(2:7, 1)
    t <- matrix(round(rexp(n^2, .5), 1), n)
    t <- t + t(t)
    diag(t) <- 0
    for (reference in c(0L, n)) {
      got <- .Call(C_ffi_sparse_agreement, t, 4, reference)
      expect_identical(got, ref_agreement(t, 4, reference))
    }
  }
})

test_that("beyond 16 environments the set agrees and holds what plainly belongs together", {
  n <- 20
  t <- matrix(100, n, n)
  own <- c(1:9, 12:15)
  t[own, own] <- 1
  diag(t) <- 0
  expect_identical(which(.Call(C_ffi_sparse_agreement, t, 10, 0L) == 1), own)
  # A reference outside it stays, alone.
  expect_identical(which(.Call(C_ffi_sparse_agreement, t, 10, 20L) == 1), 20L)
})
