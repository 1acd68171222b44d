# From bytes to text: what is no text is refused by file and line, pipes are read
# to their end, and nothing is taken from a file that changes meanwhile.

text_of <- function(bytes, name = "x.txt", arg = "pheno") {
  path <- file.path(new_dir(), name)
  writeBin(if (is.raw(bytes)) bytes else charToRaw(bytes), path)
  rawToChar(file_text(path, arg))
}

text_error <- function(bytes, ...) {
  error <- tryCatch(text_of(bytes, ...), latentmr_error_file = identity)
  gsub("'?/[^ ]*/(x[^ ']*)'?", "<\\1>", conditionMessage(error))
}

gzip_file <- function(text) {
  path <- tempfile()
  con <- gzfile(path, "wb")
  writeBin(charToRaw(text), con)
  close(con)
  readBin(path, "raw", 1e7)
}

test_that("a NUL byte, a control character and bad UTF-8 are refused by file and line", {
  bad <- function(byte) c(charToRaw("IID\tage\na\t1\nb\t"), as.raw(byte), charToRaw("57\n"))
  expect_match(text_error(bad(0)), "^Line 3 of <x.txt> holds a NUL byte \\(byte 00\\)[.]\ni The file is damaged")
  expect_match(text_error(bad(7)), "^Line 3 of <x.txt> holds a control character \\(byte 07\\)")
  expect_match(text_error(bad(0xe9)), "^Line 3 of <x.txt> is not valid UTF-8 \\(byte e9\\)[.]\ni .*say encoding = .latin1.*or convert the file: iconv -f latin1 -t utf-8")
  # \r\n and \r end lines as \n does.
  expect_match(text_error(c(charToRaw("a\r\nb\r\n"), as.raw(c(0xff, 0x0a)))), "^Line 3 ")
  expect_match(text_error(c(charToRaw("a\rb\rc\r"), as.raw(0))), "^Line 4 ")
  expect_identical(text_of("\u00e9 a\n"), rawToChar(charToRaw("\u00e9 a\n")))
  expect_identical(text_of(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("IID\n"))), "IID\n")
  expect_identical(text_of(raw()), "")
})

test_that("one byte set to NUL never passes, wherever it stands", {
  f <- known_files()
  bytes <- readBin(f$path, "raw", 1e6)
  set.seed(1)
  for (at in sample(length(bytes), 60)) {
    writeBin(replace(bytes, at, as.raw(0)), f$path)
    error <- tryCatch(read_mr_data(f$bfile, f$path, "bmi", "sbp", "site", "age"), error = identity)
    expect_s3_class(error, "latentmr_error_format")
    line <- 1 + sum(bytes[seq_len(at - 1)] == charToRaw("\n"))
    expect_match(conditionMessage(error), sprintf("^Line %d of '.*cohort.pheno.tsv' holds a NUL byte", line))
  }
})

test_that("every reader of text refuses a NUL byte and Latin 1", {
  f <- known_files()
  list <- file.path(f$dir, "list.txt")
  kin <- file.path(f$dir, "kin.kin0")
  for (byte in c(0, 0xe9)) {
    writeBin(c(charToRaw("p001\np0"), as.raw(byte), charToRaw("2\n")), list)
    for (arg in c("keep", "remove", "instruments", "background")) {
      call <- c(list(f$bfile, f$path, "bmi", "sbp", "site"), stats::setNames(list(list), arg))
      expect_error(do.call(read_mr_data, call), "^Line 2 of '.*list.txt'", class = "latentmr_error_format")
    }
    writeBin(c(charToRaw("ID1 ID2 Kinship\np"), as.raw(byte), charToRaw("1 p2 .25\n")), kin)
    expect_error(families(kin), "^Line 2 of '.*kin.kin0'", class = "latentmr_error_format")
    writeBin(c(charToRaw("IID bmi\np"), as.raw(byte), charToRaw("1 2\n")), kin)
    expect_error(read_mr_data(f$bfile, kin, "bmi", "sbp", "site"), "^Line 2 of '.*kin.kin0'", class = "latentmr_error_format")
  }
})

