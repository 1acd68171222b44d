quiet <- function(code) suppressWarnings(suppressMessages(code))
summary_ids <- c("ivw_fixed", "ivw", "egger", "weighted_median")
panel_data <- function(n = 120, seed = 4, ...) simulate_mr("snp", cell = 3, n = n, seed = seed, ...)
panel_fit <- function(..., methods = "latent_2sls") {
  quiet(latent_mr(panel_data(...), methods = methods, by_environment = FALSE, seed = 1))
}

# lm() of exposure and outcome on every variant and explicit columns of the block.
lm_associations <- function(data, z, block) {
  rows <- lapply(seq_len(ncol(z)), function(j) {
    x <- summary(lm(data$exposure ~ z[, j] + block - 1))$coefficients[1, ]
    y <- summary(lm(data$outcome ~ z[, j] + block - 1))$coefficients[1, ]
    c(x[c(1, 2, 4)], y[c(1, 2, 4)])
  })
  out <- do.call(rbind, rows)
  colnames(out) <- c("beta.exposure", "se.exposure", "pval.exposure", "beta.outcome", "se.outcome", "pval.outcome")
  out
}

expect_associations <- function(frame, reference, tolerance = 1e-8) {
  for (name in colnames(reference)) expect_equal(frame[[name]], unname(reference[, name]), tolerance = tolerance, label = name)
}

test_that("associations are lm() of every variant on explicit columns", {
  d <- panel_data(missing = .03)
  set.seed(3)
  n <- length(d$exposure)
  d$covariates <- cbind(age = rnorm(n), sex = rbinom(n, 1, .5))
  fit <- quiet(latent_mr(d, seed = 1, by_environment = FALSE))
  expect_gt(ncol(fit$encoder$variant), 0)
  z <- mr_genotypes(d)
  for (e in levels(d$environment)) {
    for (j in seq_len(ncol(z))) {
      i <- d$environment == e
      z[i & is.na(z[, j]), j] <- mean(z[i, j], na.rm = TRUE)
    }
  }
  block <- ref_block(d$environment, z %*% fit$encoder$variant, d$covariates, interact = fit$latent$part$interact)
  frame <- as_twosample(fit)
  expect_associations(frame, lm_associations(d, z, block))
  expect_equal(frame$eaf.exposure, unname(colMeans(z)) / 2, tolerance = 1e-10)
  expect_true(all(frame$samplesize.outcome == n))
  from_moments <- as_twosample(quiet(latent_mr(mr_moments(d, seed = 2, disclosure = FALSE), seed = 1, by_environment = FALSE)))
  expect_equal(from_moments, frame, tolerance = 1e-7)
})

test_that("structure mode: the structure columns with their slopes are adjusted for", {
  d <- panel_data()
  set.seed(5)
  z <- mr_genotypes(d)
  d$structure <- cbind(PC1 = z[, 1] - z[, 2] + rnorm(nrow(z)), PC2 = rnorm(nrow(z)))
  d$structure_includes_instruments <- FALSE
  fit <- quiet(latent_mr(d, seed = 1, by_environment = FALSE))
  expect_identical(fit$mode, "structure")
  v <- z %*% fit$encoder$variant
  block <- ref_block(d$environment, v, s = d$structure, interact = fit$latent$part$interact)
  expect_associations(as_twosample(fit), lm_associations(d, z, block))
})

