# Files written aside and renamed: whole or not at all.

new_folder <- function() {
  folder <- tempfile("write")
  dir.create(folder)
  folder
}
all_files <- function(folder) sort(dir(folder, all.files = TRUE, no.. = TRUE))
write_one <- function(file, content) write_files(setNames(list(content), file))

# R code in a process of its own, after lines of shell; what it printed.
in_child <- function(before, code) {
  file <- tempfile(fileext = ".R")
  on.exit(unlink(file))
  writeLines(code, file)
  library <- paste(.libPaths(), collapse = .Platform$path.sep)
  command <- paste(c(before, sprintf("R_LIBS=%s %s %s", shQuote(library), shQuote(file.path(R.home("bin"), "Rscript")), shQuote(file))), collapse = "; ")
  suppressWarnings(system2("sh", c("-c", shQuote(command)), stdout = TRUE, stderr = FALSE))
}

test_that("bytes and lines, over what was there", {
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "a")
  bytes <- as.raw(c(0, 255, 10, 13, 1:200))
  expect_identical(write_one(file, bytes), file)
  expect_identical(readBin(file, "raw", 1000), bytes)
  write_one(file, c("f\u00fcnf", "", "b"))
  expect_identical(readLines(file, encoding = "UTF-8"), c("f\u00fcnf", "", "b"))
  expect_identical(file.size(file), 9)
  write_one(file, character())
  expect_identical(file.size(file), 0)
  expect_identical(all_files(folder), "a")
  long <- file.path(folder, strrep("n", 255))
  write_one(long, "x")
  expect_identical(readLines(long), "x")
})

test_that("tables as data.table writes them", {
  frame <- data.frame(a = c("x", NA), b = c(1.5, 1e-20))
  expect_identical(table_bytes(frame), charToRaw("a\tb\nx\t1.5\n\t1e-20\n"))
})

test_that("links stay links, and a file keeps who may read it", {
  skip_on_os("windows")
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "a")
  writeLines("before", file)
  Sys.chmod(file, "600", use_umask = FALSE)
  link <- file.path(folder, "link")
  file.symlink("a", link)
  write_one(link, "after")
  expect_identical(Sys.readlink(link), "a")
  expect_identical(readLines(file), "after")
  expect_identical(format(file.mode(file)), "600")
})

test_that("what cannot be written, with the reason, before any work", {
  folder <- normalizePath(new_folder(), winslash = "/")
  on.exit(unlink(folder, recursive = TRUE))
  nowhere <- file.path(folder, "no", "a.txt")
  said <- expect_condition_text(
    write_one(nowhere, "x"), "latentmr_error_io",
    sprintf("Cannot write '%s': there is no folder '%s'.\ni dir.create() makes it.", nowhere, dirname(nowhere))
  )
  expect_s3_class(said, c("latentmr_error_file_missing", "latentmr_error_io", "latentmr_error_file", "latentmr_error"), exact = FALSE)
  taken <- file.path(folder, "taken")
  dir.create(taken)
  expect_condition_text(write_one(taken, "x"), "latentmr_error_io", sprintf("Cannot write '%s': a folder has that name.", taken))
  # One of several: nothing of the others is written.
  both <- setNames(list("x", "y"), c(file.path(folder, "first"), taken))
  expect_error(write_files(both), class = "latentmr_error_io")
  expect_identical(all_files(folder), "taken")
})

test_that("a read-only file and a read-only folder", {
  skip_on_os("windows")
  skip_if(file.access("/", 2) == 0, "permissions do not hold for this user")
  folder <- normalizePath(new_folder())
  on.exit({
    Sys.chmod(folder, "700")
    unlink(folder, recursive = TRUE)
  })
  file <- file.path(folder, "a")
  writeLines("before", file)
  Sys.chmod(file, "400")
  hint <- "\ni The file that was there is unchanged."
  expect_condition_text(write_one(file, "x"), "latentmr_error_io", sprintf("Cannot write '%s': the file is read-only.", file))
  Sys.chmod(file, "600")
  Sys.chmod(folder, "500")
  expect_condition_text(write_one(file, "x"), "latentmr_error_io", sprintf("Cannot write '%s': Permission denied.%s", file, hint))
  expect_identical(readLines(file), "before")
})

# A limit on the size of files (its signal ignored) fails as a full disk does: in the middle.
test_that("a write that breaks off leaves the old files and nothing beside them", {
  skip_on_os("windows")
  folder <- normalizePath(new_folder())
  on.exit(unlink(folder, recursive = TRUE))
  old <- c(".bed", ".bim", ".fam")
  for (ending in old) writeLines(ending, file.path(folder, paste0("set", ending)))
  said <- in_child(c("trap '' XFSZ", "ulimit -f 8"), c(
    "library(LatentMR)",
    sprintf("setwd(%s)", deparse(folder)),
    # .bim and .fam fit, .bed does not, and the other way round
    "wide <- matrix(0, 100000, 1)",
    "out <- tryCatch(LatentMR:::write_files(list(set.bim = 'x', set.bed = raw(1e6), set.fam = 'y')), error = identity)",
    "cat(class(out)[1], conditionMessage(out), sep = '\\n')",
    "out <- tryCatch(LatentMR:::write_plink('set', wide), error = identity)",
    "cat(class(out)[1], sub(tempdir(), '', conditionMessage(out)), sep = '\\n')"
  ))
  # what the system says is in the language of the session
  words <- function(english) if (Sys.getenv("TEST_LANGUAGE", "en") == "en") english else "[^.]+"
  expect_identical(said[c(1, 3)], c("latentmr_error_io", "i The file that was there is unchanged."))
  expect_match(said[2], sprintf("^Cannot write 'set.bed': %s[.]$", words("File too large")))
  expect_identical(said[4], "latentmr_error_io")
  expect_match(said[5], sprintf("^Cannot write '.*': %s[.]$", words("File too large")))
  expect_identical(all_files(folder), paste0("set", sort(old)))
  for (ending in old) expect_identical(readLines(file.path(folder, paste0("set", ending))), ending)
})

test_that("a full disk", {
  skip_on_os(c("windows", "mac"))
  folder <- normalizePath(new_folder())
  mounted <- suppressWarnings(system2("mount", c("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder), stdout = FALSE, stderr = FALSE))
  skip_if(mounted != 0, "no disk can be mounted here")
  on.exit({
    system2("umount", folder)
    unlink(folder, recursive = TRUE)
  })
  file <- file.path(folder, "report.html")
  before <- as.raw(rep_len(1:250, 30000))
  writeBin(before, file)
  error <- expect_error(write_one(file, raw(1e5)), class = "latentmr_error_io")
  words <- if (Sys.getenv("TEST_LANGUAGE", "en") == "en") "No space left on device" else "[^.]+"
  expect_match(conditionMessage(error), sprintf(": %s[.]\ni The file that was there is unchanged.$", words))
  expect_match(conditionMessage(error), sprintf("Cannot write '%s'", file), fixed = TRUE)
  expect_identical(readBin(file, "raw", 1e5), before)
  expect_identical(all_files(folder), "report.html")
  # What fits is written.
  write_one(file, raw(20000))
  expect_identical(file.size(file), 20000)
})
