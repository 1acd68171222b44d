# Words among numbers, decimal commas, words for yes and no, integer64.

read_column <- function(values, role = "covariates", ..., write = identity) {
  f <- known_files()
  pheno <- f$pheno
  pheno$age <- write(values)
  path <- file.path(f$dir, "odd.tsv")
  utils::write.table(pheno, path, sep = "\t", quote = FALSE, row.names = FALSE)
  roles <- list(exposure = "bmi", outcome = "sbp", environment = "site", covariates = NULL)
  roles[[role]] <- "age"
  do.call(read_mr_data, c(list(f$bfile, path), roles, list(...)))
}
age <- 40 + (1:200) %% 30
two <- (1:200) %/% 2 %% 2

test_that("the usual words among numbers are missing, and counted", {
  words <- c("None", "NULL", "null", "n/a", "-", "?", "\"NA\"", ".", "", "NaN", "#N/A", "<NA>", "none", "#DIV/0!")
  d <- read_column(replace(age, seq_along(words), words))
  expect_identical(colnames(d$covariates), "age")
  expect_identical(unname(d$covariates[, 1]), age[-seq_along(words)] + 0)
  expect_identical(flow(d)$count[match("covariate age missing", flow(d)$reason)], length(words))
  said <- flow(d)[flow(d)$unit == "values", ]
  expect_identical(said$reason, "\"None\", \"null\", \"-\", \"?\", \"none\", \"#DIV/0!\" in age taken as missing")
  expect_identical(said$count, 6L)
  d <- read_column(replace(age, 1:2, "None"), "outcome")
  expect_identical(d$outcome, age[-(1:2)] + 0)
})

test_that("other words among numbers are an error that names them, whatever the role", {
  expect_condition_text(read_column(replace(age, 3:4, c("old", "young"))), "latentmr_error_argument", paste0(
    "`covariates` must be numbers, or groups, not numbers in \"age\" and else \"old\", \"young\".\n",
    "i If these mean missing, add them to `na_codes`; if the column holds groups, name it in `categorical`."
  ))
  for (role in c("exposure", "outcome", "structure")) {
    expect_condition_text(read_column(replace(age, 3, "old"), role), "latentmr_error_argument", sprintf(
      "`%s` must be the name of a numeric column, not \"age\", which holds \"old\".\ni If these mean missing, add them to `na_codes`.", role
    ))
  }
  expect_identical(dim(read_column(replace(age, 3, "old"), na_codes = "old")), c(199L, 4L))
  d <- read_column(replace(as.character(age %% 3), 3, "old"), categorical = "age")
  expect_identical(d$covariate_coding$level, c("1", "2", "old"))
  hints <- list(
    "4.02 mmol/L" = "They are numbers with a unit: remove the unit.", "5%" = "They are numbers with a unit",
    "<5" = "limits of what could be measured", "2001-02-03" = "look like dates", "1,234.5" = "without marks for thousands",
    "1,5" = "Decimal commas are read when every value"
  )
  expect_error(read_column(paste(age, "years")), "remove the unit", class = "latentmr_error_argument")
  bands <- c("18-24", "25-34", "5th", "1a", "<18")
  expect_identical(length(unique(read_column(rep_len(bands, 200))$covariate_coding$level)), 4L)
  for (word in names(hints)) expect_error(read_column(replace(base::sprintf("%.1f", age + .5), 3, word)), hints[[word]], class = "latentmr_error_argument")
})

test_that("decimal commas are read when all values are so", {
  x <- age + .25
  expect_message(d <- read_column(sub(".", ",", x, fixed = TRUE), "exposure"), "decimal commas", class = "latentmr_message_comma")
  expect_identical(d$exposure, x)
  expect_error(read_column(paste0(age, ",250")), "may be a decimal comma or mark thousands", class = "latentmr_error_argument")
  expect_message(d <- read_column(paste0("0,", age, "0")), class = "latentmr_message_comma")
  expect_equal(unname(d$covariates[, 1]), age / 100)
})

