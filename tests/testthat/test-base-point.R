# options(OutDec = ",") is how people in many countries set up R.
with_comma <- function(expr) {
  old <- options(OutDec = ",")
  on.exit(options(old))
  expr
}

test_that("numbers are read and written with a point whatever OutDec says", {
  expect_identical(with_comma(number_strings(c(1.5, 1e5))), c("1.5", "100000"))
  expect_identical(with_comma(as_ids(c(1, 2), "ids")), c("1", "2"))
  expect_identical(with_comma(big(12345.5)), "12,345.5")
  expect_identical(with_comma(describe(1.5)), "the number 1.5")
  expect_identical(with_comma(levels(as_groups(c(2.5, 10)))), c("10", "2.5"))
  expect_identical(with_comma(getOption("OutDec")), ",")
  # A code for missing values is a number again.
  pheno <- known_files()$pheno
  pheno$bmi[1:3] <- 99.5
  f <- known_files()
  read <- function() suppressWarnings(suppressMessages(read_mr_data(f$bfile, pheno, "bmi", "sbp", "site", na_codes = 99.5)))
  expect_identical(length(with_comma(read())$outcome), 197L)
})

test_that("prints, tables and messages are the same with a decimal comma", {
  data <- simulate_mr("snp", cell = 3, n = 300, seed = 1)
  fit <- suppressWarnings(latent_mr(data, seed = 1))
  d <- data.frame(y = data$outcome, x = data$exposure, z = mr_genotypes(data)[, 1])
  iv <- iv_reg(y ~ 1 | x | z, d)
  shown <- function() {
    c(
      capture.output(print(data)), capture.output(print(summary(data))), capture.output(print(fit)), capture.output(print(summary(fit))),
      capture.output(print(verdict(fit))), capture.output(print(iv)), capture.output(print(summary(iv))), capture.output(print(first_stage(iv))),
      capture.output(print(fit$encoder)), conditionMessage(tryCatch(latent_mr(data, level = 1.5), error = identity))
    )
  }
  plain <- shown()
  expect_silent(comma <- with_comma(shown()))
  expect_identical(comma, plain)
})
