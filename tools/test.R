# Runs one directory of tests on the installed package, snapshots included, and
# ends with one line: N passed, N failed, N skipped.
Sys.setenv(NOT_CRAN = "true")
library(testthat)
library(LatentMR)
directory <- commandArgs(TRUE)[1]
filter <- commandArgs(TRUE)[2]
results <- as.data.frame(suppressMessages(test_dir(
  directory, package = "LatentMR", load_package = "installed",
  filter = if (!is.na(filter) && nzchar(filter)) filter,
  reporter = "check", stop_on_failure = FALSE
)))
if (!nrow(results)) stop("no test ran", call. = FALSE)
failed <- sum(results$failed) + sum(results$error)
passed <- sum(results$passed)
if (sum(results$warning)) cat(sum(results$warning), "warnings\n")
cat(sprintf("%d passed, %d failed, %d skipped\n", passed, failed, sum(results$skipped)))
if (failed) quit(status = 1)