test_that("gzip is known by its first bytes, and must be whole", {
  text <- paste(sprintf("line %d\n", 1:5000), collapse = "")
  one <- gzip_file(text)
  expect_identical(text_of(one, "x.txt"), text)
  expect_identical(text_of(c(one, gzip_file("more\n")), "x.gz"), paste0(text, "more\n"))
  expect_identical(text_of(gzip_file("")), "")
  expect_identical(text_of("plain\n", "x.gz"), "plain\n")
  broken <- "^`pheno`: the compressed file .* is damaged or was cut short.\ni Copy or make it again.$"
  for (size in c(2, 9, 17, 100, length(one) - 9, length(one) - 8, length(one) - 1)) {
    expect_match(text_error(utils::head(one, size)), broken)
  }
  for (at in c(500, length(one) - 6, length(one) - 2)) {
    expect_match(text_error(replace(one, at, xor(one[at], as.raw(255)))), broken)
  }
  # The first of two members damaged.
  expect_match(text_error(c(replace(one, 500, xor(one[500], as.raw(255))), gzip_file("more\n"))), broken)
  # What is inside is looked at as well.
  expect_match(text_error(gzip_file("##fileformat=VCFv4.2\n")), "is a VCF file")
})

test_that("the check is that of RFC 1952", {
  # "123456789" has the published check value cbf43926.
  expect_identical(.Call(C_ffi_crc32, charToRaw("xx123456789"), 9), as.raw(c(0x26, 0x39, 0xf4, 0xcb)))
  expect_identical(.Call(C_ffi_crc32, raw(), 0), raw(4))
})

test_that("what is no text table is named", {
  rds <- tempfile()
  saveRDS(data.frame(a = 1), rds)
  xdr <- readBin(rds, "raw", 1e5)
  saveRDS(data.frame(a = 1), rds, compress = FALSE)
  plain <- readBin(rds, "raw", 1e5)
  save(plain, file = rds, compress = FALSE)
  image <- readBin(rds, "raw", 1e5)
  utf16 <- iconv("IID\tage\n1\t2\n", "UTF-8", "UTF-16LE", toRaw = TRUE)[[1]]
  kinds <- list(
    zstd = as.raw(c(0x28, 0xb5, 0x2f, 0xfd, 1)), "xlsx" = charToRaw("PK\003\004abc"), "saveRDS" = xdr, "saveRDS" = plain,
    "save\\(\\)" = image, "UTF-16" = c(as.raw(c(0xff, 0xfe)), utf16), "UTF-16" = utf16,
    "bzip2" = charToRaw("BZh91AY"), "xz" = as.raw(c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)), "web page" = charToRaw("\n<!DOCTYPE html>"),
    "Parquet" = charToRaw("PAR1..."), "VCF" = charToRaw("##fileformat=VCFv4.2\n"), "bed or pgen" = as.raw(c(0x6c, 0x1b, 1))
  )
  for (k in seq_along(kinds)) {
    expect_match(text_error(kinds[[k]]), sprintf("`pheno`: <x.txt> is .*%s.*, not a text table[.]\ni ", names(kinds)[k]))
  }
})

test_that("a text larger than the memory allowed is refused, packed or not", {
  old <- options(LatentMR.memory = 1000)
  on.exit(options(old))
  text <- strrep("a\n", 1000)
  expect_error(text_of(text), class = "latentmr_error_memory")
  expect_error(text_of(gzip_file(text)), class = "latentmr_error_memory")
  expect_match(conditionMessage(tryCatch(text_of(text), error = identity)), "holds at least 2 kB, more than the 1 kB allowed")
})

