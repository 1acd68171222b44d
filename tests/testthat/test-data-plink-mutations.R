# Random mutations of each file of a set: either a classed error or what the
# slow twin reads. Never a crash, never an unclassed error.

mutate <- function(bytes, other) {
  n <- length(bytes)
  switch(sample(4, 1),
    { # flip one bit in each of one to three bytes
      at <- sample(n, sample(3, 1))
      replace(bytes, at, xor(bytes[at], as.raw(2^sample(0:7, length(at), TRUE))))
    },
    bytes[seq_len(sample(0:(n - 1), 1))], # cut
    append(bytes, sample(c(as.raw(0:255), rep(bytes, 5)), sample(9, 1)), sample(0:n, 1)), # extend
    if (runif(1) < .2) other else { # swap two stretches, or the file for another
      k <- sample(min(5, n %/% 2), 1)
      from <- sample(n - k + 1, 2)
      out <- bytes
      out[from[1] + seq_len(k) - 1] <- bytes[from[2] + seq_len(k) - 1]
      out[from[2] + seq_len(k) - 1] <- bytes[from[1] + seq_len(k) - 1]
      out
    }
  )
}

test_that("mutated files give a classed error or what the slow twin reads", {
  old <- options(LatentMR.quiet = TRUE)
  on.exit(options(old))
  set.seed(20261121)
  prefix <- file.path(tempfile("mutations"), "set")
  dir.create(dirname(prefix))
  n <- 9
  p <- 6
  write_plink(prefix, matrix(sample(c(0:2, NA), n * p, TRUE), n), data.frame(
    chr = "21", snp = paste0("rs", seq_len(p)), pos = 9411239L + seq_len(p), cm = 0.5,
    effect_allele = "A", other_allele = "G"
  ), data.frame(fid = "F", iid = sprintf("%02d", seq_len(n)), sex = 1L, phenotype = 1))
  paths <- paste0(prefix, c(".bed", ".bim", ".fam"))
  good <- lapply(paths, function(path) readBin(path, "raw", 1e5))
  outcomes <- matrix(0L, 3, 2, dimnames = list(c("bed", "bim", "fam"), c("read", "refused")))
  trials <- mutations(60)
  for (k in 1:3) {
    for (trial in seq_len(trials)) {
      bytes <- mutate(good[[k]], good[[k %% 3 + 1]])
      writeBin(bytes, paths[k])
      got <- tryCatch(
        {
          bed <- read_plink(prefix)
          list(bed = bed, genotypes = unname(as.matrix(bed)))
        },
        latentmr_error_file = function(e) NULL
      )
      outcomes[k, 1 + is.null(got)] <- outcomes[k, 1 + is.null(got)] + 1L
      if (is.null(got)) next
      slow <- reference_plink(prefix)
      same <- identical(got$genotypes, slow$genotypes) && identical(samples(got$bed)$iid, slow$iid) &&
        identical(samples(got$bed)$fid, slow$fid) && identical(variants(got$bed)$pos, slow$pos) &&
        isTRUE(all.equal(variants(got$bed)$cm, slow$cm, tolerance = 1e-15)) &&
        identical(variants(got$bed)$effect_allele, slow$effect_allele) &&
        (anyDuplicated(slow$snp) || any(slow$snp == ".") || identical(variants(got$bed)$snp, slow$snp))
      if (!same) fail(sprintf("mutation %d of file %d is read differently", trial, k))
    }
    writeBin(good[[k]], paths[k])
  }
  # Both happen for each file: flipped genotypes are still genotypes.
  expect_true(all(outcomes > trials / 10), info = paste(outcomes, collapse = " "))
  expect_identical(sum(outcomes), 3L * trials)
})

test_that("the glue keeps its objects through garbage collection at every allocation", {
  skip_on_cran()
  prefix <- tempfile()
  g <- matrix(c(0L, 1L, 2L, NA, 1L, 0L), 3)
  write_plink(prefix, g)
  broken <- tempfile(fileext = ".bed")
  writeBin(as.raw(1:4), broken)
  bed <- read_plink(prefix)
  files <- as.list(bed$files[c("bed", "size", "mtime", "variants")])
  paths <- paste0(prefix, c(".bed", ".bim", ".fam"))
  gctorture(TRUE)
  bim <- .Call(C_ffi_read_bim, paths[2])
  fam <- .Call(C_ffi_read_fam, paths[3])
  opened <- .Call(C_ffi_bed_open, paths[1], 3L, 2L)
  all <- .Call(C_ffi_bed_matrix, files, 3L, NULL, c(0L, 0L), 0:1, FALSE)
  some <- .Call(C_ffi_bed_matrix, files, 3L, 2:1, c(0L, 0L), 1:0, TRUE)
  packed <- .Call(C_ffi_bed_pack, g)
  # Most of an error is R's own: every tenth allocation.
  gctorture2(10L)
  refused <- tryCatch(.Call(C_ffi_bed_open, broken, 3L, 2L), latentmr_error_format = function(e) "refused")
  gctorture(FALSE)
  expect_identical(bim$snp, c("snp1", "snp2"))
  expect_identical(fam$iid, paste0("id", 1:3))
  expect_identical(opened$size, 5)
  expect_identical(all, g)
  expect_identical(some, g[3:2, 2:1] + 0)
  expect_identical(packed, readBin(paths[1], "raw", 5)[4:5])
  expect_identical(refused, "refused")
})
