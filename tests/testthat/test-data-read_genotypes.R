# A format is known by its content.

test_that("every format goes to its reader, whatever it is called", {
  folder <- withr::local_tempdir()
  g <- matrix(c(0, 1, 2, NA, 1, 0), 3)
  write_plink(file.path(folder, "set"), g)
  expect_s3_class(read_genotypes(file.path(folder, "set")), "plink_bed")
  expect_s3_class(read_genotypes(file.path(folder, "set.bed")), "plink_bed")
  expect_s3_class(read_genotypes(file.path(folder, "set.fam")), "plink_bed")
  file.copy(test_path("fixtures", "zlib8.bgen"), file.path(folder, "imputed"))
  file.copy(test_path("fixtures", "zlib8.bgen"), file.path(folder, "other.bgen"))
  expect_s3_class(read_genotypes(file.path(folder, "imputed")), "genotype_bgen")
  expect_s3_class(read_genotypes(file.path(folder, "other")), "genotype_bgen")
  raw <- suppressMessages(read_genotypes(test_path("fixtures", "small.raw")))
  expect_s3_class(raw, "data.frame")
  skip_if_not_installed("pgenlibr")
  for (ending in c("", ".pgen", ".pvar", ".psam")) {
    expect_s3_class(read_genotypes(test_path("fixtures", paste0("small", ending))), "genotype_pgen")
  }
  for (ending in c(".pgen", ".pvar", ".psam")) file.copy(test_path("fixtures", paste0("small", ending)), file.path(folder, paste0("set", ending)))
  error <- expect_error(read_genotypes(file.path(folder, "set")), "which has .bed and .pgen", class = "latentmr_error_argument")
  expect_s3_class(read_genotypes(file.path(folder, "set.pgen")), "genotype_pgen")
  expect_s3_class(read_genotypes(file.path(folder, "set.bim")), "plink_bed")
  expect_error(read_genotypes(file.path(folder, c("set.bed", "imputed"))), "files of one format", class = "latentmr_error_argument")
})

test_that("what plink2 converts is said with a command that works", {
  folder <- withr::local_tempdir()
  vcf <- c(
    "##fileformat=VCFv4.2", "##contig=<ID=1>", "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">",
    "##FORMAT=<ID=DS,Number=1,Type=Float,Description=\"d\">", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc",
    "1\t5\trs1\tA\tC\t.\t.\t.\tGT:DS\t0/1:1.25\t0/0:0\t./.:."
  )
  path <- file.path(folder, "x.vcf")
  writeLines(vcf, path)
  packed <- gzfile(file.path(folder, "y.vcf.gz"))
  writeLines(vcf, packed)
  close(packed)
  writeBin(c(charToRaw("BCF"), as.raw(2:9)), file.path(folder, "x.bcf"))
  dir.create(file.path(folder, "x.mt"))
  writeLines("{}", file.path(folder, "x.mt", "metadata.json.gz"))
  writeLines("CHR\tSNP\t(C)M\tPOS\tCOUNTED\tALT", file.path(folder, "x.traw"))
  said <- vapply(c("x.vcf", "y.vcf.gz", "x.bcf", "x.mt", "x.traw"), function(name) {
    error <- expect_error(read_genotypes(file.path(folder, name)), class = "latentmr_error_format")
    sub("^.*\n. ", "", conditionMessage(error))
  }, "")
  expect_identical(unname(said), c(
    "Convert it: plink2 --vcf x.vcf dosage=DS --make-pgen --out x (without dosage=DS where it has no field DS).",
    "Convert it: plink2 --vcf y.vcf.gz dosage=DS --make-pgen --out y (without dosage=DS where it has no field DS).",
    "Convert it: plink2 --bcf x.bcf dosage=DS --make-pgen --out x (without dosage=DS where it has no field DS).",
    "Convert it: hl.export_bgen(hl.read_matrix_table(\"x.mt\"), \"x\") in Python, or hl.export_plink().",
    "Convert it: plink2 --export A in place of A-transpose."
  ))
  skip_if_not_installed("pgenlibr")
  skip_if(Sys.which("plink2") == "")
  command <- sub("^Convert it: plink2 (.*) [(]without.*$", "\\1", said[[1]])
  withr::with_dir(folder, system2("plink2", command, stdout = FALSE))
  expect_identical(unname(as.matrix(read_genotypes(file.path(folder, "x.pgen")))), cbind(c(1.25, 0, NA)))
  # Commands of the help page and of the errors on BGEN: the second allele is ALT, whichever way.
  run <- function(...) withr::with_dir(folder, system2("plink2", c(...), stdout = FALSE))
  run("--pfile x --export bgen-1.2 ref-first bits=16 --out a")
  bgen <- read_genotypes(file.path(folder, "a.bgen"))
  expect_identical(variants(bgen)$effect_allele, "C")
  expect_equal(unname(as.matrix(bgen)), cbind(c(1.25, 0, NA)), tolerance = 1e-4)
  run("--bgen a.bgen ref-first --sample a.sample --export bgen-1.2 ref-first bits=8 --out b")
  expect_equal(unname(as.matrix(read_genotypes(file.path(folder, "b")))), cbind(c(1.25, 0, NA)), tolerance = 1e-2)
  run("--pfile x --export bgen-1.2 bits=16 --out last")
  run("--bgen last.bgen ref-last --sample last.sample --make-pgen --out c")
  again <- read_genotypes(file.path(folder, "c"))
  expect_identical(variants(again)$effect_allele, "C")
  expect_equal(unname(as.matrix(again)), cbind(c(1.25, 0, NA)), tolerance = 1e-4)
  run("--vcf x.vcf --export bcf --out z")
  run("--bcf z.bcf --make-pgen --out z")
  expect_identical(unname(as.matrix(read_genotypes(file.path(folder, "z.pgen")))), cbind(c(1, 0, NA)))
})