# Something else writes to the pipe: a shell.
fed_pipe <- function(dir, name, from, delay = 0) {
  skip_on_os("windows")
  pipe <- file.path(dir, name)
  if (!file.exists(pipe) && system2("mkfifo", shQuote(pipe)) != 0) skip("no named pipes here")
  system(sprintf("(sleep %s; cat %s > %s) &", delay, shQuote(from), shQuote(pipe)), ignore.stderr = TRUE)
  pipe
}

test_that("a pipe is read to its end: lists, phenotypes, compressed or not", {
  f <- known_files()
  ids <- f$pheno$IID
  list <- file.path(f$dir, "withdrawn.txt")
  writeLines(ids[c(3, 5)], list)
  read <- function(...) read_mr_data(f$bfile, ..., exposure = "bmi", outcome = "sbp", environment = "site")$ids
  expect_identical(read(f$path, remove = fed_pipe(f$dir, "remove", list)), ids[-c(3, 5)])
  expect_identical(read(f$path, remove = fed_pipe(f$dir, "late", list, .4)), ids[-c(3, 5)])
  writeLines(ids[11:60], list)
  expect_identical(read(f$path, keep = fed_pipe(f$dir, "keep", list)), ids[11:60])
  expect_identical(read(fed_pipe(f$dir, "pheno", f$path)), ids)
  packed <- file.path(f$dir, "packed")
  writeBin(gzip_file(rawToChar(readBin(f$path, "raw", 1e6))), packed)
  expect_identical(read(fed_pipe(f$dir, "pheno.gz", packed)), ids)
  # More than a pipe holds at a time.
  writeLines(c(ids[3], sprintf("nobody%06d", 1:50000)), list)
  expect_identical(read(f$path, remove = fed_pipe(f$dir, "long", list)), ids[-3])
  writeLines(character(), list)
  expect_identical(read(f$path, remove = fed_pipe(f$dir, "empty", list)), ids)
  expect_identical(read(f$path, remove = "/dev/null"), ids)
})

test_that("bash's <(command) is read", {
  bash <- Sys.which("bash")
  skip_if(!nzchar(bash) || !dir.exists("/dev/fd"), "no /dev/fd here")
  f <- known_files()
  list <- file.path(f$dir, "withdrawn.txt")
  writeLines(f$pheno$IID[c(3, 5)], list)
  script <- file.path(f$dir, "run.R")
  writeLines(c(
    sprintf(".libPaths(c(%s))", paste(deparse(.libPaths()), collapse = "")), "list <- commandArgs(TRUE)",
    sprintf("d <- LatentMR::read_mr_data(%s, %s, 'bmi', 'sbp', 'site', remove = list)", deparse(f$bfile), deparse(f$path)),
    "cat(length(d$ids))"
  ), script)
  command <- sprintf("%s --vanilla %s <(cat %s)", file.path(R.home("bin"), "Rscript"), script, list)
  said <- system2(bash, c("-c", shQuote(command)), stdout = TRUE, stderr = FALSE)
  expect_identical(utils::tail(said, 1), "198")
})

test_that("a directory, a device and a socket are no files", {
  skip_on_os("windows")
  expect_error(file_text(new_dir(), "keep"), class = "latentmr_error_io")
  skip_if(!file.exists("/dev/zero"))
  expect_error(file_text("/dev/zero", "keep"), "is a device, not a file", class = "latentmr_error_format")
  loop <- file.path(new_dir(), "loop")
  file.symlink(loop, loop)
  expect_error(file_text(loop, "keep"), class = "latentmr_error_io")
})

test_that("waiting for a pipe that nobody writes to ends with the time allowed", {
  skip_on_os("windows")
  pipe <- file.path(new_dir(), "silent")
  if (system2("mkfifo", shQuote(pipe)) != 0) skip("no named pipes here")
  stopped <- tryCatch({
    setTimeLimit(elapsed = 1, transient = TRUE)
    on.exit(setTimeLimit())
    file_text(pipe, "remove")
    "read"
  }, error = function(e) "stopped", interrupt = function(e) "stopped")
  setTimeLimit()
  expect_identical(stopped, "stopped")
})
