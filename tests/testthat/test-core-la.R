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

test_that("gemm equals %*% at every level, for every shape, transposition and half", {
  set.seed(4)
  for (level in 0:cpu_level()) {
    for (size in list(c(1, 1, 1), c(16, 8, 128), c(17, 9, 129), c(70, 135, 260), c(64, 3, 5), c(3, 140, 300), c(20, 20, 0))) {
      m <- size[1]
      n <- size[2]
      k <- size[3]
      a <- matrix(rnorm(m * k), m, k)
      b <- matrix(rnorm(k * n), k, n)
      c0 <- matrix(rnorm(m * n), m)
      for (trans in c("NN", "TN", "NT", "TT")) {
        x <- if (substr(trans, 1, 1) == "T") t(a) else a
        y <- if (substr(trans, 2, 2) == "T") t(b) else b
        for (f in list(c(1, 0), c(-.5, 1), c(2, .3))) {
          want <- f[1] * (a %*% b) + f[2] * c0
          expect_equal(.Call(C_ffi_test_gemm, trans, x, y, f, c0, FALSE, level), want, tolerance = 1e-13)
          want[lower.tri(want)] <- c0[lower.tri(want)]
          expect_equal(.Call(C_ffi_test_gemm, trans, x, y, f, c0, TRUE, level), want, tolerance = 1e-13)
        }
      }
    }
  }
  # beta = 0 overwrites, whatever was there
  expect_equal(.Call(C_ffi_test_gemm, "NN", diag(2), diag(2), c(1, 0), matrix(NaN, 2, 2), FALSE, 0L), diag(2))
})

test_that("chol_drop by panels: dependent columns inside and across panels", {
  set.seed(5)
  n <- 200
  x <- matrix(rnorm(300 * n), 300)
  dependent <- c(5, 64, 65, 100, 130, 199)
  for (j in dependent) x[, j] <- x[, 1:(j - 1)] %*% rnorm(j - 1)
  a <- crossprod(x)
  out <- .Call(C_ffi_test_chol_drop, a, 1e-8)
  expect_identical(which(!out$kept), as.integer(dependent))
  expect_identical(out$rank, 194L)
  r <- out$r * upper.tri(out$r, diag = TRUE)
  expect_equal(r[dependent, ], matrix(0, 6, n))
  expect_equal(crossprod(r), a, tolerance = 1e-10)
  expect_equal(r[out$kept, out$kept], chol(a[out$kept, out$kept]), tolerance = 1e-9)
})