test_that("columns, order and classes are those of harmonise_data()", {
  fit <- panel_fit()
  fit$variants$chr <- rep(1:2, 25)
  fit$variants$pos <- seq(100, by = 10, length.out = 50)
  fit$variants$effect_allele <- rep(c("A", "g", "T", "I", "AC"), 10)
  fit$variants$other_allele <- rep(c("T", "c", "G", "D", "A*"), 10)
  fit$variants$snp[1:2] <- c("1:5:A:G", " rs 7")
  fit$latent$variants$mean[1:7] <- 2 * c(.43, .1, .5, .5, .5, .59, .5)
  frame <- as_twosample(fit, units = c("SD", "mmHg"))
  one <- function(t, units) {
    c(
      paste0(c("se", "pval", "samplesize", "chr", "pos", if (units) "units"), ".", t), if (t == "exposure") "id.exposure",
      t, paste0(c("mr_keep", "pval_origin"), ".", t), if (units) paste0("units.", t, "_dat")
    )
  }
  first <- c(
    "SNP", "effect_allele.exposure", "other_allele.exposure", "effect_allele.outcome", "other_allele.outcome",
    "beta.exposure", "beta.outcome", "eaf.exposure", "eaf.outcome", "remove", "palindromic", "ambiguous", "id.outcome"
  )
  last <- c("action", "SNP_index", "mr_keep")
  expect_identical(names(frame), c(first, one("outcome", TRUE), one("exposure", TRUE), last))
  expect_identical(names(as_twosample(fit)), c(first, one("outcome", FALSE), one("exposure", FALSE), last))
  class_of <- vapply(frame, class, "")
  expect_identical(
    unname(class_of[first]), rep(c("character", "numeric", "logical", "character"), c(5, 4, 3, 1))
  )
  expect_identical(unname(class_of[last]), c("numeric", "integer", "logical"))
  expect_identical(
    unname(class_of[one("outcome", TRUE)]),
    c("numeric", "numeric", "numeric", "character", "integer", "character", "character", "logical", "character", "character")
  )
  expect_identical(frame$SNP[1:2], c("1:5:a:g", "rs7"))
  expect_identical(frame$effect_allele.exposure[1:5], c("A", "G", "T", "I", "AC"))
  expect_identical(frame$other_allele.outcome[1:5], c("T", "C", "G", "D", NA))
  expect_identical(frame$palindromic[1:6], c(TRUE, TRUE, FALSE, FALSE, FALSE, TRUE))
  expect_identical(frame$ambiguous[1:7], c(TRUE, FALSE, FALSE, FALSE, FALSE, FALSE, TRUE))
  expect_true(all(frame$mr_keep))
  expect_identical(unique(frame$id.exposure), fit$exposure)
  expect_identical(unique(frame$units.outcome_dat), "mmHg")
  expect_identical(names(attr(frame, "log")), c(
    "id.exposure", "id.outcome", "alleles", "switched_alleles", "flipped_alleles_basic", "flipped_alleles_palindrome",
    "incompatible_alleles", "candidate_variants", "variants_absent_from_reference", "total_variants",
    "total_variants_for_mr", "proxy_variants"
  ))
})

test_that("a variant that the block explains stands with NA, and is not used", {
  fit <- panel_fit()
  fit$latent$variants$gg[3, ] <- fit$latent$variants$gg[, 3] <- 0
  frame <- as_twosample(fit)
  expect_identical(which(!frame$mr_keep), 3L)
  expect_true(is.na(frame$beta.exposure[3]) && is.na(frame$se.outcome[3]))
  expect_false(frame$mr_keep.outcome[3])
  expect_identical(nrow(single_variant(fit)), 51L)
  expect_identical(attr(frame, "log")$total_variants_for_mr, 49L)
})

