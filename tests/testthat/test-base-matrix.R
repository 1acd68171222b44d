test_that("a product is R's, by shape, name and missing value", {
  set.seed(1)
  for (size in list(c(3, 4, 2), c(70, 33, 41), c(1, 1, 1), c(0, 3, 2), c(3, 0, 2), c(5, 2, 0))) {
    a <- matrix(rnorm(size[1] * size[2]), size[1], size[2])
    b <- matrix(rnorm(size[2] * size[3]), size[2], size[3])
    expect_equal(core_product(a, b), a %*% b, tolerance = 1e-13)
    expect_equal(core_product(t(a), b, TRUE), a %*% b, tolerance = 1e-13)
  }
  a <- matrix(1:4, 2, dimnames = list(c("r1", "r2"), NULL))
  b <- matrix(c(1, NA, 3, 4), 2, dimnames = list(NULL, c("x", "y")))
  expect_identical(core_product(a, b), a %*% b)
  expect_equal(core_product(a, matrix(2, 2, 1)), a %*% matrix(2, 2, 1))
  expect_error(core_product(a + 0, diag(3)), "internal: a product of 2 by 2 with 3 by 3")
})

test_that("pivoted Cholesky is LAPACK's over ranks, sizes and limits", {
  set.seed(2)
  for (p in c(1, 2, 63, 64, 65, 150)) {
    for (rank in unique(c(1, ceiling(p / 2), p))) {
      a <- crossprod(matrix(rnorm(rank * p), rank))
      a <- a / sqrt(outer(diag(a), diag(a)))
      least <- 1e-8
      own <- pivoted(a, least)
      lapack <- suppressWarnings(chol(a, pivot = TRUE, tol = least))
      expect_identical(length(own$pivot), attr(lapack, "rank"))
      expect_equal(crossprod(own$factor), a[own$pivot, own$pivot, drop = FALSE], tolerance = 1e-12)
      expect_true(all(diff(diag(own$factor)) <= 1e-12))
      # what is left beside them is below the limit
      first <- seq_len(length(own$pivot))
      rest <- setdiff(seq_len(p), own$pivot)
      if (length(rest)) {
        explained <- colSums(backsolve(own$factor, a[own$pivot, rest, drop = FALSE], transpose = TRUE)^2)
        expect_true(all(1 - explained < least + 1e-10))
      }
      if (rank == p) expect_identical(own$pivot, attr(lapack, "pivot"))
    }
  }
  expect_identical(pivoted(matrix(0, 3, 3), 1e-8)$pivot, integer())
  expect_identical(pivoted(matrix(0, 0, 0), 1e-8)$factor, matrix(0, 0, 0))
  expect_identical(pivoted(diag(c(1, 3, 2)), 1.5)$pivot, c(2L, 3L))
  expect_error(pivoted(diag(c(1, NaN)), 0), "diagonal entry 2 is not finite")
})

test_that("both stop when asked to, and leave nothing", {
  a <- diag(200) + .5
  expect_interruptible(function() pivoted(a, 1e-8))
  b <- matrix(rep(1:7, length.out = 400 * 400), 400)
  expect_interruptible(function() core_product(b, b))
})
