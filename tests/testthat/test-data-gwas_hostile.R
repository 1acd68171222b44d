# read_gwas(): files and frames that are not as they should be.
truth <- gwas_truth()
texts <- gwas_texts()
frame <- with(truth, data.frame(SNP, chr, pos, effect_allele, other_allele, eaf, beta, se, pval, samplesize = n))
change <- function(...) transform(frame, ...)
count_of <- function(x, reason) {
  log <- flow(x)
  log$count[log$reason == reason & log$environment == "(all)"]
}

test_that("what is missing is asked for by name, before anything is made of the rest", {
  cases <- list(
    list(c("se", "pval"), "se", "standard errors"), list("beta", "beta", "effects"),
    list(c("effect_allele", "other_allele"), "effect_allele", "effect allele"), list("other_allele", "other_allele", "variants ="),
    list(c("SNP", "chr"), "SNP", "names of the variants")
  )
  for (case in cases) {
    e <- tryCatch(read_gwas(frame[setdiff(names(frame), case[[1]])]), latentmr_error_gwas = identity)
    expect_s3_class(e, "latentmr_error_argument")
    expect_identical(e$field, case[[2]])
    expect_match(conditionMessage(e), case[[3]], fixed = TRUE)
  }
  expect_identical(conditionMessage(tryCatch(read_gwas(frame[-(8:9)]), error = identity)), paste0(
    "The data frame has no column with the standard errors.\ni Name the column: columns = c(se = \"...\"). ",
    "The columns are \"SNP\", \"chr\", \"pos\", \"effect_allele\", \"other_allele\", \"eaf\", \"beta\", \"samplesize\"."
  ))
  named <- setNames(frame, sub("^se$", "how_sure", names(frame)))
  expect_equal(read_gwas(named[-9], columns = c(se = "how_sure"))$se, frame$se)
  expect_error(read_gwas(frame, columns = c(se = "nope")), "no column \"nope\"", class = "latentmr_error_column")
  expect_error(read_gwas(frame, columns = c(foo = "se")), "not by \"foo\"", class = "latentmr_error_argument")
  expect_error(read_gwas(frame, columns = "se"), "named by fields", class = "latentmr_error_argument")
  twice <- cbind(frame, beta = 1)
  expect_error(read_gwas(twice), "several columns \"beta\"", class = "latentmr_error_gwas")
})

test_that("rows without a usable effect, error or pair of alleles are removed and counted", {
  ratios <- setNames(change(beta = c(1.05, 0, -1, 1.1, NA)), sub("beta", "OR", names(frame)))
  got <- suppressWarnings(read_gwas(ratios[-9]))
  expect_equal(got$beta, log(c(1.05, 1.1)))
  expect_identical(c(count_of(got, "an odds ratio of 0 or less"), count_of(got, "no effect size")), c(2L, 1L))
  got <- suppressMessages(read_gwas(change(se = c(.01, 0, -1, NA, Inf))[-9]))
  expect_identical(c(got$SNP, count_of(got, "no standard error above 0")), c("rs11", "4"))
  got <- read_gwas(change(effect_allele = c("a", "N", "<DEL>", NA, "A"), other_allele = c("g", "C", "A", "T", "A")))
  expect_identical(c(got$effect_allele, got$other_allele), c("A", "G"))
  expect_identical(count_of(got, "alleles unknown, or not two of A, C, G, T strings, D, I"), 4L)
  # The values are shown, and what to do where there is nothing else.
  coded <- change(effect_allele = rep(1:2, length.out = 5), other_allele = rep(2:1, length.out = 5))
  e <- expect_error(read_gwas(coded), class = "latentmr_error_gwas")
  expect_match(conditionMessage(e), "The columns of alleles hold \"1\", \"2\", not A, C, G, T strings, D or I.", fixed = TRUE)
  expect_match(conditionMessage(e), "Give letters: codes 1 and 2 do not say which bases they are", fixed = TRUE)
  expect_error(
    read_gwas(change(effect_allele = letters[22:26], other_allele = "A")), "Name the columns of the alleles", fixed = TRUE
  )
  coded[1, c("effect_allele", "other_allele")] <- c("A", "G")
  expect_message(read_gwas(coded), "4 rows left out: alleles \"2\", \"1\", not A, C, G, T", fixed = TRUE)
  expect_error(suppressMessages(read_gwas(change(se = 0)[-9])), "5 no standard error above 0", class = "latentmr_error_empty")
})

test_that("other tests than the additive one are left out, and what is left is counted", {
  path <- write_gwas_text(c(texts$REGENIE, sub(" ADD ", " DOM ", texts$REGENIE[2]), sub(" ADD ", " ADD-INT_SNP ", texts$REGENIE[3])))
  got <- read_gwas(path, environment = "EUR")
  expect_equal(got$beta, truth$beta)
  log <- flow(got)
  log <- log[log$reason == "another test than the additive one", ]
  expect_identical(log$environment, c("(all)", "EUR"))
  expect_identical(c(log$count, log$remaining), c(2L, 2L, 5L, 5L))
})

