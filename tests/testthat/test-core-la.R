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
  out <- .Call(C_ffi_test_eigen, a, nrow(a))
  expect_equal(rev(out$values), eigen(a)$values)
  expect_equal(out$vectors %*% (out$values * t(out$vectors)), a)
  a[2, 1] <- a[1, 2] <- NaN
  expect_error(.Call(C_ffi_test_eigen, a, nrow(a)), class = "latentmr_error_nonfinite")
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
      far <- numeric()
      error <- function(got, want) sum(abs(got - want)) / max(sum(abs(want)), 1e-300)
      for (trans in c("NN", "TN", "NT", "TT")) {
        x <- if (substr(trans, 1, 1) == "T") t(a) else a
        y <- if (substr(trans, 2, 2) == "T") t(b) else b
        for (f in list(c(1, 0), c(-.5, 1), c(2, .3))) {
          want <- f[1] * (a %*% b) + f[2] * c0
          whole <- error(.Call(C_ffi_test_gemm, trans, x, y, f, c0, FALSE, level), want)
          want[lower.tri(want)] <- c0[lower.tri(want)]
          far <- c(far, whole, error(.Call(C_ffi_test_gemm, trans, x, y, f, c0, TRUE, level), want))
        }
      }
      expect_lt(max(far), 1e-13, label = paste(c(level, size), collapse = " "))
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

test_that("eigen in pieces equals LAPACK's driver, whatever the size and however close the values", {
  set.seed(6)
  turned <- function(values) {
    n <- length(values)
    q <- qr.Q(qr(matrix(rnorm(n * n), n)))
    a <- q %*% (values * t(q))
    (a + t(a)) / 2
  }
  cases <- list(
    small = turned(rnorm(159)), first = turned(rnorm(161)), odd = turned(rnorm(257)),
    deficient = crossprod(matrix(rbinom(60 * 230, 2, .3), 60)), zero = matrix(0, 200, 200), one = diag(200),
    clusters = turned(rep(c(1, 1 + 1e-13, 2, 5), each = 60)), graded = turned(10^seq(-12, 6, length.out = 200)),
    apart = turned(c(rep(0, 150), 1e8, rep(1e-8, 60))), tridiagonal = {
      a <- diag(2, 210)
      a[abs(row(a) - col(a)) == 1] <- -1
      a
    },
    wilkinson = {
      a <- diag(abs(-100:100) + 0)
      a[abs(row(a) - col(a)) == 1] <- 1
      a
    },
    blocks = kronecker(diag(3), turned(rnorm(70))), huge = 1e200 * turned(rnorm(170)), tiny = 1e-200 * turned(rnorm(170))
  )
  for (name in names(cases)) {
    a <- cases[[name]]
    n <- nrow(a)
    size <- max(abs(a), .Machine$double.xmin)
    want <- rev(eigen(a / size, symmetric = TRUE, only.values = TRUE)$values)
    all <- .Call(C_ffi_test_eigen, a, n)
    expect_lt(max(abs(all$values / size - want)), 1e-13 * n, label = paste(name, "values"))
    expect_false(is.unsorted(all$values))
    z <- all$vectors
    expect_lt(max(abs(crossprod(z) - diag(n))), 1e-12, label = paste(name, "orthogonal"))
    expect_lt(max(abs(a / size - z %*% (all$values / size * t(z)))), 1e-13 * n, label = paste(name, "whole"))
    alone <- .Call(C_ffi_test_eigen, a, 0L)
    expect_lt(max(abs(alone$values / size - want)), 1e-13 * n, label = paste(name, "values alone"))
    for (top in c(3L, 120L)) {
      some <- .Call(C_ffi_test_eigen, a, top)
      expect_lt(max(abs(some$values[1:top] / size - utils::tail(want, top))), 1e-13 * n, label = paste(name, top))
      expect_lt(max(abs(crossprod(some$vectors) - diag(top))), 1e-12, label = paste(name, top, "orthogonal"))
      expect_lt(max(abs((a / size) %*% some$vectors - some$vectors %*% diag(some$values[1:top] / size))), 1e-13 * n, label = paste(name, top, "vectors"))
    }
  }
})

