# Runs one directory of tests on the installed package, snapshots included, and
# ends with one line: N passed, N failed, N skipped.
#   Rscript tools/test.R tests/testthat [regular expression for the files]
# One R process a core (or TEST_JOBS) takes file after file, the slowest of the
# last run first. A file in which R itself stops counts as a failure.
Sys.setenv(NOT_CRAN = "true")
arguments <- commandArgs(TRUE)
directory <- arguments[1]
filter <- if (length(arguments) > 1 && nzchar(arguments[2])) arguments[2]
queue <- Sys.getenv("LATENTMR_TEST_QUEUE")

# Of this process and those that it started: not moved by what else the machine does.
processor_seconds <- function() sum(proc.time()[-3])

# One file; its outcome goes to <queue>/<name>.rds.
run_file <- function(name) {
  start <- processor_seconds()
  words <- utils::capture.output(results <- as.data.frame(suppressMessages(testthat::test_dir(
    directory, package = "LatentMR", load_package = "installed", filter = paste0("^", name, "$"),
    reporter = "check", stop_on_failure = FALSE
  ))))
  out <- c(
    passed = sum(results$passed), failed = sum(results$failed) + sum(results$error), skipped = sum(results$skipped),
    warnings = sum(results$warning), seconds = processor_seconds() - start
  )
  if (out[["failed"]] || out[["warnings"]] || out[["skipped"]]) writeLines(words)
  cat(sprintf("%s: %d passed, %.1f s of processor time\n", name, out[["passed"]], out[["seconds"]]))
  saveRDS(out, file.path(queue, paste0(name, ".rds")))
}

# testthat gives every test the collation of C, English and a decimal point. Under
# tools/locales.sh the tests keep what that sets instead.
keep_locale <- function() {
  plain <- testthat::local_test_context
  collate <- Sys.getlocale("LC_COLLATE")
  utils::assignInNamespace("local_test_context", function(.env = parent.frame()) {
    plain(.env)
    withr::local_options(OutDec = Sys.getenv("TEST_OUTDEC", "."), .local_envir = .env)
    withr::local_collate(collate, .local_envir = .env)
    withr::local_language(Sys.getenv("TEST_LANGUAGE", "en"), .local_envir = .env)
  }, "testthat")
}

# To take a file is to make a folder of its name: only one process can.
if (nzchar(queue)) {
  library(testthat)
  library(LatentMR)
  if (nzchar(Sys.getenv("TEST_LOCALE"))) keep_locale()
  for (name in readLines(file.path(queue, "files"))) {
    if (dir.create(file.path(queue, name), showWarnings = FALSE)) run_file(name)
  }
  quit()
}

files <- list.files(directory, "^test-.*[.]R$")
names <- sub("^test-(.*)[.]R$", "\\1", files)
keep <- if (is.null(filter)) TRUE else grepl(filter, names)
sizes <- file.size(file.path(directory, files))[keep]
names <- names[keep]
if (!length(names)) stop("no test ran", call. = FALSE)
times <- tryCatch(readRDS(".setup/test-times.rds"), error = function(e) numeric(), warning = function(w) numeric())
known <- unname(times[names])
known[is.na(known)] <- max(known, 0, na.rm = TRUE) + sizes[is.na(known)]
names <- names[order(-known)]

queue <- tempfile("tests")
dir.create(queue)
writeLines(names, file.path(queue, "files"))
Sys.setenv(LATENTMR_TEST_QUEUE = queue)
jobs <- suppressWarnings(as.integer(Sys.getenv("TEST_JOBS", parallel::detectCores())))
jobs <- max(1L, min(jobs, length(names)), na.rm = TRUE)
worker <- paste(
  shQuote(file.path(R.home("bin"), "Rscript")), if ("--no-init-file" %in% commandArgs()) "--no-init-file",
  "tools/test.R", shQuote(directory)
)
# By xargs and not by `&`: a shell's background commands ignore Ctrl-C, and R from 4.5 on
# leaves a signal ignored that it finds so.
system(sprintf("printf '%%s\\n' %s | xargs -P %d -I{} %s", paste(seq_len(jobs), collapse = " "), jobs, worker))

results <- file.path(queue, paste0(names, ".rds"))
done <- lapply(results[file.exists(results)], readRDS)
lost <- names[!file.exists(results)]
for (name in lost) cat(name, ": R stopped before its tests ended\n", sep = "")
table <- do.call(rbind, done)
total <- if (is.null(table)) c(passed = 0, failed = 0, skipped = 0, warnings = 0) else colSums(table)
if (!is.null(table) && dir.exists(".setup")) {
  times[setdiff(names, lost)] <- table[, "seconds"]
  saveRDS(times, ".setup/test-times.rds")
}
failed <- total[["failed"]] + length(lost)
if (total[["warnings"]]) cat(total[["warnings"]], "warnings\n")
cat(sprintf("%d passed, %d failed, %d skipped\n", total[["passed"]], failed, total[["skipped"]]))
if (failed) quit(status = 1)
