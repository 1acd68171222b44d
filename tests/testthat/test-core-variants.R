random_genotypes <- function(n, p, missing = .1) {
  g <- matrix(rbinom(n * p, 2, rep(runif(p, 0, .6), each = n)), n, p)
  g[runif(n * p) < missing] <- NA
  storage.mode(g) <- "double"
  g
}

scan <- function(x, environment, rows = seq_len(nrow(x))) {
  .Call(C_ffi_variant_scan, x, rows, as.integer(environment), nlevels(environment))
}

test_that("counts by environment equal the slow twin", {
  set.seed(1)
  for (n in c(1, 7, 64, 301)) {
    x <- random_genotypes(n, 6)
    if (n > 7) x[, 2] <- NA
    e <- factor(sample(c("a", "b", "c"), n, TRUE), levels = c("a", "b", "c"))
    slow <- slow_scan(x, e)
    slow <- lapply(slow, function(m) replace(m, is.na(m), 0))
    fast <- scan(x, e)
    for (name in names(slow)) expect_equal(fast[[name]], unname(slow[[name]]), tolerance = 1e-14, info = paste(name, n))
  }
})

test_that("a choice of rows is the same as the rows themselves, in any order", {
  set.seed(2)
  x <- random_genotypes(50, 3)
  rows <- sample(50, 30)
  e <- factor(sample(c("a", "b"), 30, TRUE))
  expect_identical(scan(x, e, rows), scan(x[rows, ], e))
  expect_error(scan(x, e, c(rows[-1], 51L)), "outside 1 to 50")
  expect_error(scan(x, e, c(rows[-1], NA)), "outside 1 to 50")
})

test_that("equal columns and mirror images have equal hashes, others have not", {
  x <- cbind(c(0, 1, 2, NA, 1), c(-0, 1, 2, NaN, 1), 2 - c(0, 1, 2, NA, 1), c(1, 0, 2, NA, 1), c(0, 1, 2, 1, NA))
  s <- scan(x, factor(rep("a", 5)))
  expect_identical(s$hash[1], s$hash[2])
  expect_identical(s$hash[1], s$mirror[3])
  expect_identical(s$mirror[1], s$hash[3])
  expect_false(anyDuplicated(s$hash[c(1, 3, 4, 5)]) > 0)
  expect_true(all(s$hash == round(s$hash) & s$hash < 2^53))
})

test_that("odd and infinite values are found", {
  x <- cbind(c(0, 1, -9, -9), c(0, .5, 1.5, 2), c(1, 2, 0, Inf), c(NA, NA, NA, NA))
  s <- scan(x, factor(c("a", "a", "b", "b")))
  expect_identical(s$odd, c(2L, 2L, 1L, 0L))
  expect_identical(s$odd_same, c(TRUE, FALSE, TRUE, TRUE))
  expect_identical(s$odd_value[1:3], c(-9, .5, Inf))
  expect_identical(s$inf, c(4L, 3L))
  expect_identical(s$lo, c(-9, 0, 0, Inf))
})

test_that("collinear columns are those that earlier ones determine", {
  set.seed(3)
  for (n in c(40, 1030, 2100)) {
    x <- matrix(rnorm(n * 8), n, 8) * rep(10^(-3:4), each = n) + 1e5
    x[, 4] <- x[, 1] + 3 * x[, 2]
    x[, 8] <- x[, 3] - 2 * x[, 5] + x[, 6]
    kept <- .Call(C_ffi_variant_rank, x, seq_len(n), rep(1L, n), matrix(0, 8, 1), 1e-8)
    expect_identical(which(!kept), slow_collinear(x))
    expect_identical(which(!kept), c(4L, 8L))
  }
})

test_that("missing calls take the fill of their environment before the rank is judged", {
  x <- cbind(c(1, 2, NA, 4), c(1, 2, 7, 4), c(3, 1, 4, 1))
  kept <- function(fill) .Call(C_ffi_variant_rank, x, 1:4, c(1L, 1L, 2L, 2L), matrix(c(0, 0, 0, fill, 0, 0), 3), 1e-8)
  expect_identical(kept(7), c(TRUE, FALSE, TRUE))
  expect_identical(kept(6), c(TRUE, TRUE, TRUE))
})

