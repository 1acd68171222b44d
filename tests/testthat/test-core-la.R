test_that("chol_drop is chol() when nothing is dropped", {
  set.seed(1)
  a <- crossprod(matrix(rnorm(60), 12, 5))
  out <- .Call(C_ffi_test_chol_drop, a, 1e-8)
  r <- out$r
  r[lower.tri(r)] <- 0
  expect_equal(r, chol(a))
  expect_identical(out$rank, 5L)
})

test_that("chol_drop drops the later of two dependent columns", {
  set.seed(2)
  x <- matrix(rnorm(40), 10, 4)
  x <- cbind(x[, 1:2], x[, 1] + x[, 2], x[, 3:4])
  out <- .Call(C_ffi_test_chol_drop, crossprod(x), 1e-8)
  expect_identical(out$kept, c(TRUE, TRUE, FALSE, TRUE, TRUE))
})

test_that("eigen agrees with base R", {
  set.seed(3)
  a <- crossprod(matrix(rnorm(200), 20, 10))
  out <- .Call(C_ffi_test_eigen, a)
  expect_equal(rev(out$values), eigen(a)$values)
  expect_equal(out$vectors %*% (out$values * t(out$vectors)), a)
  a[2, 1] <- a[1, 2] <- NaN
  expect_error(.Call(C_ffi_test_eigen, a), class = "latentmr_error_nonfinite")
})
