levels_here <- function() unique(c(0L, 2L, 3L)[c(0L, 2L, 3L) <= cpu_level()])

test_that("tall_crossprod equals crossprod at every level, size and weight", {
  set.seed(1)
  for (level in levels_here()) for (n in c(0, 1, 7, 8, 495, 496, 497, 1500)) for (p in c(1, 3, 4, 5, 17, 70)) {
    a <- matrix(rnorm(n * p), n, p)
    s <- rnorm(n)
    expect_equal(.Call(C_ffi_tall_crossprod, a, NULL, level), crossprod(a), tolerance = 1e-13)
    expect_equal(.Call(C_ffi_tall_crossprod, a, s, level), crossprod(a, s * a), tolerance = 1e-13)
  }
})

test_that("tall_crossprod is exact on integers and symmetric", {
  a <- matrix(as.double(sample(0:2, 2000 * 9, TRUE)), 2000, 9)
  for (level in levels_here()) {
    c <- .Call(C_ffi_tall_crossprod, a, NULL, level)
    expect_identical(c, crossprod(a))
    expect_true(isSymmetric(c))
  }
})

test_that("missing values come through, never silently", {
  a <- matrix(1, 10, 3)
  a[4, 2] <- NA
  expect_true(all(is.na(.Call(C_ffi_tall_crossprod, a, NULL, cpu_level())[2, ])))
})

test_that("the triangular solve equals backsolve at every level", {
  set.seed(2)
  for (level in levels_here()) for (p in c(1, 4, 6, 33)) {
    a <- matrix(rnorm(530 * p), 530, p)
    r <- qr.R(qr(a))
    expect_equal(.Call(C_ffi_test_tall_solve, a, r, level), t(backsolve(r, t(a), transpose = TRUE)), tolerance = 1e-12)
  }
})

test_that("forms and quadratic forms of rows equal their matrix products at every level", {
  set.seed(3)
  for (level in levels_here()) for (p in c(1, 3, 4, 5, 8, 12, 13, 33)) for (k in c(1, 4, 7)) {
    a <- matrix(rnorm(70 * p), 70, p)
    f <- matrix(rnorm(p * k), p)
    m <- crossprod(matrix(rnorm(p * p), p))
    m[lower.tri(m)] <- NA # the upper triangle is read
    out <- .Call(C_ffi_test_tall_forms, a, f, m, level)
    m[lower.tri(m)] <- t(m)[lower.tri(m)]
    expect_equal(out$times, a %*% f, tolerance = 1e-12)
    expect_equal(out$quadratic, rowSums((a %*% m) * a), tolerance = 1e-12)
  }
})
