quiet <- function(code) suppressWarnings(suppressMessages(code))
cell_data <- function(cell = 3, n = 400, seed = 4, ...) simulate_mr("snp", cell = cell, n = n, seed = seed, ...)

mr_columns <- c("id.exposure", "id.outcome", "outcome", "exposure", "method", "nsnp", "b", "se", "pval")
more_columns <- c("lo_ci", "up_ci", "df", "nobs", "environment", "estimator", "vcov", "fstat", "fstat_type", "scale", "units", "note")

test_that("the frame starts with TwoSampleMR's nine columns", {
  fit <- quiet(latent_mr(cell_data(), seed = 1))
  frame <- as.data.frame(fit)
  expect_identical(names(frame), c(mr_columns, more_columns))
  expect_identical(unname(vapply(frame[1:9], class, "")), rep(c("character", "numeric"), c(5, 4)))
  expect_identical(
    frame$estimator,
    c("ols", "2sls", "2sls_structure", "latent_2sls", "latent_liml", "latent_ujive", "latent_reml", "latent_2sls_only")
  )
  expect_true(all(frame$environment == "pooled"))
  every <- as.data.frame(fit, environments = TRUE)
  expect_identical(names(every), names(frame))
  expect_identical(unique(every$environment), c("pooled", levels(cell_data()$environment)))
  half <- qt(.975, every$df) * every$se
  expect_equal(every$lo_ci, every$b - half)
  expect_equal(every$up_ci, every$b + half)
  expect_equal(every$pval, 2 * pt(-abs(every$b / every$se), every$df))
  expect_setequal(frame$df[frame$estimator %in% c("latent_liml", "latent_ujive", "latent_reml")], fit$latent$kclass$L - 1)
  tidied <- tidy(fit)
  expect_equal(tidied$p.value, 2 * pt(-abs(tidied$statistic), tidied$df))
  expect_equal(tidied$conf.high, tidied$estimate + qt(.975, tidied$df) * tidied$std.error)
  head <- frame[frame$estimator == fit$leading, ]
  expect_equal(unname(c(coef(fit), sqrt(vcov(fit)), confint(fit))), unlist(head[c("b", "se", "lo_ci", "up_ci")], use.names = FALSE))
  expect_identical(mr_methods()$name[match(frame$estimator, mr_methods()$id)], frame$method)
})

test_that("estimates are those of explicit regressions", {
  d <- cell_data(3, 500)
  fit <- quiet(latent_mr(d, seed = 1, methods = c("ols", "2sls", "latent_2sls", "latent_liml", "latent_nagar", "latent_ujive")))
  encoder <- fit$encoder
  z <- mr_genotypes(d)
  block <- ref_block(d$environment, z %*% encoder$variant, interact = fit$latent$part$interact)
  tsls <- function(block, z) {
    r <- ref_residual(cbind(d$outcome, d$exposure, z), block)
    h <- qr.fitted(qr(r[, -(1:2)]), r[, 2])
    sum(h * r[, 1]) / sum(h * r[, 2])
  }
  b <- setNames(as.data.frame(fit)$b, as.data.frame(fit)$estimator)
  expect_equal(b[["ols"]], unname(coef(lm(d$outcome ~ d$exposure + d$environment))[2]), tolerance = 1e-9)
  expect_equal(b[["2sls"]], tsls(ref_dummies(d$environment), z), tolerance = 1e-8)
  expect_equal(b[["latent_2sls"]], tsls(block, z), tolerance = 1e-8)
  expect_equal(b[["latent_nagar"]], unname(ref_nagar(d$outcome, d$exposure, z, block)["b"]), tolerance = 1e-7)
  # LIML as the smallest root of |R - kappa R1|.
  r <- ref_residual(cbind(d$outcome, d$exposure), block)
  r1 <- ref_residual(cbind(d$outcome, d$exposure), cbind(block, z))
  kappa <- min(eigen(solve(crossprod(r1), crossprod(r)))$values)
  m <- crossprod(r) - kappa * crossprod(r1)
  expect_equal(b[["latent_liml"]], m[2, 1] / m[2, 2], tolerance = 1e-7)
})

test_that("moments alone give the same estimates, with their own errors", {
  d <- cell_data(3, 500, missing = .03)
  rows <- as.data.frame(quiet(latent_mr(d, seed = 1)))
  fit <- quiet(latent_mr(mr_moments(d, folds = 5, seed = 3, disclosure = FALSE), seed = 1))
  sums <- as.data.frame(fit)
  both <- intersect(rows$estimator, sums$estimator)
  expect_setequal(both, c("ols", "2sls", "2sls_structure", "latent_2sls", "latent_liml", "latent_reml", "latent_2sls_only"))
  expect_equal(rows$b[match(both, rows$estimator)], sums$b[match(both, sums$estimator)], tolerance = 1e-8)
  expect_identical(sums$vcov[sums$estimator == "latent_nagar"], "many")
  expect_identical(unique(sums$vcov[sums$estimator %in% c("ols", "2sls")]), "iid")
  expect_true(is.na(fit$diagnostics$f_effective))
  expect_match(fit$diagnostics$f_effective_note, "rows")
})

