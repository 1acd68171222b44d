quiet <- function(code) suppressWarnings(suppressMessages(code))
with_chromosomes <- function(n = 300, cell = 9, ...) {
  d <- simulate_mr("snp", cell = cell, n = n, seed = 4, ...)
  d$variants$chr <- rep(c("1", "2", "X"), length.out = nrow(d$variants))
  d
}

# k-class on rows: controls stand among the regressors.
ref_kclass <- function(y, x, z, block, method) {
  r0 <- crossprod(ref_residual(cbind(y, x), block))
  r1 <- crossprod(ref_residual(cbind(y, x), cbind(block, z)))
  n <- length(y)
  K <- qr(block)$rank
  L <- qr(cbind(block, z))$rank - K
  liml <- min(eigen(solve(r1, r0))$values)
  kappa <- switch(method, latent_2sls = 1, latent_nagar = 1 + L / (n - K - L), latent_liml = liml, latent_fuller = liml - 1 / (n - K - L))
  m <- r0 - kappa * r1
  b <- m[1, 2] / m[2, 2]
  e <- function(r, s = b) r[1, 1] - 2 * s * r[1, 2] + s^2 * r[2, 2]
  tsls <- (r0 - r1)[1, 2] / (r0 - r1)[2, 2]
  j <- n * (e(r0, tsls) - e(r1, tsls)) / e(r0, tsls)
  se <- switch(method,
    latent_2sls = sqrt(e(r0) / (n - K - 1) / m[2, 2]),
    latent_nagar = ref_nagar_error(b, (r0 - r1)[2, 2], (r1 / (n - K - L))[2:1, 2:1], L, n - K - L), NA
  )
  c(b = b, se = se * if (method == "latent_2sls") 1 else sqrt(max(1, j / (L - 1))), L = L)
}

test_that("without a chromosome or a variant: its variants are regressors, on rows", {
  d <- with_chromosomes(missing = .03)
  fit <- quiet(latent_mr(d, seed = 1))
  z <- impute_genotypes(mr_genotypes(d), d$environment, fit$encoder)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  for (method in c("latent_2sls", "latent_nagar", "latent_liml", "latent_fuller")) {
    chromosomes <- leave_one_out(fit, "chromosome", method)
    expect_identical(chromosomes$SNP, c("1", "2", "X", "All"))
    for (i in 1:4) {
      control <- z[, d$variants$chr %in% chromosomes$SNP[i], drop = FALSE]
      ref <- ref_kclass(d$outcome, d$exposure, z, cbind(block, control), method)
      expect_equal(c(chromosomes$b[i], chromosomes$nsnp[i]), ref[c("b", "L")], tolerance = 1e-6, ignore_attr = TRUE)
      if (!is.na(ref[["se"]])) expect_equal(chromosomes$se[i], ref[["se"]], tolerance = 1e-6)
    }
  }
  every <- leave_one_out(fit, "variant")
  expect_identical(every$SNP, c(paste0("snp", 1:20), "All"))
  ref <- t(vapply(c(1, 20), function(j) ref_kclass(d$outcome, d$exposure, z, cbind(block, z[, j]), "latent_nagar"), numeric(3)))
  expect_equal(as.matrix(as.data.frame(every)[c(1, 20), c("b", "se", "nsnp")]), ref, tolerance = 1e-6, ignore_attr = TRUE)
  expect_equal(every$b[21], unname(ref_nagar(d$outcome, d$exposure, z, block)["b"]), tolerance = 1e-6)
  # From moments: the same numbers.
  sums <- quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), seed = 1))
  expect_equal(leave_one_out(sums, "variant")$b, every$b, tolerance = 1e-7)
})

test_that("columns are TwoSampleMR's, environments are those of the fit", {
  d <- with_chromosomes()
  fit <- quiet(latent_mr(d, seed = 1))
  out <- leave_one_out(fit)
  expect_identical(names(out), c("exposure", "outcome", "id.exposure", "id.outcome", "samplesize", "SNP", "b", "se", "p", "nsnp"))
  expect_identical(out$SNP, c(levels(d$environment), "All"))
  expect_equal(out$b, c(vapply(fit$leave_one_out, `[[`, 0, "b"), fit$estimates$latent_ujive$b), ignore_attr = TRUE)
  expect_identical(out$samplesize[1], length(d$exposure) - sum(d$environment == "site1") + 0)
  expect_snapshot(cat(strwrap(leave_one_out_words(leave_one_out(fit, "chromosome")), 80), sep = "\n"))
  expect_output(print(out), "Environment \"site")
  expect_output(print(out[1:2, ]), "samplesize")
})

