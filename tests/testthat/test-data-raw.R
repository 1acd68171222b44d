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

test_that("a .raw file is read with identifiers as text, and numbers in their place are said", {
  p <- known_parts()
  ids <- sprintf("%03d", 1:200)
  raw <- data.frame(FID = "0", IID = ids, PAT = 0, MAT = 0, SEX = 0, PHENOTYPE = -9, p$g)
  names(raw)[-(1:6)] <- c("rs1_A", "rs2_G(/A)", "rs3_T", "rs4_0")
  raw[3, 7] <- NA
  path <- file.path(new_dir(), "cohort.raw")
  write.table(raw, path, quote = FALSE, row.names = FALSE)
  call <- function(g, ids) {
    bmi <- setNames(p$bmi, ids)
    sbp <- setNames(p$sbp, ids)
    mr_data(g, bmi, sbp, setNames(p$site, ids))
  }
  expect_message(from_file <- call(path, ids), "known by IID; its first six columns are no instruments.\n$", class = "latentmr_message_raw")
  same_data(from_file, suppressMessages(call(raw, ids)))
  expect_identical(head(from_file$ids, 2), c("001", "002"))
  packed <- paste0(path, ".gz")
  con <- gzfile(packed, "w")
  writeLines(readLines(path), con)
  close(con)
  same_data(suppressMessages(call(packed, ids)), from_file)
  # read.table() takes the zeros away: said, and nobody is joined to somebody else
  table <- read.table(path, header = TRUE)
  expect_message(call(table, as.character(1:200)), "Its IID came as numbers: 007 would be 7 now.", class = "latentmr_message_raw")
  expect_warning(suppressMessages(call(table, ids)), "leading zeros are lost", class = "latentmr_warning_ids")
  other <- file.path(new_dir(), "pheno.txt")
  writeLines(c("IID bmi", "1 2"), other)
  expect_error(call(other, ids), "whose columns are \"IID\", \"bmi\"", class = "latentmr_error_argument")
  expect_error(call("no.raw", ids), "there is no file no.raw", class = "latentmr_error_io")
  expect_error(call("cohort", ids), "To read files use read_mr_data()", class = "latentmr_error_argument")
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
