# Chunks: files that are whole, and a scan that goes on where it was stopped.

chunk_cohort <- function() {
  cohort <- scan_missing(scan_cohort())
  cohort$data <- mr_data(
    cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype"
  )
  cohort
}

chunk_scan <- function(cohort, folder = NULL, ...) {
  latent_scan(
    cohort$data, cohort$outcomes, cohort$exposures, methods = "latent_2sls", seed = 3, chunk = 1, folder = folder, ...
  )
}

test_that("files give the same table; what is there is read and not computed", {
  cohort <- chunk_cohort()
  whole <- chunk_scan(cohort)
  folder <- withr::local_tempdir()
  unlink(folder, recursive = TRUE)
  expect_identical(chunk_scan(cohort, folder), whole)
  files <- list.files(folder, "^chunk", full.names = TRUE)
  expect_identical(basename(files), sprintf("chunk-%d-of-6.rds", 1:6))
  # One that is gone is computed, the others are not touched.
  before <- file.info(files)$mtime
  unlink(files[4])
  Sys.setFileTime(files[-4], Sys.time() - 1000)
  old <- file.info(files[-4])$mtime
  expect_message(again <- chunk_scan(cohort, folder), "5 of 6 chunks are in", class = "latentmr_message_scan")
  expect_identical(again, whole)
  expect_identical(file.info(files[-4])$mtime, old)
  # It is the files that are read: a number that was changed there is in the table.
  part <- read_chunk(files[2])
  part$table$b <- 99
  write_object(part, files[2])
  suppressMessages(expect_identical(sum(chunk_scan(cohort, folder)$b == 99), 1L))
})

test_that("progress goes on with every pair, not with every set of people", {
  cohort <- scan_cohort()
  data <- mr_data(
    cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype"
  )
  withr::local_options(progressr.enable = TRUE)
  amounts <- numeric()
  withCallingHandlers(
    latent_scan(data, cohort$outcomes, methods = "latent_2sls", seed = 1),
    progression = function(p) if (p$type == "update" && identical(p$message, "Scan")) amounts <<- c(amounts, p$amount)
  )
  expect_identical(amounts, rep(1, ncol(cohort$outcomes)))
})

# A scan in another process, which is killed while its fourth chunk is being written: three have their names,
# the fourth is half a file under another one.
killed_scan <- function(cohort, folder) {
  input <- withr::local_tempfile(fileext = ".rds")
  saveRDS(list(cohort = cohort, folder = folder), input)
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    "library(LatentMR)", sprintf("given <- readRDS(\"%s\")", input),
    "whole <- LatentMR:::write_object",
    "assignInNamespace('write_object', function(x, file) {",
    "  if (length(list.files(given$folder, '^chunk')) < 3) return(whole(x, file))",
    "  bytes <- serialize(x, NULL)",
    "  writeBin(bytes[seq_len(length(bytes) / 2)], file.path(given$folder, '.new-half'))",
    "  tools::pskill(Sys.getpid(), tools::SIGKILL)",
    "}, 'LatentMR')",
    "latent_scan(given$cohort$data, given$cohort$outcomes, given$cohort$exposures, methods = 'latent_2sls',",
    "  seed = 3, chunk = 1, folder = given$folder)"
  ))
  suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = FALSE, stderr = FALSE))
}

test_that("a scan that was killed goes on, and nothing is done twice but the open chunk", {
  skip_on_os("windows")
  cohort <- chunk_cohort()
  folder <- file.path(withr::local_tempdir(), "scan")
  made <- function() list.files(folder, "^chunk", full.names = TRUE)
  expect_false(identical(killed_scan(cohort, folder), 0L))
  survived <- made()
  expect_identical(basename(survived), sprintf("chunk-%d-of-6.rds", 1:3))
  expect_true(file.exists(file.path(folder, ".new-half")))
  Sys.setFileTime(survived, Sys.time() - 1000)
  before <- file.info(survived)[c("mtime", "size")]
  expect_message(again <- chunk_scan(cohort, folder), "3 of 6 chunks are in", class = "latentmr_message_scan")
  expect_identical(file.info(survived)[c("mtime", "size")], before)
  expect_identical(again, chunk_scan(cohort))
  expect_length(made(), 6)
})

