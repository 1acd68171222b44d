# Bridges of tables of associations: from people, to files, TwoSampleMR, MendelianRandomization, and the estimators.
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
gwas_of <- function(x, ...) quiet(read_gwas(x, ...))
table_of <- function(trait, b, se, shift = 0, flip = integer(), environment = NA) {
  n <- length(b)
  alleles <- rep(list(c("A", "G"), c("T", "C"), c("G", "T")), length.out = n)
  x <- data.frame(
    SNP = paste0("rs", seq_len(n)), chr = "1", pos = seq_len(n) * 1000L, effect_allele = vapply(alleles, `[`, "", 1),
    other_allele = vapply(alleles, `[`, "", 2), eaf = seq(.1, .4, length.out = n), beta = b, se = se, samplesize = 1000
  )
  x[flip, c("effect_allele", "other_allele")] <- x[flip, c("other_allele", "effect_allele")]
  x$beta[flip] <- -x$beta[flip]
  x$eaf[flip] <- 1 - x$eaf[flip]
  gwas_of(x, trait = trait, environment = if (!is.na(environment)) environment)
}

test_that("as_gwas(): what lm() gives within each environment, with covariates and structure", {
  data <- simulate_mr("snp", cell = 3, n = 400, seed = 1)
  g <- LatentMR:::mr_genotypes(data)
  age <- sin(seq_along(data$outcome))
  own <- quiet(mr_data(
    g, data$exposure, data$outcome, data$environment, covariates = data.frame(age, sex = rep(0:1, length.out = nrow(g))),
    structure = matrix(cos(seq_along(age)), dimnames = list(NULL, "pc")), structure_includes_instruments = FALSE,
    variants = transform(data$variants, effect_allele = "A", other_allele = "G"), kind = "genotype", units = c("mmol/L", "mmHg")
  ))
  got <- as_gwas(own, "outcome")
  expect_s3_class(got, "gwas")
  for (e in levels(own$environment)) {
    here <- own$environment == e
    x <- LatentMR:::mr_genotypes(own)[here, ]
    rows <- got[got$environment == e, ]
    for (j in c(1, 7)) {
      fit <- summary(lm(own$outcome[here] ~ x[, j] + own$covariates[here, ] + own$structure[here, ]))$coefficients[2, ]
      at <- match(own$variants$snp[j], rows$SNP)
      expect_equal(unlist(rows[at, c("beta", "se", "pval")], use.names = FALSE), unname(fit[c(1, 2, 4)]), tolerance = 1e-8)
      expect_equal(rows$eaf[at], mean(x[, j]) / 2)
    }
    expect_identical(unique(rows$samplesize), as.double(sum(here)))
  }
  expect_identical(c(got$units[1], got$scale[1], got$trait[1]), c("mmHg", "linear", own$outcome_name))
  moments <- mr_moments(own, disclosure = FALSE)
  expect_equal(as.data.frame(as_gwas(moments, "outcome")), as.data.frame(got), tolerance = 1e-10)
  expect_error(as_gwas(own, "bmi"), "`trait` must be", class = "latentmr_error_argument")
  expect_error(as_gwas(data), "alleles not known", class = "latentmr_error_argument")
  continuous <- quiet(mr_data(g + .5, data$exposure, data$outcome, data$environment, kind = "continuous"))
  expect_error(as_gwas(continuous), "of continuous", class = "latentmr_error_argument")
  expect_error(as_gwas(1), class = "latentmr_error_argument")
})

test_that("the moments rebuilt from as_gwas() give the estimates of the people", {
  data <- simulate_mr("snp", cell = 3, n = 800, seed = 2)
  data$variants[c("effect_allele", "other_allele")] <- list("A", "G")
  moments <- quiet(mr_moments_from_summary(as_gwas(data, "exposure"), as_gwas(data, "outcome")))
  expect_identical(moments$environments, levels(data$environment))
  expect_identical(sort(moments$variants$snp), sort(data$variants$snp))
})

