# A small file set in its own folder; ids with leading zeros, a repeated iid.
example_set <- function(name = "set", n = 7, p = 5, seed = 1, folder = tempfile("plink"), ...) {
  dir.create(folder, showWarnings = FALSE)
  g <- withr_seed(seed, matrix(sample(c(0L, 1L, 2L, NA), n * p, TRUE), n))
  prefix <- file.path(folder, name)
  write_plink(prefix, g, data.frame(
    chr = "1", snp = sprintf("rs%d", seq_len(p)), pos = 1000L * seq_len(p), cm = seq_len(p) / 8,
    effect_allele = rep_len(c("A", "C", "G"), p), other_allele = "T"
  ), data.frame(fid = sprintf("F%d", seq_len(n)), iid = sprintf("%03d", seq_len(n)), sex = rep_len(c(1L, 2L, NA), n)))
  list(prefix = prefix, g = g, bed = paste0(prefix, ".bed"), bim = paste0(prefix, ".bim"), fam = paste0(prefix, ".fam"))
}
withr_seed <- function(seed, code) {
  set.seed(seed)
  code
}
# Messages without the folder, which differs from run to run.
no_folder <- function(x) gsub("[^' \"]*/plink[0-9a-f]+", "<folder>", x)
edit_lines <- function(path, line, text) writeLines(replace(readLines(path), line, text), path, useBytes = TRUE)

test_that("the shipped panels are read as the slow twin reads them", {
  prefix <- file.path(system.file("extdata", package = "LatentMR"), "hgdp")
  bed <- read_plink(prefix)
  lines <- reference_table(paste0(prefix, ".bim"), 6)
  expect_identical(dim(bed), c(159L, 5000L))
  expect_identical(variants(bed)$snp, lines[, 2])
  expect_identical(variants(bed)$effect_allele, lines[, 5])
  cols <- c(1:20, 4990:5000)
  part <- tempfile(fileext = ".bed")
  writeBin(readBin(paste0(prefix, ".bed"), "raw", 3 + 20 * 40), part)
  expect_identical(unname(bed[, 1:20]), reference_bed(part, 159, 20))
  expect_identical(as.matrix(bed)[, cols], bed[, cols])
})

test_that("what write_plink() writes comes back, and equals the slow twin", {
  for (n in c(1, 3, 4, 5, 8, 33)) {
    set <- example_set(n = n)
    bed <- read_plink(set$prefix)
    slow <- reference_plink(set$prefix)
    expect_identical(unname(as.matrix(bed)), set$g)
    expect_identical(slow$genotypes, set$g)
    for (name in c("snp", "chr", "pos", "cm", "effect_allele", "other_allele")) expect_identical(variants(bed)[[name]], slow[[name]])
    for (name in c("fid", "iid", "sex")) expect_identical(samples(bed)[[name]], slow[[name]])
    expect_identical(as.matrix(bed, double = TRUE), as.matrix(bed) + 0)
  }
})

test_that("[ indexes as a matrix does", {
  bed <- read_plink(example_set()$prefix)
  m <- as.matrix(bed)
  expect_identical(dimnames(bed), list(sprintf("%03d", 1:7), paste0("rs", 1:5)))
  expect_identical(bed[, ], m)
  expect_identical(bed[], m)
  expect_identical(bed[3, ], m[3, ])
  expect_identical(bed[3, , drop = FALSE], m[3, , drop = FALSE])
  expect_identical(bed[, 2], m[, 2])
  expect_identical(bed[4, 2], m[[4, 2]])
  expect_identical(bed[c(7, 1, 1), c("rs5", "rs1")], m[c(7, 1, 1), c("rs5", "rs1")])
  expect_identical(bed[-(1:2), -5], m[-(1:2), -5])
  expect_identical(bed[c(0, 2), TRUE], m[c(0, 2), ])
  keep <- c(TRUE, FALSE, FALSE, TRUE, TRUE, FALSE, TRUE)
  expect_identical(bed[keep, "rs3"], m[keep, "rs3"])
  expect_identical(bed["003", 1:2], m["003", 1:2])
  expect_identical(bed[integer(), ], m[integer(), ])
  expect_identical(bed[, character()], m[, character()])
  expect_identical(head(bed, 2), head(m, 2))
})

