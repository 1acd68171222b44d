quiet <- function(code) suppressWarnings(suppressMessages(code))

# A cohort with age, a factor of three groups, and a covariate that follows ancestry.
covered <- function(n = 300) {
  d <- simulate_mr("snp", cell = 9, n = n, seed = 4, missing = .02)
  m <- length(d$exposure)
  set.seed(11)
  frame <- data.frame(age = rnorm(m), smoking = sample(c("ex", "never", "now"), m, TRUE), ancestry = d$truth$Q[, 1] + rnorm(m, 0, .1))
  coded <- code_covariates(as_covariates(frame))
  d$covariates <- coded$x
  d$covariate_coding <- coded$coding
  d
}

test_that("a covariate as outcome: regressions with it on the left and not on the right", {
  d <- covered()
  fit <- quiet(latent_mr(d, methods = c("latent_2sls", "latent_ujive"), seed = 1))
  table <- negative_control(fit, c("age", "smoking"), d, methods = c("ols", "2sls", "latent_2sls"))
  expect_identical(names(table), c(
    "id.exposure", "id.outcome", "outcome", "exposure", "method", "nsnp", "b", "se", "pval", "lo_ci", "up_ci", "df", "nobs",
    "estimator", "vcov", "ar_statistic", "ar_df1", "ar_df2", "ar_pval", "detectable", "verdict"
  ))
  expect_identical(table$outcome, rep(c("age", "smokingnever", "smokingnow"), each = 3))
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  structure <- list(ols = ref_dummies(d$environment), latent_2sls = ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact))
  structure$`2sls` <- structure$ols
  # Both dummies of the factor leave the block together.
  gone <- list(age = "age", smokingnow = c("smokingnever", "smokingnow"))
  for (control in names(gone)) {
    for (id in c("ols", "2sls", "latent_2sls")) {
      block <- cbind(structure[[id]], d$covariates[, setdiff(colnames(d$covariates), gone[[control]])])
      r <- ref_residual(cbind(d$covariates[, control], d$exposure, z), block)
      h <- if (id == "ols") r[, 2] else qr.fitted(qr(r[, -(1:2)]), r[, 2])
      row <- table[table$outcome == control & table$estimator == id, ]
      expect_equal(row$b, sum(h * r[, 1]) / sum(h * r[, 2]), tolerance = 1e-7)
      if (id == "ols") {
        expect_true(is.na(row$ar_pval))
      } else {
        left <- sum(qr.resid(qr(r[, -(1:2)]), r[, 1])^2)
        L <- qr(cbind(block, z))$rank - qr(block)$rank
        df <- nrow(r) - qr(block)$rank - L
        f <- (sum(r[, 1]^2) - left) / L / (left / df)
        expect_equal(c(row$ar_statistic, row$ar_df1, row$ar_df2), c(f, L, df), tolerance = 1e-7)
        expect_equal(row$ar_pval, pf(f, L, df, lower.tail = FALSE), tolerance = 1e-6)
      }
    }
  }
  expect_equal(table$detectable, 2.801585 * table$se, tolerance = 1e-6)
  # From moments, with nobody's row; the same covariate given as numbers stays among the covariates.
  sums <- quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), methods = c("latent_2sls", "latent_nagar"), seed = 1))
  from_sums <- negative_control(sums, "age", mr_moments(d, seed = 1, disclosure = FALSE), methods = "latent_2sls")
  expect_equal(from_sums$b, table$b[table$outcome == "age" & table$estimator == "latent_2sls"], tolerance = 1e-8)
  expect_identical(negative_control(sums, "age", mr_moments(d, seed = 1, disclosure = FALSE))$estimator, "latent_nagar")
})