test_that("write_gwas(): what is written is read again", {
  x <- gwas_of(gwas_truth()[c("SNP", "chr", "pos", "effect_allele", "other_allele", "eaf", "beta", "se", "n")],
               environment = "East Asian", trait = "K\u00f6rper: \"a\" \\ b")
  for (ext in c(".tsv", ".tsv.gz")) {
    path <- tempfile(fileext = ext)
    made <- write_gwas(x, path, assembly = "GRCh38")
    expect_identical(made, c(path, paste0(path, "-meta.yaml")))
    again <- read_gwas(path)
    order <- order(match(x$chr, c(1:22, "X")), x$pos)
    want <- as.data.frame(x)[order, ]
    rownames(want) <- NULL
    expect_equal(as.data.frame(again)[names(want)], want, tolerance = 1e-12)
    expect_identical(again$trait[1], "K\u00f6rper: \"a\" \\ b")
    expect_true("genome_assembly: GRCh38" %in% readLines(made[2]))
  }
  # No p-value of 0: minus logarithms where one is too small.
  expect_match(readLines(path)[1], "neg_log_10_p_value")
  expect_error(write_gwas(gwas_of(data.frame(SNP = "rs1", ea = "A", nea = "G", beta = 1, se = .1)), path), "chr", class = "latentmr_error_gwas")
  expect_error(write_gwas(rbind(x, transform(x, trait = "b")), path), "one trait", class = "latentmr_error_argument")
  expect_error(write_gwas(x, file.path(tempfile(), "a")), "no folder", class = "latentmr_error_io")
})

b <- c(.1, .2, -.15, .3, .25, .12)
exposure <- table_of("LDL", b, .01)
outcome <- table_of("CHD", .5 * b + c(.01, -.01, .02, 0, -.02, .01), .02, flip = c(2, 5))

test_that("the harmonised frame has the columns of TwoSampleMR, the outcome on the exposure's allele", {
  h <- as_twosample(exposure, outcome = outcome)
  expect_equal(h$beta.outcome, .5 * b + c(.01, -.01, .02, 0, -.02, .01))
  expect_equal(h$eaf.outcome, h$eaf.exposure)
  expect_identical(h$effect_allele.outcome, h$effect_allele.exposure)
  expect_identical(names(h), c(
    "SNP", "effect_allele.exposure", "other_allele.exposure", "effect_allele.outcome", "other_allele.outcome",
    "beta.exposure", "beta.outcome", "eaf.exposure", "eaf.outcome", "remove", "palindromic", "ambiguous", "id.outcome",
    "se.outcome", "pval.outcome", "samplesize.outcome", "chr.outcome", "pos.outcome", "outcome", "mr_keep.outcome",
    "pval_origin.outcome", "se.exposure", "pval.exposure", "samplesize.exposure", "chr.exposure", "pos.exposure",
    "id.exposure", "exposure", "mr_keep.exposure", "pval_origin.exposure", "action", "SNP_index", "mr_keep"
  ))
  expect_true(all(h$mr_keep))
  expect_equal(attr(h, "log")$switched_alleles, 2)
  side <- as_twosample(exposure)
  expect_identical(names(side), c(
    "SNP", paste0(c("beta", "se", "effect_allele", "other_allele", "eaf", "pval", "samplesize", "chr", "pos"), ".exposure"),
    "exposure", "mr_keep.exposure", "pval_origin.exposure", "id.exposure"
  ))
  # And back.
  expect_equal(as.data.frame(gwas_of(side)), as.data.frame(exposure))
  expect_equal(gwas_of(h, role = "outcome")$beta, h$beta.outcome)
})

