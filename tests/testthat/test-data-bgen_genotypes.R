# BGEN files against what plink2 says of the same data, a slow twin, and numbers by hand.

fixture <- function(...) test_path("fixtures", paste0(...))
bgen_file <- function(...) file.path(withr::local_tempdir(.local_envir = parent.frame()), paste0(...))

# Dosages that plink2 wrote as text (small.raw), people in rows.
plink2_dosages <- function() {
  table <- read.table(fixture("small.raw"), header = TRUE, check.names = FALSE)
  list(iid = table$IID, g = unname(as.matrix(table[-(1:6)])), names = names(table)[-(1:6)])
}

test_that("values and missing calls are plink2's, of 8 and 16 bits, zlib and zstd", {
  truth <- plink2_dosages()
  for (name in c("zlib8", "zlib16", "zstd8", "zstd16")) {
    if (startsWith(name, "zstd") && !.Call(C_ffi_bgen_zstd)) next
    bgen <- read_bgen(fixture(name, ".bgen"), sample = fixture("small.sample"))
    g <- unname(as.matrix(bgen))
    expect_identical(is.na(g), is.na(truth$g), info = name)
    # The text has up to five digits; a probability is rounded to a step of the file.
    step <- if (endsWith(name, "16")) 65535 else 255
    expect_lt(max(abs(g - truth$g), na.rm = TRUE), 1 / step + 5e-5)
    expect_identical(dimnames(bgen)[[1]], truth$iid, info = name)
    expect_identical(paste(variants(bgen)$snp, variants(bgen)$effect_allele, sep = "_"), truth$names, info = name)
    expect_true(all(variants(bgen)$chr == "21"))
    expect_identical(bgen$files$bits, if (endsWith(name, "16")) 16L else 8L)
  }
  expect_true(anyNA(truth$g))
})

test_that("zlib files are what the slow twin reads, to the last bit", {
  for (name in c("zlib8", "zlib16")) {
    bgen <- read_bgen(fixture(name, ".bgen"), sample = fixture("small.sample"))
    expect_identical(unname(as.matrix(bgen)), reference_second(fixture(name, ".bgen")), info = name)
  }
})

test_that("every width, phased and unphased, one copy, two and none, is what the twin reads", {
  withr::local_seed(18)
  path <- bgen_file("grid.bgen")
  n <- 37
  for (bits in 1:32) {
    ploidy <- if (bits %% 3 == 0) sample(0:2, n, TRUE) else if (bits %% 3 == 1) rep(2, n) else sample(1:2, n, TRUE)
    made <- list(drawn_variant(1, n, bits, FALSE, ploidy = ploidy), drawn_variant(2, n, bits, TRUE, ploidy = ploidy))
    write_bgen_file(path, made, sprintf("p%02d", seq_len(n)), packing = bits %% 2, free = charToRaw("free text"))
    bgen <- read_bgen(path)
    expect_identical(unname(as.matrix(bgen)), reference_second(path), info = paste(bits, "bits"))
    numbers <- numerators(bgen, seq_len(n))
    expect_identical(is.null(numbers), bits > 14, info = paste(bits, "bits"))
  }
})

test_that("whole bytes of any number of people, whatever stands where a genotype is missing", {
  withr::local_seed(8)
  path <- bgen_file("whole.bgen")
  for (n in c(1, 15, 16, 17, 33)) for (bits in c(8, 16)) for (phased in c(FALSE, TRUE)) {
    made <- lapply(1:4, drawn_variant, n = n, bits = bits, phased = phased)
    made[[2]]$missing[n] <- TRUE
    made[[2]]$fields[[n]] <- rep(2^bits - 1, 2)
    # One copy at the end, and in the middle.
    at <- c(n, (n + 1) %/% 2)
    for (v in 3:4) {
      made[[v]]$ploidy[at[v - 2]] <- 1
      made[[v]]$fields[[at[v - 2]]] <- made[[v]]$fields[[at[v - 2]]][1]
    }
    write_bgen_file(path, made, as.character(seq_len(n)))
    bgen <- read_bgen(path)
    expect_identical(unname(as.matrix(bgen)), reference_second(path), info = paste(n, bits, phased))
    if (bits == 8) {
      all <- factor(rep("a", n))
      expect_identical(scan(bgen, seq_len(n), all), scan(genotype_matrix(unname(as.matrix(bgen))), seq_len(n), all))
    }
    made[[1]]$missing[n] <- FALSE
    made[[1]]$fields[[n]] <- c(2^bits - 1, 1)
    write_bgen_file(path, made, as.character(seq_len(n)))
    if (!phased) expect_error(as.matrix(read_bgen(path)), sprintf("sample %d are more than 1", n), class = "latentmr_error_format")
  }
})

