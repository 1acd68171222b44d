kernel_of <- function(kernel) switch(kernel,
  rbf = c(0, 0, 0, .3), scales = c(0, 0, 0, .1, .4, 1.6), poly1 = c(1, 1, 1), poly2 = c(1, 2, 1), poly3 = c(1, 3, 1)
)
kernels <- c("rbf", "scales", "poly1", "poly2", "poly3")

test_that("pooled MMD: value and gradient, every kernel and level", {
  case <- kernel_case(70, 2)
  label <- as.integer(factor(case$e))
  for (kernel in kernels) {
    k <- kernel_of(kernel)
    for (level in 0:cpu_level()) {
      f <- function(z) .Call(C_ffi_mmd_loss, z, k, label, 3L, level)
      got <- f(case$x)
      gram <- .Call(C_ffi_gram, case$x, k, level)
      expect_equal(got$value, ref_mmd_pooled(gram, label), tolerance = 1e-10)
      if (level == cpu_level()) expect_lt(gradient_error(function(z) f(z)$value, case$x, got$gradient), 1e-8)
      else expect_equal(got$gradient, .Call(C_ffi_mmd_loss, case$x, k, label, 3L, cpu_level())$gradient, tolerance = 1e-11)
    }
  }
})

test_that("HSIC: value and both gradients, every form and kernel", {
  case <- kernel_case(68, 2)
  for (form in 0:2) for (pair in list(c("rbf", "poly2"), c("scales", "rbf"), c("poly3", "poly1"))) {
    kx <- kernel_of(pair[1])
    ky <- kernel_of(pair[2])
    f <- function(x, y) .Call(C_ffi_hsic_loss, x, kx, y, ky, form, cpu_level())
    got <- f(case$x, case$y)
    want <- ref_hsic(.Call(C_ffi_gram, case$x, kx, 0L), .Call(C_ffi_gram, case$y, ky, 0L))
    expect_equal(got$value, want[[form + 1]], tolerance = 1e-9)
    expect_lt(gradient_error(function(z) f(z, case$y)$value, case$x, got$x), 1e-7)
    expect_lt(gradient_error(function(z) f(case$x, z)$value, case$y, got$y), 1e-7)
  }
})

test_that("moment form and Gram form of MMD have one gradient", {
  case <- kernel_case(50, 2)
  label <- rep(1:2, c(20, 30))
  a <- c(rep(1 / 20, 20), rep(-1 / 30, 30))
  for (q in 2:3) {
    gram <- .Call(C_ffi_mmd_loss, case$x, c(1, q, 1), label, 2L, cpu_level())
    moments <- .Call(C_ffi_mmd_moments, case$x, a, q)
    expect_equal(gram$gradient, .4 * .6 * moments$gradient, tolerance = 1e-10)
  }
})

test_that("losses by moments are the Gram forms, gradients too (1e-10)", {
  case <- kernel_case(50, 3)
  label <- as.integer(factor(case$e))
  for (q in 2:3) {
    k <- c(1, q, 1)
    expect_equal(
      .Call(C_ffi_mmd_feature_loss, case$x, k, label, 3L), .Call(C_ffi_mmd_loss, case$x, k, label, 3L, cpu_level()),
      tolerance = 1e-10
    )
    for (p in 2:3) expect_equal(
      .Call(C_ffi_hsic_feature_loss, case$x, k, case$y, c(1, p, 1)),
      .Call(C_ffi_hsic_loss, case$x, k, case$y, c(1, p, 1), 0L, cpu_level()), tolerance = 1e-10
    )
  }
  expect_error(.Call(C_ffi_mmd_feature_loss, case$x, c(0, 0, 0, 1), label, 3L), class = "latentmr_error")
})

test_that("log-det: value, gradient, blindness to scale", {
  x <- kernel_case(40)$x
  for (correlation in 0:1) {
    f <- function(z) .Call(C_ffi_logdet_loss, z, correlation, 1e-6)
    got <- f(x)
    s <- if (correlation) stats::cor(x) else stats::cov(x) * 39 / 40
    expect_equal(got$value, as.vector(determinant(s + 1e-6 * diag(3))$modulus), tolerance = 1e-10)
    expect_lt(gradient_error(function(z) f(z)$value, x, got$gradient), 1e-8)
  }
  expect_equal(.Call(C_ffi_logdet_loss, x %*% diag(c(1, 10, .1)), 1L, 0)$value, .Call(C_ffi_logdet_loss, x, 1L, 0)$value)
  expect_error(.Call(C_ffi_logdet_loss, cbind(x, 1), 1L, 0), "constant", class = "latentmr_error_singular")
  expect_error(.Call(C_ffi_logdet_loss, cbind(x, 0), 0L, 0), class = "latentmr_error_singular")
})

test_that("kernels without a gradient say so", {
  x <- kernel_case(10)$x
  expect_error(.Call(C_ffi_mmd_loss, x, c(2, 0, 0), rep(1:2, 5), 2L, 0L), "no gradient", class = "latentmr_error")
})