test_that("a data frame in memory passes the same rules", {
  f <- known_files()
  ages <- replace(as.character(f$pheno$age), 1:2, c("None", "?"))
  d <- read_known(f, transform(f$pheno, age = ages))
  expect_identical(colnames(d$covariates)[1], "age")
  expect_identical(unname(d$covariates[, 1]), f$pheno$age[-(1:2)] + 0)
  expect_error(read_known(f, transform(f$pheno, age = replace(ages, 3, "old"))), "\"old\"", class = "latentmr_error_argument")
  expect_error(known_data(parts = within(known_parts(), covariates$age[3] <- "old")), "\"old\"", class = "latentmr_error_argument")
  p <- known_parts()
  p$covariates$age <- ages
  expect_message(d <- known_data(parts = p), "text that holds numbers only", class = "latentmr_message_coding")
  expect_identical(colnames(d$covariates), c("age", "sexM"))
  expect_warning(d <- known_data(parts = p, categorical = "age"), "\"None\"", class = "latentmr_warning_levels")
  expect_identical(length(unique(d$covariate_coding$variable)), 2L)
  expect_error(known_data(categorical = "height"), "names of covariates", class = "latentmr_error_argument")
  p$bmi <- stats::setNames(sub(".", ",", sprintf("%.4f", p$bmi), fixed = TRUE), p$ids)
  p$covariates$age <- age
  expect_equal(known_data(parts = p)$exposure, as.numeric(sub(",", ".", unname(p$bmi))))
})

test_that("codes of groups stay text: 01, 1 and 001, 12E3 and 18 digits", {
  codes <- rep_len(c("01", "1", "001", "12E3", "12000", "123456789012345678", "123456789012345679"), 200)
  f <- known_files()
  pheno <- transform(f$pheno, family = codes, site = codes)
  path <- file.path(f$dir, "codes.tsv")
  data.table::fwrite(pheno, path, sep = "\t", quote = FALSE)
  d <- read_known(f, path, cluster = "family")
  expect_identical(as.character(d$cluster), codes)
  expect_identical(as.character(d$environment), codes)
  expect_identical(levels(as_groups(c("10", "2", "1"))), c("1", "2", "10"))
  expect_error(as_groups(c(1, 2^53)), "Read the codes as text", class = "latentmr_error_argument")
})

test_that("words for no and yes are 0 and 1, with a message; other words are not", {
  for (pair in list(c("no", "yes"), c("Control", "Case"), c("FALSE", "TRUE"), c("N", "Y"))) {
    said <- expect_message(d <- read_column(pair[1 + two], "outcome"), class = "latentmr_message_coding")
    expect_identical(d$outcome, two)
    expect_match(conditionMessage(said), sprintf("\"%s\" is taken as 0 and \"%s\" as 1", pair[1], pair[2]))
  }
  expect_error(read_column(c("red", "blue")[1 + two], "outcome"), "\"red\", \"blue\"", class = "latentmr_error_argument")
  p <- known_parts()
  p$sbp[] <- c("no", "yes")[1 + two]
  expect_message(expect_identical(known_data(parts = p)$outcome, two), class = "latentmr_message_coding")
})

test_that("an outcome of 0, 1 and 2 stops and asks", {
  codes <- (1:200) %% 3
  expect_condition_text(read_column(codes, "outcome"), "latentmr_error_coding", paste0(
    "`outcome` must be without doubt about its coding, not one with the values 0, 1 and 2 only.\n",
    "i If they are PLINK's missing, control and case, set the 0 to missing (`na_codes = c(-9, 0)` of read_mr_data(), or NA); ",
    "if they are counts, say outcome_kind = \"number\"."
  ))
  expect_message(d <- read_column(codes, "outcome", na_codes = c(-9, 0)), class = "latentmr_message_coding")
  expect_identical(d$outcome, codes[codes > 0] - 1)
  expect_identical(read_column(codes, "outcome", outcome_kind = "number")$outcome, codes)
  p <- known_parts()
  p$sbp[] <- codes
  expect_error(known_data(parts = p), class = "latentmr_error_coding")
  expect_identical(known_data(parts = p, outcome_kind = "number")$outcome, codes)
  p$sbp[] <- 1 + two
  expect_identical(known_data(parts = p, outcome_kind = "number")$outcome, 1 + two)
})

# The bytes of 64-bit integers, made without bit64.
integer64_of <- function(x) {
  high <- floor(x / 2^32)
  halves <- as.vector(rbind(x - high * 2^32, high))
  halves <- ifelse(halves >= 2^31, halves - 2^32, halves)
  raw <- writeBin(as.integer(halves), raw(), endian = "little")
  structure(readBin(raw, "double", length(x), endian = "little"), class = "integer64")
}