test_that("two people by hand", {
  path <- bgen_file("hand.bgen")
  v <- list(
    id = "", rsid = "rs1", chr = "chr01", pos = 4294967295, alleles = c("A", "T"), ploidy = c(2, 2, 2), missing = c(FALSE, FALSE, TRUE),
    phased = 0L, bits = 8, fields = list(c(255, 0), c(51, 153), c(0, 0))
  )
  write_bgen_file(path, list(v), c("007", "8", "9"))
  bgen <- read_bgen(path)
  # P(AA) = 1: no T. P(AA) = .2, P(AT) = .6, so P(TT) = .2: one T. Missing is not two copies.
  expect_identical(as.matrix(bgen), matrix(c(0, 1, NA), dimnames = list(c("007", "8", "9"), "rs1")))
  expect_identical(variants(bgen)[c("chr", "effect_allele", "other_allele")], data.frame(chr = "1", effect_allele = "T", other_allele = "A"))
  expect_identical(variants(bgen)$pos, 4294967295)
})

test_that("numerators are the values", {
  withr::local_seed(3)
  path <- bgen_file("dosage.bgen")
  for (bits in c(1, 5, 8, 14)) for (phased in c(FALSE, TRUE)) {
    write_bgen_file(path, lapply(1:3, drawn_variant, n = 50, bits = bits, phased = phased), as.character(1:50))
    bgen <- read_bgen(path)
    g <- unname(as.matrix(bgen))
    source <- numerators(bgen, 1:50)
    expect_identical(source$person, 0:49)
    e <- factor(rep_len(c("a", "b"), 50))
    expect_identical(scan(bgen, 1:50, e), scan(genotype_matrix(g), 1:50, e))
  }
})

test_that("variants of several alleles are refused, left out or split", {
  withr::local_seed(4)
  path <- bgen_file("several.bgen")
  n <- 20
  made <- list(
    drawn_variant(1, n, 8, FALSE), drawn_variant(2, n, 8, FALSE, c("A", "C", "G")), drawn_variant(3, n, 10, TRUE, c("T", "TA", "TAA", "TAAA"),
                                                                                                  ploidy = rep(1:2, n / 2))
  )
  write_bgen_file(path, made, as.character(seq_len(n)))
  error <- expect_error(read_bgen(path), class = "latentmr_error_format")
  expect_match(conditionMessage(error), "has 2 variants of more than two alleles, such as \"rs2\" (3 of them).", fixed = TRUE)
  expect_message(left <- read_bgen(path, multiallelic = "leave_out"), "left out: 2 of more than two alleles", class = "latentmr_message_variants")
  expect_identical(variants(left)$snp, "rs1")
  expect_match(paste(capture.output(print(left)), collapse = "\n"), "left out: 2 of more than two alleles")
  split <- suppressMessages(read_bgen(path, multiallelic = "split"))
  expect_identical(variants(split)$effect_allele, c("G", "C", "G", "TA", "TAA", "TAAA"))
  expect_identical(variants(split)$other_allele, c("A", "A", "A", "T", "T", "T"))
  expect_identical(variants(split)$snp[2:3], c("rs2:A:C", "rs2:A:G"))
  twin <- reference_bgen(path)$variants
  expect_equal(unname(as.matrix(split)), cbind(twin[[1]]$copies[, 2], twin[[2]]$copies[, -1], twin[[3]]$copies[, -1]), tolerance = 1e-15)
})