test_that("palindromes, strands, other alleles, variants of one side", {
  set <- function(ea, oa, eaf, beta) data.frame(SNP = paste0("rs", seq_along(ea)), effect_allele = ea, other_allele = oa, eaf, beta, se = .1)
  x <- gwas_of(set(c("A", "A", "A", "A", "A", "C"), c("T", "T", "T", "G", "G", "A"), c(.2, .2, .45, .3, .3, .3), 1), trait = "x")
  y <- gwas_of(set(c("A", "A", "A", "T", "C", "T"), c("T", "T", "T", "C", "T", "A"), c(.21, .8, .45, .3, .7, .3), 2), trait = "y")
  h <- as_twosample(x, outcome = y)
  # by hand: same side; the other side; near one half; the other strand; other strand and allele; other alleles
  expect_equal(h$beta.outcome, c(2, -2, 2, 2, -2, 2))
  expect_identical(h$palindromic, c(TRUE, TRUE, TRUE, FALSE, FALSE, FALSE))
  expect_identical(h$ambiguous, c(FALSE, FALSE, TRUE, FALSE, FALSE, FALSE))
  expect_identical(h$remove, c(FALSE, FALSE, FALSE, FALSE, FALSE, TRUE))
  expect_identical(h$mr_keep, c(TRUE, TRUE, FALSE, TRUE, TRUE, FALSE))
  expect_identical(summary_mr(x, y, "ivw")$nsnp, 4)
  expect_error(as_twosample(x, outcome = transform(y, SNP = paste0("q", SNP))), "no variant in common", class = "latentmr_error_variants")
  expect_error(as_twosample(x, outcome = 1), "`outcome` must be", class = "latentmr_error_argument")
  expect_error(as_twosample(x, units = c("a", "b"), outcome = y), "units", class = "latentmr_error_argument")
})

test_that("published answers: lipids and coronary disease, BMI and coronary disease", {
  path <- system.file("extdata", "lipids.tsv", package = "LatentMR")
  want <- lipids()
  read <- function(trait) gwas_of(path, trait = trait, columns = c(beta = paste0(trait, "_beta"), se = paste0(trait, "_se")))
  ldl <- read("ldl")
  expect_equal(ldl$beta, want$bx)
  chd <- read("chd")
  expect_equal(chd$se, want$sy)
  # MendelianRandomization's vignette: IVW 2.834 (0.530), Egger 3.253 (0.770), intercept -0.011 (0.015), Q 99.53.
  fit <- summary_mr(ldl, chd, action = 1, seed = 1)
  expect_equal(round(fit$b[1:2], 3), c(2.834, 3.253))
  expect_equal(round(fit$se[1:2], 3), c(.530, .770))
  expect_equal(round(c(fit$egger_intercept[2], fit$egger_se[2], fit$Q[1]), c(3, 3, 2)), c(-.011, .015, 99.53))
  expect_identical(fit$Q_df, c(27, 26, NA))
  # One palindromic variant has a frequency of .46.
  expect_identical(summary_mr(ldl, chd, "ivw")$nsnp, 27)
  expect_identical(summary_mr(ldl, chd, "ivw", action = 3)$nsnp, 23)
  # Weighted median 2.683 (0.419) there; the bootstrap of the error has its own draws.
  expect_equal(round(fit$b[3], 3), 2.683)
  expect_equal(fit$se[3], .419, tolerance = .08)
  # TwoSampleMR's test data: 0.4459091 (0.0589830).
  bmi <- utils::read.csv("bmi-chd.csv")
  side <- function(b, s, trait) gwas_of(data.frame(SNP = bmi$snp, effect_allele = "A", other_allele = "G", beta = b, se = s), trait = trait)
  fit <- summary_mr(side(bmi$bx, bmi$sx, "BMI"), side(bmi$by, bmi$sy, "CHD"), "ivw")
  expect_equal(c(fit$b, fit$se), c(.4459091, .0589830), tolerance = 1e-6)
  # Correlated variants: calcium, IVW 2.245 (0.643).
  x <- calcium_glucose()
  rho <- `dimnames<-`(x$rho, list(paste0("rs", 1:6), paste0("rs", 1:6)))
  side <- function(b, s, trait) gwas_of(data.frame(SNP = paste0("rs", 1:6), effect_allele = "A", other_allele = "G", beta = b, se = s), trait = trait)
  pair <- list(side(x$bx, x$sx, "calcium"), side(x$by, x$sy, "glucose"))
  fit <- summary_mr(pair[[1]], pair[[2]], c("ivw", "egger"), correlation = rho[6:1, 6:1])
  expect_equal(round(c(fit$b, fit$se), 3), c(2.245, 1.302, .643, 1.518))
  expect_error(summary_mr(pair[[1]], pair[[2]], correlation = x$rho), "names of the variants", class = "latentmr_error_argument")
  expect_error(summary_mr(pair[[1]], pair[[2]], correlation = rho[-1, -1]), "without \"rs1\"", class = "latentmr_error_argument")
  expect_error(summary_mr(pair[[1]], pair[[2]], correlation = rho * 2), "positive definite", class = "latentmr_error_argument")
  expect_error(summary_mr(pair[[1]], pair[[2]], "ivv"), "Did you mean", class = "latentmr_error_argument")
})

