# PLINK 2 files through pgenlibr, against what plink2 wrote as text and what pgenlibr says itself.

pgen_fixture <- function(...) test_path("fixtures", paste0(...))

pgen_copy <- function(folder, name = "set", from = "small") {
  for (ending in c(".pgen", ".pvar", ".psam")) file.copy(pgen_fixture(from, ending), file.path(folder, paste0(name, ending)))
  file.path(folder, name)
}

# A set of dosages or hard calls written by pgenlibr: people x variants, NA where missing.
write_pgen <- function(prefix, g, dosages = TRUE, pvar = NULL, ids = sprintf("p%02d", seq_len(nrow(g)))) {
  writer <- pgenlibr::NewPgenWriter(paste0(prefix, ".pgen"), nrow(g), ncol(g), dosage_present = dosages)
  for (j in seq_len(ncol(g))) if (dosages) pgenlibr::AppendDosages(writer, g[, j]) else pgenlibr::AppendBiallelic(writer, g[, j])
  pgenlibr::ClosePgenWriter(writer)
  if (is.null(pvar)) pvar <- sprintf("chr01\t%d\trs%d\tA\tG", 100L * seq_len(ncol(g)), seq_len(ncol(g)))
  writeLines(c("##source=test", "#CHROM\tPOS\tID\tREF\tALT", pvar), paste0(prefix, ".pvar"))
  writeLines(c("#FID\tIID\tSEX", paste("f", ids, rep_len(c(1, 2, "NA"), length(ids)), sep = "\t")), paste0(prefix, ".psam"))
  prefix
}

test_that("dosages and missing calls are those that plink2 writes", {
  skip_if_not_installed("pgenlibr")
  table <- read.table(pgen_fixture("small.raw"), header = TRUE, check.names = FALSE)
  truth <- unname(as.matrix(table[-(1:6)]))
  pgen <- read_pgen(pgen_fixture("small"))
  g <- unname(as.matrix(pgen))
  expect_identical(is.na(g), is.na(truth))
  expect_lt(max(abs(g - truth), na.rm = TRUE), 1.01e-3)
  expect_identical(g * 16384, round(g * 16384))
  expect_identical(dimnames(pgen), list(as.character(table$IID), variants(pgen)$snp))
  expect_identical(paste(variants(pgen)$snp, variants(pgen)$effect_allele, sep = "_"), names(table)[-(1:6)])
  expect_match(paste(capture.output(print(pgen)), collapse = "\n"), "<genotype_pgen> 60 samples x 16 variants", fixed = TRUE)
  # BGEN of 16 bits made from the same file: half a step of each.
  bgen <- as.matrix(read_bgen(pgen_fixture("zlib16.bgen"), pgen_fixture("small.sample")))
  expect_lt(max(abs(unname(bgen) - g), na.rm = TRUE), 2 / 65535)
})

test_that("hard calls are 0, 1, 2 and missing, and kind is genotype", {
  skip_if_not_installed("pgenlibr")
  withr::local_seed(2)
  folder <- withr::local_tempdir()
  g <- matrix(sample(c(0:2, NA), 60 * 5, TRUE, c(4, 4, 2, 1)), 60)
  prefix <- write_pgen(file.path(folder, "hard"), g, FALSE)
  pgen <- read_pgen(prefix)
  expect_identical(unname(as.matrix(pgen)), g + 0)
  expect_identical(variants(pgen)$chr, rep("1", 5))
  expect_identical(samples(pgen)$sex[1:3], c(1L, 2L, NA))
  pheno <- data.frame(IID = sprintf("p%02d", 1:60), x = rnorm(60), y = rnorm(60), site = rep(c("a", "b"), 30))
  quiet <- function(expr) suppressWarnings(suppressMessages(expr))
  from_files <- quiet(read_mr_data(prefix, pheno, "x", "y", "site"))
  in_memory <- quiet(mr_data(g, pheno$x, pheno$y, pheno$site, ids = pheno$IID))
  expect_identical(from_files$kind, "genotype")
  expect_identical(mr_genotypes(from_files), mr_genotypes(in_memory))
  moments <- function(d) unclass(quiet(mr_moments(d, folds = 2, seed = 1, disclosure = FALSE)))[c("gg", "gm", "mm", "sg", "gx")]
  expect_equal(moments(from_files), moments(in_memory))
})

