# read_gwas(): what other programs say of their rows, and values that contradict each other.
set.seed(1)
frame <- data.frame(
  SNP = paste0("rs", 1:30), chr = 1, pos = 1:30 * 10, effect_allele = "A", other_allele = "G", eaf = .3,
  beta = stats::rnorm(30, 0, .1), se = .02, N = 5000
)
frame$pval <- 2 * stats::pnorm(-abs(frame$beta / frame$se))
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
count_of <- function(x, reason) {
  log <- flow(x)
  log$count[log$reason == reason & log$environment == "(all)"]
}

test_that("asked variants that are not there are named", {
  expect_condition_text(
    got <- read_gwas(frame, snps = c("rs1", "RS2", "rs99", "1:30", "1:31")), "latentmr_warning_variants", paste0(
      "the data frame: 2 of the 5 variants in `snps` are not there: \"rs99\", \"1:31\".\n",
      "i Its variants are called like \"rs1\", \"rs2\", \"rs3\" and 27 more."
    )
  )
  expect_identical(got$SNP, c("rs1", "rs2", "rs3"))
})

test_that("rows that PLINK 2 or TwoSampleMR give up are left out and counted", {
  plink <- data.frame(
    `#CHROM` = 1, POS = 1:3, ID = paste0("rs", 1:3), REF = "A", ALT = "G", A1 = "G", A1_FREQ = .2, TEST = "ADD",
    OBS_CT = 900, BETA = c(.1, 9, .2), SE = .02, T_STAT = 5, P = 1e-6, ERRCODE = c(".", "UNFINISHED", "."), check.names = FALSE
  )
  got <- quiet(read_gwas(plink))
  expect_identical(got$SNP, c("rs1", "rs3"))
  expect_identical(count_of(got, "with an error code of PLINK 2"), 1L)
  half <- stats::setNames(frame[c(1, 4:10)], c("SNP", paste0(
    c("effect_allele", "other_allele", "eaf", "beta", "se", "samplesize", "pval"), ".outcome"
  )))
  half$mr_keep.outcome <- replace(rep(TRUE, 30), 4, FALSE)
  got <- read_gwas(half)
  expect_identical(got$SNP, paste0("rs", c(1:3, 5:30)))
  expect_identical(count_of(got, "mr_keep is FALSE"), 1L)
  half$mr_keep <- replace(rep(TRUE, 30), 7, FALSE) # of the harmonised frame
  expect_identical(count_of(read_gwas(half), "mr_keep is FALSE"), 2L)
})

test_that("a p-value of 0 or 1 gives no error, which is the reason", {
  x <- transform(frame, pval = replace(pval, 1:3, c(0, 1, 0)))
  got <- quiet(read_gwas(x[names(x) != "se"]))
  expect_identical(nrow(got), 27L)
  expect_identical(count_of(got, "no standard error, and none from a p-value of 0 or 1"), 3L)
})

test_that("effects and ratios of opposite sign are refused, or said where they are few", {
  both <- transform(frame, OR = exp(beta))
  expect_identical(unique(read_gwas(both)$scale), "log odds ratio")
  expect_identical(unique(read_gwas(transform(frame, hazard_ratio = exp(beta)))$scale), "log hazard ratio")
  expect_condition_text(read_gwas(transform(both, OR = 1 / OR)), "latentmr_error_gwas", paste0(
    "the data frame: 30 of 30 effects have another sign than the logarithms of the odds ratios, such as \"rs1\", \"rs2\", ",
    "\"rs3\" and 27 more.\ni Which is of the effect allele? Name it: columns = c(beta = ) or c(or = )."
  ))
  expect_condition_text(
    got <- read_gwas(transform(both, OR = c(1 / OR[1], OR[-1]))), "latentmr_warning_gwas", paste0(
      "the data frame: 1 of 30 effects have another sign than the logarithms of the odds ratios, such as \"rs1\": the effects ",
      "are taken.\ni Which is of the effect allele? Name it: columns = c(beta = ) or c(or = )."
    )
  )
  expect_equal(got$beta, frame$beta)
})

test_that("`sd` and `ldscore` stay with the frame", {
  x <- transform(frame, sd = sqrt(2 * eaf * (1 - eaf)), ldscore = 1:30)
  expect_condition_text(got <- read_gwas(x, environment = "EUR"), "latentmr_message_gwas", paste0(
    "the data frame: `sd` is taken as the standard deviation of the counted alleles."
  ))
  expect_equal(got$sd, x$sd)
  expect_equal(got$ldscore, as.numeric(1:30))
  expect_message(other <- read_gwas(transform(x, sd = 12)), "is not that of counted alleles", class = "latentmr_message_gwas")
  expect_null(other$sd)
  spread <- transform(x, eaf = seq(.03, .5, length.out = 30), sd = .8) # of the trait: one number for all
  expect_null(quiet(read_gwas(spread))$sd)
  two <- quiet(read_gwas(list(EUR = x, AFR = frame), trait = "t"))
  expect_identical(is.na(two$sd), rep(c(FALSE, TRUE), each = 30))
})

test_that("METAL's scheme by sample sizes has them as weights", {
  z <- c(3, -4, 5)
  f <- c(.1, .2, .3)
  metal <- data.frame(
    MarkerName = paste0("rs", 1:3), Allele1 = "a", Allele2 = "g", Freq1 = f, Weight = 5000, Zscore = z,
    `P-value` = 2 * stats::pnorm(-abs(z)), check.names = FALSE
  )
  got <- quiet(read_gwas(metal))
  expect_identical(got$samplesize, rep(5000, 3))
  expect_equal(got$beta, z / sqrt(2 * f * (1 - f) * (5000 + z^2)))
})

test_that("lines of comments, and matrices", {
  path <- tempfile()
  utils::write.table(frame, path, quote = FALSE, row.names = FALSE, sep = "\t")
  writeLines(c("##made by someone", "## build=37", readLines(path)), path)
  expect_equal(read_gwas(path)$beta, frame$beta)
  writeLines(c("##fileformat=VCFv4.2", "##made"), path)
  expect_error(read_gwas(path), "is a VCF file without associations", class = "latentmr_error_format")
  writeLines("##nothing", path)
  expect_error(read_gwas(path), class = "latentmr_error_argument")
  expect_condition_text(read_gwas(as.matrix(frame)), "latentmr_error_argument", paste0(
    "`file` must be the path of a table of associations, a data frame, or several of these, not a character matrix of 30 x 10.\n",
    "i A matrix has values of one type only: make the table a data frame (as.data.frame() of one that is text)."
  ))
})

test_that("log scales are written as ratios too, and read again to the last digit", {
  for (scale in c("log odds ratio", "log hazard ratio", "linear")) {
    x <- quiet(read_gwas(frame, trait = "t", environment = "EUR", scale = scale))
    path <- write_gwas(x, tempfile())[1]
    head <- strsplit(readLines(path, 1), "\t")[[1]]
    ratio <- c("odds_ratio", "hazard_ratio")
    expect_identical(ratio %in% head, scale == c("log odds ratio", "log hazard ratio"))
    again <- quiet(read_gwas(path))
    same <- c("SNP", "beta", "se", "eaf", "pval")
    expect_equal(as.data.frame(again)[same], as.data.frame(x)[same], tolerance = 1e-14)
    expect_identical(unique(again$scale), if (scale == "linear") NA_character_ else scale)
  }
  table <- utils::read.delim(write_gwas(
    quiet(read_gwas(frame, trait = "t", environment = "EUR", scale = "log odds ratio")), tempfile()
  )[1])
  expect_equal(table$odds_ratio, exp(frame$beta))
})
