# Tables of genotypes in memory: PLINK's .raw, dosages, codes for missing calls.

test_that("a .raw table is people and variants, not eight instruments", {
  p <- known_parts()
  raw <- data.frame(FID = 0, IID = p$ids, PAT = 0, MAT = 0, SEX = ifelse(p$covariates$sex == "F", 2, 1), PHENOTYPE = -9, p$g)
  names(raw)[-(1:6)] <- c("rs1_A", "rs2_G(/A)", "rs3_T", "rs4_0")
  call <- function(raw, ...) {
    bmi <- p$bmi
    sbp <- p$sbp
    mr_data(raw, bmi, sbp, p$site, p$covariates, ...)
  }
  expect_message(d <- call(raw), ".raw table of PLINK: 4 variants, known by IID", class = "latentmr_message_raw")
  same_data(d, known_data())
  expect_identical(d$kind, "genotype")
  expect_identical(d$variants$effect_allele, c("A", "G", "T", NA))
  expect_identical(d$variants$other_allele, c(NA, "A", NA, NA))
  names(raw)[1:6] <- c("#FID", "iid", "Pat", "MAT", "SEX", "PHENOTYPE")
  same_data(suppressMessages(call(raw)), known_data())
  twice <- raw
  twice$iid <- rep(1:100, 2)
  twice[[1]] <- rep(c("a", "b"), each = 100)
  names(p$bmi) <- names(p$sbp) <- names(p$site) <- rownames(p$covariates) <- paste(twice[[1]], twice$iid, sep = "_")
  expect_identical(suppressMessages(call(twice))$ids, names(p$bmi))
  p <- known_parts()
  named <- call(raw, variants = data.frame(snp = names(raw)[-(1:6)], effect_allele = "C"))
  expect_identical(named$variants$snp, names(raw)[-(1:6)])
  expect_error(call(stats::setNames(cbind(raw, 0), c(names(raw), "rs4_HET"))), "--recode A", class = "latentmr_error_argument")
})

test_that("dosages a little outside of [0, 2] are set to its ends, and it is said", {
  g <- known_parts()$g + 0
  g[3, 1] <- 1.5
  g[4, 1] <- 2.00000004
  g[5, 2] <- -3e-9
  with <- function(g, ...) {
    p <- known_parts()
    mr_data(g, p$bmi, p$sbp, p$site, ...)
  }
  expect_message(d <- with(g), "2 values outside \\[0, 2\\] by at most 4e-08 set to the nearest of 0 and 2", class = "latentmr_message_dosage")
  expect_identical(d$kind, "dosage")
  expect_identical(mr_genotypes(d)[3:5, 1:2], unname(cbind(c(1.5, 2, g[5, 1]), c(g[3, 2], g[4, 2], 0))))
  expect_identical(with(g, kind = "continuous")$kind, "continuous")
  expect_identical(mr_genotypes(with(g, kind = "continuous"))[4, 1], 2.00000004)
  g[6, 1] <- 2.002
  expect_error(with(g), "2.002 in", class = "latentmr_error_argument")
})

test_that("codes among genotypes are named, several of them too", {
  g <- known_parts()$g + 0
  with <- function(g, ...) {
    p <- known_parts()
    mr_data(g, p$bmi, p$sbp, p$site, ...)
  }
  g[2:4, 1] <- c(3, 9, 9)
  g[7, 3] <- -9
  expect_condition_text(with(g), "latentmr_error_argument", paste0(
    "`genotypes` must be 0, 1, 2 or NA when they are genotypes, not -9, 3, 9 in 4 of 800 calls and 0, 1, 2 everywhere else.\n",
    "i If these mean missing, set them to NA; else say kind = \"continuous\"."
  ))
  expect_identical(with(g, kind = "continuous")$kind, "continuous")
  # Half of a column continuous is no code.
  g[] <- stats::rnorm(800)
  expect_identical(suppressMessages(with(g))$kind, "continuous")
  g <- known_parts()$g
  wide <- g
  wide[] <- 0
  expect_identical(suppressMessages(with(as.data.frame(g)))$kind, "genotype")
})