test_that("dosages go from the files to the estimate with the numbers of the matrix", {
  skip_if_not_installed("pgenlibr")
  withr::local_seed(3)
  folder <- withr::local_tempdir()
  n <- 200
  g <- matrix(pmin(pmax(rbinom(n * 6, 2, .3) + round(runif(n * 6, -.3, .3) * 16384) / 16384, 0), 2), n)
  g[sample(length(g), 30)] <- NA
  prefix <- write_pgen(file.path(folder, "dosage"), g, ids = sprintf("p%03d", 1:n))
  x <- rowSums(g, na.rm = TRUE) + rnorm(n)
  pheno <- data.frame(IID = sprintf("p%03d", 1:n), x = x, y = .3 * x + rnorm(n), site = rep(c("a", "b"), n / 2))
  quiet <- function(expr) suppressWarnings(suppressMessages(expr))
  from_files <- quiet(read_mr_data(prefix, pheno, "x", "y", "site"))
  plain <- quiet(mr_data(g, pheno$x, pheno$y, pheno$site, ids = pheno$IID))
  expect_identical(from_files$kind, "dosage")
  expect_identical(mr_genotypes(from_files), mr_genotypes(plain))
  fits <- lapply(list(from_files, plain), function(d) as.data.frame(quiet(latent_mr(d, seed = 1))))
  expect_equal(fits[[1]]$b, fits[[2]]$b, tolerance = 1e-10)
  expect_equal(fits[[1]]$se, fits[[2]]$se, tolerance = 1e-10)
  numbers <- numerators(from_files$genotypes, 1:3)
  expect_identical(.Call(C_ffi_source_matrix, numbers$source, NULL), g[1:3, ])
})

test_that("a scan in parts is the scan", {
  skip_if_not_installed("pgenlibr")
  pgen <- read_pgen(pgen_fixture("small"))
  g <- unname(as.matrix(pgen))
  e <- factor(rep_len(c("a", "b", "c"), 50))
  parts <- column_parts(pgen, 1:50, 5 * 50)
  expect_identical(unname(parts), list(1:5, 6:10, 11:15, 16L))
  whole <- scan(genotype_matrix(g), 50:1, e)
  expect_identical(scan_in_parts(pgen, 50:1, e, parts)[names(whole)], whole)
  g[7, 12] <- Inf
  expect_identical(scan_in_parts(genotype_matrix(g), 50:1, e, parts)$inf, c(44L, 12L))
})

test_that("several alleles, names and several files follow the rules of BGEN", {
  skip_if_not_installed("pgenlibr")
  skip_if(Sys.which("plink2") == "")
  folder <- withr::local_tempdir()
  writeLines(c(
    "##fileformat=VCFv4.2", "##contig=<ID=1>", "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\td",
    "1\t5\trs1\tA\tC,G\t.\t.\t.\tGT\t0/1\t1/2\t2/2\t./.", "1\t9\t.\tA\tT\t.\t.\t.\tGT\t0/1\t1/1\t0/0\t./."
  ), file.path(folder, "m.vcf"))
  system2("plink2", c("--vcf", file.path(folder, "m.vcf"), "--make-pgen vzs --out", file.path(folder, "m")), stdout = FALSE)
  prefix <- file.path(folder, "m")
  expect_true(file.exists(paste0(prefix, ".pvar.zst")))
  expect_error(read_pgen(prefix), "1 variant of more than two alleles", class = "latentmr_error_format")
  expect_message(left <- suppressMessages(read_pgen(prefix, multiallelic = "leave_out"), "latentmr_message_names"), "left out: 1 of more than two alleles")
  expect_identical(unname(as.matrix(left)), cbind(c(1, 2, 0, NA)))
  split <- suppressMessages(read_pgen(prefix, multiallelic = "split"))
  # By hand: copies of C and of G.
  expect_identical(unname(as.matrix(split)), cbind(c(1, 1, 0, NA), c(0, 1, 2, NA), c(1, 2, 0, NA)))
  expect_identical(variants(split)$snp, c("rs1:A:C", "rs1:A:G", "1:9:A:T"))
  few <- suppressMessages(read_pgen(prefix, variants = "rs1", multiallelic = "split"))
  expect_identical(unname(as.matrix(few)), cbind(c(1, 1, 0, NA), c(0, 1, 2, NA)))
  expect_error(read_pgen(prefix, "rs9"), class = "latentmr_error_variants")
})