test_that("the Hardy-Weinberg test equals published answers and the slow twin", {
  hwe <- function(a, b, c) .Call(C_ffi_hwe, as.integer(a), as.integer(b), as.integer(c))
  # MN blood groups, Graffelman 2015, J Stat Softw 64(3): HWExact gives 0.6556635.
  expect_equal(hwe(298, 489, 213), 0.6556635, tolerance = 1e-6)
  set.seed(4)
  for (i in 1:60) {
    n <- as.vector(rmultinom(1, sample(c(1, 5, 40, 900), 1), runif(3)))
    expect_equal(hwe(n[1], n[2], n[3]), slow_hwe(n[1], n[2], n[3]), tolerance = 1e-9, info = paste(n, collapse = " "))
    expect_identical(hwe(n[1], n[2], n[3]), hwe(n[3], n[2], n[1]))
  }
  expect_identical(hwe(c(0, 10, 0, 0), c(0, 0, 1, 7), c(0, 0, 0, 0))[1:3], c(NA, 1, 1))
  expect_equal(hwe(250000, 0, 250000), 0)
  expect_lte(hwe(124500, 251000, 124500), 1)
})

test_that("counts straight from bed files equal those of the decoded matrix", {
  set.seed(5)
  for (n in c(1, 31, 32, 33, 250)) {
    g <- random_genotypes(n, 9)
    g[, 4] <- NA
    g[, 5] <- 1
    g[, 7] <- g[, 6]
    g[, 9] <- 2 - g[, 6]
    dimnames(g) <- list(paste0("i", seq_len(n)), paste0("v", 1:9))
    dir <- new_dir()
    bed <- read_plink(c(write_bed_files(file.path(dir, "a"), g[, 1:4, drop = FALSE]),
                        write_bed_files(file.path(dir, "b"), g[, 5:9, drop = FALSE])))
    for (cols in list(1:9, c(2, 3, 6, 9, 7))) {
      rows <- sample(n, max(1, n %/% 2))
      e <- factor(sample(c("a", "b", "c"), length(rows), TRUE), levels = c("a", "b", "c"))
      fast <- scan_variants(list(genotypes = genotype_bed(bed, NULL, cols)), rows, e)
      slow <- scan_variants(list(genotypes = genotype_matrix(g[, cols, drop = FALSE])), rows, e)
      same <- c("called", "n0", "n1", "n2", "lo", "hi", "odd")
      expect_identical(fast[same], slow[same])
      expect_equal(fast[c("mean", "ss")], slow[c("mean", "ss")], tolerance = 1e-14)
    }
    s <- scan_variants(list(genotypes = genotype_bed(bed)), seq_len(n), factor(rep("a", n)))
    expect_identical(s$hash[6], s$hash[7])
    expect_identical(s$hash[6], s$mirror[9])
    expect_identical(s$hash[9], s$mirror[6])
  }
})

test_that("the first copies that cannot be are found, wherever they stand", {
  slow <- function(x, limits, whole) {
    bad <- which(x < limits[1] | x > limits[2] | whole & x != round(x), arr.ind = TRUE)
    if (nrow(bad)) unname(bad[1, ])
  }
  set.seed(6)
  for (n in c(1, 1024, 1025, 3000)) for (value in c(-1e-9, 2 + 1e-9, 1.5, Inf, -Inf, NA, NaN)) for (whole in c(TRUE, FALSE)) {
    x <- random_genotypes(n, 3)
    expect_null(.Call(C_ffi_copies_outside, x, c(0, 2), whole))
    x[n, 2] <- value
    x[1, 3] <- value
    expect_identical(.Call(C_ffi_copies_outside, x, c(0, 2), whole), slow(x, c(0, 2), whole))
  }
})