test_that("the estimators stand in the table, everywhere and by environment", {
  d <- panel_data()
  fit <- quiet(latent_mr(d, methods = c("latent_2sls", summary_ids), seed = 1))
  frame <- as.data.frame(fit, environments = TRUE)
  expect_identical(frame$estimator[2:5], summary_ids)
  h <- as_twosample(fit)
  ref <- ref_gls(h$beta.exposure, h$beta.outcome, h$se.outcome)
  expect_equal(frame$b[frame$estimator == "ivw" & frame$environment == "pooled"], ref$b, tolerance = 1e-9)
  expect_equal(frame$se[3], ref$se * ref$factor, tolerance = 1e-9)
  expect_equal(frame$se[2], ref$se, tolerance = 1e-9)
  expect_identical(frame$vcov[2:5], c("fixed", "random", "random", "bootstrap"))
  expect_identical(frame$nsnp[2:5], rep(50, 4))
  expect_equal(frame$lo_ci[3], frame$b[3] - qnorm(.975) * frame$se[3])
  expect_equal(frame$pval[4], 2 * pnorm(-abs(frame$b[4] / frame$se[4])))
  one <- mr_subset(d, d$environment == "site2")
  z <- mr_genotypes(one)
  a <- lm_associations(one, z, cbind(1, z %*% fit$encoder$variant))
  got <- frame$b[frame$environment == "site2" & frame$estimator == "ivw"]
  expect_equal(got, ref_gls(a[, 1], a[, 4], a[, 5])$b, tolerance = 1e-8)
  expect_identical(mr_methods()$default[match(summary_ids, mr_methods()$id)], rep("no", 4))
  again <- quiet(latent_mr(d, methods = summary_ids, seed = 1))
  expect_equal(as.data.frame(again)$se, frame$se[2:5], tolerance = 1e-12)
  expect_identical(again$leading, "ivw_fixed")
  expect_identical(again$headline, NA_character_) # weak instruments: a set and no number
  expect_identical(tail(leave_one_out(fit, "variant", method = "weighted_median")$se, 1), frame$se[5])
  expect_output(print(again), "Inverse variance weighted")
})

test_that("tables of variants have TwoSampleMR's columns and the formulas' numbers", {
  fit <- panel_fit()
  h <- as_twosample(fit)
  columns <- c("exposure", "outcome", "id.exposure", "id.outcome", "samplesize", "SNP", "b", "se", "p")
  single <- single_variant(fit)
  expect_identical(names(single), columns)
  expect_identical(unname(vapply(single, class, "")), rep(c("character", "numeric", "character", "numeric"), c(4, 1, 1, 3)))
  expect_equal(single$b[1:50], h$beta.outcome / h$beta.exposure)
  expect_equal(single$se[1:50], h$se.outcome / abs(h$beta.exposure))
  expect_identical(single$SNP[51:52], c("All - Inverse variance weighted", "All - MR Egger"))
  left <- leave_one_out(fit, "variant", method = "ivw")
  expect_identical(names(left), c(columns, "nsnp"))
  expect_identical(left$nsnp, rep(c(49, 50), c(50, 1)))
  expect_identical(left$SNP[51], "All")
  without <- h[-7, ]
  expect_equal(left$b[7], ref_gls(without$beta.exposure, without$beta.outcome, without$se.outcome)$b)
  expect_equal(single$b[51], left$b[51])
  expect_identical(nrow(leave_one_out(fit, "variant", method = "egger")), 51L)
  expect_false(anyNA(leave_one_out(fit, "variant", method = "weighted_median")$se))
  q <- variant_tests(fit)
  expect_identical(names(q), c("id.exposure", "id.outcome", "outcome", "exposure", "method", "Q", "Q_df", "Q_pval", "egger_intercept", "se", "pval"))
  expect_identical(q$method, c("MR Egger", "Inverse variance weighted"))
  expect_equal(q$Q[2], sum((h$beta.outcome - single$b[51] * h$beta.exposure)^2 / h$se.outcome^2))
  expect_equal(q$Q_df, c(48, 49))
  e <- variant_tests(fit)[1, ]
  expect_true(all(is.na(q[2, c("egger_intercept", "se", "pval")])))
  turn <- sign(h$beta.exposure)
  expect_equal(e$egger_intercept, ref_gls(cbind(1, abs(h$beta.exposure)), turn * h$beta.outcome, h$se.outcome)$b[1])
})

