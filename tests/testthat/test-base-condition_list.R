# Every class that the code signals is described on one help page, and nothing else is.
test_that("the page of conditions lists all classes", {
  files <- list.files(test_path("../../R"), "[.]R$", full.names = TRUE)
  skip_if(!length(files), "no source tree here")
  code <- unlist(lapply(files, function(file) grep("^ *#", readLines(file, warn = FALSE), value = TRUE, invert = TRUE)))
  pattern <- "latentmr_(error|warning|message)_[a-z_0-9]+"
  found <- function(text) unique(unlist(regmatches(text, gregexpr(pattern, text))))
  raised <- setdiff(found(code), "latentmr_error_")
  page <- grep("^#' ", readLines(test_path("../../R/base_conditions.R"), warn = FALSE), value = TRUE)
  listed <- found(grep("^#' [*] ", page, value = TRUE))
  # Of the core: abort_core() puts the kind behind the prefix.
  core <- c("latentmr_error_io", "latentmr_error_format", "latentmr_error_memory", "latentmr_error_internal", "latentmr_error_singular", "latentmr_error_noconv")
  expect_identical(setdiff(raised, listed), character())
  expect_identical(setdiff(listed, c(raised, core)), character())
})
