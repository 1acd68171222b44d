# Lists of people and variants, as other programs write them.

list_file <- function(dir, ..., bytes = NULL, name = "list.txt") {
  path <- file.path(dir, name)
  if (is.null(bytes)) writeLines(c(...), path) else writeBin(bytes, path)
  path
}

test_that("quotes, byte order marks, row names and headers of a list are no identifiers", {
  f <- known_files()
  ids <- f$pheno$IID
  gone <- ids[c(3, 5)]
  without <- ids[-c(3, 5)]
  removed <- function(...) read_known(f, remove = list_file(f$dir, ...))$ids
  expect_identical(removed(sprintf("\"%s\"", gone)), without)
  mark <- as.raw(c(0xef, 0xbb, 0xbf))
  expect_identical(removed(bytes = c(mark, charToRaw(paste0(gone, "\r\n", collapse = "")))), without)
  expect_identical(removed(bytes = c(mark, charToRaw(paste0("\"", gone, "\"\n", collapse = "")))), without)
  path <- file.path(f$dir, "r.txt")
  for (write in list(
    function(x) utils::write.table(x, path), function(x) utils::write.csv(x, path), function(x) utils::write.table(x, path, quote = FALSE),
    function(x) utils::write.table(x, path, row.names = FALSE), function(x) utils::write.csv(x, path, row.names = FALSE),
    function(x) utils::write.table(x, path, col.names = FALSE, row.names = FALSE), function(x) data.table::fwrite(x, path)
  )) {
    write(data.frame(IID = gone))
    expect_identical(read_known(f, remove = path)$ids, without)
    write(data.frame(FID = gone, IID = gone))
    expect_identical(read_known(f, remove = path)$ids, without)
  }
  utils::write.table(gone, path) # header "x"
  expect_identical(read_known(f, remove = path)$ids, without)
  expect_identical(removed("iid age sex", paste(gone, 1, 2)), without)
  expect_identical(removed(paste0(gone, ",")), without)
  expect_identical(removed(paste0(gone, " "), "", " "), without)
})

test_that("a list is read alike in the C locale", {
  f <- known_files()
  path <- list_file(f$dir, bytes = c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("p003\n\"p005\"\n")))
  old <- Sys.getlocale("LC_CTYPE")
  on.exit(Sys.setlocale("LC_CTYPE", old))
  Sys.setlocale("LC_CTYPE", "C")
  expect_identical(read_known(f, remove = path)$ids, f$pheno$IID[-c(3, 5)])
})

test_that("an identifier that looks like a path is one when somebody bears it", {
  parts <- known_parts()
  parts$ids <- paste0("A/", 1:200, ".id")
  rownames(parts$g) <- parts$ids
  f <- known_files(parts = parts)
  expect_identical(read_known(f, remove = "A/7.id")$ids, parts$ids[-7])
  expect_error(read_known(f, remove = "A/777.id"), class = "latentmr_error_io")
})

test_that("a variant list with quotes, a mark or row names finds its variants", {
  f <- known_files()
  found <- function(...) suppressWarnings(read_known(f, instruments = list_file(f$dir, ...)))$variants$snp
  expect_identical(found("\"rs1\"", "\"rs4\""), c("rs1", "rs4"))
  expect_identical(found(bytes = c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("SNP\r\nrs1\r\nrs4\r\n"))), c("rs1", "rs4"))
  expect_identical(found("\"snp\" \"beta\"", "\"1\" \"rs1\" 2", "\"2\" \"rs4\" 3"), c("rs1", "rs4"))
  expect_identical(found("x rsid", "1 rs1", "2 rs4"), c("rs1", "rs4"))
})

test_that("without `instruments` it is said that every variant of the files is one", {
  f <- known_files()
  old <- options(LatentMR.quiet = FALSE)
  on.exit(options(old))
  words <- function(...) {
    said <- character()
    withCallingHandlers(
      suppressWarnings(read_known(f, ...)),
      latentmr_message = function(m) {
        if (inherits(m, "latentmr_message_instruments")) said <<- conditionMessage(m)
        invokeRestart("muffleMessage")
      }
    )
    said
  }
  some <- variants(suppressMessages(read_known(f)))$snp[1:3]
  expect_match(words(), "No `instruments` were named: all [0-9,]+ variants of the files are taken as such.\ni instruments = ")
  expect_identical(words(instruments = some), character())
})
