# Codes of chromosomes, X in men and women, Y and mitochondria, sex in two places.

test_that("codes of one chromosome are folded", {
  given <- c("1", "01", "chr1", "Chr01", "23", "X", "chrx", "24", "Y", "25", "XY", "26", "MT", "M", "chrM", "0", NA, "PAR1", "HLA", " 7 ")
  expect_identical(plain_chromosome(given), c(
    "1", "1", "1", "1", "X", "X", "X", "Y", "Y", "XY", "XY", "MT", "MT", "MT", "MT", "0", NA, "PAR1", "HLA", "7"
  ))
  expect_identical(chromosome_codes(data.frame(chr = c("23", "X", "1", "01", "chr1")))[c(1, 3)], c(2L, 1L))
  expect_identical(length(unique(chromosome_codes(data.frame(chr = c("23", "X", "1", "01", "chr1"))))), 2L)
  p <- known_parts()
  d <- known_data(variants = data.frame(snp = colnames(p$g), chr = c("chr1", "01", "1", "2")))
  expect_identical(d$variants$chr, c("1", "1", "1", "2"))
})

test_that("chromosomes that no genome has are told, at every door", {
  expect_identical(plain_chromosome(c("1.0", "chr02.0", "X.1")), c("1", "2", "X.1"))
  known <- c("0", "1", "chr22", "X", "Y", "XY", "MT", "PAR1", "95", "2L", "1A", "IV", "GL000192.1", "chr17_ctg5_hap1", "HLA", "Un", NA, "")
  expect_silent(warn_chromosomes(plain_chromosome(known), "They are"))
  p <- known_parts()
  made <- function(chr) known_data(variants = data.frame(snp = colnames(p$g), chr = c(chr, "1", "1", "2")))
  for (chr in c("chr99", "99", "1p36", "foo")) {
    warning <- expect_warning(made(chr), "Instruments are on chromosomes that no genome has: ", class = "latentmr_warning_chromosome")
    expect_identical(warning$codes, plain_chromosome(chr))
  }
  d <- made("1")
  gwas <- data.frame(SNP = "rs1", chr = "chr99", pos = 5, effect_allele = "A", other_allele = "G", beta = .1, se = .02)
  expect_warning(read_gwas(gwas), "the data frame: variants are on chromosomes", class = "latentmr_warning_chromosome")
  expect_warning(
    try(select_variants(made("1"), regions = data.frame(chr = "99", start = 1, end = 9)), silent = TRUE), "`regions` are on chromosomes",
    class = "latentmr_warning_chromosome"
  )
  f <- known_files(chr = c(1, 1, 99, 1))
  expect_warning(
    read_known(f, instruments = c("rs1", "rs2"), background = "others"), "Background variants are on", class = "latentmr_warning_chromosome"
  )
})

# 300 people, the second half men with 0 or 2 copies on X; by hand in equilibrium: women
# have 38, 75, 37 with 0, 1, 2 copies of each, men 75 and 75.
x_cohort <- function(chr = "23", sex = rep(2:1, each = 150), covariates = data.frame(sex = sex, row.names = ids), ...) {
  ids <- sprintf("p%03d", 1:300)
  women <- c(rep(0, 38), rep(1, 75), rep(2, 37))
  men <- rep(c(0, 2), each = 75)
  g <- cbind(rsX = c(women, men), rs2 = c(rev(women), women), rs3 = c(women[c(2:150, 1)], women[c(76:150, 1:75)]))
  rownames(g) <- ids
  prefix <- write_bed_files(file.path(new_dir(), "x"), g, chr = c(chr, "2", "3"))
  fam <- readLines(paste0(prefix, ".fam"))
  writeLines(sub(" 0 -9$", "", fam) |> paste(sex, -9), paste0(prefix, ".fam"))
  i <- 1:300
  named <- function(x) stats::setNames(x, ids)
  mr_data(read_plink(prefix), named(sin(i)), named(cos(i)), named(rep("a", 300)), covariates, ...)
}

