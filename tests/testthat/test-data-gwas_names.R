# Variants whose alleles are in their names, joined across tables.
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
plain <- data.frame(
  SNP = paste0("rs", 1:8), effect_allele = "A", other_allele = "G", eaf = .3, beta = 1:8 / 20, se = .01, N = 5000
)
several <- rbind(plain, transform(plain[1:2, ], other_allele = "C", beta = .5))

test_that("several alleles under one name: counted, said, and found again in other tables", {
  said <- expect_condition_text(x <- read_gwas(several, trait = "x"), "latentmr_message_gwas", paste0(
    "the data frame: p-values are from beta and se; 2 variants of several alleles: these are in the names now ",
    "(\"rs1:G:A\", \"rs2:G:A\" and 2 more), and tables are joined by name and alleles."
  ))
  log <- flow(x)
  expect_identical(log$count[log$reason == "several alleles under one name: named with them"][1], 4L)
  expect_setequal(x$SNP, c(paste0("rs", 3:8), "rs1:G:A", "rs2:G:A", "rs1:C:A", "rs2:C:A"))
  # The outcome has one of the alleles alone, under the name itself; counts the other allele; is on the other strand.
  y <- transform(plain, beta = 2 * beta)
  other <- transform(y, effect_allele = "G", other_allele = "A", beta = -beta, eaf = 1 - eaf)
  strand <- transform(y, effect_allele = "T", other_allele = "C")
  both <- transform(rbind(other, transform(several[9:10, ], beta = 1)))
  for (table in list(y, other, strand, both)) {
    h <- quiet(as_twosample(x, outcome = read_gwas(table, trait = "y")))
    expect_identical(nrow(h), if (nrow(table) == 8) 8L else 10L)
    expect_equal(h$beta.outcome, 2 * h$beta.exposure)
    expect_true(all(h$mr_keep))
  }
})

test_that("variants without a name are joined whatever allele counts", {
  x <- quiet(read_gwas(transform(plain, SNP = NA, chr = 1, pos = 1:8 * 10), trait = "x"))
  turned <- transform(plain, SNP = NA, chr = 1, pos = 1:8 * 10, effect_allele = "G", other_allele = "A", beta = -beta, eaf = .7)
  y <- quiet(read_gwas(turned, trait = "y"))
  expect_identical(x$SNP[1], "1:10:G:A")
  expect_identical(y$SNP[1], "1:10:A:G")
  h <- quiet(as_twosample(x, outcome = y))
  expect_equal(h$beta.outcome, plain$beta)
})

test_that("moments, linkage and null variants know them too", {
  t <- plain_tables(p = 12)
  more <- subset(t$x, SNP == "rs1" & environment == "AFR")
  more$other_allele <- "C" # A/G and A/C
  x <- quiet(read_gwas(rbind(t$x, more), trait = "x"))
  y <- quiet(read_gwas(t$y, trait = "y"))
  ld <- diag(12)
  ld[1, 2] <- ld[2, 1] <- .3
  dimnames(ld) <- rep(list(paste0("rs", 1:12)), 2)
  m <- mr_moments_from_summary(x, y, overlap = 0)
  expect_setequal(m$variants$snp, c("rs1:G:A", paste0("rs", 2:12)))
  base <- mr_moments_from_summary(t$x, t$y, overlap = 0)
  expect_equal(m$gx, base$gx)
  rownames(ld)[1] <- colnames(ld)[1] <- "rs1_A_G"
  linked <- quiet(mr_moments_from_summary(x, y, ld = ld, overlap = 0))
  expect_identical(linked$variants$snp, m$variants$snp)
})

test_that("an account is of the frame as it was read", {
  x <- quiet(read_gwas(plain, trait = "x"))
  expect_s3_class(flow(x), "data.frame")
  for (cut in list(x[1:3, ], subset(x, SNP != "rs1"), rbind(x, x))) {
    expect_condition_text(flow(cut), "latentmr_error_argument", paste0(
      "`x` must be a frame as read_gwas() gave it, not one that was cut or joined since, which has no account."
    ))
  }
})

test_that("frequencies and counts of cases under the names of consortia are read", {
  x <- data.frame(SNP = c("rs1", "rs2"), A1 = "A", A2 = "G", FRQ = c(.3, .4), BETA = .1, SE = .02, N_cas = 100, N_con = 900)
  got <- suppressMessages(suppressWarnings(read_gwas(x)))
  expect_identical(got$eaf, c(.3, .4))
  expect_identical(as.numeric(c(got$ncase[1], got$ncontrol[1])), c(100, 900))
  names(x)[4] <- "Freq_Tested_Allele"
  expect_identical(suppressMessages(suppressWarnings(read_gwas(x)))$eaf, c(.3, .4))
})