test_that("files per chromosome, one table", {
  skip_if_not_installed("pgenlibr")
  withr::local_seed(9)
  folder <- withr::local_tempdir()
  g <- matrix(sample(0:32768, 20 * 6, TRUE) / 16384, 20)
  paths <- c(
    write_pgen(file.path(folder, "a"), g[, 1:2]),
    write_pgen(file.path(folder, "b"), g[, 3:6], pvar = sprintf("2\t%d\tx%d\tA\tG", 1:4, 1:4))
  )
  pgen <- read_pgen(c(paths[1], paste0(paths[2], ".pgen")))
  expect_identical(unname(as.matrix(pgen)), g)
  expect_identical(unname(pgen[c(5, 1), c("x3", "rs2")]), g[c(5, 1), c(5, 2)])
  write_pgen(paths[2], g[, 3:6], ids = rev(sprintf("p%02d", 1:20)), pvar = sprintf("2\t%d\tx%d\tA\tG", 1:4, 1:4))
  expect_error(read_pgen(paths), class = "latentmr_error_samples")
})

test_that("files that do not belong together or are damaged are said", {
  skip_if_not_installed("pgenlibr")
  folder <- withr::local_tempdir()
  prefix <- pgen_copy(folder)
  lines <- readLines(paste0(prefix, ".pvar"))
  pgen <- read_pgen(prefix)
  writeLines(lines[-length(lines)], paste0(prefix, ".pvar"))
  expect_error(read_pgen(prefix), "has 16 variants, .* has 15", class = "latentmr_error_format")
  writeLines(sub("\t94", "\tx94", lines), paste0(prefix, ".pvar"))
  expect_error(read_pgen(prefix), "a position that is no whole number", class = "latentmr_error_format")
  writeLines(gsub("\t", "", lines), paste0(prefix, ".pvar"))
  expect_error(read_pgen(prefix), "is not a .pvar file", class = "latentmr_error_format")
  writeLines(lines, paste0(prefix, ".pvar"))
  people <- readLines(paste0(prefix, ".psam"))
  psam <- function(lines, text, class = "latentmr_error_format") {
    writeLines(lines, paste0(prefix, ".psam"))
    error <- expect_error(read_pgen(prefix), class = class)
    expect_identical(gsub("'[^']*/", "'", conditionMessage(error)), text)
  }
  lost <- "i The psam file belongs to another pgen file, or a line of it was lost: copy the three files again."
  count <- length(people) - 1
  psam(people[-2], sprintf("'set.pgen' has %d samples, 'set.psam' has %d.\n%s", count, count - 1, lost), "latentmr_error_samples")
  psam(c(people, people[2]), sprintf(
    "'set.psam' has the sample \"0 %s\" in rows 1 and %d.\n%s", sub("\t.*", "", people[2]), count + 1,
    "i Family and individual id together must name one sample: rename or remove one of them."
  ))
  psam(c(sub("IID", "XID", people[1]), people[-1]), sprintf(
    "'set.psam' has no column IID: its columns are %s.\ni It is not a .psam file: copy the three files again.",
    quote_all(sub("#", "", strsplit(sub("IID", "XID", people[1]), "\t")[[1]]))
  ))
  psam(people[1], "'set.psam' has no sample.\ni It is not a .psam file: copy the three files again.")
  writeLines(people, paste0(prefix, ".psam"))
  bytes <- readBin(paste0(prefix, ".pgen"), "raw", 1e5)
  writeBin(bytes[1:200], paste0(prefix, ".pgen"))
  expect_error(as.matrix(pgen), "has changed since read_pgen", class = "latentmr_error_format")
  expect_error(as.matrix(read_pgen(prefix)), class = "latentmr_error_file")
  unlink(paste0(prefix, ".pvar"))
  expect_error(read_pgen(prefix), "There is no file .*set.pvar'", class = "latentmr_error_file_missing")
  expect_error(read_pgen(file.path(folder, "none")), class = "latentmr_error_file_missing")
})

