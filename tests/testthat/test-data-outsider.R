# Files and calls as other people bring them: what they get must be right or refused with
# the cause.
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
said <- function(expr) vapply(conditions_of(expr), conditionMessage, "")

write_bytes <- function(text, to, name = "pheno.txt") {
  path <- file.path(new_dir(), name)
  writeBin(iconv(paste0(text, collapse = "\n"), "UTF-8", to, toRaw = TRUE)[[1]], path)
  path
}

test_that("a file in another encoding is refused by name, and read when the encoding is said", {
  f <- known_files()
  pheno <- f$pheno
  pheno$site <- ifelse(pheno$site == "west", "M\u00fcnchen", "K\u00f6ln")
  # format() would escape letters that the locale lacks.
  as_cells <- function(x) if (is.numeric(x)) sprintf("%.15g", x) else as.character(x)
  lines <- c(paste(names(pheno), collapse = "\t"), do.call(paste, c(lapply(pheno, as_cells), sep = "\t")))
  latin <- write_bytes(lines, "latin1")
  wide <- write_bytes(lines, "UTF-16")
  error <- expect_error(read_known(f, latin), class = "latentmr_error_encoding")
  expect_match(conditionMessage(error), "is not valid UTF-8.*say encoding = \"latin1\"")
  expect_error(read_known(f, wide), "UTF-16.*encoding = \"UTF-16\"", class = "latentmr_error_format")
  right <- read_known(f, pheno)
  for (data in list(read_known(f, latin, encoding = "latin1"), read_known(f, wide, encoding = "UTF-16"))) {
    same_data(data, right)
    expect_setequal(levels(data$environment), c("M\u00fcnchen", "K\u00f6ln"))
  }
  # A list with the mark of UTF-8 is UTF-8 whatever is said of the others.
  list <- file.path(f$dir, "remove.txt")
  writeBin(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("p001\np002\n")), list)
  expect_false(any(c("p001", "p002") %in% read_known(f, latin, encoding = "latin1", remove = list)$ids))
  expect_error(read_known(f, encoding = "klingon"), "iconv", class = "latentmr_error_argument")
  expect_error(read_known(f, encoding = 8), class = "latentmr_error_argument")
})

test_that("every exported function says which argument must be given", {
  for (name in getNamespaceExports("LatentMR")) {
    fun <- get(name, asNamespace("LatentMR"))
    defaults <- formals(fun)
    needed <- names(defaults)[vapply(defaults, function(x) is.name(x) && !nzchar(x), NA)]
    if (!length(needed) || needed[1] == "..." || name %in% c("tidy", "glance", "augment")) next # generics' own
    # What a server of DataSHIELD answers names the argument and nothing of the site.
    must <- if (grepl("^mr.*DS$", name)) "argument `%s`" else "`%s` must be given"
    class <- if (grepl("^mr.*DS$", name)) "error" else "latentmr_error_argument"
    expect_error(fun(), sprintf(must, needed[1]), class = class, info = name)
  }
  f <- known_files()
  error <- expect_error(read_mr_data(f$bfile, f$path, "bmi", "sbp"), class = "latentmr_error_argument")
  expect_match(conditionMessage(error), "`environment` must be given.\ni The group of each participant: ancestry.*`structure` or `background`")
  expect_error(mr_data(known_parts()$g, 1, 2), "`environment` must be given")
  wrapper <- function(environment) mr_data(known_parts()$g, 1, 2, environment)
  expect_error(wrapper(), "`environment` must be given")
})

test_that("genotypes in another format: the command that converts them", {
  hint <- function(name) {
    dir <- new_dir()
    file.create(file.path(dir, name))
    conditionMessage(expect_error(read_plink(file.path(dir, name)), class = "latentmr_error_file_missing"))
  }
  expect_match(hint("ukb.vcf"), "plink2 --vcf ukb.vcf --make-bed --out ukb.", fixed = TRUE)
  expect_match(hint("ukb.vcf.gz"), "plink2 --vcf ukb.vcf.gz --make-bed --out ukb.", fixed = TRUE)
  expect_match(hint("ukb.pgen"), "plink2 --pfile ukb --make-bed --out ukb.", fixed = TRUE)
  expect_match(hint("ukb.bgen"), "plink2 --bgen ukb.bgen ref-first --make-bed --out ukb.", fixed = TRUE)
  expect_match(hint("ukb.bgen"), "plink2 --bgen ukb.bgen ref-first --export A --out ukb, and mr_data(\"ukb.raw\", ...).", fixed = TRUE)
  expect_match(hint("ukb.raw"), "A .raw table goes to mr_data(\"ukb.raw\", ...)", fixed = TRUE)
})

