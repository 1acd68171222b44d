# C statistics and Durbin-Wu-Hausman of subsets, against the formulas with dense projections.

gear <- data.frame(iv_design(n = 150, L = 4, k = 2, K = 3, seed = 4)[c("y", "x", "z", "w")])
gear$g <- rep(1:15, 10)
fit <- iv_reg(y ~ w.w1 + w.w2 | x.x1 + x.x2 | z.z1 + z.z2 + z.z3 + z.z4, gear)

# Written down from the definition: residuals e of 2SLS with instruments Z, S of the whole moments,
# J(Z) = min g'S^-1 g by generalized least squares, J of some of them with the rows and columns of S.
gmm_distance <- function(y, X, Z, some, S) {
  J <- function(take) {
    inverse <- solve(S[take, take])
    A <- crossprod(Z[, take], X)
    g <- crossprod(Z[, take], y)
    b <- solve(t(A) %*% inverse %*% A, t(A) %*% inverse %*% g)
    drop(t(g - A %*% b) %*% inverse %*% (g - A %*% b))
  }
  c(all = J(seq_len(ncol(Z))), some = J(some))
}

two_stage <- function(y, X, Z) {
  P <- Z %*% solve(crossprod(Z), t(Z))
  drop(y - X %*% solve(t(X) %*% P %*% X, t(X) %*% P %*% y))
}

sums <- function(m, g) if (is.null(g)) m else rowsum(m, g)

parts <- function(d) {
  list(
    y = d$y, X = cbind(1, d$w.w1, d$w.w2, d$x.x1, d$x.x2), Z = cbind(1, as.matrix(d[c("w.w1", "w.w2", paste0("z.z", 1:4))]))
  )
}

test_that("C statistics of some instruments, and of an exogenous regressor", {
  p <- parts(gear)
  e <- two_stage(p$y, p$X, p$Z)
  cases <- list(list("z.z4", 7L), list(c("z.z1", "z.z3"), c(4L, 6L)), list("w.w1", 2L), list(c("w.w2", "z.z2"), c(3L, 5L)))
  for (case in cases) {
    stay <- setdiff(1:7, case[[2]])
    iid <- gmm_distance(p$y, p$X, p$Z, stay, crossprod(p$Z) * mean(e^2))
    for (g in list(NULL, gear$g)) {
      got <- overid_test(fit, instruments = case[[1]], cluster = g)
      rows <- got[got$test %in% c("C (Sargan)", "C (Hansen)"), ]
      robust <- gmm_distance(p$y, p$X, p$Z, stay, crossprod(sums(p$Z * e, g)))
      expect_equal(rows$statistic, unname(c(iid[1] - iid[2], robust[1] - robust[2])), tolerance = 1e-8)
      expect_equal(got$statistic[match(c("Sargan", "Hansen J"), got$test)], unname(c(iid[1], robust[1])), tolerance = 1e-8)
      expect_identical(rows$df1, rep(as.double(length(case[[2]])), 2))
      expect_equal(rows$p.value, pchisq(rows$statistic, length(case[[2]]), lower.tail = FALSE))
    }
  }
  # the suspects' own statistic does not depend on who else is fitted: LIML's differs by its residuals only
  liml <- iv_reg(y ~ w.w1 + w.w2 | x.x1 + x.x2 | z.z1 + z.z2 + z.z3 + z.z4, gear, "liml")
  expect_equal(
    overid_test(liml, instruments = "z.z4")$statistic[6] * liml$rss,
    overid_test(fit, instruments = "z.z4")$statistic[5] * fit$rss, tolerance = 1e-10
  )
  # weights: all rows multiplied by their roots
  gear$k <- rep(c(.5, 1, 2), 50)
  weighted <- overid_test(iv_reg(y ~ w.w1 + w.w2 | x.x1 + x.x2 | z.z1 + z.z2 + z.z3 + z.z4, gear, weights = k), instruments = "z.z4")
  p <- lapply(p, `*`, sqrt(gear$k))
  e <- two_stage(p$y, p$X, p$Z)
  robust <- gmm_distance(p$y, p$X, p$Z, 1:6, crossprod(p$Z * e))
  expect_equal(weighted$statistic[weighted$test == "C (Hansen)"], unname(robust[1] - robust[2]), tolerance = 1e-8)
})