test_that("some variants, by name", {
  bgen <- function(...) read_bgen(fixture("zlib8.bgen"), fixture("small.sample"), ...)
  all <- bgen()
  some <- variants(all)$snp[c(9, 2)]
  few <- bgen(variants = some)
  expect_identical(variants(few)$snp, variants(all)$snp[c(2, 9)])
  expect_identical(few[, ], all[, c(2, 9)])
  warning <- expect_warning(bgen(variants = c(some, "rs0")), class = "latentmr_warning_variants")
  expect_identical(conditionMessage(warning), "1 name in `variants` that the files do not have, such as \"rs0\".")
  expect_error(bgen(variants = "rs0"), "None of the 1 name in `variants`", class = "latentmr_error_variants")
})

test_that("variants are found by their id and by the name that they are given, and shown by it", {
  withr::local_seed(3)
  path <- bgen_file("n.bgen")
  made <- lapply(1:5, drawn_variant, n = 4, bits = 8, phased = FALSE)
  made[[3]]$rsid <- made[[2]]$rsid # two variants of one id, one without
  made[[3]]$alleles <- c("C", "T")
  made[[4]]$rsid <- "."
  made[[5]] <- drawn_variant(5, 4, 8, FALSE, c("A", "C", "G"))
  write_bgen_file(path, made, as.character(1:4))
  read <- function(...) suppressMessages(read_bgen(path, multiallelic = "split", ...))
  all <- read()
  names <- variants(all)$snp
  place <- sprintf("1:%s:A:G", variants(all)$pos[4])
  expect_identical(names, c("rs1", "rs2:A:G", "rs2:C:T", place, "rs5:A:C", "rs5:A:G"))
  again <- read(variants = names)
  expect_identical(variants(again), variants(all))
  expect_identical(again[, ], all[, ])
  for (name in names) expect_identical(unname(as.matrix(read(variants = name))), unname(all[, name, drop = FALSE]), info = name)
  expect_identical(variants(read(variants = c("rs2", place)))$snp, names[2:4])
  expect_identical(variants(read(variants = "rs5:A:G"))$snp, "rs5:A:G")
  expect_condition_text(read_bgen(path, multiallelic = "split", variants = "rs2"), "latentmr_message_names",
                        "2 variants without an id of their own named by place and alleles, such as \"rs2:A:G\" (was \"rs2\").")
  expect_condition_text(read(variants = c("rs1", "rs2:A:T")), "latentmr_warning_variants",
                        "1 name in `variants` that the files do not have, such as \"rs2:A:T\".")
})

test_that("two equal alleles are said and taken as unknown", {
  withr::local_seed(4)
  path <- bgen_file("e.bgen")
  write_bgen_file(path, list(drawn_variant(1, 3, 8, FALSE), drawn_variant(2, 3, 8, FALSE, c("A", "A"))), as.character(1:3))
  expect_condition_text(bgen <- read_bgen(path), "latentmr_message_variants", paste(
    "1 variant with two equal alleles, such as \"rs2\" (A and A):",
    "which one is counted is not known, and they are taken as unknown."
  ))
  expect_identical(variants(bgen)$effect_allele, c("G", NA))
})

test_that("what is no path, no BGEN file or no name is said with what to give", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  writeBin(as.raw(c(0x6c, 0x1b, 0x02, rep(1, 20))), "two.pgen")
  writeLines("##fileformat=VCFv4.2", "x.vcf")
  dir.create("sub")
  open <- read_bgen(system.file("extdata", "small.bgen", package = "LatentMR"))
  path <- system.file("extdata", "small.bgen", package = "LatentMR")
  expect_conditions({
    read_bgen(NULL)
    read_bgen(NA)
    read_bgen(character())
    read_bgen(3)
    read_bgen(open)
    read_bgen(matrix(1))
    read_bgen("sub")
    read_bgen("two.pgen")
    read_bgen("x.vcf")
    read_bgen(path, variants = 1:3)
    read_bgen(path, variants = character())
    read_bgen(path, variants = factor("rs1"))
    read_bgen(path, variants = data.frame(snp = "rs1"))
  }, transform = function(lines) gsub("'/[^']*/", "'", lines))
})