test_that("on X the Hardy-Weinberg test is that of the women", {
  expect_message(d <- x_cohort(), "1 instrument is on chromosome X: men have one copy", class = "latentmr_message_chromosome")
  table <- variants(d, environments = TRUE)
  expect_identical(table$chr[1], "X")
  expect_equal(table$hwe_p[1], 1, tolerance = .1)
  expect_identical(table$hwe_p[1], .Call(C_ffi_hwe, 38L, 75L, 37L))
  # Everybody together would be far from equilibrium: 113, 75, 112.
  expect_lt(.Call(C_ffi_hwe, 113L, 75L, 112L), 1e-15)
  expect_identical(table$hwe_p[2], .Call(C_ffi_hwe, 76L, 150L, 74L))
  expect_identical(table$n, rep(300L, 3))
  nobody <- suppressMessages(x_cohort(sex = rep(0, 300), covariates = data.frame(sex = rep(1:2, 150), row.names = sprintf("p%03d", 1:300))))
  expect_true(is.na(variants(nobody, environments = TRUE)$hwe_p[1]))
  warning <- expect_warning(x_cohort(covariates = NULL), class = "latentmr_warning_chromosome")
  expect_match(conditionMessage(warning), "Give sex among the covariates")
  # Rows stay with their sex when some are left out.
  some <- rows_of_data(d, 101:300)
  expect_identical(some$sex, rep(2:1, c(50, 150)))
})

test_that("Y and mitochondria are refused as instruments and left out of the background", {
  for (chr in c("24", "chrY", "26", "MT")) {
    expect_condition_text(x_cohort(chr), "latentmr_error_chromosome", paste0(
      "1 variant is on chromosome Y or in the mitochondria, such as \"rsX\": they have one copy, of one parent, and are no instruments here.\n",
      "i Name the others in `instruments`, or write files without them: plink2 --chr 1-23 --make-bed."
    ))
  }
  g <- known_parts()$g
  f <- known_files(chr = c(1, 1, 24, 1))
  d <- read_known(f, instruments = c("rs1", "rs2"), background = "others")
  expect_identical(d$background$variants$snp, "rs4")
  expect_identical(flow(d)$count[flow(d)$reason == "on chromosome Y or in the mitochondria"], 1L)
})

test_that("sex in the fam file beside that of a covariate", {
  ids <- sprintf("p%03d", 1:300)
  sex <- rep(2:1, each = 150)
  with <- function(given, name = "sex") {
    frame <- stats::setNames(data.frame(given, row.names = ids), name)
    said <- Filter(function(x) inherits(x, "latentmr_warning_sex"), conditions_of(x_cohort(covariates = frame)))
    vapply(said, conditionMessage, "")
  }
  expect_identical(with(sex), character())
  expect_identical(with(c("M", "F")[sex]), character())
  expect_identical(with(sex - 1, "GENDER"), character())
  expect_identical(with(replace(sex, 1:5, 1)), character()) # 5 of 300
  expect_match(with(replace(sex, 1:9, 1)), "^\"sex\" disagrees with the sex of the genotype files in 9 of 300 participants \\(3.0%\\)[.]\ni Mixed up samples")
  expect_match(with(rep(1:2, 150)), "in 150 of 300 participants \\(50.0%\\)[.]\ni That many: the rows of the two belong to different people")
})

test_that("several withdrawn samples of one negative number are nobody", {
  parts <- known_parts()
  ids <- replace(parts$ids, c(3, 7, 9), "-1")
  expect_message(bed <- read_plink(known_files(fid = ids, iid = ids)$bfile), "3 samples of .* taken as withdrawn", class = "latentmr_message_withdrawn")
  expect_identical(rownames(bed)[c(1, 3, 7, 9)], c("p001", "withdrawn", "withdrawn_1", "withdrawn_2"))
  f <- known_files(fid = ids, iid = ids)
  d <- suppressMessages(read_known(f, f$pheno[-c(3, 7, 9), ]))
  expect_identical(d$ids, parts$ids[-c(3, 7, 9)])
  other <- known_files(fid = replace(ids, 20, "p021"), iid = replace(ids, 20, "p021"))
  expect_error(suppressMessages(read_plink(other$bfile)), "\"p021 p021\" in lines 20 and 21", class = "latentmr_error_format")
})
