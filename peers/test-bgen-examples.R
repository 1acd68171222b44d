# The example files of the BGEN reference (example/ of its repository; tests/data of github.com/jeremymcrae/bgen and
# test/data of github.com/limix/bgen have them, too), which are not kept here but for two. BGEN_EXAMPLES names the folder
# that holds them.
library(LatentMR)

folder <- Sys.getenv("BGEN_EXAMPLES")
example <- function(name) file.path(folder, paste0("example.", name, ".bgen"))
reads <- function(name) suppressMessages(read_bgen(example(name)))

# Each is the same data at a number of bits: 500 samples, 199 variants of one chromosome, the first calls of sample 1
# missing. Sums are those of plink2's import where it takes the file (to its four digits).
test_that("dimensions, names, alleles, missing calls and sums are those of the files", {
  skip_if(!nzchar(folder), "BGEN_EXAMPLES is not set")
  sums <- c("1bits" = 99582, "8bits" = 99580.98431, "14bits" = 99581.1337, "32bits" = 99581.1375)
  for (name in names(sums)[file.exists(example(names(sums)))]) {
    bgen <- reads(name)
    g <- as.matrix(bgen)
    expect_equal(sum(g, na.rm = TRUE), sums[[name]], tolerance = 1e-9)
    expect_identical(unlist(variants(bgen)[1, c("snp", "chr", "effect_allele", "other_allele")], use.names = FALSE),
                     c("RSID_2", "1", "G", "A"))
    expect_identical(variants(bgen)$pos[1:2], c(2000L, 3000L))
    expect_identical(rownames(g)[c(1, 500)], c("sample_001", "sample_500"))
  }
})

# Text of three probabilities a sample, all 0 where they are missing, rounded to about 2^-15.
text_counts <- function(path) {
  lines <- data.table::fread(path, header = FALSE, data.table = FALSE)
  p <- array(t(as.matrix(lines[-(1:6)])), c(3, (ncol(lines) - 6) / 3, nrow(lines)))
  out <- p[2, , ] + 2 * p[3, , ]
  out[colSums(p) < .5] <- NA
  out
}

test_that("every width from 1 to 32 bits, and zstd, has the values of the text", {
  skip_if(!file.exists(file.path(folder, "example.gen")))
  truth <- text_counts(file.path(folder, "example.gen"))
  expect_identical(dim(truth), c(500L, 199L))
  for (name in c(paste0(1:32, "bits"), if (.Call(LatentMR:::C_ffi_bgen_zstd)) "16bits.zstd")) {
    g <- unname(as.matrix(reads(name)))
    expect_identical(is.na(g), is.na(truth), info = name)
    expect_lt(max(abs(g - truth), na.rm = TRUE), 1 / (2^as.numeric(sub("bits.*", "", name)) - 1) + 7e-5, label = name)
  }
})

test_that("samples of more than two copies are refused, at every width", {
  skip_if(!file.exists(file.path(folder, "complex.8bits.bgen")))
  for (bits in 1:32) {
    path <- file.path(folder, sprintf("complex.%dbits.bgen", bits))
    expect_error(
      as.matrix(suppressMessages(read_bgen(path, multiallelic = "split"))),
      "2 samples have more than two copies of it|more than 4 samples with two copies can have",
      class = "latentmr_error_format"
    )
  }
})

test_that("a probability is that of the reader of limix (test/src/assert_interface_2.c)", {
  skip_if(!file.exists(example("14bits")))
  g <- as.matrix(reads("14bits"))
  expect_equal(g[[1, 4]], 0.02838308002197399704 + 2 * 0.96673380943661113562, tolerance = 1e-13)
  expect_lte(g[[2, 4]], 2 * (1 - 0.99047793444424092613))
})

test_that("layout 1 is refused with the command that writes the file again", {
  skip_if(!file.exists(example("v11")))
  expect_error(reads("v11"), "layout 1 .version 1.1.: layout 2 is read", class = "latentmr_error_format")
})