test_that("people are those of the .sample file, and agree with the file", {
  withr::local_seed(5)
  folder <- withr::local_tempdir()
  path <- file.path(folder, "a.bgen")
  made <- list(drawn_variant(1, 4, 8, FALSE))
  write_bgen_file(path, made)
  expect_error(read_bgen(path), "does not say who its 4 samples are", class = "latentmr_error_samples")
  sample <- file.path(folder, "a.sample")
  writeLines(c("ID_1 ID_2 missing sex", "0 0 0 D", "f1 01 0 1", "f2 02 0 2", "f3 -1 0 NA", "f4 -1 0 0"), sample)
  bgen <- suppressMessages(read_bgen(path))
  expect_identical(samples(bgen), data.frame(fid = paste0("f", 1:4), iid = c("01", "02", "-1", "-1"), sex = c(1L, 2L, NA, NA)))
  expect_identical(dimnames(bgen)[[1]], c("01", "02", "withdrawn", "withdrawn_1"))
  expect_error(read_bgen(path, sample = FALSE), class = "latentmr_error_samples")
  write_bgen_file(path, made, c("01", "f2_02", "f3", "x"))
  error <- expect_error(suppressMessages(read_bgen(path)), class = "latentmr_error_samples")
  expect_match(conditionMessage(error), "Sample 4 is \"x\" in .*a.bgen' and \"-1\" in .*a.sample' [(]the only difference[)]")
  expect_identical(samples(read_bgen(path, sample = FALSE))$iid, c("01", "f2_02", "f3", "x"))
  write_bgen_file(path, made, c("anonymous_sample_1", "sample_2", "sample_3", "sample_4"))
  expect_identical(samples(suppressMessages(read_bgen(path)))$iid[1], "01")
  writeLines(c("ID missing", "0 0", "1 0", "2 0", "3 0"), sample)
  expect_error(read_bgen(path), "has 3 samples, .* has 4 samples", class = "latentmr_error_samples")
  writeLines(c("ID missing", "1 0", "2 0", "3 0", "4 0"), sample)
  expect_error(read_bgen(path), "is not a .sample file", class = "latentmr_error_format")
  writeLines(c("ID_1 ID_2 missing", "0 0 0", "f1 1 0", "f2 2 0", "f3  0", "f4 4 0"), sample)
  expect_error(read_bgen(path), class = "latentmr_error_format")
  writeLines(c("ID missing", "0 0", "1 0", "2 0", "2 0", "4 0"), sample)
  expect_error(read_bgen(path), "has the sample \"2 2\" in lines 4 and 5", class = "latentmr_error_format")
})

test_that("files of several chromosomes are one table of the same people", {
  withr::local_seed(6)
  folder <- withr::local_tempdir()
  ids <- sprintf("%02d", 1:30)
  paths <- file.path(folder, paste0("chr", 1:3, ".bgen"))
  made <- lapply(1:3, function(c) lapply(10 * c + 1:4, drawn_variant, n = 30, bits = 4 + c, phased = c == 2))
  for (c in 1:3) write_bgen_file(paths[c], made[[c]], ids, packing = c %% 2)
  bgen <- read_bgen(paths)
  expect_identical(unname(as.matrix(bgen)), do.call(cbind, lapply(paths, reference_second)))
  expect_identical(unname(bgen[c(7, 3), c(12, 1, 5)]), unname(as.matrix(bgen))[c(7, 3), c(12, 1, 5)])
  write_bgen_file(paths[2], made[[2]], rev(ids))
  expect_error(read_bgen(paths), "Sample 1 of .* is \"30\", of .* it is \"01\" [(]30 samples differ[)]", class = "latentmr_error_samples")
  expect_error(read_bgen(paths[c(1, 1)]), "different files", class = "latentmr_error_argument")
})

test_that("an object outlives its session, and sees that its file was changed", {
  withr::local_seed(7)
  path <- bgen_file("kept.bgen")
  made <- lapply(1:3, drawn_variant, n = 9, bits = 8, phased = FALSE)
  write_bgen_file(path, made, as.character(1:9))
  bgen <- unserialize(serialize(read_bgen(path), NULL))
  g <- as.matrix(bgen)
  Sys.setFileTime(path, Sys.time() - 100)
  expect_identical(as.matrix(bgen), g)
  bytes <- readBin(path, "raw", 1e5)
  bytes[length(bytes)] <- xor(bytes[length(bytes)], as.raw(1))
  writeBin(bytes, path)
  Sys.setFileTime(path, Sys.time() - 200)
  expect_error(as.matrix(bgen), "has changed since read_bgen", class = "latentmr_error_format")
  unlink(path)
  expect_error(as.matrix(bgen), class = "latentmr_error_io")
})

