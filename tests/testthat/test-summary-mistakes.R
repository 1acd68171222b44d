# Tables of associations that people hand over by mistake.

set.seed(1)
p <- 20
table_of <- function(n = 20000) {
  b <- rnorm(p, 0, .05)
  se <- 1 / sqrt(2 * .4 * .6 * n)
  data.frame(
    SNP = paste0("rs", seq_len(p)), effect_allele = "A", other_allele = "G", eaf = .4, beta = b, se = se,
    pval = 2 * pnorm(-abs(b / se)), samplesize = n, environment = "EUR"
  )
}
x <- table_of()
y <- table_of()
refusal <- function(call) {
  error <- tryCatch(suppressMessages(suppressWarnings(call)), error = identity)
  expect_s3_class(error, "latentmr_error_argument")
  conditionMessage(error)
}

test_that("-log10(p) under the name of p is seen", {
  odd <- transform(x, pval = -log10(pval))
  for (table in list(odd, odd[names(odd) != "se"])) {
    said <- refusal(read_gwas(table))
    expect_match(said, "of 20 p-values are above 1, up to", fixed = TRUE)
    expect_match(said, "i If they are -log10(p), say so: columns = c(log10p = \"<the column>\").", fixed = TRUE)
  }
  right <- suppressMessages(read_gwas(odd, columns = c(log10p = "pval")))
  expect_equal(right$pval, x$pval, tolerance = 1e-8)
})

test_that("one table is not exposure and outcome", {
  words <- "`outcome` must be a table of another trait than the exposure, not one with the same effects and errors."
  expect_match(refusal(summary_mr(suppressMessages(read_gwas(x)), suppressMessages(read_gwas(x)))), words, fixed = TRUE)
  expect_match(refusal(mr_moments_from_summary(x, x, overlap = 0)), words, fixed = TRUE)
})

test_that("numbers of people fit each other and the effects", {
  expect_match(refusal(read_gwas(x, ncase = 1e9)), "ncase is 1,000,000,000 of 20,000 people (row 1).", fixed = TRUE)
  said <- refusal(mr_moments_from_summary(transform(x, samplesize = 20, se = .007), transform(y, samplesize = 20, se = .007), overlap = 0))
  expect_match(said, "explains more than the whole trait (\"EUR\": effect", fixed = TRUE)
  expect_match(said, "i Do `samplesize`, `se` and `eaf` belong to these effects? Is `samplesize` in thousands?", fixed = TRUE)
})

test_that("alleles read as TRUE, and p-values that are all missing, are named", {
  expect_match(refusal(read_gwas(transform(x, effect_allele = TRUE))), "The column effect_allele holds TRUE and FALSE, not alleles.", fixed = TRUE)
  data <- suppressMessages(simulate_mr("snp", cell = 3, n = 300, seed = 1))
  none <- setNames(rep(NA_real_, nrow(variants(data))), variants(data)$snp)
  expect_match(refusal(clump(data, p = none)), "`p` must be numbers between 0 and 1, some of them not missing, not missing for every variant.", fixed = TRUE)
})

test_that("effects made from z in some environments do not meet effects in other units", {
  set.seed(1)
  table <- function(environment) data.frame(
    SNP = paste0("rs", 1:30), effect_allele = "A", other_allele = "G", eaf = runif(30, .2, .8), beta = rnorm(30, 0, .1),
    se = .02, samplesize = 3000, environment = environment
  )
  one <- table("AFR")
  one <- transform(one, z = beta / se, beta = NULL, se = NULL)
  x <- suppressMessages(read_gwas(list(AFR = one, EUR = table("EUR"))))
  expect_setequal(x$units, c("SD", NA))
  y <- suppressMessages(read_gwas(rbind(table("AFR"), table("EUR"))))
  error <- expect_error(suppressWarnings(mr_moments_from_summary(x, y, overlap = 0)), class = "latentmr_error_argument")
  expect_match(conditionMessage(error), "`units` everywhere, not one with \"SD\" in some rows and none in \"EUR\"", fixed = TRUE)
  expect_error(suppressWarnings(mr_moments_from_summary(transform(x, units = "SD"), y, overlap = 0)), NA)
})