test_that("integer64 is converted, NA and negative numbers too", {
  x <- c(0, 1, -1, 2^31, -2^31, 2^32, 2^52, -2^52 + 7, 123456789012)
  made <- suppressWarnings(integer64_of(x))
  # -2^31 has a half that R's integers call NA; made here by hand.
  bytes <- function(hex) as.raw(strtoi(substring(hex, seq(1, 15, 2), seq(2, 16, 2)), 16))
  by_hand <- function(hex) structure(readBin(bytes(hex), "double"), class = "integer64")
  expect_identical(plain_numbers(made, "x")[c(1:3, 6:9)], x[c(1:3, 6:9)])
  expect_identical(plain_numbers(by_hand("0000008000000000"), "x"), 2^31)
  expect_identical(plain_numbers(by_hand("00000080ffffffff"), "x"), -2^31)
  expect_identical(plain_numbers(by_hand("0000000000000080"), "x"), NA_real_)
  expect_error(plain_numbers(by_hand("0100000000002000"), "x"), "at most 2\\^53", class = "latentmr_error_argument") # 2^53 + 1
  expect_error(plain_numbers(by_hand("0100000000000080"), "x"), class = "latentmr_error_argument") # NA + 1
  p <- known_parts()
  whole <- stats::setNames(round(1000 * p$bmi), p$ids)
  wide <- function(x) stats::setNames(integer64_of(x), names(x))
  p$bmi <- whole
  d <- known_data(parts = p, structure = p$pcs, cluster = stats::setNames(rep(1:50, 4), p$ids))
  p$bmi <- wide(whole)
  p$covariates$age <- integer64_of(p$covariates$age)
  same_data(known_data(parts = p, structure = p$pcs, cluster = wide(stats::setNames(rep(1:50, 4), p$ids))), d)
  whole_pcs <- data.frame(PC1 = 1:200, row.names = p$ids)
  whole_pcs$PC1 <- integer64_of(1:200)
  expect_identical(known_data(parts = p, structure = whole_pcs)$structure[, 1], 1:200 + 0)
  skip_if_not_installed("bit64")
  expect_identical(plain_numbers(bit64::as.integer64(x), "x"), x)
  expect_identical(plain_numbers(bit64::NA_integer64_, "x"), NA_real_)
})

test_that("factors with a level for missing, one-column matrices of scale()", {
  p <- known_parts()
  p$covariates$sex <- addNA(factor(replace(p$covariates$sex, 1:2, NA)))
  d <- known_data(parts = p)
  expect_identical(colnames(d$covariates), c("age", "sexM"))
  expect_identical(length(d$ids), 198L)
  p$sbp <- stats::setNames(addNA(factor(c("no", "yes", NA)[c(1 + two[1:198], 3, 3)])), p$ids)
  p$covariates <- known_parts()$covariates
  expect_message(d <- known_data(parts = p), "\"no\" is taken as 0", class = "latentmr_message_coding")
  expect_identical(length(d$ids), 198L)
  p <- known_parts()
  scaled <- known_parts()
  scaled$bmi <- scale(p$bmi)
  scaled$sbp <- scale(p$sbp)
  scaled$covariates$age <- scale(p$covariates$age)
  p$bmi[] <- scaled$bmi
  p$sbp[] <- scaled$sbp
  p$covariates$age <- scaled$covariates$age[, 1]
  same_data(known_data(parts = scaled), known_data(parts = p))
  f <- known_files()
  frame <- f$pheno
  frame$bmi <- scale(frame$bmi)
  frame$age <- scale(frame$age)
  expect_identical(read_known(f, frame)$exposure, unname(p$bmi))
})

test_that("an answer among numbers is not called missing", {
  text <- c("They are answers, not numbers: write 0 and 1 for them, or see whether cells have slipped into another column")
  for (word in c("TRUE", "F", "yes")) {
    expect_identical(odd_hint(word), paste0(text, "."))
    expect_identical(odd_hint(word, groups = TRUE), paste0(text, "; if the column holds groups, name it in `categorical`."))
  }
  expect_match(odd_hint("TRUE,"), "If these mean missing")
})
