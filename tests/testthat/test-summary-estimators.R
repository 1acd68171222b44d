near <- function(object, expected, digits) expect_lte(abs(unname(object) - expected), .51 * 10^-digits)

test_that("published answers: lipids and coronary heart disease", {
  a <- lipids()
  ivw <- summary_ivw(a)
  near(ivw$b, 2.834, 3)
  near(ivw$se, .530, 3)
  near(ivw$q[["Q"]], 99.5304, 4)
  expect_identical(ivw$q[["Q_df"]], 27)
  egger <- summary_egger(a)
  near(egger$b, 3.253, 3)
  near(egger$se, .770, 3)
  near(egger$intercept[["egger_intercept"]], -.011, 3)
  near(egger$intercept[["se"]], .015, 3)
  near(egger$intercept[["pval"]], .451, 3)
  near(egger$q[["Q"]], 97.3975, 4)
  near(summary_median(a, 1L)$b, 2.683, 3)
  # 0.419 is from 10,000 draws of another generator.
  expect_lt(abs(summary_median(a, 1L)$se - .419), .03)
})

test_that("published answers: body mass index and coronary heart disease", {
  a <- bmi_chd()
  ivw <- summary_ivw(a)
  near(ivw$b, .4459091, 7)
  near(ivw$se, .0589830, 7)
  near(ivw$q[["Q"]], 143.651, 3)
  egger <- summary_egger(a)
  near(egger$b, .5024935, 7)
  near(egger$se, .1439606, 7)
  near(egger$intercept[["egger_intercept"]], -.0017193, 7)
  near(egger$q[["Q"]], 143.305, 3)
  expect_identical(c(ivw$q[["Q_df"]], egger$q[["Q_df"]]), c(78, 77))
})

test_that("published answers: correlated variants, calcium and glucose", {
  a <- calcium_glucose()
  near(summary_ivw(a)$b, 2.245, 3)
  near(summary_ivw(a)$se, .643, 3)
  near(summary_ivw(a)$q[["Q"]], 2.0530, 4)
  near(summary_egger(a)$b, 1.302, 3)
  near(summary_egger(a)$se, 1.518, 3)
  near(summary_egger(a)$intercept[["egger_intercept"]], .009, 3)
  near(summary_egger(a)$q[["Q"]], 1.5825, 4)
  expect_identical(summary_ivw(a, random = FALSE)$se, summary_ivw(a)$se)
})

test_that("generalised least squares is the formula written out", {
  set.seed(5)
  for (L in c(4, 9, 30)) {
    a <- list(bx = rnorm(L), by = rnorm(L), sy = runif(L, .1, .4), rho = cov2cor(crossprod(matrix(rnorm(3 * L^2), 3 * L))))
    for (rho in list(a$rho, NULL)) {
      a$rho <- rho
      full <- if (is.null(rho)) diag(L) else rho
      ref <- ref_gls(a$bx, a$by, a$sy, full)
      expect_equal(unlist(summary_ivw(a)[c("b", "se")], use.names = FALSE), c(ref$b, ref$se * ref$factor), tolerance = 1e-9)
      expect_equal(summary_ivw(a, random = FALSE)$se, ref$se, tolerance = 1e-9)
      turn <- sign(a$bx)
      ref <- ref_gls(cbind(1, abs(a$bx)), a$by * turn, a$sy, full * outer(turn, turn))
      fit <- summary_egger(a)
      expect_equal(c(fit$intercept[1:2], fit$b, fit$se), c(ref$b[1], ref$se[1] * ref$factor, ref$b[2], ref$se[2] * ref$factor),
        tolerance = 1e-8, ignore_attr = TRUE)
      expect_equal(fit$q[["Q"]], ref$q, tolerance = 1e-8)
    }
    # Without each variant in turn, from one inverse.
    a$rho <- full <- cov2cor(crossprod(matrix(rnorm(3 * L^2), 3 * L)))
    a$index <- seq_len(L)
    for (rho in list(full, NULL)) for (id in c("ivw", "ivw_fixed", "egger")) {
      a["rho"] <- list(rho)
      by_hand <- vapply(seq_len(L), function(j) estimate_pair(summary_method(id, summary_without(a, j), 1L)), numeric(2))
      expect_equal(gls_without_each(id, a), by_hand, tolerance = 1e-7)
    }
  }
})

test_that("MR-Egger without one of three variants is none", {
  a <- list(index = 1:3, bx = c(.1, .2, .4), sx = rep(.01, 3), by = c(.1, .1, .3), sy = rep(.02, 3))
  for (rho in list(NULL, diag(3))) {
    expect_true(all(is.na(gls_without_each("egger", c(a, list(rho = rho))))))
    expect_true(all(is.finite(gls_without_each("ivw", c(a, list(rho = rho))))))
  }
})

test_that("weighted median: interpolation, edges, ties and the law of its draws", {
  median_of <- function(ratio, w, draws = 2L, seed = 1L) {
    one <- rep(1, length(ratio))
    .Call(C_ffi_weighted_median, one, 0 * one, as.double(ratio), 0 * one, as.double(w), draws, seed)
  }
  set.seed(2)
  for (m in c(1, 2, 3, 10, 101, 500)) {
    ratio <- round(rnorm(m), 1 + (m < 100))
    w <- rexp(m)
    if (!anyDuplicated(ratio)) expect_equal(median_of(ratio, w)[1], ref_weighted_median(ratio, w), tolerance = 1e-12)
    expect_identical(median_of(ratio, w)[2], 0)
  }
  expect_identical(median_of(c(3, 1, 2), c(1, 0, 0))[1], 3)
  expect_identical(median_of(c(3, 1, 2), c(0, 1, 0))[1], 1)
  expect_identical(median_of(c(2, 2, 2, 5), rep(1, 4))[1], 2)
  expect_equal(median_of(5:1, rep(1, 5))[1], 3)
  a <- lipids()
  w <- (a$bx / a$sy)^2
  set.seed(7)
  draws <- replicate(4000, ref_weighted_median(rnorm(28, a$by, a$sy) / rnorm(28, a$bx, a$sx), w))
  ours <- .Call(C_ffi_weighted_median, a$bx, a$sx, a$by, a$sy, w, 4000L, 3L)
  expect_lt(abs(log(ours[2] / sd(draws))), .06)
  expect_identical(ours, .Call(C_ffi_weighted_median, a$bx, a$sx, a$by, a$sy, w, 4000L, 3L))
  expect_false(ours[2] == .Call(C_ffi_weighted_median, a$bx, a$sx, a$by, a$sy, w, 4000L, 4L)[2])
  expect_error(
    .Call(C_ffi_weighted_median, c(0, 1), c(0, 0), c(1, 1), c(1, 1), c(1, 1), 2L, 1L), class = "latentmr_error_nonfinite"
  )
})

test_that("too few variants, or one association for all, is said", {
  one <- list(bx = 2, sx = .1, by = 1, sy = .5)
  expect_equal(unlist(summary_ivw(one)[c("b", "se")]), c(b = .5, se = .25))
  expect_match(summary_egger(one)$note, "at least three")
  expect_match(summary_median(one, 1L)$note, "at least three")
  none <- list(bx = numeric(), sx = numeric(), by = numeric(), sy = numeric())
  expect_match(summary_ivw(none)$note, "no variant")
  same <- list(bx = c(1, 1, -1), sx = rep(.1, 3), by = c(1, 2, 3), sy = rep(1, 3))
  expect_match(summary_egger(same)$note, "one and the same")
})