test_that("an index that names nothing is an error", {
  bed <- read_plink(example_set()$prefix)
  expect_conditions({
    bed[3]
    bed[8, ]
    bed[, 0.5]
    bed[c(1, -1), ]
    bed[c(1, NA), ]
    bed["4", ]
    bed[, c("rs1", "rs9", "rs10")]
    bed[c(TRUE, FALSE), ]
    bed[factor("001"), ]
    bed[cbind(1, 1), ]
    bed[, list(1)]
    bed[1, , drop = "yes"]
  })
})

test_that("several file sets are one table", {
  folder <- tempfile("plink")
  one <- example_set("chr1", seed = 1, folder = folder)
  two <- example_set("chr2", p = 3, seed = 2, folder = folder)
  expect_message(bed <- read_plink(c(one$prefix, two$bed)), "6 variants", class = "latentmr_message_names")
  expect_identical(dim(bed), c(7L, 8L))
  expect_identical(unname(as.matrix(bed)), cbind(one$g, two$g))
  expect_identical(unname(bed[2:3, c(8, 1, 6, 5)]), cbind(one$g, two$g)[2:3, c(8, 1, 6, 5)])
  expect_identical(bed$files$first, c(1L, 6L))
  fam <- readLines(two$fam)
  writeLines(fam[c(1, 3, 2, 4:7)], two$fam)
  expect_conditions(read_plink(c(one$prefix, two$prefix)), transform = no_folder)
  short <- example_set("short", n = 6, p = 3, folder = folder)
  expect_conditions(read_plink(c(one$prefix, short$prefix)), transform = no_folder)
  expect_error(read_plink(c(one$prefix, one$bed)), "twice", class = "latentmr_error_argument")
})

test_that("names are unambiguous, text and reported", {
  set <- example_set(n = 4, p = 6)
  bim <- reference_table(set$bim, 6)
  bim[, 2] <- c("rs1", "rs1", ".", ".", "007", "007")
  bim[5:6, 5] <- "A"
  writeLines(apply(bim, 1, paste, collapse = " "), set$bim)
  edit_lines(set$fam, 2, "F9 001 0 0 1 2")
  expect_conditions(bed <- read_plink(set$prefix))
  expect_identical(colnames(bed), c("rs1:T:A", "rs1:T:C", "1:3000:T:G", "1:4000:T:A", "007:T:A", "007:T:A_1"))
  expect_identical(rownames(bed), c("F1_001", "F9_001", "F3_003", "F4_004"))
  expect_identical(bed[, "1:4000:T:A"], as.matrix(bed)[, 4])
})

test_that("tables may be separated by spaces or tabs, end in CR LF, and write positions as 1e5", {
  set <- example_set(p = 2)
  lines <- c("\xEF\xBB\xBF 01\trs1  0\t1e+05 A 0\r", "X  rs\u00e9  1.5e-1 12345678 <DEL> .\r", "", " ")
  writeLines(lines, set$bim, useBytes = TRUE)
  v <- variants(read_plink(set$prefix))
  expect_identical(v$chr, c("01", "X"))
  expect_identical(v$snp, c("rs1", "rs\u00e9"))
  expect_identical(v$cm, c(0, .15))
  expect_identical(v$pos, c(100000L, 12345678L))
  expect_identical(v$effect_allele, c("A", "<DEL>"))
  expect_identical(v$other_allele, c(NA_character_, NA))
})

test_that("a line that is not what it should be is named", {
  set <- example_set()
  bim <- readLines(set$bim)
  fam <- readLines(set$fam)
  broken <- function(path, lines, text) {
    old <- readBin(path, "raw", 1e5)
    on.exit(writeBin(old, path))
    edit_lines(path, lines, text)
    read_plink(set$prefix)
  }
  latin <- "1 r\xe9 0 1 A T" # how a call shows this byte depends on the locale
  expect_conditions(transform = no_folder, {
    broken(set$bim, 3, "1 rs3 0 3000 A")
    broken(set$bim, 3, "1 rs3 0 3000 A T 5")
    broken(set$bim, 3, "")
    broken(set$bim, 1, "chr snp cm pos a1 a2")
    broken(set$bim, 2, "1 rs2 0 12.5 A T")
    broken(set$bim, 2, "1 rs2 0 3e9 A T")
    broken(set$bim, 2, "1 rs2 0 0x10 A T")
    broken(set$bim, 2, "1 rs2 0 NA A T")
    broken(set$bim, 4, latin)
    broken(set$bim, 4, "1 r\001 0 1 A T")
    broken(set$fam, 7, "F7 007 0 0 1 case")
    broken(set$fam, 7, "F7 007 0 0 1")
    broken(set$fam, 7, fam[2])
    broken(set$fam, 7, strrep("x", 5000))
  })
  writeBin(charToRaw(""), set$fam)
  expect_conditions(read_plink(set$prefix), transform = no_folder)
  writeBin(c(charToRaw("F1 a"), as.raw(0), charToRaw(" 0 0 1 1\n")), set$fam)
  expect_conditions(read_plink(set$prefix), transform = no_folder)
})