test_that("verdicts: silence, effects and associations, corrected over the controls", {
  d <- covered()
  fit <- quiet(latent_mr(d, methods = c("latent_2sls", "latent_ujive"), seed = 1))
  n <- length(d$exposure)
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  set.seed(5)
  both <- data.frame(age = rnorm(n), score = drop(scale(z %*% d$truth$strength)) + rnorm(n), opposed = z[, 1] + z[, 2] + rnorm(n))
  table <- negative_control(fit, both, d, methods = "latent_2sls")
  expect_identical(table$outcome, names(both))
  expect_identical(table$verdict[1:2], c("silent", "effect"))
  expect_lt(table$ar_pval[3], 1e-8)
  expect_identical(table$verdict[3], if (p.adjust(table$pval, "holm")[3] < .05) "effect" else "association")
  expect_snapshot(print(table[1:2, ]))
  weak <- table
  weak$pval <- c(.03, .03, .9)
  weak$ar_pval <- c(.9, .9, .9)
  again <- negative_table(as.data.frame(unclass(weak))[setdiff(names(weak), c("detectable", "verdict"))])
  expect_identical(again$verdict, rep("silent", 3))
  # Joined by identifier: the order of the people does not matter.
  shuffled <- setNames(both$score, d$ids)[sample(n)]
  expect_identical(negative_control(fit, shuffled, d, methods = "latent_2sls")$b, table$b[2])
  # A table too; one without identifiers that was visibly sorted is taken as it stands, with a warning.
  at <- sample(n)
  frame <- `rownames<-`(both, d$ids)[at, ]
  columns <- c("outcome", "b", "se")
  expect_identical(negative_control(fit, frame, d, methods = "latent_2sls")[columns], table[columns])
  expect_identical(negative_control(fit, as.matrix(frame), d, methods = "latent_2sls")[columns], table[columns])
  expect_warning(
    negative_control(fit, both[at, ], d, methods = "ols"), "`outcome` has no identifiers and was sorted or cut",
    class = "latentmr_warning_ids"
  )
  expect_identical(negative_control(fit, both$score > 0, d, methods = "ols")$outcome, "both$score > 0")
})

test_that("iv_reg(): two-stage least squares of the control by hand", {
  set.seed(2)
  n <- 400
  z <- matrix(rnorm(2 * n), n)
  d <- data.frame(z1 = z[, 1], z2 = z[, 2], age = rnorm(n), sex = rbinom(n, 1, .5), bmi = 0)
  u <- rnorm(n)
  d$x <- d$z1 + .5 * d$z2 + u
  d$y <- d$x + u + d$age
  d$bmi <- d$z2 + rnorm(n)
  d$y[3] <- NA
  fit <- iv_reg(y ~ age + sex | x | z1 + z2, data = d, vcov = "HC1")
  table <- negative_control(fit, c("age", "bmi"), data = d)
  use <- d[-3, ]
  by_hand <- function(left, right) {
    w <- cbind(1, as.matrix(use[right]))
    r <- ref_residual(cbind(use[[left]], use$x, use$z1, use$z2), w)
    h <- qr.fitted(qr(r[, 3:4]), r[, 2])
    b <- sum(h * r[, 1]) / sum(h^2)
    e <- r[, 1] - b * r[, 2]
    c(b, sqrt(sum((h * e)^2) * nrow(r) / (nrow(r) - ncol(w) - 1)) / sum(h^2))
  }
  expect_equal(unlist(table[1, c("b", "se")], use.names = FALSE), by_hand("age", "sex"), tolerance = 1e-8)
  expect_equal(unlist(table[2, c("b", "se")], use.names = FALSE), by_hand("bmi", c("age", "sex")), tolerance = 1e-8)
  full <- lm(bmi ~ age + sex + z1 + z2, use)
  expect_equal(table$ar_statistic[2], anova(lm(bmi ~ age + sex, use), full)$F[2], tolerance = 1e-8)
  expect_identical(table$verdict, c("silent", "effect"))
  expect_equal(negative_control(fit, use$bmi)$b, table$b[2])
  # A matrix fit with clusters and two exposures.
  family <- sample(57, nrow(use), TRUE)
  exposures <- cbind(a = use$x, b = use$sex + use$z2)
  instruments <- cbind(use$z1, use$z2, use$bmi, rnorm(nrow(use)))
  two <- iv_fit(use$y, exposures, instruments, cbind(age = use$age, one = 1), vcov = "cluster", cluster = family)
  both <- negative_control(two, "age")
  again <- iv_fit(use$age, exposures, instruments, cbind(one = rep(1, nrow(use))), vcov = "cluster", cluster = family)
  expect_equal(both$b, unname(coef(again)[1:2]))
  expect_equal(both$lo_ci, unname(confint(again)[1:2, 1]))
  expect_identical(both$exposure, c("a", "b"))
  expect_identical(unique(both$vcov), "cluster")
})