test_that("names of variants in another spelling: the cause and the mend", {
  dir <- new_dir()
  parts <- known_parts()
  snp <- paste0(1, ":", 1:4, ":G:A")
  plain <- write_bed_files(file.path(dir, "plain"), parts$g)
  places <- write_bed_files(file.path(dir, "places"), parts$g, snp = snp)
  read <- function(bfile, ...) read_mr_data(bfile, known_files()$pheno, "bmi", "sbp", "site", ...)
  message <- function(...) conditionMessage(expect_error(read(...), class = "latentmr_error_variants"))
  expect_match(message(places, instruments = paste0("chr", snp)), "has \"chr\" in front.*paste0\\(\"chr\", names\\)")
  expect_match(message(plain, instruments = toupper(colnames(parts$g))), "capital and small letters")
  expect_match(message(plain, instruments = paste0(colnames(parts$g), "_A")), "has alleles behind")
  expect_match(message(places, instruments = gsub(":", "_", snp)), "the marks between the parts differ")
  expect_match(message(plain, instruments = c("chr1:1", "chr1:2")), "places instead of names: \"chr1:1\" here is \"rs1\" there \\(2 would")
  expect_match(message(plain, instruments = c("rs77", "rs78")), "another genome build")
  expect_warning(read(plain, instruments = c("rs1", "rs2", "RS3")), "capital and small letters", class = "latentmr_warning_variants")
  # A data frame of an association table names them as its file does.
  table <- data.frame(SNP = c("rs1", "rs3"), beta = 1)
  expect_identical(variants(quiet(read(plain, instruments = table)))$snp, c("rs1", "rs3"))
  expect_error(read(plain, instruments = data.frame(beta = 1)), "a column snp", class = "latentmr_error_argument")
})

test_that("people on a list whose identifiers are written otherwise are said", {
  parts <- known_parts()
  rownames(parts$g) <- parts$ids <- sprintf("%03d", seq_along(parts$ids))
  f <- known_files(parts = parts)
  expect_warning(data <- read_known(f, remove = c(1, 2, 150)), "leading zeros are lost.*\"1\" here is \"001\" there", class = "latentmr_warning_ids")
  expect_identical(nrow(samples(data)), 199L)
  # A list of withdrawals of the whole study: nothing to say.
  expect_silent(suppressMessages(read_known(f, remove = c("150", sprintf("x%d", 1:50))), "latentmr_message_instruments"))
})

test_that("columns about people are no instruments", {
  parts <- known_parts()
  for (name in c("SEX", "IID", "#FID", "PHENOTYPE")) {
    g <- cbind(parts$g, rep_len(1:2, 200))
    colnames(g)[5] <- name
    expect_error(mr_data(g, parts$bmi, parts$sbp, parts$site), name, fixed = TRUE, class = "latentmr_error_argument")
  }
})

test_that("a data set of more than 2^31 calls prints", {
  data <- known_data()
  data$outcome <- rep(0, 3e5)
  data$variants <- data$variants[rep(1, 10000), ]
  data$environment <- factor(rep(c("east", "west"), each = 150000))
  whole <- matrix(150000L, 10000, 2, dimnames = list(NULL, c("east", "west")))
  data$counts[] <- lapply(data$counts, function(x) replace(whole, TRUE, 0L))
  data$counts[c("called", "n0")] <- list(whole)
  expect_identical(missing_share(data), 0)
  data$exposure <- data$outcome
  expect_identical(environment_table(data)$missing_calls, c(0, 0))
})

test_that("the factor between units is named by the ratio where the level tells nothing", {
  set.seed(1)
  site <- rep(c("a", "b", "c"), each = 200)
  x <- rnorm(600, 2) * ifelse(site == "c", 38.67, 1)
  x[site == "c"] <- x[site == "c"] - 60
  expect_warning(warn_trait_units(x, factor(site), "ldl"), "a factor of about 38.67, as cholesterol")
})

test_that("integer64 in kernel statistics is its numbers", {
  skip_if_not_installed("bit64")
  x <- c(1, 5, 2, 8, 3, 9, 4, 4)
  y <- x^2
  expect_identical(hsic_test(bit64::as.integer64(x), y)$statistic, hsic_test(x, y)$statistic)
})

test_that("groups that are one but for how they are written are said", {
  parts <- known_parts()
  parts$site[1:60] <- sub("west", "West ", parts$site[1:60])
  expect_warning(mr_data(parts$g, parts$bmi, parts$sbp, parts$site, kind = "genotype"),
                 "Groups of the environment differ only in capital letters or blanks: \"West \", \"west\"", class = "latentmr_warning_levels")
  parts <- known_parts()
  parts$covariates$sex[1:20] <- tolower(parts$covariates$sex[1:20])
  expect_warning(known_data(parts = parts), "Groups of \"sex\"", class = "latentmr_warning_levels")
})

test_that("a wrong estimator: the right one is named", {
  data <- known_data()
  expect_error(latent_mr(data, methods = "latent_ujve", force = TRUE, seed = 1), "Did you mean \"latent_ujive\"\\?", class = "latentmr_error_argument")
})

test_that("data frames that were sorted differently are not taken row by row", {
  parts <- known_parts()
  p <- data.frame(bmi = unname(parts$bmi), age = parts$covariates$age, one = 1)
  sorted <- p[order(p$bmi), ]
  g <- unname(parts$g)
  make <- function(exposure, covariates) mr_data(g, exposure, unname(parts$sbp), unname(parts$site), covariates, kind = "genotype")
  error <- expect_error(make(sorted["bmi"], p[order(-p$age), "age", drop = FALSE]), class = "latentmr_error_ids")
  expect_match(conditionMessage(error), "`exposure` and `covariates` are not in the same order: row 1 has the row name")
  expect_message(data <- make(sorted["bmi"], sorted["age"]), "same order", class = "latentmr_message_order")
  expect_identical(data$exposure, sorted$bmi)
})
