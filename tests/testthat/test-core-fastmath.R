levels_here <- function() 0:cpu_level()
vexp <- function(x, level) .Call(C_ffi_test_fastmath, x, 0L, level)
vtanh <- function(x, level) .Call(C_ffi_test_fastmath, x, 1L, level)

# Distance in units of the last place of the reference, subnormals included.
ulps <- function(x, reference) {
  unit <- 2^(pmax(floor(log2(abs(reference))), -1022) - 52)
  ifelse(x == reference, 0, abs(x - reference) / unit)
}

test_that("vexp is within 1 ulp of libm, or 2 where libm itself rounds the other way", {
  x <- c(seq(-708, 709.7, length.out = 50001), stats::qnorm(seq(1e-4, 1 - 1e-4, length.out = 20001)),
         log(2) * (-20:20), log(2) * (-20:20 + .5), 1e-300, -1e-300)
  for (level in levels_here()) {
    off <- ulps(vexp(x, level), exp(x))
    expect_lte(max(off), 2)
    expect_lte(mean(off > 1), 1e-3)
  }
})

test_that("vtanh is within 3 ulp of libm", {
  x <- c(seq(-23, 23, length.out = 50001), 10^seq(-300, 0, length.out = 2001), -10^seq(-18, 0, length.out = 2001),
         log(2) / 2 * (0:50 + .5))
  for (level in levels_here()) expect_lte(max(ulps(vtanh(x, level), tanh(x))), 3)
})

test_that("edges: zeros, infinities, NaN, overflow and gradual underflow", {
  x <- c(0, -0, Inf, -Inf, NaN, NA, 709.782712893384, 709.782712893385, -745.13, -745.14, -740, -1e308, 1e308)
  for (level in levels_here()) {
    expect_equal(vexp(x, level)[-11], exp(x)[-11], tolerance = 2^-51)
    expect_lte(ulps(vexp(-740, level), exp(-740)), 1)
    expect_identical(vexp(-745.13, level), 2^-1074)
    y <- vtanh(x, level)
    expect_equal(y, tanh(x), tolerance = 2^-51)
    expect_identical(1 / y[1:2], c(Inf, -Inf))
  }
})

test_that("every length works: the tail after the last whole register", {
  for (level in levels_here()) for (n in c(0:9, 15:17)) {
    x <- seq_len(n) / 7
    expect_equal(vexp(x, level), exp(x), tolerance = 1e-15)
    expect_equal(vtanh(x, level), tanh(x), tolerance = 1e-15)
  }
})

test_that("vsincos: cosines and sines within rounding, in all quadrants and beyond the fast range", {
  x <- c(seq(-30, 30, length.out = 40001), pi / 4 * (-40:40), seq(-9.9e4, 9.9e4, length.out = 20001), 1e-300, 0,
         1e5 * c(-1, 1), 3e9, -1e22)
  for (level in levels_here()) {
    got <- matrix(.Call(C_ffi_test_fastmath, x, 2L, level), ncol = 2)
    expect_lte(max(abs(got[, 1] - cos(x))), 2.5e-16)
    expect_lte(max(abs(got[, 2] - sin(x))), 2.5e-16)
    expect_true(all(is.nan(suppressWarnings(.Call(C_ffi_test_fastmath, c(NaN, Inf, -Inf, 1, rep(NaN, 8)), 2L, level)))[c(1:3, 13:15)]))
    for (n in c(0:9, 15:17)) {
      short <- seq(-3, 3, length.out = max(n, 2))[seq_len(n)]
      expect_equal(.Call(C_ffi_test_fastmath, short, 2L, level), c(cos(short), sin(short)), tolerance = 1e-15)
    }
  }
})