test_that("what is no such file is said with what to do", {
  path <- bgen_file("x.bgen")
  expect_error(read_bgen(path), "There is no file", class = "latentmr_error_file_missing")
  writeLines("no", path)
  expect_error(read_bgen(path), "is not a BGEN file: it is too short", class = "latentmr_error_format")
  writeBin(as.raw(rep(1:100, 3)), path)
  expect_error(read_bgen(path), "\"bgen\" does not stand at byte 17", class = "latentmr_error_format")
  bytes <- readBin(fixture("zlib8.bgen"), "raw", 1e5)
  flags <- 1 + from_little(bytes[5:8])
  old <- bytes
  old[flags] <- as.raw(bitwOr(bitwAnd(as.integer(old[flags]), 3L), 4L))
  writeBin(old, path)
  error <- expect_error(read_bgen(path), "of layout 1", class = "latentmr_error_format")
  expect_match(conditionMessage(error), "plink2 --bgen <file> ref-first", fixed = TRUE)
  old[flags] <- as.raw(11)
  writeBin(old, path)
  expect_error(read_bgen(path), "compression 3", class = "latentmr_error_format")
  writeBin(bytes[-length(bytes)], path)
  expect_error(read_bgen(path), "does not end within the file", class = "latentmr_error_format")
  writeBin(c(bytes, raw(2)), path)
  expect_error(read_bgen(path), "has 2 bytes after the last of the 16 variants", class = "latentmr_error_format")
  huge <- bytes
  huge[9:12] <- as.raw(255)
  writeBin(huge, path)
  expect_error(read_bgen(path), "variants: from 1 to", class = "latentmr_error_format")
  withr::local_seed(1)
  v <- drawn_variant(1, 5, 8, FALSE)
  v$ploidy[2] <- 3
  write_bgen_file(path, list(v), as.character(1:5))
  expect_error(read_bgen(path), "1 sample has more than two copies", class = "latentmr_error_format")
  v <- drawn_variant(1, 5, 8, FALSE)
  v$missing[] <- FALSE
  v$fields[[4]] <- c(200, 100)
  write_bgen_file(path, list(v), as.character(1:5))
  expect_error(as.matrix(read_bgen(path)), "the probabilities of sample 4 are more than 1", class = "latentmr_error_format")
})