test_that("several exposures: the control on both, in rows of their own", {
  d <- covered()
  z <- mr_genotypes(d)
  set.seed(6)
  n <- length(d$outcome)
  other <- drop(ifelse(is.na(z), 0, z) %*% rnorm(20)) + rnorm(n)
  age <- rnorm(n)
  two <- quiet(mr_data(z, cbind(ldl = d$exposure, hdl = other), d$outcome, d$environment, data.frame(age, sex = rep(0:1, length.out = n)), kind = "genotype"))
  fit <- quiet(latent_mr(two, methods = c("latent_2sls", "latent_outlier"), by_environment = FALSE, seed = 1))
  table <- negative_control(fit, "age", two)
  expect_identical(table$exposure, c("ldl", "hdl"))
  z <- impute_genotypes(z, two$environment, fit$encoder)
  block <- cbind(ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact), rep(0:1, length.out = n))
  r <- ref_residual(cbind(age, d$exposure, other, z), block)
  q <- qr(r[, -(1:3)], tol = 1e-6)
  hat <- qr.fitted(q, r[, 2:3])
  expect_equal(table$b, drop(solve(crossprod(hat), crossprod(hat, r[, 1]))), tolerance = 1e-6, ignore_attr = TRUE)
  left <- sum(qr.resid(q, r[, 1])^2)
  df <- n - qr(block)$rank - q$rank
  expect_equal(table$ar_statistic, rep((sum(r[, 1]^2) - left) / q$rank / (left / df), 2), tolerance = 1e-6)
  # Outlying variants are those of one exposure.
  expect_match(fit$estimates$latent_outlier$note, "no multivariable form")
  over <- overid_test(fit)
  e <- ref_residual(cbind(d$outcome - cbind(d$exposure, other) %*% fit$estimates$latent_2sls$b, z), cbind(block, age))
  fitted <- qr.fitted(qr(e[, -1], tol = 1e-6), e[, 1])
  expect_equal(over$statistic[1], n * sum(fitted^2) / sum(e[, 1]^2), tolerance = 1e-6)
})

test_that("what is no control is named", {
  d <- covered(100)
  fit <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  n <- length(d$exposure)
  sums <- mr_moments(d, seed = 1, disclosure = FALSE)
  expect_error(negative_control(fit, "age", d, methods = "2slss"), "mr_methods", class = "latentmr_error_argument")
  iv <- iv_fit(d$outcome, d$exposure, rnorm(n) + d$exposure, rep(1, n))
  expect_conditions({
    negative_control(fit, "age")
    negative_control(fit, "age", sums$blocks)
    negative_control(fit, "weight", d)
    negative_control(fit, "age", simulate_mr("snp", cell = 9, n = 50, seed = 1))
    negative_control(fit, rnorm(3), d)
    negative_control(fit, rep(1, n), d)
    negative_control(fit, c(NA, rnorm(n - 1)), d)
    negative_control(fit, rnorm(n), sums)
    negative_control(fit, data.frame(sex = factor(rep(1:2, length.out = n))), d)
    negative_control(fit, NULL, d)
    negative_control(1, "age")
    negative_control(iv, "age")
    negative_control(iv, "age", data = data.frame(sex = 1))
  })
})
