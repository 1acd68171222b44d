# Variance components against lme4 (REML): groups, and relatedness with the factor of the
# matrix as the columns of a random effect.
mixed_components <- LatentMR:::mixed_components

mixed_case <- function(n = 120, size = 4, seed = 1) {
  set.seed(seed)
  z <- scale(matrix(rbinom(n * 60, 2, .3), n))
  group <- rep(seq_len(n / size), each = size)
  list(
    y = drop(z %*% rnorm(60)) / 10 + rnorm(n / size, sd = .6)[group] + rnorm(n), w = cbind(1, rnorm(n)),
    terms = list(background = tcrossprod(z) / 60, cluster = group)
  )
}

test_that("an animal model as lme4 has it where groups are the only term", {
  skip_if_not_installed("lme4")
  set.seed(8)
  group <- rep(1:30, times = sample(1:6, 30, TRUE))
  x <- rnorm(length(group))
  y <- .5 * x + rnorm(30)[group] + rnorm(length(group))
  theirs <- as.data.frame(lme4::VarCorr(lme4::lmer(y ~ x + (1 | group))))$vcov
  expect_equal(unname(mixed_components(y, cbind(1, x), list(cluster = group))$variance), theirs, tolerance = 1e-3)
})

test_that("relatedness and groups as lme4 has them with the factor of the matrix as its columns", {
  skip_if_not_installed("lme4")
  case <- mixed_case(200)
  d <- data.frame(y = case$y, w = case$w[, 2], id = factor(seq_len(200)), group = factor(case$terms$cluster))
  loose <- lme4::lmerControl(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore")
  parsed <- lme4::lFormula(y ~ w + (1 | id) + (1 | group), d, REML = TRUE, control = loose)
  expect_identical(names(parsed$reTrms$Ztlist)[1], "1 | id")
  parsed$reTrms$Zt[1:200, ] <- Matrix::Matrix(chol(case$terms$background + 1e-10 * diag(200)), sparse = TRUE)
  deviance <- do.call(lme4::mkLmerDevfun, parsed)
  fit <- lme4::mkMerMod(environment(deviance), lme4::optimizeLmer(deviance), parsed$reTrms, fr = parsed$fr)
  theirs <- as.data.frame(lme4::VarCorr(fit))$vcov
  expect_equal(unname(mixed_components(case$y, case$w, case$terms)$variance), theirs, tolerance = 1e-3)
})

test_that("both terms as gaston's average information has them on the same matrices", {
  skip_if_not_installed("gaston")
  for (n in c(200, 400)) {
    case <- mixed_case(n, seed = n)
    same <- outer(case$terms$cluster, case$terms$cluster, "==") + 0
    theirs <- gaston::lmm.aireml(
      case$y, case$w, K = list(case$terms$background, same), verbose = FALSE, eps = 1e-8, max_iter = 200L, get.P = FALSE
    )
    ours <- mixed_components(case$y, case$w, case$terms)
    expect_equal(unname(ours$variance), c(theirs$tau, theirs$sigma2), tolerance = 1e-3)
  }
})