test_that("the largest of equal eigenvalues are found, where LAPACK's bisection and inverse iteration find too few", {
  set.seed(1)
  nearly <- lapply(1:30, function(i) diag(80) + tcrossprod(stats::rnorm(80)) * 1e-3)
  flat <- lapply(c(10, 20, 40, 80), function(n) {
    q <- qr.Q(qr(matrix(stats::rnorm(n * n), n)))[, seq_len(n / 2)]
    tcrossprod(q) * 1e-12
  })
  for (a in c(nearly, flat)) {
    n <- nrow(a)
    size <- max(abs(a))
    want <- eigen(a / size, symmetric = TRUE, only.values = TRUE)$values
    for (top in c(1L, 3L, n %/% 2L, n - 1L)) {
      some <- .Call(C_ffi_test_eigen, a, top)
      kept <- seq_len(top)
      expect_lt(max(abs(some$values[kept] / size - rev(want[kept]))), 1e-13 * n)
      expect_lt(max(abs(crossprod(some$vectors) - diag(top))), 1e-12)
      expect_lt(max(abs((a / size) %*% some$vectors - some$vectors %*% diag(some$values[kept] / size, top))), 1e-13 * n)
    }
  }
})

test_that("eigen stops at any of its polls", {
  set.seed(7)
  a <- crossprod(matrix(rnorm(200 * 200), 200))
  for (top in c(200L, 0L, 100L)) expect_interruptible(function() .Call(C_ffi_test_eigen, a, top)$values[seq_len(max(1, top))], 200)
})

test_that("triangular systems are solved on either side, in panels and below", {
  set.seed(5)
  for (n in c(1, 5, 64, 65, 150)) for (wide in c(7, 16, 50)) for (side in c("L", "R")) for (trans in c("N", "T")) {
    r <- qr.R(qr(matrix(rnorm(n * n), n))) + diag(2, n)
    r[lower.tri(r)] <- NaN # not read
    b <- matrix(rnorm(n * wide), if (side == "L") n else wide)
    op <- r
    op[lower.tri(op)] <- 0
    if (trans == "T") op <- t(op)
    want <- if (side == "L") solve(op, 2 * b) else t(solve(t(op), 2 * t(b)))
    expect_equal(.Call(C_ffi_test_trsm, side, trans, r, b, 2), want, tolerance = 1e-9)
  }
})

test_that("eigenvalues of many tridiagonal matrices are those of eigen(), at every level", {
  set.seed(8)
  for (n in c(1, 2, 3, 40, 90)) {
    d <- matrix(1, 8, n)
    off <- matrix(0, 8, n)
    want <- matrix(1, 8, n)
    # Wishart matrices, small and large; zeros beside the diagonal; the last two stay unit matrices.
    for (k in 1:6) {
      b <- diag(sqrt(rchisq(n, n + 5 - seq_len(n) + 1)), n)
      for (i in seq_len(n - 1)) b[i + 1, i] <- sqrt(rchisq(1, n - i)) * (k < 6 || i != n %/% 2)
      a <- tcrossprod(b) * c(1, 1e-200, 1e200, 1, 1, 1)[k]
      d[k, ] <- diag(a)
      for (i in seq_len(n - 1)) off[k, i] <- a[i, i + 1]
      want[k, ] <- rev(eigen(a / max(a), symmetric = TRUE, only.values = TRUE)$values) * max(a)
    }
    for (level in 0:cpu_level()) {
      got <- .Call(C_ffi_test_tridiagonal_many, d, off, level)
      expect_lt(max(abs(got - want) / want[, n]), 1e-13)
      expect_false(is.unsorted(got[1, ]))
    }
  }
})

test_that("a matrix through a map, by its products and by a factor of its rank", {
  set.seed(9)
  for (p in c(1, 7, 90)) for (rank in unique(pmin(c(0, 1, 20, p), p))) {
    half <- matrix(rnorm((p + 2) * rank), p + 2) * 10^seq(-3, 3, length.out = p + 2)
    half <- half %*% diag(10^-(5 * seq_len(rank) / max(rank, 1)), rank)
    a <- if (rank) tcrossprod(half) else matrix(0, p + 2, p + 2)
    map <- matrix(rnorm(p * 5), p)
    want <- crossprod(map, a[seq_len(p), seq_len(p)] %*% map)
    # The rank is a bound: the true one, or anything above it.
    for (bound in c(rank, p)) {
      got <- .Call(C_ffi_turn, a, map, as.integer(bound))
      expect_equal(got, t(got))
      expect_lt(max(abs(got - want)), 1e-12 * max(abs(a), 1))
    }
  }
  # A bound that is wrong costs time alone.
  full <- crossprod(matrix(rnorm(60 * 50), 60))
  map <- diag(50)[, 1:30]
  expect_equal(.Call(C_ffi_turn, full, map, 3L), full[1:30, 1:30], tolerance = 1e-12)
  expect_identical(.Call(C_ffi_turn, full, matrix(0, 50, 0), 3L), matrix(0, 0, 0))
})