test_that("an interrupt leaves as one, and no half of a chunk stays", {
  cohort <- chunk_cohort()
  folder <- file.path(withr::local_tempdir(), "scan")
  count <- polls_of(whole <- chunk_scan(cohort))
  expect_gte(count, 6)
  expect_identical(stopped_at(count %/% 2, suppressMessages(chunk_scan(cohort, folder))), "stopped")
  left <- list.files(folder, all.files = TRUE, no.. = TRUE)
  expect_true(all(grepl("^chunk-.-of-6.rds$|^scan.txt$", left)))
  expect_lt(length(left), 7)
  expect_identical(suppressMessages(chunk_scan(cohort, folder)), whole)
})

test_that("a folder of another scan, or of something else, is refused", {
  cohort <- chunk_cohort()
  folder <- withr::local_tempdir()
  chunk_scan(cohort, folder)
  other <- function(cohort, ...) {
    expect_error(
      suppressMessages(latent_scan(
        cohort$data, cohort$outcomes, cohort$exposures, methods = "latent_2sls", folder = folder, ...
      )),
      "`folder` must be empty, new, or of this same scan, not '.*', of another scan", class = "latentmr_error_argument"
    )
  }
  expect_error(
    suppressMessages(latent_scan(cohort$data, cohort$outcomes, cohort$exposures, seed = 3, chunk = 1, folder = folder)),
    "of another scan", class = "latentmr_error_argument"
  )
  other(cohort, seed = 4, chunk = 1)
  other(cohort, seed = 3, chunk = 2)
  other(cohort, seed = 3, chunk = 1, level = .9)
  other(cohort, seed = 3, chunk = 1, instruments = list(x1 = 1:14, x2 = 1:13))
  changed <- cohort
  changed$outcomes$y2[7] <- changed$outcomes$y2[7] + 1e-9
  other(changed, seed = 3, chunk = 1)
  changed <- cohort
  changed$g[5, 2] <- 2 - changed$g[5, 2] + (changed$g[5, 2] == 1)
  changed$data <- mr_data(changed$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  other(changed, seed = 3, chunk = 1)
  elsewhere <- withr::local_tempdir()
  writeLines("mine", file.path(elsewhere, "thesis.txt"))
  expect_error(chunk_scan(cohort, elsewhere), "which holds other files", class = "latentmr_error_argument")
  expect_identical(list.files(elsewhere), "thesis.txt")
  expect_error(chunk_scan(cohort, file.path(elsewhere, "no", "where")), class = "latentmr_error_io")
  expect_error(chunk_scan(cohort, 3), class = "latentmr_error_argument")
})

test_that("a damaged chunk is named", {
  cohort <- chunk_cohort()
  folder <- withr::local_tempdir()
  chunk_scan(cohort, folder)
  file <- file.path(folder, "chunk-3-of-6.rds")
  bytes <- readBin(file, "raw", file.size(file))
  for (bad in list(bytes[seq_len(length(bytes) / 2)], raw(0), as.raw(1:50), serialize(1:3, NULL))) {
    writeBin(bad, file)
    expect_error(suppressMessages(chunk_scan(cohort, folder)), "chunk-3-of-6.rds' is no chunk of a scan", class = "latentmr_error_file")
  }
})

test_that("numbers do not depend on the plan", {
  skip_if_not_installed("future")
  cohort <- chunk_cohort()
  here <- chunk_scan(cohort)
  old <- future::plan(future::multicore, workers = 2)
  on.exit(future::plan(old))
  expect_identical(chunk_scan(cohort), here)
})

test_that("a scan whose seed was drawn goes on with it, and a file is no folder", {
  cohort <- scan_cohort(60, 8)
  data <- mr_data(cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype")
  scan <- function(...) suppressWarnings(suppressMessages(as.data.frame(latent_scan(data, cohort$outcomes[1:2], chunk = 1, ...))))
  folder <- tempfile("scan")
  first <- scan(folder = folder)
  line <- readLines(file.path(folder, "scan.txt"))[3]
  expect_match(line, "^seed [0-9]+$")
  files <- list.files(folder, "rds$", full.names = TRUE)
  unlink(files[2])
  expect_identical(scan(folder = folder), first)
  expect_identical(scan(folder = folder, seed = as.numeric(sub("seed ", "", line))), first)
  expect_error(scan(folder = folder, seed = 5), "of another scan", class = "latentmr_error_argument")
  file <- tempfile()
  writeLines("x", file)
  expect_condition_text(latent_scan(data, folder = file), "latentmr_error_io", paste0(
    "Cannot write '", file, "': a file of this name is there.\ni `folder` must be a folder, or the name of a new one."
  ))
})