test_that("without pgenlibr the error says how to install it", {
  error <- expect_error(check_pgenlibr("a_package_that_is_not_there"), class = "latentmr_error_package")
  expect_match(conditionMessage(error), "install.packages(\"pgenlibr\")", fixed = TRUE)
})

test_that("a set is known by each of its files, and what is another format is said", {
  skip_if_not_installed("pgenlibr")
  folder <- withr::local_tempdir()
  prefix <- write_pgen(file.path(folder, "two"), matrix(c(0, 1, 2, 1), 2), pvar = c("1\t5\trs1\tA\tG", "1\t6\trs1\tC\tT"))
  names <- c("rs1:A:G", "rs1:C:T")
  for (ending in c("", ".pgen", ".pvar", ".psam")) {
    expect_identical(variants(suppressMessages(read_pgen(paste0(prefix, ending), variants = names)))$snp, names)
  }
  one <- read_pgen(prefix, variants = names[2])
  expect_identical(variants(one)$snp, names[2])
  expect_identical(unname(as.matrix(one)), cbind(c(2, 1)))
  vcf <- file.path(folder, "x.vcf")
  writeLines("##fileformat=VCFv4.2", vcf)
  expect_error(read_pgen(vcf), "is a VCF file, which is converted before it is read", class = "latentmr_error_format")
  expect_error(read_pgen(folder), "is a folder", class = "latentmr_error_file_missing")
})

# The recipes of vignette("genotypes"), run as commands.
test_that("a VCF or BCF file becomes PGEN with plink2, its dosages as they are", {
  skip_if_not_installed("pgenlibr")
  skip_if(Sys.which("plink2") == "")
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  withr::local_seed(4)
  ds <- matrix(round(stats::runif(30 * 6, 0, 2), 3), 30, dimnames = list(sprintf("s%02d", 1:30), paste0("rs", 1:6)))
  ds[cbind(c(3, 8), c(1, 5))] <- NA
  call <- function(x) ifelse(is.na(x), "./.:.", sprintf("%s:%s", c("0/0", "0/1", "1/1")[round(x) + 1], format(x, trim = TRUE)))
  connection <- gzfile("x.vcf.gz", "w")
  writeLines(c(
    "##fileformat=VCFv4.2", "##contig=<ID=1>", "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">",
    "##FORMAT=<ID=DS,Number=A,Type=Float,Description=\"Dosage\">",
    paste(c("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", rownames(ds)), collapse = "\t"),
    vapply(1:6, function(j) {
      paste(c("1", j * 10, colnames(ds)[j], "A", "G", ".", ".", ".", "GT:DS", call(ds[, j])), collapse = "\t")
    }, "")
  ), connection)
  close(connection)
  plink2 <- function(...) system2("plink2", c(...), stdout = FALSE, stderr = FALSE)
  expect_identical(plink2("--vcf x.vcf.gz dosage=DS --make-pgen --out x"), 0L)
  expect_identical(plink2("--vcf x.vcf.gz dosage=DS --export bcf vcf-dosage=DS --out y"), 0L)
  expect_identical(plink2("--bcf y.bcf dosage=DS --make-pgen --out y"), 0L)
  for (name in c("x", "y")) {
    pgen <- suppressMessages(read_pgen(name))
    g <- as.matrix(pgen)
    expect_identical(dimnames(g), dimnames(ds))
    expect_identical(is.na(g), is.na(ds))
    expect_lt(max(abs(g - ds), na.rm = TRUE), 1 / 16384)
    expect_identical(variants(pgen)$effect_allele, rep("G", 6))
  }
})