test_that("an index finds the same variants, and one of another file is refused", {
  skip_if_not_installed("RSQLite")
  skip_if_not_installed("DBI")
  withr::local_seed(8)
  folder <- withr::local_tempdir()
  path <- file.path(folder, "i.bgen")
  made <- lapply(1:5, drawn_variant, n = 12, bits = 8, phased = FALSE)
  made[[3]] <- drawn_variant(3, 12, 8, FALSE, c("A", "C", "G"))
  write_bgen_file(path, made, as.character(1:12))
  plain <- suppressMessages(read_bgen(path, multiallelic = "split"))
  write_index <- function(change = identity) {
    rows <- do.call(rbind, lapply(reference_bgen(path)$variants, function(v) data.frame(
      chromosome = "1", position = v$pos, rsid = v$rsid, number_of_alleles = length(v$alleles), allele1 = v$alleles[1],
      allele2 = v$alleles[2], file_start_position = v$start, size_in_bytes = v$bytes
    )))
    unlink(paste0(path, ".bgi"))
    base <- DBI::dbConnect(RSQLite::SQLite(), paste0(path, ".bgi"))
    DBI::dbWriteTable(base, "Variant", change(rows))
    DBI::dbWriteTable(base, "Metadata", data.frame(file_size = file.size(path)))
    DBI::dbDisconnect(base)
  }
  write_index(function(rows) rows[c(4, 2, 1, 5, 3), ])
  found <- suppressMessages(read_bgen(path, multiallelic = "split"))
  expect_identical(found, plain)
  expect_identical(as.matrix(found), as.matrix(plain))
  few <- read_bgen(path, variants = c("rs4", "rs2"))
  expect_identical(variants(few)$snp, c("rs2", "rs4"))
  write_index(function(rows) rows[-1, ])
  expect_error(read_bgen(path), "it has 4 variants, the file 5", class = "latentmr_error_format")
  write_index(function(rows) replace(rows, "file_start_position", 1e6))
  expect_error(read_bgen(path), "places that the file does not have", class = "latentmr_error_format")
  write_index(function(rows) replace(rows, "position", 5))
  expect_error(read_bgen(path, multiallelic = "leave_out"), "(1:5, A and G) where the file has", class = "latentmr_error_format", fixed = TRUE)
  # What the index says of a variant is what stands in the file.
  expect_other <- function(column, row, value, words) {
    write_index(function(rows) {
      rows[row, column] <- value
      rows
    })
    expect_error(suppressMessages(read_bgen(path, multiallelic = "split")), words, class = "latentmr_error_format", fixed = TRUE)
  }
  expect_other("rsid", 2, "rs9", "it has \"rs9\" (1:2000, A and G) where the file has \"rs2\" (1:2000, A and G)")
  expect_other("allele1", 4, "T", "it has \"rs4\" (1:4000, T and G) where the file has \"rs4\" (1:4000, A and G)")
  expect_other(c("allele1", "allele2"), 1, c("G", "A"), "it has \"rs1\" (1:1000, G and A) where")
  expect_other("chromosome", 1, "2", "it has \"rs1\" (2:1000, A and G) where")
  write_index(function(rows) replace(rows, "chromosome", "01"))
  expect_identical(suppressMessages(read_bgen(path, multiallelic = "split")), plain)
  expect_identical(suppressMessages(read_bgen(path, variants = "rs3:A:G", multiallelic = "split"))[, ], plain[, "rs3:A:G"])
  writeLines("no", paste0(path, ".bgi"))
  expect_error(read_bgen(path), "does not belong to", class = "latentmr_error_format")
  expect_identical(suppressMessages(read_bgen(path, index = FALSE, multiallelic = "split")), plain)
})

test_that("mutated files give a classed error or what the slow twin reads", {
  withr::local_options(LatentMR.quiet = TRUE)
  withr::local_seed(20261130)
  path <- bgen_file("m.bgen")
  outcomes <- c(read = 0L, refused = 0L)
  trials <- mutations(90)
  for (packing in 0:1) {
    write_bgen_file(path, list(drawn_variant(1, 9, 8, FALSE), drawn_variant(2, 9, 3, TRUE)), sprintf("%02d", 1:9), packing)
    good <- readBin(path, "raw", 1e5)
    for (trial in seq_len(trials)) {
      bytes <- good
      if (trial %% 3 == 0) {
        bytes <- bytes[seq_len(sample(length(bytes) - 1, 1))]
      } else {
        at <- sample(length(bytes), sample(3, 1))
        bytes[at] <- xor(bytes[at], as.raw(2^sample(0:7, length(at), TRUE)))
      }
      writeBin(bytes, path)
      got <- tryCatch({
        bgen <- read_bgen(path, multiallelic = "split")
        list(bgen = bgen, g = unname(as.matrix(bgen)))
      }, latentmr_error_file = function(e) NULL)
      outcomes[1 + is.null(got)] <- outcomes[1 + is.null(got)] + 1L
      if (is.null(got)) next
      slow <- reference_bgen(path)
      copies <- do.call(cbind, lapply(slow$variants, function(v) v$copies[, -1, drop = FALSE]))
      if (!isTRUE(all.equal(got$g, copies, tolerance = 1e-15))) fail(sprintf("mutation %d of packing %d is read differently", trial, packing))
      if (!identical(samples(got$bgen)$iid, slow$ids)) fail(sprintf("mutation %d of packing %d: other people", trial, packing))
    }
  }
  expect_true(all(outcomes > trials / 15), info = paste(outcomes, collapse = " "))
})