test_that("two halves of a cohort, combined, are the whole", {
  d <- cell_data(3, 500, missing = .03)
  half <- rep(c(TRUE, FALSE), length.out = length(d$exposure))
  together <- combine_moments(mr_moments(mr_subset(d, half), seed = 1, disclosure = FALSE), mr_moments(mr_subset(d, !half), seed = 2, disclosure = FALSE))
  a <- as.data.frame(quiet(latent_mr(together, seed = 1)))
  b <- as.data.frame(quiet(latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), seed = 1)))
  expect_equal(a$b, b$b, tolerance = 1e-8)
  expect_equal(a$se, b$se, tolerance = 1e-8)
})

test_that("Nagar's error from moments is no matter of luck: that of UJIVE on rows, whatever the folds", {
  d <- cell_data(3, 500)
  rows <- quiet(latent_mr(d, methods = "latent_ujive", by_environment = FALSE, seed = 1))$estimates$latent_ujive
  se <- vapply(1:3, function(seed) {
    m <- mr_moments(d, folds = 10, seed = seed, disclosure = FALSE)
    quiet(latent_mr(m, methods = "latent_nagar", by_environment = FALSE, seed = 1))$estimates$latent_nagar$se_plain
  }, 0)
  expect_equal(se[2:3], se[c(1, 1)], tolerance = 1e-8)
  expect_equal(se[1], rows$se_plain, tolerance = .05)
  # Clusters are whole in a fold: the error of the folds where it is larger.
  d$cluster <- factor(rep(1:100, length.out = length(d$outcome)))
  d$outcome <- d$outcome + 3 * rnorm(100)[d$cluster]
  m <- mr_moments(d, folds = 10, seed = 1, disclosure = FALSE)
  e <- quiet(latent_mr(m, methods = "latent_nagar", by_environment = FALSE, seed = 1))$estimates$latent_nagar
  alone <- m
  alone$clustered <- FALSE
  plain <- quiet(latent_mr(alone, methods = "latent_nagar", by_environment = FALSE, seed = 1))$estimates$latent_nagar
  expect_identical(e$se_plain, max(plain$se_plain, e$jackknife$se))
  expect_identical(e$vcov, if (e$jackknife$se > plain$se_plain) "jackknife" else "many")
})

test_that("folds that disagree with Nagar's error are said", {
  fit <- list(estimates = list(latent_nagar = list(vcov = "many", se_plain = .1, jackknife = list(se = .18, df = 9))))
  expect_match(warning_rules$folds_disagree(fit), "1.8 times as large by folds of people")
  fit$estimates$latent_nagar$jackknife$se <- .17
  expect_null(warning_rules$folds_disagree(fit))
  expect_gt(9 * 1.8^2, qchisq(.999, 9))
  expect_lt(9 * 1.7^2, qchisq(.999, 9))
})

test_that("the jackknife error is that of leaving folds out by hand", {
  d <- cell_data(9, 300)
  m <- mr_moments(d, folds = 4, seed = 2, disclosure = FALSE)
  fit <- quiet(latent_mr(m, seed = 1))
  encoder <- fit$encoder
  part <- fit$latent$part
  blocks <- draw_blocks(d$environment, NULL, 4L, 2L)
  ids <- split(blocks$order + 1L, rep(blocks$table$fold, blocks$table$n))
  b <- vapply(ids, function(out) {
    s <- mr_subset(d, setdiff(seq_along(d$exposure), out))
    z <- mr_genotypes(s)
    unname(ref_nagar(s$outcome, s$exposure, z, ref_block(s$environment, z %*% encoder$variant, interact = part$interact))["b"])
  }, 0)
  se <- sqrt(3 / 4 * sum((b - mean(b))^2))
  expect_equal(fit$estimates$latent_nagar$jackknife, list(se = se, df = 3), tolerance = 1e-6)
})

