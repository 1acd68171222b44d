# read_gwas(): one frame from every spelling.
quiet <- function(expr) suppressMessages(expr, classes = "latentmr_message")
texts <- gwas_texts()
truth <- gwas_truth()
bim <- with(truth, data.frame(SNP, A1 = other_allele, A2 = effect_allele))

expect_truth <- function(got, want = truth, info = NULL, columns = c("SNP", "chr", "pos", "eaf", "samplesize")) {
  want$samplesize <- want$n
  want$pval <- pmax(want$pval, .Machine$double.xmin)
  expect_s3_class(got, c("gwas", "data.frame"), exact = TRUE)
  expect_identical(names(got), c(
    "SNP", "chr", "pos", "effect_allele", "other_allele", "eaf", "beta", "se", "pval", "samplesize", "ncase", "ncontrol",
    "environment", "trait", "units", "scale"
  ))
  for (name in c("effect_allele", "other_allele", intersect(columns, c("SNP", "chr", "pos")))) {
    expect_identical(got[[name]], want[[name]], info = paste(info, name))
  }
  expect_equal(got$beta, want$beta, tolerance = 1e-8, info = info)
  expect_equal(got$se, want$se, tolerance = 1e-6, info = info)
  expect_equal(log(got$pval), log(want$pval), tolerance = 1e-6, info = info)
  for (name in intersect(columns, c("eaf", "samplesize"))) expect_equal(got[[name]], want[[name]], info = paste(info, name))
}

test_that("the same associations from every format give the same frame", {
  lacking <- list(
    FinnGen = "samplesize", BBJ = "samplesize", `PLINK 1 linear` = "eaf", `PLINK 1 logistic` = "eaf",
    METAL = c("chr", "pos"), `BOLT-LMM` = "samplesize", COJO = c("chr", "pos"), Neale = "SNP"
  )
  scales <- c("GWAS-SSF, odds ratios", "FinnGen", "PLINK 1 logistic", "PLINK 2 logistic")
  for (name in names(texts)) {
    path <- write_gwas_text(texts[[name]])
    got <- quiet(read_gwas(path, environment = "EUR", trait = "body", variants = if (startsWith(name, "PLINK 1")) bim))
    expect_truth(got, info = name, columns = setdiff(c("SNP", "chr", "pos", "eaf", "samplesize"), lacking[[name]]))
    for (absent in setdiff(lacking[[name]], "SNP")) expect_true(all(is.na(got[[absent]])), info = paste(name, absent))
    expect_identical(got$scale, rep(if (name %in% scales) "log odds ratio" else NA_character_, 5), info = name)
    expect_identical(unique(got$environment), "EUR")
    expect_identical(unique(got$trait), "body")
  }
  expect_identical(quiet(read_gwas(write_gwas_text(texts$Neale)))$SNP, with(truth, paste(chr, pos, other_allele, effect_allele, sep = ":")))
})

test_that("data frames, and TwoSampleMR's with their suffixes", {
  x <- with(truth, data.frame(SNP, chr, pos, effect_allele, other_allele, eaf, beta, se, pval, samplesize = n, exposure = "body"))
  expect_truth(read_gwas(x))
  for (role in c("exposure", "outcome")) {
    y <- setNames(x, ifelse(names(x) == "SNP", "SNP", ifelse(names(x) == "exposure", role, paste0(names(x), ".", role))))
    y[[paste0("id.", role)]] <- "zXy12a"
    got <- read_gwas(y)
    expect_truth(got)
    expect_identical(got$trait[1], "body")
  }
  both <- cbind(y, setNames(transform(x, beta = beta * 2, exposure = "other")[-1], c(paste0(names(x)[2:10], ".exposure"), "exposure")))
  expect_error(read_gwas(both), "role", class = "latentmr_error_argument")
  expect_truth(read_gwas(both, role = "outcome"))
  expect_equal(suppressWarnings(read_gwas(both, role = "exposure"))$beta, 2 * truth$beta)
  expect_identical(suppressWarnings(read_gwas(both, role = "exposure"))$trait[1], "other")
})

test_that("Pan-UKB: the ancestries of one file become rows", {
  x <- truth
  g <- function(v) sprintf("%.10g", v)
  lines <- with(x, rows_of(
    "chr pos ref alt af_EUR af_AFR beta_meta beta_EUR beta_AFR se_meta se_EUR se_AFR neglog10_pval_meta neglog10_pval_EUR neglog10_pval_AFR low_confidence_EUR low_confidence_AFR",
    chr, pos, other_allele, effect_allele, g(eaf), g(1 - eaf), "9", g(beta), g(2 * beta), "9", g(se), g(2 * se), "9", g(lp), g(lp),
    "false", c("false", "true", "false", "false", "NA")
  ))
  lines[6] <- sub("\t[^\t]+(\t9\t[^\t]+\t[^\t]+\t9\t[^\t]+\t[^\t]+\tfalse\tNA)$", "\tNA\\1", lines[6])
  path <- write_gwas_text(lines)
  got <- read_gwas(path, samplesize = c(EUR = 10000, AFR = 400))
  expect_identical(unique(got$environment), c("EUR", "AFR"))
  eur <- truth
  eur$SNP <- with(truth, paste(chr, pos, other_allele, effect_allele, sep = ":"))
  first <- got[got$environment == "EUR", ]
  expect_truth(first, eur)
  second <- got[got$environment == "AFR", ]
  expect_identical(second$SNP, eur$SNP[-c(2, 5)])
  expect_equal(second$beta, 2 * truth$beta[-c(2, 5)])
  expect_equal(second$eaf, 1 - truth$eaf[-c(2, 5)])
  expect_identical(second$samplesize, rep(400, 3))
  log <- flow(got)
  expect_identical(log$count[log$reason == "low confidence" & log$environment == "AFR"], 1L)
  expect_identical(log$count[log$reason == "no effect size" & log$environment == "AFR"], 1L)
  expect_identical(unique(read_gwas(path, environment = "AFR")$environment), "AFR")
  expect_error(read_gwas(path, environment = c("AFR", "EAS")), "\"EUR\", \"AFR\"", class = "latentmr_error_argument")
})

test_that("several files are stacked, their names are environments", {
  a <- write_gwas_text(texts$REGENIE)
  b <- write_gwas_text(texts$SAIGE)
  got <- read_gwas(c(EUR = a, AFR = b), trait = "body")
  expect_truth(got[1:5, ])
  expect_identical(got$environment, rep(c("EUR", "AFR"), each = 5))
  expect_identical(read_gwas(list(a, b), environment = c("EUR", "AFR"), trait = "body")[names(got)], got[names(got)])
  expect_identical(flow(got)$count[flow(got)$action == "read" & flow(got)$environment == "(all)"], c(5L, 5L))
  expect_error(read_gwas(c(a, b), trait = "body"), "environment", class = "latentmr_error_argument")
})
