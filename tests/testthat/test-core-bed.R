# The C layer below read_plink(): codes to counts, selections, packing, files.

open_bed <- function(path, n, p) {
  opened <- .Call(C_ffi_bed_open, path, as.integer(n), as.integer(p))
  list(bed = path, size = opened$size, mtime = opened$mtime, variants = as.integer(p))
}
read_bed <- function(files, n, rows = NULL, cols, double = TRUE) {
  .Call(C_ffi_bed_matrix, files, as.integer(n), if (length(rows)) rows - 1L, integer(length(cols)), cols - 1L, double)
}

test_that("the four codes are the published ones, first sample in the lowest bits", {
  # The example of PLINK's format page: 6 samples, 3 variants, and its .ped twin
  # (G G, A A, 0 0, A A, A A, A A with A1 = G; then A1 = 1; then A1 = A).
  path <- tempfile(fileext = ".bed")
  writeBin(as.raw(c(0x6c, 0x1b, 0x01, 0xdc, 0x0f, 0xe7, 0x0f, 0x6b, 0x01)), path)
  expected <- cbind(c(2, 0, NA, 0, 0, 0), c(0, NA, 1, 0, 0, 0), c(0, 1, 1, NA, NA, 2))
  expect_identical(read_bed(open_bed(path, 6, 3), 6, cols = 1:3), expected)
  storage.mode(expected) <- "integer"
  expect_identical(read_bed(open_bed(path, 6, 3), 6, cols = 1:3, double = FALSE), expected)
})

test_that("every number of samples and every selection agrees with the slow twin", {
  set.seed(1)
  for (n in c(1:9, 63, 64, 65, 255, 1001)) {
    p <- 7L
    path <- tempfile(fileext = ".bed")
    write_codes(path, matrix(sample(0:3, n * p, TRUE), n))
    files <- open_bed(path, n, p)
    slow <- reference_bed(path, n, p)
    expect_identical(read_bed(files, n, cols = 1:p, double = FALSE), slow)
    rows <- sample.int(n, 20, replace = TRUE)
    cols <- sample.int(p, 12, replace = TRUE)
    expect_identical(read_bed(files, n, rows, cols, double = FALSE), slow[rows, cols, drop = FALSE])
    expect_equal(read_bed(files, n, rows, cols), slow[rows, cols, drop = FALSE])
    packed <- .Call(C_ffi_bed_pack, slow)
    expect_identical(c(as.raw(c(0x6c, 0x1b, 0x01)), packed), readBin(path, "raw", 1e6))
    expect_identical(.Call(C_ffi_bed_pack, slow + 0), packed)
  }
})

test_that("runs longer than a slab are cut and put together", {
  n <- 4001L
  p <- 1000L # 1001 bytes a variant: several slabs
  path <- tempfile(fileext = ".bed")
  codes <- matrix(rep_len(c(0L, 3L, 2L, 1L, 3L, 0L, 2L), n * p), n)
  write_codes(path, codes)
  expected <- matrix(c(2L, NA, 1L, 0L)[codes + 1], n)
  expect_identical(read_bed(open_bed(path, n, p), n, cols = 1:p, double = FALSE), expected)
  expect_equal(read_bed(open_bed(path, n, p), n, cols = p:1), expected[, p:1])
})

test_that("packing points at the first value that is not a genotype", {
  expect_identical(.Call(C_ffi_bed_pack, cbind(c(0, 1), c(2, 0.5))), 4)
  expect_identical(.Call(C_ffi_bed_pack, matrix(c(0L, 3L), 2)), 2)
  expect_identical(.Call(C_ffi_bed_pack, matrix(-Inf)), 1)
  expect_identical(.Call(C_ffi_bed_pack, matrix(NaN)), as.raw(1))
})

test_that("a position outside the file never reaches the disk", {
  path <- tempfile(fileext = ".bed")
  write_codes(path, matrix(0L, 5, 2))
  files <- open_bed(path, 5, 2)
  expect_error(read_bed(files, 5, cols = 3L), "variant 3 of 2", class = "latentmr_error_internal")
  expect_error(read_bed(files, 5, 6L, 1L), "sample 6 of 5", class = "latentmr_error_internal")
  expect_error(read_bed(files, 5, 0L, 1L), class = "latentmr_error_internal")
})

test_that("no file descriptor is left open, whatever happens", {
  skip_if_not(dir.exists("/proc/self/fd"))
  path <- tempfile(fileext = ".bed")
  write_codes(path, matrix(0L, 5, 2))
  files <- open_bed(path, 5, 2)
  before <- length(dir("/proc/self/fd"))
  for (i in 1:5) {
    read_bed(files, 5, cols = 1:2)
    expect_error(read_bed(files, 5, cols = 3L))
    expect_error(open_bed(path, 5, 3), class = "latentmr_error_format")
    expect_error(open_bed(tempdir(), 5, 3), class = "latentmr_error_format")
    expect_error(read_bed(replace(files, 2, 8), 5, cols = 1L), class = "latentmr_error_format")
  }
  expect_identical(length(dir("/proc/self/fd")), before)
})