test_that("environments are matched by name", {
  of <- function(trait, k, e) table_of(trait, k * b, .01, environment = e)
  x <- gwas_of(list(of("x", 1, "EUR"), of("x", 2, "AFR")), trait = "x")
  y <- gwas_of(list(of("y", 6, "AFR"), of("y", 5, "EUR"), of("y", 9, "EAS")), trait = "y")
  expect_warning(fit <- summary_mr(x, y, "ivw"), "\"EAS\" (`outcome`)", fixed = TRUE, class = "latentmr_warning_environment")
  expect_identical(fit$environment, c("EUR", "AFR"))
  expect_equal(fit$b, c(5, 3))
  expect_identical(fit$id.exposure, c("x (EUR)", "x (AFR)"))
  h <- attr(fit, "harmonised")
  expect_identical(nrow(h), 12L)
  expect_identical(nrow(attr(h, "log")), 2L)
  expect_equal(summary_mr(of("x", 1, "EUR"), of("y", 9, "EAS"), "ivw")$b, 9)
  expect_error(summary_mr(x, of("y", 1, "EAS")), "environments of the exposure", class = "latentmr_error_argument")
  expect_error(summary_mr(rbind(x, transform(x, trait = "z")), y), "one trait", class = "latentmr_error_argument")
})

test_that("MendelianRandomization's inputs, both ways", {
  if (nzchar(system.file(package = "MendelianRandomization"))) {
    input <- as_mrinput(exposure, outcome = outcome)
    expect_equal(MendelianRandomization::mr_ivw(input)@Estimate, summary_mr(exposure, outcome, "ivw")$b)
  } else {
    expect_error(as_mrinput(exposure, outcome = outcome), class = "latentmr_error_package")
  }
  # The class as that package defines it.
  made <- setClass("MRInput", representation(
    betaX = "numeric", betaY = "numeric", betaXse = "numeric", betaYse = "numeric", exposure = "character", outcome = "character",
    snps = "character", effect_allele = "character", other_allele = "character", eaf = "numeric", correlation = "matrix"
  ), where = environment())
  input <- made(
    betaX = b, betaY = 2 * b, betaXse = rep(.1, 6), betaYse = rep(.2, 6), exposure = "LDL", outcome = "CHD",
    snps = exposure$SNP, effect_allele = exposure$effect_allele, other_allele = exposure$other_allele, eaf = exposure$eaf
  )
  x <- gwas_of(input, role = "exposure")
  y <- gwas_of(input, role = "outcome")
  expect_equal(list(x$beta, y$beta, y$se, y$trait[1], x$eaf), list(b, 2 * b, rep(.2, 6), "CHD", exposure$eaf))
  expect_equal(summary_mr(x, y, "ivw")$b, 2)
})