test_that("frequencies outside of [0, 1] are missing; percentages are refused", {
  expect_warning(got <- read_gwas(change(eaf = replace(eaf, 2, 1.2))), "1 frequency", class = "latentmr_warning_gwas")
  expect_identical(got$eaf, replace(frame$eaf, 2, NA))
  expect_identical(count_of(got, "frequency outside [0, 1] set to missing"), 1L)
  expect_error(read_gwas(change(eaf = 100 * eaf)), "percentages", class = "latentmr_error_gwas")
})

test_that("repeated variants: the first is kept, other alleles are another variant", {
  more <- rbind(
    frame, frame[1, ], transform(frame[2, ], effect_allele = "T", other_allele = "C", beta = -beta),
    transform(frame[4, ], other_allele = "G")
  )
  got <- read_gwas(more)
  expect_identical(got$SNP, c("rs11", "rs22", "rs33", "rs44:C:T", "rs55", "rs44:G:T"))
  expect_identical(count_of(got, "repeated: the first is kept"), 2L)
  expect_warning(read_gwas(rbind(frame, transform(frame[3, ], beta = 3))), "other effects, such as \"rs33\"", class = "latentmr_warning_gwas")
})

test_that("p-values: 0, missing, impossible ones, and those of something else", {
  got <- read_gwas(change(pval = c(0, NA, 2, -1, 0)))
  expect_equal(got$pval, pmax(truth$pval, .Machine$double.xmin))
  expect_identical(c(count_of(got, "p-value of 0 taken from beta and se"), count_of(got, "p-value outside [0, 1] taken from beta and se")), c(3L, 1L))
  many <- frame[rep(1:4, 8), ]
  many$SNP <- paste0("rs", 1:32)
  expect_warning(read_gwas(transform(many, se = 2 * se)), "0.5 times what the p-values say", class = "latentmr_warning_gwas")
  expect_silent(read_gwas(many))
  expect_error(read_gwas(transform(many, beta = exp(beta))), "look like odds ratios", class = "latentmr_error_gwas")
  expect_equal(suppressWarnings(read_gwas(setNames(transform(many, beta = exp(beta)), sub("beta", "OR", names(many)))))$beta, many$beta)
})

test_that("a standard error of the odds ratio itself, and one from interval, statistic or p-value", {
  big <- change(beta = c(.5, -.6, .3, .8, -.4), se = c(.1, .12, .11, .2, .05))
  big$pval <- with(big, 2 * pnorm(-abs(beta / se)))
  own <- setNames(transform(big, beta = exp(beta), se = se * exp(beta)), sub("beta", "OR", names(big)))
  expect_message(got <- read_gwas(own), "were of the odds ratios", class = "latentmr_message_gwas")
  expect_equal(got$se, big$se)
  own$se <- big$se
  expect_silent(expect_equal(read_gwas(own)$se, big$se))
  expect_message(got <- read_gwas(big[-8]), "5 standard errors from the p-values", class = "latentmr_message_gwas")
  expect_equal(got$se, big$se)
  low <- with(big, data.frame(big[-(8:9)], ci_lower = beta - qnorm(.975) * se, ci_upper = beta + qnorm(.975) * se))
  expect_equal(suppressMessages(read_gwas(low))$se, big$se)
  # z, frequency and sample size: by hand for f = .2, n = 10,000, z = 5: 5 / sqrt(.32 * 10025)
  expect_message(got <- read_gwas(transform(frame, z = beta / se)[-(7:8)]), "variance 1", class = "latentmr_message_gwas")
  expect_equal(got$beta[1], 5 / sqrt(.32 * 10025))
  expect_identical(unique(got$units), "SD")
  expect_error(read_gwas(transform(frame, z = beta / se)[-(6:8)]), "frequency and sample size", class = "latentmr_error_gwas")
})

test_that("chromosomes and positions in any spelling", {
  for (chr in list(c("chr1", "02", "Chr9", "23", "22"), factor(c("1", "2", "9", "X", "22")), c("chr1", "chr2", "09", "chrX", "chr22"))) {
    expect_identical(read_gwas(change(chr = chr))$chr, truth$chr)
  }
  expect_identical(read_gwas(change(pos = c("1e+05", "200", NA, "-4", "5e9")))$pos, c(100000L, 200L, NA, NA, NA))
  expect_identical(read_gwas(frame[-1])$SNP, with(truth, paste(chr, pos, other_allele, effect_allele, sep = ":")))
  metal <- transform(frame, SNP = paste0("chr", chr, ":", pos, ":SNP"))[-(2:3)]
  expect_identical(read_gwas(metal)[c("chr", "pos")], read_gwas(frame)[c("chr", "pos")])
})