test_that("what cannot be left out is said", {
  d <- with_chromosomes(n = 100)
  d$variants$chr <- "1"
  fit <- quiet(latent_mr(d, seed = 1, by_environment = FALSE))
  all <- leave_one_out(fit, "chromosome")
  expect_identical(is.na(all$b), c(TRUE, FALSE))
  expect_match(leave_one_out_words(all), "No estimate")
  fit$variants$chr[2] <- NA
  expect_conditions({
    leave_one_out(fit)
    leave_one_out(fit, "chromosome")
    leave_one_out(fit, "gene")
    leave_one_out(fit, "variant", method = "latent_ujive")
    leave_one_out(1)
  })
  fit$variants$chr <- NULL
  expect_error(leave_one_out(fit, "chromosome"), "`fit$variants$chr` must be", fixed = TRUE, class = "latentmr_error_object")
})

test_that("continuous instruments: two-stage least squares without each of them", {
  d <- simulate_mr("authors", n = 400, seed = 1)
  fit <- quiet(latent_mr(d, methods = "latent_2sls", by_environment = FALSE, seed = 1))
  z <- mr_genotypes(d)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = TRUE)
  out <- leave_one_out(fit, "variant")
  expect_identical(attr(out, "method"), "latent_2sls")
  ref <- ref_kclass(d$outcome, d$exposure, z, cbind(block, z[, 2]), "latent_2sls")
  expect_equal(c(out$b[2], out$se[2], out$nsnp[2]), unname(ref), tolerance = 1e-6)
  expect_match(violation_words(plausibly_exogenous(fit, .01)), "direct effects of the instruments")
})

test_that("robust Wu-Hausman and Basmann of the latent block are those of explicit columns", {
  d <- with_chromosomes()
  fit <- quiet(latent_mr(d, seed = 1))
  z <- mr_genotypes(d)
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  tests <- summary(fit)$diagnostics
  # Control function: the residual of the first stage among the regressors, HC1.
  v <- resid(lm(d$exposure ~ 0 + block + z))
  second <- lm(d$outcome ~ 0 + d$exposure + v + block)
  plain <- summary(second)$coefficients["v", "t value"]^2
  expect_equal(tests["Wu-Hausman", "statistic"], plain, tolerance = 1e-6)
  x <- model.matrix(second)[, !is.na(coef(second))]
  bread <- solve(crossprod(x))
  hc <- bread %*% crossprod(x * resid(second)) %*% bread * nrow(x) / (nrow(x) - ncol(x))
  at <- which(colnames(x) == "v")
  robust <- coef(second)[["v"]]^2 / hc[at, at]
  expect_equal(tests["Wu-Hausman (robust)", "statistic"], robust, tolerance = .01)
  L <- tests["Sargan", "df1"] + 1
  s <- tests["Sargan", "statistic"] / nrow(z)
  expect_equal(tests["Basmann", "statistic"], (nrow(z) - qr(block)$rank - L) * s / (1 - s), tolerance = 1e-6)
  # The same as a table, with the likelihood ratio: n log of LIML's kappa.
  over <- overid_test(fit)
  expect_identical(over$test, c("Sargan", "Basmann", "Basmann F", "Anderson-Rubin", "Hansen J"))
  expect_equal(over$statistic[c(1, 2, 5)], unname(tests[c("Sargan", "Basmann", "Hansen J"), "statistic"]))
  expect_equal(over$statistic[3], over$statistic[2] / (L - 1))
  yx <- cbind(d$outcome, d$exposure)
  r0 <- crossprod(ref_residual(yx, block))
  r1 <- crossprod(ref_residual(yx, cbind(block, z)))
  expect_equal(over$statistic[4], nrow(z) * log(min(eigen(solve(r1, r0))$values)), tolerance = 1e-6)
  expect_output(print(over), "agree on one effect as far as chance goes \\(Hansen's J p =")
  over$p.value <- c(.001, .2, .2, .2, NA)
  expect_match(overid_words(over), "disagree by more than chance \\(Sargan's J p = 0.0010")
  over$p.value <- NA
  expect_match(overid_words(over), "could not be tested")
  expect_output(print(over[2:3, ]), "Basmann F")
  expect_error(overid_test(1), class = "latentmr_error_argument")
})