test_that("what summary_mr() leaves out is said", {
  of <- function(trait, k, e) table_of(trait, k * b, .01, environment = e)
  x <- gwas_of(list(of("x", 1, "EUR"), of("x", 2, "AFR")), trait = "x")
  y <- gwas_of(list(of("y", 6, "AFR"), of("y", 9, "EAS")), trait = "y")
  expect_condition_text(summary_mr(x, y, "ivw"), "latentmr_warning_environment", paste0(
    "Environments of one table only are left out: \"EUR\" (`exposure`), \"EAS\" (`outcome`).\ni Tables are matched by `environment`."
  ))
  # By hand: of the six variants one is lost, one has other alleles, one is near a half.
  few <- outcome[-1, ]
  few$other_allele[few$SNP == "rs3"] <- "A" # G/A where the exposure has G/T
  few[few$SNP == "rs4", c("effect_allele", "other_allele")] <- c("A", "T")
  first <- exposure
  first[first$SNP == "rs4", c("effect_allele", "other_allele")] <- c("A", "T")
  first$eaf[first$SNP == "rs4"] <- few$eaf[few$SNP == "rs4"] <- .5
  expect_condition_text(fit <- summary_mr(first, few, c("ivw", "egger"), seed = 1), "latentmr_message_variants", paste0(
    "all: 3 of 6 variants of \"LDL\" are used (1 not in the outcome's table, 1 with other alleles, 1 palindromic, not kept)."
  ))
  expect_identical(fit$nsnp, c(3, 3))
  expect_identical(nrow(attr(fit, "harmonised")), 5L)
  two <- quiet(summary_mr(first[5:6, ], few, c("ivw", "egger", "weighted_median"), seed = 1))
  expect_identical(two$note, c(
    NA, "MR-Egger needs at least three variants", "the weighted median needs at least three variants"
  ))
})

test_that("frequencies of the other allele are said", {
  wrong <- outcome
  wrong$eaf <- 1 - wrong$eaf
  expect_condition_text(summary_mr(exposure, wrong, "ivw"), "latentmr_warning_gwas", paste0(
    "`eaf` of \"CHD\" in \"all\" is near one minus that of \"LDL\" for 5 of 5 variants.\n",
    "i Is it the frequency of the effect allele, and not of the other or the minor allele?"
  ))
  expect_no_warning(summary_mr(exposure, outcome, "ivw"))
  t <- plain_tables()
  t$y$eaf[t$y$environment == "AFR"] <- 1 - t$y$eaf[t$y$environment == "AFR"]
  expect_warning(mr_moments_from_summary(t$x, t$y, overlap = 0), "of \"outcome\" in \"AFR\" is near one minus", class = "latentmr_warning_gwas")
})

test_that("the print of summary_mr() is a page of any width, its picture has every environment, parts are plain", {
  b <- c(.1, .2, -.15, .3, .12, .25)
  of <- function(trait, k, e) table_of(trait, k * b + c(.01, -.01, 0), .01, environment = e)
  x <- rbind(of("LDL", 1, "EUR"), of("LDL", 1, "AFR"))
  y <- rbind(of("CHD", 2, "EUR"), of("CHD", 2.2, "AFR"))
  fit <- quiet(summary_mr(x, y, seed = 1))
  old <- options(width = 45)
  on.exit(options(old))
  lines <- capture.output(print(fit))
  expect_lte(max(nchar(lines)), 45)
  text <- gsub("\\s+", " ", paste(lines, collapse = " "))
  expect_match(text, "Effect of LDL on CHD.*Inverse variance weighted.*MR Egger.*Weighted median.*Cochran Q.*Intercept of MR Egger")
  expect_identical(class(fit["b"]), "data.frame")
  expect_identical(class(as.data.frame(fit)), "data.frame")
  # Tables of one ancestry: what to do for that, and no way around it.
  m <- quiet(mr_moments_from_summary(of("LDL", .3, "EUR"), of("CHD", .2, "EUR"), overlap = .1))
  refusal <- tryCatch(quiet(latent_mr(m)), latentmr_error_unidentified = conditionMessage)
  expect_match(refusal, "summary_mr(exposure, outcome)", fixed = TRUE)
  expect_no_match(refusal, "force = TRUE", fixed = TRUE)
  skip_if_not_installed("ggplot2")
  expect_identical(c(table(plot(fit)$data$environment)), c(AFR = 6L, EUR = 6L))
  expect_error(plot(structure(fit["b"], class = c("summary_mr", "data.frame"))), class = "latentmr_error_argument")
})
