# Direction, sensitivity, negative controls and leave-one-out against the packages
# that have a part of them.

quiet <- function(code) suppressWarnings(suppressMessages(code))

test_that("cocor: Steiger's z of dependent correlations that share a variable", {
  skip_if_not_installed("cocor")
  routine <- getFromNamespace("C_ffi_steiger", "LatentMR")
  z <- function(...) .Call(routine, ...)
  set.seed(1)
  for (i in 1:200) {
    r <- stats::cov2cor(crossprod(matrix(rnorm(12), 4)))
    # Signs so that the two are compared in absolute value.
    r <- r * outer(sign(r[1, ]), sign(r[1, ]))
    n <- sample(10:500, 1)
    theirs <- cocor::cocor.dep.groups.overlap(r[1, 2], r[1, 3], r[2, 3], n, test = "steiger1980")
    expect_equal(z(r[1, 2], r[1, 3], r[2, 3], n - 3), theirs@steiger1980$statistic, tolerance = 1e-9)
  }
})

test_that("ivreg: the union of intervals is that of its refits, the negative control its fit", {
  skip_if_not_installed("ivreg")
  set.seed(2)
  for (i in 1:20) {
    n <- 200
    L <- sample(1:4, 1)
    z <- matrix(rnorm(n * L), n, dimnames = list(NULL, paste0("z", seq_len(L))))
    d <- data.frame(z, w = rnorm(n), v = rnorm(n))
    d$x <- rowSums(z) + d$w + rnorm(n)
    d$y <- d$x + rnorm(n)
    right <- paste(colnames(z), collapse = "+")
    formula <- stats::as.formula(paste("y ~ x + w + v | w + v +", right))
    fit <- iv_reg(formula, data = d)
    delta <- runif(L, 0, .2)
    corners <- as.matrix(expand.grid(Map(c, -delta, delta)))
    ends <- apply(corners, 1, function(g) {
      e <- d
      e$y <- d$y - drop(z %*% g)
      theirs <- ivreg::ivreg(formula, data = e)
      coef(theirs)[["x"]] + c(-1, 1) * stats::qt(.975, theirs$df.residual) * sqrt(vcov(theirs)["x", "x"])
    })
    ours <- plausibly_exogenous(fit, delta)
    expect_equal(c(ours$lo_ci[5], ours$up_ci[5]), c(min(ends[1, ]), max(ends[2, ])), tolerance = 1e-6)
    control <- ivreg::ivreg(stats::as.formula(paste("v ~ x + w | w +", right)), data = d)
    mine <- negative_control(fit, "v")
    expect_equal(c(mine$b, mine$se), c(coef(control)[["x"]], sqrt(vcov(control)["x", "x"])), tolerance = 1e-6)
  }
})

test_that("TwoSampleMR: its plot runs on leave-one-out tables, its frames take our rows", {
  skip_if_not_installed("TwoSampleMR")
  d <- simulate_mr("snp", cell = 3, n = 300, seed = 2)
  d$variants$chr <- rep(1:5, each = 10)
  d$covariates <- cbind(age = seq_along(d$exposure) %% 31)
  d["covariate_coding"] <- list(NULL)
  fit <- quiet(latent_mr(d, seed = 1))
  for (over in c("environment", "chromosome", "variant")) {
    expect_s3_class(quiet(TwoSampleMR::mr_leaveoneout_plot(leave_one_out(fit, over)))[[1]], "ggplot")
  }
  mr <- quiet(TwoSampleMR::mr(as_twosample(fit), method_list = "mr_ivw"))
  control <- negative_control(fit, "age", d)
  expect_identical(names(control)[1:9], names(mr))
  expect_identical(nrow(rbind(mr, as.data.frame(control)[names(mr)])), 2L)
  direction <- direction_test(fit)
  expect_identical(
    names(direction$direction)[1:8],
    c("id.exposure", "id.outcome", "exposure", "outcome", "snp_r2.exposure", "snp_r2.outcome", "correct_causal_direction", "steiger_pval")
  )
})
