# The tests with a garbage collection at every allocation inside the package's C
# entry points (gctorture), where a missing PROTECT shows (freed vectors above 128 bytes at once, by
# AddressSanitizer; smaller ones when their place is taken again): the first calls of
# each entry point in each test file, since every one costs seconds.
# Needs a package installed without byte code and R_ENABLE_JIT=0, so that .Call
# is looked up and can be wrapped; tools/sanitize.sh sees to both.
calls_per_entry <- 3
calls <- new.env()
plain <- base::.Call
# R functions that a loop calls back several times a second (progress) run without torture:
# under it each takes longer than the time between two.
spared <- function(argument) {
  if (!is.function(argument)) return(argument)
  function(...) {
    gctorture(FALSE)
    on.exit(gctorture(TRUE))
    argument(...)
  }
}
tortured <- function(.NAME, ..., PACKAGE) {
  ours <- inherits(.NAME, "NativeSymbolInfo") && identical(.NAME$dll[["name"]], "LatentMR")
  if (!ours) return(if (missing(PACKAGE)) plain(.NAME, ...) else plain(.NAME, ..., PACKAGE = PACKAGE))
  done <- c(calls[[.NAME$name]], 0)[1]
  calls[[.NAME$name]] <- done + 1
  if (done >= calls_per_entry) return(plain(.NAME, ...))
  arguments <- lapply(list(...), spared) # evaluated before the torture begins
  gctorture(TRUE)
  on.exit(gctorture(FALSE))
  do.call(plain, c(list(.NAME), arguments), quote = TRUE)
}
library(testthat)
library(LatentMR)
unlockBinding(".Call", baseenv())
assign(".Call", tortured, baseenv())

total <- 0
failed <- 0
entries <- character()
filter <- c(commandArgs(TRUE), "")[1]
for (file in list.files("tests/testthat", "^test-.*[.]R$", full.names = TRUE)) {
  if (!grepl(filter, basename(file))) next
  rm(list = ls(calls), envir = calls)
  results <- as.data.frame(test_file(
    file, package = "LatentMR", load_package = "installed", reporter = "minimal", stop_on_failure = FALSE
  ))
  if (!length(ls(calls))) next
  failed <- failed + sum(results$failed) + sum(results$error)
  entries <- union(entries, ls(calls))
  total <- total + sum(pmin(unlist(as.list(calls)), calls_per_entry))
}
cat(sprintf("\n%d tortured calls of %d entry points, %d failed expectations\n", total, length(entries), failed))
if (failed || !total) quit(status = 1)