test_that("sums, picks, unit matrices and unit factors are those of R", {
  set.seed(10)
  m <- lapply(1:4, function(i) matrix(rnorm(70 * 61), 70))
  expect_equal(.Call(C_ffi_sum, m), Reduce(`+`, m), tolerance = 1e-15)
  expect_identical(.Call(C_ffi_sum, m[1]), m[[1]])
  expect_error(.Call(C_ffi_sum, list(m[[1]], t(m[[1]])[, 1:3])), class = "latentmr_error")
  expect_error(.Call(C_ffi_sum, list()), class = "latentmr_error")
  for (n in c(1, 5, 130)) {
    expect_identical(.Call(C_ffi_unit, as.integer(n)), diag(n))
    a <- matrix(rnorm(n * n), n)
    for (at in list(seq_len(n), integer(), rev(seq_len(n)), setdiff(seq_len(n), 3L), as.integer(c(1, n, n)))) {
      expect_identical(.Call(C_ffi_pick, a, at), a[at, at, drop = FALSE])
    }
    expect_error(.Call(C_ffi_pick, a, as.integer(n) + 1L), class = "latentmr_error")
    s <- crossprod(matrix(rnorm((n + 20) * n), n + 20)) * outer(1:n, 1:n)
    scale <- 1 / sqrt(diag(s))
    got <- .Call(C_ffi_unit_factor, s, scale, 1e-14)
    got[lower.tri(got)] <- 0
    expect_equal(got, chol(stats::cov2cor(s)), tolerance = 1e-10)
  }
  s[, 3] <- s[3, ] <- s[, 2]
  s[3, 3] <- s[2, 2]
  expect_null(.Call(C_ffi_unit_factor, s, 1 / sqrt(diag(s)), 1e-14))
})

test_that("a matrix that cannot be cross products is known by its fault, as written out", {
  by_hand <- function(a, products) {
    largest <- max(abs(a))
    d <- diag(a)
    if (max(abs(a - t(a))) > 1e-8 * largest) return(1L)
    if (!products) return(0L)
    if (any(d < -1e-9 * largest)) return(2L)
    if (any(abs(a) > sqrt(outer(pmax(d, 0), pmax(d, 0))) * (1 + 1e-6) + 1e-9 * largest)) return(3L)
    0L
  }
  set.seed(9)
  found <- integer()
  for (n in c(1, 3, 64, 130)) {
    good <- crossprod(matrix(rnorm(n * 5), 5))
    cases <- list(good, replace(good, n, good[n] + 1), replace(good, n^2, -1))
    both <- good
    both[1, n] <- both[n, 1] <- 2 * sqrt(good[1, 1] * good[n, n]) # where n is 1 the diagonal, which may be larger
    for (a in c(cases, list(both, 0 * good))) for (products in c(TRUE, FALSE)) {
      code <- .Call(C_ffi_symmetric, a, products)
      expect_identical(code, by_hand(a, products))
      found <- c(found, code)
    }
  }
  expect_setequal(found, 0:3)
})

test_that("a part of a matrix is R's, and zeros are zeros", {
  x <- matrix(seq_len(12) + .5, 4)
  x[2, 3] <- NA
  expect_identical(.Call(C_ffi_part, x, c(4L, 2L, 2L), c(3L, 1L)), x[c(4, 2, 2), c(3, 1)])
  expect_identical(.Call(C_ffi_zeros, 5L, 2L), matrix(0, 5, 2))
  expect_error(.Call(C_ffi_part, x, 5L, 1L), "rows")
})

test_that("squares of a scaled symmetric matrix are those of its definition", {
  withr::local_seed(4)
  a <- crossprod(matrix(rnorm(70), 10))
  scale <- c(0, 1 / sqrt(diag(a))[-1])
  expect_equal(.Call(C_ffi_symmetric_squares, a, scale), sum((diag(scale) %*% a %*% diag(scale))^2), tolerance = 1e-14)
  expect_equal(.Call(C_ffi_symmetric_squares, a[0, 0], numeric()), 0)
})

test_that("a gap has the value of its group before the columns are centred", {
  x <- matrix(c(1, NA, 3, 0, 2, NaN), 3, dimnames = list(NULL, c("a", "b")))
  values <- cbind(c(10, 20), c(30, 40))
  filled <- matrix(c(1, 30, 3, 0, 2, 20), 3)
  expect_identical(.Call(C_ffi_impute, x, c(1L, 2L, 1L), values, NULL), filled)
  expect_identical(.Call(C_ffi_impute, x, c(1L, 2L, 1L), values, c(1, 2)), sweep(filled, 2, c(1, 2)))
  expect_identical(.Call(C_ffi_impute, x[0, ], integer(), values, NULL), filled[0, ])
  expect_error(.Call(C_ffi_impute, x, c(1L, 3L, 1L), values, NULL), "group")
  expect_identical(impute_from(x, factor(c("p", "q", "p")), values), structure(filled, dimnames = dimnames(x)))
  expect_identical(impute_from(x[1, , drop = FALSE], 1L, values), x[1, , drop = FALSE])
})