test_that("Durbin, Wu-Hausman and C of some endogenous regressors", {
  p <- parts(gear)
  for (case in list(list("x.x1", 4L), list("x.x2", 5L), list(c("x.x1", "x.x2"), 4:5))) {
    more <- cbind(p$Z, p$X[, case[[2]], drop = FALSE])
    e <- two_stage(p$y, p$X, more)
    q <- length(case[[2]])
    iid <- gmm_distance(p$y, p$X, more, 1:7, crossprod(more))
    difference <- iid[[1]] - iid[[2]]
    for (g in list(NULL, gear$g)) {
      robust <- gmm_distance(p$y, p$X, more, 1:7, crossprod(sums(more * e, g)))
      got <- endogeneity_test(fit, case[[1]], cluster = g)
      expect_equal(got$statistic[3], robust[[1]] - robust[[2]], tolerance = 1e-7)
      expect_equal(got$statistic[1:2], c(
        difference / mean(e^2), difference / q / ((sum(e^2) - difference) / (150 - 5 - q))
      ), tolerance = 1e-8)
      expect_equal(got$df1, rep(q, 3))
      expect_equal(got$p.value, c(
        pchisq(got$statistic[1], q, lower.tail = FALSE), pf(got$statistic[2], q, 145 - q, lower.tail = FALSE),
        pchisq(got$statistic[3], q, lower.tail = FALSE)
      ))
    }
    # 7 clusters are fewer than all moments, not fewer than those that are left after the covariates
    few <- rep_len(1:7, 150)
    M <- diag(150) - p$Z[, 1:3] %*% solve(crossprod(p$Z[, 1:3]), t(p$Z[, 1:3]))
    inner <- M %*% cbind(p$Z[, 4:7], p$X[, case[[2]], drop = FALSE])
    robust <- gmm_distance(drop(M %*% p$y), M %*% p$X[, 4:5], inner, 1:4, crossprod(rowsum(inner * e, few)))
    expect_equal(endogeneity_test(fit, case[[1]], cluster = few)$statistic[3], robust[[1]] - robust[[2]], tolerance = 1e-7)
  }
  # of all of them Wu-Hausman is that of summary()
  expect_equal(endogeneity_test(fit)$statistic[2], fit$diagnostics["Wu-Hausman", 3], tolerance = 1e-10)
  expect_equal(endogeneity_test(fit)$p.value[2], fit$diagnostics["Wu-Hausman", 4], tolerance = 1e-10)
  gear$k <- rep(c(.5, 1, 2), 50)
  weighted <- iv_reg(y ~ w.w1 + w.w2 | x.x1 + x.x2 | z.z1 + z.z2 + z.z3 + z.z4, gear, weights = k)
  expect_equal(endogeneity_test(weighted)$statistic[2], weighted$diagnostics["Wu-Hausman", 3], tolerance = 1e-10)
  matrices <- iv_fit(gear$y, gear[c("x.x1", "x.x2")], gear[paste0("z.z", 1:4)], cbind(1, gear$w.w1, gear$w.w2), "liml")
  expect_equal(endogeneity_test(matrices, "x.x2"), endogeneity_test(fit, "x.x2"), tolerance = 1e-10)
})

test_that("what cannot be tested is refused, or NA", {
  expect_condition_text(
    overid_test(fit, instruments = "z.z9"), "latentmr_error_argument",
    "`instruments` must be NULL or some of \"z.z1\", \"z.z2\", \"z.z3\", \"z.z4\", \"w.w1\", \"w.w2\", not \"z.z9\"."
  )
  expect_condition_text(
    overid_test(fit, instruments = paste0("z.z", 1:3)), "latentmr_error_argument",
    paste0(
      "`instruments` must be few enough that the others identify the effects, not a character vector of length 3.\n",
      "i The test takes the others for granted: they must be as many as the endogenous regressors, and move them."
    )
  )
  expect_error(overid_test(fit, instruments = c("z.z1", "z.z1")), class = "latentmr_error_argument")
  expect_error(overid_test(fit, instruments = character()), class = "latentmr_error_argument")
  expect_condition_text(
    endogeneity_test(fit, "w.w1"), "latentmr_error_argument",
    "`terms` must be NULL or some of the endogenous regressors, \"x.x1\", \"x.x2\", not \"w.w1\"."
  )
  expect_error(endogeneity_test(iv_reg(y ~ w.w1, gear, "ols")), class = "latentmr_error_argument")
  expect_error(endogeneity_test(1), class = "latentmr_error_argument")
  expect_error(endogeneity_test(fit, type = 1), class = "latentmr_error_argument")
  # a dependent instrument is not among those that count; three clusters are too few
  gear$copy <- gear$z.z1
  expect_error(
    overid_test(iv_reg(y ~ 1 | x.x1 | z.z1 + z.z2 + copy, gear), instruments = "copy"), class = "latentmr_error_argument"
  )
  # enough in number, but one that moves nothing
  gear$still <- resid(lm(z.z2 ~ x.x1 + z.z1, gear))
  expect_error(
    overid_test(iv_reg(y ~ 1 | x.x1 | z.z1 + still, gear), instruments = "z.z1"), "few enough", class = "latentmr_error_argument"
  )
  few <- overid_test(fit, instruments = "z.z4", cluster = rep(1:3, 50))
  expect_identical(is.na(few$p.value), few$test %in% c("Hansen J", "C (Hansen)"))
  expect_identical(is.na(endogeneity_test(fit, cluster = rep(1:3, 50))$p.value), c(FALSE, FALSE, TRUE))
})
