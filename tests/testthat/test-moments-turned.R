# Cross products of directions kept by environment, against the products themselves.

turned_case <- function(apart, n = 240, p = 12L) {
  withr::local_seed(3)
  e <- rep(c("a", "b", "c"), c(n / 2, n / 3, n / 6))
  z <- matrix(rbinom(n * p, 2, .4), n) + 0
  data <- suppressWarnings(mr_data(z, rnorm(n) + z[, 1], rnorm(n), e, cbind(age = rnorm(n))))
  view <- moments_view(mr_moments(data, folds = 1, seed = 1, disclosure = FALSE))
  list(view = turned_view(view, matrix(rnorm(p * 9), p), apart), directions = NULL, p = p)
}

test_that("everybody, one environment and all but one are sums of what is kept", {
  for (apart in c(TRUE, FALSE)) {
    case <- turned_case(apart)
    d <- case$view$turned$directions
    g <- seq_len(case$p)
    for (environments in list(c("a", "b", "c"), "b", c("a", "c"))) {
      view <- view_subset(case$view, environments)
      partial <- partial_out(view, variant_map(view, d[, 1:2]), pick_map(view, view$columns$covariates))
      expect_equal(Reduce(`+`, view$cross) - partial$residual, tcrossprod(partial$taken), tolerance = 1e-10)
      for (use in list(1:9, 3:9, 1:2)) {
        turned <- turned_products(view, partial, use[1] - 1L)
        got <- .Call(C_ffi_scores_products, partial$residual, case$p, d[, use], turned)
        want <- crossprod(d[, use], partial$residual[g, g] %*% d[, use])
        expect_lt(max(abs(got - want)), 1e-9 * max(abs(Reduce(`+`, view$cross))))
        expect_equal(got, t(got))
      }
    }
  }
  # Each is computed once.
  cache <- case$view$turned
  cache$whole[] <- 0
  expect_identical(unique(as.vector(turned_whole(cache))), 0)
})

test_that("nothing is kept where people leave, or where the directions are others", {
  case <- turned_case(TRUE)
  partial <- partial_out(case$view, matrix(0, view_width(case$view), 0), matrix(0, view_width(case$view), 0))
  expect_null(turned_products(case$view, partial, NULL))
  expect_null(turned_products(case$view, partial["residual"], 0L))
  m <- mr_moments(
    suppressWarnings(mr_data(matrix(rbinom(2400, 2, .4), 200) + 0, rnorm(200), rnorm(200), rep(c("a", "b"), 100))),
    folds = 2, seed = 1, disclosure = FALSE
  )
  view <- turned_view(moments_view(m), diag(12), TRUE)
  expect_null(view_delete_blocks(view, m, 1)$turned)
  expect_error(
    .Call(C_ffi_scores_products, partial$residual, case$p, case$view$turned$directions[, 1:3], turned_products(case$view, partial, 7L)),
    "directions 8 to 10 of 9", class = "latentmr_error"
  )
})

test_that("the metric of instruments is that of their basis, whichever are dropped", {
  withr::local_seed(5)
  for (p in c(1L, 7L, 150L)) {
    residual <- crossprod(matrix(rnorm(3 * p * p), 3 * p))
    d <- matrix(rnorm(p * max(p - 1, 1)), p)
    if (p > 1) d <- cbind(d, d[, 1]) # a direction twice: dropped
    for (directions in list(NULL, d)) {
      wide <- rbind(cbind(residual, residual[, 1]), c(residual[1, ], residual[1, 1]))
      variance <- diag(wide)
      m <- if (is.null(directions)) p else ncol(directions)
      found <- .Call(C_ffi_scores, wide, variance, p, p + 1L, directions, m, NULL)
      basis <- .Call(C_ffi_scores_basis, found, p, directions)
      expect_identical(dim(basis), c(p, sum(found$kept)))
      expect_equal(crossprod(basis, residual %*% basis), diag(ncol(basis)), tolerance = 1e-8)
      expect_equal(.Call(C_ffi_scores_metric, found, p, directions), tcrossprod(basis), tolerance = 1e-12)
    }
  }
})

test_that("work memory that is kept serves calls inside a call, and calls after an error", {
  withr::defer(.Call(C_ffi_work_free))
  withr::local_seed(6)
  a <- crossprod(matrix(rnorm(500 * 500), 500))
  map <- matrix(rnorm(500 * 400), 500)
  want <- .Call(C_ffi_turn, a, map, 499L)
  polls <- polls_of(.Call(C_ffi_turn, a, map, 499L))
  expect_gt(polls, 0)
  b <- 2 * a
  inner <- NULL
  got <- at_poll(polls %/% 2, function(share) inner <<- .Call(C_ffi_turn, b, map, 499L), .Call(C_ffi_turn, a, map, 499L))
  expect_identical(got, want)
  expect_identical(inner, 2 * want)
  expect_error(at_poll(0, function(share) stop("enough"), .Call(C_ffi_turn, a, map, 499L)), "enough")
  expect_identical(.Call(C_ffi_turn, a, map, 499L), want)
})

test_that("sums, picks and moments of many variants can be interrupted", {
  withr::local_seed(7)
  a <- matrix(rnorm(700 * 700), 700)
  expect_interruptible(function() .Call(C_ffi_sum, list(a, a)))
  expect_interruptible(function() .Call(C_ffi_pick, a, 2:600))
  n <- 60
  data <- suppressWarnings(mr_data(matrix(rbinom(n * 50, 2, .4), n) + 0, rnorm(n), rnorm(n), rep(c("a", "b"), n / 2)))
  m <- mr_moments(data, folds = 1, seed = 1, disclosure = FALSE)
  expect_interruptible(function() moments_environment(m, "a")$cross, least = 4)
})