test_that("decimal commas, words for missing, other encodings, CRLF, byte order marks, gzip", {
  write <- function(x, ...) {
    path <- tempfile()
    write.table(x, path, quote = FALSE, row.names = FALSE, ...)
    path
  }
  expect_message(got <- suppressMessages(read_gwas(write(frame, sep = ";", dec = ","))), NA)
  expect_equal(got$beta, frame$beta)
  words <- change(samplesize = c("none", "n/a", "100", "?", "-"), eaf = c("NA", "#NA", ".", "NULL", ".1"))
  got <- read_gwas(write(words, sep = "\t"))
  expect_identical(got$samplesize, c(NA, NA, 100, NA, NA))
  expect_identical(got$eaf, c(NA, NA, NA, NA, .1))
  expect_error(read_gwas(write(change(eaf = replace(eaf, 1, "rare")), sep = "\t")), "\"eaf\" holds \"rare\"", class = "latentmr_error_gwas")
  named <- cbind(frame, Phenotype = "K\u00f6rpergr\u00f6\u00dfe")
  latin <- write(named, sep = "\t", fileEncoding = "latin1")
  expect_error(read_gwas(latin), class = "latentmr_error_encoding")
  expect_identical(read_gwas(latin, encoding = "latin1")$trait[1], "K\u00f6rpergr\u00f6\u00dfe")
  want <- read_gwas(write_gwas_text(texts$BBJ), trait = "t")
  path <- tempfile(fileext = ".gz")
  connection <- gzfile(path, "wb")
  writeBin(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw(paste0(paste(texts$BBJ, collapse = "\r\n"), "\r\n"))), connection)
  close(connection)
  expect_identical(as.data.frame(read_gwas(path, trait = "t")), as.data.frame(want))
  bytes <- readBin(path, "raw", 1e5)
  writeBin(utils::head(bytes, -12), path)
  expect_error(read_gwas(path), "damaged or was cut short", class = "latentmr_error_format")
})

test_that("nothing to read, and other things than tables", {
  empty <- tempfile()
  file.create(empty)
  expect_error(read_gwas(empty), "no rows", class = "latentmr_error_empty")
  writeLines(texts$REGENIE[1], empty)
  expect_error(read_gwas(empty), "no rows", class = "latentmr_error_empty")
  expect_error(read_gwas(frame[0, ]), "no rows", class = "latentmr_error_empty")
  for (bad in list(NULL, 3, list(), list(frame, 3), NA_character_, "")) expect_error(read_gwas(bad), "`file` must be", class = "latentmr_error_argument")
  expect_error(read_gwas(), "`file` must be given", class = "latentmr_error_argument")
  expect_error(read_gwas("no_such_file.txt"), "there is no file", class = "latentmr_error_io")
  vcf <- tempfile()
  writeLines(c("##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1", "1\t1\trs1\tA\tG\t.\t.\t.\tGT\t0/1"), vcf)
  expect_error(read_gwas(vcf), "without associations", class = "latentmr_error_format")
  expect_error(read_gwas(transform(frame, beta = Sys.Date())), "class <Date>", class = "latentmr_error_gwas")
  expect_error(read_gwas(frame, scale = "or"), "scale", class = "latentmr_error_argument")
  expect_error(read_gwas(frame, samplesize = -1), "samplesize", class = "latentmr_error_argument")
  expect_error(read_gwas(frame, environment = c("a", "b"), trait = c("a", "b")), class = "latentmr_error_argument")
})

test_that("people by environment, cases and controls", {
  got <- read_gwas(frame[-10], ncase = 100, ncontrol = 900, environment = "EUR")
  expect_identical(unlist(got[1, c("samplesize", "ncase", "ncontrol")], use.names = FALSE), c(1000, 100, 900))
  several <- cbind(frame[-10], ancestry = c("EUR", "EUR", "AFR", "AFR", "EAS"))
  got <- read_gwas(several, samplesize = c(AFR = 5, EUR = 7))
  expect_identical(got$samplesize, c(7, 7, 5, 5, NA))
  expect_identical(read_gwas(several, environment = c("EUR", "EAS"))$SNP, truth$SNP[c(1, 2, 5)])
  e <- tryCatch(check_gwas(got, "exposure", c("eaf", "samplesize")), error = identity)
  expect_identical(conditionMessage(e), paste0(
    "`exposure`: `samplesize` is not known for 1 of 5 associations, such as \"rs55\".\ni read_gwas(samplesize = ) gives it."
  ))
  expect_error(check_gwas(frame, "exposure"), "a frame of read_gwas", class = "latentmr_error_argument")
})
