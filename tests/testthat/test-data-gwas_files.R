# read_gwas(): metadata beside files, GWAS-VCF of cases and controls, regions, chosen variants.
truth <- gwas_truth()
texts <- gwas_texts()

test_that("the metadata beside a GWAS-SSF file give trait, ancestry and people", {
  lines <- sub("\t[^\t]*$", "", texts$`GWAS-SSF`)
  path <- write_gwas_text(lines, ".tsv")
  meta <- paste0(path, "-meta.yaml")
  writeLines(c(
    "# Study meta-data", "gwas_id: GCST1", "trait_description:", "  - 'LDL cholesterol'", "samples:",
    "  - sample_size: 1500", "    sample_ancestry_category: African", "    case_control_study: false",
    "  - sample_size: 500", "    sample_ancestry_category: African", "genome_assembly: GRCh37"
  ), meta)
  got <- read_gwas(path)
  expect_identical(unlist(got[1, c("trait", "environment", "samplesize")], use.names = FALSE), c("LDL cholesterol", "African", "2000"))
  expect_identical(read_gwas(path, environment = "AFR", trait = "LDL")$environment[1], "AFR")
  writeLines(c("trait_description: CHD", "sample_size: 1000", "case_count: 300", "control_count: 700", "sample_ancestry: [European]"), meta)
  expect_identical(unlist(read_gwas(path)[1, c("samplesize", "ncase", "ncontrol")], use.names = FALSE), c(1000, 300, 700))
  unlink(meta)
  got <- read_gwas(path)
  expect_identical(c(got$trait[1], is.na(got$environment[1]), is.na(got$samplesize[1])), c("table", "TRUE", "TRUE"))
})

test_that("GWAS-VCF: cases and controls, fields in another order and absent", {
  lines <- sub("StudyType=Continuous", "StudyType=CaseControl,TotalCases=300,TotalControls=700", texts$`GWAS-VCF`)
  lines[5:9] <- sub("ES:SE:LP:AF:SS:ID\t([^:]+):([^:]+):([^:]+):([^:]+):.*$", "SE:ES:AF:LP\t\\2:\\1:\\4:\\3", lines[5:9])
  lines[9] <- sub(":[^:]+$", ":.", lines[9])
  got <- read_gwas(write_gwas_text(lines, ".vcf"))
  expect_equal(got$beta, truth$beta)
  expect_equal(got$eaf, truth$eaf)
  expect_equal(log(got$pval), log(pmax(truth$pval, .Machine$double.xmin)), tolerance = 1e-6)
  expect_identical(unlist(got[1, c("samplesize", "ncase", "ncontrol")], use.names = FALSE), c(1000, 300, 700))
  expect_identical(c(got$scale[1], got$trait[1]), c("log odds ratio", "study1"))
  two <- sub("(study1|[0-9.]+)$", "\\1\t.", lines)
  two[4] <- sub("\\.$", "study2", two[4])
  expect_error(read_gwas(write_gwas_text(two)), "bcftools view", class = "latentmr_error_gwas")
})

test_that("chosen variants, by rsid, place or file", {
  path <- write_gwas_text(texts$REGENIE)
  expect_warning(
    got <- read_gwas(path, snps = c("rs55", "chr9:300", "2:200:T:C", "rs0")),
    "1 of the 4 variants in `snps` is not there: \"rs0\"", class = "latentmr_warning_variants"
  )
  expect_identical(got$SNP, c("rs22", "rs33", "rs55"))
  list <- write_gwas_text(c("rs11", "X:400"))
  expect_identical(read_gwas(path, snps = list)$SNP, c("rs11", "rs44"))
  e <- tryCatch(read_gwas(path, snps = "rs0"), latentmr_error_variants = identity)
  expect_identical(conditionMessage(e), paste0(
    "table.txt has no variant of `snps`.\ni Its variants are called like \"rs11\", \"rs22\", \"rs33\" and 2 more. Is it another genome build?"
  ))
})

