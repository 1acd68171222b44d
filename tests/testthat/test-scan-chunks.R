# Chunks: files that are whole, and a scan that goes on where it was stopped.

chunk_cohort <- function() {
  cohort <- scan_missing(scan_cohort())
  cohort$data <- mr_data(
    cohort$g, cohort$exposures$x1, cohort$outcomes$y1, cohort$site, ids = cohort$ids, kind = "genotype"
  )
  cohort
}

chunk_scan <- function(cohort, folder = NULL, ...) {
  latent_scan(cohort$data, cohort$outcomes, cohort$exposures, seed = 3, chunk = 1, folder = folder, ...)
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

test_that("a scan that was killed goes on, and nothing is done twice but the open chunk", {
  skip_on_os("windows")
  cohort <- chunk_cohort()
  cohort$outcomes <- cbind(cohort$outcomes, setNames(cohort$outcomes, paste0(names(cohort$outcomes), "_again")))
  folder <- file.path(withr::local_tempdir(), "scan")
  input <- withr::local_tempfile(fileext = ".rds")
  saveRDS(cohort, input)
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    "library(LatentMR)", sprintf("cohort <- readRDS(\"%s\")", input),
    sprintf("writeLines(as.character(Sys.getpid()), \"%s.pid\")", input),
    "latent_scan(cohort$data, cohort$outcomes, cohort$exposures, seed = 3, chunk = 1,",
    sprintf("  folder = \"%s\")", folder)
  ))
  system2(file.path(R.home("bin"), "Rscript"), shQuote(script), wait = FALSE, stdout = FALSE, stderr = FALSE)
  made <- function() list.files(folder, "^chunk", full.names = TRUE)
  limit <- Sys.time() + 60
  while (length(made()) < 3 && Sys.time() < limit) Sys.sleep(.01)
  tools::pskill(as.integer(readLines(paste0(input, ".pid"))), tools::SIGKILL)
  Sys.sleep(.2)
  survived <- made()
  expect_gte(length(survived), 3)
  expect_lt(length(survived), 12)
  before <- file.info(survived)[c("mtime", "size")]
  Sys.sleep(.05)
  expect_message(again <- chunk_scan(cohort, folder), "chunks are in", class = "latentmr_message_scan")
  expect_identical(file.info(survived)[c("mtime", "size")], before)
  expect_identical(again, chunk_scan(cohort))
  expect_length(made(), 12)
})

test_that("a folder of another scan, or of something else, is refused", {
  cohort <- chunk_cohort()
  folder <- withr::local_tempdir()
  chunk_scan(cohort, folder)
  other <- function(cohort, ...) {
    expect_error(
      suppressMessages(latent_scan(cohort$data, cohort$outcomes, cohort$exposures, folder = folder, ...)),
      "`folder` must be empty, new, or of this same scan, not '.*', of another scan", class = "latentmr_error_argument"
    )
  }
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
