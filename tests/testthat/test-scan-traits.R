# What latent_scan() refuses, and in which words.

scan_data <- function(n = 60) {
  cohort <- scan_cohort(n, 8)
  list(
    cohort = cohort, data = mr_data(
      cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype"
    )
  )
}

refused <- function(code, message) {
  e <- expect_error(code, class = "latentmr_error_argument")
  expect_match(conditionMessage(e), message, fixed = TRUE)
}

test_that("traits must be tables of the people of the data", {
  d <- scan_data()
  y <- `rownames<-`(d$cohort$outcomes, NULL)
  refused(latent_scan(y), "`data` must be made by mr_data(), read_mr_data() or mr_moments(), not")
  refused(latent_scan(d$data, y$y1), "`outcomes` must be a matrix or data frame with a column for each trait")
  refused(latent_scan(d$data, unname(as.matrix(y))), "not a matrix without column names")
  refused(latent_scan(d$data, y[1:50, ]), "`outcomes` must be a table with a row for each of the 60 participants of `data`, in their order, not one of 50 rows")
  refused(latent_scan(d$data, cbind(y, y1 = 1)), "`outcomes` must be a table whose columns have different names")
  refused(latent_scan(d$data, y, cbind(x = Inf, z = 1:60)), "`exposures$x`")
  refused(latent_scan(d$data, data.frame(text = rep(c("a", "b", "c"), 20))), "`outcomes$text` must be a numeric vector")
  named <- `rownames<-`(as.matrix(y), sprintf("q%d", 1:60))
  refused(latent_scan(d$data, named), "`outcomes` must be a table whose row names are identifiers of `data`")
  named <- `rownames<-`(as.matrix(y), rep(d$cohort$ids[1:30], 2))
  refused(latent_scan(d$data, named), "`outcomes` must be a table with one row for each participant, not one with \"p001\" twice")
})

test_that("people without a row have missing values, and rows are joined by name", {
  d <- scan_data()
  y <- `rownames<-`(d$cohort$outcomes, d$cohort$ids)[c(40:1, 55:50), ]
  got <- trait_table(y, d$data, "outcomes")
  expect_identical(which(is.na(got$values[, 1])), c(41:49, 56:60))
  expect_identical(got$values[c(1:40, 50:55), 2], d$cohort$outcomes$y2[c(1:40, 50:55)])
})

test_that("outcomes of two values are 0 and 1, as mr_data() has them", {
  d <- scan_data()
  case <- d$cohort$outcomes$case
  coded <- data.frame(plink = case + 1, yes = factor(case, 0:1, c("no", "yes")), flag = case == 1)
  got <- suppressMessages(trait_table(coded, d$data, "outcomes"))
  expect_identical(got$values, matrix(case, 60, 3))
  expect_message(trait_table(coded["plink"], d$data, "outcomes"), "outcomes$plink", fixed = TRUE, class = "latentmr_message_coding")
})

test_that("instruments are a list by exposure", {
  d <- scan_data()
  x <- d$cohort$exposures
  scan <- function(i) latent_scan(d$data, d$cohort$outcomes, x, instruments = i)
  refused(scan(paste0("rs", 1:4)), "`instruments` must be NULL or a list with the variants of each exposure, named by exposure")
  refused(scan(list(1:3, 2:4)), "named by exposure")
  refused(scan(list(x1 = 1:3)), "not one without \"x2\"")
  refused(scan(list(x1 = 1:3, x2 = character())), "`instruments$x2` must be names or positions of variants of `data`, not empty")
  refused(scan(list(x1 = 1:3, x2 = "rs99")), "`instruments$x2` must be names of variants of `data`, not \"rs99\"")
  refused(scan(list(x1 = 1:9, x2 = 1:3)), "`instruments$x1`")
})

test_that("other arguments are looked at before any work", {
  d <- scan_data()
  refused(latent_scan(d$data, chunk = 0), "`chunk` must be one whole number")
  refused(latent_scan(d$data, rows = "yes"), "`rows` must be TRUE or FALSE")
  refused(latent_scan(d$data, encoder = "flow"), "`encoder`")
  refused(latent_scan(d$data, methods = "2stage"), "`methods` must be among")
  expect_error(latent_scan(d$data, folds = 3), "unused argument")
})