test_that("regions: through the index as from the whole file", {
  path <- write_gwas_text(texts$FinnGen)
  want <- function(region, file = path) as.data.frame(read_gwas(file, trait = "t", region = region))
  expect_identical(want("2:200-200")$SNP, "rs22")
  expect_identical(want(c("chrX:1-1,000", "23:300-500", "1:100-250"))$SNP, c("rs11", "rs44"))
  expect_identical(want(c("1:1-500", "1:50-80", "2:150-199"))$SNP, "rs11")
  expect_error(want("2:1-199"), "no variant of `region`", class = "latentmr_error_variants")
  expect_error(want("1"), "`region` must be", class = "latentmr_error_argument")
  expect_error(want("1:9-3"), "not above", class = "latentmr_error_argument")
  expect_error(want("5:1-10"), "no variant of `region`", class = "latentmr_error_variants")
  skip_if(!nzchar(Sys.which("bgzip")) || !nzchar(Sys.which("tabix")))
  sorted <- write_gwas_text(texts$FinnGen[c(1, 2, 3, 4, 6, 5)])
  system2("bgzip", sorted)
  indexed <- paste0(sorted, ".gz")
  plain <- tempfile(fileext = ".gz")
  file.copy(indexed, plain)
  system2("tabix", c("-s1", "-b2", "-e2", "-S1", indexed))
  for (region in list("2:200-200", c("X:1-1000", "1:100-250"), c("1:1-150", "1:100-200", "22:1-60000000"), "9:1-299999999")) {
    expect_identical(want(region, indexed), want(region, plain), info = paste(region, collapse = " "))
  }
  expect_false(is.null(tabix_bytes(indexed, parse_regions("2:200-200"))))
  expect_length(strsplit(rawToChar(tabix_bytes(indexed, parse_regions("2:200-200"))), "\n")[[1]], 2)
  expect_error(want("5:1-10", indexed), class = "latentmr_error_variants")
  # An index older than its file is not believed.
  Sys.setFileTime(indexed, Sys.time() + 60)
  expect_null(tabix_bytes(indexed, parse_regions("2:200-200")))
  expect_identical(want("2:200-200", indexed), want("2:200-200", plain))
  vcf <- write_gwas_text(texts$`GWAS-VCF`[c(1:7, 9, 8)], ".vcf")
  system2("bgzip", vcf)
  system2("tabix", c("-p", "vcf", paste0(vcf, ".gz")))
  expect_identical(want("X:1-1000", paste0(vcf, ".gz"))$SNP, "rs44")
})

test_that("what plink2 itself writes is what lm() and glm() give", {
  skip_if(!nzchar(Sys.which("plink2")))
  panel <- file.path(system.file("extdata", package = "LatentMR"), "chr21")
  bed <- read_plink(panel)
  people <- samples(bed)
  v <- variants(bed)
  g <- suppressMessages(as.matrix(bed))
  set.seed(1)
  y <- .3 * g[, 126] + rnorm(nrow(g))
  folder <- tempfile()
  dir.create(folder)
  pheno <- file.path(folder, "pheno.txt")
  write.table(data.frame(FID = people$fid, IID = people$iid, y, cc = 1 + (y > .5)), pheno, row.names = FALSE, quote = FALSE)
  for (form in c("cols=+a1freq,+beta", "log10")) {
    out <- file.path(folder, sub("[^a-z].*", "", form))
    status <- system2("plink2", c(
      "--bfile", shQuote(panel), "--pheno", shQuote(pheno), "--maf .05 --threads 1 --glm allow-no-covars", form, "--out", shQuote(out)
    ), stdout = FALSE, stderr = FALSE)
    skip_if(status != 0)
    for (kind in c("y.glm.linear", "cc.glm.logistic.hybrid")) {
      got <- read_gwas(paste(out, kind, sep = "."))
      x <- g[, got$SNP[1]]
      if (got$effect_allele[1] != v$effect_allele[match(got$SNP[1], v$snp)]) x <- 2 - x
      fit <- if (kind == "y.glm.linear") lm(y ~ x) else glm(y > .5 ~ x, family = binomial)
      expect_equal(
        unlist(got[1, c("beta", "se", "pval")], use.names = FALSE), unname(coef(summary(fit))[2, c(1, 2, 4)]), tolerance = 1e-4
      )
    }
  }
})