test_that("read_mr_data() and the background take every format, with the same numbers", {
  folder <- withr::local_tempdir()
  bgen <- read_bgen(test_path("fixtures", "zlib8.bgen"), test_path("fixtures", "small.sample"))
  file.copy(test_path("fixtures", "zlib8.bgen"), file.path(folder, "set.bgen"))
  file.copy(test_path("fixtures", "small.sample"), file.path(folder, "set.sample"))
  withr::local_seed(1)
  ids <- samples(bgen)$iid
  pheno <- data.frame(IID = ids, x = rnorm(60), y = rnorm(60), site = rep(c("a", "b"), 30))
  quiet <- function(expr) suppressWarnings(suppressMessages(expr))
  plain <- quiet(mr_data(unname(as.matrix(bgen)), pheno$x, pheno$y, pheno$site, ids = ids, variants = variants(bgen)))
  read <- quiet(read_mr_data(file.path(folder, "set"), pheno, "x", "y", "site"))
  expect_s3_class(read$genotypes, "genotype_bgen")
  expect_identical(read$kind, "dosage")
  expect_identical(mr_genotypes(read), mr_genotypes(plain))
  expect_identical(read$counts$mean, plain$counts$mean)
  moments <- function(d) unclass(quiet(mr_moments(d, folds = 2, seed = 1, disclosure = FALSE)))[c("gg", "gm", "mm", "sg", "gx")]
  expect_equal(moments(read), moments(plain))
  expect_match(paste(capture.output(print(read)), collapse = "\n"), "read when needed from 1 file")
  from_raw <- quiet(read_mr_data(test_path("fixtures", "small.raw"), pheno, "x", "y", "site"))
  expect_equal(unname(mr_genotypes(from_raw)), unname(mr_genotypes(read)), tolerance = 2 / 255)
  first <- variants(bgen)$snp[1:6]
  for (background in list(file.path(folder, "set.bgen"), read_genotypes(file.path(folder, "set.bgen")), "others")) {
    with_background <- quiet(read_mr_data(file.path(folder, "set"), pheno, "x", "y", "site", instruments = first, background = background))
    expect_identical(with_background$variants$snp, intersect(plain$variants$snp, first))
    rest <- setdiff(variants(bgen)$snp, first)
    expect_identical(decode(with_background$background), as.matrix(bgen)[, rest, drop = FALSE], ignore_attr = TRUE)
    expect_no_error(variants(with_background))
  }
})

test_that("several .raw files of the same people are one table", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  people <- data.frame(FID = 0, IID = c("007", "b", "c"), PAT = 0, MAT = 0, SEX = 1, PHENOTYPE = -9)
  write <- function(path, people, ...) {
    write.table(cbind(people, data.frame(..., check.names = FALSE)), path, quote = FALSE, row.names = FALSE)
  }
  write("chr1.raw", people, rs1_A = 0:2, rs2_C = c(1, NA, 0))
  write("chr2.raw", people, rs2_G = c(2, 1, 0), rs3_T = 2:0)
  table <- read_genotypes(c("chr1.raw", "chr2.raw"))
  expect_identical(names(table), c(names(people), "rs1_A", "rs2_C", "rs2_G", "rs3_T"))
  expect_identical(table$IID, people$IID)
  expect_identical(table$rs3_T, c(2, 1, 0))
  trait <- setNames(c(1, 2, 4), people$IID)
  site <- setNames(c("a", "a", "a"), people$IID)
  expect_condition_text(raw <- raw_table(table), "latentmr_message_raw", paste(
    "`genotypes` is a .raw table of PLINK: 4 variants, known by IID; its first six columns are no instruments.",
    "2 variants without an id of their own keep the name of the column, such as \"rs2_C\"."
  ))
  expect_identical(raw$variants$snp, c("rs1", "rs2_C", "rs2_G", "rs3"))
  expect_identical(raw$variants$effect_allele, c("A", "C", "G", "T"))
  write("turned.raw", people[3:1, ], rs4_T = 2:0)
  write("again.raw", people, rs1_A = 0:2)
  expect_error(read_genotypes(c("chr1.raw", "turned.raw")), "Sample 1 of 'turned.raw' is \"c\", of 'chr1.raw' it is \"007\"",
               class = "latentmr_error_samples")
  expect_error(read_genotypes(c("chr1.raw", "again.raw")), "\"rs1_A\" in chr1.raw and again.raw", class = "latentmr_error_argument")
})

test_that("what is no file of genotypes is said", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  writeLines("IID SEX", "sex.txt")
  writeLines("ID_1 ID_2", "x.sample")
  dir.create("empty")
  dir.create("full")
  for (name in c("a.bed", "b.pgen", "b.bed")) file.create(file.path("full", name))
  expect_conditions({
    read_genotypes("sex.txt")
    read_genotypes("x.sample")
    read_genotypes("empty")
    read_genotypes("full")
    read_genotypes("full/b")
    read_genotypes(NULL)
    read_genotypes(1)
    read_genotypes(character())
    read_genotypes(data.frame(a = 1))
  }, transform = function(lines) gsub("'/[^']*/", "'", lines))
})

test_that("one code for a chromosome, however it is written", {
  expect_identical(plain_chromosome(c("0X", "01", "chrX", "chr01", "0", "00", "0MT", "M", "25", "chr0Y", "10")),
                   c("X", "1", "X", "1", "0", "0", "MT", "MT", "XY", "Y", "10"))
})
