# read_plink() against other readers on the same files: which allele each counts
# and where each puts missing calls. The file sets: simulated with 5 % missing,
# for sample numbers with every remainder modulo 4, and both shipped panels.

sets <- function() {
  set.seed(3)
  folder <- tempfile("peers")
  dir.create(folder)
  made <- vapply(c(17, 18, 19, 20), function(n) {
    prefix <- file.path(folder, paste0("n", n))
    p <- 40
    g <- matrix(rbinom(n * p, 2, .4), n)
    g[sample(length(g), length(g) %/% 20)] <- NA
    LatentMR:::write_plink(prefix, g, data.frame(
      chr = 1, snp = paste0("rs", 1:p), pos = 1:p, effect_allele = "A", other_allele = "G"
    ), data.frame(fid = "F", iid = sprintf("%03d", 1:n), sex = 1L))
    prefix
  }, "")
  c(made, file.path(system.file("extdata", package = "LatentMR"), c("hgdp", "chr21")))
}
ours <- function(prefix) as.matrix(read_plink(prefix))

test_that("BEDMatrix counts the same allele", {
  skip_if_not_installed("BEDMatrix")
  for (prefix in sets()) {
    theirs <- suppressMessages(BEDMatrix::BEDMatrix(prefix))[, , drop = FALSE]
    expect_identical(unname(theirs), unname(ours(prefix)))
  }
})

test_that("genio counts the same allele, transposed", {
  skip_if_not_installed("genio")
  for (prefix in sets()) {
    theirs <- genio::read_plink(prefix, verbose = FALSE)
    expect_identical(unname(t(theirs$X)), unname(ours(prefix)))
    expect_identical(theirs$bim$id, variants(read_plink(prefix))$snp)
    expect_identical(theirs$fam$id, samples(read_plink(prefix))$iid)
  }
})

test_that("genio reads what write_plink() writes, and the other way round", {
  skip_if_not_installed("genio")
  prefix <- sets()[1]
  data <- genio::read_plink(prefix, verbose = FALSE)
  copy <- tempfile()
  genio::write_plink(copy, data$X, data$bim, data$fam, verbose = FALSE)
  expect_identical(readBin(paste0(copy, ".bed"), "raw", 1e6), readBin(paste0(prefix, ".bed"), "raw", 1e6))
  expect_identical(ours(copy), ours(prefix))
})

test_that("pgenlibr counts the same allele: PLINK 2 takes A1 of a bed file as ALT", {
  skip_if_not_installed("pgenlibr")
  for (prefix in sets()) {
    mine <- ours(prefix)
    pgen <- pgenlibr::NewPgen(paste0(prefix, ".bed"), raw_sample_ct = nrow(mine))
    expect_identical(unname(pgenlibr::ReadIntList(pgen, seq_len(ncol(mine)))), unname(mine))
    pgenlibr::ClosePgen(pgen)
  }
})

test_that("snpStats counts the other allele", {
  skip_if_not_installed("snpStats")
  for (prefix in sets()) {
    theirs <- snpStats::read.plink(paste0(prefix, ".bed"), paste0(prefix, ".bim"), paste0(prefix, ".fam"))
    expect_equal(2 - unname(methods::as(theirs$genotypes, "numeric")), unname(ours(prefix) + 0))
    expect_identical(as.character(theirs$map$allele.1), variants(read_plink(prefix))$effect_allele)
  }
})

test_that("plink1.9 --recode A counts the same allele and names it", {
  plink <- Sys.which(c("plink1.9", "plink"))
  plink <- plink[nzchar(plink)]
  skip_if(!length(plink), "plink is not installed")
  for (prefix in c(sets()[1:4], file.path(system.file("extdata", package = "LatentMR"), "chr21"))) {
    out <- tempfile()
    status <- system2(plink[[1]], c(
      "--bfile", shQuote(prefix), "--recode", "A", "--keep-allele-order", "--allow-no-sex", "--out", shQuote(out)
    ), stdout = FALSE, stderr = FALSE)
    expect_identical(status, 0L)
    raw <- data.table::fread(paste0(out, ".raw"), data.table = FALSE, colClasses = list(character = 1:2))
    bed <- read_plink(prefix)
    theirs <- as.matrix(raw[-(1:6)])
    expect_equal(unname(theirs), unname(as.matrix(bed)))
    expect_identical(colnames(theirs), paste(variants(bed)$snp, variants(bed)$effect_allele, sep = "_"))
    expect_identical(raw$IID, samples(bed)$iid)
  }
})
