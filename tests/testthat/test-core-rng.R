raw <- function(seed, stream, n) .Call(C_ffi_test_rng, seed, stream, n, 0L, 1)
draw <- function(seed, n, kind, shape = 1) .Call(C_ffi_test_rng, seed, 0L, n, kind, shape)

test_that("streams differ, seeds repeat", {
  expect_identical(raw(1L, 0L, 4L), raw(1L, 0L, 4L))
  expect_false(identical(raw(1L, 0L, 4L), raw(1L, 1L, 4L)))
  expect_false(identical(raw(1L, 0L, 4L), raw(2L, 0L, 4L)))
})

test_that("uniform, normal and gamma draws have their law", {
  expect_gt(stats::ks.test(draw(3L, 2e4L, 1L), "punif")$p.value, 1e-3)
  expect_gt(stats::ks.test(draw(4L, 2e4L, 2L), "pnorm")$p.value, 1e-3)
  expect_gt(stats::ks.test(draw(5L, 2e4L, 3L, 2.5), "pgamma", 2.5)$p.value, 1e-3)
  expect_gt(stats::ks.test(draw(6L, 2e4L, 3L, .4), "pgamma", .4)$p.value, 1e-3)
})