test_that("linked variants: correlation within blocks, what others determine left out", {
  d <- panel_data(300)
  z <- mr_genotypes(d)
  set.seed(6)
  linked <- vapply(1:8, function(i) ifelse(runif(nrow(z)) < .7, z[, 1], z[, 2]), numeric(nrow(z)))
  z <- cbind(z[, 1:20], linked)
  colnames(z) <- paste0("rs", seq_len(ncol(z)))
  data <- quiet(mr_data(z, d$exposure, d$outcome, d$environment, kind = "genotype"))
  fit <- quiet(latent_mr(data, methods = c("ivw", "egger"), by_environment = FALSE, seed = 1))
  expect_lt(length(unique(fit$encoder$block)), ncol(z))
  h <- as_twosample(fit)
  used <- as.data.frame(fit)$nsnp[1]
  block <- ref_block(d$environment, z %*% fit$encoder$variant, interact = fit$latent$part$interact)
  keep <- match(single_variant(fit)$SNP[seq_len(used)], h$SNP)
  r <- cor(ref_residual(z, block))[keep, keep]
  r[outer(fit$encoder$block[keep], fit$encoder$block[keep], "!=")] <- 0
  ref <- ref_gls(h$beta.exposure[keep], h$beta.outcome[keep], h$se.outcome[keep], r)
  got <- as.data.frame(fit)
  expect_equal(got$b[1], ref$b, tolerance = 1e-7)
  expect_equal(got$se[1], ref$se * ref$factor, tolerance = 1e-7)
  expect_equal(tail(leave_one_out(fit, "variant", method = "ivw")$b, 1), ref$b, tolerance = 1e-7)
  j <- match("rs22", h$SNP[keep])
  ref <- ref_gls(h$beta.exposure[keep][-j], h$beta.outcome[keep][-j], h$se.outcome[keep][-j], r[-j, -j])
  expect_equal(leave_one_out(fit, "variant", method = "ivw")$b[j], ref$b, tolerance = 1e-7)

  # After the block, the residual of rs5 is that of rs4.
  fit$latent$variants$gg[5, ] <- fit$latent$variants$gg[4, ]
  fit$latent$variants$gg[, 5] <- fit$latent$variants$gg[, 4]
  fit$latent$variants$block[5] <- fit$latent$variants$block[4]
  left <- single_variant(fit)$SNP
  expect_identical(sum(c("rs4", "rs5") %in% left), 1L)
  expect_length(left, used + 1)
})

test_that("with the whole correlation, inverse-variance weighting is 2SLS with the latent block", {
  fit <- panel_fit(n = 500)
  a <- summary_input(variant_associations(fit$latent$variants), "full")
  expect_length(a$bx, 50 - ncol(fit$encoder$variant))
  expect_lt(abs(summary_ivw(a)$b - as.data.frame(fit)$b), .01)
})

test_that("continuous instruments and wrong arguments are refused in words", {
  fit <- panel_fit()
  set.seed(1)
  continuous <- quiet(latent_mr(simulate_mr("authors", mixing = "poly1", n = 300, seed = 3), by_environment = FALSE, seed = 1))
  learned <- quiet(learn_instruments(panel_data(), seed = 1))
  expect_conditions({
    as_twosample(continuous)
    as_twosample(learned)
    as_twosample(fit, units = "SD")
    single_variant(continuous)
    leave_one_out(fit, "variant", method = "mode")
    variant_tests(mtcars)
    as_mrinput(fit, correlation = NA)
    latent_mr(simulate_mr("authors", n = 100, seed = 3), methods = c("ivw", "ols"))
    suggested("NoSuchPackage", "f")
  })
  expect_error(as_twosample(continuous), class = "latentmr_error_argument")
  expect_error(suggested("NoSuchPackage", "f"), class = "latentmr_error_package")
})

test_that("the table of single variants says which rows its print shows", {
  fit <- panel_fit()
  table <- single_variant(fit)
  lines <- capture.output(print(table))
  expect_match(lines[1], sprintf("%d rows, those of all variants first, then the smallest errors:", nrow(table)))
  expect_match(lines[3:4], "All - ")
  smallest <- sort(table$se[!startsWith(table$SNP, "All")])[1]
  expect_match(lines[5], table$SNP[table$se == smallest])
  expect_match(utils::tail(lines, 1), sprintf("%d rows and 5 columns more", nrow(table) - 10))
})