test_that("allele counts, HSIC and Q are those of base R and explicit sums", {
  d <- cell_data(3, 300, missing = .02)
  set.seed(3)
  covariate <- mr_genotypes(d)[, 1]
  covariate[is.na(covariate)] <- 0
  d$covariates <- cbind(age = covariate + rnorm(length(covariate)), sex = rnorm(length(covariate)))
  fit <- quiet(latent_mr(d, seed = 1))
  z <- mr_genotypes(d)
  by_hand <- vapply(1:4, function(j) {
    counts <- table(factor(rep(d$environment, 2)), unlist(lapply(1:2, function(h) ifelse(z[, j] >= h, 1, 0))))
    unname(suppressWarnings(chisq.test(counts))$statistic)
  }, 0)
  expect_equal(fit$diagnostics$per_variant$statistic[1:4], by_hand, tolerance = 1e-8)
  expect_equal(fit$diagnostics$per_variant$p_holm, p.adjust(fit$diagnostics$per_variant$pval, "holm"))
  expect_equal(fit$diagnostics$change[["statistic"]], sum(fit$diagnostics$per_variant$statistic))

  x <- impute_genotypes(z, d$environment, fit$encoder)
  v <- x %*% fit$encoder$variant
  directions <- instrument_directions(fit$encoder)
  within <- function(a) {
    for (e in levels(d$environment)) {
      i <- d$environment == e
      a[i, ] <- ref_residual(a[i, , drop = FALSE], cbind(1, v[i, , drop = FALSE]))
    }
    a
  }
  ref <- ref_linear_hsic(within(x %*% directions), within(d$covariates), d$environment)
  expect_equal(unname(fit$diagnostics$hsic_covariates[c("statistic", "pval")]), ref, tolerance = 1e-6)
  expect_lt(ref[2], 1e-6)
  view <- moments_view(mr_moments(d, seed = 1, disclosure = FALSE))
  sex <- linear_hsic(view, fit$latent$part, directions, view$columns$covariates[2])
  ref <- ref_linear_hsic(within(x %*% directions), within(d$covariates[, 2, drop = FALSE]), d$environment)
  expect_equal(unname(sex[c("statistic", "pval")]), ref, tolerance = 1e-6)
  expect_gt(ref[2], 1e-3)

  q <- fit$diagnostics$q
  e <- fit$diagnostics$environments
  df <- vapply(fit$by_environment, function(x) x$latent_ujive$df, 0)
  w <- (qnorm(.975) / (qt(.975, df) * e$se))^2
  expect_equal(q[["Q"]], sum(w * (e$b - sum(w * e$b) / sum(w))^2))
  expect_equal(q[["I2"]], max(0, 1 - (nrow(e) - 1) / q[["Q"]]))
  expect_equal(sum(e$weight), 1)
})