test_that("an object that was changed on the way is refused or read within its file", {
  bgen <- read_bgen(fixture("zlib8.bgen"), fixture("small.sample"))
  g <- as.matrix(bgen)
  for (change in list(
    function(x) { x$at$start[2] <- 5; x }, function(x) { x$at$start[2] <- 1e9; x }, function(x) { x$at$allele[1] <- 7L; x },
    function(x) { x$at$bytes[] <- 1; x }, function(x) { x$people <- x$people[1:3, ]; x }, function(x) { x$at$pos[1] <- 1; x }
  )) {
    error <- tryCatch(as.matrix(change(bgen)), latentmr_error = identity)
    expect_s3_class(error, "latentmr_error")
  }
  bgen$cols <- 99L
  expect_error(as.matrix(bgen), "cols", class = "latentmr_error_object")
})

# Files of another reader (fixtures/limix). The haplotypes stand in the description of the format.
test_that("the test files of another reader are read as plink2 reads them, or refused with the reason", {
  limix <- function(name) test_path("fixtures", "limix", paste0(name, ".bgen"))
  quiet <- function(...) suppressMessages(read_bgen(...))
  expect_identical(
    unname(as.matrix(read_bgen(limix("haplotypes")))), rbind(c(0, 1, 1, 2), c(1, 1, 2, 0), c(1, 2, 0, 1), c(2, 0, 1, 1))
  )
  # Their first bytes are those of a DOS program, which a source package may not hold: in the repository only.
  whole <- file.exists(limix("example.1bits"))
  if (whole) {
    bits <- quiet(limix("example.1bits"))
    expect_identical(c(dim(bits), sum(is.na(as.matrix(bits))), sum(as.matrix(bits), na.rm = TRUE)), c(500, 199, 2, 99582))
    # The same data at 8 bits. As text (example.gen) the counts are 99581.1356 in all, the first of sample 2 1.9444.
    byte <- quiet(limix("example.8bits"))
    g <- as.matrix(byte)
    expect_identical(dim(g), c(500L, 199L))
    expect_identical(unname(which(is.na(g), arr.ind = TRUE)), rbind(c(1L, 1L), c(1L, 6L)))
    expect_equal(sum(g, na.rm = TRUE), 99580.984313725)
    expect_lt(abs(g[[2, 1]] - (.00863647 + 2 * .963531)), 1 / 255)
    expect_identical(rownames(g)[c(1, 500)], c("sample_001", "sample_500"))
    expect_identical(unlist(variants(byte)[199, c("snp", "effect_allele", "other_allele")], use.names = FALSE), c("RSID_200", "G", "A"))
  }
  trip <- quiet(limix("roundtrip1")) # plink2 refuses this one and the next
  expect_identical(c(dim(trip), sum(is.na(as.matrix(trip)))), c(10L, 100L, 222L))
  expect_equal(unname(as.matrix(trip)), reference_second(limix("roundtrip1")), tolerance = 1e-15)
  blank <- quiet(limix("zero_len_chrom_id"))
  expect_identical(c(dim(blank), sum(as.matrix(blank))), c(182, 50, 13926))
  expect_true(all(is.na(variants(blank)$chr)))
  expect_error(quiet(limix("complex.23bits"), multiallelic = "split"), "more than 4 samples with two copies can have",
               class = "latentmr_error_format")
  expect_error(quiet(limix("random")), "is not a BGEN file", class = "latentmr_error_format")
  skip_if(Sys.which("plink2") == "")
  folder <- withr::local_tempdir()
  for (name in c("haplotypes", if (whole) c("example.8bits", "example.1bits"))) {
    out <- file.path(folder, name)
    system2("plink2", c("--bgen", limix(name), "ref-first --make-pgen --out", out), stdout = FALSE)
    if (!requireNamespace("pgenlibr", quietly = TRUE)) next
    g <- unname(as.matrix(quiet(limix(name))))
    pgen <- unname(as.matrix(suppressMessages(read_pgen(out))))
    expect_identical(is.na(pgen), is.na(g), info = name)
    expect_lt(max(abs(pgen - g), na.rm = TRUE), 1 / 16384, label = name) # steps of a PGEN
  }
})