test_that("what is UTF-8 is what R says is UTF-8", {
  set <- example_set()
  edges <- as.raw(c(0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff))
  ids <- withr_seed(4, lapply(1:3000, function(k) sample(edges, sample(4, 1), TRUE)))
  # Whole letters too, or few of the tries would be valid.
  letters <- c("\u00e9", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U10000", "\U10ffff")
  ids <- c(ids, lapply(letters, charToRaw))
  valid <- vapply(ids, function(id) validUTF8(rawToChar(id)), NA)
  read <- vapply(ids, function(id) {
    writeBin(c(charToRaw("1 "), id, charToRaw(" 0 1 A T\n")), set$bim)
    tryCatch(identical(.Call(C_ffi_read_bim, set$bim)$snp, enc2utf8(`Encoding<-`(rawToChar(id), "UTF-8"))),
             latentmr_error_format = function(e) FALSE)
  }, NA)
  expect_identical(read, valid)
  expect_true(all(valid[3001:3007]) && sum(valid) > 100 && sum(!valid) > 1000)
})

test_that("a bed file that is not what it should be is named, with sizes and a remedy", {
  set <- example_set()
  good <- readBin(set$bed, "raw", 1e5)
  with_bytes <- function(bytes) {
    on.exit(writeBin(good, set$bed))
    writeBin(bytes, set$bed)
    read_plink(set$prefix)
  }
  expect_conditions(transform = no_folder, {
    with_bytes(good[-length(good)])
    with_bytes(c(good, as.raw(0)))
    with_bytes(good[1:2])
    with_bytes(raw())
    with_bytes(replace(good, 3, as.raw(0)))
    with_bytes(replace(good, 3, as.raw(0x10)))
    with_bytes(replace(good, 1:2, as.raw(c(0x1f, 0x8b))))
    with_bytes(replace(good, 1, as.raw(1)))
  })
  writeLines(head(readLines(set$bim), -1), set$bim)
  expect_conditions(read_plink(set$prefix), transform = no_folder)
})

test_that("files that are not there, or not files, are named", {
  set <- example_set()
  folder <- dirname(set$prefix)
  file.rename(set$bim, paste0(set$bim, ".old"))
  expect_conditions(transform = no_folder, {
    read_plink(set$prefix)
    read_plink(file.path(folder, "sat"))
    read_plink(folder)
    read_plink(file.path(folder, "no", "set"))
    read_plink(1)
    read_plink(c("a", NA))
  })
  file.create(file.path(folder, "two.pgen"))
  expect_conditions(read_plink(file.path(folder, "two")), transform = no_folder)
  expect_error(read_plink(set$prefix), class = "latentmr_error_file_missing")
  file.rename(paste0(set$bim, ".old"), set$bim)
  unlink(set$bed)
  dir.create(set$bed)
  expect_conditions(read_plink(set$prefix), transform = no_folder)
})

test_that("an unreadable file is an error of the system, a pipe does not hang", {
  skip_on_os("windows")
  set <- example_set()
  unlink(set$fam)
  system2("mkfifo", set$fam)
  expect_error(read_plink(set$prefix), "not a file", class = "latentmr_error_file")
  skip_if(Sys.info()[["effective_user"]] == "root")
  set <- example_set()
  Sys.chmod(set$bed, "000")
  expect_error(read_plink(set$prefix), "Cannot open", class = "latentmr_error_io")
})

test_that("a file that changed after it was opened is refused at the next read", {
  set <- example_set()
  bed <- read_plink(set$prefix)
  saved <- tempfile()
  saveRDS(bed, saved)
  expect_identical(as.matrix(readRDS(saved)), as.matrix(bed))
  good <- readBin(set$bed, "raw", 1e5)
  writeBin(good[-length(good)], set$bed)
  expect_conditions(bed[1, 1], transform = no_folder)
  # The same bytes under another time are the same file, other bytes are not.
  writeBin(good, set$bed)
  Sys.setFileTime(set$bed, Sys.time() + 10)
  expect_identical(as.matrix(bed), as.matrix(read_plink(set$prefix)))
  expect_identical(bed[2, 1], as.matrix(bed)[2, 1])
  other <- good
  other[4] <- xor(other[4], as.raw(3))
  writeBin(other, set$bed)
  Sys.setFileTime(set$bed, Sys.time() + 20)
  expect_conditions(as.matrix(bed), transform = no_folder)
  expect_error(bed[1, 1], class = "latentmr_error_file")
  # of files that are too large for a sum the time decides
  bed$files$sum <- NA_character_
  writeBin(good, set$bed)
  Sys.setFileTime(set$bed, Sys.time() + 10)
  expect_error(bed[1, 1], class = "latentmr_error_file")
  unlink(set$bed)
  expect_error(bed[1, 1], "Cannot open", class = "latentmr_error_io")
})

test_that("passes over the bits know a copy of the file too", {
  set <- example_set(n = 40)
  bed <- read_plink(set$prefix)
  scan <- function() suppressMessages(variants(mr_data(bed, 1:40 + 0, rep(c(3, 1, 4, 1), 10), rep("a", 40), ids = dimnames(bed)[[1]])))
  before <- scan()
  Sys.setFileTime(set$bed, Sys.time() + 10)
  expect_identical(scan(), before)
  writeBin(as.raw(c(0, 0)), con <- file(set$bed, "r+b"))
  close(con)
  expect_error(scan(), class = "latentmr_error_format")
})

test_that("paths with spaces, letters beyond ASCII and from the home folder work", {
  folder <- file.path(tempfile("plink"), "my data \u00e9\u4e2d")
  skip_if_not(l10n_info()$`UTF-8`)
  dir.create(folder, recursive = TRUE)
  skip_if_not(dir.exists(folder))
  set <- example_set("chromosome 1 \u00fc", folder = folder)
  expect_identical(unname(as.matrix(read_plink(set$prefix))), set$g)
  expect_identical(unname(as.matrix(read_plink(set$bed))), set$g)
  old <- setwd(folder)
  on.exit(setwd(old))
  bed <- read_plink("chromosome 1 \u00fc")
  setwd(old)
  expect_identical(unname(as.matrix(bed)), set$g)
  file.rename(set$bed, file.path(folder, "a.bed.bed"))
  file.copy(c(set$bim, set$fam), file.path(folder, c("a.bed.bim", "a.bed.fam")))
  expect_identical(unname(as.matrix(read_plink(file.path(folder, "a.bed")))), set$g)
})

test_that("a matrix above the memory allowed is refused with its size", {
  bed <- read_plink(example_set()$prefix)
  old <- options(LatentMR.memory = 100)
  on.exit(options(old))
  expect_conditions(as.matrix(bed))
  expect_identical(tryCatch(as.matrix(bed, double = TRUE), latentmr_error_memory = function(e) e$bytes), 280)
  expect_identical(dim(bed[1:5, ]), c(5L, 5L))
  options(LatentMR.memory = "2 GB")
  expect_identical(dim(as.matrix(bed)), c(7L, 5L))
  options(LatentMR.memory = "two")
  expect_conditions(as.matrix(bed))
  expect_identical(vapply(c("5", "1.5kB", "2M", "3GiB", "1tb"), memory_bytes, 0, USE.NAMES = FALSE), c(5, 1500, 2e6, 3e9, 1e12))
})

test_that("print shows what is counted", {
  set <- example_set()
  expect_snapshot(read_plink(set$prefix), transform = no_folder)
  two <- example_set("two", folder = dirname(set$prefix))
  suppressMessages(both <- read_plink(c(set$prefix, two$prefix)))
  expect_snapshot(both, transform = no_folder)
  expect_conditions(variants(1))
  expect_conditions(samples(NULL))
})

test_that("a fam file that lost a line within a byte is refused, whatever line it was", {
  set.seed(2)
  for (n in c(5:8, 41)) {
    set <- file.path(new_dir(), "set")
    g <- matrix(sample(c(0:2, NA), n * 40, TRUE, c(.4, .3, .2, .1)), n)
    write_plink(set, g)
    fam <- readLines(paste0(set, ".fam"))
    for (lost in seq_len(n)) {
      writeLines(fam[-lost], paste0(set, ".fam"))
      error <- expect_error(read_plink(set), class = "latentmr_error_format")
      expect_match(conditionMessage(error), if (n %% 4 == 1) "bytes, expected" else "holds genotypes of more people than the")
    }
    writeLines(fam, paste0(set, ".fam"))
    expect_identical(unname(as.matrix(read_plink(set))), unname(g))
  }
})

test_that("a pad bit of any variant is seen when the variant is read", {
  n <- 6
  p <- 5000 # more than are looked at when the set is opened
  set <- file.path(new_dir(), "set")
  write_plink(set, matrix(rep_len(c(0L, 1L, 2L, NA, 1L, 0L, 2L), n * p), n))
  path <- paste0(set, ".bed")
  good <- readBin(path, "raw", 1e6)
  # The last variant is among those looked at, the second is not.
  for (variant in c(1, 2, 777, p)) {
    at <- 3 + 2 * variant
    writeBin(replace(good, at, good[at] | as.raw(0x40)), path)
    error <- expect_error(as.matrix(read_plink(set)), class = "latentmr_error_format")
    expect_match(conditionMessage(error), sprintf("in variant %d the places after them are not empty", variant))
    bed <- tryCatch(read_plink(set), latentmr_error_format = function(e) NULL)
    if (is.null(bed)) next
    expect_error(bed[, variant], class = "latentmr_error_format")
    expect_identical(dim(bed[, setdiff(1:50, variant)]), c(6L, 50L - (variant <= 50)))
    ids <- samples(bed)$iid
    x <- stats::setNames(seq_len(n) + 0, ids)
    expect_error(mr_data(bed, x, x, stats::setNames(rep("a", n), ids)), class = "latentmr_error")
  }
})

test_that("a fam file with a line too many is warned of", {
  n <- 6
  set <- file.path(new_dir(), "set")
  write_plink(set, matrix(rep_len(c(0L, 1L, 2L, NA, 1L, 0L, 0L), n * 120), n))
  fam <- readLines(paste0(set, ".fam"))
  expect_silent(read_plink(set))
  writeLines(append(fam, "extra extra 0 0 0 -9", 2), paste0(set, ".fam"))
  warning <- expect_warning(read_plink(set), class = "latentmr_warning_samples")
  expect_match(conditionMessage(warning), "\"id6 id6\", has two copies of the effect allele in all 120 variants looked at.")
})

test_that("old and new content of a file are never mixed", {
  set <- file.path(new_dir(), "set")
  path <- paste0(set, ".bed")
  write_plink(set, matrix(c(0L, 1L, 2L, 1L), 2))
  bytes <- readBin(path, "raw", 100)
  Sys.setFileTime(path, Sys.time() - 60)
  expect_true(.Call(C_ffi_test_written, path, 2L, function() NULL))
  expect_true(.Call(C_ffi_test_written, path, 0L, function() NULL))
  in_place <- function() {
    con <- file(path, "r+b")
    seek(con, 4, rw = "write")
    writeBin(as.raw(0), con)
    close(con)
  }
  written <- function(n, how) {
    writeBin(bytes, path)
    Sys.setFileTime(path, Sys.time() - 60)
    error <- tryCatch(.Call(C_ffi_test_written, path, n, how), latentmr_error_format = identity)
    expect_match(conditionMessage(error), "^'.*set.bed' was written by another program while it was read.\ni What was read")
  }
  for (n in c(0L, 2L)) {
    written(n, in_place)
    written(n, function() cat("more", file = path, append = TRUE))
  }
  # A file put in its place under the same name is another file: the old one is read on.
  writeBin(bytes, path)
  Sys.setFileTime(path, Sys.time() - 60)
  expect_true(.Call(C_ffi_test_written, path, 2L, function() {
    writeBin(rev(bytes), paste0(path, ".new"))
    file.rename(paste0(path, ".new"), path)
  }))
})