test_that("an environment's row is its own regression, leave-one-out is the rest", {
  d <- cell_data(9, 400)
  fit <- quiet(latent_mr(d, seed = 1, methods = "latent_2sls"))
  one <- mr_subset(d, d$environment == "site2")
  z <- mr_genotypes(one)
  block <- cbind(1, z %*% fit$encoder$variant)
  r <- ref_residual(cbind(one$outcome, one$exposure, z), block)
  h <- qr.fitted(qr(r[, -(1:2)]), r[, 2])
  got <- as.data.frame(fit, environments = TRUE)
  expect_equal(got$b[got$environment == "site2" & got$estimator == "latent_2sls"], sum(h * r[, 1]) / sum(h * r[, 2]), tolerance = 1e-8)
  rest <- mr_subset(d, d$environment != "site2")
  z <- mr_genotypes(rest)
  block <- ref_block(rest$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  r <- ref_residual(cbind(rest$outcome, rest$exposure, z), block)
  h <- qr.fitted(qr(r[, -(1:2)]), r[, 2])
  expect_equal(fit$leave_one_out$site2$b, sum(h * r[, 1]) / sum(h * r[, 2]), tolerance = 1e-8)
})

test_that("clusters: errors are clustered and folds keep them whole", {
  d <- cell_data(9, 300)
  d$cluster <- factor(rep(seq_len(length(d$exposure) / 2), each = 2))
  fit <- quiet(latent_mr(d, seed = 1))
  expect_true(all(as.data.frame(fit)$vcov[1:4] == "cluster"))
  expect_true(mr_moments(d, seed = 1, disclosure = FALSE)$clustered)
})

test_that("confounding by structure is removed, bias of the usual estimators is not", {
  b <- vapply(1:4, function(seed) {
    fit <- quiet(latent_mr(cell_data(1, 1000, seed), seed = 1, methods = c("ols", "2sls", "latent_reml", "latent_ujive")))
    as.data.frame(fit)$b
  }, numeric(4))
  off <- rowMeans(b) - .3
  expect_gt(off[1], .2)
  expect_gt(off[2], .15)
  expect_lt(abs(off[3]), .08)
  expect_lt(abs(off[4]), .08)
})

test_that("published design, linear mixing: near the oracle", {
  for (environments in 2:3) {
    d <- simulate_mr("authors", mixing = "poly1", environments = environments, n = 5000, seed = 3)
    fit <- quiet(latent_mr(d, seed = 1))
    frame <- as.data.frame(fit)
    expect_identical(fit$headline, "latent_2sls")
    expect_lt(abs(frame$b[frame$estimator == "latent_2sls"] - 1), .04)
    expect_gt(frame$b[frame$estimator == "2sls"] - 1, .2)
  }
})

test_that("what does not identify is refused, and can be forced", {
  set.seed(1)
  n <- 400
  z <- matrix(rnorm(n * 4), n)
  same <- mr_data(z, z[, 1] + rnorm(n), rnorm(n), rep(c("a", "b"), n / 2), kind = "continuous")
  single <- mr_data(z, z[, 1] + rnorm(n), rnorm(n), rep("a", n), kind = "continuous")
  g <- matrix(rbinom(n * 8, 2, .3), n)
  one <- mr_data(g, g[, 1] + rnorm(n), rnorm(n), rep("a", n), kind = "genotype")
  few <- mr_data(g[, 1:2], g[, 1] + rnorm(n), rnorm(n), rep(c("a", "b"), n / 2), kind = "genotype")
  expect_conditions({
    latent_mr(same, seed = 1)
    latent_mr(single, seed = 1)
    latent_mr(one, seed = 1)
    latent_mr(few, seed = 1)
  })
  expect_error(latent_mr(one, seed = 1), class = "latentmr_error_unidentified")
  forced <- quiet(latent_mr(one, seed = 1, force = TRUE))
  expect_match(forced$warnings[1], "Not identified, forced")
})

test_that("one linked region is flagged", {
  d <- cell_data(3, 300)
  z <- mr_genotypes(d)
  linked <- cbind(z[, 1:10], vapply(1:20, function(i) ifelse(runif(nrow(z)) < .8, z[, 11], z[, 12]), numeric(nrow(z))))
  data <- quiet(mr_data(linked, d$exposure, d$outcome, d$environment, kind = "genotype"))
  fit <- quiet(latent_mr(data, seed = 1))
  expect_match(paste(fit$warnings, collapse = " "), "Not identified from this panel alone: one linkage-disequilibrium block")
  region <- simulate_cohort("chr21", n = 200, sites = 5, admixed = FALSE, variants = 20, seed = 1)
  expect_match(paste(quiet(latent_mr(region, seed = 1, by_environment = FALSE))$warnings, collapse = " "), "one region of the genome")
})

test_that("weak instruments: a set takes the interval's place", {
  d <- cell_data(15, 100)
  fit <- quiet(latent_mr(d, seed = 1))
  expect_lt(fit$diagnostics$f, 5)
  expect_output(print(summary(fit)), "quote the interval valid with\\s+weak instruments, weakiv_set")
  expect_output(print(fit), "no point estimate, the instruments are weak")
  set <- ar_set(fit)
  expect_named(set, c("ci_type", "lo", "up", "level"))
  expect_identical(weakiv_set(fit, "AR")[names(set)], set)
  expect_identical(weakiv_test(fit, 0)$test, c("AR", "LM", "CLR"))
  expect_true(fit$diagnostics$ar$ci_type[1] %in% c("interval", "rays", "line", "empty"))
})

test_that("tidy, glance and summary have their names", {
  fit <- quiet(latent_mr(cell_data(), seed = 1))
  expect_identical(names(tidy(fit))[1:9], c("term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high", "df", "outcome"))
  expect_true(all(c("nobs", "statistic.weakinst", "p.value.weakinst", "statistic.overid", "p.value.overid") %in% names(glance(fit))))
  s <- summary(fit)
  expect_identical(colnames(s$diagnostics), c("df1", "df2", "statistic", "p-value"))
  expect_output(print(s), "Diagnostics of the latent block")
  p <- plot(fit)
  expect_s3_class(p, "ggplot")
  expect_true(all(c("All people", "Each environment", "One left out") %in% p$data$group))
  expect_silent(ggplot2::ggplot_build(p))
})

test_that("the same seed gives the same numbers", {
  d <- cell_data(9, 200)
  expect_identical(as.data.frame(quiet(latent_mr(d, seed = 7))), as.data.frame(quiet(latent_mr(d, seed = 7))))
})

test_that("the print is a page; messages name the argument", {
  fit <- quiet(latent_mr(cell_data(3, 500), seed = 1))
  expect_snapshot(print(fit))
  d <- cell_data(9, 200)
  expect_conditions({
    latent_mr("a")
    latent_mr(d, methods = "2slss")
    latent_mr(d, methods = 3)
    latent_mr(d, methods = data.frame(x = 1))
    latent_mr(d, level = 1)
    latent_mr(d, force = NA)
    latent_mr(mr_moments(d, seed = 1, disclosure = FALSE), methods = "latent_ujive")
  })
})
