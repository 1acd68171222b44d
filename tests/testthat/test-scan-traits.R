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
  expect_warning(
    got <- trait_table(y, d$data, "outcomes"), "14 of 60 participants have no row.", class = "latentmr_warning_ids"
  )
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
  expect_error(latent_scan(d$data, folds = 3), "Unknown argument: \"folds\"", class = "latentmr_error_argument")
})

test_that("a table that was visibly sorted or cut is taken by position with a warning", {
  d <- scan_data()
  y <- `rownames<-`(d$cohort$outcomes, NULL)
  sorted <- y[order(y$y1), ]
  expect_identical(trait_table(y, d$data, "outcomes")$values[, 2], y$y2)
  warned <- function(arg) paste0(
    "`", arg, "` has no identifiers and was sorted or cut since it was made (its row names begin ",
    paste(rownames(sorted)[1:3], collapse = ", "), "): its rows are taken in the order of `data`.\n",
    "i Give it identifiers as row names, and it is joined by them; `row.names<-`(x, NULL) says that its order is right."
  )
  expect_condition_text(latent_scan(d$data, sorted["y1"], seed = 1), "latentmr_warning_ids", warned("outcomes"))
  expect_condition_text(
    latent_scan(d$data, exposures = setNames(sorted["y1"], "x"), seed = 1), "latentmr_warning_ids", warned("exposures")
  )
  expect_condition_text(
    mr_moments(d$data, outcomes = sorted["y1"], folds = 1, seed = 1), "latentmr_warning_ids", warned("outcomes")
  )
  rownames(sorted) <- d$cohort$ids[as.integer(rownames(sorted))]
  expect_no_warning(got <- trait_table(sorted, d$data, "outcomes"))
  expect_identical(got$values[, 1], y$y1)
})

test_that("people who are lost in joining are told, and a warning says it of many", {
  d <- scan_data(120)
  y <- `rownames<-`(d$cohort$outcomes["y1"], d$cohort$ids)
  expect_no_message(trait_table(y, d$data, "outcomes"))
  expect_condition_text(
    trait_table(y[-(1:2), , drop = FALSE], d$data, "outcomes"), "latentmr_message_ids",
    "`outcomes`, joined by row names: 2 of 120 participants have no row."
  )
  expect_condition_text(
    trait_table(rbind(y, zzz = 1), d$data, "outcomes"), "latentmr_message_ids",
    "`outcomes`, joined by row names: 1 of 121 rows are of nobody in `data`, such as \"zzz\"."
  )
  expect_condition_text(
    trait_table(y[-(1:3), , drop = FALSE], d$data, "exposures"), "latentmr_warning_ids", paste0(
      "`exposures`, joined by row names: 3 of 120 participants have no row.\ni Who has no row has missing values there."
    )
  )
  wrong <- y
  rownames(wrong)[1:3] <- toupper(rownames(wrong)[1:3])
  expect_warning(trait_table(wrong, d$data, "outcomes"), "Likely cause: capital and small letters differ", class = "latentmr_warning_ids")
})

test_that("columns are looked at as mr_data() looks at its traits", {
  d <- scan_data(120)
  n <- nrow(d$cohort$g)
  expect_condition_text(latent_scan(d$data, data.frame(o = rep(0:2, each = 40)), seed = 1), "latentmr_error_coding", paste0(
    "`outcomes$o` must be without doubt about its coding, not one with the values 0, 1 and 2 only.\n",
    "i If they are PLINK's missing, control and case, set the 0 to missing (`na_codes = c(-9, 0)` of read_mr_data(), or NA); ",
    "if they are counts, subtract 1 from all: effects are the same."
  ))
  expect_identical(trait_table(data.frame(o = rep(0:2, each = 40)), d$data, "exposures")$values[, 1], rep(c(0, 1, 2), each = 40))
  expect_identical(trait_table(data.frame(o = rep(-1:1, each = 40)), d$data, "outcomes")$values[, 1], rep(c(-1, 0, 1), each = 40))
  far <- replace(d$cohort$outcomes$y1, 1:5, -999)
  expect_condition_text(trait_table(data.frame(far), d$data, "outcomes"), "latentmr_warning_far_value", paste0(
    "\"far\" has values far from all others: -999 in 5 people (the nearest other value is ",
    format(min(far[-(1:5)]), digits = 4), ").\ni Codes for missing values? Then say na_codes = -999 when reading, or set them to NA."
  ))
  set.seed(1)
  unit <- rnorm(n) * ifelse(d$cohort$site == "b", 1000, 1)
  expect_warning(trait_table(data.frame(unit), d$data, "outcomes"), "of \"unit\" in environment \"b\" is", class = "latentmr_warning_units")
  expect_warning(mr_moments(d$data, outcomes = data.frame(unit), folds = 1, seed = 1, disclosure = FALSE), class = "latentmr_warning_units")
})

test_that("variants of something that is no exposure are refused", {
  d <- scan_data()
  refused(
    latent_scan(d$data, instruments = setNames(list(1:8, 3), c(d$data$exposure_name, "typo"))), paste0(
      "`instruments` must be NULL or a list with the variants of each exposure, named by exposure, not one with \"typo\", which is no exposure."
    )
  )
})

test_that("times to an event are refused with what to do, as a table and as a column of one", {
  skip_if_not_installed("survival")
  cohort <- scan_cohort()
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  times <- survival::Surv(seq_along(cohort$ids) / 100, cohort$outcomes$case)
  told <- paste0(
    " must be numbers, not times to an event (survival::Surv).\ni Give whether the event came as 0 and 1; then the times to ",
    "latent_hazard(), or to iv_hazard() without latent instruments."
  )
  table <- cohort$outcomes["y1"]
  table$death <- times
  for (given in list(list(times, "`outcomes`"), list(table, "`outcomes$death`"))) {
    error <- tryCatch(latent_scan(data, given[[1]], seed = 3), latentmr_error_argument = identity)
    expect_identical(conditionMessage(error), paste0(given[[2]], told))
  }
})
