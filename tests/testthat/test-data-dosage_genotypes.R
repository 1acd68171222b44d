# Dosages in memory, two bytes each: the class against the matrix of doubles.

# k / scale of n people, a variant for each scale; `k` runs over the whole range, ends included.
dosage_case <- function(n, scale, missing = .1) {
  k <- sapply(scale, function(s) c(0, 2 * s, s, sample(0:(2 * s), n - 3, TRUE)))
  g <- sweep(k, 2, scale, "/")
  g[-(1:3), ][runif((n - 3) * length(scale)) < missing] <- NA
  g
}

dosage_table <- function(p) {
  data.frame(
    snp = paste0("rs", seq_len(p)), chr = "1", pos = seq_len(p) * 1e6, effect_allele = "A", other_allele = "C"
  )
}

as_dosages <- function(g, scale) {
  raw <- .Call(C_ffi_dosage_pack, g, as.integer(scale))
  genotype_dosages(raw, scale, nrow(g), dosage_table(ncol(g)), data.frame(iid = sprintf("p%03d", seq_len(nrow(g)))))
}

test_that("numerators and doubles are each other's inverse at every scale, to the last bit", {
  set.seed(1)
  scale <- c(1, 2, 7, 15, 100, 255, 1000, 10000, 16383, 16384, 32767)
  g <- dosage_case(101, scale)
  x <- as_dosages(g, scale)
  expect_identical(decode(x), g)
  # By hand: 1 at a scale of 255 is 0; 2 is 255 = ff 00; 0 is -255 = 01 ff; missing is 00 80.
  expect_identical(
    .Call(C_ffi_dosage_pack, cbind(c(1, 2, 0, NA)), 255L), as.raw(c(0, 0, 0xff, 0, 0x01, 0xff, 0, 0x80))
  )
  expect_identical(.Call(C_ffi_dosage_pack, cbind(c(0, 2), c(.5, 1e-3)), c(1000L, 255L)), 3)
  for (wrong in c(-1e-3, 2.001, Inf, -Inf)) expect_identical(.Call(C_ffi_dosage_pack, cbind(wrong), 1000L), 1)
})

test_that("scan, decode, bits and pick are those of the matrix", {
  set.seed(2)
  scale <- c(255, 16384, 1000, 1)
  g <- dosage_case(120, scale)
  x <- as_dosages(g, scale)
  rows <- c(5L, 2L, 100L, 7:40)
  e <- factor(rep_len(c("a", "b", "c"), length(rows)))
  expect_identical(scan(x, rows, e), scan(genotype_matrix(g), rows, e))
  some <- pick(pick(x, rows, c(3L, 1L, 4L)), 10:2, c(3L, 1L))
  expect_identical(dim(some), c(9L, 2L))
  expect_identical(decode(some), g[rows[10:2], c(4, 3)])
  expect_identical(decode(some, 2, 3:1), g[rows[8:10], 3, drop = FALSE])
  expect_identical(variants(some)$snp, c("rs4", "rs3"))
  expect_identical(samples(some)$iid, sprintf("p%03d", rows[10:2]))
  hard <- bits(pick(some, NULL, 1), 9:1)
  expect_identical(
    .Call(C_ffi_moments_pack, hard$source, hard$person), .Call(C_ffi_moments_pack, g[rows[2:10], 4, drop = FALSE], 0:8)
  )
  off <- bits(pick(x, NULL, 2), 1:120)
  expect_error(.Call(C_ffi_moments_pack, off$source, off$person), "variant 1 is [0-9.e-]+, not 0, 1, 2 or NA",
               class = "latentmr_error_format")
  expect_s3_class(beside(some, pick(x, rows[10:2], 2)), "genotype_dosages")
  expect_identical(numerators(some, 1:3)$person, rows[10:8] - 1L)
  expect_null(numerators(genotype_matrix(g), 1:3))
})

test_that("bytes that are no dosages are an error that names the place", {
  x <- as_dosages(cbind(c(0, 1, 2), c(0, .5, 2)), c(255, 1000))
  x$raw[9:10] <- as.raw(c(0xe9, 0x03)) # 1001, by hand: person 2 of variant 2
  expect_error(decode(x), "dosage of person 2, variant 2 is 1001 with a scale of 1000", class = "latentmr_error_format")
  expect_error(scan(x, 1:3, factor(c("a", "a", "a"))), "person 2, variant 2", class = "latentmr_error_format")
  expect_identical(decode(x, 1), cbind(c(0, 1, 2)))
  x$raw[9:10] <- as.raw(c(0x17, 0xfc)) # -1001
  expect_error(decode(x), "dosage of person 2, variant 2 is -1001 with a scale of 1000", class = "latentmr_error_format")
  x$raw <- x$raw[-1]
  expect_error(decode(x), "another length", class = "latentmr_error_internal")
  x <- as_dosages(cbind(c(0, 1, 2)), 255)
  x$scale <- 0L
  expect_error(decode(x), "scale", class = "latentmr_error_format")
})

test_that("a data set with damaged dosages is refused by the field", {
  set.seed(6)
  n <- 60L
  g <- dosage_case(n, c(255, 1000), missing = 0)
  data <- suppressWarnings(suppressMessages(mr_data(
    as_dosages(g, c(255, 1000)), rnorm(n), rnorm(n), rep(c("a", "b"), n / 2), ids = sprintf("p%03d", seq_len(n))
  )))
  whole <- unserialize(serialize(data, NULL))
  expect_identical(mr_genotypes(whole), g)
  expect_identical(summary(whole)$n, n)
  wrong <- list(
    scale = c(0L, 255L), scale = c(255, 1000), people = -1L, people = NULL, raw = as.raw(1), rows = replace(1:n, 3, n + 1L),
    cols = c(1L, 3L), cols = c(1L, NA)
  )
  for (i in seq_along(wrong)) {
    bad <- data
    bad$genotypes[[names(wrong)[i]]] <- wrong[[i]]
    e <- expect_error(latent_mr(bad), class = "latentmr_error_object")
    expect_match(conditionMessage(e), paste0("$genotypes$", names(wrong)[i]), fixed = TRUE)
  }
})
